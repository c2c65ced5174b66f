"""What SpamAssassin makes of a message, where this machine has it. No rule of CHECKS: it runs another program."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.checks.mail import Mail
from pipeline.model import Finding, Level

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


def findings(mail: Mail, score: SpamScore | None) -> Iterator[Finding]:
    """What stands against the mail in SpamAssassin's eyes, and which of its rules cost points."""
    if score is None:
        return
    if score.trouble:
        yield Finding("spam-score", "note", score.trouble, mail.where, "S01")
    elif score.points >= WARNS:
        costly = sorted((rule for rule in score.rules if rule.points >= 0.1), key=lambda rule: -rule.points)
        told = ", ".join(f"{rule.name} {rule.points:.1f} ({rule.text})" for rule in costly)
        level: Level = "error" if score.points >= SPAM else "warn"
        message = f"SpamAssassin gives {score.points:.1f} points, and calls it spam from {SPAM:.1f}: {told}"
        yield Finding("spam-score", level, message, mail.where, "S01")


def ask(mail: Mail) -> tuple[Finding, ...]:
    """What SpamAssassin says of the mail; nothing where there is no message, and a note where there is no program."""
    if mail.message is None:
        return ()
    asked = score(mail.message)
    if asked is None:
        return (Finding("spam-score", "note", "there is no SpamAssassin on this machine", mail.where, "S01"),)
    return tuple(findings(mail, asked))
