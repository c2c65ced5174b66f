"""Every rule catches its mutants, and finds nothing in a clean mail. A rule without mutants fails here."""

from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from pipeline import build, checks, mime
from pipeline.checks import CHECKS, RULES
from tests.folders import REPOSITORY

NEWSLETTERS = [REPOSITORY, *sorted((REPOSITORY / "tests/newsletters").iterdir())]
CLEAN = [(folder, path.stem) for folder in NEWSLETTERS for path in sorted(folder.glob("content/editions/*.md"))]
FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("mutants_*.py"))
MUTANTS = {
    rule: mutants for family in FAMILIES for rule, mutants in import_module(f"tests.checks.{family}").MUTANTS.items()
}


@cache
def project(folder):
    return build.open_project(folder)


@cache
def mail(folder, slug):
    """The mail of an edition, as it is checked."""
    there = project(folder)
    newsletter = there.library.newsletter
    edition = build.compose_edition(slug, there)
    email = build.render_email(edition, newsletter, there.environment)
    message = mime.message(build.fill_email(email, {}), newsletter)
    return checks.of_email(email, edition, newsletter, message, there.library.personas)


@pytest.mark.parametrize(("folder", "slug"), CLEAN, ids=[slug for _, slug in CLEAN])
def test_clean(folder, slug):
    """In an edition that is ready no rule finds anything."""
    assert [str(one) for one in checks.check(mail(folder, slug))] == []


@pytest.mark.parametrize("rule", [rule.id for rule in CHECKS])
def test_has_mutants(rule):
    """Every rule has at least two mutants."""
    assert len(MUTANTS.get(rule, {})) >= 2


@pytest.mark.parametrize(("rule", "mutant"), [(rule, name) for rule, all in MUTANTS.items() for name in all])
def test_caught(rule, mutant):
    """A mutant is caught by its rule, which says what is wrong, and where in the source."""
    mutated = MUTANTS[rule][mutant](mail(REPOSITORY, "better-sleep"))
    faults = list(RULES[rule].look(mutated))
    assert faults
    assert all(fault.message and fault.where.path.startswith(("content/", "templates/")) for fault in faults)


def test_ids():
    """Ids and names are there once, and every rule says what it costs, what mends it, and who says so."""
    assert len({rule.id for rule in CHECKS}) == len({rule.name for rule in CHECKS}) == len(CHECKS)
    assert all(rule.reason and rule.remedy and rule.source for rule in CHECKS)
