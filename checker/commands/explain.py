"""kaohe rules and kaohe explain: what is checked, and why."""

from __future__ import annotations

from typing import Any

import click

from checker import config
from checker import notice as notices
from checker.commands.base import Command
from checker.document import FLAGS, PAPER_KINDS
from checker.errors import UsageError
from checker.notice import Notice, Rule
from checker.report import SEVERITY_NAMES
from checker.rules import PENDING

_NOTICE = click.option("--notice", metavar="通知", envvar="KAOHE_NOTICE", help="内置的编号或 YAML 文件")


def _load(notice: str | None) -> Notice:
    return notices.load(config.settings(None, {"notice": notice} if notice else {}).notice)


@click.command(cls=Command, options_metavar="[选项]")
@_NOTICE
def rules(notice: str | None) -> None:
    """列出通知的全部检查规则，以及材料的种类。"""
    loaded = _load(notice)
    click.echo(f"{loaded.number} {loaded.title}（{loaded.id}）")
    click.echo()
    for rule in loaded.rules:
        level = "未检查" if rule.kind.name == PENDING else SEVERITY_NAMES[rule.severity]
        click.echo(f"  {rule.id:<26}{level}  {rule.name}（{rule.clause}）")
    click.echo()
    click.echo("材料种类（--kind）：")
    for kind, name in PAPER_KINDS.items():
        click.echo(f"  {kind:<26}{name}")
    click.echo()
    click.echo("用 kaohe explain 规则名 查看一条规则的说明和例子。")


@click.command(cls=Command, options_metavar="[选项]")
@click.argument("rule_id", metavar="规则")
@_NOTICE
def explain(rule_id: str, notice: str | None) -> None:
    """说明一条规则：查什么、依据哪一条、怎样算有问题。"""
    loaded = _load(notice)
    rule = loaded.rule(rule_id)
    if rule is None:
        names = "、".join(entry.id for entry in loaded.rules)
        raise UsageError(f"没有 {rule_id} 这条规则；可用的有 {names}")
    for line in _page(loaded, rule):
        click.echo(line)


def _page(notice: Notice, rule: Rule) -> list[str]:
    kinds = "、".join(PAPER_KINDS[kind] for kind in rule.applies_to)
    lines = [f"{rule.id}  {rule.name}", "", f"依据：{notice.number} {rule.clause}", f"适用：{kinds}"]
    if rule.only_for:
        lines.append(f"只对：{FLAGS[rule.only_for]}（--{rule.only_for}）")
    lines += ["", rule.kind.manual.strip(), ""]
    for case, wording in rule.wordings.items():
        lines.append(f"[{SEVERITY_NAMES[wording.severity]}]{' ' + case if case else ''}：{wording.message}")
        if wording.suggestion:
            lines.append(f"    建议：{wording.suggestion}")
    lines += _items(rule.params)
    if rule.examples is not None and rule.examples.against:
        lines += ["", "例子用来比对的材料：", _indented(rule.examples.against)]
    if rule.examples is not None and rule.examples.roster:
        rows = (f"{entry.unit}  {entry.name}  {entry.post}" for entry in rule.examples.roster)
        lines += ["", "例子用的花名册：", _indented("\n".join(rows))]
    if rule.examples is not None:
        lines += ["", "会查出的例子：", _indented(rule.examples.bad), "不会报的例子：", _indented(rule.examples.good)]
    return lines


def _items(params: Any) -> list[str]:
    """The facets or topics that the rule goes through."""
    listed = getattr(params, "topics", None) or getattr(params, "facets", None)
    return ["", "逐项检查：", *(f"    {item.id:<26}{item.name}" for item in listed)] if listed else []


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())
