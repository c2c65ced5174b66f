"""What the chosen clients don't support, by the data of Can I email."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
