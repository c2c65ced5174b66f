"""An edition's tags after Jinja2, MJML, premailer and the newsletter's UTM parameters; and `pipeline export`."""

import json
import re

import pytest

from pipeline import build, esp, outbox, record
from pipeline.errors import ContentError
from pipeline.esp import DIALECTS, writing
from pipeline.pieces import Context, Field
from tests import folders
from tests.esp import mails

NAMES = list(DIALECTS)


def tag(dialect, name, fallback, context, *, html=True):
    return writing.write_field(Field(name, fallback, context), mails.TYPES[name].type, dialect, html=html)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The Email of the edition with a field in each place."""
    with mails.places(tmp_path_factory.mktemp("places")) as project:
        edition = build.compose_edition("breathe", project)
        email = build.render_email(edition, project.library.newsletter, project.environment)
        return email, project.library.newsletter


@pytest.mark.parametrize("name", NAMES)
def test_places(rendered, name):
    """Every tag stands in the final file exactly as the dialect writes it: in text, href, title and alt."""
    dialect = DIALECTS[name]
    exported = esp.export(*rendered, dialect)
    first_name = tag(dialect, "first_name", "there", Context.HTML)
    address = f"https://blog.example.com/page?of={tag(dialect, 'token', '', Context.URL_PART)}"
    # Text and address, and the preheader, which a mail's HTML begins with.
    assert exported.html.count(f"Hello {first_name}, see ") == 1
    assert exported.html.count(f'title="The page of {first_name}"') == 1
    assert exported.html.count(f'alt="A breath for {first_name}"') == 1
    assert len(re.findall(f'href="{re.escape(address)}(?:&amp;utm_[^"]*)?"', exported.html)) == 1
    assert exported.html.count(f"Four sides of a breath, {first_name}, before") == 1
    in_text = tag(dialect, "first_name", "there", Context.TEXT, html=False)
    assert exported.text.count(in_text) >= 1
    assert exported.subject == f"{tag(dialect, 'first_name', 'there', Context.HEADER, html=False)}, breathe a little"
    assert exported.html.count(first_name) == rendered[0].html.count(mails.field("first_name"))
    for page in ("unsubscribe_url", "preferences_url", "web_url"):
        own, links = dialect.urls.get(page), rendered[0].html.count(f'href="zqmf{page.encode().hex()}')
        assert links
        assert not own or exported.html.count(f'href="{own}"') == links


@pytest.mark.parametrize("name", NAMES)
def test_nothing_left(rendered, name):
    """No token and no mark of ours is left in any of the files."""
    for content in esp.files_of(esp.export(*rendered, DIALECTS[name])).values():
        assert not re.search(rb"zqm[ft]|<!--/?(?:block|card|place):|[\x02\x03]", content)


def test_whole_urls(rendered):
    """A field that is a whole address stands alone in its href; UTM parameters are put behind none."""
    with_share = mails.email(f'<a href="{mails.field("share_url")}">x</a>')
    html = esp.export(with_share, mails.newsletter(), DIALECTS["mailchimp"]).html
    assert (
        html == '<a href="*|IF:SHARE_URL|**|SHARE_URL|**|ELSE:|*https://blog.example.com/newsletter/*|END:IF|*">x</a>'
    )


# --- the command ---


@pytest.fixture
def edition(run, tmp_path):
    """The command's folder with the edition that has a field in each place."""
    with mails.places(tmp_path):
        return tmp_path / "outbox" / "breathe"


def test_command(run, edition, tmp_path):
    """It builds what isn't built, and puts the service's files beside the others; the manifest tells of all."""
    code, out, err = run("export", "breathe", "--esp", "mailchimp")
    assert (code, err) == (0, "")
    assert "subject: *|IF:FNAME|*" in out
    assert "outbox/breathe/mailchimp/digest.html" in out
    manifest = json.loads((edition / "manifest.json").read_bytes())
    files = {path.relative_to(edition).as_posix() for path in edition.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert {"mailchimp/digest.html", "mailchimp/digest.txt", "mailchimp/subject.txt", "message.eml"} < files
    assert record.is_whole(tmp_path / "outbox", "breathe", manifest)


def test_command_twice(run, edition):
    """An edition that is built stays as it is, and so do its exports for others; it isn't built again for that."""
    run("build")
    before = (edition / "message.eml").read_bytes()
    assert run("export", "--esp", "mailchimp", "--quiet") == (0, "", "")
    assert run("export", "--esp", "klaviyo", "--quiet") == (0, "", "")
    assert (edition / "message.eml").read_bytes() == before
    assert (edition / "mailchimp/digest.html").is_file()
    assert (edition / "klaviyo/digest.html").is_file()
    assert "1 unchanged" in run("build")[1]


def test_damaged_export(run, edition):
    """An export that was changed by hand makes the edition stale, and the next build leaves none of the old."""
    run("export", "--esp", "mailchimp")
    (edition / "mailchimp/digest.html").write_text("by hand")
    assert "1 ready to send" in run("build")[1]
    assert not (edition / "mailchimp").exists()


def test_of_newsletter(run, edition, tmp_path):
    """`esp` in newsletter.toml makes every build write that service's files, and tells its notes."""
    toml = tmp_path / "content/newsletter.toml"
    toml.write_text(f'esp = "sendgrid"\n{toml.read_text()}')
    code, _, err = run("build")
    assert code == 0
    assert "{{{unsubscribe}}}" in (edition / "sendgrid/digest.txt").read_text()
    assert run("export", "breathe", "--quiet")[0] == 0
    toml.write_text(toml.read_text().replace("sendgrid", "sendgird"))
    code, _, err = run("build", "--force")
    assert code == 78
    assert "did you mean sendgrid" in err


def test_refused(run, edition, tmp_path):
    """What the service can't express is refused at the block's line, with 65; nothing is written for it."""
    more = mails.PLACES.replace(
        "  - lead: box-breathing\n",
        "  - lead: box-breathing\n"
        '  - promo: {title: Rest, text: Now., url: "https://aura.example.com/", audience: "\'sleep\' in topics"}\n',
    )
    (tmp_path / "content/editions/breathe.md").write_text(more)
    code, out, err = run("export", "breathe", "--esp", "ses", "--json")
    assert code == 65
    assert re.search(r"content/editions/breathe\.md:\d+: Amazon SES can't ask whether 'sleep' in topics", err)
    assert [json.loads(line) for line in out.splitlines()][-1] == {
        "result": {"exported": [], "failed": ["breathe"], "exit_code": 65}
    }
    assert not (edition / "ses").exists()
    assert run("export", "breathe", "--esp", "klaviyo", "--quiet") == (0, "", "")
    assert "{% if 'sleep' in person|lookup:'topics' %}" in (edition / "klaviyo/digest.html").read_text()
    assert "{% if 'sleep' in person|lookup:'topics' %}" in (edition / "klaviyo/digest.txt").read_text()


def test_checked(run, edition, tmp_path):
    """What the newsletter's own service can't express stands against sending the edition, and check says so."""
    toml = tmp_path / "content/newsletter.toml"
    toml.write_text(f'esp = "ghost"\n{toml.read_text()}')
    block = '  - promo: {title: Rest, text: Now., audience: "first_name"}\n'
    (tmp_path / "content/editions/breathe.md").write_text(mails.PLACES.replace("blocks:\n", f"blocks:\n{block}"))
    code, out, _ = run("check", "breathe")
    assert code == 65
    assert "Ghost can't ask whether first_name" in out
    code, _, err = run("build", "breathe")
    assert code == 65
    assert "Ghost can't ask whether first_name, which the block promo needs" in err


def test_personal_cards(run, edition, tmp_path):
    """Cards that are chosen for each reader are refused, or stand as the edition's default choice where it allows."""
    block = '  - tracks: {for: reader, limit: 2, title: "For you"%s}\n'
    written = mails.PLACES.replace("  - lead: box-breathing\n", "  - lead: box-breathing\n" + block)
    path = tmp_path / "content/editions/breathe.md"
    mood = '[merge_fields.mood]\nfallback = "calm"\n'
    toml = tmp_path / "content/newsletter.toml"
    toml.write_text(toml.read_text() + mood)
    path.write_text(written % "")
    code, _, err = run("export", "--esp", "jinja")
    assert code == 65
    assert "Jinja2 can't choose tracks or articles for each reader" in err
    path.write_text(written % ", otherwise: default")
    assert run("export", "--esp", "jinja", "--quiet") == (0, "", "")
    html, ours = ((edition / name).read_text() for name in ("jinja/digest.html", "digest.html"))
    cards = re.compile(r"aura\.example\.com/tracks/(\w+)")
    assert cards.findall(html) == cards.findall(ours) != []


def test_not_ready(run, edition, tmp_path):
    """An edition that isn't ready to be sent isn't exported."""
    path = tmp_path / "content/editions/breathe.md"
    path.write_text(path.read_text() + "\nA breath in, a breath out, and nothing else to do." * 3000)
    code, _, err = run("export", "--esp", "mailchimp")
    assert code == 65
    assert "(H02 size)" in err
    assert not edition.exists()


def test_usage(run, edition):
    """Without a service there is nothing to write; a service that nobody knows is told with its neighbours."""
    assert run("export", "breathe")[0] == 2
    code, _, err = run("export", "breathe", "--esp", "mailchip")
    assert (code, "did you mean mailchimp" in err) == (65, True)
    code, _, err = run("export", "breath", "--esp", "mailchimp")
    assert (code, "did you mean breathe" in err) == (65, True)


def test_list(run):
    """--list tells of each service what it can't do; with --json as data."""
    out = run("export", "--list")[1]
    assert all(f"\n{one.name}" in f"\n{out}" and all(limit in out for limit in one.limits) for one in DIALECTS.values())
    told = json.loads(run("export", "--list", "--json")[1])
    assert [one["esp"] for one in told] == NAMES


def test_add_missing(tmp_path):
    """Nothing is added to an edition whose files can't be read."""
    with pytest.raises(outbox.OutboxError, match="can't be read"):
        outbox.add(folders.make(tmp_path) / "outbox", "breathe", {})


def test_clean(run, edition):
    """An edition's exports go with its folder when it is cleaned away."""
    run("export", "--esp", "mailchimp")
    assert run("clean", "--keep", "0")[0] == 0
    assert not edition.exists()


def test_unknown_there(rendered):
    """A dialect that isn't there is a ContentError, wherever it is asked for."""
    with pytest.raises(ContentError, match="these are known: mailchimp"):
        esp.dialect("nobody")
