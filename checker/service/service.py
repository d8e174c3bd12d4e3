"""What all parts of the service share: reached as `request.app.state.service`.

Parts are made when they are first asked for, so that a test of one needs none of the others. What they promise:

    Database(url)              .migrate() .session() .close()
    Tokens(database)           .add() .list() .revoke() .find(secret)
    Audit(database)            .note(principal, action, what, unit, client)
    Screenings(service)        .start() at the start of the service, .stop() at its end
    Metrics(service)           what /metrics tells
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request

from checker.errors import UsageError
from checker.service.private import empty
from checker.service.settings import ServiceSettings

if TYPE_CHECKING:
    from checker.service.audit import Audit
    from checker.service.checks import Checks
    from checker.service.database import Database
    from checker.service.handouts import Handouts
    from checker.service.metrics import Metrics
    from checker.service.screenings import Screenings
    from checker.service.sign_ins import SignIns
    from checker.service.tokens import Tokens


class Service:
    """The parts of one running service."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        """Set as soon as the service is told to stop: what answers without an end (events) has to end now."""
        self.prepared = False
        self.began = datetime.now(UTC)
        self._lock: int | None = None

    @cached_property
    def database(self) -> Database:
        """What is kept, in SQLite or PostgreSQL."""
        from checker.service.database import Database

        return Database(self.settings.database_url)

    @cached_property
    def tokens(self) -> Tokens:
        """Who may come in."""
        from checker.service.tokens import Tokens

        return Tokens(self.database)

    @cached_property
    def sign_ins(self) -> SignIns:
        """Which browsers are signed in."""
        from checker.service.sign_ins import SignIns

        return SignIns(self.database, self.tokens)

    @cached_property
    def audit(self) -> Audit:
        """Who saw and did what."""
        from checker.service.audit import Audit

        return Audit(self.database, self.settings.data)

    @cached_property
    def checks(self) -> Checks:
        """Checks of single submissions, in child processes."""
        from checker.service.checks import Checks

        return Checks(self.settings)

    @cached_property
    def handouts(self) -> Handouts:
        """Files made by a check, to be fetched within half an hour."""
        from checker.service.handouts import Handouts

        return Handouts(self.settings.data / "handouts")

    @cached_property
    def screenings(self) -> Screenings:
        """Screenings of whole batches."""
        from checker.service.screenings import Screenings

        return Screenings(self)

    @cached_property
    def metrics(self) -> Metrics:
        """What Prometheus reads."""
        from checker.service.metrics import Metrics

        return Metrics(self)

    def made(self, name: str) -> bool:
        """Whether a part was asked for already."""
        return name in self.__dict__

    def prepare(self) -> None:
        """Make the data folder private and ours alone, and remove what an earlier run left behind."""
        if self._lock is not None:
            return
        data = self.settings.data
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sys.platform != "win32" and data.stat().st_mode & 0o077:
                data.chmod(0o700)
            self._lock = _locked(data / "serve.lock")
            empty(self.settings.temporary)
        except OSError as error:
            raise UsageError(f"用不了数据文件夹 {data}，请核对路径和写入权限。", "bad-data-folder") from error
        self.handouts.clear()

    def release(self) -> None:
        """Let another service have the data folder."""
        with contextlib.suppress(OSError):
            empty(self.settings.temporary)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def service_of(request: Request) -> Service:
    """The service that a request came to; also to be used as a dependency."""
    found: Any = request.app.state.service
    assert isinstance(found, Service)
    return found


def _locked(path: Path) -> int:
    """A lock that the system takes back however the process ends; UsageError where another holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise UsageError(
            f"另一个 kaohe serve 正在用数据文件夹 {path.parent}，请先停掉它，或用 --data 换一个文件夹。", "data-in-use"
        ) from error
    return handle
