"""kaohe check: one submission in, a report out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from checker import config, decisions, engine, notice
from checker.commands import whose
from checker.commands.base import Command
from checker.commands.output import deliver
from checker.document import PAPER_KINDS
from checker.errors import UsageError, WriteError
from checker.render import FORMATS, Choices
from checker.report import SEVERITIES, Report, severity
from checker.submission import Options, collect
from checker.writing import write_whole

STDIN = "-"
_LEVELS = click.Choice(SEVERITIES)


def _split(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for part in value for name in part.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f"没有 {name!r} 这种格式，可用的有 {'、'.join(FORMATS)}", context, parameter)
    return names


def reasons(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> dict[str, str]:
    """The values of --not-applicable, 事项=理由."""
    pairs = [part.partition("=") for part in value]
    for topic, _, reason in pairs:
        if not topic.strip() or not reason.strip():
            raise click.BadParameter("要写成 事项=理由，例如 religion=本单位没有这项职能", context, parameter)
    return {topic.strip(): reason.strip() for topic, _, reason in pairs}


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
@whose.unit_type
@whose.person
@whose.party_chief
@whose.non_party
@click.option(
    "--not-applicable",
    multiple=True,
    callback=reasons,
    metavar="事项=理由",
    help="与本单位无关的事项和理由，可以写多次",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(),
    metavar="文件或文件夹",
    help="与这些材料比对有没有雷同：往年的、别的单位的；可以写多次",
)
@click.option(
    "--accept",
    metavar="文件",
    help=f"处理意见文件（默认在材料所在及上级文件夹找 {decisions.FILE_NAME}）",
)
@click.option("--baseline", metavar="文件", help="基线文件：其中列出的老问题不再计入")
@click.option("--write-baseline", metavar="文件", help="把这次查出的问题写成基线文件")
@click.option(
    "--format",
    "format_",
    multiple=True,
    envvar="KAOHE_FORMAT",
    callback=_split,
    metavar="格式",
    help=f"结果的格式，可写多个，用逗号隔开：{'、'.join(FORMATS)}（默认 text）",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="文件或文件夹",
    help="结果写到哪里；不写就显示在屏幕上（docx、pdf 写在原文件旁边）",
)
@click.option("--cover", is_flag=True, default=None, help="批注副本（docx）前面加一页审查摘要，不计入字数")
@click.option(
    "--suggest",
    is_flag=True,
    default=None,
    help="批注副本（docx）里把规范用语的改法写成修订，在 Word 中接受或拒绝",
)
@click.option("--form-template", metavar="文件", help="审查意见表（form）用这个 .docx 模板，不用自带的")
@click.option("--round", type=int, metavar="轮次", help="审查意见表上写第几轮审查")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, config.NEVER]),
    metavar="级别",
    help="查出这一级以上的问题时退出码为 1：error、warning、info、never（默认 error）",
)
@click.option(
    "--min-level", type=_LEVELS, metavar="级别", help="只显示这一级以上的问题：error、warning、info（默认 info）"
)
@click.option("--stdin-filename", metavar="文件名", help="材料从标准输入读入（路径写 -）时的文件名")
@click.option("--jobs", type=int, metavar="个数", help="同时读几个文件（默认 1）")
@click.option("--timeout", type=float, metavar="秒", help="一个文件最多读多久，超过就停止并报错")
@click.option(
    "--config",
    "config_file",
    metavar="文件",
    help="配置文件（默认依次找 KAOHE_CONFIG、当前及上级文件夹的 kaohe.toml、用户配置）",
)
def check(
    paths: tuple[str, ...],
    stdin_filename: str | None,
    config_file: str | None,
    write_baseline: str | None,
    format_: tuple[str, ...],
    **flags: Any,
) -> int:
    """检查一个单位的一套材料。

    给出的所有文件算作同一个单位的一套材料；给文件夹就检查里面的所有文件。

    退出码：0 没有问题；1 有问题；2 有材料没能检查，或用法不对。
    """
    given = {key: value for key, value in {**flags, "format": format_}.items() if value not in (None, (), {})}
    settings = config.settings(config_file, given)
    if not paths:
        raise UsageError("请给出要检查的材料或文件夹，例如：kaohe check 工作总结.docx")
    streams = _streams(paths, stdin_filename)
    loaded = notice.load(settings.notice)
    refuse_unknown_topics(settings, loaded)
    submission, problems = collect([Path(path) for path in paths if path != STDIN], options(settings), streams)
    report = decisions.decide(engine.run(loaded, submission, problems), *decided_in(settings))
    output = Path(settings.output) if settings.output else None
    choices = Choices(settings.cover, settings.form_template, settings.round, settings.suggest)
    deliver(report.from_level(severity(settings.min_level)), settings.format, output, streams, choices)
    if write_baseline:
        _write_baseline(report, Path(write_baseline))
    return exit_code(report, settings.fail_on)


def exit_code(report: Report, fail_on: str) -> int:
    """2 if anything could not be checked, 1 if anything at or above `fail_on` was found, else 0."""
    if report.errors:
        return 2
    if fail_on == config.NEVER:
        return 0
    return 1 if report.from_level(severity(fail_on)).open else 0


def decided_in(settings: config.Settings) -> tuple[Path | None, Path | None]:
    """The file of decisions and the baseline, where they are named."""
    accept, baseline = (Path(name) if name else None for name in (settings.accept, settings.baseline))
    return accept, baseline


def _write_baseline(report: Report, path: Path) -> None:
    """Write the baseline; a file that is no baseline is never written over."""
    if path.exists():
        try:
            decisions.load(path, baseline=True)
        except UsageError as error:
            raise WriteError(f"{path} 已经有了，又不是能读的基线文件，没有覆盖；请换一个文件名。") from error
    write_whole(path, decisions.baseline(report, path, date.today()))
    click.echo(f"已写出 {path}", err=True)


def refuse_unknown_topics(settings: config.Settings, loaded: notice.Notice) -> None:
    """UsageError where a topic is declared out of scope that the notice does not have."""
    known = {item.id for rule in loaded.rules if rule.kind.covers == "topics" for item in rule.params.topics}
    for topic in settings.not_applicable:
        if topic not in known:
            raise UsageError(f"--not-applicable 里的 {topic} 不是通知里的事项；可用的有 {'、'.join(sorted(known))}")


def options(settings: config.Settings) -> Options:
    """How the papers are read and what is told about them."""
    chosen = (("party-chief", settings.party_chief), ("non-party", settings.non_party))
    return Options(
        kind=settings.kind,
        unit=settings.unit,
        unit_type=settings.unit_type,
        person=settings.person,
        flags=frozenset(name for name, on in chosen if on),
        not_applicable=settings.not_applicable,
        against=tuple(Path(path) for path in settings.against),
        limits=settings.reading_limits(),
        jobs=settings.jobs,
        timeout=settings.timeout,
        grades=settings.grades,
    )


def _streams(paths: Sequence[str], name: str | None) -> dict[str, bytes]:
    if STDIN not in paths:
        return {}
    return {name or "标准输入": sys.stdin.buffer.read()}
