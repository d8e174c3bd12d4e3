"""kaohe backup, kaohe restore: all that `kaohe serve` keeps, in one file, and back."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.commands.base import Command
from checker.errors import UsageError

if TYPE_CHECKING:
    from checker.service.settings import ServiceSettings

_NEEDED = ("fastapi", "sqlalchemy", "alembic")
_MEGABYTE = 1024 * 1024


def _stored(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where the service keeps its data."""
    for option in (
        click.option("--config", "config_file", metavar="文件", help="配置文件，与 kaohe serve 的一致"),
        click.option("--database", envvar="KAOHE_DATABASE", metavar="地址", help="服务的数据库，与 kaohe serve 的一致"),
        click.option("--data", type=click.Path(), envvar="KAOHE_DATA", metavar="文件夹", help="服务的数据文件夹"),
        click.argument("file", type=click.Path(path_type=Path), metavar="备份文件"),
    ):
        command = option(command)
    return command


@click.command(cls=Command, options_metavar="[选项]")
@_stored
def backup(file: Path, **where: str | None) -> int:
    """把 kaohe serve 的全部数据备份成一个文件。

    服务正在运行时也可以备份。文件里有材料原件，只有本用户能读，请存放在涉密要求允许的地方。
    """
    from checker.service.backup import save

    saved = save(_settings(where), file)
    click.echo(f"已备份到 {saved.path}：{saved.screenings} 次批量审查，{saved.size / _MEGABYTE:.1f} MB。")
    return 0


@click.command(cls=Command, options_metavar="[选项]")
@_stored
def restore(file: Path, **where: str | None) -> int:
    """从备份文件恢复 kaohe serve 的数据。

    先停止服务；数据文件夹必须是空的或还没有，PostgreSQL 的库也必须是空的。
    """
    from checker.service.backup import load

    if not file.is_file():
        raise UsageError(f"没有备份文件 {file}，请核对路径。", "not-found")
    settings = _settings(where)
    count = load(settings, file)
    click.echo(f"已恢复到 {settings.data}：{count} 次批量审查。现在可以启动服务。")
    return 0


def _settings(where: dict[str, str | None]) -> ServiceSettings:
    if any(find_spec(name) is None for name in _NEEDED):
        raise UsageError('没有安装网页服务要用的组件，请运行：pip install "kaohe-checker[service]"', "not-installed")
    from checker.service.configuration import configured

    config_file = where.pop("config_file")
    return configured(config_file, where)
