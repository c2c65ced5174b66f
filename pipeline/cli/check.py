"""``pipeline check``."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pipeline.cli.console import json_option, print_json, project_option, say
from pipeline.cli.verdict import PRINT, Verdict
from pipeline.errors import ContentError, PipelineError, Where, flatten, nearest

if TYPE_CHECKING:
    from pipeline.build import Project
    from pipeline.checks import Mail, Rule
    from pipeline.checks.rule import Look
    from pipeline.model import Finding

Format = Literal["text", "json", "github"]
FILES = (".html", ".htm", ".eml")


@click.command()
@click.argument("mails", nargs=-1, metavar="[EDITION|FILE]...")
@project_option
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.option("--links", is_flag=True, help="Ask for the status of every link; this uses the network.")
@click.option("--spam", is_flag=True, help="Ask the SpamAssassin that is installed here.")
@click.option("--clients", is_flag=True, help="Show how each client does with what the mail uses.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@json_option
@click.option("--explain", metavar="RULE", help='Tell what a rule is for, how to mend it, and who says so; or "all".')
def check(
    mails: tuple[str, ...],
    folder: Path,
    strict: bool,
    links: bool,
    spam: bool,
    clients: bool,
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
    pipeline check better-sleep --clients
    pipeline check --format github
    pipeline check --explain H15
    """
    if explain:
        explain_rule(explain)
        return 0
    verdicts = []
    judge = Judge(folder, strict=strict, links=links, spam=spam, clients=clients)
    for verdict in judge.verdicts(mails):
        PRINT[form if not as_json else "json"](verdict)
        verdicts.append(verdict)
    wrong = [verdict.name for verdict in verdicts if not verdict.is_ready]
    code = ContentError.exit_code if wrong else 0
    if as_json or form == "json":
        ready = [verdict.name for verdict in verdicts if verdict.is_ready]
        print_json({"result": {"ready": ready, "not_ready": wrong, "exit_code": code}})
    return code


class Judge:
    """Gives each mail its verdict, as soon as it is there: by our own rules, and by those who are asked besides."""

    def __init__(self, folder: Path, *, strict: bool, links: bool, spam: bool, clients: bool) -> None:
        self.folder = folder
        self.strict = strict
        self.clients = clients
        self.others = asked(links=links, spam=spam)

    def verdicts(self, mails: Sequence[str]) -> Iterator[Verdict]:
        from pipeline import checks

        slugs = [name for name in mails if not name.lower().endswith(FILES)]
        for file in (Path(name) for name in mails if name not in slugs):
            try:
                mail = read_file(file)
            except PipelineError as error:
                yield Verdict(str(file), [unreadable(error)], 0, self.strict)
            else:
                yield self.verdict(str(file), mail, checks.check(mail))
        if slugs or not mails:
            yield from self.of_editions(slugs)

    def of_editions(self, named: Sequence[str]) -> Iterator[Verdict]:
        from pipeline import build, freshness
        from pipeline.cli.build import chosen

        slugs = chosen(named, freshness.editions_there(self.folder), self.folder)
        project = build.open_project(self.folder)
        own = [f"{rule} is {one.level}: {one.reason}" for rule, one in project.library.newsletter.checks.items()]
        for slug in slugs:
            try:
                mail, findings = read_edition(slug, project)
            except PipelineError as error:
                yield Verdict(slug, [unreadable(one) for one in flatten(error)], 0, self.strict)
            else:
                yield self.verdict(slug, mail, findings, own)

    def verdict(self, name: str, mail: Mail, findings: Sequence[Finding], settings: Sequence[str] = ()) -> Verdict:
        from pipeline.checks import finding, support

        told = [finding(rule, fault) for rule, look in self.others for fault in look(mail)]
        scores = support.scores(mail) if self.clients else ()
        return Verdict(name, (*findings, *told), len(mail.html.encode()), self.strict, settings, scores)


def asked(*, links: bool, spam: bool) -> list[tuple[Rule, Look]]:
    """Who is asked besides our own rules: the pages that links lead to, a spam filter."""
    from pipeline.checks.reach import Reach, dead_link
    from pipeline.checks.spam import spam_score

    others: list[tuple[Rule, Look]] = [(dead_link, Reach().faults)] if links else []
    return others + ([(spam_score, spam_score.look)] if spam else [])


def read_edition(slug: str, project: Project) -> tuple[Mail, tuple[Finding, ...]]:
    """The mail that an edition becomes, and what is found in it."""
    from pipeline import build

    edition, email = build.fit_email(build.compose_edition(slug, project), project)
    of_service = build.check_service(email, project.library.newsletter)
    return build.mail_of(email, edition, project), (*of_service, *build.check_email(email, edition, project))


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
    return checks.of_html(decoded(content), str(file))


def decoded(content: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8, or else as Windows writes it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


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
