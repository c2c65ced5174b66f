"""What the rules for readers must not find, and what they come to an end with."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import checks, merge_fields
from pipeline.checks import of_html, personas
from pipeline.errors import Where
from pipeline.model import MergeField, Persona
from tests.checks.mutants_personas import NAME, NOBODY, SHARE, email, in_html, link
from tests.checks.test_mutants import mail as built
from tests.folders import REPOSITORY

RULES = {rule.id: rule for rule in personas.RULES}


def ours():
    return built(REPOSITORY, "better-sleep")


def found(rule, mutation):
    return [fault.message for fault in RULES[rule].look(mutation(ours()))]


@pytest.mark.parametrize(
    "greeting",
    [
        f"Bonjour {NAME} !",
        f"{NAME}, hello",
        f"Hello{NOBODY},",
        f"Hello <b>{NAME}</b>,",
        f"Hello, {NAME} … and {NAME}.",
        f"<a href='https://x.org'>{NAME}'s page</a>",
        f'<a href="https://x.org">for {NOBODY}you</a>',
    ],
)
def test_right_greetings(greeting):
    """What reads well for everybody is right, a blank that the language wants before its signs too."""
    assert found("P01", in_html(f"Hello {NAME},", greeting)) == []


def test_who_is_told():
    """A fault that several readers get is told once, with the first one's name."""
    messages = found("P01", in_html(f"Hello {NAME},", f"Hello {NOBODY},"))
    assert messages == ['A reader without a name and 1 more: the HTML says "Hello ,"']


def test_place():
    """A fault's place is that of the block which the field stands in."""
    mail = in_html(f"Hello {NAME},", f"Hello {NOBODY},")(ours())
    (fault,) = RULES["P01"].look(mail)
    assert fault.where == mail.edition.blocks[2].where


@pytest.mark.parametrize(
    "html",
    [
        f'<p style="margin:0" title="A letter for {NAME}" style',
        f'<p title="It\'s for {NAME}" style',
        f'<p title="a > b, {NAME}" style',
    ],
)
def test_safe_fields(html):
    """In double quotes a value is harmless, whatever stands beside it."""
    assert found("P02", in_html("<p style", html)) == []


@pytest.mark.parametrize(
    "html",
    [
        f'<span style="word-break:break-all">Hello {NAME}</span>',
        f'<span style="overflow-wrap: anywhere; white-space: pre-wrap">Hello {NAME}</span>',
        f'<span style="white-space:nowrap"><b style="white-space:normal">Hello {NAME}</b></span>',
        f'</p><div style="display:none;white-space:nowrap">Hello {NAME}</div><p>',
    ],
)
def test_breaking_words(html):
    """A long name may stand where words break."""
    assert found("P03", in_html(f"Hello {NAME}", html)) == []


def test_short_names_anywhere():
    """Where no word breaks, only names that are too long are told."""
    mutation = in_html(f"Hello {NAME}", f'<span style="white-space:nowrap">Hello {NAME}</span>')
    (message,) = found("P03", mutation)
    assert message.startswith("A very long name")


@pytest.mark.parametrize(
    "href",
    [
        f"https://x.org/?name={NAME}&amp;a=1",
        f"https://x.org/{NOBODY}/",
        f"mailto:us@x.org?subject={NAME}",
        SHARE,
    ],
)
def test_right_links(href):
    """A value in a path or a query is encoded, and a whole address is one."""
    assert found("P04", link(href)) == []


def test_fallback_is_not_told_again():
    """A link that leads nowhere for everybody is H05's to tell."""
    assert found("P04", link(f"https://{NAME}/")) == []


def test_other_mails():
    """Mails that aren't ours, and mails without fields, have nothing to fill."""
    foreign = of_html(f"<p>Hello {NAME} [[first_name]]</p>", "mail.html")
    plain = email(html=lambda text: merge_fields.fill_html(text, {}), text=lambda text: "Hello")(ours())
    assert [fault for rule in RULES.values() for mail in (foreign, plain) for fault in rule.look(mail)] == []


def test_without_personas():
    """Without sample readers there are still the worst ones."""
    mail = replace(in_html(f"Hello {NAME},", f"Hello {NOBODY},")(ours()), personas=())
    assert [fault.message for fault in RULES["P01"].look(mail)] == [
        'a reader of whom nothing is known: the HTML says "Hello ,"'
    ]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200), st.integers(0, 50_000))
def test_any_reader(value, fallback, html, cut):
    """Whatever a reader is called, and wherever a field stands, the rules come to an end, and say it on one line."""
    mail = ours()
    token = merge_fields.token("first_name", fallback)
    changed = mail.email.html[:cut] + token + html + token + mail.email.html[cut:]
    persona = Persona("any", "Any reader", MappingProxyType({"first_name": value}), Where("content/personas.yaml", 1))
    fields = MappingProxyType({"first_name": MergeField("first_name", fallback)})
    newsletter = replace(mail.newsletter, merge_fields=fields)
    mutant = checks.of_email(
        replace(mail.email, html=changed, subject=f"{token} {html}"), mail.edition, newsletter, None, (persona,)
    )
    faults = [fault for rule in RULES.values() for fault in rule.look(mutant)]
    assert all("\n" not in fault.message for fault in faults)
