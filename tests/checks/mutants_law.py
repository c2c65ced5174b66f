"""Mutants for pipeline/checks/law.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
