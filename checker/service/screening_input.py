"""What is handed in with a screening, looked at before it is taken in: a clerk is told at once what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from checker.errors import KaoheError
from checker.readers.limits import Limits
from checker.service.problems import ProblemError
from checker.service.uploads import Upload
from checker.submission import is_paper
from checker.workers import TaskLost, Worker

_TABLES = (".xlsx", ".xls", ".et", ".csv")
_SECONDS = 60.0
_NAMES = {"roster": "花名册", "pins": "归属表", "accept": "处理意见文件"}


def look_at_names(papers: Sequence[Upload], roster: Upload | None, pins: Upload | None, accept: Upload | None) -> None:
    """Refuse what cannot be meant, by its name and first bytes."""
    if not papers:
        raise ProblemError(422, "no-papers", "请选择放着材料的压缩包（.zip）。", more={"field": "file"})
    for upload in papers:
        if not upload.size:
            raise ProblemError(422, "empty-file", f"{upload.name} 是空的，请重新选择。", more={"field": "file"})
        if upload.name.lower().endswith(".zip") and not _begins(upload, b"PK"):
            raise ProblemError(415, "not-a-zip", f"{upload.name} 不是 zip 压缩包，或已损坏；请重新压缩后上传。")
        if upload.name.lower().endswith((".rar", ".7z", ".tar", ".gz")):
            raise ProblemError(415, "other-archive", f"{upload.name} 不是 zip；请解压后重新压缩成 .zip。")
        if not is_paper(PurePosixPath(upload.name)):
            raise ProblemError(415, "not-a-paper", f"{upload.name} 不是材料，也不是放着材料的压缩包，请核对。")
    for name, table in (("roster", roster), ("pins", pins)):
        if table is not None and not table.name.lower().endswith(_TABLES):
            raise ProblemError(
                415,
                "not-a-table",
                f"{_NAMES[name]}要是表格（.xlsx、.xls、.csv）。",
                more={"field": name},
            )
    if accept is not None and not accept.name.lower().endswith(".toml"):
        raise ProblemError(
            415, "not-toml", f"{_NAMES['accept']}要是 .toml 文件，{accept.name} 不是。", more={"field": "accept"}
        )


def look_inside(inputs: Mapping[str, str], notice: str, limits: Limits) -> None:
    """Read roster, pins and decisions, in a process of their own: nobody knows yet what these files are."""
    if not inputs:
        return
    with Worker(limits.memory, None, ("checker.service.screening_input",)) as worker:
        for name, path in inputs.items():
            try:
                worker.call(partial(_load, name, notice=notice), path, timeout=_SECONDS)
            except KaoheError as error:
                shown = error.message.replace(path, Path(path).name)
                raise ProblemError(422, error.code, shown, more={"field": name}) from None
            except TaskLost:
                raise ProblemError(
                    422, "unreadable", f"{_NAMES[name]}读不出来，请另存为 .xlsx 后重新上传。", more={"field": name}
                ) from None


def _load(name: str, path: str, *, notice: str) -> None:
    """Read one of the files; what is wrong with it is raised."""
    from checker import decisions
    from checker import notice as notices
    from checker.screening import pins, roster_file

    place = Path(path)
    if name == "roster":
        roster_file.load(place, notices.load(notice, verify="never"))
    elif name == "pins":
        pins.load(place)
    else:
        decisions.load(place)


class _Finding(msgspec.Struct):
    rule: str
    fingerprint: str


class _Document(msgspec.Struct):
    findings: list[_Finding]


class _Report(msgspec.Struct):
    documents: list[_Document]
    findings: list[_Finding]


class _Record(msgspec.Struct):
    report: _Report | None


def findings(record: bytes) -> frozenset[tuple[str, str]]:
    """Rule and fingerprint of every finding in a line of results.jsonl."""
    report = msgspec.json.decode(record, type=_Record).report
    if report is None:
        return frozenset()
    every = [*report.findings, *(finding for document in report.documents for finding in document.findings)]
    return frozenset((finding.rule, finding.fingerprint) for finding in every)


def _begins(upload: Upload, mark: bytes) -> bool:
    if isinstance(upload.content, bytes):
        return upload.content.startswith(mark)
    with upload.content.open("rb") as stream:
        return stream.read(len(mark)) == mark
