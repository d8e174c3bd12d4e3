"""The paper itself, marked up: a Word comment on exactly the words that each finding speaks of.

A Word file is copied with comments added and nothing else changed; for any other file a new Word file is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from checker.copies import marked_stem
from checker.document import Document, Span
from checker.errors import ReadError, WriteError
from checker.readers import archive
from checker.readers.limits import Limits
from checker.render import Rendered
from checker.render import phrases as say
from checker.render.docx_comments import AUTHOR
from checker.render.docx_mark import Remark, extension, mark
from checker.report import SEVERITY_NAMES, Finding, Report

__all__ = ["AUTHOR", "Remark", "mark", "render"]

_QUOTE = 60
_RELATED = 5


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """A marked-up copy of every file of the report, with findings or without."""
    when = datetime.now()
    file_names = say.report_names(report)
    outputs: list[Rendered] = []
    taken: set[str] = set()
    for path, papers in say.by_file(report).items():
        # What concerns the submission as a whole stands at the head of its first file.
        overall = () if outputs else tuple(_overall(report, papers[0], file_names))
        remarks = (*overall, *_remarks(report, papers, file_names))
        if papers[0].format == "docx":
            data = _source(path, sources)
            marked, ending = mark(data, remarks, documents=papers, when=when), extension(data)
        else:
            # Not at the top: a Word file needs nothing of python-docx.
            from checker.render.docx_new import build

            marked, ending = build(papers, remarks, when), ".docx"
        outputs.append(Rendered(_name(path, ending, taken), marked))
    return tuple(outputs)


def _remarks(report: Report, papers: Sequence[Document], names: Mapping[str, str]) -> Iterator[Remark]:
    """A remark for each finding on the papers of one file, in the order of the text."""
    for paper in papers:
        for finding in say.in_order(report.of(paper)):
            yield Remark(paper, _where(finding.place, paper), _lines(finding, names))


def _overall(report: Report, paper: Document, names: Mapping[str, str]) -> Iterator[Remark]:
    for finding in report.overall:
        yield Remark(paper, _where(None, paper), ("（针对全部材料）", *_lines(finding, names)))


def _where(span: Span | None, paper: Document) -> Span:
    """The words themselves, else the title."""
    if span is not None:
        span = say.clamp(paper, span)
        if paper.slice(span).strip():
            return span
    return paper.title or Span(0, len(paper.text))


def _lines(finding: Finding, names: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs of one comment."""
    clause = say.one_line(finding.clause)
    basis = f"｜{clause}" if clause else ""
    lines = [f"【{SEVERITY_NAMES[finding.severity]}{basis}】{say.one_line(finding.message)}"]
    for place in finding.related[:_RELATED]:
        quote = say.shorten(place.document.slice(say.clamp(place.document, place.span)), _QUOTE)
        lines.append(f"另见：{say.whereabouts(finding, place.document, names)}“{quote}”")
    if finding.suggestion.strip():
        lines.append(f"建议：{say.one_line(finding.suggestion)}")
    return (*lines, f"（{say.one_line(finding.rule)}）")


def _source(path: str, sources: Mapping[str, bytes] | None) -> bytes:
    if sources is not None and path in sources:
        return sources[path]
    try:
        if Path(path).is_file():
            return Path(path).read_bytes()
        inside = archive.find(path, sources or {}, Limits())
        if inside is not None:
            return inside
        raise FileNotFoundError(path)
    except (OSError, ValueError, ReadError):
        raise WriteError(f"读不到原文件“{say.one_line(path)}”，无法写入批注，请核对文件是否已移动或改名。") from None


def _name(path: str, ending: str, taken: set[str]) -> str:
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
