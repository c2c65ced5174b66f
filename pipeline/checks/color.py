"""Colours in light and in dark: contrast, and the declarations that dark mode needs."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
