"""The page as a whole: what a mail's HTML must have, and what no client lets through."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
