"""Widths, sizes and targets: what fits on a phone, and what can be read and touched there."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
