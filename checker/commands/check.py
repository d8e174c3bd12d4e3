"""kaohe check: one submission in, a report out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from checker import config, engine, notice
from checker.commands.base import Command
from checker.commands.output import deliver
from checker.document import PAPER_KINDS, UNIT_TYPES
from checker.errors import UsageError
from checker.render import FORMATS
from checker.report import SEVERITIES, Report
from checker.submission import Options, collect

STDIN = "-"
_LEVELS = click.Choice(SEVERITIES)

_DEFAULTS: Mapping[str, Any] = {
    "notice": notice.DEFAULT, "kind": None, "unit": "", "unit_type": "", "person": "", "party_chief": False,
    "non_party": False, "not_applicable": {}, "formats": ("text",), "output": None, "fail_on": "error",
    "min_level": "info", "jobs": 1, "timeout": None,
}  # fmt: skip
# What stands in kaohe.toml under another name than the parameter has.
_CONFIG_NAMES = {"format": "formats"}


def _split(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for part in value for name in part.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"没有 {name!r} 这种格式，可用的有 {'、'.join(FORMATS)}", context, parameter)
    return names


def _reasons(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> dict[str, str]:
    pairs = [part.partition("=") for part in value]
    for topic, _, reason in pairs:
        if not topic.strip() or not reason.strip():
            raise click.BadParameter("要写成 事项=理由，例如 religion=本单位没有这项职能", context, parameter)
    return {topic.strip(): reason.strip() for topic, _, reason in pairs}


def _positive(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise click.BadParameter("应当大于 0", context, parameter)
    return value


# Every flag can be given as an environment variable too: --fail-on is KAOHE_FAIL_ON.
@click.command(cls=Command, options_metavar="[选项]", context_settings={"auto_envvar_prefix": "KAOHE"})
@click.argument("paths", nargs=-1, metavar="材料或文件夹...")
@click.option("--notice", metavar="通知", help=f"用哪份考核通知：内置的编号或 YAML 文件（默认 {notice.DEFAULT}）")
@click.option(
    "--kind",
    type=click.Choice(list(PAPER_KINDS)),
    metavar="种类",
    help="指定材料种类，不再自动识别；种类见 kaohe rules",
)
@click.option("--unit", metavar="单位", help="单位名称")
@click.option(
    "--unit-type",
    type=click.Choice(list(UNIT_TYPES)),
    metavar="类型",
    help="单位类型：" + "，".join(f"{key} {name}" for key, name in UNIT_TYPES.items()),
)
@click.option("--person", metavar="姓名", help="述职人")
@click.option("--party-chief", is_flag=True, default=None, help="述职人是县（区）党委主要领导")
@click.option("--non-party", is_flag=True, default=None, help="述职人是党外干部")
@click.option(
    "--not-applicable",
    multiple=True,
    callback=_reasons,
    metavar="事项=理由",
    help="与本单位无关的事项和理由，可以写多次",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    envvar="KAOHE_FORMAT",
    callback=_split,
    metavar="格式",
    help=f"结果的格式，可写多个，用逗号隔开：{'、'.join(FORMATS)}（默认 text）",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="文件或文件夹",
    help="结果写到哪里；不写就显示在屏幕上（docx 写在原文件旁边）",
)
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    metavar="级别",
    help="查出这一级以上的问题时退出码为 1：error、warning、info、never（默认 error）",
)
@click.option(
    "--min-level", type=_LEVELS, metavar="级别", help="只显示这一级以上的问题：error、warning、info（默认 info）"
)
@click.option("--stdin-filename", metavar="文件名", help="材料从标准输入读入（路径写 -）时的文件名")
@click.option("--jobs", type=int, callback=_positive, metavar="个数", help="同时读几个文件（默认 1）")
@click.option("--timeout", type=float, callback=_positive, metavar="秒", help="一个文件最多读多久，超过就停止并报错")
@click.option(
    "--config",
    "config_file",
    metavar="文件",
    help="配置文件（默认依次找 KAOHE_CONFIG、当前及上级文件夹的 kaohe.toml、用户配置）",
)
def check(paths: tuple[str, ...], stdin_filename: str | None, config_file: str | None, **given: Any) -> int:
    """检查一个单位的一套材料。

    给出的所有文件算作同一个单位的一套材料；给文件夹就检查里面的所有文件。

    退出码：0 没有问题；1 有问题；2 有材料没能检查，或用法不对。
    """
    settings = _settings(given, config_file)
    if not paths:
        raise UsageError("请给出要检查的材料或文件夹，例如：kaohe check 工作总结.docx")
    streams = _streams(paths, stdin_filename)
    loaded = notice.load(settings["notice"])
    known = {item.id for rule in loaded.rules if rule.kind.covers == "topics" for item in rule.params.topics}
    for topic in settings["not_applicable"]:
        if topic not in known:
            raise UsageError(f"--not-applicable 里的 {topic} 不是通知里的事项；可用的有 {'、'.join(sorted(known))}")
    submission, problems = collect([Path(path) for path in paths if path != STDIN], _options(settings), streams)
    report = engine.run(loaded, submission, problems)
    deliver(report.from_level(settings["min_level"]), settings["formats"], settings["output"], streams)
    return exit_code(report, settings["fail_on"])


def exit_code(report: Report, fail_on: str) -> int:
    """2 if anything could not be checked, 1 if anything at or above `fail_on` was found, else 0."""
    if report.errors:
        return 2
    failing = () if fail_on == "never" else SEVERITIES[: [*SEVERITIES].index(fail_on) + 1]  # type: ignore[arg-type]
    return 1 if any(finding.severity in failing for finding in report.findings) else 0


def _settings(given: Mapping[str, Any], config_file: str | None) -> dict[str, Any]:
    """Flags and environment before the settings file before the defaults."""
    known = frozenset({*_DEFAULTS, *_CONFIG_NAMES} - set(_CONFIG_NAMES.values()))
    path = config.find(config_file)
    stored = {_CONFIG_NAMES.get(key, key): value for key, value in config.load(path, known).items()}
    if isinstance(stored.get("formats"), str):
        stored["formats"] = tuple(part.strip() for part in stored["formats"].split(","))
    chosen = {key: value for key, value in given.items() if value not in (None, (), {})}
    settings = {**_DEFAULTS, "limits": {}, **stored, **chosen}
    _hold_to_choices(settings, path)
    settings["not_applicable"] = {**stored.get("not_applicable", {}), **chosen.get("not_applicable", {})}
    return settings


def _hold_to_choices(settings: Mapping[str, Any], path: Path | None) -> None:
    """What click has checked on the command line is checked here for the settings file too."""
    choices: Mapping[str, Sequence[Any]] = {
        "kind": [None, *PAPER_KINDS],
        "unit_type": ["", *UNIT_TYPES],
        "fail_on": [*SEVERITIES, "never"],
        "min_level": SEVERITIES,
        "party_chief": [True, False],
        "non_party": [True, False],
    }
    for key, allowed in choices.items():
        if settings[key] not in allowed:
            shown = "、".join(str(value).lower() for value in allowed if value not in (None, ""))
            raise UsageError(f"配置文件 {path} 里的 {key} 只能是 {shown}", "bad-config")
    wrong = [name for name in settings["formats"] if name not in FORMATS]
    if wrong:
        raise UsageError(f"配置文件 {path} 里没有 {wrong[0]} 这种格式，可用的有 {'、'.join(FORMATS)}", "bad-config")


def _options(settings: Mapping[str, Any]) -> Options:
    flags = frozenset(
        name for name, key in (("party-chief", "party_chief"), ("non-party", "non_party")) if settings[key]
    )
    return Options(
        kind=settings["kind"],
        unit=settings["unit"],
        unit_type=settings["unit_type"],
        person=settings["person"],
        flags=flags,
        not_applicable=settings["not_applicable"],
        limits=config.limits(settings["limits"]),
        jobs=settings["jobs"],
        timeout=settings["timeout"],
    )


def _streams(paths: Sequence[str], name: str | None) -> dict[str, bytes]:
    if STDIN not in paths:
        return {}
    return {name or "标准输入": sys.stdin.buffer.read()}
