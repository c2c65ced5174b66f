"""Mutants for pipeline/checks/headers.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
