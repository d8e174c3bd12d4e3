"""From the pieces of text on a page to printed lines in reading order: cells of tables, columns, rows, gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from checker.document import Cell
from checker.readers.layout import Line
from checker.readers.layout_grid import Grid
from checker.readers.pdf_pieces import Page, Piece, latin
from checker.readers.pdf_unicode import normalised

_ROW = 0.35
"""Pieces whose baselines differ by less than this share of their size stand in one row."""
_RAISED = 0.6
_SMALLER = 0.8
_TAB_GAP = 1.5
_WORD_GAP = 0.18
_SPACED_OUT = 0.8
_LABEL_GAP = 0.45
_LONGEST_LABEL = 8
_HAN = "一二三四五六七八九十百〇零"
NUMBER = re.compile(
    rf"\s*(?:第[{_HAN}]+(?:部分|章|编)|[{_HAN}]+、|[（(][{_HAN}]+[）)]|[（(][0-9０-９]{{1,2}}[）)]|[0-9０-９]{{1,2}}[.．、]|[①-⑳])\s*"
)
Edges = tuple[float, ...]
_HANGING = "，。、；：？！）》〉」』】〕”’"
_LEAST_ROWS = 6
_LEAST_CHARACTERS = 8


class Row(NamedTuple):
    """A line, and what the pieces that it was made of say besides."""

    line: Line
    base: float
    apart: int = 0
    """How many characters the number at the head of the row takes if it is drawn apart from the rest; else 0."""
    listed: bool = False
    """Whether the tags of the file put the row into a list."""


class _Table(NamedTuple):
    """The rows of a table and where it stands."""

    top: float
    left: float
    right: float
    rows: list[Row]


def page_rows(page: Page, grids: Sequence[Grid] = ()) -> list[Row]:
    """The rows of one page in reading order; the table of a cell is the number of its grid on the page."""
    free, tables = _in_cells(page, grids) if grids else (page.pieces, [])
    groups = _group(free)
    at = _gutter(groups)
    if at is not None:
        return _in_columns(page, groups, tables, at)
    return _in_order(_made(page, groups), tables)


def _in_order(rows: list[Row], tables: Sequence[_Table]) -> list[Row]:
    if not tables:
        return rows
    parts = [(row.base, [row]) for row in rows] + [(table.top, table.rows) for table in tables]
    return [row for _, part in sorted(parts, key=lambda part: part[0]) for row in part]


# ---- tables ---------------------------------------------------------------------------------------------------


def _in_cells(page: Page, grids: Sequence[Grid]) -> tuple[list[Piece], list[_Table]]:
    """The pieces outside all grids, and the tables."""
    free: list[Piece] = []
    inside: dict[tuple[int, int], list[Piece]] = {}
    for piece in page.pieces:
        for part, place in _parted(page, piece, grids):
            if place is None:
                free.append(part)
            else:
                inside.setdefault(place, []).append(part)
    tables: list[_Table] = []
    for index, grid in enumerate(grids):
        rows: list[Row] = []
        for cell in sorted(cell for which, cell in inside if which == index):
            area = grid.cells[cell]
            own = Cell(index, area.row, area.column)
            rows += _made(page, _group(inside[index, cell]), 0, own, (area.left, area.right))
        if rows:
            tables.append(_Table(grid.top, grid.xs[0], grid.xs[-1], rows))
    return free, tables


_Place = tuple[int, int] | None
"""Number of a grid and of a cell in it."""


def _parted(page: Page, piece: Piece, grids: Sequence[Grid]) -> list[tuple[Piece, _Place]]:
    """A piece with its place; what is drawn over the edge of a cell from one object to the next is in two of them."""
    height = piece.base - piece.size * 0.3
    begin, end = _cell_at(piece.x0 + 1, height, grids), _cell_at(piece.x1 - 1, height, grids)
    if begin == end or piece.last - piece.first == 1:
        return [(piece, _cell_at((piece.x0 + piece.x1) / 2, height, grids))]
    parts: list[tuple[Piece, _Place]] = []
    first = piece.first
    held: _Place = begin
    for at in range(piece.first + 1, piece.last + 1):
        if at < piece.last and page.sources[at - 1] == page.sources[at]:
            continue
        own = _cell_at((page.lefts[at] + page.rights[at]) / 2, height, grids) if at < piece.last else None
        if at < piece.last and (own == held or page.codes[at] in _HANGING):
            continue
        x0, x1 = page.lefts[first], page.rights[at - 1]
        place = _cell_at((x0 + x1) / 2, height, grids)
        parts.append((piece._replace(first=first, last=at, x0=x0, x1=x1), place))
        first, held = at, own
    return parts


def _cell_at(x: float, y: float, grids: Sequence[Grid]) -> _Place:
    for number, grid in enumerate(grids):
        cell = grid.at(x, y)
        if cell is not None:
            return number, cell
    return None


# ---- columns --------------------------------------------------------------------------------------------------


def _in_columns(page: Page, groups: Sequence[list[Piece]], tables: Sequence[_Table], at: float) -> list[Row]:
    """Rows in the order of columns; rows and tables over both part the page into bands."""
    across = [(group[0].base, _made(page, [group])) for group in groups if _crosses(group, at)]
    across += [(table.top, table.rows) for table in tables if table.left < at < table.right]
    across.sort(key=lambda part: part[0])
    beside = [piece for group in groups if not _crosses(group, at) for piece in group]
    sides = [table for table in tables if not table.left < at < table.right]
    out: list[Row] = []
    above = float("-inf")
    for edge, rows in [*across, (float("inf"), [])]:
        for side in (1, 2):
            half = [
                piece
                for piece in beside
                if above <= piece.base < edge and ((piece.x0 + piece.x1) / 2 < at) is (side == 1)
            ]
            own = [table for table in sides if above <= table.top < edge and (table.left < at) is (side == 1)]
            out += _in_order(_made(page, _group(half), side), own)
        out += rows
        above = edge
    return out


def _may_part(group: Sequence[Piece], start: float, end: float) -> bool:
    """Whether a row leaves a gap as wide as a character somewhere between `start` and `end`."""
    reach = start
    for piece in group:
        if piece.x1 <= start:
            continue
        if piece.x0 - reach >= piece.size or piece.x0 >= end:
            return True
        reach = piece.x1
        if reach >= end:
            return False
    return True


def _crosses(group: Sequence[Piece], at: float) -> bool:
    """Whether no gap as wide as a character is left in a row at `at`."""
    before = max((piece.x1 for piece in group if piece.x0 < at), default=at - 1000)
    after = min((piece.x0 for piece in group if piece.x0 >= at), default=at + 1000)
    return before > at or after - before < group[0].size


def _gutter(groups: Sequence[Sequence[Piece]]) -> float | None:
    """The middle of the empty band between two columns of running text, or None."""
    if len(groups) < _LEAST_ROWS:
        return None
    left = min(piece.x0 for group in groups for piece in group)
    right = max(piece.x1 for group in groups for piece in group)
    zone = (right - left) * 0.1
    middle = (left + right) / 2
    if sum(1 for group in groups if _may_part(group, middle - zone, middle + zone)) * 10 < len(groups) * 6:
        return None
    best: tuple[int, float] | None = None
    for step in range(-6, 7):
        at = (left + right) / 2 + (right - left) * step / 60
        parted = [group for group in groups if not _crosses(group, at)]
        if len(parted) * 10 < len(groups) * 6:
            continue
        sides = (
            sum(1 for group in parted if _runs_to(group, at, True)),
            sum(1 for group in parted if _runs_to(group, at, False)),
        )
        if min(sides) >= _LEAST_ROWS and min(sides) * 3 >= len(parted):
            best = max(best or (0, 0.0), (min(sides), at))
    return best[1] if best else None


def _runs_to(group: Sequence[Piece], at: float, before: bool) -> bool:
    """Whether running text stands close to `at` on one side of it."""
    side = [piece for piece in group if (piece.x1 <= at + 1 if before else piece.x0 >= at - 1)]
    if sum(piece.last - piece.first for piece in side) < _LEAST_CHARACTERS:
        return False
    near = side[0].size * 3.5
    return any((at - piece.x1 if before else piece.x0 - at) < near for piece in side)


# ---- rows -----------------------------------------------------------------------------------------------------


def _group(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces by baseline, from the top down, each row from left to right; raised marks go with their row."""
    groups: list[list[Piece]] = []
    base = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.base):
        if groups and piece.base - base <= max(piece.size, groups[-1][0].size) * _ROW:
            groups[-1].append(piece)
        else:
            groups.append([piece])
            base = piece.base
    for index in range(len(groups) - 1, 0, -1):
        if _raised(groups[index - 1], groups[index]):
            groups[index - 1 : index + 1] = [[*groups[index], *groups[index - 1]]]
    for group in groups:
        group.sort(key=lambda piece: piece.x0)
    return groups


def _raised(above: Sequence[Piece], row: Sequence[Piece]) -> bool:
    size = max(piece.size for piece in row)
    return (
        row[0].base - above[0].base < size * _RAISED
        and max(piece.size for piece in above) < size * _SMALLER
        and all(piece.last - piece.first <= 4 for piece in above)
    )


def _made(
    page: Page,
    groups: Sequence[list[Piece]],
    column: int = 0,
    cell: Cell | None = None,
    frame: tuple[float, float] | None = None,
) -> list[Row]:
    rows = (_row(page, group, column, cell, frame) for group in groups)
    return [row for row in rows if row.line.text and not row.line.text.isspace()]


def _row(page: Page, group: Sequence[Piece], column: int, cell: Cell | None, frame: tuple[float, float] | None) -> Row:
    if len(group) == 1:
        piece = group[0]
        text, lefts, rights = _characters(page, piece)
        size, base, strong = piece.size, piece.base, piece.strong
    else:
        text, lefts, rights = _run_together(page, group)
        tallest = max(group, key=lambda piece: piece.size)
        size, base, strong = tallest.size, tallest.base, all(piece.strong for piece in group)
    top, bottom = base - size * 0.85, base + size * 0.15
    line = Line(page.number, text, lefts, rights, top, bottom, size, strong, column, cell, frame)
    number = NUMBER.match(text) if cell is None and text else None
    if number is None or number.end() == len(text):
        return Row(line, base)
    apart = number.end() if _drawn_apart(page, group, number.end()) else 0
    return Row(line, base, apart, page.sources[group[0].first] in page.listed)


def _run_together(page: Page, group: Sequence[Piece]) -> tuple[str, Edges, Edges]:
    """Text of pieces in a row and the edges of its characters; what is drawn twice counts once."""
    texts: list[str] = []
    lefts: list[float] = []
    rights: list[float] = []
    before: Piece | None = None
    for piece in group:
        text, own_lefts, own_rights = _characters(page, piece)
        if not text:
            continue
        if before is not None:
            if _drawn_twice(before, piece, texts[-1], text):
                continue
            gap = _gap(page, before, piece, texts[-1][-1], text[0])
            if gap:
                texts.append(gap)
                lefts.append(before.x1)
                rights.append(max(piece.x0, before.x1))
        texts.append(text)
        lefts += own_lefts
        rights += own_rights
        before = piece
    return "".join(texts), tuple(lefts), tuple(rights)


def _characters(page: Page, piece: Piece) -> tuple[str, Edges, Edges]:
    """Text of a piece with the left and right edge of each character; the letters of a ligature share its box."""
    first, last = piece.first, piece.last
    lefts, rights = page.lefts[first:last], page.rights[first:last]
    if page.plain:
        return page.codes[first:last], lefts, rights
    text, origins = normalised(page.codes[first:last])
    if origins is None:
        return text, lefts, rights
    return text, tuple([lefts[origin] for origin in origins]), tuple([rights[origin] for origin in origins])


def _drawn_twice(before: Piece, piece: Piece, text: str, again: str) -> bool:
    """Bold is at times made by drawing the same again, a hair to the side."""
    return text == again and abs(before.x0 - piece.x0) < piece.size * 0.15


def _gap(page: Page, before: Piece, piece: Piece, last: str, first: str) -> str:
    """What the room between two pieces stands for: a tab, a space between Latin words, or nothing."""
    if last.isspace() or first.isspace():
        return ""
    room = (piece.x0 - before.x1) / max(before.size, piece.size)
    if room > _TAB_GAP:
        return "\t"
    if not (latin(last) and latin(first)):
        return ""
    # PDFium has put a character of its own where it takes a gap for a space; spaced-out type has wide gaps too.
    spaced = before.last != piece.first or piece.first in page.spaced
    return " " if room > (_WORD_GAP if spaced else _SPACED_OUT) else ""


def _drawn_apart(page: Page, group: Sequence[Piece], length: int) -> bool:
    """Whether the first `length` characters of a row are drawn apart from what follows though one stroke would do.

    Word and LibreOffice draw an automatic number by itself. A change of face is no sign (digits have a face of their
    own), another size or a room like that of a tab is.
    """
    head = group[0]
    if length > _LONGEST_LABEL or page.sources[head.first] == page.sources[group[-1].last - 1]:
        return False
    after = head.first + length
    if after < head.last:
        before = head.first + len(page.codes[head.first : after].rstrip())
        last, first = page.codes[before - 1], page.codes[after]
        return page.sources[before - 1] != page.sources[after] and not latin(last) and not latin(first)
    if len(group) == 1 or page.sources[head.last - 1] == page.sources[group[1].first]:
        return False
    piece = group[1]
    if piece.x0 - head.x1 > head.size * _LABEL_GAP or abs(piece.size - head.size) > piece.size * 0.1:
        return True
    return not latin(page.codes[head.last - 1]) and not latin(page.codes[piece.first]) and head.strong == piece.strong
