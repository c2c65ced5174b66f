"""The dialects that are like no other: Mailchimp's, ActiveCampaign's and Ghost's own, and listmonk's Go templates."""

from __future__ import annotations

import re

from pipeline.esp.dialect import Conditions, Dialect, everywhere

MAILCHIMP = Dialect(
    name="mailchimp",
    title="Mailchimp",
    pages=(
        "https://mailchimp.com/help/all-the-merge-tags-cheat-sheet/",
        "https://mailchimp.com/developer/marketing/docs/merge-fields/",
        "https://mandrill.zendesk.com/hc/en-us/articles/360039278713-About-Dynamic-and-Conditional-Merge-Tags",
    ),
    prints=everywhere("*|VALUE|*", "*|VALUE|*"),
    fields={"first_name": "FNAME", "last_name": "LNAME", "token": "UNIQID"},
    others=str.upper,
    urls={"unsubscribe_url": "*|UNSUB|*", "preferences_url": "*|UPDATE_PROFILE|*", "web_url": "*|ARCHIVE|*"},
    conditions=Conditions(
        "*|TEST|*",
        "*|ELSE:|*",
        "*|END:IF|*",
        known=("IF:FIELD", "IFNOT:FIELD"),
        equals=("IF:FIELD=ITEM", "IF:FIELD!=ITEM"),
    ),
    tag=re.compile(r"\*\|[^|\n]*\|\*"),
    begins=re.compile(r"\*(?=\|)"),
    limits=(
        "a field's own merge tag has 10 characters at most",
        "no question to a list (groups have tags with the audience's own names), no comparison of dates",
        "not found: a way to encode a part of an address, and whether values are escaped for HTML",
        "plain text can hold no `*|`",
    ),
)

ACTIVECAMPAIGN = Dialect(
    name="activecampaign",
    title="ActiveCampaign",
    pages=(
        "https://activecampaign.design/docs/patterns/personalization",
        "https://help.activecampaign.com/hc/en-us/articles/220709307",
    ),
    prints=everywhere("%VALUE%", "%VALUE%"),
    fields={"first_name": "FIRSTNAME", "last_name": "LASTNAME"},
    others=str.upper,
    urls={"unsubscribe_url": "%UNSUBSCRIBELINK%", "preferences_url": "%UPDATELINK%", "web_url": "%WEBCOPY%"},
    conditions=Conditions(
        "%IF TEST%", "%ELSE%", "%/IF%", known=("$FIELD", ""), equals=("$FIELD == 'ITEM'", "$FIELD != 'ITEM'")
    ),
    tag=re.compile(r"%(?:/?IF\b[^%\n]*|ELSE(?:IF\b[^%\n]*)?|[A-Z][A-Z0-9_-]{2,})%"),
    begins=re.compile(r"%(?=(?:/?IF\b[^%\n]*|ELSE(?:IF\b[^%\n]*)?|[A-Z][A-Z0-9_-]{2,})%)"),
    limits=(
        "no question to a list, no comparison of dates",
        "not found: the page on conditions itself; they are written here as others write them, so send a test",
        "not found: a way to encode a part of an address, and whether values are escaped for HTML",
        "plain text can hold nothing that looks like one of its tags",
    ),
)

GHOST = Dialect(
    name="ghost",
    title="Ghost",
    pages=(
        "https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/email-service/lib/email-renderer.js",
        "https://www.magicpages.co/email-personalization-in-ghost",
    ),
    prints=everywhere("%%{VALUE}%%", "%%{VALUE}%%"),
    fields={"first_name": "first_name", "name": "name", "email": "email", "token": "uuid", "status": "status"},
    urls={"unsubscribe_url": "%%{unsubscribe_url}%%", "preferences_url": "%%{manage_account_url}%%"},
    falls_back='VALUE, "FALLBACK"',
    tag=re.compile(r"%%\{[^}\n]*\}%%"),
    begins=re.compile(r"%(?=%\{)"),
    limits=(
        "knows a member's name, first name, address, status and id, and no other field",
        "no conditions, and no way to encode a part of an address",
        "no page of theirs in the browser; the newsletter's own stands there",
        "for an HTML card: Ghost documents none of this, it was read from its source",
        "not found: whether values are escaped for HTML",
    ),
)

LISTMONK = Dialect(
    name="listmonk",
    title="listmonk",
    pages=("https://listmonk.app/docs/templating", "https://masterminds.github.io/sprig/"),
    # html/template escapes by where the tag stands, and lets urlquery come last only.
    prints=everywhere("{{ VALUE }}", "{{ VALUE }}", "{{ VALUE | urlquery }}"),
    fields={
        "first_name": ".Subscriber.FirstName",
        "last_name": ".Subscriber.LastName",
        "name": ".Subscriber.Name",
        "email": ".Subscriber.Email",
        "token": ".Subscriber.UUID",
    },
    others=".Subscriber.Attribs.{}".format,
    urls={
        "unsubscribe_url": "{{ UnsubscribeURL }}",
        "preferences_url": "{{ UnsubscribeURL }}?manage=true",
        "web_url": "{{ MessageURL }}",
    },
    joins='FIELD | join ", "',
    falls_back='VALUE | default "FALLBACK"',
    always_falls_back=True,
    conditions=Conditions(
        "{{ if TEST }}",
        "{{ else }}",
        "{{ end }}",
        known=("FIELD", "not FIELD"),
        equals=('eq FIELD "ITEM"', 'ne FIELD "ITEM"'),
        has=('has "ITEM" FIELD', 'not (has "ITEM" FIELD)'),
    ),
    tag=re.compile(r"\{\{.*?\}\}", re.DOTALL),
    begins=re.compile(r"\{(?=\{)"),
    literal='{{ "OPEN" }}',
    limits=(
        "no comparison of dates",
        "in a plain text's addresses, a blank in a value becomes a +",
        "not tried with Go's own templates: there are none outside Go",
    ),
)
