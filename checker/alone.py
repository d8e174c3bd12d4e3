"""A paper checked by itself: what is asked of a whole set of papers says nothing about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from checker.report import NotChecked, Report, judge

if TYPE_CHECKING:
    from checker.notice import Notice


def without_the_set(report: Report, loaded: Notice, why: str) -> Report:
    """The report without findings that other papers are wanting; told as not checked, for the reason `why`."""
    sets = [rule.id for rule in loaded.rules if rule.kind.name == "papers-present"]
    ran = [name for name in sets if name not in {entry.rule for entry in report.not_checked}]
    findings = tuple(finding for finding in report.findings if finding.rule not in sets)
    return replace(
        report,
        findings=findings,
        not_checked=(*report.not_checked, *(NotChecked(name, why) for name in ran)),
        verdict=judge(findings, report.errors),
    )
