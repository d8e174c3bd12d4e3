"""Tables that go over the end of a page: one table again, its repeated head row once, a parted row whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from checker.document import Cell
from checker.readers.layout_grid import Grid
from checker.readers.pdf_lines import Row

_NEAR = 3.0
_FULL = 2.0
"""A line of a cell is full if no more than two characters would have fitted behind it."""
_ENDS = "。；！？"


class Tables:
    """Numbers the tables of a document while its pages come one after the other."""

    def __init__(self) -> None:
        self.count = 0
        self.repeated = 0
        self._last: Grid | None = None
        self._rows = 0
        self._head: list[str] = []
        self._lowest: dict[int, Row] = {}
        """The last line in each column of the last row."""
        self._open = False

    def page(self, rows: Sequence[Row], grids: Sequence[Grid]) -> list[Row]:
        """The rows of one page, without margins, with the cells numbered through the document."""
        if not rows:
            return []
        out: list[Row] = []
        for table, part in groupby(rows, key=_table):
            own = list(part)
            if table is None:
                out += own
                continue
            goes_on = not out and self._open and _same_columns(self._last, grids[table])
            out += self._number(own, grids[table], goes_on)
        self._open = rows[-1].line.cell is not None
        return out

    def _number(self, own: Sequence[Row], grid: Grid, goes_on: bool) -> list[Row]:
        offset = 0
        head = [row.line.text for row in own if _cell(row).row == 0]
        if goes_on:
            offset = self._rows
            if head == self._head:
                self.repeated += 1
                offset -= 1
                own = [row for row in own if _cell(row).row > 0]
            offset -= self._parted(own)
        else:
            self.count += 1
            self._head = head
        self._last = grid
        self._rows = offset + len(grid.ys) - 1
        out = [_renumbered(row, self.count - 1, offset) for row in own]
        lowest = max((_cell(row).row for row in out), default=0)
        self._lowest = {_cell(row).column: row for row in out if _cell(row).row == lowest}
        return out

    def _parted(self, own: Sequence[Row]) -> bool:
        """Whether the first row on a page goes on with the last one of the page before.

        Then it fills no column that was empty, leaves the first one empty (mostly a number), and goes on with a line
        that had come to the end of its cell.
        """
        first = min((_cell(row).row for row in own), default=0)
        filled = {_cell(row).column for row in own if _cell(row).row == first}
        if not filled or min(self._lowest, default=0) in filled or not filled <= self._lowest.keys():
            return False
        return any(_is_full(self._lowest[column]) for column in filled)


def whole_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows of a document in which the cells of a row that a page end parted are whole again."""
    out: list[Row] = []
    for table, part in groupby(rows, key=_table):
        own = list(part)
        out += own if table is None else sorted(own, key=_cell)
    return out


def _table(row: Row) -> int | None:
    return None if row.line.cell is None else row.line.cell.table


def _cell(row: Row) -> Cell:
    assert row.line.cell is not None
    return row.line.cell


def _is_full(row: Row) -> bool:
    line = row.line
    edge = line.frame[1] if line.frame else line.right
    return edge - line.right < line.size * _FULL and line.text.rstrip()[-1:] not in _ENDS


def _renumbered(row: Row, table: int, offset: int) -> Row:
    cell = _cell(row)
    return row._replace(line=row.line._replace(cell=Cell(table, cell.row + offset, cell.column)))


def _same_columns(one: Grid | None, other: Grid) -> bool:
    if one is None or len(one.xs) != len(other.xs):
        return False
    return all(abs(x - y) <= _NEAR for x, y in zip(one.xs, other.xs, strict=True))
