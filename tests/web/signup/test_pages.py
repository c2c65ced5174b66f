"""pages.py: the service's pages."""

import shutil

import pytest
from markupsafe import escape

from pipeline import build
from pipeline.errors import TemplateError
from pipeline.web.signup.pages import Pages, shown_address
from pipeline.web.signup.reading import MOST_BYTES
from tests import folders
from tests.web.signup.serving import URLENCODED


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(folders.REPOSITORY / "templates", tmp_path / "templates")
    return folders.make(tmp_path)


def pages(folder):
    project = build.open_project(folder)
    return Pages(project.library.newsletter, project.environment, "/newsletter")


@pytest.mark.parametrize("name", ["confirm", "confirmed", "unsubscribe", "unsubscribed", "erase"])
def test_a_page_of_a_reader(folder, name):
    """A page that is made once shows each reader what it would if it were made for them alone."""
    found = pages(folder)
    for language in found.languages:
        for address in ("ann@example.com", "<b>&amp;\x02token\x03{{ t }}@example.com"):
            facts = {"address": shown_address(address), "token": 'a"b<c&d'}
            assert found.html(name, language, **facts) == found._rendered(name, language, facts)


def test_a_page_that_is_missing(folder):
    """A folder whose templates are older than a page is told which one it lacks."""
    (folder / "templates" / "pages" / "stale.html.j2").unlink()
    with pytest.raises(TemplateError, match=r"there is no templates/pages/stale\.html\.j2"):
        pages(folder).make()


@pytest.mark.parametrize("name", ["Ann", "<b>&amp;\x02token\x03{{ t }} ", "נועה"])
def test_the_name_that_was_typed_in(folder, name):
    """The page to confirm shows it to whom it is said to be of; it is made once with it, and once without."""
    found, facts = pages(folder), {"address": shown_address("ann@example.com"), "token": "one"}
    found.make()
    made = found._form.cache_info().misses
    for language in found.languages:
        page = found.html("confirm", language, **facts, name=name)
        assert page == found._rendered("confirm", language, {**facts, "name": name})
        assert f"<bdi>{escape(name)}</bdi>" in page
        assert found.html("confirm", language, **facts).count("<bdi>") == 1
        assert found._form("confirm", language, frozenset(("address", "token", "name")))
    assert found._form.cache_info().misses == made


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ address | upper }}", "<BDI>ANN@EXAMPLE.COM</BDI> | <BDI>B@EXAMPLE.COM</BDI>"),
        ("{{ address | length }}", "26 | 24"),
        ("{% if token == 'one' %}first{% endif %}", "first | "),
        ("{% if 'ann' in address %}{{ address }}{% endif %}", "<bdi>ann@example.com</bdi> | "),
        ("{{ token[0] }}{{ token ~ '!' }}", "oone! | ttwo!"),
        ("{{ (token ~ '!') | length }}", "4 | 4"),
        ("{{ address | striptags }}", "ann@example.com | b@example.com"),
        ("{% filter upper %}{{ token }}{% endfilter %}", "ONE | TWO"),
        ("{% set mine %}{{ token }}{% endset %}{{ mine[:2] }}", "on | tw"),
    ],
)
def test_a_template_that_does_more(folder, template, shown):
    """A template of the newsletter's own that does more with a fact than to show it is made for each reader."""
    (folder / "templates" / "pages" / "confirm.html.j2").write_text(template)
    found = pages(folder)
    readers = (("ann@example.com", "one"), ("b@example.com", "two"))
    told = [found.html("confirm", "en", address=shown_address(address), token=token) for address, token in readers]
    assert " | ".join(told) == shown


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["/confirm"], "Links to confirm work"),
        (["/address"], "Links to a new address work"),
        (["/preferences", "/unsubscribe", "/erase", "/data", "/move"], "or you aren't on the list any more"),
    ],
)
def test_a_link_that_leads_nowhere(signed, paths, said):
    """It says how to get one of its kind that does; only who wanted to sign up is asked to do that again."""
    for path in paths:
        answers = [signed.post(f"{path}?t=broken", {"rhythm": "each"})] if path != "/data" else []
        answers += [signed.get(f"{path}?t=broken")] if path != "/move" else []
        for answer in answers:
            assert (answer.status, said in answer.text.replace("&#39;", "'")) == (404, True), path
            assert ('href="/newsletter/"' in answer.text) == (path == "/confirm")
            assert 'lang="en"' in answer.text


@pytest.mark.parametrize(
    ("method", "target", "kind", "body", "status"),
    [
        ("POST", "/subscribe", URLENCODED, b"email=\xff", 400),
        ("DELETE", "/subscribe", "", "", 405),
        ("POST", "/subscribe", URLENCODED, " " * (MOST_BYTES + 1), 413),
        ("POST", "/subscribe", "text/plain", "x", 415),
    ],
)
def test_what_cannot_be_read(signed, method, target, kind, body, status):
    """Whoever sent it is told so, and led to the form: not to a mail, whose link isn't at fault."""
    answer = signed.ask(method, target, body, {"Content-Type": kind})
    assert (answer.status, "could not be read" in answer.text) == (status, True)
    assert ("cut off" in answer.text, 'href="/newsletter/"' in answer.text) == (False, True)


def test_what_is_not_there(signed):
    """A wrong address may be one that a mail program has cut off."""
    answer = signed.get("/prefer")
    assert (answer.status, "cut off" in answer.text, 'href="/newsletter/"' in answer.text) == (404, True, False)


def test_a_broken_template(folder):
    """A page that can't be made is told of before anybody asks for it, with file and line."""
    found = pages(folder)
    found.make()
    (folder / "templates" / "pages" / "erase.html.j2").write_text("<p>\n{{ nothing_of_the_sort.x }}")
    with pytest.raises(TemplateError, match="nothing_of_the_sort") as error:
        pages(folder).make()
    assert str(error.value.where) == "templates/pages/erase.html.j2:2"
