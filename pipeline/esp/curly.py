"""The dialects of ``{{ value|filter }}`` and ``{% if %}``: Django's, Liquid's, Jinja's, and Mailjet's own.

Each of them knows ``{{``, ``{%`` and, all but Liquid and Mailjet, ``{#``. Texts stand between single quotation marks
where the language has them, because a tag may stand in an attribute.
"""

from __future__ import annotations

import re

from pipeline.esp.dialect import Conditions, Dialect, everywhere

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BEGINS = re.compile(r"\{(?=[{%])")
_COMMENTED = re.compile(r"\{(?=[{%#])")
_LITERAL = "{{ 'OPEN' }}"
_IF = ("{% if TEST %}", "{% else %}", "{% endif %}")

CUSTOMER_IO = Dialect(
    name="customerio",
    title="Customer.io",
    pages=(
        "https://docs.customer.io/journeys/using-liquid",
        "https://customer.io/docs/liquid-tag-list/",
    ),
    # Liquid escapes nothing by itself. url_encode writes a blank as "+", which means a blank in a query only.
    prints=everywhere("{{ VALUE | escape }}", "{{ VALUE }}", "{{ VALUE | url_encode | replace: '+', '%20' }}"),
    others="customer.{}".format,
    urls={
        "unsubscribe_url": "{% unsubscribe_url %}",
        "preferences_url": "{% manage_subscription_preferences_url %}",
        "web_url": "{% view_in_browser_url %}",
    },
    joins="FIELD | join: ', '",
    falls_back="VALUE | default: 'FALLBACK'",
    # Only blank is nothing: an empty text is true in Liquid. There is no `not`.
    conditions=Conditions(
        *_IF,
        known=("FIELD != blank", "FIELD == blank"),
        equals=("FIELD == 'ITEM'", "FIELD != 'ITEM'"),
        has=("FIELD contains 'ITEM'", ""),
        either=" or ",
    ),
    tag=_TAG,
    begins=_BEGINS,
    literal=_LITERAL,
    limits=(
        "no comparison of dates: they are numbers there, seconds since 1970",
        "needs the latest Liquid: messages of accounts from before November 2023 know no `default`",
    ),
)

KLAVIYO = Dialect(
    name="klaviyo",
    title="Klaviyo",
    pages=(
        "https://developers.klaviyo.com/en/docs/glossary_of_variable_filters",
        "https://developers.klaviyo.com/en/docs/use-conditionals-in-messages",
        "https://help.klaviyo.com/hc/en-us/articles/115006054267",
    ),
    # Django escapes by itself; `safe` says that it needn't. urlencode:"" leaves no "/" as it is.
    prints=everywhere("{{ VALUE }}", "{{ VALUE|safe }}", "{{ VALUE|urlencode:'' }}"),
    fields={"first_name": "first_name", "last_name": "last_name", "email": "email"},
    others="person|lookup:'{}'".format,
    urls={
        "unsubscribe_url": "{% unsubscribe_link %}",
        "preferences_url": "{% manage_preferences_link %}",
        "web_url": "{% web_view_link %}",
    },
    joins="FIELD|join:', '",
    # What isn't there may be None, and is then written so.
    falls_back="VALUE|default:'FALLBACK'",
    always_falls_back=True,
    conditions=Conditions(
        *_IF,
        known=("FIELD", "not FIELD"),
        equals=("FIELD == 'ITEM'", "not FIELD == 'ITEM'"),
        has=("'ITEM' in FIELD", "not 'ITEM' in FIELD"),
        either=" or ",
    ),
    tag=_TAG,
    begins=_COMMENTED,
    literal=_LITERAL,
    limits=("no comparison of dates", "not found: whether subjects are escaped too; `safe` is right either way"),
)

BUTTONDOWN = Dialect(
    name="buttondown",
    title="Buttondown",
    pages=(
        "https://docs.buttondown.com/using-templating",
        "https://github.com/buttondown/docs/blob/main/pages/odds-and-ends/template-variables.mdx",
        "https://docs.buttondown.com/advanced-features/metadata",
    ),
    prints=KLAVIYO.prints,
    fields={"email": "subscriber.email"},
    others="subscriber.metadata.{}".format,
    urls={
        "unsubscribe_url": "{{ unsubscribe_url }}",
        "preferences_url": "{{ manage_subscription_url }}",
        "web_url": "{{ email_url }}",
    },
    joins=KLAVIYO.joins,
    falls_back=KLAVIYO.falls_back,
    always_falls_back=True,
    conditions=KLAVIYO.conditions,
    tag=_TAG,
    begins=_COMMENTED,
    literal=_LITERAL,
    limits=("no comparison of dates", "a list must be one in the metadata: in a text, `in` finds parts of words too"),
)

BREVO = Dialect(
    name="brevo",
    title="Brevo",
    pages=(
        "https://help.brevo.com/hc/en-us/articles/4402386448530",
        "https://help.brevo.com/hc/en-us/articles/4405381108626",
        "https://help.brevo.com/hc/en-us/articles/360001030599",
    ),
    prints=everywhere("{{ VALUE }}", "{{ VALUE }}"),
    fields={"first_name": "contact.FIRSTNAME", "last_name": "contact.LASTNAME"},
    others=lambda name: f"contact.{name.upper()}",
    urls={
        "unsubscribe_url": "{{ unsubscribe }}",
        "preferences_url": "{{ update_profile }}",
        "web_url": "{{ mirror }}",
    },
    falls_back="VALUE|default:'FALLBACK'",
    # Whether `not` binds as in Django wasn't found, so there is none: what isn't to be stands before {% else %}.
    conditions=Conditions(*_IF, known=("FIELD", ""), equals=("FIELD == 'ITEM'", "FIELD != 'ITEM'"), either=" or "),
    tag=_TAG,
    begins=_COMMENTED,
    literal=_LITERAL,
    limits=(
        "no question to a list, no comparison of dates",
        "not found: a filter that encodes a part of an address, and whether HTML is escaped in the plain text",
    ),
)

HUBSPOT = Dialect(
    name="hubspot",
    title="HubSpot",
    pages=(
        "https://developers.hubspot.com/docs/guides/cms/content/data-driven-content/emails-with-programmable-content",
        "https://knowledge.hubspot.com/articles/kcs_article/cos-general/what-options-do-i-have-to-allow-my-contacts-to-unsubscribe",
        "https://developers.hubspot.com/docs/llms-full.txt",
    ),
    # HubL's urlencode is Java's, which writes a blank as "+".
    prints=everywhere("{{ VALUE|escape_html }}", "{{ VALUE }}", "{{ VALUE|urlencode|replace('+', '%20') }}"),
    fields={"first_name": "contact.firstname", "last_name": "contact.lastname", "email": "contact.email"},
    others=lambda name: f"contact.{name.lower()}",
    urls={
        "unsubscribe_url": "{{ unsubscribe_link_all }}",
        "preferences_url": "{{ unsubscribe_link }}",
        "web_url": "{{ view_as_page_url }}",
    },
    # The one fallback that every kind of e-mail there knows.
    falls_back="personalization_token('VALUE', 'FALLBACK')",
    # A property of several values is one text there, with semicolons.
    conditions=Conditions(
        *_IF,
        known=("FIELD", "not FIELD"),
        equals=("FIELD == 'ITEM'", "FIELD != 'ITEM'"),
        has=("'ITEM' in FIELD|split(';')", "not ('ITEM' in FIELD|split(';'))"),
        either=" or ",
    ),
    tag=_TAG,
    begins=_COMMENTED,
    literal=_LITERAL,
    limits=(
        "conditions, and fallbacks with quotation marks or braces, need an e-mail with programmable content",
        "no comparison of dates: they are numbers there, milliseconds since 1970",
        "not found: whether HubSpot escapes a contact's properties by itself",
    ),
)

JINJA = Dialect(
    name="jinja",
    title="Jinja2",
    pages=("https://jinja.palletsprojects.com/en/stable/templates/",),
    # Right with autoescaping and without. urlencode leaves a "/" as it is.
    prints=everywhere("{{ VALUE|e }}", "{{ VALUE }}", "{{ VALUE|urlencode|replace('/', '%2F') }}"),
    others=str,
    urls={"unsubscribe_url": "", "preferences_url": "", "web_url": ""},
    joins="FIELD|join(', ')",
    falls_back="VALUE|default('FALLBACK', true)",
    conditions=Conditions(
        *_IF,
        known=("FIELD", "not FIELD"),
        equals=("FIELD == 'ITEM'", "FIELD != 'ITEM'"),
        has=("FIELD and 'ITEM' in FIELD", "not (FIELD and 'ITEM' in FIELD)"),
        compares=("(FIELD and FIELD SIGN 'DATE')", "not (FIELD and FIELD SIGN 'DATE')"),
        either=" or ",
    ),
    tag=re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL),
    begins=_COMMENTED,
    literal=_LITERAL,
    limits=("for a program of your own, in which lists are lists, and dates texts such as 2026-11-24",),
)

MAILJET = Dialect(
    name="mailjet",
    title="Mailjet",
    pages=("https://dev.mailjet.com/template-language/reference/",),
    prints=everywhere("{{VALUE}}", "{{VALUE}}", "{{UrlEncode(VALUE)}}"),
    fields={"first_name": "data:firstname", "last_name": "data:lastname", "email": "mj:contact.email"},
    others="data:{}".format,
    urls={"unsubscribe_url": "{{mj:unsub_link}}", "web_url": "[[PERMALINK]]"},
    # A value that is missing and has no fallback is an error there, and the message isn't sent.
    falls_back='VALUE:"FALLBACK"',
    always_falls_back=True,
    conditions=Conditions(
        *_IF,
        known=('FIELD:"" != ""', 'FIELD:"" = ""'),
        equals=('FIELD:"" = "ITEM"', 'FIELD:"" != "ITEM"'),
        either=" or ",
    ),
    tag=re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\[\[[A-Z_]+\]\]", re.DOTALL),
    begins=re.compile(r"\{(?=[{%])|\[(?=\[[A-Z_]+\]\])"),
    limits=(
        "no question to a list, no comparison of dates",
        "not found: what Escape() does, so HTML in a value isn't escaped",
        "not found: a tag for the page of preferences; the newsletter's own stands there",
        "plain text can hold no `{{`",
        "a fallback within an attribute has quotation marks in it: give the HTML as code",
    ),
)
