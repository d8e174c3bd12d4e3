"""The report in the Reviewdog Diagnostic Format: JSON that reviewdog and editors turn into remarks.

The format counts columns in bytes of UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.render.machine import Point
from checker.report import SEVERITIES, Finding, Report

UNREAD = "unread"
NOT_CHECKED = "not-checked"
STALE = "stale"
"""Codes of what is no finding: a file that could not be read, a rule that could not run, a decision about nothing."""


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one DiagnosticResult."""
    data = {
        "source": {"name": "kaohe"},
        "severity": _overall(report),
        "diagnostics": list(_diagnostics(report)),
    }
    return (Rendered("report.rdjson", msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"),)


def _overall(report: Report) -> str:
    if report.errors or say.nothing_checked(report):
        return "ERROR"
    found = [finding.severity for finding in report.open]
    return next((name.upper() for name in SEVERITIES if name in found), "INFO")


def _diagnostics(report: Report) -> Iterator[dict[str, Any]]:
    names = say.report_names(report)
    for problem in report.errors:
        yield _diagnostic(machine.unread(problem.message), problem.path, "ERROR", UNREAD)
    for finding in report.findings:
        yield _finding(report, finding, names)
    first = next(iter(say.by_file(report)), "")
    for reason, rules in say.by_reason(report.not_checked, say.rule_names(report)).items():
        yield _diagnostic(f"没有检查：{'、'.join(rules)}（{reason}）", first, "INFO", NOT_CHECKED)
    for entry in report.stale:
        said = f"不再起作用的处理意见：{say.stale_phrase(entry, say.rule_names(report))}"
        yield _diagnostic(said, entry.decision.file or first, "INFO", STALE)
    if say.nothing_checked(report):
        yield _diagnostic(say.advice(report), "", "ERROR", NOT_CHECKED)


def _finding(report: Report, finding: Finding, names: Mapping[str, str]) -> dict[str, Any]:
    document = machine.home(report, finding)
    data = _diagnostic(
        machine.full(finding, names), document.path if document else "", _severity(finding), finding.rule
    )
    where = machine.place(finding)
    if where is not None:
        data["location"]["range"] = {"start": _point(where.start), "end": _point(where.end)}
    return data


def _severity(finding: Finding) -> str:
    return "INFO" if finding.accepted is not None else finding.severity.upper()


def _diagnostic(message: str, path: str, severity: str, code: str) -> dict[str, Any]:
    return {
        "message": say.visible(message),
        "location": {"path": machine.file_path(path)},
        "severity": severity,
        "code": {"value": code},
    }


def _point(point: Point) -> dict[str, int]:
    return {"line": point.line} if point.byte is None else {"line": point.line, "column": point.byte}
