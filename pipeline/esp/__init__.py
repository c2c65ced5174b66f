"""An Email -> a file in a service's own merge syntax. ``DIALECTS`` is the list of the services by name.

``jinja`` is no service's: its files are for whoever sends with a program of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import ContentError, nearest
from pipeline.esp.curly import BREVO, BUTTONDOWN, CUSTOMER_IO, HUBSPOT, JINJA, KLAVIYO, MAILJET
from pipeline.esp.dialect import Dialect
from pipeline.esp.exporting import Exported, export, files_of
from pipeline.esp.handlebars import MAILGUN, POSTMARK, SENDGRID, SES
from pipeline.esp.own import ACTIVECAMPAIGN, GHOST, LISTMONK, MAILCHIMP

__all__ = ["DIALECTS", "Dialect", "Exported", "dialect", "export", "files_of", "unknown"]

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        one.name: one
        for one in (
            MAILCHIMP,
            SENDGRID,
            BREVO,
            KLAVIYO,
            HUBSPOT,
            CUSTOMER_IO,
            MAILGUN,
            SES,
            POSTMARK,
            MAILJET,
            ACTIVECAMPAIGN,
            LISTMONK,
            BUTTONDOWN,
            GHOST,
            JINJA,
        )
    }
)


def dialect(name: str) -> Dialect:
    """The dialect of this name. Raises a ContentError where there is none."""
    if name not in DIALECTS:
        raise ContentError(unknown(name))
    return DIALECTS[name]


def unknown(name: str) -> str:
    """What there is to say to a name that no dialect has."""
    return f"there is no ESP {name!r}{nearest(name, DIALECTS)}; these are known: {', '.join(DIALECTS)}"
