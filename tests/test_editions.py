"""editions.py: an edition's blocks hold what they name. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from markupsafe import Markup

from pipeline import editions
from pipeline.content.newsletter import read_newsletter
from pipeline.errors import PipelineError, Where
from pipeline.model import Article, Block, Edition, Finding, MergeField, Section, Track
from tests import folders

WHERE = Where("content/editions/e.md", 6)
PARTIALS = (*editions.FIRST, *editions.FILL, "promo", "quote", *editions.LAST)


def section(title, level=2, html="<p>Words.</p>"):
    anchor = title.lower().replace(" ", "-")
    return Section(title, anchor, level, Markup(html), f"https://blog.example.com/#{anchor}", WHERE)


def an_article(slug, **values):
    return Article(
        slug, slug.title(), f"https://blog.example.com/{slug}", Where(f"content/articles/{slug}.md"), **values
    )


ARTICLES = {
    "naps": an_article(
        "naps", next="light", sections=(section("Why"), section("How", 2, ""), section("Lying down", 3))
    ),
    "light": an_article("light", findings=(Finding("content", "note", "{% x %} is left out", WHERE),)),
    "pills": an_article("pills", medical=True),
    "later": an_article("later", date=datetime(2026, 12, 1, tzinfo=UTC)),
    "secret": an_article("secret", draft=True),
}
TRACKS = (Track("Rain", "Music", 4, ("restless",), "", "https://aura.example.com/rain", WHERE),)


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return read_newsletter(folders.make(tmp_path_factory.mktemp("editions")))


@pytest.fixture
def compose(newsletter):
    def compose(*blocks, letter="", newsletter=newsletter, **values):
        written = tuple(
            Block(block, WHERE) if isinstance(block, str) else Block(block[0], WHERE, data(block[1]))
            for block in blocks
        )
        edition = Edition(
            slug="e",
            subject="S",
            preheader="",
            date=datetime(2026, 11, 24, tzinfo=UTC),
            language="en",
            direction="ltr",
            template="digest",
            letter=Markup(letter),
            blocks=written,
            where=Where("content/editions/e.md", 1),
        )
        shelf = editions.Shelf(newsletter, ARTICLES, lambda: TRACKS, ARTICLES)
        return editions.compose(replace(edition, **values), shelf, PARTIALS)

    return compose


def data(value):
    return MappingProxyType(value if isinstance(value, dict) else {"value": value})


def names(edition):
    return [block.name for block in edition.blocks]


def test_frame(compose):
    """The masthead, the letter and the footer come by themselves, unless they are listed."""
    assert names(compose(("lead", "naps"), letter="<p>Hi</p>")) == ["masthead", "letter", "lead", "footer"]
    assert names(compose(("lead", "naps"), "letter", letter="<p>Hi</p>")) == ["masthead", "lead", "letter", "footer"]
    assert names(compose(("lead", "naps"))) == ["masthead", "lead", "footer"]


def test_blocks_hold_articles(compose):
    """A block names an article by its slug, alone or with more data, and then holds it."""
    composed = compose(
        ("lead", {"article": "naps", "cta": "Go"}),
        ("teasers", ("light", "pills")),
        ("teasers", {"articles": ("naps",), "columns": 2}),
        ("article", "light"),
        ("quote", {"article": "naps", "text": "x"}),
    )
    lead, teasers, wide, article, quote = composed.blocks[1:-1]
    assert (lead.data["article"], lead.data["cta"]) == (ARTICLES["naps"], "Go")
    assert (teasers.data["articles"], teasers.data["columns"]) == ((ARTICLES["light"], ARTICLES["pills"]), 1)
    assert wide.data["columns"] == 2
    assert article.data["article"] is ARTICLES["light"]
    assert (quote.data["article"], quote.data["text"]) == (ARTICLES["naps"], "x")


def test_sections(compose):
    """Sections are picked by anchor or title, in the order that is asked for; all where nothing is asked for."""
    picked = compose(("sections", {"article": "naps", "pick": ("lying-down", "Why")})).blocks[1].data
    assert [section.title for section in picked["sections"]] == ["Lying down", "Why"]
    assert len(compose(("sections", {"article": "naps"})).blocks[1].data["sections"]) == 3


def test_section_with_sub_headings_only(compose):
    """A heading with nothing but sub-headings below it opens with their words."""
    picked = compose(("sections", {"article": "naps", "pick": "how"})).blocks[1].data["sections"]
    assert picked[0].html == "<p>Words.</p>"


def test_next(compose):
    """The next article is the named one, or the one that the first article shown names."""
    assert compose(("next", "pills")).blocks[1].data["article"].slug == "pills"
    assert compose(("lead", "naps"), "next").blocks[2].data["article"].slug == "light"


def test_nothing_to_show(compose):
    """A block with nothing to show is left out, and a finding says so at its place."""
    composed = compose(("lead", "light"), ("tracks", {"mood": "seasick"}), ("teasers", ()), "next", "popular", "promo")
    assert names(composed) == ["masthead", "lead", "footer"]
    left_out = [finding for finding in composed.findings if finding.check == "empty-block"]
    assert [finding.message.split()[0] for finding in left_out] == ["tracks", "teasers", "next", "popular", "promo"]
    assert {finding.where for finding in left_out} == {WHERE}


def test_standing_data(compose, newsletter):
    """What newsletter.toml says of a block stands in every edition; an edition's own data wins."""
    standing = replace(newsletter, blocks={"promo": {"title": "App", "cta": "Get it"}})
    block = compose(("promo", {"cta": "Try it"}), newsletter=standing).blocks[1]
    assert dict(block.data) == {"title": "App", "cta": "Try it"}


def test_findings_of_articles(compose):
    """What an article leaves out is told by the edition that shows it."""
    assert "{% x %} is left out" in [finding.message for finding in compose(("lead", "light")).findings]


def test_not_yet_published(compose):
    """An article that is dated after the edition is reported."""
    messages = [finding.message for finding in compose(("lead", "later")).findings]
    assert messages == ["later is dated after the edition that shows it"]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("leed", "there is no block 'leed'; did you mean lead?"),
        (("lead", "nap"), "there is no article 'nap'; did you mean naps?"),
        (("lead", "secret"), "'secret' is a draft; take `draft: true` out of content/articles/secret.md"),
        ("lead", "name an article by its slug"),
        (("lead", {"article": "naps", "ctaa": "x"}), "`ctaa` is not a key of lead; did you mean cta?"),
        (("sections", {"article": "naps", "pick": ("wy",)}), "naps has no section 'wy'; did you mean why?"),
        (("sections", {"article": "light", "pick": ("x",)}), "light has no section 'x' (it has none)"),
        (("sections", {"article": "naps", "words": 3}), "`words` of sections is a number from 10 to 1000, not 3"),
        (("teasers", {"articles": ("naps",), "columns": 3}), "`columns` of teasers is 1 or 2, not 3"),
        (("teasers", {"articles": 7}), "this must be a list, not 7"),
        (("quote", {"article": "x"}), "there is no article 'x'"),
    ],
)
def test_errors(compose, block, message):
    """What an edition names and isn't there is an error at its place, with the nearest that is."""
    with pytest.raises(PipelineError) as caught:
        compose(block)
    assert str(caught.value).startswith(f"{WHERE}: {message}")


def test_all_errors_at_once(compose):
    """Everything that is wrong is told in one look."""
    with pytest.raises(PipelineError) as caught:
        compose(("lead", "nap"), ("teasers", ("x", "lihgt", "naps")), "leed")
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize("blocks", [(), ("popular",), (("tracks", {"mood": "seasick"}),)])
def test_empty_edition(compose, blocks):
    """An edition with nothing to show at all is an error."""
    with pytest.raises(PipelineError, match="nothing to show; give it `blocks` or a letter"):
        compose(*blocks)


@pytest.mark.parametrize("block", [("lead", "pills"), ("teasers", ("naps", "pills")), ("next", "pills")])
def test_medical_article_without_disclaimer(compose, block):
    """A medical article is never shown in a language that has no disclaimer."""
    compose(block)
    with pytest.raises(PipelineError, match="pills is a medical article, and there is no disclaimer"):
        compose(block, language="de")


# --- For each reader ---


def known(newsletter, **fields):
    declared = {name: MergeField(name, "", type) for name, type in fields.items()}
    return replace(newsletter, merge_fields={**newsletter.merge_fields, **declared})


def test_for_reader(compose, newsletter):
    """Tracks and teasers for the reader hold the edition's own choice, and beside it all there is to choose from."""
    blocks = (
        ("tracks", {"for": "reader", "minutes": "0-10"}),
        ("teasers", {"for": "reader", "articles": ("naps", "light")}),
    )
    one, other = compose(*blocks, newsletter=known(newsletter, mood="text", topics="list")).blocks[1:3]
    assert one.data["tracks"] == one.personal.choice.candidates == TRACKS
    assert (one.personal.choice.by, one.personal.choice.default) == ("tracks", (0,))
    assert [article.slug for article in other.data["articles"]] == ["naps", "light"]
    assert (other.personal.choice.by, other.personal.choice.default) == ("topics", (0, 1))
    assert "for" not in one.data


def test_candidates_are_shown(compose, newsletter):
    """An article that some readers are shown counts as shown, with its findings and its disclaimer."""
    block = ("teasers", {"for": "reader", "articles": ("naps", "light"), "limit": 1})
    edition = compose(block, newsletter=known(newsletter, topics="list"))
    assert [article.slug for article in edition.blocks[1].data["articles"]] == ["naps"]
    assert [article.slug for article in editions.articles_of(edition.blocks)] == ["naps", "light"]
    assert any(finding.message == "{% x %} is left out" for finding in edition.findings)


@pytest.mark.parametrize(
    ("block", "fields", "told"),
    [
        (("tracks", {"for": "readers"}), {"mood": "text"}, "`for` can only say reader, and not 'readers'"),
        (("tracks", {"for": "reader"}), {}, "declare one of mood, kinds, minutes, sent under"),
        (
            ("tracks", {"for": "reader"}),
            {"kinds": "text"},
            "needs [merge_fields.kinds] of the type list, and it is text",
        ),
        (("teasers", {"articles": ("naps",), "limit": 2}), {}, "`limit` of teasers goes with `for: reader`"),
        (("teasers", {"for": "reader", "articles": ("naps",), "limit": 0}), {"topics": "list"}, "from 1 to 12"),
    ],
)
def test_for_reader_wrong(compose, newsletter, block, fields, told):
    """What can't be chosen for a reader is an error at the block's line."""
    with pytest.raises(PipelineError) as caught:
        compose("popular", block, newsletter=known(newsletter, **fields))
    assert told in str(caught.value)
    assert "content/editions/e.md:6: " in str(caught.value)


def test_fit_for_reader(compose, newsletter):
    """To fit, the cards of teasers that are chosen for each reader get smaller, too."""
    block = ("teasers", {"for": "reader", "articles": ("light", "naps"), "limit": 1})
    edition = compose(block, newsletter=known(newsletter, topics="list"))
    (smaller,) = editions.smaller(edition)
    assert [len(one.sections) for one in editions.candidates_of(smaller.blocks[1])] == [0, 0]


def test_missed(compose, newsletter, monkeypatch):
    """Readers who get fewer digests are shown what came out in the weeks before, and not what this edition has."""
    days = {"naps": 1, "light": 20, "pills": 40}
    dated = {
        slug: replace(ARTICLES[slug], date=datetime(2026, 11, 24, tzinfo=UTC) - timedelta(day))
        for slug, day in days.items()
    }
    dated = {slug: replace(one, language="en") for slug, one in dated.items()}
    monkeypatch.setitem(globals(), "ARTICLES", dated)
    fields = known(newsletter, topics="list", rhythm="text")
    (missed,) = (one for one in compose("missed", newsletter=fields, letter="x").blocks if one.name == "missed")
    assert [one.slug for one in missed.personal.choice.candidates] == ["naps", "light"]
    assert missed.personal.audience.source == "rhythm in ('weekly', 'monthly')"
    blocks = compose(("lead", {"value": "naps"}), ("missed", {"days": 60}), newsletter=fields).blocks
    assert [one.slug for one in blocks[2].data["articles"]] == ["light", "pills"]
