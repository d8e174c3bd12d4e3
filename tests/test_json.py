"""The JSON report: every report holds to the published schema, and says what the report says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from loaders import SAMPLES

import checker
from checker.render import json as json_report
from checker.report import Report

SCHEMA = json.loads(json_report.schema())
VALIDATOR = Draft202012Validator(SCHEMA)


def reports(folder: Path) -> Mapping[str, Report]:
    """Reports of many shapes: papers in order, faulty, unread, divided, from text, with flags and excuses."""
    damaged, text = folder / "坏.docx", folder / "总结.txt"
    damaged.write_bytes(b"PK\x03\x04")
    text.write_text(
        "某局领导班子工作总结\n一、总体情况\n全年修路XX公里。\n" + "全年各项任务都已完成。" * 9 + "\n问题清单\n无\n",
        "utf-8",
    )
    return {
        "in order": checker.check(SAMPLES / "clean-bureau", non_party=True),
        "many findings": checker.check(SAMPLES / "missing-topics"),
        "a chief": checker.check(SAMPLES / "party-chief-thin", party_chief=True, unit="柳沱县", unit_type="county"),
        "related places": checker.check(SAMPLES / "thin-report"),
        "excused": checker.check(text, not_applicable={"religion": "无此职能"}, person="某"),
        "unread": checker.check([damaged, text]),
        "nothing": checker.check([]),
        "a few": checker.check(text).from_level("error"),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Report]:
    return reports(tmp_path_factory.mktemp("json"))


def data(report: Report) -> dict[str, Any]:
    [rendered] = json_report.render(report)
    decoded = json.loads(rendered.data)
    assert isinstance(decoded, dict)
    return decoded


def test_the_schema_is_one() -> None:
    """The published schema is itself sound under draft 2020-12, and closed: unknown keys are refused."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == json_report.SCHEMA
    assert SCHEMA["additionalProperties"] is False


def test_every_report_holds_to_the_schema(made: Mapping[str, Report]) -> None:
    """No report of any shape breaks the schema."""
    for name, report in made.items():
        assert [error.message for error in VALIDATOR.iter_errors(data(report))] == [], name


def test_the_schema_refuses(made: Mapping[str, Report]) -> None:
    """A report with a key missing, a key too many or a wrong value is refused."""
    sound = data(made["many findings"])
    for change in ({"verdict": "fine"}, {"extra": 1}, {"schema": "kaohe/report/2"}, {"documents": None}):
        assert not VALIDATOR.is_valid({**sound, **change}), change
    assert not VALIDATOR.is_valid({key: value for key, value in sound.items() if key != "not_checked"})


def test_lines_say_the_same(made: Mapping[str, Report]) -> None:
    """jsonl is the same data on one line."""
    for report in made.values():
        [rendered] = json_report.render_lines(report)
        assert rendered.data.count(b"\n") == 1
        assert json.loads(rendered.data) == data(report)


def test_nothing_is_lost(made: Mapping[str, Report]) -> None:
    """Each finding, problem and rule not checked stands in the JSON exactly once."""
    for report in made.values():
        found = data(report)
        everywhere = [*found["findings"], *(entry for paper in found["documents"] for entry in paper["findings"])]
        assert sorted(entry["fingerprint"] for entry in everywhere) == sorted(
            finding.fingerprint for finding in report.findings
        )
        assert [entry["rule"] for entry in found["not_checked"]] == [entry.rule for entry in report.not_checked]
        assert [entry["code"] for entry in found["errors"]] == [entry.code for entry in report.errors]
        assert found["verdict"] == report.verdict


def test_places_are_places_in_the_file(made: Mapping[str, Report]) -> None:
    """Offsets count in the text of the whole file, also for a paper that stands in the middle of it."""
    divided = 0
    for report in made.values():
        for paper in data(report)["documents"]:
            text = checker.read(paper["path"]).text
            divided += paper["span"]["start"] > 0
            for finding in paper["findings"]:
                place = finding["location"]
                if finding["quote"]:
                    assert text[place["start"] : place["end"]] == finding["quote"]
                assert paper["span"]["start"] <= place["start"] <= place["end"] <= paper["span"]["end"]
            for level in [*paper["facets"], *paper["topics"]]:
                for evidence in level["evidence"]:
                    assert text[evidence["start"] : evidence["end"]] == evidence["quote"]
    assert divided


def test_known_values(made: Mapping[str, Report]) -> None:
    """A finding of the excused paper, key by key."""
    found = data(made["excused"])
    summary = next(paper for paper in found["documents"] if paper["kind"] == "team-summary")
    placeholder = next(entry for entry in summary["findings"] if entry["rule"] == "placeholder")
    assert placeholder["quote"] == "XX"
    assert placeholder["severity"] == "error"
    assert placeholder["basis"] == {"title": found["notice"]["title"], "clause": "四"}
    assert placeholder["location"]["heading"] == ["一、总体情况"]
    assert placeholder["location"]["part"] == "body"
    religion = next(level for level in summary["topics"] if level["id"] == "religion")
    assert (religion["level"], religion["not_applicable"]) == ("absent", "无此职能")
    assert found["submission"]["person"] == "某"
