"""results.jsonl: one line of JSON for each unit of a screening, as `screening.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from checker.render.json import as_data, encode
from checker.render.json import schema as report_schema

if TYPE_CHECKING:
    from checker.report import Report
    from checker.screening.cards import Assignment
    from checker.screening.result import DueLine, FindingLine, PaperLine, Round, Screening, UnitLine

SCHEMA = "kaohe/screening/1"


def schema() -> bytes:
    """The published JSON Schema of a line, with that of the report in it."""
    file = resources.files("checker.render").joinpath("screening.schema.json")
    own: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    report: dict[str, Any] = msgspec.json.decode(report_schema())
    # As one document, for whoever has to do with lines alone: only this level names a schema and has definitions.
    own["$defs"] |= report.pop("$defs")
    own["$defs"]["report"] = {key: value for key, value in report.items() if not key.startswith("$")}
    return msgspec.json.format(msgspec.json.encode(own), indent=2) + b"\n"


def report_data(report: Report) -> bytes:
    """The report of one unit as a line takes it in: whoever has the report need not keep it till the line is made."""
    return encode(as_data(report))


def lines(screening: Screening, report_of: Callable[[UnitLine], bytes | None]) -> Iterator[bytes]:
    """The lines of a screening in the order of its worklist; `report_of` gives the `report_data` of a unit."""
    aside: dict[str, list[Assignment]] = {}
    for assignment in screening.set_aside:
        aside.setdefault(assignment.unit, []).append(assignment)
    for unit in screening.units:
        yield line(unit, report_of(unit), aside.get(unit.name, ()))


def line(unit: UnitLine, report: bytes | None = None, set_aside: Sequence[Assignment] = ()) -> bytes:
    """One line; `report` is None for a unit that was not checked."""
    data = {
        "schema": SCHEMA,
        "unit": {"name": unit.name, "type": unit.unit_type, "known": unit.known},
        "verdict": unit.verdict,
        "counts": {
            "error": unit.errors,
            "warning": unit.warnings,
            "info": unit.infos,
            "accepted": unit.accepted,
        },
        "page": unit.page,
        "form": unit.form,
        "papers": [_paper(paper) for paper in unit.papers],
        "dues": [_due(due) for due in unit.dues],
        "missing": [_owed(due) for due in unit.dues if due.missing],
        "surplus": list(unit.surplus),
        "set_aside": [_set_aside(assignment) for assignment in set_aside],
        "topics": dict(unit.topics),
        "facets": dict(unit.facets),
        "round": None if unit.round is None else _round(unit.round),
        "errors": [{"path": entry.path, "code": entry.code, "message": entry.message} for entry in unit.problems],
        "report": None if report is None else msgspec.Raw(report),
    }
    return encode(data) + b"\n"


def _paper(paper: PaperLine) -> Mapping[str, Any]:
    return {
        "path": paper.name,
        "part": paper.part,
        "person": paper.person,
        "kind": paper.kind,
        "words": paper.words,
        "limit": paper.limit,
        "over": paper.over,
        "recognised": paper.recognised,
        "page": paper.page,
        "copy": paper.copy,
    }


def _owed(line: DueLine) -> Mapping[str, Any]:
    return {"kind": line.due.kind, "person": line.due.person}


def _due(line: DueLine) -> Mapping[str, Any]:
    due = line.due
    return {
        **_owed(line),
        "owed": due.owed,
        "clause": due.clause,
        "reason": due.reason,
        "grade": due.grade,
        "received": list(line.received),
    }


def _set_aside(assignment: Assignment) -> Mapping[str, Any]:
    instead = assignment.instead
    return {
        "path": assignment.key.name,
        "part": assignment.key.part,
        "person": assignment.person,
        "kind": assignment.kind,
        "why": assignment.why,
        "how": assignment.how,
        "instead": None if instead is None else {"path": instead.name, "part": instead.part},
    }


def _round(turn: Round) -> Mapping[str, Any]:
    return {
        "missing": turn.missing,
        "mended": [_finding(entry) for entry in turn.mended],
        "remaining": [_finding(entry) for entry in turn.remaining],
        "new": [_finding(entry) for entry in turn.new],
        "unseen": [_finding(entry) for entry in turn.unseen],
        "accepted": [_finding(entry) for entry in turn.accepted],
        "changed": dict(turn.changed),
    }


def _finding(entry: FindingLine) -> Mapping[str, Any]:
    return {
        "rule": entry.rule,
        "fingerprint": entry.fingerprint,
        "severity": entry.severity,
        "path": entry.paper,
        "kind": entry.kind,
        "person": entry.person,
        "message": entry.message,
        "quote": entry.quote,
    }
