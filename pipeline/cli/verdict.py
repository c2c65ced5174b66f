"""What a check says of one mail: for people, for machines, and as annotations for GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.cli.console import print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.checks.support import ClientScore
    from pipeline.model import Finding

# What GitHub calls the levels (docs.github.com, Workflow commands for GitHub Actions).
ANNOTATIONS = {"error": "error", "warn": "warning", "note": "notice"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one mail; ``bytes`` is the weight of its HTML part.

    ``settings`` are the newsletter's own levels, and why; ``scores`` those of clients, where they were asked for.
    """

    name: str
    findings: Sequence[Finding]
    bytes: int
    strict: bool
    settings: Sequence[str] = ()
    scores: Sequence[ClientScore] = ()

    @property
    def is_ready(self) -> bool:
        return not any(one.level == "error" or (self.strict and one.level == "warn") for one in self.findings)

    def count(self, level: str) -> int:
        return sum(one.level == level for one in self.findings)


def print_text(verdict: Verdict) -> None:
    """One line for the mail, one for each finding, and where to learn more."""
    word = "ready" if verdict.is_ready else "NOT READY"
    counts = ", ".join(told for level in ("error", "warn", "note") if (told := counted(verdict, level)))
    say(f"{verdict.name}  {word}{'  ' + counts if counts else ''}  {verdict.bytes / 1000:.1f} KB of 102.4")
    names = [f"{one.rule} {one.check}".strip() for one in verdict.findings]
    name_width = max(map(len, names), default=0)
    place_width = min(max((len(str(one.where)) for one in verdict.findings), default=0), 44)
    for name, one in zip(names, verdict.findings, strict=True):
        say(f"  {one.level:5}  {name:{name_width}}  {one.where!s:{place_width}}  {one.message}")
    for line in verdict.settings:
        say(f"  {line}")
    if verdict.scores:
        print_scores(verdict)
    if rules := [one.rule for one in verdict.findings if one.rule]:
        say(f"why: pipeline check --explain {rules[0]}")


def print_scores(verdict: Verdict) -> None:
    """How each client does with what the mail uses, by the data of Can I email."""
    from pipeline.checks.support import overall

    print_table(
        f"{verdict.name} by client; weighted by readers {overall(verdict.scores):.0%} are supported",
        [
            {
                "client": one.name,
                "readers": f"{one.readers:.0f} %",
                "supported": f"{one.share:.0%}",
                "yes": str(len(one.supported)),
                "partly": str(len(one.partly)),
                "no": str(len(one.unsupported)),
            }
            for one in verdict.scores
        ],
    )


def _score_as_json(score: ClientScore) -> dict[str, Any]:
    told = {"client": score.client, "readers": round(score.readers, 1), "share": round(score.share, 3)}
    return {**told, "supported": score.supported, "partly": score.partly, "unsupported": score.unsupported}


def counted(verdict: Verdict, level: str) -> str:
    number = verdict.count(level)
    word = {"error": "error", "warn": "warning", "note": "note"}[level]
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""


def print_as_json(verdict: Verdict) -> None:
    print_json(
        {
            "mail": verdict.name,
            "ready": verdict.is_ready,
            "bytes": verdict.bytes,
            "findings": [finding_as_json(one) for one in verdict.findings],
            "settings": list(verdict.settings),
            **({"clients": [_score_as_json(one) for one in verdict.scores]} if verdict.scores else {}),
        }
    )


def finding_as_json(found: Finding) -> dict[str, Any]:
    """The finding with its rule's reason and remedy."""
    from pipeline import outbox
    from pipeline.checks import RULES

    rule = RULES.get(found.rule)
    return {**outbox.finding_as_json(found), **({"reason": rule.reason, "remedy": rule.remedy} if rule else {})}


def print_for_github(verdict: Verdict) -> None:
    """Annotations at the lines of the source."""
    for one in verdict.findings:
        place = f"file={_property(one.where.path)}" + (f",line={one.where.line}" if one.where.line else "")
        title = _property(f"{verdict.name}: {one.rule} {one.check}")
        say(f"::{ANNOTATIONS[one.level]} {place},title={title}::{_data(one.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


PRINT = {"text": print_text, "json": print_as_json, "github": print_for_github}
