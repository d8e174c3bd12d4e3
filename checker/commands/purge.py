"""kaohe purge: remove what `kaohe serve` has kept."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from checker.commands.base import Command
from checker.errors import UsageError

if TYPE_CHECKING:
    from checker.service.purging import Doomed, Purged
    from checker.service.service import Service

_NEEDED = ("fastapi", "sqlalchemy", "alembic", "python_multipart")
_MEGABYTE = 1024 * 1024


@click.command(cls=Command, options_metavar="[选项]")
@click.option("--older-than", metavar="时长", help="只删除结束已有这么久的，例如 30d（30 天）、12h（12 小时）")
@click.option("--all", "everything", is_flag=True, help="全部删除")
@click.option("--yes", is_flag=True, help="不再询问，直接删除")
@click.option("--data", type=click.Path(), envvar="KAOHE_DATA", metavar="文件夹", help="服务的数据文件夹")
@click.option("--database", envvar="KAOHE_DATABASE", metavar="地址", help="服务的数据库，与 kaohe serve 的一致")
@click.option("--config", "config_file", metavar="文件", help="配置文件，与 kaohe serve 的一致")
def purge(
    older_than: str | None,
    everything: bool,
    yes: bool,
    data: str | None,
    database: str | None,
    config_file: str | None,
) -> int:
    """删除 kaohe serve 留存的批量审查（材料、结果、处理意见）、留存的答复和临时文件。

    令牌和审计日志不动。服务正在运行时也可以用，等候和正在进行的审查不会删除。
    """
    if bool(older_than) == everything:
        raise UsageError("请写明删除哪些：--older-than 30d 只删 30 天以前结束的，--all 全部删除；两个写一个。")
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError('没有安装网页服务要用的组件，请运行：pip install "kaohe-checker[service]"', "not-installed")
    from checker.service.configuration import configured, duration
    from checker.service.purging import Purge
    from checker.service.service import Service

    try:
        age = duration(older_than) if older_than else None
    except ValueError:
        raise UsageError("--older-than 应当写成 30d（30 天）、12h（12 小时）或 4w（4 周）。") from None
    settings = configured(config_file, {"data": data, "database": database})
    if not settings.data.is_dir():
        raise UsageError(f"没有数据文件夹 {settings.data}，请用 --data 写明。", "not-found")
    service = Service(settings)
    try:
        service.database.migrate()
        work = Purge(service, age)
        doomed = work.look()
        if not yes and not doomed.nothing and not click.confirm(_question(doomed), prompt_suffix=" "):
            click.echo("没有删除。")
            return 1
        purged = work.do(doomed)
        _note(service, purged)
    finally:
        if service.made("audit"):
            service.audit.close()
        service.database.close()
    click.echo(_summary(doomed, purged))
    return 0


def _question(doomed: Doomed) -> str:
    what = _what(len(doomed.screenings), len(doomed.stray), doomed.answers)
    return f"将删除{what}，共 {_shown(doomed.size)}，删除后不能恢复。确定吗？"


def _summary(doomed: Doomed, purged: Purged) -> str:
    told = f"已删除{_what(purged.screenings, purged.stray, purged.answers)}，共 {_shown(doomed.size)}。"
    if doomed.busy:
        told += f"有 {doomed.busy} 次审查正在等候或进行，没有删除；请先取消。"
    if purged.temporary is None:
        return f"{told}服务正在运行，它的临时文件没有动，会在用完或重新启动时删除。"
    return f"{told}临时文件 {purged.temporary} 个，已删除。"


def _what(screenings: int, stray: int, answers: int) -> str:
    parts = [f"批量审查 {screenings} 次", f"留存的答复 {answers} 条"]
    if stray:
        parts.append(f"没有登记的文件夹 {stray} 个")
    return "、".join(parts)


def _shown(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB"


def _note(service: Service, purged: Purged) -> None:
    from checker.commands.token import _user
    from checker.service.access import Principal

    what = f"{purged.screenings} screenings, {purged.answers} answers"
    service.audit.note(Principal(f"命令行（{_user()}）", "admin"), "purge", what)
