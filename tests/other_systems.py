"""What the tests of the outputs for other systems share: papers of each sort of place, and one report to show."""

from __future__ import annotations

from dataclasses import replace

from sample_report import CADRE_REPORT, NOTICE, REPORT, at, finding

from checker.document import Block, Box, Document, Span, Submission
from checker.readers import Limits
from checker.readers.text import read_text
from checker.report import Decision, Report, Stale

# Line 3 has a mark of Markdown before its text; line 4 a letter of four bytes (𠮷) before the words in question.
LINES = "某局工作总结\r\n\r\n## 一、总体情况\r\n𠮷安路修好XX公里。\r\n办结来信86件，\r\n件件落实。"
TEXT = read_text("材料/总结 #1.md", LINES.encode(), "0" * 64, Limits())

_PAGED = "第一页的话。\n第二页的话。"
PAGES = Document(
    "材料/总结.pdf",
    "pdf",
    _PAGED,
    (Block("paragraph", Span(0, 6)), Block("paragraph", Span(7, 13))),
    boxes=tuple(
        Box(start, start + 6, page, 0.0, 12.0, tuple(map(float, range(6))), tuple(map(float, range(1, 7))))
        for start, page in ((0, 0), (7, 1))
    ),
)

DECISION = Decision("report-study", "0" * 16, "已另行报送", "李某", "2020-12-20", "ignored", "reply")

_ACCEPTED = replace(
    finding("report-study", "error", "没有写学习效果", CADRE_REPORT, "张某", suggestion="补写。"), accepted=DECISION
)
_ON_LINES = tuple(
    finding("placeholder", "error", f"占位文字“{words.split()[0]}”", TEXT, Span(start, start + len(words)))
    for words in ("XX", "一、总体情况", "86件，\n件件")
    for start in (TEXT.text.index(words),)
)

EVERYTHING = Report(
    Submission((*REPORT.submission.documents, TEXT, PAGES), unit="示例单位"),
    NOTICE,
    (
        *REPORT.findings,
        *_ON_LINES,
        finding("placeholder", "warning", "见[这里](https://example.invalid)和{0}", PAGES, at(PAGES, "第二页")),
        _ACCEPTED,
    ),
    REPORT.coverage,
    REPORT.not_checked,
    REPORT.errors,
    stale=(Stale(replace(DECISION, fingerprint="f" * 16, source="accept"), "对应的问题已不存在"),),
)
"""The shared sample report, with findings on a text file and on pages, one that was accepted and a stale decision."""
