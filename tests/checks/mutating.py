"""A clean mail -> a mutant: the same mail with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline import marks
from pipeline.checks import Mail

Mutation = Callable[[Mail], Mail]
# By the id of a rule, by what is wrong in the mutant: how it is made.
Mutants = Mapping[str, Mapping[str, Mutation]]


def html(change: Callable[[str], str]) -> Mutation:
    """Change the HTML; it must not stay as it was."""

    def mutation(mail: Mail) -> Mail:
        changed = change(mail.marked)
        assert changed != mail.marked, "the mutation changes nothing"
        return replace(mail, marked=changed, html=marks.without_marks(changed))

    return mutation


def in_html(old: str, new: str, count: int = 1) -> Mutation:
    """Write ``new`` for ``old`` in the HTML, so many times; -1 for every time."""
    return html(lambda text: text.replace(old, new, count))


def in_text(old: str, new: str) -> Mutation:
    """Write ``new`` for ``old`` in the text part."""

    def mutation(mail: Mail) -> Mail:
        assert mail.text is not None
        assert old in mail.text
        return replace(mail, text=mail.text.replace(old, new))

    return mutation


def in_message(old: bytes, new: bytes, count: int = 1) -> Mutation:
    """Write ``new`` for ``old`` in the message."""

    def mutation(mail: Mail) -> Mail:
        assert mail.message is not None
        assert old in mail.message
        return replace(mail, message=mail.message.replace(old, new, count))

    return mutation


def with_subject(subject: str) -> Mutation:
    return lambda mail: replace(mail, subject=subject)


def with_preheader(preheader: str) -> Mutation:
    return lambda mail: replace(mail, preheader=preheader)
