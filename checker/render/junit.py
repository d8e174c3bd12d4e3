"""The report as JUnit XML, which every build server shows: a suite for each paper, a case for each rule.

An error is a failure. What a person has to look at (a reminder, a hint, a rule that could not run) is a case that was
skipped, as is what a person accepted: build servers show it and its reason, and do not fail. A file that could not be
read is an error. A paper without findings has one case that passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from checker.document import Document
from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.report import SEVERITIES, SEVERITY_NAMES, Finding, Report

Outcome = Literal["passed", "failure", "skipped", "error"]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a build server's list: `message` is the short reason, `text` all there is to say."""

    name: str
    owner: str
    outcome: Outcome = "passed"
    kind: str = ""
    message: str = ""
    text: str = ""
    file: str = ""
    line: int | None = None


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one <testsuites>."""
    root = etree.Element("testsuites", name="考核材料智检")
    everything: list[Case] = []
    for name, found in _suites(report):
        cases = list(found)
        everything += cases
        suite = etree.SubElement(root, "testsuite", name=name, time="0")
        _count(suite, cases)
        for case in cases:
            _write(suite, case)
    _count(root, everything)
    root.set("time", "0")
    data: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return (Rendered("report.junit.xml", data),)


def _suites(report: Report) -> Iterator[tuple[str, Iterable[Case]]]:
    names, rules = say.report_names(report), say.rule_names(report)
    for document in say.documents(report):
        owner = f"{names[document.path]}，{say.kind_name(document)}"
        yield owner, _paper(report, document, owner, names, rules)
    whole = list(_whole(report, names, rules))
    if whole:
        yield "全部材料", whole


def _paper(
    report: Report, document: Document, owner: str, names: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[Case]:
    findings = report.of(document)
    checked = any(coverage.document is document for coverage in report.coverage)
    if not findings:
        said = say.nothing_found(document, checked=checked)
        yield Case(said, owner, "passed" if checked else "skipped", message=said, file=machine.file_path(document.path))
    yield from _cases(findings, owner, names, rules)


def _whole(report: Report, names: Mapping[str, str], rules: Mapping[str, str]) -> Iterator[Case]:
    """What concerns no single paper: findings on all of them, files and rules that were not checked."""
    owner = "全部材料"
    yield from _cases(report.overall, owner, names, rules)
    for problem in report.errors:
        said, file = machine.unread(problem.message), machine.file_path(problem.path)
        name = names.get(problem.path, "") or owner
        yield Case(name, owner, "error", say.one_line(problem.code), said, said, file)
    for entry in report.not_checked:
        name = f"{rules.get(entry.rule, say.one_line(entry.rule))}（{say.one_line(entry.rule)}）"
        yield Case(f"没有检查：{name}", owner, "skipped", message=say.one_line(entry.reason))
    for stale in report.stale:
        said = say.stale_phrase(stale, rules)
        yield Case(f"不再起作用的处理意见（{stale.decision.fingerprint}）", owner, "skipped", message=said)
    if say.nothing_checked(report):
        yield Case(say.verdict_name(report), owner, "error", "nothing", say.advice(report), say.advice(report))


def _cases(
    findings: Sequence[Finding], owner: str, names: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[Case]:
    """One case for each rule: a name that comes twice in a suite is lost by some build servers."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    for rule, members in by_rule.items():
        yield _case(f"{rules.get(rule, say.one_line(rule))}（{say.one_line(rule)}）", owner, members, names)


def _case(name: str, owner: str, findings: Sequence[Finding], names: Mapping[str, str]) -> Case:
    ordered = sorted(
        say.in_order(findings), key=lambda finding: (finding.accepted is not None, SEVERITIES.index(finding.severity))
    )
    first = ordered[0]
    more = f"（共{len(ordered)}处）" if len(ordered) > 1 else ""
    where = machine.place(first)
    return Case(
        name,
        owner,
        "failure" if first.severity == "error" and first.accepted is None else "skipped",
        first.severity,
        f"{SEVERITY_NAMES[first.severity]}：{machine.sentence(first)}{more}",
        "\n\n".join(f"【{SEVERITY_NAMES[finding.severity]}】{machine.full(finding, names)}" for finding in ordered),
        "" if first.document is None else machine.file_path(first.document.path),
        None if where is None else where.start.line,
    )


def _count(element: etree._Element, cases: Sequence[Case]) -> None:
    outcomes = [case.outcome for case in cases]
    element.set("tests", str(len(cases)))
    element.set("failures", str(outcomes.count("failure")))
    element.set("errors", str(outcomes.count("error")))
    element.set("skipped", str(outcomes.count("skipped")))


def _write(suite: etree._Element, case: Case) -> None:
    element = etree.SubElement(suite, "testcase", name=case.name, classname=case.owner, time="0")
    if case.file:
        element.set("file", case.file)
    if case.line is not None:
        element.set("line", str(case.line))
    if case.outcome == "passed":
        return
    reason = etree.SubElement(element, case.outcome, message=case.message)
    if case.kind and case.outcome != "skipped":
        reason.set("type", case.kind)
    reason.text = say.visible(case.text) or None
