"""The loop over rules: what it reports, what it must not hide, and what stays the same between two checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from loaders import document, the_notice

import checker
from checker import engine, rules
from checker.document import Document, Submission
from checker.notice import Notice
from checker.papers import recognise
from checker.render import renderer
from checker.report import Finding, Problem, Report
from checker.roster import Entry, Roster

SUMMARY = "某局领导班子工作总结\n一、总体情况\n全年修路86公里，架桥12座。"
REPORT = "某局局长述职述廉述学报告\n一年来，我修路86公里。"


def papers(*texts: str) -> tuple[Document, ...]:
    return tuple(
        paper for number, text in enumerate(texts) for paper in recognise(document(text, name=f"材料{number}.txt"))
    )


def check(*texts: str, notice: Notice | None = None, errors: tuple[Problem, ...] = (), **known: Any) -> Report:
    return engine.run(notice or the_notice(), Submission(papers(*texts), **known), errors)


def only(*rule_ids: str) -> Notice:
    """The shipped notice with only these rules."""
    notice = the_notice()
    return replace(notice, rules=tuple(rule for rule in notice.rules if rule.id in rule_ids))


def with_kind(rule_id: str, **changes: Callable[..., Any]) -> Notice:
    """The shipped notice with other functions in one of its rules."""
    notice = the_notice()
    rules = tuple(
        replace(rule, kind=replace(rule.kind, **changes)) if rule.id == rule_id else rule for rule in notice.rules
    )
    return replace(notice, rules=rules)


def of(report: Report, rule_id: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule_id]


def broken(*_: object) -> Iterator[Any]:
    raise RuntimeError("a fault of the program")


def broken_halfway(params: object, papers: Any) -> Iterator[Any]:
    from checker.rules.base import Hit

    yield Hit(papers[0].document, None, "absent", {"name": "甲", "facet": "x"}, papers[0].document.title)
    raise RuntimeError("a fault of the program")


@pytest.mark.parametrize("check_function", [broken, broken_halfway])
def test_a_rule_that_raises_is_told(check_function: Callable[..., Any]) -> None:
    """A rule that fails is listed as not checked and as an error; the verdict is error; the other rules still run."""
    sound = check(SUMMARY)
    report = check(SUMMARY, notice=with_kind("summary-facets", check=check_function))
    assert ("summary-facets", "检查时程序出错") in [(entry.rule, entry.reason) for entry in report.not_checked]
    assert [(problem.code, "summary-facets" in problem.message) for problem in report.errors] == [
        ("internal-error", True)
    ]
    assert report.verdict == "error"
    assert of(report, "summary-facets") == []
    others = [finding for finding in sound.findings if finding.rule != "summary-facets"]
    assert [finding.fingerprint for finding in report.findings] == [finding.fingerprint for finding in others]


def test_a_coverage_that_raises_is_told() -> None:
    """What fills the table of topics may fail as well, without taking the report with it."""
    report = check(SUMMARY, notice=with_kind("summary-topics", cover=broken))
    assert "summary-topics" in [entry.rule for entry in report.not_checked]
    assert report.verdict == "error"
    assert of(report, "lists-present")


def test_rules_that_cannot_run_yet_are_listed() -> None:
    """A rule of another city's notice that cannot run yet gives its reason in every report."""
    kind = rules.KINDS[rules.PENDING]
    rule = replace(only("summary-length").rules[0], id="later", kind=kind, params=kind.params("以后再查"))
    found = check(SUMMARY, notice=replace(the_notice(), rules=(rule,))).not_checked
    assert [(entry.rule, entry.reason) for entry in found] == [("later", "以后再查")]


def test_a_unit_that_handed_in_nothing_is_told_what_it_owes() -> None:
    """The roster is held against a unit without any paper too, and each finding has the clause of its case."""
    entry = Entry("示例局", "闻小川", probation_end=date(2020, 9, 30))
    owed = engine.dues(the_notice(), Roster.gathered([entry]))
    report = check(notice=only("roster", "summary-length"), unit="示例局", roster=(entry,), dues=owed)
    assert [(finding.case, finding.clause, finding.severity) for finding in report.findings] == [
        ("team", "三（二）1·第2段", "error"),
        ("report", "三（二）1·第1段", "error"),
        ("note", "二·3", "warning"),
    ]
    assert [entry.rule for entry in report.not_checked] == ["summary-length"]
    assert report.verdict == "return"


def test_without_a_roster_the_reason_says_so() -> None:
    """A plain check of a single submission lists the rule with the reason, and a unit that no roster names too."""
    reasons = [entry.reason for entry in check(SUMMARY, notice=only("roster")).not_checked]
    stranger = check(SUMMARY, notice=only("roster"), roster=(Entry("别局", "闻小川"),)).not_checked
    assert "没有给花名册" in reasons[0]
    assert "花名册里没有本单位" in stranger[0].reason


def test_rules_without_their_papers_are_listed() -> None:
    """Nothing is passed over in silence: rules for papers that were not handed in are named."""
    not_checked = {entry.rule: entry.reason for entry in check(SUMMARY).not_checked}
    assert not_checked["report-length"] == "没有收到适用的材料"
    assert "summary-length" not in not_checked


def test_nothing_handed_in() -> None:
    """Without any paper every rule is listed and nothing is found; it is the errors that decide the verdict."""
    report = check(errors=(Problem("x.docx", "not-found", "找不到"),))
    assert {entry.rule for entry in report.not_checked} == {rule.id for rule in the_notice().rules}
    assert (report.findings, report.coverage, report.verdict) == ((), (), "error")


@pytest.mark.parametrize(("flag", "rule"), [("party-chief", "report-party-chief"), ("non-party", "report-non-party")])
def test_rules_for_some_persons(flag: str, rule: str) -> None:
    """A rule for some persons runs for them, and else says for whom it is and how to ask for it."""
    without = check(REPORT)
    assert of(without, rule) == []
    reason = next(entry.reason for entry in without.not_checked if entry.rule == rule)
    assert f"--{flag}" in reason
    carried = check(REPORT, flags=frozenset({flag}))
    assert of(carried, rule)
    assert rule not in [entry.rule for entry in carried.not_checked]


def test_not_applicable() -> None:
    """A topic that is none of the unit's business is not missed, and its reason stands in the coverage."""
    excuse = {"religion": "本单位没有这项职能"}
    report = check(SUMMARY, not_applicable=excuse)
    topics = {finding.facts["topic"] for finding in of(report, "summary-topics")}
    assert "religion" not in topics
    assert "drug-control" in topics
    [coverage] = report.coverage
    reasons = {level.id: level.not_applicable for level in coverage.topics}
    assert reasons["religion"] == "本单位没有这项职能"
    assert reasons["drug-control"] == ""


def test_an_excused_topic_is_excused_everywhere() -> None:
    """Declaring 「四大战略」 not applicable silences the rule on its members too."""
    report = check(SUMMARY, not_applicable={"four-strategies": "不在本市"})
    assert of(report, "summary-four-strategies") == []
    assert of(check(SUMMARY), "summary-four-strategies")


FAULTY = "某局领导班子工作总结\n一、总体情况\n全年修路XX公里。\n增强“四个意识”（政治意识、大局意识、核心意识）。"


def test_fingerprints_are_stable_under_edits_elsewhere() -> None:
    """What is wrong keeps its fingerprint when text is put before, between and after it, and the file renamed."""
    edited = FAULTY.replace("一、总体情况\n", "一、总体情况\n今年是不平凡的一年。\n") + "\n特此报告。"
    before = {finding.fingerprint: finding.rule for finding in check(FAULTY).findings}
    after = {finding.fingerprint: finding.rule for finding in check("无关的材料。", edited).findings}
    assert before == after
    assert {"placeholder", "fixed-expression", "summary-topics", "lists-present"} <= set(before.values())


def test_fingerprints_are_distinct() -> None:
    """No two findings of a report share a fingerprint, not even the same words found twice."""
    report = check(FAULTY + "\n投资XX亿元，占XX%。", REPORT, REPORT.replace("局长", "副局长"))
    found = [finding.fingerprint for finding in report.findings]
    assert len(found) == len(set(found))
    assert all(len(entry) == 16 and int(entry, 16) >= 0 for entry in found)


def test_a_paper_does_not_change_the_fingerprints_of_another() -> None:
    """Mending one cadre's report leaves the fingerprints of another's as they were."""
    first, second = REPORT, REPORT.replace("局长", "副局长")
    mended = first + "开展消防安全检查86次，整改隐患132处。"
    of_second = [
        [finding.fingerprint for finding in report.of(report.submission.documents[1])]
        for report in (check(first, second), check(mended, second))
    ]
    assert of_second[0] == of_second[1]


def test_mending_removes_just_its_finding() -> None:
    """Filling in one placeholder removes its fingerprint and adds none."""
    before = {finding.fingerprint for finding in check(FAULTY).findings}
    after = {finding.fingerprint for finding in check(FAULTY.replace("XX", "86")).findings}
    assert after < before
    assert len(before - after) == 1


def test_findings_stand_in_the_order_of_the_papers() -> None:
    """Findings on the whole submission come first, then paper by paper, each in the order of its text."""
    report = check(FAULTY, REPORT)
    number = {id(paper): index for index, paper in enumerate(report.submission.documents)}
    keys = [
        (-1, 0) if finding.document is None else (number[id(finding.document)], finding.place.start)  # type: ignore[union-attr]
        for finding in report.findings
    ]
    assert keys == sorted(keys)
    assert keys[0] == (-1, 0)
    assert {key[0] for key in keys} == {-1, 0, 1}


def test_every_finding_can_be_shown() -> None:
    """Each finding has a filled message, a clause and, in a paper, a place inside it."""
    for finding in check(FAULTY, REPORT, flags=frozenset({"party-chief", "non-party"})).findings:
        assert finding.message
        assert "{" not in finding.message + finding.suggestion
        assert finding.clause
        assert (finding.quote == "") == (finding.span is None)
        if finding.document is not None:
            assert finding.place is not None
            assert 0 <= finding.place.start < finding.place.end <= len(finding.document.text)


@pytest.mark.parametrize(
    ("rules", "text", "verdict"),
    [
        (("placeholder",), SUMMARY, "pass"),
        (("fixed-expression",), FAULTY, "remarks"),
        (("summary-approval",), SUMMARY, "remarks"),
        (("placeholder", "fixed-expression"), FAULTY, "return"),
    ],
)
def test_verdict(rules: tuple[str, ...], text: str, verdict: str) -> None:
    """Nothing found passes, an error sends the paper back, anything less is a remark."""
    assert check(text, notice=only(*rules)).verdict == verdict


def test_an_unread_file_is_never_a_pass() -> None:
    """With a file that could not be read the verdict is error, whatever was found in the others."""
    problem = Problem("乙.docx", "encrypted", "文件设有打开密码")
    report = check(SUMMARY, notice=only("placeholder"), errors=(problem,))
    assert (report.findings, report.errors, report.verdict) == ((), (problem,), "error")


def test_a_shorter_view_keeps_the_verdict() -> None:
    """Showing only the graver findings changes neither the verdict nor what was not checked."""
    report = check(FAULTY)
    errors = report.from_level("error")
    assert {finding.severity for finding in errors.findings} == {"error"}
    assert (errors.verdict, errors.not_checked, errors.coverage) == (
        report.verdict, report.not_checked, report.coverage,
    )  # fmt: skip
    remarks = check(FAULTY, notice=only("fixed-expression")).from_level("error")
    assert (remarks.findings, remarks.verdict) == ((), "remarks")
    assert report.from_level("info").findings == report.findings


def test_coverage_counts_and_limits() -> None:
    """Every paper has its count, and the limit that the notice sets for its kind."""
    report = check(SUMMARY, REPORT, "问题清单\n1. 人才不足。")
    found: Mapping[str, Any] = {entry.document.kind: entry.count for entry in report.coverage}
    assert (found["team-summary"].limit, found["cadre-report"].limit, found["problem-list"].limit) == (3500, 3000, None)
    assert found["problem-list"].value == 10
    assert "不计" in found["problem-list"].scope


def test_coverage_agrees_with_findings() -> None:
    """A topic is told as absent or named exactly where the coverage says so."""
    report = check(SUMMARY + "\n统筹推进消防、禁毒、信访等工作。")
    [coverage] = report.coverage
    told = {
        finding.facts["topic"]: "absent" if finding.case == "unsure" else finding.case
        for finding in of(report, "summary-topics")
    }
    assert told == {level.id: level.level for level in coverage.topics if level.level != "substantive"}
    facets = {finding.facts["facet"] for finding in of(report, "summary-facets") if finding.case == "absent"}
    assert facets == {level.id for level in coverage.facets if level.level == "absent"}


def test_of_two_rules_on_a_topic_the_one_for_everybody_fills_the_table() -> None:
    """Coverage of a chief's report agrees with the rule for all cadres, and keeps its name of the topic."""
    text = "某县县委书记述职述廉述学报告\n推动脱贫攻坚、乡村振兴、抓党建等工作，调研120次。"
    report = check(text, flags=frozenset({"party-chief"}))
    told = [finding for finding in of(report, "report-topics") if finding.facts["topic"] == "poverty-alleviation"]
    level = next(entry for entry in report.coverage[0].topics if entry.id == "poverty-alleviation")
    assert [finding.case for finding in told] == ["named"]
    assert (level.level, level.name) == ("named", "脱贫攻坚")


def test_the_same_twice() -> None:
    """Checking the same papers again gives the same report."""
    first, second = check(FAULTY, REPORT), check(FAULTY, REPORT)
    assert [(f.rule, f.message, f.place, f.fingerprint) for f in first.findings] == [
        (f.rule, f.message, f.place, f.fingerprint) for f in second.findings
    ]


def test_an_unrecognised_paper_does_not_look_clean(tmp_path: Path) -> None:
    """Beside a paper that is checked, one taken for no kind is told as not checked, in the data and in words."""
    (tmp_path / "工作总结.txt").write_text("某局领导班子2020年度工作总结\n全年修路三条。", "utf-8")
    (tmp_path / "附图说明.txt").write_text("图一是东边，图二是西边。", "utf-8")
    report = checker.check(tmp_path)
    reasons = [entry.reason for entry in report.not_checked if entry.rule == "*"]
    assert len(reasons) == 1 and "附图说明.txt" in reasons[0]
    shown = renderer("text")(report, None)[0].data.decode()
    assert "认不出是哪一种考核材料" in shown
