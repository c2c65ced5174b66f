"""A store in each of the databases: SQLite, and a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from pipeline.audience.store import Store, open_store
from tests.audience import postgres

SECRET = b"a key of the tests that is long enough"
_numbers = count(1)


def sign(number: int) -> str:
    return f"{number}.token"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in which databases can be made: that of TEST_DATABASE_URL, or one that is started."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    if postgres.programs() is None and "CI" not in os.environ:
        pytest.skip("no PostgreSQL on this machine: no initdb, and no TEST_DATABASE_URL")
    assert postgres.programs(), "CI is set, and there is no PostgreSQL"
    with postgres.running(tmp_path_factory.mktemp("postgres")) as url:
        yield url


def _run(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases; their URLs."""
    made: list[tuple[str, str]] = []

    def new() -> str:
        name = f"audience_{os.getpid()}_{next(_numbers)}"
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        server = request.getfixturevalue("postgres_url")
        _run(server, f"CREATE DATABASE {name}")
        made.append((server, name))
        return make_url(server).set(database=name).render_as_string(hide_password=False)

    yield new
    for server, name in made:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, [SECRET], sign) as opened:
        yield opened
