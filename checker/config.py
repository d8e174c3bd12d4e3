"""Settings from `kaohe.toml`. Order: --config, KAOHE_CONFIG, kaohe.toml here and upwards, the user's own.

Keys are the long names of the flags of `kaohe check` (with - or _). `[not-applicable]` maps topic ids to reasons,
`[limits]` sets the figures of `readers.Limits`.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from checker import notice as notices
from checker.document import PAPER_KINDS, UNIT_TYPES
from checker.errors import UsageError
from checker.readers import Limits
from checker.render import FORMATS
from checker.report import SEVERITIES
from checker.typed import TypedError, convert

FILE_NAME = "kaohe.toml"
NEVER = "never"
_SECTIONS = ("serve",)
"""Tables of the file that belong to other commands."""
_RATIOS = ("excellent", *(f"excellent-{kind}" for kind in UNIT_TYPES))


@dataclass(frozen=True, slots=True)
class Settings:
    """All that `kaohe check` can be told besides the papers, with its defaults."""

    notice: str = notices.DEFAULT
    kind: str | None = None
    unit: str = ""
    unit_type: str = ""
    person: str = ""
    party_chief: bool = False
    non_party: bool = False
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    accept: str | None = None
    baseline: str | None = None
    format: tuple[str, ...] = ("text",)
    output: str | None = None
    cover: bool = False
    suggest: bool = False
    form_template: str = ""
    round: int | None = None
    fail_on: str = "error"
    min_level: str = "info"
    jobs: int = 1
    timeout: float | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _choice("kind", self.kind, [None, *PAPER_KINDS])
        _choice("unit-type", self.unit_type, ["", *UNIT_TYPES])
        _choice("fail-on", self.fail_on, [*SEVERITIES, NEVER])
        _choice("min-level", self.min_level, SEVERITIES)
        for name in self.format or ("",):
            _choice("format", name, FORMATS)
        if self.suggest and "docx" not in self.format:
            raise ValueError("suggest 只用于 docx 格式，请同时用 --format docx")
        if self.round is not None and not 1 <= self.round <= 99:
            raise ValueError("round 应当在 1 和 99 之间")
        if not 1 <= self.jobs <= 64:
            raise ValueError("jobs 应当在 1 和 64 之间")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError("timeout 应当大于 0")
        for topic, reason in self.not_applicable.items():
            if not reason.strip():
                raise ValueError(f"not-applicable 里的 {topic} 要写理由")
        known = {entry.name for entry in dataclasses.fields(Limits)}
        for name, figure in self.limits.items():
            if name.replace("-", "_") not in known or figure <= 0:
                raise ValueError(f"limits 里的 {name} 不对；可用的有 {'、'.join(sorted(known))}，值是正整数")
        for name, ratio in self.grades.items():
            if name not in _RATIOS:
                raise ValueError(f"grades 里的 {name} 不对；可用的有 {'、'.join(_RATIOS)}")
            if not 0 <= ratio <= 1:
                raise ValueError(f"grades 里的 {name} 应当在 0 和 1 之间，20% 写成 0.2")

    def reading_limits(self) -> Limits:
        """The limits for the readers, with the figures of `[limits]` in place of the usual ones."""
        return dataclasses.replace(Limits(), **{name.replace("-", "_"): figure for name, figure in self.limits.items()})


def _choice(name: str, value: object, allowed: Any) -> None:
    if value not in allowed:
        shown = "、".join(str(entry) for entry in allowed if entry)
        raise ValueError(f"{name} 没有 {value!r} 这个选择；可用的有 {shown}")


def settings(config_file: str | None, given: Mapping[str, Any]) -> Settings:
    """What holds for one run: `given` (from flags and environment) before the settings file before the defaults."""
    path = find(config_file)
    stored = _load(path)
    chosen = {**stored, **given}
    if isinstance(stored.get("not_applicable"), dict):
        chosen["not_applicable"] = {**stored["not_applicable"], **given.get("not_applicable", {})}
    try:
        found = convert(chosen, Settings)
    except TypedError as error:
        raise UsageError(f"{_source(error, given, path)}{error.reason}。", "bad-config") from error
    assert isinstance(found, Settings)
    return found


def _source(error: TypedError, given: Mapping[str, Any], path: Path | None) -> str:
    key = str(error.path[0]).replace("_", "-") if error.path else ""
    where = f"配置文件 {path} 里" if path is not None and not (error.path and error.path[0] in given) else ""
    return f"{where}{key} 的值不对：" if key else f"{where}的设置不对：" if where else "设置不对："


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


def section(config_file: str | None, name: str) -> tuple[Path | None, dict[str, Any]]:
    """The settings file that counts and its table `name`, one of `_SECTIONS`, keys with _ for -."""
    assert name in _SECTIONS
    path = find(config_file)
    table = {} if path is None else _parse(path).get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"配置文件 {path} 里的 {name} 要写成 [{name}] 一节。", "bad-config")
    return path, {key.replace("-", "_"): value for key, value in table.items()}


def _load(path: Path | None) -> dict[str, Any]:
    """The settings of the file, keys with _ for -; UsageError where it cannot be read or holds unknown keys."""
    if path is None:
        return {}
    stored = {key.replace("-", "_"): value for key, value in _parse(path).items() if key not in _SECTIONS}
    known = [entry.name for entry in dataclasses.fields(Settings)]
    for key in stored:
        if key not in known:
            names = "、".join(name.replace("_", "-") for name in known)
            raise UsageError(f"配置文件 {path} 里有不认识的设置 {key}；可用的有 {names}。", "bad-config")
    if isinstance(stored.get("against"), str):
        stored["against"] = [stored["against"]]
    if isinstance(stored.get("format"), str):
        stored["format"] = [part.strip() for part in stored["format"].split(",")]
    return stored


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"读不了配置文件 {path}，请核对路径。", "bad-config") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"配置文件 {path} 要用 UTF-8 编码保存。", "bad-config") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"第 {line.group(1)} 行" if line else "末尾"
        raise UsageError(f"配置文件 {path} {where}不合 TOML 的写法，请检查引号和等号。", "bad-config") from error
