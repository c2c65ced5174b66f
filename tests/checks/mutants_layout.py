"""Mutants for pipeline/checks/layout.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
