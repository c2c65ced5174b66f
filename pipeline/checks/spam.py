"""What SpamAssassin makes of a message, where this machine has it. No rule of CHECKS: it runs another program."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.checks.reading.mail import Mail
from pipeline.checks.rule import Fault, rule

SECONDS = 60
WARNS = 2.0
# Where SpamAssassin itself says spam, as it comes.
SPAM = 5.0
_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
# Its own tests only, nothing learned or remembered, no preferences of whoever runs it, and nobody asked.
_LOCAL = (
    *("--local", "--test-mode", "--nocreate-prefs", "--prefspath=/dev/null"),
    *("--cf=use_bayes 0", "--cf=bayes_auto_learn 0", "--cf=dns_available no", "--cf=report_safe 0"),
)
# A server on this machine, which does what its keeper told it to.
_SERVED = ("-F", "/dev/null", "-d", "127.0.0.1", "-x", "-R", "-n", "5", "-t", str(SECONDS), "-s", "10000000")
_PROGRAMS = (
    ("spamassassin", _LOCAL),
    ("spamc", (*_SERVED, "--connect-retries=1", "--filter-retries=1")),
)
_TOTAL = re.compile(r"^Content analysis details:\s+\((-?[\d.]+) points", re.M)
_RULE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]+)\s+(.*)")
_MORE = re.compile(r"\s{15,}(\S.*)")


@dataclass(frozen=True, slots=True)
class SpamRule:
    """A rule of SpamAssassin's that fired, and the points that it gave, rounded to one place."""

    name: str
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class SpamScore:
    """``trouble`` is why there is no score although the program is there."""

    points: float = 0.0
    rules: tuple[SpamRule, ...] = ()
    trouble: str = ""


def score(message: bytes) -> SpamScore | None:
    """The score of a whole message, by local tests only. Takes a second or two; ``None`` without SpamAssassin."""
    for name, arguments in _PROGRAMS:
        program = shutil.which(name, path=_PATH)
        if program:
            return _asked([program, *arguments], message)
    return None


def _asked(command: Sequence[str], message: bytes) -> SpamScore:
    name = command[0].rpartition("/")[2]
    try:
        with tempfile.TemporaryDirectory() as home:
            environment = {"PATH": _PATH, "HOME": home, "LC_ALL": "C", "TMPDIR": home}
            answer = subprocess.run(
                command, input=message, capture_output=True, timeout=SECONDS, cwd=home, env=environment
            )
    except subprocess.TimeoutExpired:
        return SpamScore(trouble=f"{name} took longer than {SECONDS} seconds")
    except OSError as error:
        return SpamScore(trouble=f"{name} can't be run: {error.strerror or error}")
    read = read_report(answer.stdout.decode("utf-8", "replace"))
    said = " ".join(answer.stderr.decode("utf-8", "replace").split())[:120]
    return read or SpamScore(trouble=f"{name} gave no score{': ' if said else ''}{said}")


def read_report(report: str) -> SpamScore | None:
    """What a report says below its last "Content analysis details"; ``None`` where it has none."""
    # The message stands above its report, and may hold one of its own.
    total = next(reversed(list(_TOTAL.finditer(report))), None)
    if total is None:
        return None
    rules: list[SpamRule] = []
    for line in report[total.end() :].splitlines():
        if found := _RULE.fullmatch(line):
            rules.append(SpamRule(found[2], float(found[1]), found[3].strip()))
        elif rules and (more := _MORE.fullmatch(line)):
            last = rules.pop()
            rules.append(SpamRule(last.name, last.points, f"{last.text} {more[1].strip()}"))
    return SpamScore(float(total[1]), tuple(rules))


@rule(
    "S01",
    "spam-score",
    "warn",
    reason="Many servers put what SpamAssassin takes for spam where the reader never looks.",
    remedy="Change what the named rules object to; where it is the article's own subject, nothing can be done.",
    source="https://spamassassin.apache.org/full/4.0.x/doc/spamassassin-run.html",
)
def spam_score(mail: Mail) -> Iterator[Fault]:
    if mail.message is not None:
        yield from faults(mail, score(mail.message))


def faults(mail: Mail, asked: SpamScore | None) -> Iterator[Fault]:
    """What stands against the mail in SpamAssassin's eyes; a note where it says nothing."""
    if asked is None or asked.trouble:
        trouble = asked.trouble if asked else "there is no SpamAssassin on this machine"
        yield Fault(trouble, mail.where, "note")
    elif asked.points >= WARNS:
        costly = sorted((one for one in asked.rules if one.points >= 0.1), key=lambda one: -one.points)
        told = ", ".join(f"{one.name} {one.points:.1f} ({one.text})" for one in costly)
        message = f"SpamAssassin gives {asked.points:.1f} points, and calls it spam from {SPAM:.1f}: {told}"
        yield Fault(message, mail.where, "error" if asked.points >= SPAM else "warn")
