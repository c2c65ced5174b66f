"""Mutants for pipeline/checks/personas.py."""

from dataclasses import replace
from types import MappingProxyType

from pipeline import checks, merge_fields
from pipeline.errors import Where
from pipeline.model import Persona
from tests.checks.mutating import Mutants

NAME = merge_fields.token("first_name", "there")
NOBODY = merge_fields.token("first_name", "")
SHARE = merge_fields.token("share_url", "https://blog.example.com/newsletter/")


def email(html=lambda text: text, text=lambda text: text, subject=None):
    """Change the Email that all readers' mails are made of."""

    def mutation(mail):
        changed = replace(
            mail.email,
            html=html(mail.email.html),
            text=text(mail.email.text),
            subject=mail.email.subject if subject is None else subject,
        )
        assert changed != mail.email, "the mutation changes nothing"
        return checks.of_email(changed, mail.edition, mail.newsletter, mail.message, mail.personas)

    return mutation


def in_html(old, new):
    return email(html=lambda text: text.replace(old, new, 1))


def reader(mutation=lambda mail: mail, **values):
    """One more sample reader, with these values."""
    persona = Persona("new", "A new reader", MappingProxyType(values), Where("content/personas.yaml", 9))

    def mutated(mail):
        changed = mutation(mail)
        return replace(changed, personas=(*changed.personas, persona))

    return mutated


def link(href):
    return in_html("Beside it", f'<a href="{href}">Beside</a> it')


MUTANTS: Mutants = {
    "P01": {
        "no fallback in the greeting": in_html(f"Hello {NAME},", f"Hello {NOBODY},"),
        "none in the text part": email(text=lambda text: text.replace(f"Hello {NAME},", f"Hello {NOBODY}!")),
        "none in the subject": email(subject=f"{NOBODY}, sleep better"),
        "a field between two blanks of the subject": email(subject=f"For {NOBODY} and yours"),
        "markup between the blank and the comma": in_html(f"Hello {NAME},", f"Hello <b>{NOBODY}</b>,"),
    },
    "P02": {
        "a field in a style sheet": in_html(
            '<style type="text/css">', f'<style type="text/css">.x{{content:"{NAME}"}}'
        ),
        "a field in CSS": in_html('<p style="', f"<p style=\"font-family:'{NAME}';"),
        "a field in an attribute without quotes": in_html("<p style", f"<p title={NAME} style"),
        "a field in single quotes": in_html("<p style", f"<p title='{NAME}' style"),
        "a field for an attribute": in_html("<p style", f"<p {NAME} style"),
        "a reader whose name is a field": reader(first_name="[[first_name]]"),
        "a reader whose name is a token": reader(first_name=NAME),
    },
    "P03": {
        "a column that breaks no word": email(html=lambda text: text.replace("word-break:break-word;", "")),
        "a greeting that breaks no line": in_html(
            f"Hello {NAME}", f'<span style="white-space:nowrap">Hello {NAME}</span>'
        ),
        "a style nearer by that says otherwise": in_html(
            f"Hello {NAME}", f'<span style="word-break: normal">Hello {NAME}</span>'
        ),
        "a subject with a long name": reader(email(subject=f"Sleep better, {NAME}"), first_name="Maximiliane " * 13),
    },
    "P04": {
        "a name for a host": link(f"https://{NAME}.example.com/"),
        "a name for a part of a host": link(f"https://www-{NAME}.example.com/"),
        "an address without its scheme": reader(link(SHARE), share_url="blog.example.com/ana"),
        "an address that isn't safe": reader(link(SHARE), share_url="http://blog.example.com/ana"),
        "an address with a blank": reader(link(SHARE), share_url="https://blog.example.com/an a"),
        "a script": reader(link(SHARE), share_url="javascript:alert(1)"),
    },
}
