"""No hostile word gets a header of its own into a message, a script into a mail, or a file into the outbox."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route

from pipeline import build, checks, merge_fields, mime
from pipeline.checks import headers, parts
from pipeline.checks.reading import wire
from pipeline.content import read_library
from pipeline.errors import ContentError, PipelineError, Where
from pipeline.model import Address, Email
from tests.browser import ADDRESS, Browser
from tests.checks.test_mutants import mail
from tests.folders import ARTICLE, EDITION, NEWSLETTER, REPOSITORY, make, png
from tests.web import test_hostile as web

TIMES = 20_000
MEANT = [
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Post", "List-Unsubscribe"),
    *("List-Unsubscribe-Post", "MIME-Version", "Content-Language", "Content-Type"),
]
LINE_ENDS = ["\r\n", "\n", "\r", "\r\n\r\n", "\x00", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"]
PIECES = [
    *("Bcc: x@evil.example", "=?utf-8?q?x=0ABcc:_y@evil?=", "=?utf-8?b?eApCY2M6IHlAZXZpbA==?=", "=?utf-7?q?+AAo-?="),
    *("=?", "?=", "=?x", "?q?", "=0D=0A", "%0d%0aBcc:", "&#10;", "\\n", "\\r\\nBcc: x", "{{7*7}}", "$(id)", "`id`"),
    *(
        '"',
        "\\",
        "<",
        ">",
        "(",
        ")",
        ",",
        ";",
        ":",
        "@",
        "a@b.c",
        "<a@b.c>",
        " ",
        "  ",
        ".",
        "..",
        "Re:",
        "--=_",
        "word ",
    ),
    *(
        "é",
        "ü",
        "日本語",
        "عربي",
        "👩‍👩‍👧",
        "\u200d",
        "\u0301",
        "\u202e",
        "\ufeff",
        "\u00a0",
        "x" * 80,
        "y" * 300,
        "é" * 100,
    ),
]


def words(chance: random.Random) -> str:
    """What a stranger may call themselves, one time in ten with line ends in it."""
    pieces = PIECES + LINE_ENDS * 3 if chance.random() < 0.1 else PIECES
    return "".join(chance.choices(pieces, k=chance.randint(1, 8)))


@pytest.mark.slow
def test_fuzzed_headers() -> None:
    """Of 20,000 subjects, readers' names and senders' names none puts a header of its own into a message: each is
    refused for its control characters, or is read back as it was, and no rule for messages finds anything."""
    sample = mail(REPOSITORY, "sunday-rain")
    assert sample.email
    assert sample.newsletter
    email = replace(build.fill_email(sample.email, {}), html="<!DOCTYPE html><p>Hi</p>", text="Hi\n")
    chance, made = random.Random(TIMES), 0
    for _ in range(TIMES):
        reader, subject, sender, editors, list_name = (words(chance) for _ in range(5))
        subject += merge_fields.fill_text(merge_fields.token("first_name", "x"), {"first_name": reader})
        newsletter = replace(
            sample.newsletter,
            name=list_name,
            sender=Address(sender, "hello@blog.example.com"),
            reply_to=Address(editors, "editors@blog.example.com"),
        )
        try:
            raw = mime.message(replace(email, subject=subject), newsletter)
        except ContentError:
            assert wire.CONTROL.search("".join((subject, sender, editors, list_name)))
            continue
        made += 1
        check_message(raw, replace(email, subject=subject), sample, newsletter)
    assert TIMES / 2 < made < TIMES


def check_message(raw: bytes, email: Email, sample: checks.Mail, newsletter: Any) -> None:
    assert [one.name for one in wire.read_message(raw).fields] == MEANT
    for of_python in (policy.default, policy.compat32):
        assert [name for name, _ in message_from_bytes(raw, policy=of_python).raw_items()] == MEANT  # type: ignore[attr-defined]
    made = replace(
        sample, html=email.html, text=email.text, subject=email.subject, message=raw, email=email, newsletter=newsletter
    )
    assert [(rule.id, fault.message) for rule in (*headers.RULES, *parts.RULES) for fault in rule.look(made)] == []


def test_the_fuzz_is_hostile() -> None:
    """Written into a message as they are, such words do put headers into it, and the rules find them."""
    sample, chance = mail(REPOSITORY, "sunday-rain"), random.Random(1)
    found: set[str] = set()
    for _ in range(300):
        subject = words(chance).encode()
        assert sample.message
        raw = re.sub(rb"(?m)^Subject: .*$", lambda _: b"Subject: " + subject, sample.message)  # noqa: B023
        found |= {rule.id for rule in (*headers.RULES, *parts.RULES) if list(rule.look(replace(sample, message=raw)))}
    assert found >= {"M01", "M02", "M03", "M04", "M05", "M14"}


# What a template language, a shell or a spreadsheet would work out, and what would come of it.
SUM = "1787569"
FORMULAS = [
    *(
        "{{1337*1337}}",
        "{{ 1337 * 1337 }}",
        "${1337*1337}",
        "#{1337*1337}",
        "<%= 1337*1337 %>",
        "%{1337*1337}",
        "{1337*1337}",
    ),
    *("{% set x = 1337*1337 %}{{ x }}", "{%- print(1337*1337) -%}", "*{1337*1337}", "[[${1337*1337}]]", "@(1337*1337)"),
    *("$((1337*1337))", "`expr 1337 \\* 1337`", "=1337*1337", "{{'%d' % (1337*1337)}}", "{{ [].__class__.__mro__ }}"),
    *(
        "{{ newsletter.sender }}",
        "{{ self.__init__.__globals__ }}",
        "{% include 'theme.css' %}",
        "{% raw %}",
        "{#",
        "{{",
    ),
    *("{% for x in range(3) %}{{ 1337*1337 }}{% endfor %}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}"),
    *("{lead.title}", "{count}", "{date}", "{edition}", "{0.__class__}", "%(subject)s", "%s%n", "{slug}"),
]
WORKED_OUT = re.compile(rf"{SUM}|&lt;class |<class |Address\(|Undefined|uid=\d|Markup\(")


def formulas(folder: Path) -> Path:
    """A newsletter with a formula, or all of them, wherever its content has words."""
    said = [one for one in FORMULAS if "[[" not in one]
    all_of_them = " ".join(said).replace('"', "")
    text = NEWSLETTER.replace('"The Quiet Hour"', json.dumps(f"The {all_of_them[:200]}"), 1)
    for old in ('"1 Example Street"', '"You asked for it."', '"Maya Fernando"', '"Ask your doctor."', '"there"'):
        text = text.replace(old, json.dumps(all_of_them))
    fields = {"title": all_of_them, "dek": all_of_them, "tags": said, "author": all_of_them, "medical": True}
    fields["hero"] = {"src": "images/ok.png", "alt": all_of_them}
    body = "\n\n".join(
        [
            all_of_them,
            f"## {all_of_them}",
            *said,
            *(f"`{one}`" for one in said),
            f"| {all_of_them.replace('|', '')} |\n|---|\n| x |",
        ]
    )
    front = {"subject": all_of_them[:140], "preheader": all_of_them, "date": "2026-11-24"}
    front["blocks"] = [
        {"lead": {"article": "formulas", "cta": all_of_them}},
        "letter",
        {"article": "formulas"},
        {"teasers": {"title": all_of_them, "articles": ["formulas", "box-breathing"]}},
        {"tracks": {"title": all_of_them, "limit": 3}},
        {"popular": {"title": all_of_them, "categories": [{"name": one, "url": "/x/"} for one in said]}},
        {"benefits": {"title": all_of_them, "items": said}},
        {"promo": {"title": all_of_them, "text": all_of_them, "url": "https://x.example/", "cta": all_of_them}},
    ]
    track = {"title": all_of_them, "kind": all_of_them, "minutes": 4, "moods": said, "teacher": all_of_them}
    files = {
        "content/newsletter.toml": text,
        "content/articles/formulas.md": web.article(
            all_of_them, body, **{k: v for k, v in fields.items() if k != "title"}
        ),
        "content/editions/breathe.md": f"---\n{json.dumps(front)}\n---\nHello [[first_name]] {all_of_them}\n",
        "content/tracks.yaml": json.dumps([{**track, "url": "https://x.example/", "description": all_of_them}]),
        "content/images/ok.png": png(2, 2),
    }
    return make(folder, files)


def test_formulas(tmp_path: Path) -> None:
    """No formula in content, in a subject or in a reader's value is worked out: each stands as it was written."""
    project = build.open_project(formulas(tmp_path))
    email = build.render_email(
        build.compose_edition("breathe", project), project.library.newsletter, project.environment
    )
    for value in ("", *FORMULAS):
        filled = build.fill_email(email, {"first_name": value})
        raw = mime.message(filled, project.library.newsletter)
        message = message_from_bytes(raw, policy=policy.default)
        for text in (filled.html, filled.text, filled.subject, filled.preheader, *map(str, message.values())):
            assert not WORKED_OUT.search(text), WORKED_OUT.search(text)
        assert filled.text.count("{{1337*1337}}") > 10
        assert filled.html.count("{{1337*1337}}") > 20
        assert "{{1337*1337}}" in filled.subject
        assert value in filled.text
        assert "{{1337*1337}}" in str(message["From"]) + str(message["List-Id"])


# What would tell of a script that runs in a mail.
TELL = """for (const name of ["alert", "confirm", "prompt", "print", "msgbox"])
    window[name] = (...all) => { tellTheTest(name) }"""
LEADS = "[...document.querySelectorAll('a, area, form')].map(one => one.protocol || one.action).filter(Boolean)"
PRESS = """for (const one of document.querySelectorAll("button, input, summary, label, [onclick], [tabindex]"))
    one.click()"""


@dataclass
class Window:
    """A window of Chromium's that runs every script, as no mail client does, and notes what has run."""

    page: Page
    ran: list[str] = field(default_factory=list)
    went: list[str] = field(default_factory=list)
    html: str = ""

    def open(self, html: str) -> list[str]:
        """Show a mail, press what can be pressed; where its links lead."""
        self.html = html
        try:
            self.page.goto(ADDRESS, wait_until="load")
            self.page.evaluate(PRESS)
            leads: list[str] = self.page.evaluate(LEADS)
            return leads
        except Error as error:
            # It went elsewhere by itself.
            self.went.append(error.message)
            return []

    def answer(self, route: Route) -> None:
        if route.request.is_navigation_request() and route.request.url != ADDRESS:
            self.went.append(route.request.url)
        if route.request.url == ADDRESS and route.request.is_navigation_request():
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
        elif route.request.resource_type == "script":
            self.ran.append(route.request.url)
            route.abort()
        else:
            route.abort()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Window]:
    own = browser.page.context.browser
    assert own
    context = own.new_context(viewport={"width": 600, "height": 800})
    page = context.new_page()
    opened = Window(page)
    context.expose_binding("tellTheTest", lambda _, name: opened.ran.append(name))
    context.add_init_script(TELL)
    context.route("**/*", opened.answer)
    page.on("dialog", lambda dialog: dialog.dismiss())
    yield opened
    context.close()


@dataclass
class Hostile:
    """The mails that a newsletter of payloads makes, by their names."""

    mails: dict[str, checks.Mail]
    places: dict[str, int]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """A newsletter with each payload in each place of an article's text, in its fields, in what an edition says, in
    tracks, in readers' values and in the newsletter's own words."""
    around = tmp_path_factory.mktemp("hostile")
    site, sieve = web.Site(around / "site"), web.Sieve(around / "sieve")
    files: dict[str, str | bytes] = dict(web.bodies(site, sieve))
    fields = dict(web.fields_of_articles(site))
    site.broken.clear()
    files |= fields | dict(web.editions(site, [Path(path).stem for path in fields]))
    files = {path: text for path, text in files.items() if "refused" not in path}
    files |= {"content/newsletter.toml": web.newsletter(), "content/tracks.yaml": web.tracks()}
    files |= {"content/personas.yaml": web.personas(), "content/images/ok.png": png(2, 2)}
    project = build.open_project(make(site.folder, files))
    readers = list(read_library(site.folder).personas)
    mails: dict[str, checks.Mail] = {}
    for at, page in enumerate(site.pages):
        kind, _, slug = page.partition("/")
        of_article = kind == "articles"
        date = datetime(2026, 11, 24, tzinfo=UTC)
        edition = build.compose_article(slug, project, date) if of_article else build.compose_edition(slug, project)
        email = build.render_email(edition, project.library.newsletter, project.environment)
        mails[page] = checks.of_email(email, edition, project.library.newsletter)
        values = readers[at % len(readers)].values
        filled = build.fill_email(email, values)
        mails[f"{page} to {readers[at % len(readers)].key}"] = replace(
            mails[page], html=filled.html, marked=filled.html
        )
    return Hostile(mails, site.rendered)


@pytest.mark.slow
@pytest.mark.browser
def test_no_script(hostile: Hostile) -> None:
    """Of over 400 payloads in every place where content has words, no rule finds anything active in a mail."""
    assert all(count >= 200 for count in hostile.places.values())
    assert len(hostile.mails) > 200
    found = {
        name: [fault.message for fault in checks.RULES["H04"].look(one)]
        for name, one in hostile.mails.items()
        if list(checks.RULES["H04"].look(one))
    }
    assert found == {}


@pytest.mark.slow
@pytest.mark.browser
def test_nothing_runs(hostile: Hostile, window: Window) -> None:
    """In a browser that runs every script none runs in any of these mails, and no link is one."""
    for name, one in hostile.mails.items():
        leads = window.open(one.html)
        assert set(leads) <= {"https:", "http:", "mailto:", "tel:", "sms:"}, name
        assert window.ran == [], name
        assert window.went == [], name


@pytest.mark.slow
@pytest.mark.browser
def test_this_test_would_notice(window: Window) -> None:
    """As they are, dozens of the payloads run in such a window, by themselves or when something is pressed; and H04
    finds more than three in four of those that have a tag."""
    ran = 0
    for payload in web.PAYLOADS[::3]:
        window.open(f"<!doctype html><body>{payload}")
        ran += bool(window.ran or window.went)
        window.ran.clear()
        window.went.clear()
    window.open("")
    assert ran > 30
    tagged = [one for one in web.PAYLOADS if re.search(r"<[a-z]", one, re.I)]
    found = [one for one in tagged if list(checks.RULES["H04"].look(checks.of_html(one, "x.html")))]
    assert len(found) * 4 > len(tagged) * 3


SECRET = "what-nobody-may-read-4711"
# Run with a file to write to, and the command's arguments. What the process opens and whom it asks goes into the file.
WATCHED = """\
import sys
log = open(sys.argv[1], "w", buffering=1)
# Not socket.bind: urllib3, which premailer imports, binds to ::1 to learn whether the machine has IPv6.
ASKING = (
    *("socket.connect", "socket.get", "socket.send", "urllib.", "http.", "ftplib.", "smtplib."),
    *("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty."),
)
def hook(event, args):
    if event.startswith(ASKING) or event == "open":
        print(event, repr(args[:1] if event == "open" else args), file=log)
sys.addaudithook(hook)
sys.argv[:] = ["pipeline", *sys.argv[2:]]
from pipeline.__main__ import main
main()
"""


def attacks(folder: Path, port: int) -> list[str]:
    """Texts that would read a file, or ask a server, in some engine."""
    secret, server = folder / "secret.txt", f"http://127.0.0.1:{port}"
    targets = [
        str(secret),
        f"file://{secret}",
        f"file://localhost{secret}",
        "../../../secret.txt",
        "../../secret.txt",
        f"{server}/x",
    ]
    forms = [
        *('<mj-include path="{}" />', '<mj-include path="{}" type="html" />', '<mj-include path="{}" type="css" />'),
        *('<style>@import url("{}");</style>', "<style>@import '{}';</style>", '<p style="background:url({})">x</p>'),
        *('<link rel="stylesheet" href="{}">', '<img src="{}">', "![x]({})", "[x]({})", '<object data="{}"></object>'),
        *("{{% include '{}' %}}", "{{{{ open('{}').read() }}}}", '<?xml-stylesheet href="{}"?>', '<base href="{}">'),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "{}">]><p>&e;</p>',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{}" parse="text"/>',
        '<mj-style inline="inline">@import "{}";</mj-style>',
        *(
            '<mj-font name="x" href="{}" />',
            '<mj-image src="{}" />',
            '{{{{< include "{}" >}}}}',
            "{{% include_relative {} %}}",
        ),
        *('<!--#include file="{}" -->', '<svg><image href="{}"/></svg>', "^[x]({})", "\\input{{{}}}", "@{}"),
    ]
    return [one.format(target) for one in forms for target in targets]


FRONT = [
    "hero: {}",
    "image: {}",
    "cover: {src: {}}",
    "hero: {src: {}, alt: x}",
    "dek: !include {}",
    "title: !!python/object/apply:builtins.open [{}]",
]


def place(folder: Path, port: int) -> tuple[Path, list[str]]:
    """A newsletter with each attack in an article of its own, in letters, words, tracks, templates' data and facts."""
    texts = attacks(folder, port)
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    (folder / "secret.png").write_bytes(png(2, 2) + SECRET.encode())
    files: dict[str, str | bytes] = {"content/images/ok.png": png(2, 2)}
    # Nothing is held back for being unfit to send.
    lenient = "".join(f'[checks.{id}]\nlevel = "note"\nreason = "a test"\n' for id in checks.RULES)
    files["content/newsletter.toml"] = NEWSLETTER + lenient
    editions: list[str] = []
    for at, text in enumerate(texts):
        line = json.dumps(text)
        files[f"content/articles/a{at}.md"] = web.article(f"A {text}", f"{text}\n\n## B {text}\n\n{text}\n", dek=text)
        blocks = [
            {"lead": f"a{at}"},
            {"article": f"a{at}"},
            {"promo": {"title": text, "text": text, "url": "https://blog.example.com/", "cta": text}},
        ]
        front = {"subject": text[:140], "preheader": text, "date": "2026-11-24", "blocks": blocks}
        files[f"content/editions/e{at}.md"] = f"---\n{json.dumps(front)}\n---\nHello\n\n{text}\n"
        files[f"content/editions/f{at}.md"] = EDITION.replace("Hello", f"{text}\n\nHello")
        url = {
            "subject": "x",
            "date": "2026-11-24",
            "blocks": [{"promo": {"title": "x", "text": "x", "url": json.loads(line), "image": text}}],
        }
        files[f"content/editions/g{at}.md"] = f"---\n{json.dumps(url)}\n---\nx\n"
        editions += [f"e{at}", f"f{at}", f"g{at}"]
    targets = [
        str(folder / "secret.png"),
        f"file://{folder}/secret.png",
        "../../../secret.png",
        "../../../../../../etc/hostname",
        f"http://127.0.0.1:{port}/x.png",
    ]
    for at, (form, target) in enumerate((form, target) for form in FRONT for target in targets):
        facts = (
            form.replace("{}", json.dumps(target), 1)
            if form.count("{") == 1
            else form.replace("{src: {}", f"{{src: {json.dumps(target)}")
        )
        key = facts.partition(":")[0]
        old = next((line for line in ARTICLE.splitlines() if line.startswith(f"{key}:")), "author: maya")
        files[f"content/articles/h{at}.md"] = ARTICLE.replace(old, facts)
        files[f"content/editions/h{at}.md"] = EDITION.replace("box-breathing", f"h{at}")
        editions.append(f"h{at}")
    return make(folder / "site", files), editions


@pytest.mark.slow
def test_reads_nothing_and_asks_nobody(tmp_path: Path) -> None:
    """Whatever content names, be it by mj-include, @import, file: or ../, a build opens no file outside the newsletter
    and no socket; what it makes and what it says hold nothing of a file that lies beside."""
    with web.trap_set() as trap:
        site, editions = place(tmp_path, trap.port)
        log = tmp_path / "log"
        command = [sys.executable, "-c", WATCHED, str(log), "build", "--project", str(site), "--json"]
        run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=300)
        heard = list(trap.heard)
    assert run.returncode in (0, 65), run.stderr
    assert heard == []
    built = [path.name for path in (site / "outbox").iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert len(built) > len(editions) / 2, run.stdout
    said = [line for line in log.read_text().splitlines() if not line.startswith("open ")]
    assert said == []
    opened = re.findall(r"^open \('([^']*)'", log.read_text(), re.M)
    assert [path for path in opened if "/secret." in path or "etc/hostname" in path] == []
    strange = [path for path in opened if path.startswith(str(tmp_path)) and not path.startswith((str(site), str(log)))]
    assert strange == []
    assert SECRET not in run.stdout + run.stderr
    for path in (site / "outbox").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def traced() -> None:
    if shutil.which("strace") is None or subprocess.run(["strace", "-qq", "-o", os.devnull, "true"]).returncode:
        assert "CI" not in os.environ, "CI is set, and there is no strace that may trace"
        pytest.skip("strace isn't there, or may not trace")


@pytest.mark.slow
def test_the_engines_read_nothing(tmp_path: Path) -> None:
    """Nor do engines that aren't Python: the kernel sees no connection and nothing opened beside the newsletter."""
    traced()
    site, _ = place(tmp_path, 9)
    log = tmp_path / "log"
    calls = "trace=connect,sendto,open,openat,readlink"
    prefix = ["strace", "-f", "-qq", "-s", "300", "-o", str(log), "-e", calls]
    command = [*prefix, sys.executable, "-m", "pipeline", "build", "--project", str(site), "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=300)
    assert run.returncode in (0, 65), run.stderr
    seen = log.read_text(errors="replace").splitlines()
    assert [line for line in seen if re.search(r"\b(?:connect|sendto)\(", line)] == []
    assert any("openat(" in line and "newsletter.toml" in line for line in seen)
    assert [line for line in seen if re.search(r'open(?:at)?\(.*"[^"]*(?:secret\.|/etc/hostname)', line)] == []


@pytest.mark.parametrize("target", ["{}/secret.png", "file://{}/secret.png", "../../../secret.png"])
def test_a_picture_outside_is_told(tmp_path: Path, target: str) -> None:
    """A picture that isn't the newsletter's is an error that names it, and says nothing of what is in it."""
    (tmp_path / "secret.png").write_bytes(png(3, 2) + SECRET.encode())
    line = f"hero: {json.dumps(target.format(tmp_path))}"
    site = make(tmp_path / "site", {"content/articles/box-breathing.md": ARTICLE.replace("author: maya", line)})
    with pytest.raises(PipelineError) as told:
        build.build_edition("breathe", build.open_project(site))
    assert told.value.where == Where("content/articles/box-breathing.md", 5)
    assert SECRET not in str(told.value)
    assert not (site / "outbox/breathe").exists()
