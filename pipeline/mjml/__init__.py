"""MJML -> HTML: refuses what is wrong, says what the engine misreads so that it reads it right, and finishes its HTML.

The only importer of mjml, which is mrml, an MJML compiler in Rust. mrml accepts unknown and misplaced tags, wrong
values and mismatched ends without a word, and changes text, so it only ever sees a document that ``document``
has read and written anew.
"""

from __future__ import annotations

import re

from mjml import mjml2html

from pipeline.errors import TemplateError, Where
from pipeline.mjml.document import Document, read
from pipeline.mjml.start_tags import unshield, unshield_classes

_TOKEN = re.compile(r"zqm(?:c([0-9]+)qz|a([0-9a-f]+)qz|k([0-9a-f]+)qz(-[a-z]+)?)")
_NEIGHBOURS = re.compile(r"<!\[endif\]-->(?<!<!--<!\[endif\]-->)\s*<!--\[if mso \| IE\]>")
_INVALID = re.compile(r' vertical-align="[a-z]*"')
_NO_ALT = re.compile(r"<img(?![^>]* alt=)")
_SPACED = re.compile(r'(<table[^>]* cellspacing="[1-9][0-9]*"[^>]* style=")')
_STYLE = '<style type="text/css">'


def compile(source: str) -> str:
    """The HTML of an MJML document. Pure.

    Each ``<mj-…>`` start tag may say in ``data-where="file:line"`` where it was written; errors speak with the
    nearest such place, or with ``mjml`` and the line. ``<mj-style inline="inline">`` comes out as
    ``<style type="text/css" data-inline>``. Raises a TemplateError, or several together.
    """
    document = read(source)
    return _finish(_compile(document.mjml), document)


def _compile(document: str) -> str:
    try:
        # Without fonts={} most mails get a link to a font service that nobody asked for.
        return mjml2html(document, fonts={})
    except ValueError as error:
        raise _refusal(error) from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":  # A panic in Rust is no Exception.
            raise
        raise _refusal(error) from error


def _refusal(error: BaseException) -> TemplateError:
    return TemplateError(f"the MJML compiler can't read this document: {error}", Where("mjml"))


def _finish(html: str, document: Document) -> str:
    """The engine's HTML with what it never saw put back, and with what it does worse than the reference put right.

    Everything is done before the contents are back, so only the engine's own markup is touched.
    """
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)  # In lower case, premailer drops it: quirks mode.
    html = _NEIGHBOURS.sub("", html)
    html = _INVALID.sub("", html)
    html = _NO_ALT.sub('<img alt=""', html)
    html = html.replace("font-size:1px;color:#ffffff;", "font-size:1px;", 1)  # White text costs SpamAssassin points.
    html = _SPACED.sub(r"\1border-collapse:separate;", html)
    html = html.replace("@media screen, yahoo {", "@media screen yahoo {")  # Else a carousel's arrows show nowhere.
    for tag in ("<tbody>", "<tr>", "</tr>", "</style>"):  # White space says nothing there, and lines stay short.
        html = html.replace(f"{tag}<", f"{tag}\n<")
    for number in document.inline:
        html = html.replace(f"{_STYLE}zqmc{number}qz", f"{_STYLE[:-1]} data-inline>zqmc{number}qz", 1)

    def restore(found: re.Match[str]) -> str:
        number, text, classes, suffix = found.groups()
        if number:
            return document.contents[int(number)]
        return unshield(text) if text else unshield_classes(classes, suffix or "")

    return _TOKEN.sub(restore, html)
