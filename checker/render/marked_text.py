"""The text of a paper with marks on it, ready to be shown: paragraphs and tables, cut into pieces.

Marks may overlap and nest in any way, elements of a page may not: so each block is cut at every boundary of every mark.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checker.document import Block, Document, Span
from checker.report import SEVERITIES, Severity

LONG_MARK = 160
"""A mark longer than this (the tail of a paper over its limit) is shown more quietly."""
PADDED_CELLS = 4
"""A table is drawn as a full grid only while that makes it no more than this many times its cells."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a paper that something points at. `number` is that of a finding, or 0 for related and evidence.

    `accepted`: a person decided to leave it.
    """

    ident: str
    span: Span
    number: int = 0
    severity: Severity = "info"
    title: str = ""
    accepted: bool = False

    @property
    def look(self) -> str:
        """What it is shown as: its severity, or `accepted`."""
        return "accepted" if self.accepted else self.severity

    @property
    def size(self) -> int:
        """Length in characters."""
        return self.span.end - self.span.start


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text inside one block over which the same marks lie; `begins` are the marks it is the first of."""

    text: str
    over: tuple[Mark, ...] = ()
    begins: tuple[Mark, ...] = ()

    @property
    def findings(self) -> tuple[Mark, ...]:
        """The marks of findings among those that lie over it, the shortest last."""
        return tuple(sorted((mark for mark in self.over if mark.number), key=lambda mark: -mark.size))

    @property
    def others(self) -> tuple[str, ...]:
        """The ids of related places and of evidence that lie over it."""
        return tuple(mark.ident for mark in self.over if not mark.number)

    @property
    def look(self) -> str:
        """That of the gravest of the findings over it; those that a person accepted come last."""
        return min((mark.look for mark in self.findings), key=(*SEVERITIES, "accepted").index)

    @property
    def long(self) -> bool:
        """Whether only long marks lie over it."""
        return all(mark.size > LONG_MARK for mark in self.findings)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One block as it is shown; `pins` are findings about something wanting here.

    `recognised` says that its text was recognised in a picture.
    """

    kind: str
    level: int
    label: str
    pieces: tuple[Piece, ...]
    pins: tuple[Mark, ...]
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: rows of cells, each a tuple of paragraphs."""

    rows: tuple[tuple[tuple[Paragraph, ...], ...], ...]


def body(document: Document, marks: Sequence[Mark]) -> tuple[tuple[Paragraph | Table, ...], tuple[Mark, ...]]:
    """The text of a paper as paragraphs and tables; besides, the pins that have no paragraph to sit at."""
    blocks = _blocks(document)
    starts = [block.span.start for block in blocks]
    filled = [bool(document.slice(block.span).strip()) for block in blocks]
    words: list[list[Mark]] = [[] for _ in blocks]
    pins: list[list[Mark]] = [[] for _ in blocks]
    homeless: list[Mark] = []
    for mark in marks:
        near = max(0, bisect_right(starts, mark.span.start) - 1)
        index, placed = near, False
        while mark.size and index < len(blocks) and blocks[index].span.start < mark.span.end:
            if filled[index] and blocks[index].span.overlaps(mark.span):
                words[index].append(mark)
                placed = True
            index += 1
        if not placed:
            (pins[near] if blocks else homeless).append(mark)
    begun: set[str] = set()
    shown: list[tuple[Block, Paragraph]] = []
    depth = 4
    for block, full, over, pinned in zip(blocks, filled, words, pins, strict=True):
        if not (full or pinned or block.cell):
            continue
        if block.kind in ("title", "heading"):
            depth = min(depth + 1, 4 if block.kind == "title" else 4 + max(1, block.level), 6)
        pieces = tuple(_pieces(document, block.span, over, begun))
        recognised = document.recognised(block.span)
        shown.append((block, Paragraph(block.kind, depth, block.label, pieces, tuple(pinned), recognised)))
    return tuple(_with_tables(shown)), tuple(homeless)


def _blocks(document: Document) -> list[Block]:
    """The blocks in order, and any text between them that no block holds: what is handed in is always shown."""
    blocks: list[Block] = []
    reached = 0
    for block in document.blocks:
        if block.span.start < reached:
            continue
        blocks.extend(_loose(document, Span(reached, block.span.start)))
        blocks.append(block)
        reached = block.span.end
    blocks.extend(_loose(document, Span(reached, len(document.text))))
    return blocks


def _loose(document: Document, span: Span) -> Iterator[Block]:
    if document.slice(span).strip():
        yield Block("paragraph", span)


def _pieces(document: Document, span: Span, marks: Sequence[Mark], begun: set[str]) -> Iterator[Piece]:
    """The text of one block, cut at every boundary of every mark."""
    cuts = {span.start, span.end}
    for mark in marks:
        cuts.update(offset for offset in mark.span if span.start < offset < span.end)
    for start, end in pairwise(sorted(cuts)):
        over = tuple(mark for mark in marks if mark.span.start <= start and end <= mark.span.end)
        begins = tuple(mark for mark in over if mark.ident not in begun)
        begun.update(mark.ident for mark in begins)
        yield Piece(document.text[start:end], over, begins)


def _with_tables(shown: Sequence[tuple[Block, Paragraph]]) -> Iterator[Paragraph | Table]:
    """Paragraphs as they are, and each run of cells of one table as a table."""
    run: list[tuple[Block, Paragraph]] = []
    for block, paragraph in shown:
        if run and (block.cell is None or run[0][0].cell is None or block.cell.table != run[0][0].cell.table):
            yield _table(run)
            run = []
        if block.cell is None:
            yield paragraph
        else:
            run.append((block, paragraph))
    if run:
        yield _table(run)


def _table(run: Sequence[tuple[Block, Paragraph]]) -> Table:
    grid: dict[int, dict[int, list[Paragraph]]] = {}
    for block, paragraph in run:
        if block.cell is not None:
            grid.setdefault(block.cell.row, {}).setdefault(block.cell.column, []).append(paragraph)
    columns = sorted({column for row in grid.values() for column in row})
    padded = len(grid) * len(columns) <= PADDED_CELLS * len(run)
    return Table(
        tuple(
            tuple(tuple(row.get(column, ())) for column in (columns if padded else sorted(row)))
            for _, row in sorted(grid.items())
        )
    )
