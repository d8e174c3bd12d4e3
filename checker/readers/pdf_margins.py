"""What stands in the margins of the pages of a PDF: running headers and footers, footnotes.

`layout.drop_running` finds what is repeated. A paper of one page repeats nothing, and the first page often has a header
of its own: there the distance from the text and the size of the type tell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence

from checker.readers.layout import is_page_number
from checker.readers.layout_grid import Grid, Rule
from checker.readers.pdf_lines import Row, page_rows
from checker.readers.pdf_pieces import Page, Piece

_MARGIN = 62.0
"""Points from the edge of the page within which Word and WPS put headers and footers (1.5 cm, and a line of type)."""
_CLEAR = 1.6
_MARK = 0.8
_MOST_LINES = 300
_NOTE_MARK = re.compile(r"(?:\[[0-9]{1,2}\]|[0-9]{1,2}(?![0-9.年月日%])|[①-⑳]|\*{1,3})\s*")


def body_size(pages: Sequence[Page]) -> float:
    """The size that most characters have."""
    weights: Counter[float] = Counter()
    for page in pages:
        for piece in page.pieces:
            weights[round(piece.size * 2) / 2] += piece.last - piece.first
    return weights.most_common(1)[0][0] if weights else 10.5


def marginal(page: Page, rows: Sequence[Row], size: float) -> set[int]:
    """Indexes of rows that stand in the margin, in type smaller than the body and clear of the text."""
    order = [index for index, row in enumerate(rows) if row.line.kind == "paragraph"]
    order.sort(key=lambda index: rows[index].base)
    found = _run(rows, order, size, lambda row: row.base < _MARGIN)
    found |= _run(rows, order[::-1], size, lambda row: row.base > page.height - _MARGIN)
    return found


def _run(rows: Sequence[Row], order: Sequence[int], size: float, in_margin: Callable[[Row], bool]) -> set[int]:
    taken: list[int] = []
    for index in order:
        row = rows[index]
        if row.line.cell is not None or not in_margin(row):
            break
        taken.append(index)
    if not taken or len(taken) > 3:
        return set()
    rest = [index for index in order if index not in taken]
    if not rest:
        return set()
    last, following = rows[taken[-1]], rows[rest[0]]
    clear = abs(following.base - last.base) >= size * (_CLEAR + 0.9)
    small = all(rows[index].line.size <= size * 0.9 for index in taken)
    return set(taken) if clear and small else set()


# ---- footnotes ------------------------------------------------------------------------------------------------


def footnote_line(page: Page, grids: Sequence[Grid], size: float) -> float | None:
    """Where the short line above the footnotes of a page is drawn; all below it is smaller than the body."""
    for rule in sorted(page.rules, key=lambda rule: -rule.at):
        length = rule.end - rule.start
        if rule.upright or rule.at < page.height * 0.3 or not page.width * 0.1 <= length <= page.width * 0.45:
            continue
        if any(grid.top - 2 <= rule.at <= grid.ys[-1] + 2 for grid in grids):
            continue
        below = [piece for piece in page.pieces if piece.base > rule.at]
        first = min(below, key=lambda piece: (round(piece.base), piece.x0), default=None)
        if first is None or any(piece.size > size * 0.9 for piece in below if piece.base < page.height - _MARGIN):
            continue
        if abs(first.x0 - rule.start) < size * 3:
            return rule.at
    return None


def part_footnotes(page: Page, line: float, size: float) -> tuple[Page, list[Row]]:
    """The page without its footnotes and their marks, and the rows of the footnotes."""
    low = [piece for piece in page.pieces if line < piece.base < page.height - _MARGIN]
    rows = page_rows(page._replace(pieces=low))
    if rows and is_page_number(rows[-1].line.text):
        low = [piece for piece in low if piece.base < rows[-1].base - size * _MARK]
        del rows[-1]
    notes = [_as_footnote(row) for row in rows]
    marks = {row.line.text[: row.line.label].strip() for row in notes if row.line.label}
    taken = set(low)
    for piece in page.pieces:
        small = piece.size <= size * _MARK
        if small and page.codes[piece.first : piece.last].strip() in marks:
            taken.add(piece)
    return page._replace(pieces=[piece for piece in page.pieces if piece not in taken]), notes


def _as_footnote(row: Row) -> Row:
    mark = _NOTE_MARK.match(row.line.text)
    return row._replace(line=row.line._replace(kind="footnote", label=mark.end() if mark else 0))


# ---- struck out -----------------------------------------------------------------------------------------------


def struck(page: Page, grids: Sequence[Grid]) -> int:
    """How many pieces have a line drawn through them: most likely deleted, by a revision that was not accepted."""
    lines = [rule for rule in page.rules if not rule.upright and not any(_borders(rule, grid) for grid in grids)]
    if not lines or len(lines) > _MOST_LINES:
        return 0
    pieces = sorted(page.pieces, key=_base)
    tallest = max((piece.size for piece in pieces), default=0.0)
    found: set[int] = set()
    for rule in lines:
        first = bisect_right(pieces, rule.at, key=_base)
        last = bisect_right(pieces, rule.at + tallest, key=_base)
        found.update(at for at in range(first, last) if _through(rule, pieces[at]))
    return len(found)


def _base(piece: Piece) -> float:
    return piece.base


def _borders(rule: Rule, grid: Grid) -> bool:
    return any(abs(rule.at - edge) <= 2 for edge in grid.ys)


def _through(rule: Rule, piece: Piece) -> bool:
    common = min(rule.end, piece.x1) - max(rule.start, piece.x0)
    return 0.15 < (piece.base - rule.at) / piece.size < 0.55 and common > piece.size * 0.5
