"""Each sample reader's mail: greetings, leftovers, names that are too long."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
