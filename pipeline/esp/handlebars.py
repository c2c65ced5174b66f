"""The dialects of Handlebars: ``{{value}}`` escapes for HTML, ``{{{value}}}`` doesn't, and ``{{#if value}}`` asks.

None of them can encode a part of an address.
"""

from __future__ import annotations

import re

from pipeline.esp.dialect import Conditions, Dialect, everywhere

_PRINTS = everywhere("{{VALUE}}", "{{{VALUE}}}")
_TAG = re.compile(r"\{\{\{.*?\}\}\}|\{\{.*?\}\}", re.DOTALL)
_BEGINS = re.compile(r"\{(?=\{)")
_BLOCK = ("{{#TEST}}", "{{else}}", "{{/WORD}}")
_NO_ENCODING = "no way to encode a part of an address"

SENDGRID = Dialect(
    name="sendgrid",
    title="SendGrid",
    pages=("https://www.twilio.com/docs/sendgrid/for-developers/sending-email/using-handlebars",),
    prints=_PRINTS,
    others=str,
    urls={"unsubscribe_url": "{{{unsubscribe}}}", "preferences_url": "{{{unsubscribe_preferences}}}"},
    conditions=Conditions(*_BLOCK, known=("if FIELD", ""), equals=('equals FIELD "ITEM"', "")),
    tag=re.compile(rf"{_TAG.pattern}|<%.*?%>|\[(?:Unsubscribe(?:_Preferences)?|Weblink)\]", re.DOTALL),
    begins=_BEGINS,
    literal="\\OPEN",
    limits=(
        _NO_ENCODING,
        "no question to a list, no comparison of dates",
        "not found: a tag for the page in the browser; the newsletter's own stands there",
    ),
)

MAILGUN = Dialect(
    name="mailgun",
    title="Mailgun",
    pages=(
        "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-templates",
        "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending",
    ),
    prints=_PRINTS,
    others=str,
    urls={"unsubscribe_url": "%unsubscribe_url%"},
    conditions=Conditions(*_BLOCK, known=("if FIELD", ""), equals=('equal FIELD "ITEM"', "")),
    tag=re.compile(rf"{_TAG.pattern}|%(?:recipient[._][\w.-]+|(?:tag_|mailing_list_)?unsubscribe_\w+)%", re.DOTALL),
    begins=re.compile(r"\{(?=\{)|%(?=(?:recipient[._][\w.-]+|(?:tag_|mailing_list_)?unsubscribe_\w+)%)"),
    limits=(
        _NO_ENCODING,
        "no question to a list, no comparison of dates",
        "for a template of theirs: the variables are given with each message, and a plain text can hold no `{{`",
        "no pages of theirs for preferences and the browser; the newsletter's own stand there",
    ),
)

SES = Dialect(
    name="ses",
    title="Amazon SES",
    pages=(
        "https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html",
        "https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html",
    ),
    prints=everywhere("{{VALUE}}", "{{VALUE}}"),
    others=str,
    urls={"unsubscribe_url": "{{amazonSESUnsubscribeUrl}}"},
    conditions=Conditions(*_BLOCK, known=("if FIELD", "")),
    tag=_TAG,
    begins=_BEGINS,
    literal="\\OPEN",
    limits=(
        "escapes nothing: whoever sends must escape the values for HTML",
        _NO_ENCODING,
        "conditions ask whether a field is known, and nothing else",
        "no pages of theirs for preferences and the browser; the newsletter's own stand there",
    ),
)

POSTMARK = Dialect(
    name="postmark",
    title="Postmark",
    pages=(
        "https://postmarkapp.com/support/article/1077-template-syntax",
        "https://postmarkapp.com/support/article/1100-templates-faq",
    ),
    prints=_PRINTS,
    others=str,
    urls={"unsubscribe_url": "{{{ pm:unsubscribe_url }}}"},
    sections="{{#FIELD}}TAG{{/FIELD}}{{^FIELD}}FALLBACK{{/FIELD}}",
    item=".",
    tag=_TAG,
    begins=_BEGINS,
    limits=(
        _NO_ENCODING,
        "no conditions: a section changes what every name in it means, and no value is compared",
        "no pages of theirs for preferences and the browser; the newsletter's own stand there",
        "plain text can hold no `{{`",
    ),
)
