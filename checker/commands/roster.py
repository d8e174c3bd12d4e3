"""kaohe roster: an empty roster to fill in, and what follows from a filled one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker import config
from checker import notice as notices
from checker.commands.base import Command, Group
from checker.errors import UsageError
from checker.writing import write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from checker.notice import Notice
    from checker.roster import Due, Roster, Unit

_WIDTH = 120
"""Where nobody says how wide the output may be."""


@click.group(cls=Group, options_metavar="[选项]", subcommand_metavar="命令 ...")
def roster() -> None:
    """花名册：写出一份模板，核对填好的花名册。"""


@roster.command(cls=Command, options_metavar="[选项]")
@click.option(
    "-o", "--output", type=click.Path(), metavar="文件", default="花名册.xlsx", help="写到哪里（默认 花名册.xlsx）"
)
def template(output: str) -> None:
    """写出一份空白花名册（.xlsx），各列有说明和下拉选项。"""
    from checker.screening.roster_template import template as make

    path = Path(output)
    if path.is_dir():
        path /= "花名册.xlsx"
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"模板是 .xlsx 表格，请把文件名写成 {path.stem or '花名册'}.xlsx。")
    if path.is_file():
        raise UsageError(f"{path} 已经有了，为免盖掉填好的内容没有写；请换一个文件名，或者先删去它。")
    write_whole(path, make())
    click.echo(f"已写出 {path}", err=True)


@roster.command(cls=Command, options_metavar="[选项]")
@click.argument("path", metavar="花名册", type=click.Path())
@click.option("--notice", metavar="通知", envvar="KAOHE_NOTICE", help="内置的编号或 YAML 文件")
def check(path: str, notice: str | None) -> int:
    """核对花名册：看得懂没有，每个单位和人员应交什么、为什么。

    全部看得懂时退出码是 0，有看不懂的行或格时是 1，文件读不了时是 2。
    """
    from rich.console import Console

    from checker import engine
    from checker.screening.roster_file import load

    loaded = notices.load(config.settings(None, {"notice": notice} if notice else {}).notice)
    known, problems = load(Path(path), loaded)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    _print(console, known, engine.dues(loaded, known), _topics(loaded))
    if problems:
        console.print(f"\n有 {len(problems)} 处看不懂或者要核对，其余的照常计入：", style="bold red")
        for problem in problems:
            console.print(f"  {problem}", markup=False)
    return 1 if problems else 0


def _topics(notice: Notice) -> Mapping[str, str]:
    """The Chinese names of the topics."""
    listed = (item for rule in notice.rules if rule.kind.covers == "topics" for item in rule.params.topics)
    return {item.id: item.name for item in listed}


def _print(console: Console, known: Roster, dues: tuple[Due, ...], topics: Mapping[str, str]) -> None:
    console.print(f"花名册：{len(known.units)}个单位，{len(known.entries)}人", style="bold")
    by_unit: dict[str, list[Due]] = {}
    for due in dues:
        by_unit.setdefault(due.unit, []).append(due)
    for unit in known.units:
        _print_unit(console, unit, known, by_unit.pop(unit.name, []), topics)
    for name, rest in by_unit.items():
        console.print(f"\n{name}（不在花名册里）", style="bold yellow", markup=False)
        console.print(_table(known, rest))


def _print_unit(console: Console, unit: Unit, known: Roster, dues: list[Due], topics: Mapping[str, str]) -> None:
    from checker.document import UNIT_TYPES

    facts = [UNIT_TYPES.get(unit.unit_type, ""), f"{len(known.of(unit.name))}人"]
    facts += [f"简称：{'、'.join(unit.aliases)}"] if unit.aliases else []
    console.print(f"\n{unit.name}（{'，'.join(fact for fact in facts if fact)}）", style="bold", markup=False)
    for topic, reason in unit.not_applicable.items():
        console.print(f"  不适用事项「{topics[topic]}」：{reason}", markup=False)
    console.print(_table(known, dues))


def _table(known: Roster, dues: list[Due]) -> object:
    from rich.markup import escape
    from rich.table import Table

    from checker.document import LIST_KINDS, PAPER_KINDS

    table = Table(show_lines=False, pad_edge=False)
    table.add_column("人员", no_wrap=True)
    table.add_column("材料", ratio=3, overflow="fold")
    table.add_column("应交", no_wrap=True)
    table.add_column("依据", ratio=2, overflow="fold")
    table.add_column("理由", ratio=8, overflow="fold")
    names = {"owed": "[bold]应交[/bold]", "none": "[dim]不交[/dim]", "special": "[yellow]另行掌握[/yellow]"}
    for due in dues:
        if due.kind in LIST_KINDS:
            continue
        paper = "领导班子工作总结和四个清单" if due.kind == "team-summary" else PAPER_KINDS[due.kind]
        owed = names[due.owed] if due.certain or due.owed == "special" else f"{names[due.owed]}[yellow]？[/yellow]"
        table.add_row(escape(due.person) or "领导班子", paper, owed, due.clause, escape(due.reason))
    return table
