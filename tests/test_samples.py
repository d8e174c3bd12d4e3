"""The samples in corpus_samples: the complete list of what is found in each, held against its expected.txt.

A line of expected.txt is `severity rule-id file «quote» [subject]`; the file is - for the submission as a whole. The
quote is compared to the letter, but where it ends in … only as far as it goes; « » left empty means something absent.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from loaders import SAMPLES, sample_options

import checker
from checker.notice import Notice
from checker.report import Report

LINE = re.compile(r"(error|warning|info) (\S+) (.+?) «(.*)»(?: \[([^\]]*)\])?")
FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/expected.txt"))


class Line(NamedTuple):
    severity: str
    rule: str
    file: str
    quote: str


@cache
def lines(folder: Path) -> tuple[str, ...]:
    """What expected.txt says, without its comments."""
    text = (folder / "expected.txt").read_text("utf-8")
    return tuple(line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def report(folder: Path) -> Report:
    """The report on all papers of one sample, with the flags that it asks for."""
    papers = sorted(path for path in folder.iterdir() if path.suffix in (".docx", ".xlsx"))
    return checker.check(papers, **sample_options(list(lines(folder))))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_line_is_read(folder: Path) -> None:
    """Each line of expected.txt is a verdict, something known of the submission, or a finding."""
    known = ("verdict", "flag", "unit", "unit-type", "person")
    for line in lines(folder):
        assert line.partition(": ")[0] in known or LINE.fullmatch(line), line
    assert sum(line.startswith("verdict: ") for line in lines(folder)) == 1


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_findings(folder: Path) -> None:
    """Exactly the findings of expected.txt, no more and no less, each on its words."""
    expected = []
    for match in filter(None, map(LINE.fullmatch, lines(folder))):
        severity, rule, file, quote, _ = match.groups()
        expected.append(Line(severity, rule, file, quote))
    long = tuple(line.quote.removesuffix("…") for line in expected if line.quote.endswith("…"))
    found = []
    for finding in report(folder).findings:
        file = Path(finding.document.path).name if finding.document else "-"
        quote = next((begin + "…" for begin in long if finding.quote.startswith(begin)), finding.quote)
        found.append(Line(finding.severity, finding.rule, file, quote))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_subjects(folder: Path, notice: Notice) -> None:
    """The topics, facets and lists named in brackets are those that the findings speak of."""
    for rule in notice.rules:
        pattern = re.compile(rf"\S+ {re.escape(rule.id)} .+ \[([^\]]*)\]")
        wanted = sorted(match[1] for match in map(pattern.fullmatch, lines(folder)) if match)
        if rule.kind.covers == "topics":
            told = sorted(str(f.facts["topic"]) for f in report(folder).findings if f.rule == rule.id)
            assert told == wanted
        elif rule.kind.name in ("papers-present", "list-empty"):
            told = sorted(str(f.facts["kind"]) for f in report(folder).findings if f.rule == rule.id)
            assert told == wanted


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_verdict(folder: Path) -> None:
    """The verdict is the one written down, and every file could be read and was told for what it is."""
    assert f"verdict: {report(folder).verdict}" in lines(folder)
    assert report(folder).errors == ()
    assert [paper.path for paper in report(folder).submission.documents if paper.kind == "other"] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_paper_is_read_whole(folder: Path) -> None:
    """The papers of a file cover its text but for the lines that only announce the lists."""
    for path in sorted(folder.glob("*.docx")):
        whole = checker.read(path).text
        papers = [paper for paper in report(folder).submission.documents if paper.path == str(path)]
        covered = sum(len(paper.text) for paper in papers)
        assert len(whole) - covered <= 60
