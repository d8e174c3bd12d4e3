"""The command line. Each command is a file of its own and holds no logic of the checker."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from checker import __version__
from checker.commands.backup import backup, restore
from checker.commands.base import Group, in_chinese
from checker.commands.check import check
from checker.commands.explain import explain, rules
from checker.commands.hook import hook
from checker.commands.purge import purge
from checker.commands.roster import roster
from checker.commands.screen import screen
from checker.commands.serve import serve
from checker.commands.token import token
from checker.commands.watch import watch
from checker.errors import KaoheError

EXIT_BAD = 2


@click.group(
    cls=Group,
    invoke_without_command=True,
    options_metavar="[选项]",
    subcommand_metavar="命令 ...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(
    __version__, "--version", prog_name="kaohe", message="%(prog)s %(version)s", help="显示版本并退出"
)
@click.pass_context
def kaohe(context: click.Context) -> None:
    """考核材料智检：年度考核材料报送前的检查，全程离线。

    先用 kaohe check 检查材料，例如：kaohe check 领导班子工作总结.docx 四个清单.docx
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


kaohe.add_command(check)
kaohe.add_command(screen)
kaohe.add_command(watch)
kaohe.add_command(rules)
kaohe.add_command(explain)
kaohe.add_command(roster)
kaohe.add_command(hook)
kaohe.add_command(serve)
kaohe.add_command(token)
kaohe.add_command(purge)
kaohe.add_command(backup)
kaohe.add_command(restore)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code: 0 nothing found, 1 findings, 2 something could not be done."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Every error is one Chinese sentence on standard error."""
    _use_utf8()
    try:
        code = kaohe.main(args=arguments, prog_name="kaohe", standalone_mode=False)
    except click.ClickException as error:
        _complain(in_chinese(error))
        return EXIT_BAD
    except KaoheError as error:
        _complain(error.message)
        return EXIT_BAD
    except (KeyboardInterrupt, click.Abort):
        _complain("已中断，没有写出结果。")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (| head): nothing is left to say, and Python must not complain at exit.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return EXIT_BAD
    except Exception as error:
        if os.environ.get("KAOHE_DEBUG"):
            raise
        _complain(f"程序内部出错（{type(error).__name__}），没有完成检查；设置 KAOHE_DEBUG=1 重新运行可以看到详情。")
        return EXIT_BAD
    return code if isinstance(code, int) else 0


def _complain(sentence: str) -> None:
    print(f"kaohe：{sentence}", file=sys.stderr)


def _use_utf8() -> None:
    """Chinese output whatever the console's code page; characters it cannot show become ?."""
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", "") or "").lower()
        if encoding not in ("utf-8", "utf8") and hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8" if encoding in ("ascii", "ansi_x3.4-1968", "") else None, errors="replace"
            )
