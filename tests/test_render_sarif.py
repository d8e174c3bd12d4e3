"""SARIF 2.1.0: the log holds to a closed schema of what we write, and says what the report says.

The official schema is not part of this project: it is published without words on whether it may be passed on (see
oasis-tcs/sarif-spec, issue 583). `SHAPE` states, closed, the part of the standard that we use; whoever has the official
file names it in KAOHE_SARIF_SCHEMA, and the last test holds the log to that too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator, validators
from other_systems import EVERYTHING, TEXT
from sample_report import EMPTY, NOTHING, REPORT, UNREADABLE

from checker.render import sarif
from checker.report import Report

REPORTS: Mapping[str, Report] = {"sample": REPORT, "everything": EVERYTHING, "empty": EMPTY, "nothing": NOTHING}


def closed(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


def many(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


WORDS = {"type": "string"}
BAG = {"type": "object"}
LINE = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = closed("text", text=WORDS)
LANGUAGE = {"type": "string", "pattern": "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"}
ARTIFACT_LOCATION = closed("uri", uri={"type": "string", "pattern": "^[A-Za-z0-9._~:/%@!$&'()*+,;=-]+$"})
REGION = closed(
    "startLine",
    startLine=LINE, startColumn=LINE, endLine=LINE, endColumn=LINE, snippet=closed("text", text=WORDS), properties=BAG,
)  # fmt: skip
LOCATION = closed(
    "physicalLocation",
    id=INDEX,
    physicalLocation=closed("artifactLocation", artifactLocation=ARTIFACT_LOCATION, region=REGION),
    logicalLocations=many(closed("name", name=WORDS, fullyQualifiedName=WORDS, kind=WORDS), uniqueItems=True),
    message=MESSAGE,
)
NOTIFICATION = closed(
    "message",
    message=MESSAGE, level=LEVEL, locations=many(LOCATION), descriptor=closed("id", id=WORDS),
    associatedRule=closed("id", id=WORDS),
)  # fmt: skip
RULE = closed(
    "id",
    id=WORDS, shortDescription=MESSAGE, help=MESSAGE, defaultConfiguration=closed("level", level=LEVEL), properties=BAG,
)  # fmt: skip
RESULT = closed(
    "message ruleId ruleIndex level locations",
    ruleId=WORDS, ruleIndex=INDEX, level=LEVEL, message=MESSAGE, locations=many(LOCATION),
    relatedLocations=many(LOCATION, uniqueItems=True), properties=BAG,
    partialFingerprints={"type": "object", "additionalProperties": WORDS},
    suppressions=many(
        closed("kind", kind={"enum": ["inSource", "external"]}, justification=WORDS,
               status={"enum": ["accepted", "underReview", "rejected"]}),
        uniqueItems=True,
    ),
)  # fmt: skip
DRIVER = closed(
    "name",
    name=WORDS, fullName=WORDS, version=WORDS, semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
    language=LANGUAGE, rules=many(RULE, uniqueItems=True),
)  # fmt: skip
RUN = closed(
    "tool results",
    tool=closed("driver", driver=DRIVER),
    language=LANGUAGE,
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=many(
        closed(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=many(NOTIFICATION),
            toolConfigurationNotifications=many(NOTIFICATION),
        )
    ),
    artifacts=many(
        closed("location", location=ARTIFACT_LOCATION, roles=many({"const": "analysisTarget"}, uniqueItems=True),
               hashes={"type": "object", "additionalProperties": WORDS}, description=MESSAGE),
        uniqueItems=True,
    ),
    results=many(RESULT),
    properties=BAG,
)  # fmt: skip
SHAPE = closed(
    "version runs",
    **{"$schema": {"const": sarif.SCHEMA}, "version": {"const": "2.1.0"}, "runs": many(RUN, minItems=1, maxItems=1)},
)


def log(report: Report) -> dict[str, Any]:
    [rendered] = sarif.render(report)
    assert rendered.name == "report.sarif"
    data: dict[str, Any] = json.loads(rendered.data)
    return data


def run(report: Report) -> dict[str, Any]:
    [only] = log(report)["runs"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("name", REPORTS)
def test_shape(name: str) -> None:
    """Every log has the shape of SARIF 2.1.0, and nothing that the standard does not know."""
    Draft202012Validator.check_schema(SHAPE)
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SHAPE).iter_errors(log(REPORTS[name]))]  # fmt: skip # noqa: E501
    assert errors == []


def test_results() -> None:
    """Each finding is a result with its rule, level, fingerprint and place; its rule stands in the list of rules."""
    made = run(EVERYTHING)
    rules = [rule["id"] for rule in made["tool"]["driver"]["rules"]]
    levels = {"error": "error", "warning": "warning", "info": "note"}
    assert [
        (result["ruleId"], result["level"], result["partialFingerprints"]["kaohe/v1"]) for result in made["results"]
    ] == [(found.rule, levels[found.severity], found.fingerprint) for found in EVERYTHING.findings]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in made["results"])
    assert all(result["locations"] for result in made["results"])
    named = {artifact["location"]["uri"] for artifact in made["artifacts"]}
    places = [
        place for result in made["results"] for place in (*result["locations"], *result.get("relatedLocations", ()))
    ]
    assert {place["physicalLocation"]["artifactLocation"]["uri"] for place in places} <= named


def test_regions_cut_out_the_words() -> None:
    """In a text file the lines and columns of a region cut exactly its snippet out of the file."""
    lines = TEXT.text.split("\n")
    lines[2] = f"## {lines[2]}"
    regions = [
        place["physicalLocation"]["region"]
        for result in run(EVERYTHING)["results"]
        for place in result["locations"]
        if unquote(place["physicalLocation"]["artifactLocation"]["uri"]) == TEXT.path
    ]
    assert len(regions) == 3
    for region in regions:
        held = lines[region["startLine"] - 1 : region["endLine"]]
        held[-1] = held[-1][: region["endColumn"] - 1]
        held[0] = held[0][region["startColumn"] - 1 :]
        assert "\n".join(held) == region["snippet"]["text"]


def test_what_was_not_checked_is_told() -> None:
    """A file that was not read and a rule that did not run are notifications, and the run has not succeeded."""
    [invocation] = run(EVERYTHING)["invocations"]
    assert invocation["executionSuccessful"] is False
    [failed] = invocation["toolExecutionNotifications"]
    assert failed["level"] == "error"
    assert "有密码" in failed["message"]["text"]
    uri = failed["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri, errors="surrogateescape") == UNREADABLE
    told = " ".join(note["message"]["text"] for note in invocation["toolConfigurationNotifications"])
    assert all(entry.reason in told for entry in EVERYTHING.not_checked)
    assert "对应的问题已不存在" in told
    assert [run(report)["invocations"][0]["executionSuccessful"] for report in (EMPTY, NOTHING)] == [True, False]


def test_accepted_findings_are_suppressed() -> None:
    """A finding that a person accepted is shown with the reason, as suppressed."""
    suppressed = [result["suppressions"] for result in run(EVERYTHING)["results"] if "suppressions" in result]
    assert [[(entry["kind"], entry["status"]) for entry in entries] for entries in suppressed] == [
        [("inSource", "accepted")]
    ]
    assert "已另行报送" in suppressed[0][0]["justification"]


def test_messages_hold_no_links_or_places_to_fill() -> None:
    """What stands in a paper cannot become a link or a placeholder in a viewer."""
    text = next(r["message"]["text"] for r in run(EVERYTHING)["results"] if "example.invalid" in r["message"]["text"])
    assert r"\[这里](https://example.invalid)" in text
    assert "{{0}}" in text


@pytest.mark.skipif("KAOHE_SARIF_SCHEMA" not in os.environ, reason="the official schema is not part of this project")
@pytest.mark.parametrize("name", REPORTS)
def test_official_schema(name: str) -> None:
    """Every log holds to the official schema, where one is at hand."""
    schema = json.loads(Path(os.environ["KAOHE_SARIF_SCHEMA"]).read_bytes())
    validators.validator_for(schema)(schema).validate(log(REPORTS[name]))
