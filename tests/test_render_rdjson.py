"""The Reviewdog Diagnostic Format: every finding with its path, severity, rule, and range in bytes of UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from other_systems import EVERYTHING, LINES, PAGES, TEXT
from sample_report import COMBINED, EMPTY, NOTHING, REPORT

from checker.render import rdjson
from checker.report import Report

REPORTS: Mapping[str, Report] = {"sample": REPORT, "everything": EVERYTHING, "empty": EMPTY, "nothing": NOTHING}

# What DiagnosticResult of the format's protocol buffers says of the fields that we use, closed.
_POINT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
_SEVERITY = {"enum": ["ERROR", "WARNING", "INFO"]}
_RANGE = {"type": "object", "additionalProperties": False, "required": ["start"], "properties": {"start": _POINT, "end": _POINT}}  # fmt: skip # noqa: E501
_LOCATION = {"type": "object", "additionalProperties": False, "required": ["path"], "properties": {"path": {"type": "string"}, "range": _RANGE}}  # fmt: skip # noqa: E501
_CODE = {"type": "object", "additionalProperties": False, "required": ["value"], "properties": {"value": {"type": "string"}}}  # fmt: skip # noqa: E501
_DIAGNOSTIC = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message", "location", "severity", "code"],
    "properties": {"message": {"type": "string"}, "location": _LOCATION, "severity": _SEVERITY, "code": _CODE},
}
SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["diagnostics", "source", "severity"],
    "properties": {
        "source": {"type": "object", "additionalProperties": False, "properties": {"name": {"const": "kaohe"}}},
        "severity": _SEVERITY,
        "diagnostics": {"type": "array", "items": _DIAGNOSTIC},
    },
}


def result(report: Report) -> dict[str, Any]:
    [rendered] = rdjson.render(report)
    assert rendered.name == "report.rdjson"
    data: dict[str, Any] = json.loads(rendered.data)
    return data


@pytest.mark.parametrize("name", REPORTS)
def test_shape(name: str) -> None:
    """Every result has the fields of the format and no others."""
    errors = [error.message for error in Draft202012Validator(SHAPE).iter_errors(result(REPORTS[name]))]
    assert errors == []


def test_findings() -> None:
    """Each finding is a diagnostic of its rule and severity; one that was accepted is only told."""
    made = result(EVERYTHING)["diagnostics"][len(EVERYTHING.errors) :][: len(EVERYTHING.findings)]
    assert [(entry["code"]["value"], entry["severity"]) for entry in made] == [
        (found.rule, "INFO" if found.accepted else found.severity.upper()) for found in EVERYTHING.findings
    ]
    assert all(entry["location"]["path"] for entry in made)


def test_ranges_cut_out_the_words() -> None:
    """In a text file the range cuts exactly the words out of the bytes of the file."""
    lines = LINES.encode().split(b"\r\n")
    cut = []
    for entry in result(EVERYTHING)["diagnostics"]:
        if entry["location"]["path"] != TEXT.path:
            continue
        start, end = entry["location"]["range"]["start"], entry["location"]["range"]["end"]
        held = lines[start["line"] - 1 : end["line"]]
        held[-1] = held[-1][: end["column"] - 1]
        held[0] = held[0][start["column"] - 1 :]
        cut.append(b"\n".join(held).decode())
    assert cut == ["XX", "一、总体情况", "86件，\n件件"]


def test_pages_and_paragraphs_are_lines() -> None:
    """Elsewhere the page or the paragraph stands for the line, without a column."""
    ranges = {
        (entry["location"]["path"], str(entry["location"].get("range"))) for entry in result(EVERYTHING)["diagnostics"]
    }
    assert (PAGES.path, str({"start": {"line": 2}, "end": {"line": 2}})) in ranges
    assert (COMBINED, str({"start": {"line": 30}, "end": {"line": 30}})) in ranges


def test_what_was_not_checked_is_told() -> None:
    """Files not read, rules not run and decisions that hold no more are diagnostics too, and silence is no pass."""
    made = result(EVERYTHING)
    assert made["diagnostics"][0]["severity"] == made["severity"] == "ERROR"
    told = " ".join(entry["message"] for entry in made["diagnostics"])
    assert all(entry.reason in told for entry in EVERYTHING.not_checked)
    assert "对应的问题已不存在" in told
    assert (result(EMPTY)["severity"], result(NOTHING)["severity"]) == ("INFO", "ERROR")
