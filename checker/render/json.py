"""The report for other systems: JSON as `report.schema.json` describes it (schema kaohe/report/1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec

from checker import __version__
from checker.document import Document, Span
from checker.render import Rendered
from checker.report import Coverage, Decision, Finding, Level, Place, Report, Stale

SCHEMA = "kaohe/report/1"
_HALF = re.compile("[\ud800-\udfff]")
_PARTS = {"cell": "table", "footnote": "footnote", "endnote": "endnote", "textbox": "textbox"}


def schema() -> bytes:
    """The published JSON Schema of this output."""
    return resources.files("checker.render").joinpath("report.schema.json").read_bytes()


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as indented JSON."""
    return (Rendered("report.json", msgspec.json.format(encode(as_data(report)), indent=2) + b"\n"),)


def render_lines(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one line of JSON, for streams of reports."""
    return (Rendered("report.jsonl", encode(as_data(report)) + b"\n"),)


def encode(data: Any) -> bytes:
    """Plain data as JSON on one line, whatever stands in its texts."""
    try:
        return msgspec.json.encode(data)
    except UnicodeEncodeError:  # half a character, in the name of a file or in a broken one
        return msgspec.json.encode(_whole(data))


def _whole(value: Any) -> Any:
    """`value` with every half of a character replaced by “�”; the lengths stay the same."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(key): _whole(entry) for key, entry in value.items()}
    return [_whole(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data, in the order of the schema."""
    notice, submission = report.notice, report.submission
    return {
        "schema": SCHEMA,
        "tool": {"name": "kaohe", "version": __version__},
        "notice": {"id": notice.id, "title": notice.title, "number": notice.number, "year": notice.year},
        "verdict": report.verdict,
        "submission": {
            "unit": submission.unit,
            "unit_type": submission.unit_type,
            "person": submission.person,
            "flags": sorted(submission.flags),
            "not_applicable": dict(submission.not_applicable),
        },
        "documents": [_document(report, coverage) for coverage in report.coverage],
        "findings": [_finding(report, finding) for finding in report.overall],
        "not_checked": [{"rule": entry.rule, "reason": entry.reason} for entry in report.not_checked],
        "stale": [_stale(entry) for entry in report.stale],
        "errors": [{"path": entry.path, "code": entry.code, "message": entry.message} for entry in report.errors],
    }


def _stale(stale: Stale) -> dict[str, Any]:
    decision = stale.decision
    return {
        "rule": decision.rule,
        "fingerprint": decision.fingerprint,
        **(_decision(decision) or {}),
        "file": decision.file,
        "why": stale.why,
    }


def _document(report: Report, coverage: Coverage) -> dict[str, Any]:
    document = coverage.document
    count = coverage.count
    return {
        "path": document.path,
        "sha256": document.sha256,
        "format": document.format,
        "kind": document.kind,
        "kind_source": document.kind_source,
        "kind_reason": document.kind_reason,
        "unit": report.submission.unit,
        "person": document.person or report.submission.person,
        "span": {"start": document.base, "end": document.base + len(document.text)},
        "count": {
            "value": count.value,
            "limit": count.limit,
            "scope": count.scope,
            "recognised": count.recognised,
        },
        "reading": {
            "read": [{"what": note.what, "count": note.count, "text": note.text} for note in document.reading.read],
            "not_read": [
                {"what": note.what, "count": note.count, "text": note.text} for note in document.reading.not_read
            ],
            "recognised_pages": [page + 1 for page in document.reading.recognised],
            "unread_pages": [page + 1 for page in document.reading.unread],
        },
        "facets": [_level(document, level) for level in coverage.facets],
        "topics": [_level(document, level) for level in coverage.topics],
        "findings": [_finding(report, finding) for finding in report.of(document)],
    }


def _level(document: Document, level: Level) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": level.id,
        "name": level.name,
        "level": level.level,
        "evidence": [
            {"quote": document.slice(span), "start": document.base + span.start, "end": document.base + span.end}
            for span in level.evidence
        ],
    }
    if level.not_applicable:
        data["not_applicable"] = level.not_applicable
    if level.by != "terms":
        data["by"] = level.by
    return data


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "case": finding.case,
        "severity": finding.severity,
        "message": finding.message,
        "quote": finding.quote,
        "suggestion": finding.suggestion,
        "recognised": finding.recognised,
        "facts": {name: value for name, value in finding.facts.items() if isinstance(value, (str, int, float))},
        "basis": {"title": report.notice.title, "clause": finding.clause},
        "location": _location(finding.document, finding.place),
        "related": [_related(place) for place in finding.related],
        "fingerprint": finding.fingerprint,
        "accepted": _decision(finding.accepted),
    }


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "verb": decision.verb,
        "reason": decision.reason,
        "by": decision.by,
        "date": decision.date,
        "source": decision.source,
    }


def _related(place: Place) -> dict[str, Any]:
    return {
        "path": place.document.path,
        "quote": place.document.slice(place.span),
        "location": _location(place.document, place.span),
    }


def _location(document: Document | None, span: Span | None) -> dict[str, Any] | None:
    """Where it stands: offsets are into the text of the whole file; `paragraph` counts the paper's blocks from 1."""
    if document is None or span is None:
        return None
    index = document.block_index(span.start)
    block = document.blocks[index] if index is not None else None
    return {
        "part": "table" if block and block.cell else _PARTS.get(block.kind if block else "", "body"),
        "heading": _headings(document, span.start),
        "paragraph": None if index is None else index + 1,
        "start": document.base + span.start,
        "end": document.base + span.end,
        "page": document.page(span),
    }


def _headings(document: Document, offset: int) -> Sequence[str]:
    """The headings over `offset`, outermost first."""
    over: list[tuple[int, str]] = []
    for block in document.blocks:
        if block.span.start > offset:
            break
        if block.kind == "heading":
            over = [entry for entry in over if entry[0] < block.level]
            over.append((block.level, block.label + document.slice(block.span)))
    return [text for _, text in over]
