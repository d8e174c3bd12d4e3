"""The paper itself, marked up: a Word comment on exactly the words that each finding speaks of.

A Word file is copied with comments added and nothing else changed; for any other file a new Word file is made, but for
spreadsheets: their cells make no text to read one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from checker.copies import marked_stem
from checker.document import Document, Span
from checker.errors import ReadError, WriteError
from checker.hallmark import AUTHOR, stamp
from checker.readers import archive
from checker.readers.limits import Limits
from checker.readers.sniff import SHEETS
from checker.render import Rendered
from checker.render import phrases as say
from checker.render.docx_mark import Remark, extension, mark
from checker.render.docx_suggest import Edit, edits
from checker.render.docx_suggest import suggest as write_suggestions
from checker.report import SEVERITY_NAMES, Finding, Report

__all__ = ["AUTHOR", "Remark", "mark", "render"]

ONLY_SHEETS = "这套材料里只有表格文件，做不了批注副本；请用 --format html 或 xlsx 查看结果。"

_QUOTE = 60
_RELATED = 5


def render(
    report: Report, sources: Mapping[str, bytes] | None = None, *, cover: bool = False, suggest: bool = False
) -> tuple[Rendered, ...]:
    """A marked-up copy of every file but spreadsheets, with findings or without; `cover` puts a summary before each.

    With `suggest` the right wording of mechanical faults stands in the copies of Word files as revisions.
    """
    when, limits = datetime.now(), report.submission.limits or Limits()
    file_names = say.report_names(report)
    outputs: list[Rendered] = []
    taken: set[str] = set()
    files = {path: papers for path, papers in say.by_file(report).items() if papers[0].format not in SHEETS}
    if not files and report.submission.documents:
        raise WriteError(ONLY_SHEETS)
    for path, papers in files.items():
        # What concerns the submission as a whole stands at the head of its first file.
        overall = () if outputs else tuple(_overall(report, papers[0], file_names))
        remarks = (*overall, *_remarks(report, papers, file_names))
        if papers[0].format == "docx":
            data = source_bytes(path, sources, limits)
            marked = mark(data, remarks, documents=papers, when=when, limits=limits)
            ending = extension(data, limits)
            if suggest:
                marked = write_suggestions(marked, _edits(report, papers), when, limits)
        else:
            # Not at the top: a Word file needs nothing of python-docx.
            from checker.render.docx_new import build

            marked, ending = build(papers, remarks, when, limits), ".docx"
        if cover or _covered(papers[0]):
            from checker.render.docx_cover import put, summary_of

            marked = put(marked, summary_of(report, papers, when) if cover else None, limits)
        outputs.append(Rendered(copy_name(path, ending, taken), marked, path))
    return tuple(outputs)


def _covered(paper: Document) -> bool:
    """Whether the file has a cover of ours from an earlier check."""
    return any(note.what == "summary" for note in paper.reading.not_read)


def _edits(report: Report, papers: Sequence[Document]) -> list[Edit]:
    """The mechanical faults of the papers of one file, each with its one right answer."""
    kinds = {rule.id: rule.kind.name for rule in report.notice.rules}
    return edits([finding for paper in papers for finding in report.of(paper)], kinds)


def _remarks(report: Report, papers: Sequence[Document], names: Mapping[str, str]) -> Iterator[Remark]:
    """A remark for each finding on the papers of one file, in the order of the text."""
    for paper in papers:
        for finding in say.in_order(report.of(paper)):
            heading = heading_for(finding, report)
            lines = _stamped(finding, names, _hint(finding, heading))
            yield Remark(paper, _where(heading or finding.place, paper), lines)


def _overall(report: Report, paper: Document, names: Mapping[str, str]) -> Iterator[Remark]:
    for finding in report.overall:
        yield Remark(paper, _where(None, paper), _stamped(finding, names, "（针对全部材料）"))


def _stamped(finding: Finding, names: Mapping[str, str], hint: str = "") -> tuple[str, ...]:
    """The paragraphs of one comment, with what a reply to it will be told by."""
    first, *lines, last = comment_lines(finding, names)
    return (first, *((hint,) if hint else ()), *lines, last + stamp(finding.fingerprint))


def _hint(finding: Finding, heading: Span | None) -> str:
    """What is meant, where a comment does not speak of the words it sits on."""
    if finding.span is not None:
        return ""
    return "（应写在这一部分）" if heading is not None else "（针对整份材料）"


def _where(span: Span | None, paper: Document) -> Span:
    """The words themselves, else the title."""
    if span is not None:
        span = say.clamp(paper, span)
        if paper.slice(span).strip():
            return span
    return paper.title or next((it.span for it in paper.blocks if paper.slice(it.span).strip()), Span(0, 0))


def heading_for(finding: Finding, report: Report) -> Span | None:
    """For a topic that is absent the heading that it belongs under, where the paper has one."""
    under = finding.facts.get("under")
    if finding.span is not None or not under:
        return None
    facets = (it for cover in report.coverage if cover.document is finding.document for it in cover.facets)
    headed = (it.evidence[0] for it in facets if it.name == under and it.level == "section" and it.evidence)
    return next(headed, None)


def comment_lines(finding: Finding, names: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs of one comment."""
    clause = say.one_line(finding.clause)
    basis = f"｜{clause}" if clause else ""
    accepted = finding.accepted
    settled = f"{say.accepted_name(accepted)}｜" if accepted is not None else ""
    lines = [f"【{settled}{SEVERITY_NAMES[finding.severity]}{basis}】{say.one_line(finding.message)}"]
    if accepted is not None:
        lines.append(f"处理意见：{say.decision_phrase(accepted)}")
    for place in finding.related[:_RELATED]:
        quote = say.shorten(place.document.slice(say.clamp(place.document, place.span)), _QUOTE)
        lines.append(f"另见：{say.whereabouts(finding, place.document, names)}“{quote}”")
    if finding.suggestion.strip():
        lines.append(f"建议：{say.one_line(finding.suggestion)}")
    return (*lines, f"（{say.one_line(finding.rule)}）")


def source_bytes(path: str, sources: Mapping[str, bytes] | None, limits: Limits = Limits()) -> bytes:  # noqa: B008
    """The bytes of the file that a copy is made of; WriteError where it is gone."""
    if sources is not None and path in sources:
        return sources[path]
    try:
        if Path(path).is_file():
            return Path(path).read_bytes()
        inside = archive.find(path, sources or {}, limits)
        if inside is not None:
            return inside
        raise FileNotFoundError(path)
    except (OSError, ValueError, ReadError):
        raise WriteError(f"读不到原文件“{say.one_line(path)}”，无法写入批注，请核对文件是否已移动或改名。") from None


def copy_name(path: str, ending: str, taken: set[str]) -> str:
    """The name of the copy; a number tells apart files of the same name from different folders."""
    base = say.one_line(re.split(r"[/\\]", path)[-1])
    stem = re.sub(r"\.[A-Za-z0-9]{1,8}$", "", base) or "材料"
    marked = marked_stem(stem)
    name, number = f"{marked}{ending}", 1
    while name.lower() in taken:
        number += 1
        name = f"{marked}（{number}）{ending}"
    taken.add(name.lower())
    return name
