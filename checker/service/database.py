"""The database of the service: SQLite in the data folder, or PostgreSQL for a department.

The engine is synchronous and may be used from any thread; a route that is a coroutine calls it by way of a thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from checker.errors import UsageError

_MIGRATING = threading.Lock()
"""alembic keeps what it is doing in global variables; other processes are held off by a lock in the database."""
_BUSY = 10.0
"""Seconds to wait for another writer of the same SQLite file (the command line beside the service)."""


class Database:
    """Where the service keeps what must outlive it. `migrate` before anything else."""

    def __init__(self, url: str) -> None:
        self.url = _address(url)
        self.engine = _engine(self.url)

    def migrate(self) -> None:
        """Bring the tables to what this program knows; whoever comes second waits for the first."""
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", _migrations().replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        self._make_private()
        try:
            with _MIGRATING, self.engine.connect() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise UsageError(
                f"数据库 {self} 的版本这个程序不认识，大概是更新的程序建立的；请用更新的程序，或换一个数据库。"
            ) from error
        except DBAPIError as error:
            raise UsageError(f"数据库 {self} 用不了：{_why(error)}") from error

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: what the block did is kept if it ends well, and undone if it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def ping(self) -> bool:
        """Whether the database answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    def __str__(self) -> str:
        """The address as people may see it: without the password."""
        return self.url.database or "" if self._is_file else self.url.render_as_string(hide_password=True)

    @property
    def _is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def _make_private(self) -> None:
        """SQLite would make the file as readable as any; its WAL files take the mode of the file.

        A file that is there is never opened: to close it again would take from this process all the locks that SQLite
        holds on it, and the next program to come would take the WAL from under our connections.
        """
        if not self._is_file:
            return
        path = Path(self.url.database or "")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists():
                path.chmod(0o600)
            else:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:  # another program was faster
            return
        except OSError as error:
            raise UsageError(f"数据库文件 {path} 建不了或写不了：{error.strerror or error}") from error


def _address(url: str) -> URL:
    """SQLAlchemy's form of what people write."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        # The text may hold a password, so it is not repeated.
        raise UsageError("--database 看不懂；应写成 postgresql://用户:密码@主机/库名 或 sqlite:///文件。") from error
    if parsed.drivername in ("postgresql", "postgres", "postgresql+pg8000"):
        return parsed.set(drivername="postgresql+pg8000")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise UsageError(
        f"--database 只能是 postgresql://… 或 sqlite:///文件，没有 {parsed.drivername} 这一种，也不能放在内存里。"
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    arguments: dict[str, Any] = {"timeout": 10}
    folder = url.query.get("host")
    if isinstance(folder, str) and folder.startswith("/"):
        # As libpq has it: ?host=/folder is that of the socket. pg8000 (BSD; psycopg is LGPL) wants the socket itself.
        arguments["unix_sock"] = f"{folder}/.s.PGSQL.{url.port or 5432}"
        url = url.difference_update_query(["host"])
    try:
        # A server that was restarted has closed our connections: they are tried before they are used.
        return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15, connect_args=arguments)
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError("用 PostgreSQL 要装 pg8000：pip install 'kaohe-checker[service]'。") from error


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Readers beside one writer; with NORMAL a commit survives kill -9 of the program, if not a power cut."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _migrations() -> str:
    return str(resources.files("checker.service.migrations"))


def _why(error: DBAPIError) -> str:
    """The first line of what the driver says: never the statement or its values."""
    told = error.orig.args[0] if error.orig is not None and error.orig.args else error.orig
    # pg8000 gives the fields of the server's answer by their letters.
    lines = str(told.get("M", "") if isinstance(told, dict) else told).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
