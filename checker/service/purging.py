"""Removing what the service keeps: screenings with their papers, answers kept for idempotency, temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from checker.errors import UsageError
from checker.service.models import IdempotencyKey, Screening, now
from checker.service.screening_folder import is_id
from checker.service.screening_jobs import OPEN, older_than, remove
from checker.service.service import Service, _locked


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would be removed: screenings by id, folders that the database knows nothing of, answers, and how large the
    files are. `busy` are screenings that wait or run, which are left alone while a service is there."""

    screenings: tuple[str, ...]
    stray: tuple[Path, ...]
    answers: int
    size: int
    busy: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to be removed."""
        return not (self.screenings or self.stray or self.answers)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed. `temporary` is None where a running service needs its temporary files itself."""

    screenings: int
    stray: int
    answers: int
    temporary: int | None


class Purge:
    """One purge of the data of `service`, which need not run: everything, or what ended before `age` ago."""

    def __init__(self, service: Service, age: timedelta | None) -> None:
        self._service = service
        self._data = service.settings.data
        self._before = None if age is None else now() - age

    def look(self) -> Doomed:
        """What would be removed."""
        session_of = self._service.database.session
        busy = 0
        if self._before is not None:
            idents = older_than(session_of, self._before)
        else:
            with session_of() as session:
                states = [(ident, state) for ident, state in session.execute(select(Screening.id, Screening.state))]
            alone = self._alone()
            idents = [ident for ident, state in states if alone or state not in OPEN]
            busy = len(states) - len(idents)
        stray = tuple(self._stray())
        folders = [*(self._data / "screenings" / ident for ident in idents), *stray]
        return Doomed(tuple(idents), stray, self._answers(), sum(map(_size, folders)), busy)

    def do(self, doomed: Doomed) -> Purged:
        """Remove it."""
        session_of = self._service.database.session
        for ident in doomed.screenings:
            remove(self._data, session_of, ident)
        for folder in doomed.stray:
            shutil.rmtree(folder, ignore_errors=True)
        with session_of() as session:
            statement = delete(IdempotencyKey)
            session.execute(
                statement if self._before is None else statement.where(IdempotencyKey.created < self._before)
            )
        temporary = self._temporary()
        self._compact()
        return Purged(len(doomed.screenings), len(doomed.stray), doomed.answers, temporary)

    def _answers(self) -> int:
        query = select(func.count()).select_from(IdempotencyKey)
        if self._before is not None:
            query = query.where(IdempotencyKey.created < self._before)
        with self._service.database.session() as session:
            return session.scalar(query) or 0

    def _stray(self) -> Iterator[Path]:
        """Folders that no entry in the database belongs to; where it is asked for an age, as old as that."""
        root = self._data / "screenings"
        if not root.is_dir():
            return
        with self._service.database.session() as session:
            known = set(session.scalars(select(Screening.id)))
        # One that a running service is just taking in is not yet in the database.
        before = self._before or now() - timedelta(hours=0 if self._alone() else 1)
        for folder in sorted(root.iterdir()):
            if folder.name in known or not is_id(folder.name):
                continue
            if datetime.fromtimestamp(folder.stat().st_mtime).astimezone() < before:
                yield folder

    def _alone(self) -> bool:
        """Whether no service uses the data folder."""
        try:
            os.close(_locked(self._data / "serve.lock"))
        except UsageError:
            return False
        return True

    def _temporary(self) -> int | None:
        """Remove the temporary files; how many there were."""
        settings = self._service.settings
        count = sum(_count(folder) for folder in (settings.temporary, settings.data / "handouts"))
        try:
            self._service.prepare()  # as every start does
        except UsageError:
            return None
        self._service.release()
        return count

    def _compact(self) -> None:
        """Nothing of what was removed stays in the free pages of an SQLite file."""
        engine = self._service.database.engine
        if engine.dialect.name != "sqlite":
            return
        with contextlib.suppress(SQLAlchemyError), engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text("VACUUM"))
            alone.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _count(folder: Path) -> int:
    return sum(file.is_file() for file in folder.rglob("*")) if folder.is_dir() else 0
