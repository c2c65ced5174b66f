"""Mutants for pipeline/checks/links.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
