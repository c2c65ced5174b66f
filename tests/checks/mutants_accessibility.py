"""Mutants for pipeline/checks/accessibility.py and pipeline/checks/language.py."""

import re

from tests.checks.mutating import Mutants, html, in_html

WRAPPER = 'class="mail" role="article" lang="en" dir="ltr"'
ARABIC = "تجلس ليلى كل مساء على الدرج وتنتظر أن يلحق بها قلبها"


def with_hero(alt):
    """The first hero's alt, with its name."""
    return html(lambda text: re.sub(r'alt="A bedside table[^"]*"', alt, text, count=1))


MUTANTS: Mutants = {
    "A01": {
        "no language on the page": in_html('<html lang="en"', "<html"),
        "no language on the wrapper": in_html(WRAPPER, WRAPPER.replace(' lang="en"', "")),
        "a wrapper that leaves a part out": html(
            lambda text: text.replace(WRAPPER, 'class="mail" dir="ltr"').replace(
                '<div class="body">', '<div lang="en">'
            )
        ),
        "an undetermined language": in_html('lang="en"', 'lang="und"', -1),
        "a locale for a language": in_html('lang="en"', 'lang="en_US"', -1),
        "a country that there isn't": in_html('lang="en"', 'lang="en-UK"', -1),
        "a language's name": in_html('lang="en"', 'lang="english"', -1),
        "a page and its wrapper in two languages": in_html(WRAPPER, WRAPPER.replace('"en"', '"fr"')),
        "another language than the edition's": in_html('lang="en"', 'lang="de"', -1),
        "a paragraph in other letters": in_html("<p style", f"<p>{ARABIC}</p><p style"),
        "an article's paragraph whose language is empty": in_html("<p style", f'<p lang="">{ARABIC}</p><p style'),
    },
    "A02": {
        "no direction on the page": in_html('<html lang="en" dir="ltr"', '<html lang="en"'),
        "no direction on the wrapper": in_html(WRAPPER, WRAPPER.replace(' dir="ltr"', "")),
        "the wrong direction": in_html('dir="ltr"', 'dir="rtl"', -1),
        "a direction that each client guesses": in_html(WRAPPER, WRAPPER.replace('"ltr"', '"auto"')),
        "a part in Arabic that runs like the rest": in_html("<p style", f'<p lang="ar">{ARABIC}</p><p style'),
        "a column turned round by its CSS": in_html("direction:ltr;display", "direction:rtl;display"),
    },
    "A03": {
        "a table for layout without its role": in_html(' role="presentation" width="100%"', ' width="100%"'),
        "the byline's table": in_html(
            'role="presentation" border="0" cellpadding="0" cellspacing="0" class="byline"', ""
        ),
        "a table that only Outlook sees": html(
            lambda text: re.sub(r'(<!--\[if mso[^>]*><table[^>]*) role="presentation"', r"\1", text, count=1)
        ),
        "an empty role": in_html('role="presentation" width="100%"', 'role="" width="100%"'),
        "a table of data that says it is layout": in_html(
            "<p style", '<table role="none"><tr><th>Night</th><td>Hours</td></tr></table><p style'
        ),
        "a table of data without headers": in_html(
            "<p style", "<table><tr><td>Night</td><td>Hours</td></tr></table><p style"
        ),
    },
    "A04": {
        "no alt": with_hero(""),
        "an empty alt in a link": with_hero('alt=""'),
        "an alt of blanks": with_hero('alt="&nbsp; &#8203;"'),
        "a file's name": with_hero('alt="hero-klonopin-dosage-for-sleep.jpg"'),
        "a file's name without its ending": with_hero('alt="hero-klonopin-dosage-for-sleep"'),
        "a camera's name": with_hero('alt="IMG_2041"'),
        "an alt that says nothing": with_hero('alt="Image"'),
        "a very long one": with_hero(f'alt="{"a bedside table at night with a small lamp " * 8}"'),
    },
    "A06": {
        "no h1": html(lambda text: text.replace("<h1", "<div").replace("</h1>", "</div>")),
        "two h1": html(lambda text: text.replace("<h2", "<h1", 1).replace("</h2>", "</h1>", 1)),
        "an h1 that nobody sees": in_html('<h1 style="', '<h1 style="display:none;'),
        "a level skipped": html(lambda text: text.replace("<h3", "<h5").replace("</h3>", "</h5>")),
        "an empty heading": in_html("<h2 style", "<h2></h2><h2 style"),
        "a heading of blanks": in_html("<h2 style", "<h2>&nbsp;&#8203;</h2><h2 style"),
    },
}
