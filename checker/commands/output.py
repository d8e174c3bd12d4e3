"""Where results go: the terminal, a file, a folder; never over a paper."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from checker.errors import UsageError, WriteError
from checker.render import FILES_ONLY, LINKING, ONE_FILE_EACH, Choices, Rendered, linking_renderer, renderer
from checker.report import Report
from checker.writing import write_whole


def deliver(
    report: Report,
    formats: Sequence[str],
    output: Path | None,
    streams: Mapping[str, bytes],
    choices: Choices = Choices(),  # noqa: B008  (frozen)
) -> None:
    """Write the report in all `formats`: to standard output, or to `output` (a file, or a folder for several)."""
    if output is None and FILES_ONLY & set(formats):
        raise UsageError(
            "表格（xlsx）和审查意见表（form）不能显示在屏幕上，"
            "请用 -o 指明写到哪个文件或文件夹，例如：-o 审查结果.xlsx。"
        )
    rendered = {
        name: renderer(name, choices)(report, streams)
        for name in formats
        if name not in LINKING and not (name == "text" and output is None)
    }
    if output is not None:
        links = _links(report, formats, output, [result for outputs in rendered.values() for result in outputs])
        rendered |= {name: linking_renderer(name)(report, streams, links) for name in formats if name in LINKING}
    # A paper that could not be read is as precious as one that could.
    paths = [*(document.path for document in report.submission.documents), *(problem.path for problem in report.errors)]
    sources = {Path(path).resolve() for path in (*paths, choices.template) if path}
    results = [result for outputs in rendered.values() for result in outputs]
    if output is not None:
        places = _places(results, output, several=len(formats) > 1 or bool(ONE_FILE_EACH & set(formats)))
        _write_all(places, sources)
        return
    _write_all(_beside_sources(rendered), sources)
    for name in formats:
        if name == "text":
            _show(report)
        elif name not in ONE_FILE_EACH:
            for result in rendered[name]:
                sys.stdout.buffer.write(result.data)
    sys.stdout.flush()


def _show(report: Report) -> None:
    from rich.console import Console

    from checker.render import text

    text.write(report, Console(highlight=False, soft_wrap=True))


def _places(results: Sequence[Rendered], output: Path, *, several: bool) -> list[tuple[Path, bytes]]:
    """`output` is a folder if it exists as one, has no suffix, or has to take several files."""
    if len(results) == 1 and not output.is_dir() and (output.suffix or not several):
        return [(output, results[0].data)]
    return [(output / result.name, result.data) for result in results]


def _links(report: Report, formats: Sequence[str], output: Path, results: Sequence[Rendered]) -> Mapping[str, str]:
    """Where a table leads for each file of the report, as seen from the folder that it is written to.

    That is the marked-up copy where one is written beside it, else the paper itself.
    """
    if not LINKING & set(formats):
        return {}
    alone = not results and not output.is_dir() and (output.suffix or len(formats) == 1)
    folder = output.parent if alone else output
    paths = [*(document.path for document in report.submission.documents), *(problem.path for problem in report.errors)]
    links = {path: _seen_from(folder, path) for path in paths if path and Path(path).is_file()}
    return links | {result.source: result.name for result in results if result.source}


def _seen_from(folder: Path, path: str) -> str:
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # on another drive
        return str(Path(path).resolve())


def _beside_sources(rendered: Mapping[str, Sequence[Rendered]]) -> list[tuple[Path, bytes]]:
    """Without -o the marked-up copies go beside the papers they belong to."""
    return [
        (_folder_of(result.source) / result.name, result.data)
        for name in sorted(ONE_FILE_EACH & set(rendered))
        for result in rendered[name]
    ]


def _folder_of(source: str) -> Path:
    """The folder that a paper stands in; for one inside a .zip file that of the .zip file."""
    parents = Path(source).parents
    inside = any(parent.is_file() for parent in parents)
    return next((parent for parent in parents if parent.is_dir()), Path()) if inside else Path(source).parent


def _write_all(places: Sequence[tuple[Path, bytes]], sources: set[Path]) -> None:
    for path, _ in places:
        if path.resolve() in sources:
            raise WriteError(f"不能把结果写到原材料上：{path}；请换一个文件名或文件夹。")
    for path, data in places:
        write_whole(path, data)
        click.echo(f"已写出 {path}", err=True)
