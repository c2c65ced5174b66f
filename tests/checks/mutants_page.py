"""Mutants for pipeline/checks/page.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
