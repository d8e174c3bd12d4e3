"""kaohe screen: a department's whole batch in, a worklist out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from checker import config, notice
from checker.commands.base import Command
from checker.errors import UsageError
from checker.report import VERDICT_NAMES

if TYPE_CHECKING:
    from checker.screening.plan import CopiesFor, Plan
    from checker.screening.run import Outcome

_COPIES = ("return", "all", "none")
_TIMEOUT = 60.0
_INTERRUPTED = 130


@click.command(cls=Command, options_metavar="[选项]", context_settings={"auto_envvar_prefix": "KAOHE"})
@click.argument("paths", nargs=-1, metavar="文件夹或压缩包...")
@click.option("-o", "--output", metavar="文件夹", help="结果写到哪个文件夹（必须写明；再次运行会接着上次的做）")
@click.option(
    "--roster", metavar="花名册", help="花名册（.xlsx、.xls、.csv），据此判断谁应交什么；模板：kaohe roster template"
)
@click.option("--pins", metavar="表格", help="指定哪份材料是谁的：在结果里的归属表上改好另存，再用这个选项给出")
@click.option("--previous", metavar="文件夹", help="上一轮的结果文件夹：逐个单位说明改了什么、还剩什么、新增什么")
@click.option(
    "--against", multiple=True, metavar="文件或文件夹", help="与这些材料比对有没有雷同（例如往年的）；可以写多次"
)
@click.option("--accept", metavar="文件", help="处理意见文件；材料文件夹里的 kaohe-accept.toml 总是算数的")
@click.option("--notice", metavar="通知", help=f"用哪份考核通知：内置的编号或 YAML 文件（默认 {notice.DEFAULT}）")
@click.option(
    "--copies",
    type=click.Choice(_COPIES),
    metavar="哪些单位",
    help="给哪些单位写批注副本：return 要退回修改的（默认），all 所有有问题的，none 不写",
)
@click.option("--cover", is_flag=True, default=None, help="批注副本前面加一页审查摘要，不计入字数")
@click.option("--suggest", is_flag=True, default=None, help="批注副本里把规范用语的改法写成修订")
@click.option("--form-template", metavar="文件", help="审查意见表用这个 .docx 模板，不用自带的")
@click.option("--round", type=int, metavar="轮次", help="审查意见表上写第几轮审查")
@click.option("--jobs", type=int, metavar="个数", help="同时用几个进程（默认与处理器核数相同）")
@click.option("--timeout", type=float, metavar="秒", help="一份材料最多用多久，超过就停下这一份并报错（默认 60）")
@click.option(
    "--cluster", metavar="地址", help="用 Dask 集群的多台机器，例如 tcp://10.1.1.5:8786（要装 kaohe-checker[cluster]）"
)
@click.option(
    "--config", "config_file", metavar="文件", help="配置文件（默认依次找 KAOHE_CONFIG、kaohe.toml、用户配置）"
)
def screen(
    paths: tuple[str, ...],
    output: str | None,
    config_file: str | None,
    roster: str | None,
    pins: str | None,
    previous: str | None,
    copies: str | None,
    cluster: str | None,
    **flags: Any,
) -> int:
    """批量审查：检查所有单位的全部材料，写出审查清单。

    给出放着各单位材料的文件夹或压缩包，最好同时给出花名册。结果里先打开 index.html。
    中途停下（包括断电）后，用同一条命令再运行，会接着做；没有变的材料不会重新检查。

    退出码：0 没有要退回的；1 有要退回或缺少材料的；2 有材料没能检查，或用法不对。
    """
    # Not at the top: whoever checks one paper does not wait for what only a batch needs.
    from checker.commands.progress import shown
    from checker.screening.plan import Plan
    from checker.screening.run import screen as run

    given = {key: value for key, value in flags.items() if value not in (None, (), {})}
    settings = config.settings(config_file, given)
    if not paths:
        raise UsageError(
            "请给出放着材料的文件夹或压缩包，例如：kaohe screen 2020年度材料 --roster 花名册.xlsx -o 审查结果"
        )
    if not output and not settings.output:
        raise UsageError("请用 -o 写明结果放在哪个文件夹，例如：-o 审查结果")
    plan = Plan(
        roots=tuple(Path(path) for path in paths),
        output=Path(output or settings.output or ""),
        roster=_path(roster),
        pins=_path(pins),
        against=tuple(Path(path) for path in settings.against),
        previous=_path(previous),
        accept=_path(settings.accept),
        notice=settings.notice,
        not_applicable=settings.not_applicable,
        grades=settings.grades,
        limits=settings.reading_limits(),
        jobs=settings.jobs if "jobs" in given or settings.jobs > 1 else os.cpu_count() or 1,
        timeout=settings.timeout or _TIMEOUT,
        copies_for=cast("CopiesFor", copies or "return"),
        cover=settings.cover,
        suggest=settings.suggest,
        template=settings.form_template,
        turn=settings.round,
        cluster=cluster or "",
    )
    try:
        with shown() as progress:
            outcome = run(plan, progress)
    except KeyboardInterrupt:
        click.echo("已停下。做完的部分都记下了，用同一条命令再运行会接着做。", err=True)
        return _INTERRUPTED
    _tell(outcome, plan)
    return _exit_code(outcome)


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def _tell(outcome: Outcome, plan: Plan) -> None:
    """What came out, in a few lines."""
    units = outcome.screening.units
    counts = {name: sum(unit.verdict == name for unit in units) for name in ("error", "return", "remarks", "pass")}
    missing = sum(due.missing for unit in units for due in unit.dues)
    papers = sum(len(unit.papers) for unit in units)
    known = f"，沿用上次的 {outcome.kept} 份" if outcome.kept else ""
    click.echo(f"共 {len(units)} 个单位，{outcome.files} 个文件{known}，检查了 {papers} 份材料。")
    click.echo("，".join(f"{VERDICT_NAMES[name]} {count} 个单位" for name, count in counts.items() if count) + "。")
    more = {
        "缺少材料": missing,
        "读不出来的文件": len(outcome.screening.unread),
        "认不出单位的文件": len({it.key.name for it in outcome.screening.nobody}),
        "重复或旧版本": len(outcome.screening.set_aside),
        "雷同": len(outcome.screening.copies),
        "花名册里有问题的行": len(outcome.screening.bad_rows),
    }
    if any(more.values()):
        click.echo("，".join(f"{name} {count}" for name, count in more.items() if count) + "。")
    click.echo(f"先打开 {plan.output / 'index.html'} 看审查清单；汇总表.xlsx 和各单位的材料也在这个文件夹。")


def _exit_code(outcome: Outcome) -> int:
    screening = outcome.screening
    if screening.unread or screening.nobody or any(unit.verdict == "error" for unit in screening.units):
        return 2
    return (
        1 if any(unit.verdict == "return" or any(due.missing for due in unit.dues) for unit in screening.units) else 0
    )
