"""No word lost on the way: article against HTML against text."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
