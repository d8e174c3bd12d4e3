"""The lines of a unit: counts, duties and what came of them, read off a finished report."""

from __future__ import annotations

from dataclasses import replace

import pytest
from other_systems import EVERYTHING
from sample_report import CADRE, COMBINED, REPORT

from checker.document import Submission
from checker.report import SEVERITIES
from checker.roster import Arrived, Due, Settled, settle
from checker.screening.cards import Key
from checker.screening.lines import finding_line, unit_line
from checker.screening.result import UnitLine

REPORT_KIND, NOTE, SUMMARY = "cadre-report", "prior-post-note", "team-summary"


def due(kind: str, person: str = "", owed: str = "owed") -> Due:
    return Due("示例单位", person, kind, owed, "一·1", "应当提交。")  # type: ignore[arg-type]


def line() -> UnitLine:
    return unit_line(EVERYTHING, page="单位/示例单位/报告.html", copies={COMBINED: "单位/示例单位/批注.docx"})


def test_counts_leave_out_what_was_accepted() -> None:
    """The counts of a unit and of its papers are those of the findings that nobody accepted."""
    found = line()
    open_ones = [finding.severity for finding in EVERYTHING.findings if finding.accepted is None]
    assert (found.errors, found.warnings, found.infos) == tuple(map(open_ones.count, SEVERITIES))
    assert found.accepted == len(EVERYTHING.findings) - len(open_ones) > 0
    on_papers = [f.severity for f in EVERYTHING.findings if f.accepted is None and f.document is not None]
    assert sum(paper.errors for paper in found.papers) == on_papers.count("error")
    assert [one.accepted != "" for one in found.findings] == [it.accepted is not None for it in EVERYTHING.findings]


def test_papers() -> None:
    """Every paper has its number in its file, its length against the limit, its page and the copy of its file."""
    found = line()
    places = [(paper.name, paper.part) for paper in found.papers]
    files = [document.path for document in EVERYTHING.submission.documents]
    assert places == [(path, files[:number].count(path)) for number, path in enumerate(files)]
    summary = found.papers[0]
    assert (summary.kind, summary.words, summary.limit, summary.over) == (SUMMARY, 3612, 3500, True)
    assert {paper.page for paper in found.papers} == {"单位/示例单位/报告.html"}
    assert {paper.copy for paper in found.papers if paper.name == COMBINED} == {"单位/示例单位/批注.docx"}
    assert {paper.copy for paper in found.papers if paper.name != COMBINED} == {""}


def test_keys_name_the_papers() -> None:
    """The names within the batch stand in place of the paths, for papers and findings alike."""
    keys = [Key(f"批/{number}.docx", number) for number, _ in enumerate(EVERYTHING.submission.documents)]
    found = unit_line(EVERYTHING, keys=keys)
    assert [Key(paper.name, paper.part) for paper in found.papers] == keys
    assert {one.paper for one in found.findings} <= {key.name for key in keys} | {""}
    assert any(one.paper for one in found.findings)


def test_levels_of_the_summary() -> None:
    """Topics and facets are those of the team's summary, and what is declared not applicable says so."""
    found = line()
    assert "not-applicable" in found.topics.values()
    assert {"absent", "named"} <= set(found.topics.values())
    assert set(found.facets.values()) <= {"absent", "passage", "section", "not-applicable"}


def test_person_of_the_paper() -> None:
    """A finding on a paper of one person among several bears that person's name."""
    finding = next(it for it in REPORT.findings if it.document is not None)
    assert finding.document is not None
    named = replace(finding, document=replace(finding.document, person="示例甲"))
    assert finding_line(named, Key("x.docx", 0)).person == "示例甲"
    assert finding_line(finding, Key("x.docx", 0), "示例乙").person == "示例乙"


SETTLED = {
    "of the team, whoever is named": ([due(SUMMARY)], [(SUMMARY, "示例甲", "a")], [("a",)], [], []),
    "nothing came": ([due(SUMMARY)], [], [()], [], []),
    "two files for one duty": ([due(SUMMARY)], [(SUMMARY, "", "a"), (SUMMARY, "", "b")], [("a", "b")], [], []),
    "of one person": (
        [due(REPORT_KIND, "示例甲"), due(REPORT_KIND, "示例乙")],
        [(REPORT_KIND, "示例　甲", "a")],
        [("a",), ()],
        [],
        [],
    ),
    "a report that does not say whose it is": (
        [due(REPORT_KIND, "示例甲")],
        [(REPORT_KIND, "", "a")],
        [()],
        [],
        ["a"],
    ),
    "a note that does not say whom it is about": ([due(NOTE, "示例甲")], [(NOTE, "", "a")], [("a",)], [], []),
    "one such note for two": (
        [due(NOTE, "示例甲"), due(NOTE, "示例乙")],
        [(NOTE, "", "a")],
        [(), ()],
        [],
        ["a"],
    ),
    "one note named, one not": (
        [due(NOTE, "示例甲"), due(NOTE, "示例乙")],
        [(NOTE, "示例甲", "a"), (NOTE, "", "b")],
        [("a",), ("b",)],
        [],
        [],
    ),
    "not owed, and it came": (
        [due(SUMMARY), due(REPORT_KIND, "示例甲", "none")],
        [(REPORT_KIND, "示例甲", "a")],
        [(), ("a",)],
        ["a"],
        [],
    ),
    "by other provisions": ([due(REPORT_KIND, "示例甲", "special")], [(REPORT_KIND, "示例甲", "a")], [("a",)], [], []),
    "of somebody unknown": ([due(SUMMARY)], [(REPORT_KIND, "示例丙", "a")], [()], ["a"], []),
    "no paper we know": ([due(SUMMARY)], [("other", "", "a")], [()], [], []),
    "no duties known": ([], [(REPORT_KIND, "示例丙", "a")], [], [], []),
}


@pytest.mark.parametrize("name", SETTLED)
def test_settling(name: str) -> None:
    """Which papers answer which duty, which nobody asked for, and of which nobody knows whose they are."""
    dues, papers, answers, surplus, unclaimed = SETTLED[name]
    found: Settled = settle(dues, [Arrived(*paper) for paper in papers])
    assert list(found.answers) == answers
    assert [paper.path for paper in found.surplus] == surplus
    assert [paper.path for paper in found.unclaimed] == unclaimed


def test_duties_of_a_unit() -> None:
    """A unit's line says of each duty which files came, also those that could not be read, and what is surplus."""
    submission: Submission = replace(
        REPORT.submission,
        dues=(due(SUMMARY), due("suggestion-list"), due(REPORT_KIND, "示例乙")),
        unread=(Arrived("suggestion-list", "", "坏.doc"),),
    )
    found = unit_line(replace(REPORT, submission=submission))
    assert [(it.received, it.missing) for it in found.dues] == [
        ((COMBINED,), False),
        (("坏.doc",), False),
        ((), True),
    ]
    assert set(found.surplus) == {COMBINED, CADRE}
