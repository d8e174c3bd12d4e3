"""click in Chinese: help pages and usage errors as a clerk reads them."""

from __future__ import annotations

from typing import Any

import click


class _Formatter(click.HelpFormatter):
    """Headings with a Chinese colon."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{heading}：\n")


class _Context(click.Context):
    formatter_class = _Formatter


class _Chinese:
    """Mixed into click's commands: the fixed words of the help pages."""

    def format_usage(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.collect_usage_pieces(context)  # type: ignore[attr-defined]
        formatter.write_usage(context.command_path, " ".join(pieces), prefix="用法：")

    def get_help_option(self, context: click.Context) -> click.Option | None:
        option = super().get_help_option(context)  # type: ignore[misc]
        if option is not None:
            option.help = "显示本说明并退出"
        return option  # type: ignore[no-any-return]

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        parameters = self.get_params(context)  # type: ignore[attr-defined]
        options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
        rows = [row for option in options if (row := option.get_help_record(context))]
        if rows:
            with formatter.section("选项"):
                formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(context, formatter)


class Command(_Chinese, click.Command):
    """A command with a Chinese help page."""

    context_class = _Context


class Group(_Chinese, click.Group):
    """A group of commands with a Chinese help page."""

    context_class = _Context
    command_class = Command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, command.get_short_help_str(80))
            for name in self.list_commands(context)
            if (command := self.get_command(context, name)) is not None and not command.hidden
        ]
        with formatter.section("命令"):
            formatter.write_dl(rows)


def in_chinese(error: click.ClickException) -> str:
    """One Chinese sentence for a usage error of click."""
    if isinstance(error, click.NoSuchOption):
        return f"没有 {error.option_name} 这个选项；用 --help 查看可用的选项。"
    if isinstance(error, click.MissingParameter):
        return f"缺少 {_name(error)}；用 --help 查看用法。"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)} 的值不对：{_reason(error)}"
    if isinstance(error, click.BadOptionUsage):
        wants_none = "does not take a value" in error.message
        return f"选项 {error.option_name} {'不带值' if wants_none else '要带一个值'}。"
    text = error.format_message()
    if text.startswith("No such command"):
        return f"没有 {text.split(chr(39))[1]} 这个命令；用 --help 查看可用的命令。"
    if text.startswith("Missing command"):
        return "请说明要做什么；用 --help 查看可用的命令。"
    if text.startswith("Got unexpected extra argument"):
        return f"多了参数：{text.partition('(')[2].rstrip(')')}"
    return text


def _name(error: click.BadParameter) -> str:
    parameter = error.param
    if parameter is None:
        return "参数"
    if isinstance(parameter, click.Option):
        return parameter.opts[-1]
    return parameter.human_readable_name


def _reason(error: click.BadParameter) -> str:
    kind: Any = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return f"只能是 {'、'.join(str(choice) for choice in kind.choices)}"
    if isinstance(kind, (click.types.IntParamType, click.types.FloatParamType)):
        return "应当是合适的数字"
    if isinstance(kind, click.types.BoolParamType):
        return "只能是 true 或 false"
    return error.message
