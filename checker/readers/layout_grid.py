"""Tables told by their drawn lines: rules on a page to grids of cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_NEAR = 1.5
_MOST_EDGES = 200
_LEAST_FIELD = 8.0


class Rule(NamedTuple):
    """A drawn straight line: from `start` to `end` along its direction, at `at` across it."""

    upright: bool
    at: float
    start: float
    end: float


class Area(NamedTuple):
    """One cell: its edges and its place in the grid, from 0."""

    left: float
    top: float
    right: float
    bottom: float
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One table on a page. `lookup` maps each field between neighbouring edges to the number of its cell."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[Area, ...]
    lookup: tuple[int, ...]

    @property
    def top(self) -> float:
        """Where the table begins."""
        return self.ys[0]

    def at(self, x: float, y: float) -> int | None:
        """The number of the cell that holds a point, or None outside the table."""
        column, row = bisect_right(self.xs, x) - 1, bisect_right(self.ys, y) - 1
        if not (0 <= column < len(self.xs) - 1 and 0 <= row < len(self.ys) - 1):
            return None
        return self.lookup[row * (len(self.xs) - 1) + column]


def rules_of_box(left: float, top: float, right: float, bottom: float) -> list[Rule]:
    """The rules that a drawn rectangle stands for: itself if it is thin, else its four sides."""
    width, height = right - left, bottom - top
    if width <= _NEAR * 2 and height <= _NEAR * 2:
        return []
    if height <= _NEAR * 2:
        return [Rule(False, (top + bottom) / 2, left, right)]
    if width <= _NEAR * 2:
        return [Rule(True, (left + right) / 2, top, bottom)]
    return [
        Rule(False, top, left, right),
        Rule(False, bottom, left, right),
        Rule(True, left, top, bottom),
        Rule(True, right, top, bottom),
    ]


def grids(rules: Sequence[Rule]) -> list[Grid]:
    """The tables that the rules of one page draw, from the top down. A grid has at least two cells."""
    found = [grid for group in _groups(rules) if (grid := _grid(group)) is not None]
    return sorted(found, key=lambda grid: grid.top)


def _groups(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that touch, directly or through others."""
    waiting = list(rules)
    groups: list[list[Rule]] = []
    while waiting:
        group = [waiting.pop()]
        for rule in group:
            apart: list[Rule] = []
            for other in waiting:
                (group if _touch(rule, other) else apart).append(other)
            waiting = apart
        groups.append(group)
    return groups


def _touch(one: Rule, other: Rule) -> bool:
    if one.upright == other.upright:
        level = abs(one.at - other.at) <= _NEAR
        return level and one.start <= other.end + _NEAR and other.start <= one.end + _NEAR
    return one.start - _NEAR <= other.at <= one.end + _NEAR and other.start - _NEAR <= one.at <= other.end + _NEAR


def _grid(rules: Sequence[Rule]) -> Grid | None:
    upright = [rule for rule in rules if rule.upright]
    level = [rule for rule in rules if not rule.upright]
    # Tables are often left open at the sides, or at the top and the bottom.
    xs = _closed(_edges([rule.at for rule in upright]), level)
    ys = _closed(_edges([rule.at for rule in level]), upright)
    if len(xs) * len(ys) < 6 or len(xs) < 2 or len(ys) < 2 or max(len(xs), len(ys)) > _MOST_EDGES:
        return None
    columns, rows = len(xs) - 1, len(ys) - 1
    owner = list(range(rows * columns))

    def find(field: int) -> int:
        while owner[field] != field:
            field = owner[field]
        return field

    for row in range(rows):
        for column in range(columns):
            field = row * columns + column
            if column + 1 < columns and not _ruled(rules, True, xs[column + 1], ys[row], ys[row + 1]):
                owner[find(field + 1)] = find(field)
            if row + 1 < rows and not _ruled(rules, False, ys[row + 1], xs[column], xs[column + 1]):
                owner[find(field + columns)] = find(field)
    return _with_cells(xs, ys, [find(field) for field in range(rows * columns)])


def _with_cells(xs: Sequence[float], ys: Sequence[float], owners: Sequence[int]) -> Grid | None:
    columns = len(xs) - 1
    numbers = {owner: number for number, owner in enumerate(dict.fromkeys(owners))}
    if len(numbers) < 2:
        return None
    cells: list[Area] = []
    for owner in numbers:
        fields = [divmod(field, columns) for field, held_by in enumerate(owners) if held_by == owner]
        top, bottom = min(row for row, _ in fields), max(row for row, _ in fields)
        left, right = min(column for _, column in fields), max(column for _, column in fields)
        cells.append(Area(xs[left], ys[top], xs[right + 1], ys[bottom + 1], top, left))
    return Grid(tuple(xs), tuple(ys), tuple(cells), tuple(numbers[owner] for owner in owners))


def _edges(places: Sequence[float]) -> list[float]:
    """The places, those that lie close together as one."""
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place - edges[-1] > _NEAR * 2:
            edges.append(place)
    return edges


def _closed(edges: list[float], across: Sequence[Rule]) -> list[float]:
    """`edges`, and one more on either side where most of the rules `across` them reach further to the same place."""
    if not edges or not across:
        return edges
    places = len(_edges([rule.at for rule in across]))
    first, last = min(rule.start for rule in across), max(rule.end for rule in across)
    before = _edges([rule.at for rule in across if rule.start - first <= _NEAR * 2])
    after = _edges([rule.at for rule in across if last - rule.end <= _NEAR * 2])
    if edges[0] - first > _LEAST_FIELD and len(before) >= 2 and len(before) * 2 > places:
        edges = [first, *edges]
    if last - edges[-1] > _LEAST_FIELD and len(after) >= 2 and len(after) * 2 > places:
        edges = [*edges, last]
    return edges


def _ruled(rules: Sequence[Rule], upright: bool, at: float, start: float, end: float) -> bool:
    """Whether rules cover more than half of the edge between two fields."""
    covered = sum(
        max(0.0, min(rule.end, end) - max(rule.start, start))
        for rule in rules
        if rule.upright == upright and abs(rule.at - at) <= _NEAR * 2
    )
    return covered > (end - start) * 0.5
