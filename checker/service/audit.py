"""Who saw and did what. Names of actions, of screenings and of units; never a word of a paper.

Entries are written behind the request by a thread of its own, as soon as it can: what the thread has not yet written
when the service stops is written then, and what the database does not take goes to a file that the next start reads.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from checker.service.models import AuditEntry, now

if TYPE_CHECKING:
    from checker.service.access import Principal
    from checker.service.database import Database

_LOG = logging.getLogger("kaohe.service")

LEFT_OVER = "audit-unwritten.jsonl"
_RETRY = 5.0
"""Seconds until a database that did not take entries is tried again."""
_AT_ONCE = 500


@dataclass(slots=True)
class Occasion:
    """The request that is being answered: where it came from, and whether something was noted of it already."""

    client: str
    noted: bool = False


OCCASION: ContextVar[Occasion | None] = ContextVar("occasion", default=None)
"""Set by the doors; threads that work for a request see the same one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    at: datetime
    who: str
    role: str
    action: str
    what: str
    unit: str
    client: str
    status: int


class Audit:
    """The audit log. `note` may be called from any thread and from coroutines: it never waits for the database."""

    def __init__(self, database: Database, folder: Path | None = None) -> None:
        """`folder` takes what the database does not."""
        self._database = database
        self._left_over = folder / LEFT_OVER if folder is not None else None
        self._waiting: list[Entry] = []
        self._changed = threading.Condition()
        self._writing = False
        self._left = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(
        self,
        principal: Principal | None,
        action: str,
        what: str = "",
        unit: str = "",
        client: str = "",
        status: int = 200,
    ) -> None:
        """Note that `principal` (None: nobody known) did `action` with `what`: an id or a name, never text."""
        occasion = OCCASION.get()
        if occasion is not None:
            occasion.noted, client = True, client or occasion.client
        who, role = (principal.name, principal.role) if principal is not None else ("", "")
        unit = unit or (principal.unit if principal is not None else "")
        entry = Entry(
            now(),
            _plain(who, 200),
            role,
            action,
            _plain(what, 300),
            _plain(unit, 200),
            _plain(client, 64),
            status,
        )
        with self._changed:
            self._waiting.append(entry)
            if self._closed:  # a request that ends after the stop: write it here and now
                self._write_all()
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kaohe-audit", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was noted is written; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._writing, timeout)

    def close(self) -> None:
        """Write what is left, to the database or else to the file. To be called at stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        with self._changed:
            self._write_all()
            if self._left:
                self.recover()

    def recover(self) -> int:
        """Take in what an earlier run could only leave in the file; how many entries that were."""
        path = self._left_over
        if path is None or not path.is_file():
            return 0
        entries = [_read(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        whole = [entry for entry in entries if entry is not None]
        if not self._insert(whole):
            return 0
        path.unlink()
        return len(whole)

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        who: str = "",
        action: str = "",
        unit: str = "",
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """What was noted, the newest first; `before` is the id that the page before ended with."""
        wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
        if since is not None:
            wanted = wanted.where(AuditEntry.at >= since)
        if until is not None:
            wanted = wanted.where(AuditEntry.at < until)
        if before is not None:
            wanted = wanted.where(AuditEntry.id < before)
        for column, value in ((AuditEntry.who, who), (AuditEntry.action, action), (AuditEntry.unit, unit)):
            if value:
                wanted = wanted.where(column == value)
        self.flush()
        with self._database.session() as session:
            return tuple(session.scalars(wanted))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                batch, self._waiting = self._waiting, []
                self._writing = True
            written = self._insert(batch)
            with self._changed:
                self._writing = False
                if not written:
                    self._keep(batch)
                self._changed.notify_all()
                if not written:  # let others note meanwhile, and do not hammer on the database
                    self._changed.wait_for(lambda: self._closed, _RETRY)
            if written and self._left:
                self._left = self.recover() == 0

    def _write_all(self) -> None:
        """What waits, to the database or else to the file; the lock is held."""
        batch, self._waiting = self._waiting, []
        if batch and not self._insert(batch):
            self._keep(batch)

    def _keep(self, batch: list[Entry]) -> None:
        """What the database did not take: at once to the file, for nobody knows how long it is away."""
        try:
            self._leave(batch)
            self._left = True
        except OSError:
            _LOG.error("audit entries can be written neither to the database nor to a file")
            self._waiting[:0] = batch

    def _insert(self, entries: Sequence[Entry]) -> bool:
        """Whether the database took the entries: all or none."""
        if not entries:
            return True
        try:
            with self._database.session() as session:
                for start in range(0, len(entries), _AT_ONCE):
                    session.execute(insert(AuditEntry), [asdict(one) for one in entries[start : start + _AT_ONCE]])
        except Exception:  # whatever it is: the entries must not be lost with it
            return False
        return True

    def _leave(self, entries: Sequence[Entry]) -> None:
        """Append to the file for the next start."""
        if self._left_over is None:
            raise OSError("no folder")
        handle = os.open(self._left_over, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps(asdict(entry), ensure_ascii=False, default=datetime.isoformat) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _read(line: str) -> Entry | None:
    """A line of the file; None for one that a power cut tore."""
    try:
        values: dict[str, Any] = json.loads(line)
        values["at"] = datetime.fromisoformat(values["at"])
        return Entry(**{field.name: values[field.name] for field in fields(Entry)})
    except (ValueError, KeyError, TypeError):
        return None


def _plain(text: str, longest: int) -> str:
    """One line without control characters: nobody writes a line of his own into the log."""
    return "".join(character if character.isprintable() else " " for character in text[:longest])
