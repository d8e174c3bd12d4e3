"""kaohe token: who may come in to `kaohe serve`."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.commands.base import Command, Group
from checker.errors import UsageError

if TYPE_CHECKING:
    from checker.service.audit import Audit
    from checker.service.tokens import TokenInfo, Tokens

_ROLES = {"author": "填报人", "reviewer": "审查人", "admin": "管理员"}
_STATES = {"valid": "可用", "expired": "已到期", "revoked": "已作废"}
_DAYS = 365
_DAYS_MOST = 3660
_WIDTH = 140
_NEEDED = ("fastapi", "sqlalchemy", "alembic")


def _stored(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where the tokens are kept: those of `kaohe serve`."""

    @click.option("--data", type=click.Path(), envvar="KAOHE_DATA", metavar="文件夹", help="服务的数据文件夹")
    @click.option("--database", envvar="KAOHE_DATABASE", metavar="地址", help="服务的数据库，与 kaohe serve 的一致")
    @click.option("--config", "config_file", metavar="文件", help="配置文件，与 kaohe serve 的一致")
    @wraps(command)
    def wrapped(**values: Any) -> Any:
        return command(**values)

    return wrapped


@click.group(cls=Group, options_metavar="[选项]", subcommand_metavar="命令 ...")
def token() -> None:
    """令牌：谁可以用 kaohe serve。发令牌、查看、作废。"""


@token.command(cls=Command, options_metavar="[选项]")
@click.option("--name", metavar="名称", help="给谁用：人或系统的名称，审计日志里就用这个名称")
@click.option(
    "--role",
    type=click.Choice(list(_ROLES)),
    metavar="角色",
    help="角色：" + "，".join(f"{key} {name}" for key, name in _ROLES.items()),
)
@click.option("--unit", default="", metavar="单位", help="单位；填报人必须写，只看得到这个单位的材料和结果")
@click.option("--days", type=int, metavar="天数", help=f"多少天后到期（默认 {_DAYS}）")
@click.option("--expires", metavar="日期", help="到哪一天为止（含当天），例如 2027-01-31；与 --days 只写一个")
@_stored
def add(
    name: str | None, role: str | None, unit: str, days: int | None, expires: str | None, **where: str | None
) -> None:
    """发一个令牌。令牌只在这时显示这一次，程序只存它的校验值。"""
    if not name or not role:
        raise UsageError("要写明 --name（给谁用）和 --role（角色），例如：kaohe token add --name 张三 --role reviewer")
    end = _end(days, expires)
    with _tokens(where) as (tokens, audit):
        added = tokens.add(name, role, unit, end)
        _note(audit, "token-add", added.token)
    told = f"角色 {_ROLES[role]}，{f'单位 {unit.strip()}，' if unit.strip() else ''}{_day(added.token.expires)}到期"
    click.echo(f"令牌编号 {added.token.id}：{added.token.name}，{told}。", err=True)
    click.echo("下面这一行就是令牌，只显示这一次，请马上交给使用人，不要留在别处：", err=True)
    click.echo(added.secret)


@token.command(name="list", cls=Command, options_metavar="[选项]")
@_stored
def list_(**where: str | None) -> None:
    """列出发过的令牌（不含令牌本身）。"""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    with _tokens(where) as (tokens, _):
        listed = tokens.list()
    if not listed:
        click.echo("还没有令牌；用 kaohe token add 发一个。", err=True)
        return
    table = Table(show_lines=False, pad_edge=False)
    for heading in ("编号", "名称", "角色", "单位", "状态", "发放", "到期", "最近使用"):
        table.add_column(heading, no_wrap=heading in ("编号", "状态"), overflow="fold")
    for one in listed:
        row = (one.id, one.name, _ROLES[one.role], one.unit, _STATES[one.state])
        table.add_row(*map(escape, row), *map(_day, (one.created, one.expires, one.last_used)))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH).print(table)


@token.command(cls=Command, options_metavar="[选项]")
@click.argument("ids", nargs=-1, required=True, metavar="编号...")
@_stored
def revoke(ids: tuple[str, ...], **where: str | None) -> None:
    """作废令牌，立即生效：用它登录的网页也同时退出。编号见 kaohe token list。"""
    with _tokens(where) as (tokens, audit):
        for id_ in ids:
            ended = tokens.revoke(_bare(id_))
            _note(audit, "token-revoke", ended)
            click.echo(f"已作废 {ended.id}（{ended.name}）。", err=True)


@contextmanager
def _tokens(where: dict[str, str | None]) -> Iterator[tuple[Tokens, Audit]]:
    """The tokens of the service that is meant, and its audit log."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError('没有安装网页服务要用的组件，请运行：pip install "kaohe-checker[service]"', "not-installed")
    from checker.service.audit import Audit
    from checker.service.configuration import configured
    from checker.service.database import Database
    from checker.service.tokens import Tokens

    settings = configured(where.pop("config_file"), where)
    _refuse_other_user(settings.data)
    database = Database(settings.database_url)
    audit = Audit(database, settings.data)
    try:
        database.migrate()
        yield Tokens(database), audit
    finally:
        audit.close()
        database.close()


def _refuse_other_user(data: Path) -> None:
    """Files made by another user than the service's own, root above all, are files that the service cannot open."""
    if sys.platform == "win32" or not data.exists():
        return
    owner = data.stat().st_uid
    if owner != os.geteuid():
        raise UsageError(
            f"数据文件夹 {data} 属于另一个用户（编号 {owner}），请用运行服务的那个用户来做。", "other-user"
        )


def _note(audit: Audit, action: str, token: TokenInfo) -> None:
    from checker.service.access import Principal

    audit.note(Principal(f"命令行（{_user()}）", "admin"), action, f"{token.id} {token.role} {token.name}", token.unit)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may run under a number that has no name
        return "?"


def _end(days: int | None, expires: str | None) -> datetime:
    """The moment at which the token ends: the end of a day, as clocks here show it."""
    if days is not None and expires:
        raise UsageError("--days 和 --expires 只能写一个。")
    if days is not None and not 1 <= days <= _DAYS_MOST:
        raise UsageError(f"--days 要在 1 和 {_DAYS_MOST} 之间。")
    try:
        last = date.fromisoformat(expires) if expires else date.today() + timedelta(days=days or _DAYS)
    except ValueError as error:
        raise UsageError(f"--expires 要写成年-月-日，例如 2027-01-31；看不懂 {expires}。") from error
    return datetime.combine(last, time.max).astimezone()


def _day(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d") if moment is not None else "—"


def _bare(id_: str) -> str:
    """The id, also where somebody gives the whole token."""
    return id_.split("_")[1] if id_.startswith("kh_") and id_.count("_") >= 2 else id_
