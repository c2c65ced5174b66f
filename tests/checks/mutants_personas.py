"""Mutants for pipeline/checks/personas.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
