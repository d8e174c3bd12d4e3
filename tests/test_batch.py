"""The made-up batches of the load test: the same every time, and wrong only where they say so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.batch import FAULTS, FOLDER, ROSTER, TRUTH, Known, Plan, files, generate, known, plans
from benchmarks.load import Seen, judge
from checker import load_notice
from checker.document import Document, Submission
from checker.engine import run
from checker.papers import recognise
from checker.readers import read
from checker.report import Report
from checker.roster import Entry

SEED = 11
CHECKED = {"summary-length", "report-length", "lists-present", "list-empty", "placeholder", "summary-topics"} | {
    "report-topics",
    "figure-conflict",
    "fixed-expression",
    "foreign-name",
    "wrong-period",
}
"""The rules of planted faults that one unit alone shows; the others need the roster, or the other units."""


@pytest.fixture(scope="module")
def made() -> list[Plan]:
    return plans(2 * len(FAULTS), SEED)


def papers(plan: Plan) -> tuple[list[Document], dict[str, str]]:
    """The papers of a unit that count, and which file is what."""
    people = {person.name: person for person in [*plan.people, *plan.strangers]}
    found, where = [], {}
    for file in files(plan):
        path = f"{plan.house.name}/{file.name}"
        where[file.what] = path
        if file.what in ("older", "same"):
            continue
        person = people.get(file.what)
        flags = {"party-chief": person and person.chief, "non-party": person and person.non_party}
        for part in recognise(read(path, file.data)):
            mine = frozenset(name for name, holds in flags.items() if holds)
            found.append(replace(part, person=person.name if person else "", flags=mine))
    return found, where


def checked(plan: Plan, roster: tuple[Entry, ...]) -> tuple[Report, list[Known]]:
    documents, where = papers(plan)
    house = plan.house
    # Copies are looked for in the whole batch, not in one unit.
    submission = Submission(tuple(documents), house.name, house.unit_type, roster=roster, copies=())
    return run(load_notice(), submission), list(known(plan, where))


def test_the_same_seed_makes_the_same_batch(tmp_path: Path) -> None:
    """Every byte of a batch follows from its seed, the roster excepted, which holds the time it was written."""
    for name in ("one", "other"):
        generate(tmp_path / name, 60, SEED)
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "other")
    )
    assert one.pop(Path(ROSTER))
    assert other.pop(Path(ROSTER))
    assert one == other
    assert any(FOLDER in path.parts and path.suffix == ".docx" for path in one)


def test_what_is_written_down_is_what_was_planted(tmp_path: Path) -> None:
    """truth.jsonl holds the faults that generate() tells, and names files that are there."""
    told = generate(tmp_path, 60, SEED)
    lines = [json.loads(line) for line in (tmp_path / TRUTH).read_text("utf-8").splitlines()]
    assert [line["fault"] for line in lines] == [entry.fault for entry in told]
    assert lines
    for name in (name for line in lines for name in line["files"] if ".zip" not in name):
        assert (tmp_path / FOLDER / name).exists()


def test_a_unit_shows_its_known_faults_and_no_other(made: list[Plan]) -> None:
    """A plain check of each unit finds what was planted in it and nothing besides, at warning level or above."""
    roster = tuple(Entry(plan.house.name, person.name) for plan in made for person in plan.people)
    seen = set()
    for plan in made:
        report, faults = checked(plan, roster)
        wanted = {fault.rule for fault in faults} & CHECKED
        # A topic that is absent may be told as a question on a sentence that comes near it.
        found = {finding.rule for finding in report.findings if finding.severity != "info" or finding.case == "unsure"}
        plain = {finding.rule for finding in report.findings if finding.severity != "info"}
        assert wanted <= found, (plan.fault, plan.house.name)
        assert plain <= wanted, (plan.fault, plan.house.name, [finding.message for finding in report.findings])
        seen |= wanted
    assert seen == CHECKED


def test_judging_tells_what_was_missed_and_what_is_told_besides() -> None:
    """The harness itself notices a fault that nobody told, and one that nobody planted."""
    planted = Known("wrong year", "甲县", "", "wrong-period", "", ("甲县/总结.docx",))
    right = Seen("甲县", "wrong-period", "", "甲县/总结.docx", "")
    assert judge([planted], [right]).whole
    assert judge([planted], []).missed == [planted]
    besides = replace(right, file="甲县/别的.docx")
    assert judge([planted], [right, besides]).extra == [besides]
