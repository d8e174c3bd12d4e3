"""What several test modules share; the loaders of case files are in loaders.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loaders import the_notice

from checker.notice import Notice
from checker.readers import scans

if TYPE_CHECKING:  # needs the extra `service`
    from own_postgres import Server

    from checker.service.database import Database


SLOW = frozenset(
    f"test_{name}.py"
    for name in (
        "cluster", "docs_hook", "service_e2e_author", "service_e2e_reviewer", "service_screenings", "watch",
    )
)  # fmt: skip
"""Tests that start programs, browsers or clusters and wait for them: run by `make slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them."""
    for item in items:
        if item.path.name in SLOW:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def without_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests give the same whether the extra `ocr` is installed or not; those of it put a recogniser in place."""
    monkeypatch.setattr(scans, "recogniser", lambda: None)


@pytest.fixture(scope="session")
def notice() -> Notice:
    """The notice that ships."""
    return the_notice()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL that runs as long as the tests; the test is skipped where there is none."""
    own_postgres = pytest.importorskip("own_postgres", reason="the extra `service` is not installed")
    with own_postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind that the service can use."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kaohe.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its tables, of each kind."""
    from checker.service.database import Database

    made = Database(database_url)
    made.migrate()
    yield made
    made.close()
