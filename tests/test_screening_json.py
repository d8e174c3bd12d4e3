"""results.jsonl: each unit is one line of our schema, and what a line says is read back the same by the next round."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

from jsonschema import Draft202012Validator
from other_systems import EVERYTHING
from sample_report import REPORT
from sample_screening import EMPTY, HOSTILE, SCREENING

from checker.render import json as json_report
from checker.render import screening_json
from checker.screening import rounds
from checker.screening.lines import unit_line
from checker.screening.result import UnitLine

REPORTED = replace(EVERYTHING, submission=replace(EVERYTHING.submission, unit="禾渡县", unit_type="county"))
DATA = screening_json.report_data(REPORTED)


def report_of(unit: UnitLine) -> bytes | None:
    return DATA if unit.name == "禾渡县" else None


LINES = list(screening_json.lines(SCREENING, report_of))


def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(screening_json.schema()))


def test_holds_to_the_schema() -> None:
    """Every line, with and without a report, from a hostile unit too, is JSON of our schema."""
    checked = validator()
    for line in LINES:
        assert [error.message for error in checked.iter_errors(json.loads(line))] == []
    assert not checked.is_valid({**json.loads(LINES[0]), "more": 1})
    assert not checked.is_valid({**json.loads(LINES[0]), "report": {"schema": "kaohe/report/1"}})


def test_definitions_do_not_clash() -> None:
    """The definitions of the report and those of the line keep apart within the one schema."""
    own, report = (
        json.loads((resources.files("checker.render") / f"{name}.schema.json").read_text("utf-8"))["$defs"]
        for name in ("screening", "report")
    )
    assert not own.keys() & report.keys()
    assert json.loads(screening_json.schema())["$defs"].keys() == own.keys() | report.keys() | {"report"}


def test_one_line_a_unit_in_the_order_of_the_worklist() -> None:
    """There is one line for each unit, in the order of the worklist, and nothing for an empty screening."""
    assert len(LINES) == len(SCREENING.units)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in LINES)
    names = [json.loads(line)["unit"]["name"] for line in LINES]
    assert names == [unit.name for unit in SCREENING.units]
    assert HOSTILE in names
    assert list(screening_json.lines(EMPTY, report_of)) == []


def test_a_line_says_everything_of_its_unit() -> None:
    """What is owed, came, is missing, surplus, set aside and mended stands in the line, and the report as it is."""
    [unit] = [unit for unit in SCREENING.units if unit.name == "禾渡县"]
    line = next(json.loads(line) for line in LINES if json.loads(line)["unit"]["name"] == "禾渡县")
    assert line["report"] == json.loads(DATA)
    assert [(it["kind"], it["received"]) for it in line["dues"]] == [(it.due.kind, [*it.received]) for it in unit.dues]
    assert line["missing"] == [{"kind": "problem-list", "person": ""}]
    assert line["surplus"] == [*unit.surplus]
    assert [(it["why"], it["instead"]["path"]) for it in line["set_aside"]] == [
        ("older", "禾渡县/领导班子工作总结.docx")
    ]
    assert unit.round is not None
    assert [it["fingerprint"] for it in line["round"]["new"]] == [it.fingerprint for it in unit.round.new]
    assert line["round"]["changed"] == dict(unit.round.changed)


def test_person_of_each_paper() -> None:
    """In the report of a unit every paper bears the name of its own writer."""
    first, *others = REPORT.submission.documents
    named = replace(first, person="示例甲")
    coverage = tuple(replace(it, document=named) if it.document is first else it for it in REPORT.coverage)
    report = replace(REPORT, submission=replace(REPORT.submission, documents=(named, *others)), coverage=coverage)
    assert next(it["person"] for it in json_report.as_data(report)["documents"]) == "示例甲"


def test_read_back_as_it_was_written(tmp_path: Path) -> None:
    """The findings of a line are those of the unit, but for their place, when the next round reads them."""
    report = replace(REPORT, submission=replace(REPORT.submission, unit="禾渡县"))
    unit = unit_line(report)
    data = screening_json.line(unit, screening_json.report_data(report))
    (tmp_path / rounds.RESULTS).write_bytes(data)
    found = rounds.previous(tmp_path).unit("禾渡县")
    assert found is not None
    wanted = {(it.rule, it.fingerprint, it.paper, it.part, it.kind, it.person, it.case, it.subject) for it in unit.findings}  # fmt: skip # noqa: E501
    assert {(it.rule, it.fingerprint, it.paper, it.part, it.kind, it.person, it.case, it.subject) for it in found.findings} == wanted  # fmt: skip # noqa: E501
    assert len(found.findings) == len(unit.findings)
    assert [(it.name, it.part) for it in found.papers] == [(it.name, it.part) for it in unit.papers]
    again = rounds.turn(found, unit)
    assert (len(again.remaining), again.new, again.mended) == (len(unit.findings), (), ())
