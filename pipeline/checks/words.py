"""No word lost on the way: article against HTML against text part; and a medical article's disclaimer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pipeline import merge_fields
from pipeline.checks.reading.mail import Mail
from pipeline.checks.reading.pieces import Piece, medical_articles, pieces, standing
from pipeline.checks.reading.wording import (
    Passage,
    Unit,
    alike,
    difference,
    in_line,
    page_of,
    plain_of,
    unit,
    walks,
    words,
)
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.languages import in_language

_HTML, _TEXT = "the HTML", "the text part"
# Shorter rows of words may stand in a block by chance.
_LONG = 8
# Of a mail that isn't ours nobody knows what it has to show; its text part may do without the footer's small print.
_FOREIGN_SHARE = 1 / 3


@rule(
    "H15",
    "words-lost",
    "error",
    reason="A sentence with a hole in it is misread, and who reads the text part gets another letter than the rest.",
    remedy="Compare the block's two templates, and look for markup in the article that ends in the middle of a word.",
    source="https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4",
)
def words_lost(mail: Mail) -> Iterator[Fault]:
    if mail.edition is None or mail.newsletter is None:
        yield from _less_in_text(mail)
        return
    page, text = page_of(mail), plain_of(mail)
    for index, block in enumerate(mail.edition.blocks):
        html, plain = page.of(index), text.of(index) if text else None
        if text and index not in text.blocks:
            html = page.whole  # what another block of the text part shows isn't missing in this one
        shown = tuple(pieces(block, mail.edition))
        titles = frozenset(piece.units[0].line for piece in shown if piece.kind == "title")
        headings = tuple(in_line(words(heading)) for _, of, heading in page.headings if of == index)
        for piece in shown:
            if piece.kind == "title":
                yield from _title_lost(piece, html, plain, headings, titles)
            else:
                yield from _lost(piece, html, plain)
        yield from _twice(shown, page.blocks.get(index), text.blocks.get(index) if text else None)
    for piece in standing(mail.newsletter, mail.edition):
        yield from _lost(piece, page.whole, text.whole if text else None)


def _lost(piece: Piece, html: Passage, text: Passage | None) -> Iterator[Fault]:
    there = {_HTML: html} if text is None else {_HTML: html, _TEXT: text}
    if not piece.required and not any(_is_shown(piece, passage) for passage in there.values()):
        return
    missing = {name: _missing(piece, passage) for name, passage in there.items()}
    for name, lost in missing.items():
        others = [units for other, units in missing.items() if other != name]
        shown = [one for one in lost if piece.required or any(one not in units for units in others)]
        yield from _told(piece, shown, name, there[name])
        yield from grouped((said, piece.where) for said in _blanks_lost(piece, name, there[name]))


def _is_shown(piece: Piece, there: Passage) -> bool:
    """Whether a block shows the piece, or a part of it; a short line such as "a" may stand there by chance."""
    found = [one for one in piece.units if one.line in there.line]
    in_all = sum(len(one.words) for one in piece.units)
    return any(len(one.words) >= _LONG for one in found) or 2 * sum(len(one.words) for one in found) >= in_all


def _blanks_lost(piece: Piece, name: str, there: Passage) -> Iterator[str]:
    """Where a blank beside punctuation is lost: each word is there, and two of them look like one."""
    for one in piece.units if piece.kind == "body" else ():
        if one.line not in there.line or one.text in there.flat:
            continue
        for first, second in pairwise(one.text.split()):
            both, glued = f"{first} {second}", first + second
            if glued in there.flat and both not in there.flat and words(both) == words(glued):
                yield f"{quoted(both)} of {piece.source} is glued together in {name}: {quoted(glued)}"


def _missing(piece: Piece, there: Passage) -> list[Unit]:
    """The units that don't stand there. Short ones must stand in their order, or others would pass for them."""
    if "".join(one.line[:-1] for one in piece.units) + " " in there.line:
        return []
    missing, position = [], 0
    for one in piece.units:
        found = there.line.find(one.line, position)
        anywhere = not piece.ordered or len(one.words) >= _LONG
        if found >= 0:
            position = found + len(one.line) - 1
        elif not (anywhere and one.line in there.line) and not walks(one, there):
            missing.append(one)
    return missing


def _told(piece: Piece, missing: list[Unit], name: str, there: Passage) -> Iterator[Fault]:
    """What is missing, in one fault where nothing of the piece is there."""
    if len(missing) > 1 and len(missing) == len(piece.units):
        count = sum(len(one.words) for one in missing)
        said = f"{quoted(missing[0].text)} and what follows, {count} words, stand in {piece.source} and not in {name}"
        yield Fault(said, piece.where)
        return
    yield from grouped((_what_is_missing(one, piece, name, there), piece.where) for one in missing)


def _what_is_missing(one: Unit, piece: Piece, name: str, there: Passage) -> str:
    lost, instead, before = difference(one, there)
    after = f", after {quoted(before)}" if before else ""
    if not lost:
        return f"{quoted(instead)} stands in {name} and not in {piece.source}{after}"
    if instead and "".join(words(lost)) == instead.replace(" ", ""):
        how = "broken up" if " " in instead else "glued together"
        return f"{quoted(lost)} of {piece.source} is {how} in {name}: {quoted(instead)}{after}"
    return f"{quoted(lost)} stands in {piece.source} and not in {name}{after}"


def _title_lost(
    piece: Piece, html: Passage, text: Passage | None, headings: tuple[str, ...], titles: frozenset[str]
) -> Iterator[Fault]:
    """A title may stand in a block twice, above it and in a link below: then the heading must be right too."""
    title = piece.units[0]
    if any(title.line in heading for heading in headings):
        return  # M08 looks for headings in the text part
    near = next((one for one in headings if one not in titles and alike(one, title.line)), None)
    if near is not None:
        yield Fault(_what_is_missing(title, piece, _HTML, Passage(near, near, near)), piece.where)
    elif text is None or title.line in text.line or title.line in html.line:
        yield from _lost(piece, html, text)


def _twice(shown: tuple[Piece, ...], html: Passage | None, text: Passage | None) -> Iterator[Fault]:
    said = "".join(one.line for piece in shown for one in piece.units)
    for piece in shown if html or text else ():
        for one in piece.units if piece.kind == "body" else ():
            for name, there in ((_HTML, html), (_TEXT, text)):
                row = one.line[:-1]
                if there and len(one.words) >= _LONG and there.line.count(row) > max(said.count(row), 1):
                    yield Fault(f"{quoted(one.text)} stands in {name} once too often", piece.where)


def _less_in_text(mail: Mail) -> Iterator[Fault]:
    if not mail.text or not mail.text.strip():
        return
    html = Counter(words(mail.shown_text))
    lost = html - Counter(words(mail.text))
    if lost.total() > 20 and lost.total() > _FOREIGN_SHARE * html.total():
        some = ", ".join(quoted(word) for word in list(lost)[:3])
        message = f"{lost.total()} of the {html.total()} words of the HTML aren't in the text part: {some} …"
        yield Fault(message, mail.where, "warn")


@rule(
    "W02",
    "medical-disclaimer",
    "error",
    reason="Who reads about a medicine without the note may take a text in a newsletter for a doctor's advice.",
    remedy="Call ui.medical_note(article) in both templates of each block that shows an article, or a part of one.",
    source="https://www.ftc.gov/business-guidance/resources/com-disclosures-how-make-effective-disclosures-digital",
)
def medical_disclaimer(mail: Mail) -> Iterator[Fault]:
    if mail.edition is None or mail.newsletter is None:
        return
    texts = in_language(mail.newsletter.medical_disclaimer, mail.edition.language)
    note = unit(merge_fields.fill_text(texts, {}))
    readings = {_HTML: page_of(mail), _TEXT: plain_of(mail)}
    shown = [(index, block, medical_articles(block)) for index, block in enumerate(mail.edition.blocks)]
    for before, (index, block, articles) in enumerate(one for one in shown if one[2]):
        slug = articles[0].slug
        if not note:
            said = f"{slug} is a medical article, and there is no disclaimer in {mail.edition.language!r}"
            yield Fault(said, mail.newsletter.where)
            return
        for name, reading in readings.items():
            wanted = 1 if reading and index in reading.blocks else before + 1
            if reading and reading.of(index).line.count(note[0].line) < wanted:
                yield Fault(f"{slug} is a medical article, and its disclaimer isn't in {name}", block.where)


RULES = (words_lost, medical_disclaimer)
