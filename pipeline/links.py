"""The newsletter's UTM parameters on links that lead to its own blog, and on no others.

A URL is never taken apart and put together again, which would change what its writer encoded: the parameters
are put in where its query ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit

# The elements whose href a reader can follow; v: is Outlook's VML.
_TAG = re.compile(r"""<(?:a|area|v:[a-z]+)\s(?:[^"'<>]++|"[^"]*+"|'[^']*+')+>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);")
_URL = re.compile(r"<(?P<whole>https?://[^\s<>]+)>|https?://[^\s<>\"]+", re.IGNORECASE)
_PUNCTUATION = ".,;:!?…'’”»"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def with_utm(url: str, utm: Mapping[str, str], host: str) -> str:
    """The URL with ``utm_<name>=<value>`` for each of ``utm`` whose value isn't empty, if it leads to ``host`` or to
    a sub-domain of it over http(s).

    A parameter that the URL has already stays as it is. Anything else comes back unchanged: mailto, fragments,
    relative URLs, a merge field's token, what is no URL.
    """
    parts = _own(url, host)
    if parts is None:
        return url
    there = {unquote_plus(part.partition("=")[0]) for part in parts.query.split("&")}
    missing = [parameter for name, parameter in _parameters(tuple(utm.items())) if name not in there]
    if not missing:
        return url
    before, mark, fragment = url.partition("#")
    _, asked, query = before.partition("?")
    joint = "?" if not asked else "&" if query and not query.endswith("&") else ""
    return f"{before}{joint}{'&'.join(missing)}{mark}{fragment}"


def html_with_utm(html: str, utm: Mapping[str, str], host: str) -> str:
    """The HTML with the parameters in each href, in Outlook's conditional comments too."""

    def attribute(found: re.Match[str]) -> str:
        if found[1].lower() != "href":
            return found[0]
        value = found[2] if found[2] is not None else found[3]
        url = _REFERENCE.sub(lambda reference: unescape(reference[0]), value)
        linked = with_utm(url, utm, host)
        return found[0] if linked == url else f'{found[1]}="{_escape(linked)}"'

    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(attribute, tag[0]), html)


def text_with_utm(text: str, utm: Mapping[str, str], host: str) -> str:
    """Plain text with the parameters in each URL; the punctuation behind a URL isn't taken for a part of it."""

    def linked(found: re.Match[str]) -> str:
        if found["whole"]:
            return f"<{with_utm(found['whole'], utm, host)}>"
        url = _without_punctuation(found[0])
        return with_utm(url, utm, host) + found[0][len(url) :]

    return _URL.sub(linked, text)


@lru_cache(maxsize=64)
def _parameters(utm: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The name of each parameter, and the parameter as it stands in a query."""
    return [(f"utm_{name}", f"utm_{name}={quote(value, safe='')}") for name, value in utm if value]


@lru_cache(maxsize=4096)
def _own(url: str, host: str) -> SplitResult | None:
    """The parts of a URL that leads to the host; None for any other."""
    try:
        parts = urlsplit(url)
        name = _ascii(parts.hostname or "")
    except ValueError:
        return None
    own = _ascii(host)
    leads = bool(own) and parts.scheme in ("http", "https") and (name == own or name.endswith(f".{own}"))
    return parts if leads and url == url.strip() else None


@lru_cache(maxsize=1024)
def _ascii(host: str) -> str:
    """Markdown writes hosts in the ASCII form of IDNA, people don't."""
    try:
        return host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return host.lower()


def _escape(url: str) -> str:
    return url.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _without_punctuation(url: str) -> str:
    """The URL without what closes the sentence or the bracket around it."""
    while url[-1] in _PUNCTUATION or (url[-1] in _BRACKETS and url.count(url[-1]) > url.count(_BRACKETS[url[-1]])):
        url = url[:-1]
    return url
