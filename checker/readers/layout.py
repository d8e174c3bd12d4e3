"""From printed lines to paragraphs, the Chinese way; shared by the formats that know pages and not paragraphs.

A reader turns each page into `Line`s in reading order, then:

    kept, dropped = drop_running(pages)      # running headers, footers and page numbers
    text, blocks, boxes = assemble(paragraphs(kept))

Lengths are points from the top left corner of the page, pages count from 0. No space is put where a line of Chinese
ends. A line begins a new paragraph if it is indented, or if its first word would still have fitted on the line before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from checker.document import Block, BlockKind, Box, Cell, Span
from checker.readers.headings import Looks, number_level
from checker.readers.kinds import Kinds

_OPENING = "（(《〈「『【〔“‘["
_CLOSING = "，。、；：？！）)》〉」』】〕”’%％…—,.;:?!]"
_SENTENCE_ENDS = "。；：！？;:!?"
_FIGURE = r"[0-9０-９]{1,4}"
_PAGE_NUMBER = re.compile(
    rf"(?:共\s*{_FIGURE}\s*页[\s，,]*)?(?:[Pp]age|第)?[\s—\-–－·~～.\[［]*(?:{_FIGURE}|[ivxIVX]{{1,6}})[\s—\-–－·~～.\]］页]*"
    rf"(?:(?:[/／，,]\s*共?|共|of)\s*{_FIGURE}\s*页?)?\s*"
)
_HAN = re.compile("[\u4e00-\u9fff]")
_HEADER_ZONE = 0.09
_NUMBER_ZONE = 0.13
_WIDER = 1.35
_NARROWEST = 10
_ROOM = 1.5
_LARGER = 1.1


class Line(NamedTuple):
    """One printed line, or the part of it that stands in one column or cell.

    `lefts` and `rights` hold one figure a character of `text`. `size` is that of the largest character; `strong` says
    that all of the line is bold or in a heading face. `column` tells the columns of a page apart (0: the only one;
    below 0: text that stands alone, turned for example).
    In a table `cell` is its place and `frame` its left and right edge. `kind` is set for what stands apart from the
    body (footnotes); `label` is how many characters at the head are an automatic number and not text.
    """

    page: int
    text: str
    lefts: tuple[float, ...]
    rights: tuple[float, ...]
    top: float
    bottom: float
    size: float
    strong: bool = False
    column: int = 0
    cell: Cell | None = None
    frame: tuple[float, float] | None = None
    kind: BlockKind = "paragraph"
    label: int = 0

    @property
    def left(self) -> float:
        """Left edge of the first character that is not blank."""
        if not self.text[:1].isspace():
            return self.lefts[0]
        blank = len(self.text) - len(self.text.lstrip())
        return self.lefts[blank if blank < len(self.text) else 0]

    @property
    def right(self) -> float:
        """Right edge of the last character that is not blank."""
        if not self.text[-1:].isspace():
            return self.rights[-1]
        return self.rights[max(len(self.text.rstrip()), 1) - 1]

    @property
    def edge(self) -> float:
        """Right edge of the last character that is no closing mark: such a mark may hang over the margin."""
        text = self.text.rstrip()
        inside = len(text.rstrip(_CLOSING))
        return self.rights[inside - 1] if inside else self.right


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one page in reading order, and how high the page is."""

    height: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """The lines of one paragraph and how it looks."""

    lines: tuple[Line, ...]
    looks: Looks


# ── running headers and footers ───────────────────────────────────────


def drop_running(pages: Sequence[Page]) -> tuple[list[Line], int]:
    """The lines without running headers, footers and page numbers, and how many were left out."""
    seen = Counter(key for page in pages for key in {_running_key(line) for line in page.lines if _at_edge(line, page)})
    usual = max(2, len(pages) * 2 // 5)
    kept: list[Line] = []
    dropped = 0
    for page in pages:
        for line in page.lines:
            running = _at_edge(line, page) and seen[_running_key(line)] >= usual
            if running or _is_page_number(line, page):
                dropped += 1
            else:
                kept.append(line)
    return kept, dropped


def _at_edge(line: Line, page: Page) -> bool:
    """Whether a line stands where running headers and footers do."""
    zone = page.height * _HEADER_ZONE
    return line.cell is None and (line.bottom <= zone or line.top >= page.height - zone)


def _running_key(line: Line) -> tuple[str, int]:
    return re.sub(r"[0-9０-９]+", "#", "".join(line.text.split())), round(line.bottom / 4)


def is_page_number(text: str) -> bool:
    """Whether a line of text can be the number of its page: 3, — 3 —, 第 3 页 共 8 页."""
    return _PAGE_NUMBER.fullmatch(text.strip()) is not None


def _is_page_number(line: Line, page: Page) -> bool:
    zone = page.height * _NUMBER_ZONE
    if line.cell is not None or zone < line.bottom < page.height - zone:
        return False
    if not is_page_number(line.text):
        return False
    # A lone figure that belongs to the text stands close to another line.
    near = line.size * 0.6
    return not any(
        other is not line and other.top - line.bottom < near and line.top - other.bottom < near for other in page.lines
    )


# ── paragraphs ────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Area:
    """The edges between which lines are set, the usual distance of two lines, and the size of plain text."""

    left: float
    right: float
    pitch: float
    size: float


def paragraphs(lines: Sequence[Line]) -> Iterator[Paragraph]:
    """Join `lines`, in reading order, into paragraphs."""
    measured: dict[int, _Area] = {}
    body = [line for line in lines if line.cell is None and line.kind == "paragraph"]
    for column in {line.column for line in body}:
        measured[column] = _measure([line for line in body if line.column == column])
    # Where nearly all of a paper stands in tables, these tell how wide its lines may be.
    frames = [line.frame[1] for line in lines if line.frame is not None]
    if len(measured) == 1 and 0 in measured and frames:
        area = measured[0]
        edge = min(line.frame[0] for line in lines if line.frame is not None)
        measured[0] = replace(
            area,
            left=min(area.left, edge + area.size * 0.4),
            right=max(area.right, max(frames) - area.size * 0.5),
        )
    wide = _Area(
        min((area.left for area in measured.values()), default=0.0),
        max((area.right for area in measured.values()), default=0.0),
        0.0,
        0.0,
    )
    for (cell, kind), run in groupby(lines, key=lambda line: (line.cell, line.kind)):
        inside = list(run)
        if cell is not None:
            yield from _join(inside, {line.column: _cell_area(inside) for line in inside}, wide)
        elif kind != "paragraph":
            yield from _join(inside, {line.column: _measure(inside) for line in inside}, wide)
        else:
            yield from _join(inside, measured, wide)


def _measure(lines: Sequence[Line]) -> _Area:
    """The margins of the text: edges that several lines share, not those that one odd line has."""
    size = _plain_size(lines)
    plain = [line for line in lines if abs(line.size - size) < size * 0.2] or list(lines)
    left = _outermost([line.left for line in plain], size)
    right = -_outermost([-line.edge for line in plain], size)
    return _Area(left, max(left, right), _pitch(plain, size), size)


def _cell_area(lines: Sequence[Line]) -> _Area:
    size = _plain_size(lines)
    left, right = lines[0].frame or (min(line.left for line in lines), max(line.right for line in lines))
    padding = max(0.0, min(min(line.left for line in lines) - left, size * 0.6))
    return _Area(left + padding, right - padding, _pitch(lines, size), size)


def _plain_size(lines: Sequence[Line]) -> float:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[round(line.size * 2) / 2] += len(line.text)
    return max(weights.most_common(1)[0][0], 1.0)


def _outermost(edges: Sequence[float], size: float) -> float:
    """The smallest edge that at least two lines share within half a character; the smallest one if none do."""
    ordered = sorted(edges)
    wanted = max(2, len(ordered) // 25)
    for index, edge in enumerate(ordered):
        near = index + wanted - 1
        if near < len(ordered) and ordered[near] - edge <= size * 0.5:
            return edge
    return ordered[0]


def _pitch(lines: Sequence[Line], size: float) -> float:
    steps = [
        after.bottom - before.bottom
        for before, after in pairwise(lines)
        if before.page == after.page and before.column == after.column and 0 < after.bottom - before.bottom < size * 4
    ]
    return median(steps) if steps else size * 1.8


def _join(lines: Sequence[Line], areas: dict[int, _Area], wide: _Area) -> Iterator[Paragraph]:
    held: list[Line] = []
    for line in lines:
        area = areas[line.column]
        if held and not _continues(held, line, areas[held[-1].column], area):
            yield _paragraph(held, areas[held[-1].column], wide)
            held = []
        held.append(line)
    if held:
        yield _paragraph(held, areas[held[-1].column], wide)


def _continues(held: Sequence[Line], line: Line, area: _Area, own: _Area) -> bool:
    """Whether `line` goes on with the paragraph of the lines `held`."""
    if line.label:
        return False
    last = held[-1]
    size = max(last.size, line.size)
    if line.column != last.column and min(line.column, last.column) < 0:
        return False
    if line.cell is None and area.right - area.left < size * _NARROWEST:
        # All lines are short: where the right margin is cannot be told from them.
        return False
    if abs(last.size - line.size) > size * 0.15 or _far_below(last, line, held, area):
        return False
    centred = _is_centred(last, area)
    free = area.right - last.right + (last.left - area.left if centred else 0.0)
    indent, before = line.left - own.left, last.left - area.left
    # A line that returns to the margin from an indent goes on with its paragraph, unless much room was left.
    returns = indent <= size * 0.5 and (before > size * 0.7 or len(held) > 1)
    titles = last.size > area.size * _LARGER and _is_even(last, area) and _is_centred(line, own)
    room = 0.6 if titles else _ROOM if returns else 1.0 if line.cell is not None else 0.1
    if _first_word(line) + size * room < free:
        return False
    if line.cell is not None:
        return True
    ended = last.text.rstrip()[-1:] in _SENTENCE_ENDS or indent > size * 0.7
    if ended and number_level(line.text) in (1, 2):
        return False
    if _is_centred(line, own):
        # A title that fills its first row may begin with an indent.
        fills = last.size > area.size * _LARGER and free < last.size
        return fills or (_is_even(held[0], area) and _is_even(last, area))
    if indent > size * 4 and not centred:
        return False
    if abs(indent - before) <= size * 0.7:
        # Two lines with the same indent: one paragraph each, unless it is a paragraph that is indented as a whole.
        return indent <= size * 0.7 or len(held) > 1
    if indent < before:
        return len(held) == 1
    return len(held) == 1 and number_level(last.text) > 0 and indent - before <= size * 4


def _far_below(last: Line, line: Line, held: Sequence[Line], area: _Area) -> bool:
    """Whether more room is left above `line` than between the lines of a paragraph."""
    if last.page != line.page or last.column != line.column:
        return False
    step = line.bottom - last.bottom
    own = held[-1].bottom - held[-2].bottom if len(held) > 1 and held[-2].page == last.page else 0.0
    pitch = own if own > 0 else max(area.pitch * max(1.0, last.size / max(area.size, 1.0)), last.size * 1.2)
    return step <= 0 or step > pitch * _WIDER


def _first_word(line: Line) -> float:
    """How wide the piece at the head of a line is that cannot be broken: it had to fit on the line before."""
    text = line.text
    start = end = len(text) - len(text.lstrip())
    while end < len(text) - 1 and text[end] in _OPENING:
        end += 1
    if _is_latin(text[end : end + 1]):
        while end < len(text) and (_is_latin(text[end]) or text[end] in ".,%"):
            end += 1
    else:
        end += 1
    while end < len(text) and text[end] in _CLOSING + "/":
        end += 1
    end = min(max(end, start + 1), len(text))
    return line.rights[end - 1] - line.lefts[min(start, end - 1)]


def _is_latin(character: str) -> bool:
    return "!" < character < "\u2000" and character not in _CLOSING + _OPENING


def _is_centred(line: Line, area: _Area) -> bool:
    left, right = line.left - area.left, area.right - line.right
    larger = line.size > area.size * _LARGER > 0
    # A title may fill its row; so may plain text, which only an indent on both sides tells apart.
    return abs(left - right) <= line.size * 1.2 and left >= line.size * (-0.5 if larger else 2.6)


def _is_even(line: Line, area: _Area) -> bool:
    """Whether as much room is left before a line as after it: centred, or so long that it fills the row."""
    return abs((line.left - area.left) - (area.right - line.right)) <= line.size * 1.2


def _paragraph(lines: Sequence[Line], area: _Area, wide: _Area) -> Paragraph:
    over_columns = wide.right - wide.left > area.right - area.left
    shown = (lines[0], *_tail(lines, area))
    centred = any(_is_centred(line, area) or (over_columns and _is_centred(line, wide)) for line in shown)
    looks = Looks(all(line.strong for line in lines), centred, round(max(line.size for line in lines) * 2))
    return Paragraph(tuple(lines), looks)


def _tail(lines: Sequence[Line], area: _Area) -> Sequence[Line]:
    """The last line of a title over several: the first one may fill its row."""
    return lines[-1:] if len(lines) > 1 and lines[-1].size > area.size * _LARGER else ()


# ── text ──────────────────────────────────────────────────────────────


def assemble(found: Iterable[Paragraph]) -> tuple[str, tuple[Block, ...], tuple[Box, ...]]:
    """Text, blocks and boxes of the paragraphs, as `Document` wants them."""
    texts: list[str] = []
    blocks: list[Block] = []
    boxes: list[Box] = []
    kinds = Kinds()
    at = 0
    for paragraph in found:
        begin = at
        pieces: list[str] = []
        before = ""
        for line in paragraph.lines:
            first, last = _filled(line.text, line.label)
            if first == last:
                continue
            glue = _glue(before, line, first)
            before = line.text[first:last]
            pieces += [glue, before]
            at += len(glue)
            inside = slice(first, last)
            end = at + last - first
            boxes.append(Box(at, end, line.page, line.top, line.bottom, line.lefts[inside], line.rights[inside]))
            at = end
        text = "".join(pieces)
        if not text:
            continue
        head = paragraph.lines[0]
        cell = head.cell
        label = head.text[: head.label].strip()
        kind, level = _kind(kinds, text, label, paragraph)
        blocks.append(Block(kind, Span(begin, at), level, label, cell))
        texts.append(text)
        at += 1
    return "\n".join(texts), tuple(blocks), tuple(boxes)


def _kind(kinds: Kinds, text: str, label: str, paragraph: Paragraph) -> tuple[BlockKind, int]:
    head = paragraph.lines[0]
    if head.cell is not None:
        return kinds.cell(0)
    if head.kind != "paragraph":
        return head.kind, 0
    return kinds.body(text, (label, number_level(label)), 0, partial(_same, paragraph.looks))


def _same(looks: Looks) -> Looks:
    return looks


def _filled(text: str, skip: int = 0) -> tuple[int, int]:
    """Where the text of a line begins and ends without the blanks around it and the first `skip` characters."""
    rest = text[skip:]
    first = len(text) - len(rest.lstrip())
    return first, max(first, len(text.rstrip()))


def _glue(before: str, line: Line, first: int) -> str:
    """What stands between two lines of one paragraph: a space between two words of Latin letters, else nothing."""
    if not before or (not _is_latin(before[-1]) and before[-1] not in ",.;:?!)%"):
        return ""
    # Setters without Chinese rules break a long figure; a word that ends with a hyphen goes on in the next line.
    if before[-1] in "-/\xad" or (before[-1].isdigit() and line.text[first].isdigit() and _HAN.search(before)):
        return ""
    return " " if _is_latin(line.text[first]) or line.text[first] in "([" else ""
