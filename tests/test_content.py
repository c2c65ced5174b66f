"""content/: what people write is read, or answered with file and line."""

import hashlib
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.content import read_library, reread_library
from pipeline.content.front_matter import read_front_matter
from pipeline.content.source import Source
from pipeline.content.toml import parse_toml
from pipeline.content.yaml import parse_yaml
from pipeline.errors import ConfigurationError, ContentError, PipelineError, Where
from pipeline.model import Pick
from tests import folders

BERLIN = ZoneInfo("Europe/Berlin")


def article(folder, front_matter, body="Words.\n", name="post.md"):
    """The article that a file with this front matter makes."""
    library = read_library(folders.make(folder, {f"content/articles/{name}": f"---\n{front_matter}\n---\n{body}"}))
    for error in library.article_errors:
        raise error
    slug = next(slug for slug in library.articles if slug != "box-breathing")
    return library.articles[slug]


def error_of(folder, files):
    """What reading everything in a newsletter with these files says."""
    with pytest.raises(PipelineError) as caught:
        library = read_library(folders.make(folder, files))
        for error in library.article_errors:
            raise error
        for read in (library.articles, library.editions):
            for slug in read:
                read[slug]
        library.tracks  # noqa: B018
    return str(caught.value)


class TestArticles:
    """Articles come in the conventions that blogs already use."""

    @pytest.mark.parametrize("key", ["dek", "description", "summary", "excerpt"])
    def test_dek(self, tmp_path, key):
        """The dek has four names."""
        assert article(tmp_path, f"title: T\n{key}: A line").dek == "A line"

    @pytest.mark.parametrize(
        "line",
        ["author: maya", "author: Maya Fernando", "byline: maya", "authors: [maya]", "author: {name: Maya Fernando}"],
    )
    def test_author(self, tmp_path, line):
        """An author is a key or a name, alone or in a list."""
        assert [one.name for one in article(tmp_path, f"title: T\n{line}").authors] == ["Maya Fernando"]

    @pytest.mark.parametrize(
        ("date", "expected"),
        [
            ("2026-11-20", datetime(2026, 11, 20, tzinfo=BERLIN)),
            ("2026-11-20 08:30", datetime(2026, 11, 20, 8, 30, tzinfo=BERLIN)),
            ("2026-11-20 08:30:00 +0100", datetime(2026, 11, 20, 8, 30, tzinfo=BERLIN)),
            ("2026-11-20T07:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=BERLIN)),
            ('"2026-11-20"', datetime(2026, 11, 20, tzinfo=BERLIN)),
        ],
    )
    def test_date(self, tmp_path, date, expected):
        """A date may be a day or a moment, with a zone or in the newsletter's."""
        assert article(tmp_path, f"title: T\ndate: {date}").date == expected

    @pytest.mark.parametrize(
        "name",
        ["2026-11-20-post.md", "2026-11-20-post.markdown", "2026/11/2026-11-20-post.md", "2026-11-20-post/index.md"],
    )
    def test_date_and_slug_of_the_name(self, tmp_path, name):
        """A file's name gives the date and the slug that its front matter doesn't."""
        found = article(tmp_path, "title: T", name=name)
        assert (found.slug, found.date) == ("post", datetime(2026, 11, 20, tzinfo=BERLIN))
        assert found.url == "https://blog.example.com/post"

    @pytest.mark.parametrize(
        "line",
        [
            "image: images/a.png",
            "cover: {src: images/a.png}",
            "hero: {url: images/a.png}",
            "image: a.png",
            "image: /images/a.png",
        ],
    )
    def test_hero(self, tmp_path, line):
        """A picture stands in content/ or beside the article, and its size is read from the file."""
        picture = folders.png(120, 60)
        folders.make(tmp_path, {"content/images/a.png": picture, "content/articles/a.png": picture})
        hero = article(tmp_path, f"title: T\n{line}").hero
        assert hero.src in ("https://assets.example.com/images/a.png", "https://assets.example.com/articles/a.png")
        assert (hero.width, hero.height) == (120, 60)

    def test_hero_alt(self, tmp_path):
        """A picture's alternative text stands beside it or in the mapping."""
        assert article(tmp_path, "title: T\nimage: https://x.example/a.png\nimage_alt: A pond").hero.alt == "A pond"
        assert article(tmp_path, "title: T\ncover: {src: https://x.example/a.png, alt: A pond}").hero.alt == "A pond"

    @pytest.mark.parametrize(
        ("line", "url"),
        [
            ("canonical_url: https://elsewhere.example/post", "https://elsewhere.example/post"),
            ("permalink: /blog/post/", "https://blog.example.com/blog/post/"),
            ("permalink: /:categories/:title/", "https://blog.example.com/post"),
            ("slug: other", "https://blog.example.com/other"),
        ],
    )
    def test_url(self, tmp_path, line, url):
        """An article stands where its front matter says, or where the newsletter's articles do."""
        assert article(tmp_path, f"title: T\n{line}").url == url

    def test_article_url(self, tmp_path):
        """A blog with dates in its addresses says so once."""
        toml = 'article_url = "https://blog.example.com/{year}/{month}/{slug}"\n' + folders.NEWSLETTER
        folders.make(tmp_path, {"content/newsletter.toml": toml})
        library = read_library(tmp_path)
        assert library.articles["box-breathing"].url == "https://blog.example.com/2026/11/box-breathing"

    def test_toml(self, tmp_path):
        """Front matter between +++ is TOML."""
        text = '+++\ntitle = "T"\ndate = 2026-11-20\ntags = ["a", "b"]\n+++\nWords.\n'
        library = read_library(folders.make(tmp_path, {"content/articles/post.md": text}))
        found = library.articles["post"]
        assert (found.title, found.tags, found.date) == ("T", ("a", "b"), datetime(2026, 11, 20, tzinfo=BERLIN))

    def test_unknown_keys(self, tmp_path):
        """What another generator needs is none of our business."""
        assert article(tmp_path, "title: T\nlayout: post\nweight: 3\nmenu: {main: {name: x}}").title == "T"

    def test_content_is_a_value(self, tmp_path):
        """Nothing in content is run as a template."""
        assert article(tmp_path, "title: '{{ 7*7 }} {% x %}'").title == "{{ 7*7 }} {% x %}"

    def test_sections_and_links(self, tmp_path):
        """Headings make sections; links lead to where they would on the blog."""
        body = "[a](box-breathing.md#how-it-goes) [b](/about) [c](#one)\n\n## One\n\nText.\n"
        found = article(tmp_path, "title: T", body)
        assert 'href="https://blog.example.com/box-breathing#how-it-goes"' in found.intro
        assert 'href="https://blog.example.com/about"' in found.intro
        assert 'href="https://blog.example.com/post#one"' in found.intro
        assert [(one.title, one.url) for one in found.sections] == [("One", "https://blog.example.com/post#one")]

    def test_merge_fields(self, tmp_path):
        """Merge fields stand in titles and in texts, and not in code."""
        found = article(tmp_path, "title: Hi [[first_name]]", "Hi [[first_name|you]], `[[first_name|x]]`\n")
        assert found.title.startswith("Hi zqmf")
        assert "<code>[[first_name|x]]</code>" in found.intro


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "post.md: is empty"),
        (b" \n\n", "post.md: is empty"),
        (b"---\ntitle: T\n---\nfine\n\xff\n", "post.md:5: is not UTF-8"),
        (b"---\ntitle: T\n---\na\x00b", "post.md:4: the control character U+0000"),
        (b"---\ntitle: T\n---\n" + b"a" * 2_000_000, "post.md: 2,000,017 bytes are more than the 1,000,000"),
        (b"Just words.\n", "post.md:1: has no front matter"),
        (b"---\ntitle: T\nWords.\n", "post.md:1: the front matter is not closed; end it with a line ---"),
        (b"---\n- a\n- b\n---\n", "post.md:2: the front matter must be lines of the form `key: value`"),
        (
            b"---\ntitle: T\ndek: a: b\n---\n",
            "post.md:3: broken YAML: mapping values are not allowed in this context; put",
        ),
        (b"---\ntitle: [a\n---\n", "post.md:3: broken YAML"),
        (b"---\ntitle: T\ntitle: U\n---\n", "post.md:3: `title` stands here twice"),
        (b"+++\ntitle = T\n+++\n", "post.md:2: broken TOML"),
        (b"---\ndek: D\n---\nx", "post.md:1: `title` is missing"),
        (b"---\nx: 1\ntitle: [a]\n---\nx", "post.md:3: `title` must be text"),
        (b"---\ntitle: T\ndate: 2026-02-30\n---\nx", "post.md:3: broken YAML: day is out of range for month"),
        (b"---\ntitle: T\ndate: soon\n---\nx", "post.md:3: 'soon' is not a date; write it as 2026-11-24"),
        (b"---\ntitle: T\nslug: ../x\n---\nx", "post.md:3: the slug '../x' must be letters, digits"),
        (b"---\ntitle: T\nslug: box-breathing\n---\nx", "post.md:3: has the slug 'box-breathing', and so has"),
        (b"---\ntitle: T\nimage: gone.png\n---\nx", "post.md:3: the picture 'gone.png' is not there"),
        (b"---\ntitle: T\nimage: ../../secret.png\n---\nx", "lies outside content/"),
        (b"---\ntitle: T\nimage: {alt: x}\n---\nx", "post.md:3: a picture is a file's name, or a mapping"),
        (b"---\ntitle: T\ndraft: maybe\n---\nx", "post.md:3: `draft` must be true or false"),
        (b"---\ntitle: Hi [[frist_name]]\n---\nx", "post.md:2: [[frist_name]] is not a declared merge field"),
        (b"---\ntitle: T\n---\nHi\n\n[[plan]]\n", "post.md:6: [[plan]] is not a declared merge field"),
        (b"---\ntitle: T\n---\n\n![x](gone.png)\n", "post.md:5: the picture 'gone.png' is not there"),
        (
            b"---\ntitle: T\n---\n\n[x](box-breathin.md)\n",
            "post.md:5: the link leads to box-breathin.md, which is not there; did",
        ),
        (b"---\na: &a [*a]\n---\nx", "post.md:2: a YAML alias holds itself"),
        (b"---\ntitle: " + b"[" * 5000 + b"\n---\nx", "post.md:"),
        (b"---\ntitle: T\n---\n" + b">" * 5000 + b" x", "post.md:4:"),
    ],
)
def test_bad_article(tmp_path, text, message):
    """A broken article is a clear error with file and line."""
    assert message in error_of(tmp_path, {"content/articles/post.md": text})


def test_yaml_bomb(tmp_path):
    """Aliases that grow out of bounds are refused before they grow."""
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    text = f"---\ntitle: T\na0: &a0 [x, x]\n{levels}---\nx"
    assert "the YAML is nested too deeply, or too large" in error_of(tmp_path, {"content/articles/post.md": text})


def test_symlink_out_of_content(tmp_path):
    """A picture behind a link that leads out of content/ is not read."""
    (tmp_path / "secret.png").write_bytes(folders.png(1, 1))
    folders.make(tmp_path, {"content/articles/post.md": "---\ntitle: T\nimage: link.png\n---\nx"})
    (tmp_path / "content/articles/link.png").symlink_to(tmp_path / "secret.png")
    assert "lies outside content/" in error_of(tmp_path, {})


def test_broken_article_is_alone(tmp_path):
    """An article that can't be read stops those who ask for it, and no other."""
    library = read_library(folders.make(tmp_path, {"content/articles/bad.md": "no front matter"}))
    assert library.articles["box-breathing"].title == "Box breathing"
    assert [str(error.where) for error in library.article_errors] == ["content/articles/bad.md:1"]
    with pytest.raises(ContentError):
        library.articles["bad"]


def change(old, new):
    assert old in folders.NEWSLETTER
    return folders.NEWSLETTER.replace(old, new, 1)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (change("reason =", "raeson ="), "newsletter.toml:5: `raeson` is not a known key; did you mean reason?"),
        (change("ink = ", "inc = "), ":30: `colors.light.inc` is not a known key; did you mean ink?"),
        (
            change('"#22302f"', '"teal"'),
            ":30: `colors.light.ink` must be a colour of the form #1f2933, and 'teal' isn't",
        ),
        (change("https://blog", "http://blog"), ":2: `url` must begin with https://"),
        (change("hello@blog.example.com", "hello"), ":13: `sender.email` must be an e-mail address, and 'hello' isn't"),
        (change("Europe/Berlin", "Europe/Berln"), ":7: `timezone` must be a name such as Europe/Berlin"),
        (change('name = "The', "name = The"), "newsletter.toml:1: broken TOML"),
        (change("[utm]", "[utm"), "newsletter.toml:18: broken TOML"),
        (change("[merge_fields.first_name]", "[merge_fields.web_url]"), ":21: `web_url` is built in"),
        (change('reason = "You', 'reason = "[[frist]] You'), ":5: [[frist]] is not a declared merge field"),
        (change("[sender]", 'logo = "images/no.png"\n[sender]'), ":11: the picture 'images/no.png' is not there"),
        (
            'article_url = "https://x.example/{slag}"\n' + folders.NEWSLETTER,
            ":1: `article_url` can hold {slug}, {year}",
        ),
        ('article_url = "https://x.example/{slug"\n' + folders.NEWSLETTER, ":1: `article_url` can hold {slug}, {year}"),
        (
            change("[merge_fields.first_name]", '[merge_fields."first-name"]'),
            ":21: `first-name` can't be a merge field's",
        ),
        ("x = " + "[" * 5000, "the TOML is nested too deeply"),
        (b"\xff", "newsletter.toml:1: is not UTF-8"),
    ],
)
def test_bad_newsletter(tmp_path, toml, message):
    """What is wrong in newsletter.toml is a configuration error at its line, and names the nearest known key."""
    with pytest.raises(ConfigurationError if isinstance(toml, bytes) else PipelineError) as caught:
        read_library(folders.make(tmp_path, {"content/newsletter.toml": toml}))
    assert caught.value.exit_code == 78
    assert message in str(caught.value)


def test_all_at_once(tmp_path):
    """Everything that is wrong is told in one look."""
    toml = folders.NEWSLETTER.replace('"#22302f"', '"teal"').replace("reason =", "raeson =")
    with pytest.raises(PipelineError) as caught:
        read_library(folders.make(tmp_path, {"content/newsletter.toml": toml}))
    assert len(str(caught.value).splitlines()) == 3


def test_no_newsletter(tmp_path):
    """A folder that is no newsletter's is told so."""
    with pytest.raises(ConfigurationError, match=r"^content/newsletter.toml: is not there"):
        read_library(tmp_path)


class TestEditions:
    """Editions are read as they were written."""

    def test_edition(self, tmp_path):
        """Front matter and a letter; blocks have their places."""
        edition = read_library(folders.make(tmp_path)).editions["breathe"]
        assert (edition.subject, edition.direction, edition.language) == ("Breathe a little", "ltr", "en")
        assert [(block.name, dict(block.data), block.where.line) for block in edition.blocks] == [
            ("lead", {"value": "box-breathing"}, 6)
        ]
        assert edition.letter.startswith("<p>Hello zqmf")

    def test_right_to_left(self, tmp_path):
        """Arabic runs from right to left, whatever its region."""
        text = folders.EDITION.replace("---\n", "---\nlang: ar-EG\n", 1)
        assert (
            read_library(folders.make(tmp_path, {"content/editions/breathe.md": text})).editions["breathe"].direction
            == "rtl"
        )

    def test_data(self, tmp_path):
        """A block's data is fit for a template: pictures read, URLs absolute, merge fields as tokens."""
        block = "quote: {text: 'Dear [[first_name]]', url: /about, image: images/a.png, list: [1, [2]]}"
        files = {
            "content/editions/breathe.md": folders.EDITION.replace("lead: box-breathing", block),
            "content/images/a.png": folders.png(8, 6),
        }
        data = read_library(folders.make(tmp_path, files)).editions["breathe"].blocks[0].data
        assert data["url"] == "https://blog.example.com/about"
        assert data["image"].width == 8
        assert data["text"].startswith("Dear zqmf")
        assert data["list"] == (1, (2,))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("subject: Breathe a little\n", "", "breathe.md:1: `subject` is missing"),
        ("date: 2026-11-24\n", "", "breathe.md:1: `date` is missing; write it as date: 2026-11-24"),
        ("preheader:", "preheadr:", "breathe.md:3: `preheadr` is not a known key; did you mean preheader?"),
        ("blocks:\n  - lead: box-breathing", "blocks: lead", "breathe.md:5: `blocks` must be a list"),
        ("- lead: box-breathing", "- 7", "breathe.md:6: a block is its name"),
        ("- lead: box-breathing", "- {a: 1, b: 2}", "breathe.md:6: a block is its name"),
        ("[[first_name]]", "[[fist_name]]", "breathe.md:8: [[fist_name]] is not a declared merge field"),
        ("Breathe a", "Breathe [[x]]", "breathe.md:2: [[x]] is not a declared merge field"),
    ],
)
def test_bad_edition(tmp_path, old, new, message):
    """A broken edition is a clear error with file and line."""
    assert old in folders.EDITION
    text = folders.EDITION.replace(old, new)
    assert message in error_of(tmp_path, {"content/editions/breathe.md": text})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "tracks.yaml:1: must be a list"),
        ("- rain\n", "tracks.yaml:1: a track is a mapping"),
        (folders.TRACKS.replace("minutes: 22", "minutes: long"), "tracks.yaml:8: `minutes` must be a whole number"),
        (folders.TRACKS.replace("  kind: Story\n", ""), "tracks.yaml:6: `kind` is missing"),
        (folders.TRACKS.replace("kind: Story", "knid: Story"), "tracks.yaml:7: `knid` is not a known key"),
    ],
)
def test_bad_tracks(tmp_path, text, message):
    """A broken track is a clear error with its line."""
    assert message in error_of(tmp_path, {"content/tracks.yaml": text})


@given(st.binary(max_size=400))
def test_any_bytes(tmp_path_factory, raw):
    """Whatever bytes a file holds, it is read or refused, and never a crash."""
    file = tmp_path_factory.mktemp("any") / "a.md"
    for text in (raw, b"---\n" + raw + b"\n---\n", b"+++\n" + raw + b"\n+++\n"):
        file.write_bytes(text)
        try:
            assert isinstance(read_front_matter(file, "a.md"), Source)
        except ContentError as error:
            assert error.where.path == "a.md"


def test_yaml_lines():
    """Each value knows its line, nearest around it where it has none of its own."""
    source = Source("a.md", *parse_yaml("a:\n  - b: 1\n    c: 2\nd: {e: 3}\n", "a.md", first_line=2))
    assert [source.where(*path).line for path in (("a", 0, "c"), ("d", "e"), ("d", "x"), ("z",))] == [4, 5, 5, 1]


def test_toml_lines():
    """The same for TOML: tables, arrays of tables, dotted and quoted keys."""
    toml = 'a = 1\n[b."c"]\nd = 2\n[[e]]\nf = 3\n[[e]]\nf = 4\n[g]\nh.i = 5\n'
    source = Source("n.toml", *parse_toml(toml, "n.toml"))
    assert source.where("b", "c", "d") == Where("n.toml", 3)
    assert source.where("e", 1, "f") == Where("n.toml", 7)
    assert source.where("g", "h", "i") == Where("n.toml", 9)


def test_toml_lines_of_texts():
    """What stands inside a text of several lines is no key and no table; the text itself knows where it begins."""
    toml = '# """\n[a]\nb = """\n[x]\nd = 1\n"""\nc = """one"""\nd = \'\'\'\n""" \'\'\'\ne = 2\n'
    source = Source("n.toml", *parse_toml(toml, "n.toml"))
    paths = [("a", "b"), ("a", "b", 0), ("a", "c", 0), ("a", "d"), ("a", "d", 0), ("a", "e")]
    assert [source.where(*path).line for path in paths] == [3, 4, 7, 8, 9, 10]


def test_article_url_without_date(tmp_path):
    """An address that asks for a date is an error in an article that has none."""
    toml = 'article_url = "https://blog.example.com/{year}/{slug}"\n' + folders.NEWSLETTER
    text = "---\ntitle: T\n---\nx"
    files = {"content/newsletter.toml": toml, "content/articles/post.md": text}
    assert "post.md:1: `date` is missing, and article_url" in error_of(tmp_path, files)


def test_link_to_a_broken_article(tmp_path):
    """A link to an article that can't be read tells what is wrong with that one, not that it isn't there."""
    files = {
        "content/articles/bad.md": "---\ndek: x\n---\nx",
        "content/articles/good.md": "---\ntitle: T\n---\n[x](bad.md)",
    }
    library = read_library(folders.make(tmp_path, files))
    with pytest.raises(ContentError, match=r"^content/articles/bad.md:1: `title` is missing$"):
        library.articles["good"]


def test_texts_by_language(tmp_path):
    """A text may stand once for each language, or once in the newsletter's own."""
    toml = change('reason = "You asked for it."', 'reason = {en = "You asked.", ar = "طلبت."}\ntagline = "Rest"')
    newsletter = read_library(folders.make(tmp_path, {"content/newsletter.toml": toml})).newsletter
    assert dict(newsletter.reason) == {"en": "You asked.", "ar": "طلبت."}
    assert dict(newsletter.tagline) == {"en": "Rest"}


PERSONAS = """\
ana: {name: Ana, fields: {first_name: Ana, web_url: "https://x.example/"}}
nobody: {fields: {first_name: ""}}
"""


def test_personas(tmp_path):
    """A sample reader has a key, a name, and values for the merge fields, the built-in ones too."""
    library = read_library(folders.make(tmp_path, {"content/personas.yaml": PERSONAS}))
    ana, nobody = library.personas
    assert (ana.key, ana.name, dict(ana.values)) == (
        "ana",
        "Ana",
        {"first_name": "Ana", "web_url": "https://x.example/"},
    )
    assert (nobody.name, dict(nobody.values), nobody.where) == (
        "nobody",
        {"first_name": ""},
        Where("content/personas.yaml", 2),
    )


def test_personas_of_samples(tmp_path):
    """Where nobody has written readers down, the merge fields' samples make one; without samples there is none."""
    assert read_library(folders.make(tmp_path)).personas == ()
    sample = folders.NEWSLETTER.replace('fallback = "there"', 'fallback = "there"\nsample = "Ana"')
    (persona,) = read_library(folders.make(tmp_path, {"content/newsletter.toml": sample})).personas
    assert dict(persona.values) == {"first_name": "Ana"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- ana", ":1: must be a mapping of readers"),
        ("ana: Ana", ":1: `ana` must be a table"),
        ("Ana B: {}", ":1: 'Ana B' can't be a reader's key"),
        ("ana: {nam: Ana}", ":1: `ana.nam` is not a known key; did you mean name?"),
        ("ana:\n  fields: {frist_name: A}", ":2: `frist_name` is not a declared merge field; did you mean first_name?"),
        ("ana:\n  fields:\n    first_name: [A]", ":3: `ana.fields.first_name` must be text"),
    ],
)
def test_bad_personas(tmp_path, text, message):
    """A mistake in the sample readers is told with its line."""
    library = read_library(folders.make(tmp_path, {"content/personas.yaml": text}))
    with pytest.raises(ContentError) as caught:
        library.personas  # noqa: B018
    assert f"content/personas.yaml{message}" in str(caught.value)


OTHER = folders.ARTICLE.replace("Box breathing", "Morning light")


class TestReread:
    """A library that is read again after a change says what one says that is read for the first time."""

    def library(self, folder):
        return read_library(folders.make(folder, {"content/articles/morning-light.md": OTHER}))

    def test_changed_article(self, tmp_path):
        """Only the article that has changed is read again; what was read before stays as it was."""
        before = self.library(tmp_path)
        assert before.articles["morning-light"].title == "Morning light"
        folders.make(tmp_path, {"content/articles/morning-light.md": OTHER.replace("Morning light", "Evening light")})
        after = reread_library(before, {"content/articles/morning-light.md"})
        assert after.articles["morning-light"].title == "Evening light"
        assert after.articles.posts["box-breathing"] is before.articles.posts["box-breathing"]
        assert before.articles["morning-light"].title == "Morning light"

    @pytest.mark.parametrize("text", ["", "---\ntitle: [\n---\n", "---\nslug: box-breathing\ntitle: T\n---\n"])
    def test_as_at_first(self, tmp_path, text):
        """An article that has gone, is broken, or takes another's slug is the same as in a first reading."""
        before = self.library(tmp_path)
        folders.make(tmp_path, {"content/articles/morning-light.md": text})
        after, first = reread_library(before, {"content/articles/morning-light.md"}), read_library(tmp_path)
        assert list(after.articles) == list(first.articles)
        assert after.articles.front_matter == first.articles.front_matter
        assert [str(error) for error in after.article_errors] == [str(error) for error in first.article_errors]

    def test_changed_edition(self, tmp_path):
        """For a changed edition no article is read again, nor rendered."""
        before = self.library(tmp_path)
        rendered = before.articles["box-breathing"]
        text = folders.EDITION.replace("Breathe a little", "Breathe a lot")
        folders.make(tmp_path, {"content/editions/breathe.md": text, "content/articles/morning-light.md": OTHER})
        after = reread_library(before, {"content/editions/breathe.md"})
        assert after.editions["breathe"].subject == "Breathe a lot"
        assert after.articles["box-breathing"] is rendered

    def test_new_article(self, tmp_path):
        """A new article is there."""
        before = self.library(tmp_path)
        folders.make(tmp_path, {"content/articles/new.md": folders.ARTICLE})
        assert "new" in reread_library(before, {"content/articles/new.md"}).articles

    def test_changed_newsletter(self, tmp_path):
        """What changes for all articles is read for all articles."""
        before = self.library(tmp_path)
        moved = folders.NEWSLETTER.replace("blog.example.com", "news.example.com")
        folders.make(tmp_path, {"content/newsletter.toml": moved, "content/articles/morning-light.md": OTHER})
        after = reread_library(before, {"content/newsletter.toml"})
        assert after.articles["box-breathing"].url == "https://news.example.com/box-breathing"

    def test_tracks_stand(self, tmp_path):
        """Tracks that were read are not read again for a changed article, and they are for their own file."""
        before = self.library(tmp_path)
        assert len(before.tracks) == 3
        assert reread_library(before, {"content/articles/morning-light.md"}).tracks is before.tracks
        folders.make(tmp_path, {"content/tracks.yaml": "", "content/articles/morning-light.md": OTHER})
        assert reread_library(before, {"content/tracks.yaml"}).tracks == ()

    def test_digests(self, tmp_path):
        """A digest stands with its newsletter, and finds the articles as they are now."""
        toml = folders.NEWSLETTER + DIGEST + 'letter = "[x](box-breathing.md)"\n'
        before = read_library(folders.make(tmp_path, {"content/newsletter.toml": toml}))
        assert "https://blog.example.com/box-breathing" in before.digests["weekly"].letter
        folders.make(tmp_path, {"content/articles/box-breathing.md": ""})
        with pytest.raises(ContentError, match=r"toml:\d+: the link leads to box-breathing.md, which is not there"):
            reread_library(before, {"content/articles/box-breathing.md"}).digests["weekly"]


DIGEST = """\
[digests.weekly]
schedule = "0 8 * * MON"
subject = "New: {lead.title}"
"""


def digests(folder, toml):
    """The digests of a newsletter with these lines at its end."""
    return read_library(folders.make(folder, {"content/newsletter.toml": folders.NEWSLETTER + toml})).digests


class TestDigests:
    """Recurring digests are read one by one."""

    def test_little(self, tmp_path):
        """A schedule and a subject are enough; the rest is the newsletter's, or usual."""
        digest = digests(tmp_path, DIGEST)["weekly"]
        assert (digest.name, digest.timezone, digest.language) == ("weekly", "Europe/Berlin", "en")
        assert (digest.preheader, digest.template, digest.letter) == ("", "digest", "")
        assert (digest.tags, digest.max, digest.when_empty, digest.catch_up) == ((), None, "skip", "one")
        assert [(block.name, dict(block.data)) for block in digest.blocks] == [
            ("lead", {"value": Pick.NEWEST}),
            ("teasers", {"value": Pick.REST}),
        ]
        assert digest.where == Where("content/newsletter.toml", digests_line())

    def test_all(self, tmp_path):
        """Everything that can be said of a digest is read."""
        digest = digests(
            tmp_path,
            DIGEST
            + """\
preheader = "{count} articles for [[first_name]], {date}: {lead.dek}"
timezone = "America/New_York"
language = "de"
template = "letter"
include = {tags = ["sleep", "naps"], max = 6}
when_empty = "fail"
catch_up = "all"
since = 2026-11-01
letter = "Hello [[first_name]]"
blocks = [
    {lead = {article = "newest", cta = "rest"}},
    {teasers = ["rest", "box-breathing"]},
    {quote = {value = "all", articles = "all"}},
    "promo",
]
""",
        )["weekly"]
        assert (digest.timezone, digest.language, digest.template) == ("America/New_York", "de", "letter")
        assert (digest.tags, digest.max) == (("sleep", "naps"), 6)
        assert (digest.when_empty, digest.catch_up) == ("fail", "all")
        assert digest.since == datetime(2026, 11, 1, tzinfo=ZoneInfo(digest.timezone))
        assert digest.letter.startswith("<p>Hello zqmf")
        assert digest.preheader.startswith("{count} articles for zqmf")
        data = [dict(block.data) for block in digest.blocks]
        assert data == [
            {"article": "newest", "cta": "rest"},
            {"value": ("rest", "box-breathing")},
            {"value": "all", "articles": "all"},
            {},
        ]
        picks = [data[0]["article"], data[1]["value"][0], data[2]["articles"]]
        assert all(isinstance(pick, Pick) for pick in picks)
        assert not any(isinstance(word, Pick) for word in (data[0]["cta"], data[1]["value"][1], data[2]["value"]))

    def test_letter_findings(self, tmp_path):
        """What is left out of a letter is told with the letter's own line."""
        digest = digests(tmp_path, DIGEST + 'letter = """\nHello\n\n<script>x</script>\n"""\n')["weekly"]
        assert [finding.where.line for finding in digest.findings] == [digests_line() + 6]

    def test_broken_digest_is_alone(self, tmp_path):
        """A digest that can't be read stops only those who ask for it, and tells all that is wrong with it."""
        found = digests(tmp_path, DIGEST + '[digests.daily]\nschedule = "0 8 * *"\nsubjekt = "x"\n')
        assert list(found) == ["weekly", "daily"]
        assert found["weekly"].name == "weekly"
        with pytest.raises(PipelineError) as caught:
            found["daily"]
        assert str(caught.value).split("\n") == [
            f"content/newsletter.toml:{digests_line() + 4}: the schedule '0 8 * *' has 4 fields; "
            "write five cron fields, such as 0 8 * * MON",
            f"content/newsletter.toml:{digests_line() + 3}: `digests.daily.subject` is missing",
            f"content/newsletter.toml:{digests_line() + 5}: `digests.daily.subjekt` is not a known key; "
            "did you mean subject?",
        ]


def digests_line():
    """The line of ``[digests.weekly]`` below the small newsletter."""
    return folders.NEWSLETTER.count("\n") + 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('schedule = "61 8 * * MON"', "the schedule '61 8 * * MON' can't be read (Bad minute); write five cron"),
        ('schedule = "0 0 8 * * MON"', "the schedule '0 0 8 * * MON' has 6 fields; write five"),
        ('schedule = "0 0 30 2 *"', "the schedule '0 0 30 2 *' can't be read (Bad day-of-month)"),
        ('schedule = "0 0 */31 2 MON#5"', "the schedule '0 0 */31 2 MON#5' never comes"),
        (f'schedule = "*/{"9" * 5000} 0 * * *"', "can't be read"),
        ('timezone = "Europe/Berln"', "`digests.weekly.timezone` must be a name such as Europe/Berlin"),
        (
            'subject = "{lead.titel}"',
            "`digests.weekly.subject` can hold {lead.title}, {lead.dek}, {count}, {date}, "
            "and {lead.titel} is none of them; did you mean {lead.title}?",
        ),
        ('preheader = "{"', "`digests.weekly.preheader` can hold {lead.title}, {lead.dek}, {count}, {date}, and {"),
        ('subject = "[[x]]"', "[[x]] is not a declared merge field"),
        ('when_empty = "fial"', "`digests.weekly.when_empty` must be one of skip, fail; did you mean fail?"),
        ('catch_up = "some"', "`digests.weekly.catch_up` must be one of one, all, none"),
        ("include = {max = 0}", "`digests.weekly.include.max` must be a whole number from 1, and 0 isn't"),
        ("include = {max = true}", "`digests.weekly.include.max` must be a whole number from 1, and True isn't"),
        ("include = {tag = 1}", "`digests.weekly.include.tag` is not a known key; did you mean tags?"),
        ("letter = 3", "`digests.weekly.letter` must be text"),
        ('letter = "[[x]]"', "[[x]] is not a declared merge field"),
        ('blocks = "lead"', '`blocks` must be a list: `{lead = "newest"}`'),
        ('blocks = [{lead = "rest"}, {teasers = "all"}]', 'lead takes one article, and "rest" stands for several'),
        (
            'blocks = [{sections = {article = "all"}}, {teasers = "all"}]',
            'sections takes one article, and "all" stands for several; write "newest"',
        ),
        ('blocks = [{lead = "newest"}]', "the blocks don't show all articles that the digest takes"),
        ('blocks = [{teasers = "rest"}]', "the blocks don't show all articles that the digest takes"),
        ("blocks = []", "the blocks don't show all articles that the digest takes"),
        ('blocks = ["popular"]', "the blocks don't show all articles that the digest takes"),
    ],
)
def test_bad_digest(tmp_path, line, message):
    """A broken digest is a clear error at its line."""
    key = line.partition(" ")[0]
    kept = [one for one in DIGEST.splitlines() if not one.startswith(f"{key} ")]
    with pytest.raises(PipelineError) as caught:
        digests(tmp_path, "\n".join([*kept, line]) + "\n")["weekly"]
    assert str(caught.value).startswith(f"content/newsletter.toml:{digests_line() + len(kept)}: ")
    assert message in str(caught.value)


def test_bad_name_of_digest(tmp_path):
    """A digest's name becomes a folder's, and must be fit for one."""
    for name in ('"../x"', '"a b"', "x" * 101):
        with pytest.raises(ContentError, match=r"toml:\d+: a digest's name must be letters"):
            next(iter(digests(tmp_path, DIGEST.replace("weekly", name)).values()))


def test_digests_are_tables(tmp_path):
    """What isn't a table of digests is a mistake of the newsletter itself."""
    for line in ("digests = 3", "digests = {weekly = 3}"):
        with pytest.raises(ConfigurationError, match=r"`digests.*` must be a table of keys and values"):
            read_library(folders.make(tmp_path, {"content/newsletter.toml": line + "\n" + folders.NEWSLETTER}))


def test_one_article_a_digest(tmp_path):
    """Blocks that show only the newest article are right where the digest takes no more."""
    digest = digests(tmp_path, DIGEST + 'include = {max = 1}\nblocks = [{lead = "newest"}]\n')["weekly"]
    assert [dict(block.data) for block in digest.blocks] == [{"value": Pick.NEWEST}]


def test_digest_of_samples():
    """The sample newsletter has a weekly digest."""
    digest = read_library(folders.REPOSITORY).digests["weekly"]
    assert (digest.schedule, digest.timezone, digest.language) == ("0 8 * * MON", "Europe/Berlin", "en")
    assert [block.name for block in digest.blocks] == ["lead", "teasers", "missed", "popular", "promo"]


def test_bodies(tmp_path):
    """A body's hash is that of its words; a short one's has the title in it, and an empty body has none."""
    long = "word " * 20
    texts = {"a": f"title: A\n---\n{long}.\n", "b": f"title: B\ndate: 2026-11-20\n---\n\n {long}\n."}
    texts |= {"c": f"title: A\n---\n{long}!\n", "d": "title: D\n---\n \n"}
    texts |= {"e": "title: E\n---\nListen now.\n", "f": "title: F\n---\nListen now.\n"}
    files = {f"content/articles/{name}.md": f"---\n{text}" for name, text in texts.items()}
    bodies = read_library(folders.make(tmp_path, files)).articles.bodies
    assert set(bodies) == {"a", "b", "c", "d", "e", "f", "box-breathing"}
    assert bodies["a"] == bodies["b"] == hashlib.sha256(f"{long}.".encode()).hexdigest()
    assert len({bodies[name] for name in "acdef"}) == 5
    assert bodies["d"] == ""


# --- What isn't for all readers ---

FIELDS = """
[merge_fields.plan]
[merge_fields.topics]
type = "list"
sample = ["sleep"]
[merge_fields.joined]
type = "date"
sample = 2026-01-02
[merge_fields.seat]
type = "token"
"""


def edition_with(tmp_path, block):
    text = f"---\nsubject: S\nblocks:\n  - {block}\ndate: 2026-11-24\n---\n"
    files = {"content/newsletter.toml": folders.NEWSLETTER + FIELDS, "content/editions/e.md": text}
    return read_library(folders.make(tmp_path, files))


def test_types(tmp_path):
    """A field has a type, and its sample is one of that; those of readers' pages are there by themselves."""
    fields = edition_with(tmp_path, "popular").newsletter.merge_fields
    assert {name: field.type for name, field in fields.items()} == {
        "email": "text",
        "token": "token",
        "first_name": "text",
        "plan": "text",
        **dict.fromkeys(("unsubscribe_url", "preferences_url", "web_url"), "url"),
        "topics": "list",
        "joined": "date",
        "seat": "token",
    }
    assert (fields["topics"].sample, fields["joined"].sample) == (("sleep",), date(2026, 1, 2))


def test_audience(tmp_path):
    """A block says which readers it is for, and what becomes of it where a service can't say so."""
    block = """promo: {audience: "'sleep' in topics", otherwise: default, title: Hi}"""
    (promo,) = edition_with(tmp_path, block).editions["e"].blocks
    assert (promo.personal.audience.source, promo.personal.otherwise) == ("'sleep' in topics", "default")
    assert dict(promo.data) == {"title": "Hi"}


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (
            "promo: {audience: \"plna == 'x'\"}",
            "e.md:4: in the condition \"plna == 'x'\", plna is not a declared merge",
        ),
        ("promo: {audience: plan == }", "e.md:4: the condition 'plan ==' can't be read"),
        ("promo: {audience: }", "e.md:4: `blocks.promo.audience` is missing"),
        ("promo: {audiance: plan}", "e.md:4: `audiance` is not a key of promo; did you mean audience?"),
        ("promo: {otherwise: hide}", "`blocks.promo.otherwise` must be one of refuse, default"),
        ('promo: {title: "[[plan]]"}', "nothing says what stands here for readers who have no plan; write [[plan|…]]"),
    ],
)
def test_audience_wrong(tmp_path, block, told):
    """A condition that can't be read, and a field that could leave a hole, are errors at their line."""
    with pytest.raises(PipelineError) as caught:
        edition_with(tmp_path, block).editions["e"]
    assert told in str(caught.value)


def test_one_token(tmp_path):
    """A reader's page is told by one token: what fills the address in fills one."""
    toml = folders.NEWSLETTER.replace("com/unsubscribe", "com/{token}/unsubscribe?t={token}")
    line = toml.split("\n").index('unsubscribe_url = "https://blog.example.com/{token}/unsubscribe?t={token}"') + 1
    with pytest.raises(PipelineError, match=rf"newsletter\.toml:{line}: `unsubscribe_url` has more than one {{token}}"):
        read_library(folders.make(tmp_path, {"content/newsletter.toml": toml}))
