"""Headless Chromium for tests: show an e-mail's HTML at a width, in light or dark, and look at it.

Nothing comes from the network: the page and its pictures are served by request routing, every other
request is refused and recorded. ``conftest.py`` has the fixture ``browser``, which is one of these.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image, ImageChops
from playwright.sync_api import Page, Route, sync_playwright

# Chromium's own window is never narrower than about 500 px, so phone widths are viewports of the page.
WIDTHS = (320, 375, 600, 800)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
Scheme = Literal["light", "dark"]

ADDRESS = "https://mail.example.com/"
ASSETS = "https://assets.example.com/newsletter/"
# A mail is shown inside a page, which has its landmarks already: a second main one would break that page's.
AXE = {
    "resultTypes": ["violations"],
    "rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}},
}
DECODE = """Promise.all([...document.images].map(image => {
    image.decoding = "sync"
    return image.decode().catch(() => {})
}))"""
ROWS = """all => [...Map.groupBy(all, one => one.parentElement).values()].map(
    row => row.map(one => one.getBoundingClientRect().toJSON()))"""

# Off the network but for this machine, even where a request slips past the routing; the same pixels everywhere.
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


def executable() -> str | None:
    """The path of this machine's Chromium or Chrome, if it has one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


class Browser:
    """One page that is used again and again. ``assets`` is the folder that is published as ``ASSETS``;
    ``refused`` lists the addresses that the shown page asked for and did not get."""

    def __init__(self, page: Page, assets: Path) -> None:
        self.page = page
        self.assets = assets
        self.refused: list[str] = []
        self._html = ""
        self._flat = False
        page.route("**/*", self._answer)

    def show(self, html: str, width: int = 600, scheme: Scheme = "light", *, flat: bool = False) -> None:
        """Load the HTML in a viewport of this many CSS pixels; returns when every picture is there.

        ``flat`` pictures have their size and one colour. Chromium scales a picture down from whichever of its
        copies it has at hand, so two screenshots of one page can differ in the pixels of its pictures alone.
        """
        self._html, self._flat = html, flat
        self.refused.clear()
        self.resize(width, scheme)
        self.page.goto(ADDRESS, wait_until="load")
        self.page.evaluate(DECODE)

    def resize(self, width: int, scheme: Scheme = "light") -> None:
        """Look at the shown page again, at another width or in another scheme, without loading it."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def screenshot(self) -> bytes:
        """The whole page, from top to bottom, as PNG."""
        return self.page.screenshot(full_page=True, animations="disabled", caret="hide")

    def overflow(self) -> int:
        """By how many CSS pixels the page is wider than its viewport."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found

    def rows(self, selector: str) -> list[list[dict[str, float]]]:
        """``x``, ``y``, ``width`` and ``height`` in CSS pixels of each element that the selector finds, those with
        the same parent together."""
        found: list[list[dict[str, float]]] = self.page.eval_on_selector_all(selector, ROWS)
        return found

    def axe(self) -> list[str]:
        """What axe-core objects to, one line for each element: rule, selector, what is wrong."""
        violations: list[dict[str, Any]] = Axe().run(self.page, options=AXE).response["violations"]
        return [
            f"{violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in violations
            for node in violation["nodes"]
        ]

    def _answer(self, route: Route) -> None:
        url = route.request.url
        file = self._asset(url)
        if url == ADDRESS:
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
        elif file is not None:
            route.fulfill(body=_as_png(file, self._flat), content_type="image/png")
        else:
            self.refused.append(url)
            route.abort()

    def _asset(self, url: str) -> Path | None:
        root = self.assets.resolve()
        file = (root / unquote(url.removeprefix(ASSETS))).resolve()
        return file if url.startswith(ASSETS) and file.is_relative_to(root) and file.is_file() else None


@cache
def _as_png(file: Path, flat: bool) -> bytes:
    """Chromium decodes a JPEG whole or at half its size, as chance has it, and the colours are then not the same."""
    png = BytesIO()
    with Image.open(file) as picture:
        shown = Image.new("RGB", picture.size, "#7799bb") if flat else picture
        shown.save(png, "PNG", compress_level=1)
    return png.getvalue()


@contextmanager
def open_browser(chromium: str, assets: Path) -> Iterator[Browser]:
    """A Browser on a Chromium of its own, which ends with the block."""
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        process = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *root])
        try:
            yield Browser(process.new_page(), assets)
        finally:
            process.close()


def difference(one: bytes, other: bytes) -> tuple[int, int, int, int] | None:
    """The box (left, top, right, bottom) around all pixels in which two PNGs differ; None where none does."""
    if one == other:
        return None
    with Image.open(BytesIO(one)) as first, Image.open(BytesIO(other)) as second:
        if first.size != second.size:
            return (0, 0, max(first.width, second.width), max(first.height, second.height))
        return ImageChops.difference(first.convert("RGB"), second.convert("RGB")).getbbox()
