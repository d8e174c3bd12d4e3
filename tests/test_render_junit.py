"""JUnit XML: errors fail, what a person has to look at is skipped with its reason, what was not read is an error."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from lxml import etree
from other_systems import EVERYTHING
from sample_report import EMPTY, NOTHING, REPORT, SCRIPT

from checker.render import junit
from checker.report import Report

REPORTS: Mapping[str, Report] = {"sample": REPORT, "everything": EVERYTHING, "empty": EMPTY, "nothing": NOTHING}


def suites(report: Report) -> etree._Element:
    [rendered] = junit.render(report)
    assert rendered.name == "report.junit.xml"
    return etree.fromstring(rendered.data)


@pytest.mark.parametrize("name", REPORTS)
def test_shape(name: str) -> None:
    """Suites hold cases, each with one outcome at most; the totals are right and no name comes twice in a suite."""
    root = suites(REPORTS[name])
    assert root.tag == "testsuites"
    for element in (root, *root):
        cases = element.findall(".//testcase")
        counted = {what: len(element.findall(f".//testcase/{tag}")) for what, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}  # fmt: skip # noqa: E501
        assert {"tests": len(cases), **counted} == {what: int(element.get(what, "-1")) for what in ("tests", *counted)}
        assert cases != []
    for suite in root:
        names = [(case.get("classname"), case.get("name")) for case in suite]
        assert len(set(names)) == len(names)
        assert all(len(case) <= 1 and case.get("time") == "0" for case in suite)


def test_every_finding_is_told() -> None:
    """The message of every finding stands in the case of its rule; only open errors are failures."""
    root = suites(EVERYTHING)
    text = "".join(root.itertext())
    assert all(found.message in text for found in EVERYTHING.findings if "\x1b" not in found.message)
    failed = {case.get("name", "").rpartition("（")[2].rstrip("）") for case in root.iterfind(".//testcase[failure]")}
    assert failed == {found.rule for found in EVERYTHING.open if found.severity == "error"}


def test_unread_and_unchecked() -> None:
    """A file that was not read is an error with the reason, a rule that did not run is skipped with the reason."""
    root = suites(REPORT)
    [error] = root.findall(".//error")
    assert f"文件有密码，打不开{SCRIPT}" in error.get("message", "")
    skipped = {element.get("message") for element in root.iterfind(".//testcase/skipped")}
    assert {entry.reason for entry in REPORT.not_checked} <= skipped


def test_silence_is_no_pass() -> None:
    """A clean paper is a case that passed; where nothing was handed in there is an error."""
    assert [(case.get("name"), len(case)) for case in suites(EMPTY).iterfind(".//testcase")] == [("没有发现问题", 0)]
    assert [case[0].tag for case in suites(NOTHING).iterfind(".//testcase")] == ["error"]
