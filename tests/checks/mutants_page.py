"""Mutants for pipeline/checks/page.py."""

import re

from tests.checks.mutating import Mutants, Mutation, html, in_html, with_subject


def in_head(what: str) -> Mutation:
    return in_html("</head>", what + "</head>")


def in_body(what: str) -> Mutation:
    """Put it behind the first paragraph of a block."""
    return in_html("</p>", "</p>" + what)


def on_link(attribute: str) -> Mutation:
    """One more attribute on the last link."""
    return html(lambda text: (lambda at: text[:at] + f"<a {attribute}" + text[at + 2 :])(text.rindex("<a ")))


def last(old: str, new: str) -> Mutation:
    """Write ``new`` for the last ``old`` in the HTML."""
    return html(lambda text: new.join(text.rsplit(old, 1)))


def without_widths(text: str) -> str:
    return re.sub(r'(<img [^>]*?)\swidth="\d+"', r"\1", text)


MUTANTS: Mutants = {
    "H01": {
        "no doctype": in_html("<!DOCTYPE html>", ""),
        "the doctype of XHTML": in_html(
            "<!DOCTYPE html>",
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
            ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
        ),
        "a comment before it": in_html("<!DOCTYPE html>", "<!-- made by a machine --><!DOCTYPE html>"),
        "words before it": in_html("<!DOCTYPE html>", "None<!DOCTYPE html>"),
    },
    "H03": {
        "one <style> that is too long": in_head(f"<style>{'.card { color: #22302f; }' * 800}</style>"),
        "several, too long together": in_head(f"<style>{'.card { color: #22302f; }' * 300}</style>" * 3),
        "letters of three bytes": in_head(f"<style>.card::before {{ content: '{'न' * 6000}'; }}</style>"),
        "a font": in_head(
            "<style>@font-face { font-family: A; src: url(https://assets.example.com/a.woff2); }</style>"
        ),
        "a background picture": in_html(".half {", ".half { background: URL('https://assets.example.com/a.png');"),
        "a font in a media query": in_head("<style>@media screen { @font-face { font-family: A; } }</style>"),
        "@supports in a media query": in_head(
            "<style>@media screen { @supports (display: grid) { .card { display: grid; } } }</style>"
        ),
    },
    "H04": {
        "a script": in_body("<script>track()</script>"),
        "a script that a control character hides": in_body("<scr\x01ipt>track()</scr\x01ipt>"),
        "a script behind an attribute's single quotation mark": in_body(
            '<p title=a"><script>x()</script><p title="b"></p>'
        ),
        "a form": in_body('<form action="https://blog.example.com/search"></form>'),
        "a web font's link": in_head('<link rel="stylesheet" href="https://assets.example.com/a.css">'),
        "a base": in_head('<base href="https://blog.example.com/">'),
        "a refresh": in_head('<meta http-equiv="Refresh" content="0; url=https://blog.example.com/">'),
        "an event": in_html("<img ", '<img onerror="x()" '),
        "an event with a slash for a space": in_html("<img ", "<img/OnLoad=x() "),
        "a javascript: URL": on_link('data-x="1" href="javascript:x()"'),
        "one written with references": on_link('href="&#106;ava&Tab;script&colon;x()"'),
        "one with line breaks": on_link('href=" java\n\tscript:x()"'),
        "a picture in the HTML itself": in_html('src="https:', 'src="data:image/png;base64,AAAA" data-src="https:'),
        "an import": in_html(".half {", "@import 'https://assets.example.com/a.css'; .half {"),
        "an import written with escapes": in_head("<style>@\\69mport 'https://assets.example.com/a.css';</style>"),
        "a data: URL in a style": in_html('style="', 'style="background: url( &quot;data:image/png,x&quot; ); '),
        "an object for Outlook only": in_body("<!--[if mso]><object></object><![endif]-->"),
        "a javascript: URL in VML": in_body('<!--[if mso]><v:rect href="javascript:x()"></v:rect><![endif]-->'),
        "an iframe for all but Outlook": in_body("<!--[if !mso]><!--><iframe></iframe><!--<![endif]-->"),
    },
    "H07": {
        "an end too few": last("<![endif]-->", ""),
        "an end too many": in_body("<![endif]-->"),
        "a comment in it": in_html("<!--[if mso | IE]>", "<!--[if mso | IE]><!-- a table for Outlook -->"),
        "an arrow in it": in_html("<!--[if mso | IE]>", "<!--[if mso | IE]>-- here --> "),
        "one in another": in_body("<!--[if mso]><!--[if gte mso 12]>a<![endif]--><![endif]-->"),
        "shown to others and never closed": in_html("<!--<![endif]-->", ""),
        "hidden from everyone": in_body("<!--[if !mso]><p>Good morning</p><![endif]-->"),
        "a mark with a space in it": in_body("<!-- [if mso]>a<![endif]-->"),
        "a mark that isn't one": in_body("<!--[if mso]--><table></table><!--[endif]-->"),
        "a table for Outlook that isn't closed": last("</table><![endif]-->", "<![endif]-->"),
        "a cell for Outlook too many": in_html("<!--[if mso | IE]></td>", "<!--[if mso | IE]></td></td>"),
        "never closed": html(lambda text: text[: text.rindex("<![endif]-->")] + "</body></html>"),
    },
    "H09": {
        "no width": html(without_widths),
        "a width in percent": in_html('width="48"', 'width="100%"'),
        "no src": in_html(' src="', ' data-src="'),
        "an empty src": in_html(' src="https://assets.example.com/newsletter/images/logo.png"', ' src=""'),
        "http": in_html(' src="https:', ' src="http:'),
        "a path": in_html(' src="https://assets.example.com/', ' src="/'),
        "an attachment": in_html(' src="https://assets.example.com/newsletter/images/', ' src="cid:'),
        "a private host": in_html(' src="https://assets.example.com/', ' src="https://localhost:8000/'),
        "a background by http": in_html("<td ", '<td background="http://assets.example.com/a.png" '),
    },
    "H16": {
        "a tag that isn't closed": in_body("<b>Sleep well"),
        "tags that cross": in_body("<b><i>Sleep</b> well</i>"),
        "an end without a beginning": in_body("</div>"),
        "a table in a paragraph": in_body("<p>See<table role='presentation'><tr><td>a</td></tr></table></p>"),
        "a box in a line": in_body("<span><div>a</div></span>"),
        "a link in a link": in_body('<a href="https://a.example.com/">a<a href="https://b.example.com/">b</a></a>'),
        "a box between cells": last("<tr>", "<tr><div>a</div>"),
        "a <meta> without content": in_html('name="viewport" content=', 'name="viewport" data-content='),
        "an attribute twice": in_html("<img ", '<img alt="a" '),
        "an id twice": in_body('<p id="a">a</p><p id="a">b</p>'),
        "a tag of MJML": in_body("<mj-text>a</mj-text>"),
        "an attribute that there isn't": on_link('hrf="https://blog.example.com/"'),
        "a quotation mark left open": last('role="presentation"', 'role="presentation'),
        "a box that closes itself": in_body("<div/>"),
        "a name of a character that there isn't": in_body("<p>a &nbps; b</p>"),
        "an & that is read as a character": in_body("<p>a &copy b</p>"),
        "a bare <": in_body("<p>5 < 6</p>"),
        "an obsolete element": in_body("<center>a</center>"),
    },
    "A05": {
        "no title": in_html("<title>Sleep better this week</title>", ""),
        "an empty title": in_html("<title>Sleep better this week</title>", "<title> </title>"),
        "another title": in_html("<title>Sleep better", "<title>Rest better"),
        "another subject": with_subject("Rest better this week"),
        "two titles": in_html("</title>", "</title><title>Sleep better this week</title>"),
    },
}
