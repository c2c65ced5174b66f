"""The line in the inbox: subject and preheader."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
