"""The audit log: nothing that was noted is lost, nothing of a paper is noted."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from checker.service import audit as module
from checker.service.access import Principal
from checker.service.audit import LEFT_OVER, OCCASION, Audit, Occasion
from checker.service.database import Database
from checker.service.models import AuditEntry, now

ONE = Principal("李四", "author", "禾渡县", "abc")

STOPPED = """
import sys
from pathlib import Path
from checker.service.audit import Audit
from checker.service.database import Database
database = Database(sys.argv[1])
audit = Audit(database, Path(sys.argv[2]))
for number in range(2000):
    audit.note(None, "check", str(number))
audit.close()
database.close()
"""


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Iterator[Audit]:
    """An audit log that is closed after the test."""
    made = Audit(database, tmp_path)
    yield made
    made.close()


def away(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """The database takes nothing any more."""

    @contextlib.contextmanager
    def failing() -> Iterator[None]:
        raise OperationalError("INSERT", {}, Exception("gone"))
        yield

    monkeypatch.setattr(database, "session", failing)


def test_an_entry_says_who_did_what_where_from_and_with_what_end(log: Audit) -> None:
    log.note(ONE, "download", "s1", client="10.0.0.7", status=404)
    (entry,) = log.entries()
    found = (entry.who, entry.role, entry.action, entry.what, entry.unit, entry.client, entry.status)
    assert found == ("李四", "author", "download", "s1", "禾渡县", "10.0.0.7", 404)
    assert now() - entry.at < timedelta(seconds=30)


def test_entries_are_chosen_by_time_person_action_and_unit_and_come_in_pages(log: Audit) -> None:
    for number in range(5):
        log.note(ONE if number % 2 else None, "check" if number < 3 else "delete", str(number))
    assert [entry.what for entry in log.entries()] == ["4", "3", "2", "1", "0"]
    assert [entry.what for entry in log.entries(who="李四")] == ["3", "1"]
    assert [entry.what for entry in log.entries(action="delete")] == ["4", "3"]
    assert [entry.what for entry in log.entries(unit="禾渡县", action="check")] == ["1"]
    first = log.entries(limit=2)
    assert [entry.what for entry in log.entries(limit=2, before=first[-1].id)] == ["2", "1"]
    assert log.entries(since=now() + timedelta(minutes=1)) == ()
    assert len(log.entries(until=now() + timedelta(minutes=1))) == 5


def test_what_is_noted_is_one_line_and_not_too_long(log: Audit) -> None:
    log.note(Principal("长" * 300, "admin"), "check", "a\nb\0c" + "x" * 400)
    (entry,) = log.entries()
    assert entry.what.startswith("a b c") and (len(entry.what), len(entry.who)) == (300, 200)


def test_notes_of_many_threads_all_arrive(log: Audit) -> None:
    threads = [
        threading.Thread(target=lambda: [log.note(None, "check", str(number)) for number in range(100)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.flush()
    assert len(log.entries(limit=1000)) == 800


def test_a_stop_right_after_the_notes_loses_none(database: Database, tmp_path: Path) -> None:
    url = database.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", STOPPED, url, str(tmp_path)], check=True, timeout=60)
    with database.session() as session:
        noted = session.scalars(sa.select(AuditEntry.what)).all()
    assert sorted(map(int, noted)) == list(range(2000))


def test_a_note_after_the_close_is_written_at_once(log: Audit, database: Database) -> None:
    log.close()
    log.note(ONE, "check")
    with database.session() as session:
        assert len(session.scalars(sa.select(AuditEntry)).all()) == 1


def test_what_the_database_does_not_take_waits_in_a_private_file_for_the_next_start(
    log: Audit, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        away(broken, database)
        log.note(ONE, "decide", "s1")
        log.flush()
        log.note(ONE, "delete", "s1")
        log.close()
    left = tmp_path / LEFT_OVER
    assert stat.S_IMODE(left.stat().st_mode) == 0o600 or sys.platform == "win32"
    left.write_text(left.read_text("utf-8") + '{"torn": ', "utf-8")
    following = Audit(database, tmp_path)
    assert following.recover() == 2
    assert sorted(entry.action for entry in following.entries()) == ["decide", "delete"]
    assert not left.exists() and following.recover() == 0


def test_when_the_database_is_back_the_file_is_taken_in(
    log: Audit, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RETRY", 0.01)
    with monkeypatch.context() as broken:
        away(broken, database)
        log.note(ONE, "decide")
        log.flush()
    log.note(ONE, "delete")
    log.close()
    assert sorted(entry.action for entry in log.entries()) == ["decide", "delete"]
    assert not (tmp_path / LEFT_OVER).exists()


def test_on_a_request_the_client_is_known_and_that_something_was_noted(log: Audit) -> None:
    occasion = Occasion("10.0.0.9")
    mark = OCCASION.set(occasion)
    log.note(ONE, "check")
    OCCASION.reset(mark)
    assert occasion.noted and [entry.client for entry in log.entries()] == ["10.0.0.9"]
