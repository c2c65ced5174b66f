"""``pipeline check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipeline.cli.console import json_option, print_json, project_option, say
from pipeline.errors import ContentError, PipelineError, Where, flatten, nearest

if TYPE_CHECKING:
    from pipeline.build import Project
    from pipeline.checks import Mail, Rule
    from pipeline.checks.rule import Look
    from pipeline.model import Finding

Others = list[tuple["Rule", "Look"]]
Format = Literal["text", "json", "github"]
FILES = (".html", ".htm", ".eml")
# What GitHub calls the levels (docs.github.com, Workflow commands for GitHub Actions).
ANNOTATIONS = {"error": "error", "warn": "warning", "note": "notice"}


@click.command()
@click.argument("mails", nargs=-1, metavar="[EDITION|FILE]...")
@project_option
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.option("--links", is_flag=True, help="Ask for the status of every link; this uses the network.")
@click.option("--spam", is_flag=True, help="Ask the SpamAssassin that is installed here.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@json_option
@click.option("--explain", metavar="RULE", help='Tell what a rule is for, how to mend it, and who says so; or "all".')
def check(
    mails: tuple[str, ...],
    folder: Path,
    strict: bool,
    links: bool,
    spam: bool,
    form: Format,
    as_json: bool,
    explain: str | None,
) -> int:
    """Tell whether mails are ready to be sent, or why not.

    They are editions, all of them if none is named, or files: any HTML part (.html), any message (.eml).
    Nothing is written. Exit code 0 is for ready, 65 for not.

    \b
    pipeline check
    pipeline check better-sleep --strict
    pipeline check outbox/better-sleep/message.eml --spam
    pipeline check --format github
    pipeline check --explain H15
    """
    if explain:
        explain_rule(explain)
        return 0
    verdicts = []
    for verdict in judge(mails, folder, asked(links=links, spam=spam), strict=strict):
        PRINT[form if not as_json else "json"](verdict)
        verdicts.append(verdict)
    wrong = [verdict.name for verdict in verdicts if not verdict.is_ready]
    code = ContentError.exit_code if wrong else 0
    if as_json or form == "json":
        ready = [verdict.name for verdict in verdicts if verdict.is_ready]
        print_json({"result": {"ready": ready, "not_ready": wrong, "exit_code": code}})
    return code


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one mail; ``bytes`` is the weight of its HTML part.

    ``settings`` are the newsletter's own levels, and why.
    """

    name: str
    findings: Sequence[Finding]
    bytes: int
    strict: bool
    settings: Sequence[str] = ()

    @property
    def is_ready(self) -> bool:
        return not any(one.level == "error" or (self.strict and one.level == "warn") for one in self.findings)

    def count(self, level: str) -> int:
        return sum(one.level == level for one in self.findings)


def asked(*, links: bool, spam: bool) -> Others:
    """Who is asked besides our own rules: the pages that links lead to, a spam filter."""
    from pipeline.checks.reach import Reach, dead_link
    from pipeline.checks.spam import spam_score

    others: Others = [(dead_link, Reach().faults)] if links else []
    others += [(spam_score, spam_score.look)] if spam else []
    return others


def judge(mails: Sequence[str], folder: Path, others: Others, *, strict: bool) -> Iterator[Verdict]:
    """Each mail's verdict, as soon as it is there."""
    from pipeline import checks

    slugs = [name for name in mails if not name.lower().endswith(FILES)]
    for file in (Path(name) for name in mails if name not in slugs):
        mail = read_file(file)
        yield verdict_on(str(file), mail, checks.check(mail), others, strict=strict)
    if slugs or not mails:
        yield from judge_editions(slugs, folder, others, strict=strict)


def judge_editions(named: Sequence[str], folder: Path, others: Others, *, strict: bool) -> Iterator[Verdict]:
    from pipeline import build, freshness
    from pipeline.cli.build import chosen

    slugs = chosen(named, freshness.editions_there(folder), folder)
    project = build.open_project(folder)
    settings = project.library.newsletter.checks.items()
    own = [f"{rule} is {one.level}: {one.reason}" for rule, one in settings]
    for slug in slugs:
        try:
            mail, findings = read_edition(slug, project)
        except PipelineError as error:
            yield Verdict(slug, [unreadable(one) for one in flatten(error)], 0, strict)
        else:
            yield verdict_on(slug, mail, findings, others, strict=strict, settings=own)


def verdict_on(
    name: str,
    mail: Mail,
    findings: Sequence[Finding],
    others: Others,
    *,
    strict: bool,
    settings: Sequence[str] = (),
) -> Verdict:
    from pipeline.checks import finding

    told = [finding(rule, fault) for rule, look in others for fault in look(mail)]
    return Verdict(name, (*findings, *told), len(mail.html.encode()), strict, settings)


def read_edition(slug: str, project: Project) -> tuple[Mail, tuple[Finding, ...]]:
    """The mail that an edition becomes, and what is found in it."""
    from pipeline import build, mime

    edition, email = build.fit_email(build.compose_edition(slug, project), project)
    message = mime.message(build.fill_email(email, {}), project.library.newsletter)
    mail = build.mail_of(email, message, edition, project)
    return mail, build.check_mail(mail, email, project)


def unreadable(error: PipelineError) -> Finding:
    from pipeline.model import Finding

    return Finding("content", "error", error.message, error.where or Where("content"))


def read_file(file: Path) -> Mail:
    """A mail that this project may not have made. Raises a ContentError where it can't be read."""
    from pipeline import checks

    try:
        content = file.read_bytes()
    except OSError as error:
        raise ContentError(f"can't be read: {error.strerror}", Where(str(file))) from error
    if file.suffix.lower() == ".eml":
        return checks.of_message(content, str(file))
    return checks.of_html(content.decode("utf-8", "replace"), str(file))


def explain_rule(name: str) -> None:
    from pipeline.checks import CHECKS
    from pipeline.checks.reach import dead_link
    from pipeline.checks.spam import spam_score

    rules = (*CHECKS, dead_link, spam_score)
    if name.casefold() == "all":
        for rule in rules:
            say(f"{rule.id}  {rule.level:5}  {rule.name}")
        return
    found = [rule for rule in rules if name.casefold() in (rule.id.casefold(), rule.name)]
    if not found:
        ids = [rule.id for rule in rules]
        raise click.UsageError(f"there is no rule {name!r}{nearest(name.upper(), ids)}; --explain all lists them")
    say(explanation(found[0]))


def explanation(rule: Rule) -> str:
    return f"{rule.id} {rule.name} ({rule.level})\n  {rule.reason}\n  Mend it: {rule.remedy}\n  Source: {rule.source}"


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
    if rules := [one.rule for one in verdict.findings if one.rule]:
        say(f"why: pipeline check --explain {rules[0]}")


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
