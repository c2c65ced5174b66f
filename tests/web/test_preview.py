"""web/preview.py and `pipeline preview`: a real server, asked as its own page asks it."""

import shutil
import signal
import socket
import subprocess
import sys
from datetime import datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from pipeline import build
from tests import folders
from tests.web.serving import SECONDS, preview

PERSONAS = "ana: {name: Ana, fields: {first_name: Ana & Co}}\n"
# Whenever it is asked, today is in its next window.
YEARLY = '[digests.yearly]\nschedule = "0 0 1 1 *"\nsubject = "This year: {lead.title}"\ninclude = {tags = ["today"]}\n'
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()
FILES = {
    "content/personas.yaml": PERSONAS,
    "content/articles/box-breathing.md": folders.ARTICLE.replace(
        "date:", "image: images/hero.png\nimage_alt: A square of four breaths\ndate:"
    ),
    "content/images/hero.png": folders.png(40, 20),
    "content/newsletter.toml": folders.NEWSLETTER + YEARLY,
    "content/articles/today.md": folders.ARTICLE.replace("2026-11-20", f"{TODAY}").replace("[breath", "[today, breath"),
    "content/editions/broken.md": folders.EDITION.replace("box-breathing", "no-such-article"),
}
ARTICLE = "content/articles/box-breathing.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newsletter")
    shutil.copytree(folders.REPOSITORY / "templates", folder / "templates")
    return folders.make(folder, FILES)


@pytest.fixture(scope="module")
def shown(folder):
    with preview(folder, "breathe") as running:
        yield running


def test_says_where(shown):
    """It says where it is to be seen, at the edition that was named, and how to stop it."""
    assert shown.said[0] == shown.url == f"http://127.0.0.1:{shown.port}/editions/breathe"
    assert shown.said[1] == "Ctrl-C stops it."


@pytest.mark.parametrize("path", ["/", "/editions/breathe", "/articles/box-breathing", "/editions/breathe?scheme=dark"])
def test_shell(shown, path):
    """Every address that a person may have in the address bar gives the one page."""
    answer = shown.get(path)
    assert answer.status == 200
    assert answer.text.startswith("<!")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_page_is_complete(shown):
    """The page asks for nothing but its own files, and they are there."""
    shell = shown.get("/").text
    for name in ("preview.js", "preview.css", "icon.svg"):
        assert f"/static/{name}" in shell
        assert shown.get(f"/static/{name}").status == 200
    assert "//" not in shell.replace("<!doctype", "")


def test_list(shown):
    """A window is told what there is to open."""
    with shown.events() as events:
        listing = events.next("list")
    assert listing["start"] == "editions/breathe"
    assert [one["page"] for one in listing["editions"]] == ["editions/breathe", "editions/broken"]


def test_mail_is_the_build(shown, folder):
    """The files that can be taken away are those that build writes, byte for byte."""
    build.build_edition("breathe", build.open_project(folder))
    for name in ("digest.html", "digest.txt", "message.eml"):
        assert shown.get(f"/files/editions/breathe/{name}").body == (folder / "outbox/breathe" / name).read_bytes()


def test_download(shown):
    """The message is a file to keep, with a reader's own values where one was chosen."""
    answer = shown.get("/files/editions/breathe/message.eml?reader=ana")
    assert answer.headers["content-disposition"] == 'attachment; filename="breathe.eml"'
    assert answer.headers["content-type"].startswith("message/rfc822")
    message = message_from_bytes(answer.body, policy=policy.default)
    assert "Hello Ana & Co, here is a breath." in message.get_body(("plain",)).get_content()


def test_views(shown):
    """The frame gets the mail, its text or its source; no script may run in it, nothing come from elsewhere."""
    views = {
        "": "Hello there, here is a breath.",
        "?reader=ana": "Hello Ana &amp; Co, here is a breath.",
        "?view=text": "Hello there, here is a breath.",
        "?view=source": '<span class="',
        "?scheme=dark&images=off&version=7": "Hello there",
        "?client=gmail-app": "Hello there",
        "?client=outlook-word": "Hello there",
        "?client=apple-mail-dark": "Hello there",
        "?client=forced-dark": "Hello there",
    }
    for query, words in views.items():
        answer = shown.get(f"/mail/editions/breathe{query}")
        assert (answer.status, words in answer.text) == (200, True), query
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; img-src 'self'" in policy
        assert "sandbox" in policy and "allow-scripts" not in policy


def test_notes(shown):
    """An approximation says which rules it applied."""
    rules = shown.get("/notes/editions/breathe?client=outlook-word").json["rules"]
    assert rules
    assert all(rule["count"] >= 1 and rule["title"] and rule["source"] for rule in rules)


def test_picture(shown):
    """Pictures of content/ are served, and looked after by the browser's cache."""
    answer = shown.get("/pictures/images/hero.png")
    assert answer.body == folders.png(40, 20)
    assert shown.get("/pictures/images/hero.png", If_None_Match=answer.headers["etag"]).status == 304
    assert 'src="/pictures/images/hero.png"' in shown.get("/mail/editions/breathe").text
    assert "hero.png" not in shown.get("/mail/editions/breathe?images=off").text


@pytest.mark.parametrize(
    "path",
    [
        "/mail/editions/no-such",
        "/mail/tracks/breathe",
        "/mail/editions/breathe?reader=bob",
        "/mail/editions/breathe?client=lotus",
        "/mail/editions/breathe?view=pdf",
        "/notes/editions/breathe",
        "/files/editions/breathe/manifest.json",
        "/events?page=tracks/rain",
        "/tracks/rain",
        "/pictures/newsletter.toml",
        "/favicon.ico",
    ],
)
def test_not_there(shown, path):
    """What isn't there is answered as not there."""
    assert shown.get(path).status == 404


def test_never_good(shown):
    """An edition that was never whole has an error to show and no mail."""
    with shown.events("editions/broken") as events:
        told = events.next("page")
    assert "there is no article 'no-such-article'" in told["errors"][0]["message"]
    answer = shown.get("/mail/editions/broken")
    assert answer.status == 404
    assert "no-such-article" in answer.text


def test_save_is_pushed(shown, folder):
    """A save is told to the windows that show it, and to no other; the error too, and that it is mended."""
    file, text = folder / ARTICLE, FILES[ARTICLE]
    with shown.events("editions/breathe") as events, shown.events("editions/broken") as others:
        first, other = events.next("page"), others.next("page")
        file.write_text(text.replace("Four sides", "Five sides"), encoding="utf-8")
        second = events.newer(first["version"])
        assert (second["version"], second["errors"]) == (first["version"] + 1, [])
        assert "Five sides" in shown.get("/mail/editions/breathe").text
        file.write_text(text.replace("title:", "titel:"), encoding="utf-8")
        broken = events.newer(second["version"])
        assert broken["errors"]
        assert "Five sides" in shown.get("/mail/editions/breathe").text
        file.write_text(text, encoding="utf-8")
        mended = events.newer(broken["version"])
        assert mended["errors"] == []
        assert others.next("page")["version"] == other["version"]


def test_whole_save_at_once(shown, folder):
    """A file that is replaced, as editors do, is one save; what editors leave beside it is none."""
    with shown.events("articles/box-breathing") as events:
        first = events.next("page")
        (folder / "content/articles/.box-breathing.md.swp").write_bytes(b"\0")
        new = folder / "content/articles/box-breathing.md~"
        new.write_text(FILES[ARTICLE].replace("Four sides", "Six sides"), encoding="utf-8")
        new.rename(folder / ARTICLE)
        second = events.newer(first["version"])
        assert (second["version"], second["errors"]) == (first["version"] + 1, [])


def test_build_is_seen_in_the_list(shown, folder):
    """A build in another terminal changes the state in the list."""
    with shown.events() as events:
        while events.next("list")["editions"][0]["state"] == "built":
            (folder / ARTICLE).write_text(FILES[ARTICLE] + "More.\n", encoding="utf-8")
        build.build_edition("breathe", build.open_project(folder))
        while events.next("list")["editions"][0]["state"] != "built":
            pass


def test_digest(shown):
    """A digest's name opens its next edition, and its mail and its message can be had by the edition's own slug."""
    with shown.events("digests/yearly") as events:
        told = events.next("page")
    page = told["digest"]["page"]
    assert (told["page"], told["errors"], told["title"]) == ("digests/yearly", [], "This year: Box breathing")
    assert shown.get(f"/{page}").status == 200
    assert "Box breathing" in shown.get(f"/mail/{page}?client=gmail-app&scheme=dark").text
    disposition = shown.get(f"/files/{page}/message.eml").headers["content-disposition"]
    assert disposition == f'attachment; filename="{page.removeprefix("digests/")}.eml"'


def test_digest_is_in_the_list(shown, folder):
    """An article that is saved as a draft is in its digest no more, in the list as on the page."""
    page = folder / "content/articles/today.md"
    text = page.read_text(encoding="utf-8")
    with shown.events("digests/yearly") as events:
        while [one["title"] for one in events.next("list")["digests"]] != ["This year: Box breathing"]:
            pass
        page.write_text(text.replace("tags:", "draft: true\ntags:"), encoding="utf-8")
        while events.next("page")["digest"]["taken"]:
            pass
        while [one["title"] for one in events.next("list")["digests"]] != [""]:
            pass
    page.write_text(text, encoding="utf-8")


def test_new_edition_is_in_the_list(shown, folder):
    """A new file is in the list without a restart, and its size is found out by and by."""
    with shown.events() as events:
        (folder / "content/editions/new.md").write_text(folders.EDITION, encoding="utf-8")
        while "editions/new" not in [one["page"] for one in events.next("list")["editions"]]:
            pass
        while not next(one for one in events.next("list")["editions"] if one["page"] == "editions/new")["bytes"]:
            pass
        (folder / "content/editions/new.md").unlink()
        while "editions/new" in [one["page"] for one in events.next("list")["editions"]]:
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_stops_cleanly(tmp_path, number):
    """Ctrl-C ends it at once, with a window open, without a word; SIGTERM does so too."""
    with preview(folders.make(tmp_path)) as running, running.events("editions/breathe") as events:
        events.next("page")
        assert running.stop(number) == 0
        said = list(running.said)
    assert said[2:] == []


@pytest.mark.slow
def test_busy_port(tmp_path):
    """A port that is taken gives the next free one, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with preview(folders.make(tmp_path), "--port", str(port)) as running:
            assert running.said[0] == f"Port {port} is taken; here is the next one that is free."
            assert running.port > port
            assert running.get("/").status == 200


@pytest.mark.slow
def test_opens_the_browser(tmp_path):
    """It opens the browser at the page, once the page can be had."""
    browser = tmp_path / "browser.py"
    browser.write_text(
        "import sys, urllib.request\n"
        "page = urllib.request.urlopen(sys.argv[1]).read(2).decode()\n"
        f"open({str(tmp_path / 'opened')!r}, 'w').write(sys.argv[1] + page)\n"
    )
    (tmp_path / "newsletter").mkdir()
    command = f"{sys.executable} {browser} %s"
    with preview(folders.make(tmp_path / "newsletter"), "breathe", BROWSER=command) as running:
        with running.events("editions/breathe") as events:
            events.next("list")
        running.stop()
        assert (tmp_path / "opened").read_text() == f"{running.url}<!"


@pytest.mark.slow
def test_warns_others(tmp_path):
    """An address that others can reach is warned of, and foreign names are refused there too."""
    with preview(folders.make(tmp_path), "--host", "0.0.0.0") as running:
        assert running.said[0].startswith("warning: others can reach 0.0.0.0")
        assert running.get("/", Host="evil.example").status == 421
        assert running.get("/", Host="192.0.2.7:8010").status == 200


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["breethe"], 65, "there is no edition, article or digest 'breethe' in content/; did you mean breathe?"),
        (["--project", "no-such-folder"], 78, "content/newsletter.toml: is not there"),
        (["--host", "192.0.2.1"], 78, "--host 192.0.2.1"),
        (["--port", "66000"], 2, "66000 is not in the range"),
    ],
)
@pytest.mark.slow
def test_wrong_start(tmp_path, arguments, code, words):
    """What can't be shown is told before anything is opened."""
    folders.make(tmp_path)
    command = [sys.executable, "-m", "pipeline", "preview", "--no-open", *arguments]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(folders.REPOSITORY), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == code
    assert words in done.stderr
