"""One check as plain data, and the work itself: run in a child process under limits of time and memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.errors import KaoheError, UsageError
from checker.readers import Limits
from checker.report import Problem, severity

if TYPE_CHECKING:
    from checker.notice import Notice
    from checker.report import Report

NEVER = "never"
FORMATS = ("html", "docx", "form", "pdf")
"""The outputs that may be asked for besides the report."""
_PARTLY = "只送来其中几份（whole=false），没有核对成套材料是否齐全"
_READERS = ("docx", "odt", "pdf", "rtf", "text", "web", "ofd", "sheets", "archive")
_WARMED: set[str] = set()
"""The notices that this process, or the one it was forked from, is warm for."""


class Handed(NamedTuple):
    """One file as it came in: the name to be shown, and its bytes or where they lie."""

    name: str
    content: bytes | Path


class Before(NamedTuple):
    """A finding as far as it takes to tell what changed from one check to the next."""

    rule: str
    fingerprint: str
    severity: str = ""
    message: str = ""
    path: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by."""
        return self.rule, self.fingerprint


@dataclass(frozen=True, slots=True)
class CheckTask:
    """What is checked and how. `formats` are further outputs wanted: html, docx, form, pdf.

    `notice` is an id or a file of this machine: who makes a task from a request chooses among the allowed ones.
    `previous` are the findings of the check before (None: there was none); `fail_on` as for `kaohe check`. `problems`
    are files that were given up before. Not `whole`: only some of the papers, so that others are wanting is not told.
    """

    files: tuple[Handed, ...]
    notice: str
    kind: str | None = None
    unit: str = ""
    unit_type: str = ""
    person: str = ""
    flags: frozenset[str] = frozenset()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    previous: tuple[Before, ...] | None = None
    fail_on: str = "error"
    cover: bool = False
    suggest: bool = False
    limits: Limits = field(default_factory=Limits)
    problems: tuple[Problem, ...] = ()
    whole: bool = True


class Made(NamedTuple):
    """One output file."""

    format: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different from the check before: findings that are new, still there, and gone."""

    new: tuple[Before, ...]
    same: tuple[Before, ...]
    gone: tuple[Before, ...]


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What came of it. `report` is the JSON of kaohe/report/1, `html` its page where that was asked for.

    `passed` says whether a system that asked may take the papers in: nothing at `fail_on` or above, nothing unread.
    `failures` are outputs that could not be made: format and one Chinese sentence. `counts` are open findings by
    severity. `findings` is what to hand in as `previous` next time.
    """

    verdict: str
    passed: bool
    report: bytes
    counts: Mapping[str, int]
    findings: tuple[Before, ...]
    html: bytes = b""
    files: tuple[Made, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    changed: Changed | None = None
    unread: tuple[str, ...] = ()
    """The code of each problem that kept a file, or all, from being checked; for the metrics."""


def run_check(task: CheckTask) -> CheckAnswer:
    """Check the files of a task as one submission. KaoheError where the task itself makes no sense.

    Nothing but the bytes that came with the task is looked at: no file of decisions beside a paper, no other folder.
    """
    from checker import decisions, engine
    from checker.alone import without_the_set
    from checker.render import json as report_json
    from checker.submission import Options, collect

    loaded = _notice(task.notice)
    _refuse_unknown_topics(task, loaded)
    streams = {handed.name: _bytes(handed) for handed in distinct(task.files)}
    options = Options(
        kind=task.kind,
        unit=task.unit,
        unit_type=task.unit_type,
        person=task.person,
        flags=task.flags,
        not_applicable=task.not_applicable,
        limits=task.limits,
        grades=task.grades,
    )
    submission, problems = collect((), options, streams)
    report = engine.run(loaded, submission, (*task.problems, *problems))
    report = decisions.apply(report, [*decisions.replied(report, beside=False)])
    if not task.whole:
        report = without_the_set(report, loaded, _PARTLY)
    files, failures = _outputs(task, report, streams)
    page = next((made.data for made in files if made.format == "html"), b"")
    findings = tuple(
        Before(it.rule, it.fingerprint, it.severity, it.message, it.document.path if it.document else "")
        for it in report.open
    )
    return CheckAnswer(
        verdict=report.verdict,
        passed=_passed(report, task.fail_on),
        report=report_json.encode(report_json.as_data(report)),
        counts={str(name): count for name, count in report.counts().items()},
        findings=findings,
        html=page,
        files=tuple(made for made in files if made.format != "html"),
        failures=failures,
        changed=None if task.previous is None else compare(task.previous, findings),
        unread=tuple(problem.code for problem in report.errors),
    )


def probe(handed: Handed, limits: Limits) -> None:
    """Only read one file: tells which of several files it was that ended a check."""
    from checker.submission import Options, collect

    collect((), Options(limits=limits), {handed.name: _bytes(handed)})


def warm(notice: str, folder: str) -> None:
    """What a process needs for every check, done once when it starts, unless the one it comes from has done it.

    It works in a `folder` with nothing in it, so that a name that somebody sent is never found to be one of our files.
    """
    with suppress(OSError):
        os.chdir(folder)
    if notice not in _WARMED:
        warm_up(notice)


def warm_up(notice: str) -> None:
    """Load rules, tables, models, readers and outputs by using them."""
    from checker.screening.reading import warm as warm_rules

    warm_rules(notice)
    sample = Handed("样例.txt", "2020年度工作总结\n\n一、工作情况\n全年完成投资3亿元。\n".encode())
    run_check(CheckTask((sample,), notice, formats=("html", "docx", "form")))
    for name in _READERS:
        import_module(f"checker.readers.{name}")
    import_module("checker.render.pdf")
    _WARMED.add(notice)


def distinct(files: tuple[Handed, ...]) -> tuple[Handed, ...]:
    """The files, none of which has the name of another."""
    taken: set[str] = set()
    named = []
    for handed in files:
        stem, dot, ending = handed.name.rpartition(".")
        if not dot:
            stem, ending = handed.name, ""
        name, number = handed.name, 1
        while name in taken:
            number += 1
            name = f"{stem}（{number}）{dot}{ending}"
        taken.add(name)
        named.append(Handed(name, handed.content))
    return tuple(named)


def compare(previous: Sequence[Before], now: Sequence[Before]) -> Changed:
    """What is new, what is still there, what is gone, by rule and fingerprint; the same fault twice counts twice."""
    left = Counter(it.key for it in previous)
    new, same = [], []
    for finding in now:
        if left[finding.key]:
            left[finding.key] -= 1
            same.append(finding)
        else:
            new.append(finding)
    gone = []
    for finding in previous:
        if left[finding.key]:
            left[finding.key] -= 1
            gone.append(finding)
    return Changed(tuple(new), tuple(same), tuple(gone))


def _bytes(handed: Handed) -> bytes:
    return handed.content if isinstance(handed.content, bytes) else handed.content.read_bytes()


@lru_cache(maxsize=8)
def _notice(name: str) -> Notice:
    from checker import notice

    # Its examples were tried when the service began to offer it.
    return notice.load(name, verify="never")


def _refuse_unknown_topics(task: CheckTask, loaded: Notice) -> None:
    known = {item.id for rule in loaded.rules if rule.kind.covers == "topics" for item in rule.params.topics}
    for topic in task.not_applicable:
        if topic not in known:
            raise UsageError(f"not_applicable 里的 {topic} 不是通知里的事项；可用的有 {'、'.join(sorted(known))}。")


def _passed(report: Report, fail_on: str) -> bool:
    if report.errors:
        return False
    return fail_on == NEVER or not report.from_level(severity(fail_on)).open


def _outputs(
    task: CheckTask, report: Report, streams: Mapping[str, bytes]
) -> tuple[tuple[Made, ...], tuple[tuple[str, str], ...]]:
    """The outputs wanted; one that cannot be made costs neither the report nor the others."""
    from checker.render import Choices, renderer

    choices = Choices(cover=task.cover, suggest=task.suggest)
    files: list[Made] = []
    failures: list[tuple[str, str]] = []
    for format_ in task.formats:
        try:
            files += [Made(format_, made.name, made.data) for made in renderer(format_, choices)(report, streams)]
        except KaoheError as error:
            failures.append((format_, error.message))
    return tuple(files), tuple(failures)
