"""kaohe serve: the page for authors and reviewers, and the hook for other systems."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import click

from checker.commands.base import Command
from checker.errors import UsageError

_NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "python_multipart")


@click.command(cls=Command, options_metavar="[选项]", context_settings={"auto_envvar_prefix": "KAOHE"})
@click.option("--host", metavar="地址", help="在哪个地址上提供服务（默认 127.0.0.1，只有本机能访问）")
@click.option("--port", type=int, metavar="端口", help="端口（默认 8910；0 由系统选一个）")
@click.option("--open", "open_", is_flag=True, help="启动后打开浏览器")
@click.option("--data", type=click.Path(), metavar="文件夹", help="数据放在哪个文件夹（默认在用户的应用数据文件夹里）")
@click.option(
    "--database", metavar="地址", help="用 PostgreSQL：postgresql://用户@主机/库名（默认用数据文件夹里的 SQLite）"
)
@click.option("--jobs", type=int, metavar="个数", help="同时用几个进程检查（默认与处理器核数相同，最多 8）")
@click.option("--queue", type=int, metavar="个数", help="最多几个检查排队，再多就回答“忙”（默认 16）")
@click.option("--timeout", type=float, metavar="秒", help="一次检查最多用多久（默认 60）")
@click.option("--rate", type=int, metavar="次数", help="一个来源每分钟最多请求几次（默认 600，0 不限）")
@click.option("--keep", metavar="时长", help="批量审查的材料和结果留多久，例如 30d（默认留到有人删除）")
@click.option("--login", is_flag=True, default=None, help="在本机上也要登录（前面有代理时必须加）")
@click.option("--trusted-header", metavar="请求头", help="统一登录的代理在哪个请求头里说明用户是谁")
@click.option("--host-name", "hosts", multiple=True, metavar="名称", help="本服务的主机名，可以写多次")
@click.option("--secure-cookie", is_flag=True, default=None, help="只通过 https 使用（前面的代理提供 https 时请加上）")
@click.option("--base-path", metavar="路径", help="代理把服务放在哪个路径下，例如 /kaohe")
@click.option("--notice", metavar="通知", help="默认用哪份考核通知：内置的编号或 YAML 文件")
@click.option(
    "--config",
    "config_file",
    metavar="文件",
    help="配置文件（默认依次找 KAOHE_CONFIG、kaohe.toml、用户配置），看 [serve] 一节",
)
def serve(open_: bool, config_file: str | None, **flags: Any) -> int:
    """打开网页服务：填报人在浏览器里检查，审查人批量审查，别的系统通过接口检查。

    不需要任何设置：默认只在本机 127.0.0.1 上，不用登录。要让别的机器访问，先用 kaohe token add 发放令牌。
    按 Ctrl-C 停止。
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError('没有安装网页服务要用的组件，请运行：pip install "kaohe-checker[service]"', "not-installed")
    # Not at the top: no other command waits for any of this.
    from checker.service.configuration import configured
    from checker.service.server import serve as run

    settings = configured(config_file, flags)

    def started(address: str) -> None:
        who = "只有本机能访问，不用登录" if settings.open else "要登录才能使用"
        click.echo(f"考核材料智检已启动：{address}（{who}）。按 Ctrl-C 停止。")
        if open_:
            click.launch(address)

    run(settings, started)
    click.echo("服务已停止。")
    return 0
