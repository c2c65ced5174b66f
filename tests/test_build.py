"""build.py: one edition through every stage."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as parser

from pipeline import build, inline, mjml, personal, templates
from pipeline.errors import PipelineError
from tests import folders

VARIED = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}


def read(folder, name, edition="breathe"):
    return (folder / "outbox" / edition / name).read_text(encoding="utf-8")


def built(folder, files=None, edition="breathe"):
    """The Email that a small newsletter's edition becomes, and its folder in the outbox."""
    return build.build_edition(edition, build.open_project(folders.make(folder, files)))


def test_outbox(tmp_path):
    """The digest as HTML, as text and as a message all show the article; the manifest tells of them."""
    built(tmp_path)
    manifest = json.loads(read(tmp_path, "manifest.json"))
    for name in ("digest.html", "digest.txt"):
        assert "Four sides of a breath" in read(tmp_path, name)
    for name, told in manifest["files"].items():
        content = (tmp_path / "outbox/breathe" / name).read_bytes()
        assert told == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert manifest["subject"] == "Breathe a little"
    assert [article["slug"] for article in manifest["articles"]] == ["box-breathing"]
    assert set(manifest["articles"][0]) == {"slug", "title", "date", "sha256"}
    assert [block["name"] for block in manifest["blocks"]] == ["masthead", "letter", "lead", "footer"]
    assert "content/articles/box-breathing.md" in manifest["inputs"]
    assert "templates/blocks/lead.mjml.j2" in manifest["inputs"]


def test_message_is_the_digest(tmp_path):
    """message.eml holds the same text and the same HTML."""
    built(tmp_path)
    message = message_from_bytes((tmp_path / "outbox/breathe/message.eml").read_bytes(), policy=policy.default)
    text, html = (part.get_content().replace("\r\n", "\n").rstrip("\n") for part in message.iter_parts())
    assert text == read(tmp_path, "digest.txt").rstrip("\n")
    assert html == read(tmp_path, "digest.html").rstrip("\n")


def test_block_sizes(tmp_path):
    """The blocks weigh most of the body, and none weighs nothing; the rest is the card around them."""
    email = built(tmp_path)
    sizes = [block.bytes for block in email.blocks]
    body = email.html.partition("<body")[2]
    assert min(sizes) > 0
    assert 0.6 * len(body) < sum(sizes) < len(body.encode())


def test_merge_fields(tmp_path):
    """Without an ESP each field shows its fallback, and the unsubscribe link is the newsletter's."""
    built(tmp_path)
    html, text = read(tmp_path, "digest.html"), read(tmp_path, "digest.txt")
    assert "Hello there, here is a breath." in html
    assert "Hello there, here is a breath." in text
    assert "https://blog.example.com/unsubscribe" in html
    assert "https://blog.example.com/unsubscribe" in text
    assert "zqmf" not in html + text


def test_utm(tmp_path):
    """Links to the blog say which edition they were followed from, in HTML and in text."""
    built(tmp_path)
    link = "https://blog.example.com/box-breathing?utm_source=newsletter&amp;utm_campaign=breathe"
    assert link in read(tmp_path, "digest.html")
    assert link.replace("&amp;", "&") in read(tmp_path, "digest.txt")


@pytest.mark.slow
def test_same_bytes_everywhere(tmp_path):
    """Time zone, locale, hash seed and day have no say in the bytes."""
    outputs = []
    for name, environment in (("one", {}), ("other", VARIED)):
        folder = folders.make(tmp_path / name)
        command = [sys.executable, "-m", "pipeline", "build", "--quiet", "--project", str(folder)]
        subprocess.run(command, env={**os.environ, **environment}, cwd=folders.REPOSITORY, check=True)
        outputs.append({path.name: path.read_bytes() for path in (folder / "outbox/breathe").iterdir()})
    assert outputs[0] == outputs[1]


def test_render_is_pure(tmp_path):
    """The same edition renders to the same Email, whatever was rendered in between."""
    project = build.open_project(folders.make(tmp_path))
    edition = build.compose_edition("breathe", project)
    first = build.render_email(edition, project.library.newsletter, project.environment)
    assert build.render_email(edition, project.library.newsletter, project.environment) == first


def test_engines_agree(tmp_path):
    """render_email is the line of stages, and nothing besides: each stage's result goes into the next."""
    project = build.open_project(folders.make(tmp_path))
    edition = build.compose_edition("breathe", project)
    written = templates.render_mjml(edition, project.library.newsletter, project.environment)
    assert "<mj-body" in written
    compiled = mjml.compile(written)
    assert compiled.startswith("<!DOCTYPE html>")
    assert "data-inline" in compiled
    assert "data-inline" not in inline.inline(compiled)


WORD = st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=12)
PHRASE = st.lists(WORD, min_size=1, max_size=6).map(" ".join)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


@settings(max_examples=40)
@given(title=PHRASE, dek=PHRASE, heading=PHRASE, text=PHRASE, bold=WORD, subject=PHRASE)
@pytest.mark.slow
def test_any_words_come_out(tmp_path_factory, title, dek, heading, text, bold, subject):
    """Words in any script that go in come out whole, none lost and none glued, in the HTML and in the text part."""
    front = f"title: {quoted(title)}\ndek: {quoted(dek)}\ndate: 2026-11-20"
    article = f"---\n{front}\n---\n\n## a {heading}\n\na {text}\n**{bold}**\n*{bold}* z\n"
    edition = folders.EDITION.replace("subject: Breathe a little", f"subject: {quoted(subject)}")
    files = {
        "content/articles/words.md": article,
        "content/editions/breathe.md": edition.replace("lead: box-breathing", "article: words"),
    }
    email = built(tmp_path_factory.getbasetemp() / "words", files)  # one folder: its templates are compiled once
    shown = " ".join(parser.fromstring(email.html).text_content().split())
    # Lines of Chinese or Japanese may break between any two characters, so there blanks tell nothing.
    wide = any(east_asian_width(letter) in "WF" for letter in title + dek + heading + text + bold)
    blank = "" if wide else " "
    told = blank.join(email.text.split())
    for phrase in (title, dek, f"a {heading}", f"a {text} {bold} {bold} z"):
        assert " ".join(phrase.split()) in shown
        assert blank.join(phrase.split()).casefold() in told.casefold()
    assert email.subject == " ".join(subject.split())


HOSTILE = """\
---
title: "<script>alert(1)</script> {{ 7*7 }} \\"x\\" & [a](javascript:x)"
dek: "'><img src=x onerror=alert(1)>"
date: 2026-11-20
---
<script>alert(1)</script><img src=https://assets.example.com/a.png onerror=alert(1)>

[x](javascript:alert(1)) <a href="data:text/html,x">y</a> <form action=/x><input name=a></form>

## {{ 7*7 }} <iframe src=//x.example></iframe>

Text {{ config }} {% include 'x' %}
"""


def test_hostile_article(tmp_path):
    """Hostile HTML and template syntax come out as text or not at all."""
    edition = folders.EDITION.replace("lead: box-breathing", "article: hostile\n  - lead: hostile")
    built(tmp_path, {"content/articles/hostile.md": HOSTILE, "content/editions/breathe.md": edition})
    html = read(tmp_path, "digest.html").lower()
    for forbidden in ("<script", "<iframe", "<form", "<input", "<img src=x", 'href="javascript', 'href="data:', ">49<"):
        assert forbidden not in html
    assert "{{ 7*7 }}" in html


@pytest.mark.parametrize(
    ("slug", "name"),
    [("../breathe", "content/editions/../breathe.md"), ("no good", "content/editions/no good.md")],
)
def test_slugs_stay_inside(tmp_path, slug, name):
    """A slug that isn't a plain name builds nothing."""
    project = build.open_project(folders.make(tmp_path, {name: folders.EDITION}))
    with pytest.raises((PipelineError, KeyError)):
        build.build_edition(slug, project)
    assert not (tmp_path / "outbox").exists()


def test_designers_block(tmp_path):
    """A designer adds a block by adding its two files, and nothing else."""
    (tmp_path / "templates").mkdir(parents=True)
    for path in (folders.REPOSITORY / "templates").rglob("*"):
        target = tmp_path / "templates" / path.relative_to(folders.REPOSITORY / "templates")
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    text = "<mj-text>“{{ data.text }}”, {{ data.article.title }}</mj-text>"
    quote = f"<mj-section><mj-column>{text}</mj-column></mj-section>\n"
    files = {
        "templates/blocks/quote.mjml.j2": "{# data: text, article #}\n" + quote,
        "templates/blocks/quote.txt.j2": "{# data: text, article #}\n{{ data.text }}, {{ data.article.title }}\n",
        "content/editions/breathe.md": folders.EDITION.replace(
            "lead: box-breathing", "quote: {text: Slow is <smooth>, article: box-breathing}"
        ),
    }
    email = built(tmp_path, files)
    assert "“Slow is &lt;smooth&gt;”, Box breathing" in email.html
    assert "Slow is <smooth>, Box breathing" in email.text
    assert email.articles == ("box-breathing",)


def test_marks_until_filled(tmp_path):
    """Everyone's Email has its blocks' marks; a reader's hasn't, and else the two are the same."""
    project = build.open_project(folders.make(tmp_path))
    email = build.render_email(
        build.compose_edition("breathe", project), project.library.newsletter, project.environment
    )
    filled = build.fill_email(email, {"first_name": "<Ana>"})
    assert [email.html.count(f"<!--block:{index}-->") for index in range(5)] == [1, 1, 1, 1, 0]
    assert "block:" not in filled.html
    assert "Hello &lt;Ana&gt;, here is a breath." in filled.html
    assert "Hello <Ana>, here is a breath." in filled.text


def test_article_alone(tmp_path):
    """An article can be looked at without an edition, also a draft, in its own language and dated as it is."""
    text = folders.ARTICLE.replace("title:", "draft: true\nlang: ar\ntitle:")
    project = build.open_project(folders.make(tmp_path, {"content/articles/box-breathing.md": text}))
    edition = build.compose_article("box-breathing", project, datetime(2030, 1, 1, tzinfo=UTC))
    assert [block.name for block in edition.blocks] == ["masthead", "article", "footer"]
    assert (edition.subject, edition.direction, edition.date.year) == ("Box breathing", "rtl", 2026)
    with pytest.raises(PipelineError, match="is a draft"):
        build.compose_edition("breathe", project)


def test_reopened_project(tmp_path):
    """A project that is opened again sees the templates and articles that have changed, and keeps the rest."""
    shutil.copytree(folders.REPOSITORY / "templates", tmp_path / "templates")
    project = build.open_project(folders.make(tmp_path))
    assert build.reopen_project(project, {"outbox/x"}) == project
    lead = tmp_path / "templates/blocks/lead.txt.j2"
    lead.write_text("CHANGED\n", encoding="utf-8")
    again = build.reopen_project(project, {"templates/blocks/lead.txt.j2"})
    assert again.library is project.library
    edition = build.compose_edition("breathe", again)
    assert "CHANGED" in build.render_email(edition, again.library.newsletter, again.environment).text


# --- What isn't for all readers ---

FIELDS = '[merge_fields.plan]\n[merge_fields.topics]\ntype = "list"\n[merge_fields.mood]\n'


def personal_email(folder, *blocks):
    """An edition with these blocks, composed and rendered; the articles a to e have their letter for a tag."""
    article = folders.ARTICLE.replace("Box breathing", "All of {0}").replace("[breathing]", "[{0}]")
    files = {
        "content/newsletter.toml": folders.NEWSLETTER + FIELDS,
        "content/editions/breathe.md": folders.EDITION.replace(
            "lead: box-breathing\n", "".join(f"{block}\n  - " for block in blocks) + "footer\n"
        ),
        **{f"content/articles/{letter}.md": article.format(letter) for letter in "abcde"},
    }
    project = build.open_project(folders.make(folder, files))
    edition = build.compose_edition("breathe", project)
    return project, edition, build.render_email(edition, project.library.newsletter, project.environment)


def words(html):
    """The HTML without what says where one section for Outlook ends and the next begins."""
    return re.sub(r"<style.*?</style>|<!\[endif\]-->\s*<!--\[if mso \| IE\]>|\s+", "", html, flags=re.DOTALL)


READERS = [
    {},
    {"plan": "premium"},
    {"topics": ("c", "e")},
    {"plan": "free", "topics": ("d", "b"), "mood": "worried"},
]


@pytest.mark.parametrize("reader", READERS)
def test_as_if_for_one(tmp_path, reader):
    """A reader's mail is the one that an edition would become with just what this reader sees; and so is its text."""
    project, edition, email = personal_email(
        tmp_path,
        "masthead: {audience: plan}",
        "lead: {article: box-breathing, audience: topics}",
        "letter",
        "teasers: {for: reader, articles: [a, b, c, d, e]}",
        "teasers: {for: reader, columns: 2, limit: 2, title: More, articles: [e, d, c, b], audience: not plan}",
        "tracks: {for: reader, limit: 2, audience: plan or topics}",
        "lead: {article: a, audience: not topics}",
    )
    seen = personal.seen(edition, personal.view(email, reader))
    blocks = tuple(replace(block, personal=None) for block in seen.blocks if block.name != "hidden")
    alone = build.render_email(replace(seen, blocks=blocks), project.library.newsletter, project.environment)
    meant, found = build.fill_email(alone, reader), build.fill_email(email, reader)
    assert found.text == meant.text
    assert words(found.html) == words(meant.html)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_two_columns(tmp_path, limit):
    """In two columns too, each card that is chosen for a reader stands on the mail's paper, the last one by itself."""
    block = f"teasers: {{for: reader, columns: 2, limit: {limit}, articles: [a, b, c, d, e]}}"
    _, _, email = personal_email(tmp_path, "lead: box-breathing", block)
    mail = parser.document_fromstring(build.fill_email(email, {"topics": ("c", "e")}).html)
    shown = [heading for heading in mail.iter("h2") if heading.text_content().startswith("All of")]
    assert len(shown) == limit
    assert all(any("card" in one.get("class", "") for one in heading.iterancestors()) for heading in shown)
