"""A PostgreSQL of the tests' own: in a temporary folder, reached by a socket there and by nothing else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pg8000.dbapi
import pytest

_OTHER_USER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this user."""


def programs() -> Path | None:
    """The folder with initdb and postgres, the newest first; None where there is none."""
    on_path = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -float(place.parent.name))
    found = [place for place in places if (place / "initdb").is_file()]
    return found[0] if found else Path(on_path).resolve().parent if on_path else None


class Server:
    """A server that runs; each test gets a database of its own."""

    def __init__(self, folder: Path, user: str) -> None:
        self._folder = folder
        self._user = user
        self._made = 0

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://{self._user}@/{database}?host={quote(str(self._folder), safe='')}"

    def new_database(self) -> str:
        """The address of a new, empty database."""
        self._made += 1
        name = f"kaohe{self._made}"
        socket = str(self._folder / ".s.PGSQL.5432")
        connection = pg8000.dbapi.connect(self._user, database="postgres", unix_sock=socket)
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")  # a name of ours
        connection.close()
        return self.url(name)


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it again; skips the test, with the reason, where that cannot be."""
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    user = pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="kaohe-pg-", dir="/tmp") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            user = _OTHER_USER
            _give(folder, user)
        data = folder / "data"
        _run(user, [where / "initdb", "-D", data, "-A", "trust", "-U", user, "-E", "UTF8", "--no-sync"])
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        control = [where / "pg_ctl", "-D", data, "-w"]
        _run(user, [*control, "-l", folder / "log", "-o", options, "start"])
        try:
            yield Server(folder, user)
        finally:
            _run(user, [*control, "-m", "immediate", "stop"])


def _give(folder: Path, user: str) -> None:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        pytest.skip(f"PostgreSQL does not run as root, and there is no user {user}")
    os.chown(folder, entry.pw_uid, entry.pw_gid)


def _run(user: str, command: list[str | Path]) -> None:
    """Run a program of PostgreSQL, as `user` where we are root."""
    entry = pwd.getpwnam(user)
    other = {} if entry.pw_uid == os.geteuid() else {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    told = [str(part) for part in command]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    # Not by a pipe: the server that pg_ctl leaves behind would hold it open.
    with tempfile.TemporaryFile() as said:
        nothing = subprocess.DEVNULL
        done = subprocess.run(
            told, stdin=nothing, stdout=said, stderr=said, env=environment, cwd="/", timeout=60, **other
        )
        said.seek(0)
        assert done.returncode == 0, f"{command[0]}: {said.read().decode(errors='replace')}"
