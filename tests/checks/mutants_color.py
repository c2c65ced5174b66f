"""Mutants for pipeline/checks/color.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
