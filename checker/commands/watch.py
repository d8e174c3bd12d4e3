"""kaohe watch: a folder is watched, each paper that arrives is checked, its report lies beside it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker import config, notice
from checker.commands import whose
from checker.commands.base import Command
from checker.document import PAPER_KINDS
from checker.errors import UsageError
from checker.report import SEVERITIES, SEVERITY_NAMES, VERDICT_NAMES, Verdict, severity

if TYPE_CHECKING:
    from checker.watching import Line, Plan

_COLOURS: dict[Verdict, str] = {"pass": "green", "remarks": "yellow", "return": "red", "error": "magenta"}
_WIDTH = 16


@click.command(cls=Command, options_metavar="[选项]", context_settings={"auto_envvar_prefix": "KAOHE"})
@click.argument("folder", metavar="文件夹", type=click.Path(path_type=Path))
@click.option("--folders", is_flag=True, help="每个子文件夹算一个单位的一套材料；不写就逐份检查")
@click.option("--once", is_flag=True, help="把现有的检查完就结束，不再等待")
@click.option("--poll", is_flag=True, help="定时查看，不靠系统通知；网络盘、共享文件夹收不到新文件时用")
@click.option("--notice", metavar="通知", help=f"用哪份考核通知：内置的编号或 YAML 文件（默认 {notice.DEFAULT}）")
@click.option(
    "--kind",
    type=click.Choice(list(PAPER_KINDS)),
    metavar="种类",
    help="放进来的都是这一种材料，不再自动识别；种类见 kaohe rules",
)
@click.option("--unit", metavar="单位", help="单位名称，材料都是同一个单位时用")
@whose.unit_type
@click.option(
    "--against", multiple=True, type=click.Path(), metavar="文件或文件夹", help="与这些材料比对有没有雷同；可以写多次"
)
@click.option("--accept", metavar="文件", help="处理意见文件")
@click.option("--baseline", metavar="文件", help="基线文件：其中列出的老问题不再计入")
@click.option("--cover", is_flag=True, default=None, help="批注副本（docx）前面加一页审查摘要，不计入字数")
@click.option("--suggest", is_flag=True, default=None, help="批注副本（docx）里把规范用语的改法写成修订")
@click.option(
    "--min-level",
    type=click.Choice(SEVERITIES),
    metavar="级别",
    help="只显示这一级以上的问题：error、warning、info（默认 info）",
)
@click.option("--timeout", type=float, metavar="秒", help="一份材料最多查多久，超过就停止并报错（默认 300）")
@click.option("--config", "config_file", metavar="文件", help="配置文件，同 kaohe check")
def watch(folder: Path, folders: bool, once: bool, poll: bool, config_file: str | None, **flags: Any) -> int:
    """看守一个文件夹：来一份查一份，结果写在材料旁边。

    新来的、改过的材料，等它写完就检查，在旁边写出《材料名检查报告.html》，Word 材料另有《材料名（审查批注）.docx》。
    已有报告而材料没有改过的，不再重查。按 Ctrl-C 结束。

    退出码（--once，只看这次检查的）：0 没有问题；1 有问题；2 有材料没能检查。
    """
    from checker.watching import Watcher

    given = {key: value for key, value in flags.items() if value not in (None, (), {})}
    given["format"] = ("docx", "html")  # what is written is not to be chosen here
    settings = config.settings(config_file, given)
    plan = _plan(folder, settings, folders=folders, once=once, poll=poll)
    _need_watchfiles(once)
    with Watcher(plan, _tell) as watcher, _ended_by_signals():
        try:
            _greet(plan, *watcher.begin())
            watcher.run()
        except KeyboardInterrupt:
            click.echo()
        click.echo(_summary(watcher.verdicts))
    if not once:
        return 0
    return 2 if watcher.verdicts["error"] else 1 if watcher.verdicts["return"] else 0


def _plan(folder: Path, settings: config.Settings, *, folders: bool, once: bool, poll: bool) -> Plan:
    from checker.render import Choices
    from checker.submission import Options
    from checker.watching import Plan

    chosen = (("party-chief", settings.party_chief), ("non-party", settings.non_party))
    options = Options(
        kind=settings.kind,
        unit=settings.unit,
        unit_type=settings.unit_type,
        person=settings.person,
        flags=frozenset(name for name, on in chosen if on),
        not_applicable=settings.not_applicable,
        limits=settings.reading_limits(),
        timeout=settings.timeout,
        against=tuple(Path(path) for path in settings.against),
    )
    return Plan(
        folder.resolve(),
        options,
        settings.notice,
        settings.accept,
        settings.baseline,
        severity(settings.min_level),
        Choices(settings.cover, suggest=settings.suggest),
        folders=folders,
        poll=poll,
        once=once,
    )


def _need_watchfiles(once: bool) -> None:
    if once:
        return
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise UsageError("缺少组件 watchfiles，请重新安装 kaohe；只查一遍可以用 --once。", "no-watchfiles") from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A service manager ends us with SIGTERM: that is as good as Ctrl-C."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _greet(plan: Plan, there: int, done: int) -> None:
    what = "个子文件夹（或单独的文件）" if plan.folders else "份材料"
    known = f"，其中 {done} {what[0]}已有报告、没有改过，不再重查" if done else ""
    ending = "" if plan.once else "；按 Ctrl-C 结束"
    click.echo(f"正在看守 {plan.root}{ending}。\n现有 {there} {what}{known}。")
    sys.stdout.flush()


def _tell(line: Line) -> None:
    """One line a file; what is amiss with it below."""
    at = f"{datetime.fromtimestamp(line.at):%H:%M:%S}"
    done = line.done
    if done is None:
        click.echo(f"{at}  {_padded('提请注意')}  {line.name}{'：' if line.name else ''}{line.note}")
        sys.stdout.flush()
        return
    nothing = done.verdict == "error" and not any(done.counts.values())
    counts = "  ".join(f"{SEVERITY_NAMES[name]}{'-' if nothing else done.counts[name]:>3}" for name in SEVERITIES)
    verdict = click.style(_padded(done.verdict_name), fg=_COLOURS[done.verdict])
    click.echo(f"{at}  {verdict}  {counts}  {line.name}")
    for sentence in (*done.problems, *((line.note,) if line.note else ())):
        click.echo(f"{'':10}└ {sentence}")
    sys.stdout.flush()


def _padded(text: str) -> str:
    """Filled up to the same width on the screen; a Chinese character takes two columns."""
    return text + " " * max(0, _WIDTH - 2 * len(text))


def _summary(verdicts: Any) -> str:
    total = sum(verdicts.values())
    if not total:
        return "已结束，这次没有检查材料。"
    parts = "，".join(f"{name} {verdicts[key]}" for key, name in VERDICT_NAMES.items() if verdicts[key])
    return f"已结束，这次共检查 {total} 份次：{parts}。报告写在各份材料旁边。"
