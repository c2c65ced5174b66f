"""A picture as content names it -> Image: where it is published, how large it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urljoin

from pipeline.content.fields import Fields
from pipeline.errors import ContentError, Where, nearest
from pipeline.model import Image

# The formats that Gmail, Outlook for Windows and Apple Mail all show (caniemail.com, image formats).
SHOWN_EVERYWHERE = (".png", ".jpg", ".jpeg", ".gif")


class Images:
    """The pictures of a newsletter's folder. A file ``content/x/y.jpg`` is published as ``<asset_url>/x/y.jpg``."""

    def __init__(self, folder: Path, asset_url: str, blog_url: str) -> None:
        self.content = (folder / "content").resolve()
        self.asset_url = asset_url
        self.blog_url = blog_url
        self.found: dict[tuple[str, str], Image] = {}

    def read_field(self, fields: Fields, name: str) -> Image | None:
        """The image under this key, if there is one; what is wrong with it is noted."""
        value = fields.value(name)
        if value is None:
            return None
        try:
            return self.read(value, fields.where(name))
        except ContentError as error:
            fields.adopt(error)
            return None

    def read(self, value: Any, where: Where) -> Image:
        """An image from a string, or from a mapping with ``src`` (or ``url``, ``path``) and ``alt``."""
        if isinstance(value, Mapping):
            src = next((value[key] for key in ("src", "url", "path", "image", "relative") if value.get(key)), None)
            alt = value.get("alt") or ""
        else:
            src, alt = value, ""
        if not isinstance(src, str) or not isinstance(alt, str):
            raise ContentError("a picture is a file's name, or a mapping with `src` and `alt`", where)
        return self.find(src.strip(), " ".join(alt.split()), where)

    def find(self, src: str, alt: str, where: Where) -> Image:
        """The image that ``src`` means in this file: on another host, beside the file, or in ``content/``."""
        if src.startswith("//"):
            src = "https:" + src
        if src.startswith(("https://", "http://")):
            return Image(src, alt)
        folder = str(PurePosixPath(where.path).parent)
        key = (src, folder)
        if key not in self.found:
            self.found[key] = self._local(src, folder, where)
        return replace(self.found[key], alt=alt)

    def published_in(self, html: str) -> tuple[str, ...]:
        """The newsletter's own pictures that the HTML shows, each once, by their paths in its folder."""
        shown = re.findall(rf'src="{re.escape(self.asset_url)}/([^"]*)"', html)
        return tuple(dict.fromkeys(f"content/{unquote(path)}" for path in shown))

    def _local(self, src: str, folder: str, where: Where) -> Image:
        name = unquote(src.partition("?")[0].partition("#")[0])
        beside = PurePosixPath(folder).relative_to("content") / name
        file = self._inside(str(beside), where) or self._inside(name.lstrip("/"), where)
        if file is None and name.startswith("/"):
            return Image(urljoin(self.blog_url + "/", src))
        if file is None:
            raise ContentError(f"the picture {src!r} is not there{self._nearest(name)}", where)
        path = file.relative_to(self.content).as_posix()
        if file.suffix.lower() not in SHOWN_EVERYWHERE:
            raise ContentError(f"{path}: Outlook and Gmail don't show {file.suffix} pictures; use PNG or JPEG", where)
        width, height = _size(file, where)
        return Image(f"{self.asset_url}/{quote(path)}", "", width, height, f"content/{path}")

    def _inside(self, name: str, where: Where) -> Path | None:
        try:
            file = (self.content / name).resolve()
            inside = file.is_relative_to(self.content)
            there = file.is_file()
        except (OSError, ValueError) as error:
            raise ContentError(f"{name!r} can't be a file's name", where) from error
        if not inside and (there or ".." in PurePosixPath(name).parts):
            raise ContentError(f"the picture {name!r} lies outside content/", where)
        return file if there else None

    def _nearest(self, name: str) -> str:
        there = {file.name: file.relative_to(self.content).as_posix() for file in self.content.glob("images/**/*")}
        found = nearest(PurePosixPath(name).name, there)
        return found if found else " (looked beside the file and in content/)"


def _size(file: Path, where: Where) -> tuple[int, int]:
    import imagesize  # it costs as much as all of content, and some newsletters have no picture of their own

    try:
        width, height = imagesize.get(file)
    except (OSError, ValueError) as error:
        raise ContentError(f"the picture {file.name} can't be read: {error}", where) from error
    if width <= 0 or height <= 0:
        raise ContentError(f"the picture {file.name} is broken: it has no width and height", where)
    return round(width), round(height)
