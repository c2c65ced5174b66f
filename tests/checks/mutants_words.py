"""Mutants for pipeline/checks/words.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
