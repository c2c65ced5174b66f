"""templates.py: an Edition becomes MJML and plain text."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pytest
from babel import Locale
from markupsafe import Markup

from pipeline import marks, merge_fields, mjml, templates
from pipeline.content.newsletter import read_newsletter
from pipeline.errors import PipelineError, Where
from pipeline.model import Article, Author, Block, Edition, Image, Link, Section, Track
from pipeline.templates import facts, plain_text
from tests import folders

FOLDER = folders.REPOSITORY / "templates"
GOLDENS = Path(__file__).parent / "templates"
BLOCKS = (
    "article", "benefits", "footer", "lead", "letter", "masthead", "missed", "next", "popular", "promo", "sections",
    "teasers", "tracks",
)  # fmt: skip
LANGUAGES = sorted(file.stem for file in (FOLDER / "strings").iterdir())
PARTIALS = sorted((FOLDER / "blocks").iterdir())

BLOG = "https://blog.example.com"
WHERE = Where("content/editions/breathe.md", 4)
HERO = Image("https://assets.example.com/hero.jpg", "A lamp by a window", 1040, 520)


def a_section(title, level=2, article="breath"):
    anchor = title.lower().replace(" ", "-")
    html = Markup('<p>Words with <a href="https://example.com/source">a source</a>.</p>')
    return Section(title, anchor, level, html, f"{BLOG}/{article}#{anchor}", WHERE)


SECTIONS = (a_section("How it goes"), a_section("In a chair", 4), a_section("When it helps"))
ARTICLE = Article(
    slug="breath",
    title="Box breathing",
    url=f"{BLOG}/breath",
    where=WHERE,
    dek="Four sides of a breath",
    date=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
    authors=(Author("Maya Fernando", Image("https://assets.example.com/maya.jpg", "Maya", 160, 160), f"{BLOG}/maya"),),
    hero=HERO,
    intro=Markup("<p>Breathe in.</p>"),
    sections=SECTIONS,
    minutes=4,
)
MEDICAL = replace(ARTICLE, slug="pills", title="Pills", url=f"{BLOG}/pills", medical=True, sections=())
BARE = Article(slug="bare", title="Bare", url=f"{BLOG}/bare", where=WHERE)
TRACK = Track("Rain", "Music", 5, ("restless",), "Noa", "https://aura.example.com/rain", WHERE, HERO)
DATA = {
    "masthead": {},
    "letter": {},
    "lead": {"article": ARTICLE, "cta": "Read: Four sides"},
    "sections": {"article": ARTICLE, "sections": SECTIONS[:1], "words": 50},
    "teasers": {"articles": (ARTICLE, MEDICAL, BARE), "columns": 2, "title": "For later"},
    "article": {"article": ARTICLE},
    "tracks": {"tracks": (TRACK,), "mood": "restless at night"},
    "popular": {"categories": ({"name": "Sleep", "url": f"{BLOG}/sleep"},)},
    "benefits": {"items": ("No streaks to break",)},
    "promo": {
        "title": "The app",
        "text": "Try it.",
        "image": HERO,
        "url": "https://aura.example.com/app",
        "cta": "Try",
    },
    "next": {"article": BARE},
    "footer": {},
}


def a_block(name, **data):
    return Block(name, WHERE, MappingProxyType(data))


def an_edition(*blocks, **values):
    """An edition of these blocks; of every block there is where none is given."""
    own = {
        "slug": "breathe",
        "subject": "Breathe a little",
        "preheader": "Four sides of a breath, before the next call",
        "date": datetime(2026, 11, 24, tzinfo=UTC),
        "language": "en",
        "direction": "ltr",
        "template": "digest",
        "letter": Markup("<p>Hello.</p>"),
        "blocks": blocks or tuple(a_block(name, **data) for name, data in DATA.items()),
        "where": WHERE,
    }
    return Edition(**{**own, **values})


def a_newsletter(folder):
    newsletter = read_newsletter(folders.make(folder))
    icon = Image("https://assets.example.com/icon.png", "", 48, 48)
    disclaimer = MappingProxyType({"en": "Ask your doctor.", "ar": "اسأل طبيبك."})
    return replace(
        newsletter,
        logo=Image("https://assets.example.com/logo.png", "The Quiet Hour", 96, 96),
        socials=(Link("Mastodon", "https://social.example.com/quiet", icon),),
        stores=(Link("App Store", "https://aura.example.com/apple"),),
        medical_disclaimer=disclaimer,
    )


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return a_newsletter(tmp_path_factory.mktemp("newsletter"))


@pytest.fixture
def rendered(newsletter):
    """A function: the MJML and the text of an edition, by the project's own templates."""
    environment = templates.Environment(FOLDER)

    def render(edition, newsletter=newsletter):
        return (
            templates.render_mjml(edition, newsletter, environment),
            templates.render_text(edition, newsletter, environment),
        )

    return render


@pytest.fixture
def designed(tmp_path):
    """A function: an environment of a designer's own files."""

    def make(files):
        for name, source in files.items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return templates.Environment(tmp_path / "templates")

    return make


def small(newsletter):
    """A small edition's MJML and text by the names of their goldens, without the places in templates."""
    environment = templates.Environment(FOLDER)
    names = ("masthead", "letter", "lead", "teasers", "footer")
    edition = an_edition(*(a_block(name, **DATA[name]) for name in names))
    return {
        "small.mjml": without_places(templates.render_mjml(edition, newsletter, environment)),
        "small.txt": templates.render_text(edition, newsletter, environment),
    }


def without_places(source):
    return re.sub(r' data-where="[^"]*"', "", source)


@pytest.mark.parametrize("name", ["small.mjml", "small.txt"])
def test_golden(newsletter, name):
    """A small edition renders to the MJML and the text that were looked at and found good.

    After a change of the templates: ``python -m tests.test_templates``, and look at the difference in tests/templates/.
    """
    assert small(newsletter)[name] == (GOLDENS / name).read_text(encoding="utf-8")


def test_blocks():
    """Every block of the project has both of its partials."""
    assert templates.blocks(templates.Environment(FOLDER)) == BLOCKS


def test_half_a_block(designed):
    """A block with only one of its partials is an error that names the file there is."""
    files = ("blocks/a.mjml.j2", "blocks/a.txt.j2", "blocks/b.mjml.j2", "blocks/c.txt.j2")
    environment = designed(dict.fromkeys(files, ""))
    with pytest.raises(PipelineError) as caught:
        templates.blocks(environment)
    assert str(caught.value).splitlines() == [
        "templates/blocks/b.mjml.j2: has no b.txt.j2 beside it; a block is two files",
        "templates/blocks/c.txt.j2: has no c.mjml.j2 beside it; a block is two files",
    ]


def test_files(designed):
    """The files of the templates' folder are known by their paths in the newsletter's folder; hidden ones aren't."""
    environment = designed({"digest.txt.j2": "", "strings/en.toml": "", ".draft.css": "", "blocks/.a.txt.j2.swp": ""})
    assert templates.files(environment) == ("templates/digest.txt.j2", "templates/strings/en.toml")


@pytest.mark.parametrize("partial", PARTIALS, ids=lambda path: path.name)
def test_documented(partial):
    """Each partial begins with a comment that names the block and every datum that it reads."""
    source = partial.read_text(encoding="utf-8")
    told = re.match(r"\{#\s+(\w+):.*?#\}", source, re.DOTALL)
    assert told and told[1] == partial.name.split(".")[0]
    read = re.findall(r"""data(?:\.get\(|\[)"(\w+)""", source)
    assert set(read) <= set(re.findall(r"\w+", told[0]))


def test_own_block(newsletter, tmp_path):
    """Adding a block takes two files and nothing else."""
    folder = tmp_path / "templates"
    shutil.copytree(FOLDER, folder)
    section = '<mj-section><mj-column><mj-text>{{ data["value"] }}</mj-text></mj-column></mj-section>'
    (folder / "blocks/quote.mjml.j2").write_text(section)
    (folder / "blocks/quote.txt.j2").write_text('{{ data["value"] | wrap }}')
    environment = templates.Environment(folder)
    edition = an_edition(a_block("quote", value="Rest is not a reward."))
    assert "quote" in templates.blocks(environment)
    assert ">Rest is not a reward.</mj-text>" in templates.render_mjml(edition, newsletter, environment)
    text = templates.render_text(edition, newsletter, environment)
    assert [part for part in marks.split(text, html=False) if isinstance(part, str)] == ["Rest is not a reward.\n"]


def test_places(rendered):
    """Every <mj-…> start tag carries the file and line that it stands on."""
    source = rendered(an_edition())[0]
    tags = re.findall(r'<(mj-[a-z]+)(?: data-where="templates/([\w./]+):(\d+)")?', source)
    assert len(tags) > 50
    for tag, name, line in tags:
        assert f"<{tag}" in (FOLDER / name).read_text(encoding="utf-8").split("\n")[int(line) - 1]


def test_compiles(rendered):
    """The MJML of every block, in either direction, is valid."""
    for direction, language in (("ltr", "en"), ("rtl", "ar")):
        html = mjml.compile(rendered(an_edition(direction=direction, language=language))[0])
        assert f'<html lang="{language}" dir="{direction}"' in html


def test_bare_article(rendered):
    """An article with nothing but a title and an address is shown by every block."""
    shown = ("lead", "article", "next")
    blocks = [a_block(name, article=BARE) for name in shown]
    for part in rendered(an_edition(*blocks, a_block("teasers", articles=(BARE,)))):
        assert part.count(f"{BLOG}/bare") >= 4
        assert "None" not in part


def test_content_is_a_value(rendered):
    """Nothing in the content is run as a template, and none of its characters becomes markup."""
    hostile = '{{ 7*7 }} {% x %} <b>bold</b> & "so"'
    article = replace(ARTICLE, title=hostile, dek=hostile, hero=replace(HERO, alt=hostile))
    blocks = [a_block(name, article=article, articles=(article,)) for name in ("lead", "teasers", "next")]
    source, text = rendered(an_edition(*blocks, subject=hostile, preheader=hostile))
    assert hostile in text
    assert "<b>bold" not in source
    assert 'alt="{{ 7*7 }} {% x %} &lt;b&gt;bold&lt;/b&gt; &amp; &#34;so&#34;"' in source
    assert "49" not in re.sub(r"#\w+|\d+px", "", without_places(source))


# --- What the RULES ask of every mail ---


def headings(source):
    return [(int(level), words(inner)) for level, inner in re.findall(r"<h([1-6])[^>]*>(.*?)</h\1>", source, re.DOTALL)]


def words(source):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", source)).split())


def test_headings(rendered):
    """There is one h1, the name plate, and no level is skipped."""
    levels = [level for level, _ in headings(rendered(an_edition())[0])]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_text_has_everything(rendered):
    """The text part has every link and every heading of the MJML."""
    source, text = rendered(an_edition())
    flat = " ".join(text.split())
    missing = [title for _, title in headings(source) if title not in flat]
    missing += [href for href in re.findall(r"""href=["']([^"']+)""", source) if unescape(href) not in text]
    assert not missing


def test_text_width(rendered):
    """No line of the text part is longer than 72 columns, but for addresses, which are never cut."""
    text = merge_fields.fill_text(rendered(an_edition())[1], {})
    assert [line for line in text.split("\n") if len(line) > 72 and "https://" not in line] == []


def test_link_texts(rendered):
    """No link says only that there is more to read: it says what."""
    source = rendered(an_edition())[0]
    names = []
    for _, attributes, inner in re.findall(r"<(a|mj-button)\b([^>]*)>(.*?)</\1>", source, re.DOTALL):
        label = re.search(r'aria-label="([^"]*)"', attributes)
        names.append(label[1] if label else words(inner))
    assert len(names) > 20
    assert not {name.lower().rstrip(" →:") for name in names} & {"", "here", "read", "read more", "continue reading"}


def test_pictures(rendered):
    """Each picture has an https address, a width in pixels, and an alt, even an empty one."""
    pictures = re.findall(r"<img [^>]*>", rendered(an_edition())[0])
    assert len(pictures) > 8
    for picture in pictures:
        assert re.search(r' src="https://', picture)
        assert re.search(r' width="\d+"', picture)
        assert re.search(r' alt="', picture)


def test_layout_tables(rendered):
    """Each table that the templates write says that it is there for the layout."""
    tables = re.findall(r"<table[^>]*>", rendered(an_edition())[0])
    assert len(tables) > 5
    assert all('role="presentation"' in table for table in tables)


def test_hidden_element(rendered):
    """The preheader is the one hidden element, filled up to 200 characters; without a preheader there is none."""
    source = rendered(an_edition())[0]
    assert source.count("display:none") == 1
    hidden = re.search(r"display:none[^>]*>([^<]*)<", source)
    text = unescape(hidden[1])
    assert text.startswith("Four sides of a breath, before the next call")
    assert 199 <= len(text) <= 200
    assert "display:none" not in rendered(an_edition(preheader=""))[0]


@pytest.mark.parametrize("name", ["lead", "article", "next", "teasers", "sections"])
def test_medical_note(rendered, name):
    """Wherever a medical article is shown, so is its disclaimer, in the HTML and in the text; elsewhere it isn't."""
    for article, count in ((MEDICAL, 1), (ARTICLE, 0)):
        data = {"article": article, "articles": (article,), "sections": SECTIONS, "words": 50}
        for part in rendered(an_edition(a_block(name, **data))):
            assert part.count("Ask your doctor.") == count


def test_missing_medical_note(rendered, newsletter):
    """A medical article without a disclaimer in the edition's language can't be shown."""
    silent = replace(newsletter, medical_disclaimer=MappingProxyType({}))
    with pytest.raises(PipelineError, match=r"^content/newsletter.toml: .* \[medical_disclaimer\] en"):
        rendered(an_edition(a_block("lead", article=MEDICAL)), silent)


def test_twin_titles(rendered):
    """Links to sections of the same title in different articles are told apart for those who hear only the links."""
    twin = replace(ARTICLE, title="Longer breaths", sections=(a_section("How it goes", article="longer"),))
    source = rendered(an_edition(a_block("teasers", articles=(ARTICLE, twin))))[0]
    assert 'aria-label="How it goes (Box breathing)"' in source
    assert 'aria-label="How it goes (Longer breaths)"' in source
    assert "When it helps (" not in source


def test_twins_of_other_links(rendered):
    """So are a section and whatever else has its name, in capitals or not: a category, an article."""
    categories = ({"name": "how it goes", "url": "https://blog.example.com/how/"},)
    source = rendered(an_edition(a_block("teasers", articles=(ARTICLE,)), a_block("popular", categories=categories)))[0]
    assert 'aria-label="How it goes (Box breathing)"' in source
    chosen = a_block("sections", article=ARTICLE, sections=ARTICLE.sections, words=60)
    twin = replace(ARTICLE, title="How it goes:", url="https://blog.example.com/longer", sections=())
    source = rendered(an_edition(chosen, a_block("next", article=twin)))[0]
    assert 'aria-label="Continue reading: How it goes (Box breathing)"' in source


def test_right_to_left(rendered):
    """Right-to-left mirrors alignment, side borders, indents and arrows; and spaces no letters."""
    source = rendered(an_edition(language="ar", direction="rtl"))[0]
    assert '<mjml lang="ar" dir="rtl">' in source
    assert 'direction="rtl"' in source
    for mirrored in ("border-right: 3px", "padding: 0; padding-right: 24px", ' align="right"', "&larr;"):
        assert mirrored in source
        assert mirrored.replace("right", "left").replace("larr", "rarr") not in source
    assert "letter-spacing" not in source


def test_other_language(rendered):
    """Words in another language than the edition's say so: the newsletter's own, and an article's."""
    blocks = (a_block("lead", article=replace(ARTICLE, language="de")), a_block("footer"))
    source = rendered(an_edition(*blocks, language="ar", direction="rtl"))[0]
    assert re.search(r'<h2 class="title below" lang="de" dir="auto">', source)
    assert re.search(r'<p class="small" lang="en" dir="auto">You asked for it\.</p>', source)


# --- Words, dates and numbers ---


def read_strings(language):
    return tomllib.loads((FOLDER / "strings" / f"{language}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_same_keys(language):
    """Every language has the same words, with the same things to fill in, and the plural forms that it tells apart."""
    english, own = read_strings("en"), read_strings(language)
    assert own.keys() == english.keys()
    for key, value in own.items():
        if isinstance(value, dict):
            assert value.keys() == {*Locale.parse(language).plural_form.tags, "other"}
        else:
            assert re.findall(r"\{\w+\}", value) == re.findall(r"\{\w+\}", english[key])


def test_french_signs_stay_with_their_words():
    """No line begins with what French has a blank before, nor ends with the blank after a guillemet."""
    values = read_strings("fr").values()
    texts = [one for value in values for one in (value.values() if isinstance(value, dict) else [value])]
    assert [text for text in texts if re.search(r" [?!;:»]|« |[^\s\u00a0][?!;»]|«[^\u00a0]", text)] == []


def test_words_are_used():
    """The templates use every word there is, and none that there isn't."""
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.j2"))
    assert set(re.findall(r'\bt\("(\w+)"', source)) - {"key"} == read_strings("en").keys()


@pytest.mark.parametrize(
    "language, source, expected",
    [
        ("en", "{{ edition.date | date }}", "November 24, 2026"),
        ("de", "{{ edition.date | date }}", "24. November 2026"),
        ("ar", "{{ edition.date | date }}", "24 نوفمبر 2026"),
        ("en-GB", "{{ edition.date | date }}", "24 November 2026"),
        ("de", "{{ late | date('short') }}", "21.11.26"),
        ("en", "{{ late | date('d MMMM') }}", "21 November"),
        ("de", "{{ 1234567.5 | number }}", "1.234.567,5"),
        ("ar", "{{ t('minutes', count=2) }}", "دقيقتان"),
        ("ar", "{{ t('minutes', count=3) }}", "3 دقائق"),
        ("ar", "{{ t('minutes', count=11) }}", "11 دقيقة"),
        ("fr", "{{ t('minutes_read', count=1) }}", "1 minute de lecture"),
        ("en", "{{ t('read', title='A < B') }}", "Read: A < B"),
    ],
)
def test_words_and_dates(designed, newsletter, language, source, expected):
    """Words, plural forms, dates and numbers are those of the edition's language and the newsletter's time zone."""
    strings = {f"strings/{name}.toml": (FOLDER / f"strings/{name}.toml").read_bytes() for name in LANGUAGES}
    late = "{% set late = edition.blocks[0].data['article'].date %}"
    environment = designed({**strings, "digest.txt.j2": late + source})
    edition = an_edition(a_block("lead", article=ARTICLE), language=language)
    assert templates.render_text(edition, newsletter, environment) == f"{expected}\n"


def test_words_are_escaped(designed, newsletter):
    """In MJML a word's characters and what is filled in are escaped; markup that comes sanitised stays."""
    source = "{{ t('both', a='<i>', b='<i>x</i>' | safe) }}"
    environment = designed({"strings/en.toml": 'both = "R&B {a} {b}"', "digest.mjml.j2": source})
    assert templates.render_mjml(an_edition(), newsletter, environment) == "R&amp;B &lt;i&gt; <i>x</i>"


# --- Merge fields ---


def test_fields(rendered):
    """Unsubscribing, preferences and the page in the browser are merge fields, whose fallbacks are their patterns."""
    for part in rendered(an_edition()):
        fields = {merge_fields.read_token(found) for found in merge_fields.TOKEN.finditer(part)}
        assert fields == {
            ("unsubscribe_url", f"{BLOG}/unsubscribe"),
            ("preferences_url", f"{BLOG}/preferences"),
            ("web_url", f"{BLOG}/newsletter/{{edition}}"),
        }


def test_declared_field(designed, newsletter):
    """A template may use a declared merge field, with its own fallback or another."""
    environment = designed({"digest.txt.j2": '{{ field("first_name") }}, {{ field("first_name", "you") }}'})
    text = templates.render_text(an_edition(), newsletter, environment)
    assert merge_fields.fill_text(text, {}) == "there, you\n"


# --- Faults ---

FAULTS = {
    "syntax": ("{% if %}", "Expected an expression, got 'end of statement block'"),
    "unknown filter": ("{{ 1 | wrapp }}", "No filter named 'wrapp'."),
    "unknown name": ("{{ editon.slug }}", "'editon' is undefined; did you mean edition?"),
    "unknown attribute": ("{{ edition.subjct }}", "Edition has no 'subjct'; did you mean subject?"),
    "unknown datum": ("{{ edition.blocks[0].data['titel'] }}", "there is no 'titel' in it; did you mean title?"),
    "missing include": ("{% include 'blocks/leed.txt.j2' %}", "there is no templates/blocks/leed.txt.j2; did you mean"),
    "none": ("{{ none }}", "this is None, and a reader would see that word; ask first whether it is there"),
    "calculation": ("{{ 1 // 0 }}", "ZeroDivisionError: integer division or modulo by zero"),
    "undeclared field": (
        "{{ field('frst_name') }}",
        "'frst_name' is not a declared merge field; did you mean first_name?",
    ),
    "unknown word": ("{{ t('raed') }}", "templates/strings/en.toml has no 'raed'; did you mean read?"),
    "word not filled": ("{{ t('read') }}", "'read' in templates/strings/en.toml can't be filled: KeyError('title')"),
    "no count": ("{{ t('many') }}", "'many' has plural forms; say t('many', count=…)"),
    "no date": ("{{ 'x' | date }}", "date wants a date, not 'x'"),
    "no format": ("{{ edition.date.date() | date('huge') }}", "'huge' is no format for a date; say full, long,"),
    "no number": ("{{ 'x' | number }}", "number wants a number, not 'x'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(designed, newsletter, fault):
    """What a template does wrong is told with the template's own file and line, and with what was probably meant."""
    source, message = FAULTS[fault]
    environment = designed(
        {
            "digest.txt.j2": "\n{% include 'blocks/lead.txt.j2' %}",
            "blocks/lead.txt.j2": "one\ntwo\n" + source,
            "strings/en.toml": 'read = "Read: {title}"\n[many]\nother = "{count}"',
        }
    )
    with pytest.raises(PipelineError) as caught:
        templates.render_text(an_edition(a_block("lead", title="x")), newsletter, environment)
    assert str(caught.value).startswith(f"templates/blocks/lead.txt.j2:3: {message}")
    assert caught.value.exit_code == 65


def test_fault_in_macro(designed, newsletter):
    """A fault in a macro points into the macro's file; one that was imported without context says what to do."""
    macros = "\n{% macro a(x) %}\n{{ x.y }}{% endmacro %}\n{% macro b() %}\n{{ field('first_name') }}{% endmacro %}"
    for call, message in (
        ("a(1)", "templates/macros.txt.j2:3: int has no 'y'"),
        ("b()", "templates/macros.txt.j2:5: the macros here don't know 'newsletter'; import this file `with context`"),
    ):
        frame = f"{{% import 'macros.txt.j2' as ui %}}{{{{ ui.{call} }}}}"
        environment = templates.Environment(designed({"macros.txt.j2": macros, "digest.txt.j2": frame}).folder)
        with pytest.raises(PipelineError) as caught:
            templates.render_text(an_edition(), newsletter, environment)
        assert str(caught.value) == message


HELLO = "{{ t('hello') }}"


@pytest.mark.parametrize(
    "files, message",
    [
        ({}, "content/editions/breathe.md:4: there is no templates/digest.txt.j2"),
        (
            {"digset.txt.j2": ""},
            "content/editions/breathe.md:4: there is no templates/digest.txt.j2; did you mean digset?",
        ),
        ({"digest.txt.j2": b"caf\xe9"}, "templates/digest.txt.j2: is not UTF-8; save it as that"),
        (
            {"digest.txt.j2": HELLO},
            "templates/strings/en.toml: is not there; copy en.toml to it and translate its words",
        ),
        (
            {"digest.txt.j2": HELLO, "strings/en.toml": "hello = 1"},
            "templates/strings/en.toml: `hello` must be a text, or a table of plural forms with `other` among them",
        ),
        (
            {"digest.txt.j2": HELLO, "strings/en.toml": "a = 1\nb\nc = 2"},
            "templates/strings/en.toml:2: is not valid TOML",
        ),
    ],
)
def test_fault_of_a_file(designed, newsletter, files, message):
    """A file that is missing or can't be read is told by its name."""
    with pytest.raises(PipelineError) as caught:
        templates.render_text(an_edition(), newsletter, designed({"other.css": "", **files}))
    assert str(caught.value).startswith(message)


def test_our_own_bug(designed, newsletter, monkeypatch):
    """A bug of ours is not dressed up as a template's fault."""

    def broken(name, fallback):
        raise RuntimeError("ours")

    monkeypatch.setattr(merge_fields, "token", broken)
    with pytest.raises(RuntimeError, match=r"^ours$"):
        templates.render_text(an_edition(), newsletter, designed({"digest.txt.j2": "{{ field('web_url') }}"}))


# --- Helpers of the templates ---


def test_wrap():
    """Words are wrapped within their indents; no word is cut; a merge field counts as its fallback."""
    assert plain_text.wrap("one two three", "- ", "  ", width=9) == "- one two\n  three"
    assert plain_text.wrap("see https://example.com/a-very-long-address now", width=12).split("\n") == [
        "see", "https://example.com/a-very-long-address", "now",
    ]  # fmt: skip
    assert plain_text.wrap(f"Dear {merge_fields.token('first_name', 'you')} all", width=12).count("\n") == 0
    assert plain_text.wrap("") == ""


def test_fields_in_a_letter():
    """In a letter, too, a field counts as its fallback, wherever it stands, and comes out as it went in."""
    name, url = merge_fields.token("first_name", "you"), merge_fields.token("share_url", "https://x.example.com/")
    html = f'<p>Dear {name} all, <a href="{url}">{name}</a> or <b>{name}</b>{name}. {name}{name} {url}</p>'
    text = plain_text.plain(html, width=40)
    assert merge_fields.fill_text(text, {}) == plain_text.plain(merge_fields.fill_html(html, {}), width=40)
    assert text.split("\n")[0] == f"Dear {name} all, {name}"
    assert plain_text.plain(f"<p>\ue000 {name}</p>") == f"\ue000 {name}"


def test_underline():
    """The line below a title is as long as the title looks."""
    assert plain_text.underline("Rest") == "Rest\n===="
    assert plain_text.underline("休む", "-") == "休む\n----"
    assert plain_text.underline("x" * 40 + " " + "y" * 40).split("\n")[2] == "=" * 40


def test_tidy():
    """Between parts stays one empty line, around them none; indents stay."""
    assert plain_text.tidy("\n\n  a\n\n\n \nb\nc\n\n") == "  a\n\nb\nc"


def test_contents():
    """A table of contents lists the main sections only, up to its limit."""
    listed = [a_section("A", 2), a_section("B", 3), a_section("C", 2), a_section("D", 2)]
    assert [section.title for section in facts.contents(listed, 2)] == ["A", "C"]
    assert facts.contents([], 6) == []


@pytest.mark.parametrize(
    "levels, expected",
    [
        ((2, 3, 2), (3, 4, 3)),
        ((2, 4, 6), (3, 4, 5)),
        ((3, 2, 3), (3, 3, 3)),
        ((1, 2, 3, 4, 5, 6), (3, 4, 5, 6, 6, 6)),
        ((), ()),
    ],
)
def test_outline(levels, expected):
    """Headings within an article begin at the asked level, skip none on the way down and end at six."""
    found = facts.outline([a_section("x", level) for level in levels], 3)
    assert tuple(level for level, _ in found) == expected


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for name, found in small(a_newsletter(Path(folder))).items():
            (GOLDENS / name).write_text(found, encoding="utf-8")
