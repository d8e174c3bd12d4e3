"""Settings of the service from flags, from `[serve]` of kaohe.toml and from defaults, in this order.

Also used by the commands that work on the same data: `kaohe token`, `kaohe purge`.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from checker import config
from checker.errors import UsageError
from checker.readers.limits import MEGABYTE
from checker.service.settings import HOST, PORT, ServiceSettings
from checker.typed import TypedError, convert

_UNITS: Mapping[str, timedelta] = {
    "h": timedelta(hours=1),
    "小时": timedelta(hours=1),
    "d": timedelta(days=1),
    "天": timedelta(days=1),
    "w": timedelta(weeks=1),
    "周": timedelta(weeks=1),
}
_NOTHING: tuple[object, ...] = (None, (), {})


@dataclass(frozen=True, slots=True)
class _Serve:
    """The keys of `[serve]`; `upload-mb` and `keep` are written as people write them."""

    host: str = HOST
    port: int = PORT
    data: str = ""
    database: str = ""
    jobs: int = max(1, min(8, os.cpu_count() or 1))
    queue: int = 16
    timeout: float = 60.0
    upload_mb: int = 200
    files: int = 50
    rate: int = 600
    keep: str = ""
    hooks: tuple[str, ...] = ()
    login: bool = False
    trusted_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    people: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    notice: str = ""
    notices: tuple[str, ...] = ()
    secure_cookie: bool = False
    base_path: str = ""
    stop_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("port", 0, 65535), ("jobs", 1, 64), ("queue", 1, 10_000), ("upload_mb", 1, 10_000), ("files", 1, 1000),
            ("rate", 0, 1_000_000), ("timeout", 1, 3600), ("stop_seconds", 1, 3600),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name.replace('_', '-')} 应当在 {least} 和 {most} 之间")
        if self.keep:
            duration(self.keep)
        for entry in self.proxies:
            try:
                ipaddress.ip_address(entry)
            except ValueError:
                raise ValueError(f"proxies 里的 {entry} 不是 IP 地址") from None
        if self.base_path and not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", self.base_path):
            raise ValueError("base-path 应当写成 /kaohe 的样子，末尾不带 /")


def configured(config_file: str | None, given: Mapping[str, Any]) -> ServiceSettings:
    """What holds for the service; UsageError says what is wrong and where it stands."""
    path, table = config.section(config_file, "serve")
    known = [entry.name for entry in fields(_Serve)]
    for key in table:
        if key not in known:
            names = "、".join(name.replace("_", "-") for name in known)
            raise UsageError(f"配置文件 {path} 的 [serve] 里有不认识的设置 {key}；可用的有 {names}。", "bad-config")
    flags = {key: value for key, value in given.items() if value not in _NOTHING}
    try:
        serve = convert({**table, **flags}, _Serve)
    except TypedError as error:
        raise UsageError(f"{_place(error, flags, path)}{error.reason}。", "bad-config") from error
    assert isinstance(serve, _Serve)
    common = config.settings(config_file, {})
    return ServiceSettings(
        data=Path(serve.data).expanduser().absolute() if serve.data else data_folder(),
        host=serve.host,
        port=serve.port,
        database=serve.database,
        jobs=serve.jobs,
        queue=serve.queue,
        timeout=serve.timeout,
        limits=common.reading_limits(),
        body_size=serve.upload_mb * MEGABYTE,
        files_most=serve.files,
        rate=serve.rate,
        stop_seconds=serve.stop_seconds,
        keep=duration(serve.keep) if serve.keep else None,
        hooks=serve.hooks,
        login=serve.login,
        trusted_header=serve.trusted_header,
        proxies=serve.proxies,
        people=serve.people,
        hosts=serve.hosts,
        notice=serve.notice or common.notice,
        notices=serve.notices,
        secure_cookie=serve.secure_cookie,
        grades=common.grades,
        base_path=serve.base_path,
    )


def data_folder() -> Path:
    """Where the service keeps its data if nobody says otherwise."""
    return Path(click.get_app_dir("kaohe")) / "service"


def duration(text: str) -> timedelta:
    """How long something is kept: 30d, 12h, 4w, 30天. ValueError for anything else."""
    match = re.fullmatch(r"\s*(\d{1,4})\s*(h|小时|d|天|w|周)\s*", text)
    if match is None or int(match[1]) == 0:
        raise ValueError("keep 应当写成 30d（30 天）、12h（12 小时）或 4w（4 周）")
    return int(match[1]) * _UNITS[match[2]]


def _place(error: TypedError, flags: Mapping[str, Any], path: Path | None) -> str:
    key = str(error.path[0]) if error.path else ""
    name = key.replace("_", "-")
    if key in flags or path is None:
        return f"--{name} 的值不对：" if key else "设置不对："
    return f"配置文件 {path} 的 [serve] 里{f' {name} 的值' if key else ''}不对："
