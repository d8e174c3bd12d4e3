"""The database of the service, on SQLite and on a PostgreSQL that is started here."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from checker.errors import UsageError
from checker.service.database import Database
from checker.service.models import AuditEntry, Base, Decision, Screening, SignIn, Token

KILLED_ON_THE_WAY = """
import os, sys
from alembic import op
from checker.service.database import Database
made = op.create_table
def killed(name, *columns, **more):
    if name == "tokens":
        os.kill(os.getpid(), 9)
    return made(name, *columns, **more)
op.create_table = killed
Database(sys.argv[1]).migrate()
"""


def test_from_nothing_to_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        assert set(sa.inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_the_comparison_sees_a_difference(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_audit_at"))
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert [step[0] for step in compare_metadata(context, Base.metadata)] == ["add_index"]


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.session() as session:
        session.add(Token(id="abc", name="甲", role="admin", hash=bytes(32)))
    database.migrate()
    with database.session() as session:
        assert [token.name for token in session.scalars(sa.select(Token))] == ["甲"]


def test_many_that_start_at_once_migrate_once(database_url: str) -> None:
    migrate = "import sys; from checker.service.database import Database; Database(sys.argv[1]).migrate()"
    starts = [subprocess.Popen([sys.executable, "-c", migrate, database_url]) for _ in range(3)]
    assert [start.wait(60) for start in starts] == [0, 0, 0]
    database = Database(database_url)
    with database.session() as session:
        assert session.scalars(sa.text("SELECT version_num FROM alembic_version")).all() == ["0001"]
    database.close()


def test_a_migration_that_is_killed_leaves_nothing_behind(database_url: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED_ON_THE_WAY, database_url], check=False)
    assert killed.returncode == -9
    database = Database(database_url)
    assert sa.inspect(database.engine).get_table_names() == []
    database.migrate()
    assert "tokens" in sa.inspect(database.engine).get_table_names()
    database.close()


def test_a_newer_database_is_refused_in_one_sentence(database: Database) -> None:
    with database.session() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="版本这个程序不认识"):
        database.migrate()


def test_moments_come_back_in_utc(database: Database) -> None:
    in_china = datetime(2026, 1, 1, 7, 30, tzinfo=timezone(timedelta(hours=8)))
    with database.session() as session:
        session.add(AuditEntry(at=in_china, who="甲", action="check"))
    with database.session() as session:
        entry = session.scalars(sa.select(AuditEntry)).one()
        assert (entry.at, entry.at.tzinfo) == (in_china, UTC)
        earlier = sa.select(AuditEntry).where(AuditEntry.at < in_china - timedelta(seconds=1))
        assert session.scalars(earlier).all() == []


def test_a_moment_without_a_zone_is_a_mistake(database: Database) -> None:
    with pytest.raises(Exception, match="time zone"), database.session() as session:
        session.add(AuditEntry(at=datetime(2026, 1, 1), who="甲", action="check"))


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.session() as session:
        session.add(AuditEntry(who="甲", action="check"))
        session.flush()
        1 / 0  # noqa: B018
    with database.session() as session:
        assert session.scalars(sa.select(AuditEntry)).all() == []


def test_what_belongs_to_a_screening_goes_with_it(database: Database) -> None:
    with database.session() as session:
        session.add(Screening(id="s1", name="年底", by="乙", options={"notice": "甲"}))
        session.flush()
        session.add(Decision(screening_id="s1", unit="禾渡县", rule="r", fingerprint="f", verb="accept", by="乙"))
    with database.session() as session:
        session.execute(sa.delete(Screening))
    with database.session() as session:
        assert session.scalars(sa.select(Decision)).all() == []


def test_a_sign_in_needs_its_token(database: Database) -> None:
    with pytest.raises(DBAPIError), database.session() as session:
        session.add(SignIn(id=bytes(32), token_id="none"))


def test_writers_in_many_threads_wait_for_each_other(database: Database) -> None:
    def write(number: int) -> None:
        with database.session() as session:
            session.add(AuditEntry(who=str(number), action="check"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(80)))
    with database.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 80


def test_ping_tells_whether_the_database_answers(database: Database, tmp_path: Path) -> None:
    assert database.ping()
    gone = Database(f"postgresql://nobody@/none?host={tmp_path}")
    assert not gone.ping()


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="用不了") as refused:
        Database("postgresql://kaohe:s3cret@127.0.0.1:1/none").migrate()
    assert "s3cret" not in refused.value.message


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "nonsense:s3cret@"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Database(url)
    assert "s3cret" not in refused.value.message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "kaohe.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.session() as session:
        session.add(AuditEntry(who="甲", action="check"))
        session.flush()
        made = [path.parent, *path.parent.iterdir()]
        assert {stat.S_IMODE(one.stat().st_mode) & 0o077 for one in made} == {0}
    database.close()
    assert path.with_name("kaohe.db-wal") in made


def test_what_another_program_writes_is_seen_after_migrating_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kaohe.db'}"
    write = (
        "import sys; from checker.service.database import Database; from checker.service.models import AuditEntry\n"
        "database = Database(sys.argv[1]); database.migrate()\n"
        "with database.session() as session: session.add(AuditEntry(who=sys.argv[2], action='check'))\n"
        "database.close()"
    )
    database = Database(url)
    for _ in range(2):  # as `kaohe serve` does: once to look for tokens, once at its start
        database.migrate()
    for name in ("a", "b"):
        subprocess.run([sys.executable, "-c", write, url, name], check=True, timeout=60)
        with database.session() as session:
            session.add(AuditEntry(who=f"{name} here", action="check"))
    with database.session() as session:
        assert session.scalars(sa.select(AuditEntry.who).order_by(AuditEntry.id)).all() == [
            "a",
            "a here",
            "b",
            "b here",
        ]
    database.close()
    again = Database(url)
    with again.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 4
    again.close()
