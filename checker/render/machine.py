"""What the outputs for other systems share: places as lines and columns, addresses of files, a finding in one line.

Such systems know files of lines only. For a text file these are its lines; for a format with pages the page stands for
the line; for any other format the paragraph does, counted through the whole file as the reader gives it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import PurePath
from typing import Literal
from urllib.parse import quote

from checker.document import Document, Span
from checker.render import phrases as say
from checker.report import Finding, Report

_QUOTE = 60
_RELATED = 5
_UNITS: Mapping[str, str] = {"line": "行", "page": "页", "paragraph": "段"}


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a stretch, all from 1; `column` counts characters, `byte` counts those of UTF-8.

    Both are None where the line is in truth a page or a paragraph.
    """

    line: int
    column: int | None = None
    byte: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stretch stands; `end` is the first place behind it."""

    unit: Literal["line", "page", "paragraph"]
    start: Point
    end: Point

    @property
    def phrase(self) -> str:
        """The place in words."""
        first, last, unit = self.start.line, self.end.line, _UNITS[self.unit]
        if first != last:
            return f"第{first}—{last}{unit}"
        return f"第{first}{unit}" + (f"第{self.start.column}字" if self.start.column else "")


def position(document: Document, span: Span | None) -> Position | None:
    """Where `span` of `document` stands; None where that cannot be said."""
    if span is None:
        return None
    span = say.clamp(document, span)
    if document.format == "text":
        found = _lines(document, span)
        if found is not None:
            return found
    pages = [box.page + 1 for box in document.places(span)]
    if pages:
        return Position("page", Point(pages[0]), Point(pages[-1]))
    return _paragraphs(document, span)


def place(finding: Finding) -> Position | None:
    """Where a finding is shown."""
    return None if finding.document is None else position(finding.document, finding.place)


def _lines(document: Document, span: Span) -> Position | None:
    pieces = [piece for piece in document.sources(span) if piece.end > piece.start]
    if not pieces:
        return None
    return Position("line", _point(document, pieces[0].start), _point(document, pieces[-1].end))


def _point(document: Document, offset: int) -> Point:
    """The line and column of a place in, or just behind, the text of a line."""
    # A line feed stands between two lines: the end of one is never the start of the next.
    anchor = document.anchors[bisect_left(document.anchors, offset, key=attrgetter("end"))]
    before = document.text[anchor.start : offset]
    # What stands in the line before its text is a mark of Markdown: one byte a character.
    size = len(before.encode("utf-8", "surrogatepass"))
    return Point(anchor.node + 1, anchor.offset + len(before) + 1, anchor.offset + size + 1)


def _paragraphs(document: Document, span: Span) -> Position | None:
    first = _block(document, span.start)
    if first is None:
        return None
    last = _block(document, max(span.end - 1, span.start))
    return Position("paragraph", Point(first), Point(max(first, last or first)))


def _block(document: Document, offset: int) -> int | None:
    """Number of the paragraph at `offset`, or of the one before it, from 1 through the whole file."""
    index = bisect_right(document.blocks, offset, key=lambda block: block.span.start)
    return document.blocks_before + max(index, 1) if document.blocks else None


def address(path: str) -> str:
    """`path` as a URI, or as a relative reference to one."""
    try:
        return _address(PurePath(path))
    except UnicodeEncodeError:  # half a character, as Windows allows in a name
        return _address(PurePath(say.visible(path)))


def _address(path: PurePath) -> str:
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), safe="/", errors="surrogateescape")


def file_path(path: str) -> str:
    """`path` as other systems write it: with slashes, and without what is dangerous to show."""
    return say.visible(PurePath(path).as_posix()) if path else ""


def home(report: Report, finding: Finding) -> Document | None:
    """The paper a finding is shown at: its own; for one on the submission as a whole the first of all."""
    return finding.document or next(iter(say.documents(report)), None)


def sentence(finding: Finding) -> str:
    """What a finding says, in one line: what is wrong, that it concerns all papers, that a person accepted it."""
    accepted = "" if finding.accepted is None else f"（{say.accepted_name(finding.accepted)}）"
    return accepted + ("（针对全部材料）" if finding.document is None else "") + say.one_line(finding.message)


def details(finding: Finding, names: Mapping[str, str]) -> tuple[str, ...]:
    """What else there is to say of a finding, in lines: place, words, other places, suggestion, clause."""
    lines: list[str] = []
    where = place(finding)
    if where is not None and finding.document is not None and finding.place is not None:
        heading = say.heading_of(finding.document, finding.place)
        lines.append(f"位置：{where.phrase}" + (f"（{say.shorten(heading, 24)}）" if heading else ""))
    if finding.quote.strip():
        lines.append(f"原文：「{say.shorten(finding.quote, _QUOTE)}」")
    for other in finding.related[:_RELATED]:
        words = say.shorten(other.document.slice(say.clamp(other.document, other.span)), _QUOTE)
        lines.append(f"另见：{say.whereabouts(finding, other.document, names)}「{words}」")
    if len(finding.related) > _RELATED:
        lines.append(f"另见：还有{len(finding.related) - _RELATED}处")
    if finding.accepted is not None:
        lines.append(f"理由：{say.decision_phrase(finding.accepted)}")
    elif finding.suggestion.strip():
        lines.append(f"建议：{say.one_line(finding.suggestion)}")
    if finding.clause.strip():
        lines.append(f"依据：{say.clause_name(finding.clause)}")
    return tuple(lines)


def full(finding: Finding, names: Mapping[str, str]) -> str:
    """A finding and all there is to say of it, in lines."""
    return "\n".join((sentence(finding), *details(finding, names)))


def unread(message: str) -> str:
    """What to say of a file that could not be checked."""
    return f"没有检查：{say.one_line(message)}"
