"""web/views.py: a mail as it is looked at."""

from datetime import UTC, datetime
from html import unescape
from re import sub

import pytest

from pipeline import build, clients, merge_fields
from pipeline.errors import Where
from pipeline.model import Email, Persona
from pipeline.web import views
from pipeline.web.views import View
from tests import folders

ASSETS = "https://assets.example.com"
TOKEN = merge_fields.token("first_name", "there")
ANA = Persona("ana", "Ana", {"first_name": "Ana & <Co>"}, Where("content/personas.yaml"))
AS_BUILT = View()
DARK = "@media (prefers-color-scheme: dark) and (max-width:480px) { .card { color-scheme: light dark } }"


def email(html, text=""):
    return Email("e", "Subject <1>", "", datetime(2026, 11, 24, tzinfo=UTC), "en", html, text, (), ())


def shown(body, view=AS_BUILT, head=""):
    html = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    return views.mail(email(html), view, ASSETS)


def test_readers():
    """A reader's values are filled in and escaped; without a reader the fallbacks stand."""
    assert "Hello Ana &amp; &lt;Co&gt;!" in shown(f"<p>Hello {TOKEN}!</p>", View(ANA))
    assert "Hello there!" in shown(f"<p>Hello {TOKEN}!</p>")
    assert "Hello Ana & <Co>!" in unescape(views.text(email("", f"Hello {TOKEN}!"), View(ANA)))


def test_links_open_elsewhere():
    """A link in the mail opens in a new tab, and leaves the preview where it is."""
    assert '<head><base target="_blank">' in shown("<p>x</p>")


@pytest.mark.parametrize(("scheme", "query"), [("dark", "(min-width:0px)"), ("light", "(max-width:0px)")])
def test_scheme(scheme, query):
    """One scheme holds, whatever the browser itself prefers; words about schemes stay as they are."""
    meta = '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    words = "<p>@media (prefers-color-scheme: dark)</p>"
    html = shown(words, View(scheme=scheme), f"<style>{DARK}</style>{meta}")
    assert f"<style>@media {query} and (max-width:480px) {{ .card {{ color-scheme:{scheme}}} }}</style>" in html
    assert html.count(f'content="{scheme}"') == 2
    assert words in html


def test_client_has_its_scheme():
    """A client that is looked at in the dark is dark, whatever the switch says."""
    html = shown("<p>x</p>", View(client=clients.CLIENTS["apple-mail-dark"]), f"<style>{DARK}</style>")
    assert "(min-width:0px)" in html


PICTURES = f"""\
<img alt="a > b" src="{ASSETS}/images/a.png" srcset="{ASSETS}/images/b.png 2x" width="20">
<p>src="{ASSETS}/images/a.png"</p>
<table background="{ASSETS}/images/a.png" style="background:url('{ASSETS}/images/a.png')"></table>
<a href="{ASSETS}/images/a.png">x</a><img alt="far" src="https://far.example/x.png">"""


def test_pictures():
    """The newsletter's own pictures are served from here; links, words and other hosts' pictures stay."""
    html = shown(PICTURES, head=f"<style>p {{ background: url({ASSETS}/images/c.png) }}</style>")
    assert '<img alt="a > b" src="/pictures/images/a.png" width="20">' in html
    assert f'<p>src="{ASSETS}/images/a.png"</p>' in html
    assert '<table background="/pictures/images/a.png" style="background:url(/pictures/images/a.png)">' in html
    assert "background: url(/pictures/images/c.png)" in html
    assert f'<a href="{ASSETS}/images/a.png">' in html
    assert 'src="https://far.example/x.png"' in html


def test_pictures_elsewhere():
    """Pictures of other hosts are counted, each once, and those that only look like pictures are not."""
    assert views.pictures_elsewhere(PICTURES + PICTURES, ASSETS) == 1
    assert views.pictures_elsewhere('<p>&lt;img src="https://x"</p><a href="https://far.example/x.png">', ASSETS) == 0


def test_images_off():
    """Without pictures their words stay, and nothing else of them."""
    html = shown(PICTURES, View(images=False))
    assert '<img alt="a > b" width="20">' in html
    assert '<table style="background:none">' in html
    assert 'src="h' not in sub(r"<p>.*?</p>", "", html)


def test_source_is_the_build(tmp_path):
    """The source view shows the build to the letter, and a text view those of the text part."""
    project = build.open_project(folders.make(tmp_path))
    mail = build.render_email(
        build.compose_edition("breathe", project), project.library.newsletter, project.environment
    )
    built = build.fill_email(mail, {})
    for view in (View(), View(scheme="dark")):
        assert preformatted(views.source(mail, view)).removesuffix("\n") == built.html
        assert preformatted(views.text(mail, view)) == built.text


def preformatted(page):
    return unescape(sub(r"<[^>]*>", "", page.partition('<pre dir="auto">')[2].partition("</pre>")[0]))


def test_frame_shows_the_build(tmp_path):
    """Apart from its marks, its scheme, its pictures and its new tabs, the frame's mail is the build's."""
    project = build.open_project(folders.make(tmp_path))
    mail = build.render_email(
        build.compose_edition("breathe", project), project.library.newsletter, project.environment
    )
    html = views.mail(mail, View(), ASSETS).replace('<base target="_blank">', "")
    built = build.fill_email(mail, {}).html
    for written, resolved in (
        ("(prefers-color-scheme:dark)", "(max-width:0px)"),
        ("(prefers-color-scheme: dark)", "(max-width:0px)"),
        (" color-scheme: light dark", " color-scheme:light"),
        ('content="light dark"', 'content="light"'),
    ):
        built = built.replace(written, resolved)
    assert "(max-width:0px)" in built
    assert sub(r"<!--/?block:\d+-->\n?", "", html) == built
