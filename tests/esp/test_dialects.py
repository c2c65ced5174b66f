"""Each service's tags, in the places where they stand, as its own pages write them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import esp
from pipeline.errors import CombinedError, ContentError
from pipeline.esp import DIALECTS, writing
from pipeline.pieces import Context, Field
from tests.esp import mails

GOLDENS = Path(__file__).parent / "goldens"
# The first name, with the fallback `there`, in HTML.
FIRST_NAME = {
    "mailchimp": "*|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*",
    "sendgrid": "{{#if first_name}}{{first_name}}{{else}}there{{/if}}",
    "brevo": "{{ contact.FIRSTNAME|default:'there' }}",
    "klaviyo": "{{ first_name|default:'there' }}",
    "hubspot": "{{ personalization_token('contact.firstname', 'there')|escape_html }}",
    "customerio": "{{ customer.first_name | default: 'there' | escape }}",
    "mailgun": "{{#if first_name}}{{first_name}}{{else}}there{{/if}}",
    "ses": "{{#if first_name}}{{first_name}}{{else}}there{{/if}}",
    "postmark": "{{#first_name}}{{.}}{{/first_name}}{{^first_name}}there{{/first_name}}",
    "mailjet": '{{data:firstname:"there"}}',
    "activecampaign": "%IF $FIRSTNAME%%FIRSTNAME%%ELSE%there%/IF%",
    "listmonk": '{{ .Subscriber.FirstName | default "there" }}',
    "buttondown": "{{ subscriber.metadata.first_name|default:'there' }}",
    "ghost": '%%{first_name, "there"}%%',
    "jinja": "{{ first_name|default('there', true)|e }}",
}
ISSUE = list(FIRST_NAME)
# What authors write themselves, and what isn't a tag however much it looks like one.
THEIRS = {
    "mailchimp": ("*|FNAME|*", "*|IF:FNAME|*", "*|HTML:LIST_ADDRESS_HTML|*", "*|END:IF|*"),
    "sendgrid": ("{{first_name}}", "{{{unsubscribe}}}", "<%asm_group_unsubscribe_raw_url%>", "[Unsubscribe]"),
    "brevo": ("{{ contact.FIRSTNAME }}", "{% if contact.X %}", "{{ mirror }}"),
    "klaviyo": ("{{ first_name|default:'friend' }}", "{% unsubscribe 'Leave' %}"),
    "hubspot": ("{{ contact.firstname }}", "{{ personalization_token('contact.firstname', 'there') }}"),
    "customerio": ("{{customer.first_name}}", "{% unsubscribe_url %}"),
    "mailgun": ("%recipient.first%", "%unsubscribe_url%", "%recipient_email%", "{{name}}"),
    "ses": ("{{name}}", "{{amazonSESUnsubscribeUrl}}"),
    "postmark": ("{{name}}", "{{{ pm:unsubscribe_url }}}"),
    "mailjet": ("[[UNSUB_LINK_EN]]", '{{var:name:"you"}}', "{% if data:age > 45 %}"),
    "activecampaign": ("%FIRSTNAME%", "%SENDER-INFO-SINGLELINE%", "%IF $A == 'b'%", "%/IF%", "%ELSE%"),
    "listmonk": ("{{ .Subscriber.Name }}", '{{ TrackLink "https://link.com" }}'),
    "buttondown": ("{{ subscriber.email }}", "{% if medium == 'email' %}"),
    "ghost": ('%%{first_name, "there"}%%', "%%{uuid}%%"),
    "jinja": ("{{ name }}", "{% if name %}", "{# a note #}"),
}


def golden_mail(name):
    """One small mail with everything in it that the service can write; the rest of it stands as for nobody."""
    knows = name != "ghost"
    own = f'<a href="{mails.field("share_url")}">{mails.field("city")}</a>' if knows else ""
    html = (
        "<style>@media(x){.a{b:c}}</style>"
        f"<p>Hello {mails.field('first_name')} {{{mails.field('first_name')}}},</p>"
        f'<a href="https://blog.example.com/?e={mails.field("email")}&amp;t={mails.field("token")}" '
        f'title="For {mails.field("first_name")}">your page</a>{own}'
        f"{mails.block(0, '<p>Rest for those who know {{ braces }}.</p>')}"
        f"{mails.block(1, '<p>A week for nothing.</p>')}"
        f'<a href="{mails.field("unsubscribe_url")}">Leave</a> <a href="{mails.field("preferences_url")}">Choose</a> '
        f'<a href="{mails.field("web_url")}">Look</a>'
    )
    text = (
        f"Hello {mails.field('first_name')},\n\n{mails.block(1, 'A week for nothing.', html=False)}\n\n"
        f"{mails.field('topics') if knows else ''} https://blog.example.com/?e={mails.field('email')}\n"
        f"{mails.field('unsubscribe_url')}\n"
    )
    mail = mails.email(
        html,
        text,
        f"{mails.field('first_name')}, breathe",
        block_0="'sleep' in topics and plan != 'free'",
        block_1="not plan or plan == 'free'",
    )
    return mails.otherwise_default(replace(mail, preheader=f"For {mails.field('first_name')}"))


@pytest.fixture(scope="module")
def newsletter():
    return mails.newsletter()


def test_all():
    """There is a dialect for each ESP of the list, and each names the pages that it was read from."""
    assert list(DIALECTS) == ISSUE
    assert all(page.startswith("https://") for one in DIALECTS.values() for page in one.pages)
    assert all(one.pages for one in DIALECTS.values())


@pytest.mark.parametrize("name", ISSUE)
def test_first_name(name):
    """A name with a fallback stands as the ESP's page writes it."""
    field = Field("first_name", "there", Context.HTML)
    assert writing.write_field(field, "text", DIALECTS[name], html=True) == FIRST_NAME[name]


@pytest.mark.parametrize("name", ISSUE)
def test_golden(name, newsletter):
    """One small mail in the dialect is, byte for byte, what the golden files have."""
    exported = esp.export(golden_mail(name), newsletter, DIALECTS[name])
    folder = GOLDENS / name
    written = {
        **{path.partition("/")[2]: content.decode() for path, content in esp.files_of(exported).items()},
        "notes.txt": "".join(f"{note.message}\n" for note in exported.notes),
    }
    assert written == {file.name: file.read_text("utf-8") for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ISSUE)
def test_theirs(name):
    """The tags that authors write themselves are found, each as a whole; the dialect's own among them."""
    tag = DIALECTS[name].tag
    for one in THEIRS[name]:
        assert tag.findall(f"a {one} b") == [one]
    for one in DIALECTS[name].urls.values():
        assert not one or tag.match(one)


@pytest.mark.parametrize("name", ISSUE)
@pytest.mark.parametrize(
    "harmless", ["100% of 50%", "https://x.example/%D7%A9%D7%9C", "a | b", "5 * 4 * 3", "{brace}", "50%-80%", "[x](y)"]
)
def test_no_tags(name, harmless):
    """What only looks like a tag is none, and comes through as it is."""
    assert not DIALECTS[name].tag.search(harmless)
    assert writing.defused(harmless, DIALECTS[name], html=False) == harmless
    assert writing.defused(harmless, DIALECTS[name], html=True) == harmless


@pytest.mark.parametrize("name", ISSUE)
def test_undeclared_there(name, newsletter):
    """What a service can't express is an error that says so, at the block's own line."""
    mail = mails.email(mails.block(0, "x"), block_0="'sleep' in topics and since < '2026-01-01'")
    if name == "jinja":
        assert "since" in esp.export(mail, newsletter, DIALECTS[name]).html
        return
    with pytest.raises(
        ContentError, match=r"breathe\.md:7: .* can't ask whether 'sleep' in topics .*otherwise: default"
    ):
        esp.export(mail, newsletter, DIALECTS[name])


@pytest.mark.parametrize("name", ISSUE)
def test_otherwise(name, newsletter):
    """Where the edition allows, a block that can't be expressed stands as for a reader of whom nothing is known."""
    mail = mails.email(
        mails.block(0, "<p>old</p>") + mails.block(1, "<p>new</p>"),
        block_0="since < '2026-01-01'",
        block_1="not since < '2026-01-01'",
    )
    if name != "jinja":
        assert esp.export(mails.otherwise_default(mail), newsletter, DIALECTS[name]).html == "<p>new</p>"


def test_unknown_field(newsletter):
    """A field that the service can't have is an error, and so is a fallback that it can't hold; both are told."""
    mail = mails.email(f"{mails.field('plan')} {mails.field('first_name', mails.UNSAFE)}")
    with pytest.raises(CombinedError) as refused:
        esp.export(mail, newsletter, DIALECTS["ghost"])
    assert "knows no field plan" in str(refused.value)
    assert "can't hold the fallback" in str(refused.value)


@pytest.mark.parametrize("name", ISSUE)
def test_literal(name, newsletter):
    """A text that looks like a tag is written so that it is none, or refused; in HTML it's always written so."""
    texts = [one for one in THEIRS[name] if DIALECTS[name].begins.search(one)]
    for text in texts:
        html = esp.export(mails.email(f"<p>{text}</p>"), newsletter, DIALECTS[name]).html
        assert not DIALECTS[name].begins.search(html)
        assert mails.understood(html) == mails.understood(f"<p>{text}</p>")
        if not DIALECTS[name].literal:
            with pytest.raises(ContentError, match=r"the plain text holds .* takes for a tag; write it otherwise"):
                esp.export(mails.email("", text), newsletter, DIALECTS[name])


@pytest.mark.parametrize("name", ISSUE)
def test_raw(name, newsletter):
    """An author's own tag comes through untouched; that of another service is refused."""
    from pipeline import merge_fields

    tag = THEIRS[name][0]
    raw = merge_fields.protected(f'<a href="{tag}" title="{tag}">{tag}</a>', DIALECTS[name].tag)
    assert tag not in raw
    exported = esp.export(mails.email(raw, raw, raw), newsletter, DIALECTS[name])
    assert [exported.html.count(tag), exported.text.count(tag), exported.subject.count(tag)] == [3, 3, 3]
    theirs = "%%{uuid}%%" if name != "ghost" else "*|FNAME|*"
    other = merge_fields.protected(theirs, DIALECTS["ghost" if name != "ghost" else "mailchimp"].tag)
    with pytest.raises(ContentError, match="is no tag of"):
        esp.export(mails.email(other), newsletter, DIALECTS[name])


def test_nearest():
    """A misspelt service is told with the one that was meant."""
    with pytest.raises(ContentError, match="did you mean mailchimp"):
        esp.dialect("mailchip")


def test_too_involved(newsletter):
    """A condition that would be written out over and over is refused, however it is put."""
    many = " or ".join(f"(plan == '{n}' and city == '{n}')" for n in range(9))
    with pytest.raises(ContentError, match="can't ask whether"):
        esp.export(mails.email(mails.block(0, "x"), block_0=many), newsletter, DIALECTS["customerio"])


def test_as_data():
    """All that is told of a dialect is plain data."""
    from pipeline.cli.export import dialect_as_json

    assert json.dumps([dialect_as_json(one) for one in DIALECTS.values()])


if __name__ == "__main__":  # renews the goldens
    of_all = mails.newsletter()
    for dialect in DIALECTS.values():
        done = esp.export(golden_mail(dialect.name), of_all, dialect)
        (GOLDENS / dialect.name).mkdir(parents=True, exist_ok=True)
        for path, content in esp.files_of(done).items():
            (GOLDENS / path).write_bytes(content)
        (GOLDENS / dialect.name / "notes.txt").write_text("".join(f"{note.message}\n" for note in done.notes), "utf-8")
