"""Settings from `kaohe.toml`. Order: --config, KAOHE_CONFIG, kaohe.toml here and upwards, the user's own.

Keys are the long names of the flags of `kaohe check` (with - or _). `[not-applicable]` maps topic ids to reasons,
`[limits]` sets the figures of `readers.Limits`.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from checker.errors import UsageError
from checker.readers import Limits

FILE_NAME = "kaohe.toml"
_TABLES = ("not_applicable", "limits")


def find(given: str | None) -> Path | None:
    """The settings file that counts, or None."""
    named = given or os.environ.get("KAOHE_CONFIG")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    own = Path(click.get_app_dir("kaohe")) / FILE_NAME
    return own if own.is_file() else None


def load(path: Path | None, known: frozenset[str]) -> dict[str, Any]:
    """The settings of the file, keys with _ for -; UsageError where it cannot be read or holds unknown keys."""
    if path is None:
        return {}
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"读不了配置文件 {path}，请核对路径。", "bad-config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"配置文件 {path} 格式不对：{error}", "bad-config") from error
    settings = {key.replace("-", "_"): value for key, value in data.items()}
    for key, value in settings.items():
        if key in _TABLES and isinstance(value, dict):
            continue
        if key not in known or key in _TABLES or isinstance(value, dict):
            names = "、".join(sorted({*known, *_TABLES}))
            raise UsageError(f"配置文件 {path} 里有不认识的设置 {key}；可用的有 {names}", "bad-config")
    return settings


def limits(values: Mapping[str, Any]) -> Limits:
    """`Limits` with the figures of the table `[limits]` in place of the usual ones."""
    known = {field.name for field in dataclasses.fields(Limits)}
    chosen = {key.replace("-", "_"): value for key, value in values.items()}
    for key, value in chosen.items():
        if key not in known or not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise UsageError(f"[limits] 里的 {key} 不对；可用的有 {'、'.join(sorted(known))}，值是正整数", "bad-config")
    return dataclasses.replace(Limits(), **chosen)
