"""How the service runs: one frozen value, worked out once from `kaohe serve` and `[serve]` of kaohe.toml."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from checker.notice import DEFAULT
from checker.readers.limits import MEGABYTE, Limits

HOST = "127.0.0.1"
PORT = 8910
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""What a browser on this machine may call it."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything that may be set.

    `data` is the private folder (mode 0700) that holds all that is kept. `database` is a URL of SQLAlchemy; empty: a
    SQLite file in `data`. `jobs` processes check, `queue` checks may wait; one may take `timeout` seconds. `body_size`
    bounds a request in bytes, `files_most` its files, `rate` the requests of one client in a minute, `body_idle` the
    seconds without a byte of a request that is not yet whole, `body_seconds` those until it is. `keep` is how long
    screenings stay (None: until somebody removes them). `hooks` are the targets that webhooks may go to.

    `login` asks for a token on loopback too. `trusted_header` is the header in which a sign-on proxy says who asks
    (empty: none); it, and X-Forwarded-For, counts only from the addresses `proxies`. `people` says who of those is
    what: `admin`, `reviewer`, or `author` with a unit (`author 禾渡县`). `hosts` are further names by
    which the service may be asked for. `notice` is the one used where none is asked for, `notices` are files of
    notices that may be chosen besides those shipped. `base_path` is where a proxy puts the service (/kaohe).
    """

    data: Path
    host: str = HOST
    port: int = PORT
    database: str = ""
    jobs: int = max(1, min(8, os.cpu_count() or 1))
    queue: int = 16
    timeout: float = 60.0
    limits: Limits = field(default_factory=Limits)
    body_size: int = 200 * MEGABYTE
    files_most: int = 50
    rate: int = 600
    body_idle: float = 20.0
    body_seconds: float = 900.0
    stop_seconds: float = 30.0
    keep: timedelta | None = None
    hooks: tuple[str, ...] = ()
    login: bool = False
    trusted_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    people: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    notice: str = DEFAULT
    notices: tuple[str, ...] = ()
    secure_cookie: bool = False
    grades: Mapping[str, float] = field(default_factory=dict)
    base_path: str = ""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)

    @property
    def open(self) -> bool:
        """Whether everyone who reaches the service may do everything: on loopback, where nothing else was asked for."""
        return self.loopback and not self.login and not self.trusted_header

    @property
    def database_url(self) -> str:
        """The URL of the database, the SQLite file in `data` where none was given."""
        return self.database or f"sqlite:///{self.data / 'kaohe.db'}"

    @property
    def temporary(self) -> Path:
        """The folder of files that are gone at the next start at the latest."""
        return self.data / "tmp"


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own and reached from nowhere else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
