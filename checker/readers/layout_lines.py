"""From single characters on a page to printed lines in reading order: cells of tables, columns, rows, gaps."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from checker.document import Cell
from checker.readers.layout import Line
from checker.readers.layout_grid import Grid

_TAB_GAP = 1.5
_WORD_GAP = 0.2


class Glyph(NamedTuple):
    """One character on a page; lengths as in `layout`, `baseline` is where it stands."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    strong: bool = False


def _presentation_forms() -> Mapping[int, str]:
    """Forms that only look different: Kangxi radicals, CJK radicals and compatibility ideographs, ligatures."""
    ranges = ((0x2E80, 0x2FE0), (0xF900, 0xFB00), (0xFB00, 0xFB07), (0x2F800, 0x2FA20))
    codes = (code for first, last in ranges for code in range(first, last))
    return {code: plain for code in codes if (plain := unicodedata.normalize("NFKC", chr(code))) != chr(code)}


PRESENTATION_FORMS = _presentation_forms()
"""Code point to the plain characters it stands for; a ligature stands for several."""


def plain(glyph: Glyph) -> Iterator[Glyph]:
    """The glyph with plain characters; those of a ligature share its box."""
    text = PRESENTATION_FORMS.get(ord(glyph.text), glyph.text) if len(glyph.text) == 1 else glyph.text
    width = (glyph.right - glyph.left) / len(text) if text else 0.0
    for number, character in enumerate(text):
        left = glyph.left + number * width
        yield glyph._replace(text=character, left=left, right=left + width)


def page_lines(page: int, glyphs: Sequence[Glyph], grids: Sequence[Grid] = (), tables_before: int = 0) -> list[Line]:
    """The lines of one page in reading order; what stands in a cell of a grid is told by its cell."""
    free: list[Glyph] = []
    inside: dict[tuple[int, int], list[Glyph]] = {}
    for glyph in glyphs:
        place = _cell_of(glyph, grids)
        if place is None:
            free.append(glyph)
        else:
            inside.setdefault(place, []).append(glyph)
    # Each grid is read where it stands among the lines outside it.
    pieces: list[tuple[float, list[Line]]] = []
    number = tables_before
    for index, grid in enumerate(grids):
        cells = sorted(cell for which, cell in inside if which == index)
        if not cells:
            continue
        lines: list[Line] = []
        for cell in cells:
            area = grid.cells[cell]
            own = Cell(number, area.row, area.column)
            lines += _rows(page, inside[index, cell], 0, own, (area.left, area.right))
        pieces.append((grid.top, lines))
        number += 1
    pieces += [(line.bottom, [line]) for line in _free_lines(page, free, [top for top, _ in pieces])]
    pieces.sort(key=lambda piece: piece[0])
    return [line for _, lines in pieces for line in lines]


def _cell_of(glyph: Glyph, grids: Sequence[Grid]) -> tuple[int, int] | None:
    middle = (glyph.left + glyph.right) / 2
    height = glyph.baseline - glyph.size * 0.3
    for number, grid in enumerate(grids):
        cell = grid.at(middle, height)
        if cell is not None:
            return number, cell
    return None


def _free_lines(page: int, glyphs: Sequence[Glyph], tables: Sequence[float]) -> list[Line]:
    lines = _rows(page, glyphs, 0, None, None)
    gutter = None if tables else _gutter(glyphs, lines)
    if gutter is None:
        return lines
    return _in_columns(page, glyphs, lines, gutter)


# ── columns ───────────────────────────────────────────────────────────


def _gutter(glyphs: Sequence[Glyph], lines: Sequence[Line]) -> float | None:
    """The middle of the empty band between two columns of running text, or None."""
    if len(lines) < 8:
        return None
    left = min(line.left for line in lines)
    right = max(line.right for line in lines)
    size = sorted(line.size for line in lines)[len(lines) // 2]
    best: tuple[int, float] | None = None
    steps = 24
    for step in range(steps // 3, steps - steps // 3 + 1):
        at = left + (right - left) * step / steps
        parted = [line for line in lines if _parted(line, at, size)]
        full = [line for line in parted if _reaches(line, at, size)]
        if len(full) >= 6 and len(full) * 2 >= len(parted) and len(parted) * 10 >= len(lines) * 7:
            best = max(best or (0, 0.0), (len(full), at))
    return best[1] if best else None


def _parted(line: Line, at: float, size: float) -> bool:
    """Whether no character of the line stands at `at`."""
    return not any(
        first < at + size * 0.3 and last > at - size * 0.3 and character.strip()
        for character, first, last in zip(line.text, line.lefts, line.rights, strict=True)
    )


def _reaches(line: Line, at: float, size: float) -> bool:
    """Whether running text stands close to `at` on the left, and begins again close to it on the right."""
    before = [last for character, last in zip(line.text, line.rights, strict=True) if last <= at and character.strip()]
    after = [first for character, first in zip(line.text, line.lefts, strict=True) if first >= at and character.strip()]
    near = size * 3.5
    return len(before) >= 8 and len(after) >= 8 and at - before[-1] < near and after[0] - at < near


def _in_columns(page: int, glyphs: Sequence[Glyph], lines: Sequence[Line], at: float) -> list[Line]:
    """Lines in the order of columns: those across both part the page into bands."""
    size = sorted(line.size for line in lines)[len(lines) // 2]
    across = [line for line in lines if not _parted(line, at, size)]
    edges = [line.bottom for line in across]
    found: list[Line] = []
    above = float("-inf")
    rows = {(line.top, line.bottom) for line in across}
    for edge, crossing in [*zip(edges, across, strict=True), (float("inf"), None)]:
        band = [glyph for glyph in glyphs if above < glyph.baseline < edge and not _in_row(glyph, rows)]
        for number, side in enumerate((True, False), 1):
            part = [glyph for glyph in band if ((glyph.left + glyph.right) / 2 < at) is side]
            found += _rows(page, part, number, None, None)
        if crossing is not None:
            found.append(crossing)
        above = edge
    return found


def _in_row(glyph: Glyph, rows: set[tuple[float, float]]) -> bool:
    return any(top < glyph.baseline <= bottom for top, bottom in rows)


# ── rows ──────────────────────────────────────────────────────────────


def _rows(
    page: int, glyphs: Sequence[Glyph], column: int, cell: Cell | None, frame: tuple[float, float] | None
) -> list[Line]:
    """One line for each baseline, from the top down; characters from left to right."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.baseline):
        if rows and glyph.baseline - rows[-1][0].baseline <= max(glyph.size, rows[-1][0].size) * 0.35:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    lines = (_line(page, row, column, cell, frame) for row in rows)
    return [line for line in lines if line.text.strip()]


def _line(page: int, row: list[Glyph], column: int, cell: Cell | None, frame: tuple[float, float] | None) -> Line:
    row.sort(key=lambda glyph: glyph.left)
    texts: list[str] = []
    lefts: list[float] = []
    rights: list[float] = []
    before: Glyph | None = None
    for glyph in row:
        if before is not None:
            if _drawn_twice(before, glyph):
                continue
            gap = _gap(before, glyph)
            if gap:
                texts.append(gap)
                lefts.append(before.right)
                rights.append(max(glyph.left, before.right))
        texts.append(glyph.text)
        lefts.append(glyph.left)
        rights.append(glyph.right)
        before = glyph
    filled = [glyph for glyph in row if glyph.text.strip()] or row
    size = max(glyph.size for glyph in filled)
    bottom = max(glyph.baseline for glyph in filled) + size * 0.15
    strong = all(glyph.strong for glyph in filled)
    top = bottom - size
    return Line(page, "".join(texts), tuple(lefts), tuple(rights), top, bottom, size, strong, column, cell, frame)


def _drawn_twice(before: Glyph, glyph: Glyph) -> bool:
    """Bold is at times made by drawing a character again, a hair to the side."""
    near = glyph.size * 0.15
    return (
        glyph.text == before.text
        and abs(glyph.left - before.left) < near
        and abs(glyph.baseline - before.baseline) < near
    )


def _gap(before: Glyph, glyph: Glyph) -> str:
    """What the room between two characters stands for: a tab, a space between Latin words, or nothing."""
    room = (glyph.left - before.right) / max(before.size, glyph.size, 0.1)
    if room > _TAB_GAP:
        return "" if before.text.isspace() or glyph.text.isspace() else "\t"
    if room > _WORD_GAP and "!" <= before.text < "\u2000" and "!" <= glyph.text < "\u2000":
        return " "
    return ""
