"""The report as SARIF 2.1.0, the exchange format of static analysis (OASIS), for editors and code hosts.

A file that could not be read and a rule that could not run are notifications of the run, and the run then has not
succeeded: silence is never a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from checker import __version__
from checker.document import Document, Span
from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.report import EVERY_RULE, Decision, Finding, Place, Report, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_LINK = re.compile(r"\[(?=[^\]]*\]\()")


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one SARIF log with one run."""
    data = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return (Rendered("report.sarif", msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"),)


def _run(report: Report) -> dict[str, Any]:
    rules = _rules(report)
    order = {rule["id"]: index for index, rule in enumerate(rules)}
    names = say.report_names(report)
    return {
        "tool": {
            "driver": {
                "name": "kaohe",
                "fullName": "考核材料智检",
                "version": __version__,
                "semanticVersion": __version__,
                "language": "zh-CN",
                "rules": rules,
            }
        },
        "language": "zh-CN",
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "artifacts": _artifacts(report),
        "results": [_result(report, finding, order, names) for finding in report.findings],
        "properties": {
            "verdict": report.verdict,
            "verdictName": say.verdict_name(report),
            "advice": say.advice(report),
            "notice": {
                "id": say.visible(report.notice.id),
                "title": say.visible(report.notice.title),
                "number": say.visible(report.notice.number),
            },
        },
    }


def _rules(report: Report) -> list[dict[str, Any]]:
    """Every rule of the notice, and any other that a finding names."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": _message(rule.name),
            "help": _message(f"依据：{say.clause_name(rule.clause)}"),
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": {"clause": say.visible(rule.clause)},
        }
        for rule in report.notice.rules
    ]
    known = {rule["id"] for rule in rules}
    others = dict.fromkeys(finding.rule for finding in report.findings if finding.rule not in known)
    return [*rules, *({"id": name} for name in others)]


def _message(text: str) -> dict[str, str]:
    """A message: braces would be places to fill in, and brackets before a parenthesis a link that can be followed."""
    return {"text": _LINK.sub(r"\\[", say.visible(text).replace("{", "{{").replace("}", "}}"))}


def _invocation(report: Report) -> dict[str, Any]:
    skipped = [
        {
            "level": "note",
            "message": _message(f"没有检查：{say.one_line(entry.reason)}"),
            **({} if entry.rule == EVERY_RULE else {"associatedRule": {"id": entry.rule}}),
        }
        for entry in report.not_checked
    ]
    failed = [
        {
            "level": "error",
            "descriptor": {"id": entry.code},
            "message": _message(machine.unread(entry.message)),
            "locations": [
                {"physicalLocation": {"artifactLocation": _artifact(path)}} for path in (entry.path,) if path
            ],
        }
        for entry in report.errors
    ]
    names = say.rule_names(report)
    stale = [{"level": "note", "message": _message(say.stale_phrase(entry, names))} for entry in report.stale]
    return {
        "executionSuccessful": not report.errors and not say.nothing_checked(report),
        "toolExecutionNotifications": failed,
        "toolConfigurationNotifications": [*skipped, *stale],
    }


def _artifacts(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "location": _artifact(path),
            "roles": ["analysisTarget"],
            **({"hashes": {"sha-256": papers[0].sha256}} if papers[0].sha256 else {}),
            "description": _message("、".join(dict.fromkeys(say.kind_name(paper) for paper in papers))),
        }
        for path, papers in say.by_file(report).items()
    ]


def _artifact(path: str) -> dict[str, str]:
    return {"uri": machine.address(path)}


def _result(report: Report, finding: Finding, order: Mapping[str, int], names: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": order[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": _message(_told(finding, names)),
        "locations": list(_locations(report, finding)),
        "partialFingerprints": {"kaohe/v1": finding.fingerprint},
        "properties": {
            "case": say.visible(finding.case),
            "clause": say.visible(finding.clause),
            "suggestion": say.visible(finding.suggestion),
            "recognised": finding.recognised,
        },
    }
    if finding.related:
        result["relatedLocations"] = [_related(place, number) for number, place in enumerate(finding.related, 1)]
    if finding.accepted is not None:
        result["suppressions"] = [_suppression(finding.accepted)]
    return result


def _suppression(decision: Decision) -> dict[str, str]:
    return {
        "kind": "inSource" if decision.source == "reply" else "external",
        "status": "accepted",
        "justification": say.decision_phrase(decision),
    }


def _told(finding: Finding, names: Mapping[str, str]) -> str:
    """The message; viewers show its first sentence where there is little room."""
    return f"{machine.sentence(finding).rstrip('。')}。\n" + "\n".join(machine.details(finding, names))


def _locations(report: Report, finding: Finding) -> Iterator[dict[str, Any]]:
    document = machine.home(report, finding)
    if document is not None:
        yield _location(document, finding.place if finding.document is not None else None)


def _location(document: Document, span: Span | None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(document.path)}
    region = _region(document, span)
    if region is not None:
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    logical: dict[str, str] = {"name": say.kind_name(document), "kind": "text"}
    heading = say.heading_of(document, span) if span is not None else ""
    if heading:
        logical["fullyQualifiedName"] = f"{say.kind_name(document)} / {heading}"
    location["logicalLocations"] = [logical]
    return location


def _region(document: Document, span: Span | None) -> dict[str, Any] | None:
    where = machine.position(document, span)
    if where is None or span is None:
        return None
    region: dict[str, Any] = {"startLine": where.start.line, "endLine": where.end.line}
    if where.start.column is not None and where.end.column is not None:
        region |= {"startColumn": where.start.column, "endColumn": where.end.column}
        # Only where the region is exactly the words may it be said to hold them.
        region["snippet"] = {"text": say.visible(document.slice(say.clamp(document, span)))}
    return {**region, "properties": {"unit": where.unit}}


def _related(place: Place, number: int) -> dict[str, Any]:
    words = place.document.slice(say.clamp(place.document, place.span))
    return {"id": number, **_location(place.document, place.span), "message": _message(say.shorten(words, 120))}
