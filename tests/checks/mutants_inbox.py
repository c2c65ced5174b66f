"""Mutants for pipeline/checks/inbox.py."""

from tests.checks.mutating import Mutants

MUTANTS: Mutants = {}
