"""What lists and laws ask for: the way out, the sender, the disclaimer."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
