"""Mutants for pipeline/checks/support.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
