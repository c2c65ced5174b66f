"""Mutants for pipeline/checks/accessibility.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
