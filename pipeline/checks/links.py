"""Where links lead, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.checks.reading import active, hosts, markup, naming, residue
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.errors import Where
from pipeline.model import Article, Track

_INVISIBLE = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_BLANK = re.compile(r"[\s\\]")
_DIGIT = re.compile(r"\d")
# A link text that people take for an address. Of names with a dot in them only those count that stand alone.
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[^\s/:?#@.,;()]+\.)+(?P<last>[^\W\d_]{2,}|xn--[\w-]+)(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>]+@(?:[^\s@<>.]+\.)+[^\s@<>.]+")
_AROUND = " .,;:!?…'\"’‘”“»«()[]{}<>→←"
# What a host ends with that people write without anything around it, beside the countries' two letters; and what two
# letters files end with. os.path and St.Gallen are no hosts.
_TOP = frozenset(("app", "biz", "blog", "com", "dev", "edu", "gov", "info", "int", "mil", "name", "net", "org", "shop"))
_FILES = frozenset(("cc", "go", "js", "md", "mk", "pl", "ps", "py", "rb", "rs", "sh", "so", "ts", "vb"))


@rule(
    "H05",
    "link-targets",
    "error",
    reason="The reader presses, and nothing opens, or only on the machine of whoever wrote the mail.",
    remedy="Write the whole address, https://…, in the article, the edition or newsletter.toml; declare merge fields.",
    source="https://www.rfc-editor.org/rfc/rfc3986#section-4.3 (RFC 3986, absolute URIs); RFC 6761 and RFC 6890 for"
    " names and addresses that are private",
)
def link_targets(mail: Mail) -> Iterator[Fault]:
    yield from grouped(dict.fromkeys(_targets(mail)))
    yield from grouped([*residue.in_attributes(mail), *residue.in_words(mail)])
    yield from (Fault(message, where) for message, where in dict.fromkeys(residue.beside(mail)))


def _targets(mail: Mail) -> Iterator[tuple[str, Where]]:
    told = set()
    for link in mail.links:
        href = link.get("href")
        told.add(href)
        wrong = "" if mail.has_service_tag(href) else _wrong_target(href)
        if href.startswith("#") and len(href) > 1 and not _is_anchor(mail, href[1:]):
            wrong = f"leads to {quoted(href)}, which is nowhere in the mail"
        if wrong:
            yield f"the link {_label(mail, link)} {wrong}", mail.place(link)
    for (name, text, hidden), offset in markup.tags(mail).items():
        if hidden and "href" in text:
            targets = [one.value for one in markup.attributes(text) if one.name == "href" and one.value not in told]
            targets = [one for one in targets if not mail.has_service_tag(one)]
            for wrong in filter(None, map(_wrong_target, targets)):
                yield f"the link <{name}> for Outlook {wrong}", markup.place(mail, offset)


def _label(mail: Mail, link: Any) -> str:
    return quoted(naming.name_of(mail, link) or text_of(link, alt=True) or link.get("href"))


@lru_cache(maxsize=4096)
def _wrong_target(href: str) -> str:
    """What is wrong with a link's address; "" also where that is told otherwise: a place in the mail, residue, H04."""
    url = href.strip()
    if url in ("", "#"):
        return f'leads nowhere: its href is "{url}"'
    if url.startswith("#") or residue.in_url(url) or active.is_active(url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"leads to {quoted(url)}, which is no URL"
    if parts.scheme in ("mailto", "tel", "sms"):
        return _wrong_contact(parts.scheme, parts.path, url)
    if not parts.scheme:
        return f"leads to {quoted(url)}, which means nothing outside of a web page; write https://…"
    if parts.scheme != "https":
        return f"leads to {quoted(url)}; a mail's links begin with https:, mailto:, tel: or sms:"
    if _BLANK.search(url) or port == 0:
        return f"leads to {quoted(url)}, which no client reads as it is written"
    if "@" in parts.netloc:
        return f"leads to {quoted(url)}, which names a user in front of its host"
    wrong = hosts.wrong_host(host)
    return f"leads to {wrong}" if wrong else ""


def _leads(href: str) -> bool:
    """Whether a link has a target that can be compared with others'."""
    return not (_wrong_target(href) or href.startswith("#") or residue.in_url(href) or active.is_active(href))


def _wrong_contact(scheme: str, path: str, url: str) -> str:
    if scheme != "mailto":
        return f"leads to {quoted(url)}, which has no number" if scheme == "tel" and not _DIGIT.search(path) else ""
    addresses = [one.strip() for one in unquote(path).split(",") if one.strip()]
    if (addresses or "?" in url) and all(_ADDRESS.fullmatch(one) for one in addresses):
        return ""
    return f"leads to {quoted(url)}, which is no e-mail address"


def _is_anchor(mail: Mail, name: str) -> bool:
    names = (name, unquote(name))
    return any(one.get("id") in names or (one.tag == "a" and one.get("name") in names) for one in mail.elements)


@rule(
    "H06",
    "link-text-host",
    "error",
    reason="A text that names one site and leads to another is how phishing looks: filters take it for that.",
    remedy="Let the link's text name its own target, or say in words where it leads.",
    source="https://www.rfc-editor.org/rfc/rfc3986#section-7.6 (RFC 3986, semantic attacks)",
)
def link_text_host(mail: Mail) -> Iterator[Fault]:
    found = []
    for link in mail.links:
        text = _INVISIBLE.sub("", text_of(link, mail.hidden))
        if "." in text and (other := _other_target(text, link.get("href").strip())):
            found.append((f"the link {quoted(text)} leads to {other}", mail.place(link)))
    yield from grouped(found)


@lru_cache(maxsize=2048)
def _other_target(text: str, href: str) -> str:
    """Where a link leads instead of where its text says; "" where both are the same, or the text says nothing."""
    try:
        target = urlsplit(href)
        host = target.hostname or ""
    except ValueError:
        return ""
    if target.scheme not in ("http", "https", "mailto"):
        return ""
    mailto = target.scheme == "mailto"
    there = [one.strip().casefold() for one in unquote(target.path).split(",")] if mailto else [host]
    sites = {hosts.site(one.rpartition("@")[2]) for one in there}
    words = text.strip(_AROUND)
    if _ADDRESS.fullmatch(words):
        same = words.casefold() in there if mailto else hosts.site(words.rpartition("@")[2]) in sites
    else:
        same = all(hosts.site(one) in sites for one in _hosts_in(text, words))
    return "" if same else quoted(", ".join(there))


def _hosts_in(text: str, words: str) -> list[str]:
    """The hosts that a link's text names: in what begins like a URL, or in a name that stands alone."""
    urls = _URL.findall(text)
    domain = None if urls else _DOMAIN.fullmatch(words)
    if domain and _is_top(domain["last"].lower()) and ("/" in words or words == words.lower()):
        urls = [words]
    return [host for host in map(_host, urls) if host]


def _is_top(last: str) -> bool:
    return last in _TOP or last.startswith("xn--") or (len(last) == 2 and last not in _FILES)


def _host(written: str) -> str:
    url = written.strip(_AROUND)
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


@rule(
    "A07",
    "link-text",
    "error",
    reason='Who hears the links one after another has only their words to choose by; "here" says nothing.',
    remedy="Let the text name what is behind the link, or give it an aria-label that begins with the text.",
    source="https://www.w3.org/WAI/WCAG22/Understanding/link-purpose-in-context (WCAG 2.2, 2.4.4), and 2.4.9 for links"
    " of one name",
)
def link_text(mail: Mail) -> Iterator[Fault]:
    found, twins = list[tuple[str, Where]](), list[tuple[str, Where]]()
    first: dict[str, tuple[str, ...]] = {}
    for link in mail.links:
        if link in mail.hidden:
            continue
        name, href = naming.name_of(mail, link), link.get("href")
        same = naming.alike(name)
        is_picture = next(link.iter("img"), None) is not None
        if not naming.is_spoken(name) and not is_picture:  # an alt that a linked picture lacks is A04's
            found.append((f"the link to {quoted(href)} has no words", mail.place(link)))
        elif naming.says_nothing(name):
            found.append((f"the link {quoted(name)} doesn't say where it leads", mail.place(link)))
        elif same and _leads(href) and (other := first.setdefault(same, there := naming.destination(href))) != there:
            kind = twins if _is_titled(mail, same, there) and _is_titled(mail, same, other) else found
            kind.append((f"links of the name {quoted(name)} lead to two places", mail.place(link)))
    yield from grouped(found)
    yield from (replace(fault, level="warn") for fault in grouped(twins))


def _is_titled(mail: Mail, name: str, there: tuple[str, ...]) -> bool:
    """Whether a link is called after what content itself calls that page: two articles may have one title."""
    links = [*mail.newsletter.socials, *mail.newsletter.stores] if mail.newsletter else []
    called = [(one.name, one.url) for one in links]
    for value in (value for block in mail.edition.blocks for value in block.data.values()) if mail.edition else ():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Article | Track):
                called.append((one.title, one.url))
            elif isinstance(one, Mapping):
                called.append((str(one.get("name", "")), str(one.get("url", ""))))
    return any(naming.alike(title) in name and there == naming.destination(url) for title, url in called if title)


RULES = (link_targets, link_text_host, link_text)
