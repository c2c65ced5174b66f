"""Is this mail ready to be sent? A mail -> Findings, by the rules in CHECKS: one module a family, each rule small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.checks import (
    accessibility,
    color,
    headers,
    inbox,
    language,
    law,
    layout,
    links,
    page,
    parts,
    personas,
    size,
    support,
    text_part,
    words,
)
from pipeline.checks.reading.mail import Mail, of_email, of_html, of_message
from pipeline.checks.rule import Fault, Rule
from pipeline.checks.size import fits
from pipeline.errors import ConfigurationError, nearest
from pipeline.model import CheckSetting, Finding, Newsletter

__all__ = [
    "CHECKS",
    "RULES",
    "Mail",
    "Rule",
    "check",
    "errors_in",
    "finding",
    "fits",
    "of_email",
    "of_html",
    "of_message",
    "refuse_unknown",
    "sort",
]

CHECKS: tuple[Rule, ...] = (
    *page.RULES,
    *size.RULES,
    *links.RULES,
    *layout.RULES,
    *inbox.RULES,
    *color.RULES,
    *support.RULES,
    *words.RULES,
    *text_part.RULES,
    *language.RULES,
    *accessibility.RULES,
    *headers.RULES,
    *parts.RULES,
    *law.RULES,
    *personas.RULES,
)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in CHECKS}


def check(mail: Mail, settings: Mapping[str, CheckSetting] | None = None) -> tuple[Finding, ...]:
    """What is wrong with the mail, the errors first. ``settings`` are the newsletter's own levels, by rule."""
    found = [finding for rule in CHECKS for finding in _findings(rule, mail, (settings or {}).get(rule.id))]
    return sort(found)


def sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The errors first."""
    return tuple(sorted(findings, key=lambda one: ("error", "warn", "note").index(one.level)))


def _findings(rule: Rule, mail: Mail, setting: CheckSetting | None) -> Iterator[Finding]:
    level = setting.level if setting else None
    if level == "off":
        return
    for fault in rule.look(mail):
        found = finding(rule, fault)
        yield replace(found, level=level) if level else found


def finding(rule: Rule, fault: Fault) -> Finding:
    return Finding(rule.name, fault.level or rule.level, fault.message, fault.where, rule.id)


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stand against sending the mail."""
    return tuple(one for one in findings if one.level == "error")


def refuse_unknown(newsletter: Newsletter) -> None:
    """Raise a ConfigurationError where ``[checks]`` names a rule that there isn't."""
    for rule, setting in newsletter.checks.items():
        if rule not in RULES:
            by_name = {one.name: f"; it is {one.id}" for one in CHECKS}
            told = by_name.get(rule.lower()) or nearest(rule.upper(), RULES)
            message = f"there is no rule {rule!r}{told} (pipeline check --explain all lists them)"
            raise ConfigurationError(message, setting.where)
