"""JSON and JSON Lines of the shared sample report, which holds everything that a broken file may."""

from __future__ import annotations

import json
from dataclasses import replace

from jsonschema import Draft202012Validator
from other_systems import EVERYTHING
from sample_report import EMPTY, NOTHING, REPORT

from checker.render import json as json_report

# The sample calls the type of its unit by its name; the schema knows the types by their ids.
_UNIT = replace(REPORT.submission, unit_type="municipal")
REPORTS = (replace(REPORT, submission=_UNIT), EVERYTHING, EMPTY, NOTHING)


def test_holds_to_the_schema() -> None:
    """Halves of characters, controls and hostile names do not keep the report from being JSON of our schema."""
    validator = Draft202012Validator(json.loads(json_report.schema()))
    for report in REPORTS:
        [rendered] = json_report.render(report)
        assert [error.message for error in validator.iter_errors(json.loads(rendered.data.decode()))] == []


def test_one_line_each() -> None:
    """JSON Lines: each report is one line that says the same as the indented one."""
    for report in REPORTS:
        [indented], [line] = json_report.render(report), json_report.render_lines(report)
        assert line.name == "report.jsonl"
        assert line.data.count(b"\n") == 1
        assert line.data.endswith(b"\n")
        assert json.loads(line.data) == json.loads(indented.data)
