"""Backup of everything that the service keeps, also while it runs, and the way back.

One .tar file: the database (a copy that SQLite makes of itself, or a dump of PostgreSQL), then the folders of the
screenings. In this order, for a folder that came later belongs to nobody and is cleared away, while an entry without
its folder would be a loss.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL, make_url

from checker.errors import UsageError
from checker.service.private import create
from checker.service.service import Service
from checker.service.settings import ServiceSettings

SQLITE = "kaohe.db"
DUMP = "kaohe.dump"
SCREENINGS = "screenings"
_LEFT_OVER = "audit-unwritten.jsonl"


class Saved(NamedTuple):
    """What a backup holds."""

    path: Path
    size: int
    screenings: int


def save(settings: ServiceSettings, target: Path) -> Saved:
    """Write the backup to `target`, which must not be there yet: whole, readable by us alone, or not at all."""
    if not settings.data.is_dir():
        raise UsageError(f"没有数据文件夹 {settings.data}，请用 --data 写明。", "not-found")
    if target.exists():
        raise UsageError(f"{target} 已经有了，没有覆盖；请换一个文件名，例如带上日期。", "exists")
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with tempfile.TemporaryDirectory(prefix="kaohe-backup-", dir=target.parent) as place:
            database = _database(make_url(settings.database_url), Path(place))
            with create(partial) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
                archive.add(database, database.name)
                _add(archive, settings.data / _LEFT_OVER)
                count = _folders(archive, settings.data / SCREENINGS)
            with partial.open("rb") as stream:
                os.fsync(stream.fileno())
            partial.rename(target)
    except OSError as error:
        raise UsageError(f"备份写不到 {target}：{error.strerror or '请核对路径和空间'}。", "cannot-write") from error
    finally:
        partial.unlink(missing_ok=True)
    return Saved(target, target.stat().st_size, count)


def load(settings: ServiceSettings, source: Path) -> int:
    """Put a backup back into a data folder (and a database) in which there is nothing yet; how many screenings."""
    data = settings.data
    url = make_url(settings.database_url)
    if data.exists() and any(data.iterdir()):
        raise UsageError(f"{data} 里已经有数据，没有恢复；请先停止服务，再把它改名或移走。", "not-empty")
    service = Service(settings)
    service.prepare()  # private, and ours alone
    try:
        with tarfile.open(source) as archive:
            names = set(archive.getnames())
            wanted = SQLITE if _is_sqlite(url) else DUMP
            if wanted not in names:
                kind = "PostgreSQL" if DUMP in names else "SQLite"
                raise UsageError(
                    f"{source} 是 {kind} 的备份（或不是备份），请用 --database 写明对应的数据库。", "other-backup"
                )
            archive.extractall(data, filter="data")
        _into_database(url, data)
        folder = data / SCREENINGS
        return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"{source} 读不了，没有恢复；请核对文件。", "bad-backup") from error
    finally:
        service.release()


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _database(url: URL, place: Path) -> Path:
    """A copy of the database in `place`, as it stands at one moment."""
    if not _is_sqlite(url):
        target = place / DUMP
        _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], url)
        return target
    target = place / SQLITE
    source = Path(url.database or "")
    if not source.is_file():
        raise UsageError(f"没有数据库 {source}，请核对 --data。", "not-found")
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target)) as copy:
        told = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if told != "ok":
        raise UsageError(f"数据库 {source} 已损坏，没有备份；请从以前的备份恢复。", "damaged")
    return target


def _folders(archive: tarfile.TarFile, root: Path) -> int:
    """Add the folder of each screening; one that is removed meanwhile is left out from there on."""
    count = 0
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if not folder.is_dir() or folder.is_symlink():
            continue
        archive.add(folder, f"{SCREENINGS}/{folder.name}", recursive=False)
        for path in sorted(folder.rglob("*")):
            _add(archive, path, f"{SCREENINGS}/{path.relative_to(root).as_posix()}")
        count += 1
    return count


def _add(archive: tarfile.TarFile, path: Path, name: str = "") -> None:
    """Add one file or folder as it is now: one that still grows is taken as long as it was at first."""
    with suppress(FileNotFoundError):
        info = archive.gettarinfo(path, name or path.name)
        if not info.isreg():
            if info.isdir():
                archive.addfile(info)
            return
        with path.open("rb") as stream:
            info.size = os.fstat(stream.fileno()).st_size
            info.type = tarfile.REGTYPE  # also the second name of a file: it is read as it stands
            archive.addfile(info, stream)


def _into_database(url: URL, data: Path) -> None:
    if _is_sqlite(url):
        target = Path(url.database or "")
        if target != data / SQLITE:
            if target.exists():
                raise UsageError(f"数据库 {target} 已经有了，没有恢复；请先移走。", "not-empty")
            shutil.move(data / SQLITE, target)
        target.chmod(0o600)
        return
    dump = data / DUMP
    try:
        _run(
            [
                "pg_restore",
                "--no-owner",
                "--exit-on-error",
                "--single-transaction",
                f"--dbname={_named(url)}",
                str(dump),
            ],
            url,
        )
    finally:
        dump.unlink(missing_ok=True)


def _named(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: Sequence[str], url: URL) -> None:
    """Run a program of PostgreSQL. The password goes by the environment: anyone may read a command line."""
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    whole = [*command, f"--dbname={_named(url)}"] if command[0] == "pg_dump" else list(command)
    try:
        done = subprocess.run(whole, env={**os.environ, **password}, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError(f"没有找到 {command[0]}，请安装 PostgreSQL 的客户端程序。", "not-installed") from None
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"{command[0]} 没有成功：{told[0] if told else done.returncode}", "database")
