"""The message as RFC 5322 has it: headers, encodings, parts."""

from __future__ import annotations

from pipeline.checks.rule import Rule

RULES: tuple[Rule, ...] = ()
