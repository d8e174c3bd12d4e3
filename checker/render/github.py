"""The report as workflow commands of GitHub Actions: each line becomes a remark beside the file it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.report import Finding, Report, Severity

_COMMANDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as text: files that were not read, findings, what was not checked, the verdict."""
    text = "".join(f"{line}\n" for line in _lines(report))
    return (Rendered("report.github.txt", text.encode("utf-8")),)


def _lines(report: Report) -> Iterator[str]:
    names, rules = say.report_names(report), say.rule_names(report)
    for problem in report.errors:
        properties = {"file": machine.file_path(problem.path), "title": "没有检查"}
        yield _command("error", properties, machine.unread(problem.message))
    for finding in report.findings:
        title = f"{rules.get(finding.rule, say.one_line(finding.rule))}（{say.one_line(finding.rule)}）"
        properties = {**_place(report, finding), "title": title}
        command = "notice" if finding.accepted is not None else _COMMANDS[finding.severity]
        yield _command(command, properties, machine.full(finding, names))
    for reason, skipped in say.by_reason(report.not_checked, rules).items():
        yield _command("notice", {"title": "没有检查的规则"}, f"{'、'.join(skipped)}（{reason}）")
    for entry in report.stale:
        yield _command("notice", {"title": "不再起作用的处理意见"}, say.stale_phrase(entry, rules))
    command = {"pass": "notice", "remarks": "warning"}.get(report.verdict, "error")
    if say.nothing_checked(report):
        command = "error"
    yield _command(command, {"title": f"结论：{say.verdict_name(report)}"}, say.advice(report))


def _place(report: Report, finding: Finding) -> dict[str, str]:
    document = machine.home(report, finding)
    if document is None:
        return {}
    found = {"file": machine.file_path(document.path)}
    where = machine.place(finding)
    if where is None:
        return found
    found |= {"line": str(where.start.line), "endLine": str(where.end.line)}
    # GitHub takes columns only where a remark stays on one line.
    if where.start.column is not None and where.end.column is not None and where.start.line == where.end.line:
        found |= {"col": str(where.start.column), "endColumn": str(where.end.column)}
    return found


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_escape(value, _PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name} {listed}::{_escape(message, _DATA)}"


def _escape(text: str, codes: Mapping[str, str]) -> str:
    return "".join(codes.get(letter, letter) for letter in say.visible(text))
