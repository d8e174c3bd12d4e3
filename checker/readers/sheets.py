"""Spreadsheets (.xlsx, .xls): each cell that holds something becomes a block, with its place in the table.

The parsers are python-calamine for .xlsx and xlrd for .xls. (calamine reads .xls as well, but gives up with a panic, or
takes memory without bound and ends the process, on many broken files.)
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module

from checker.document import Block, BlockKind, Cell, Document, Reading, Span
from checker.errors import ReadError
from checker.readers.headings import title_like
from checker.readers.limits import Limits
from checker.readers.package import too_many
from checker.readers.sheets_cells import Grid, shown, too_large
from checker.readers.statement import notes

__all__ = ["Grid", "grids", "read_xls", "read_xlsx"]

_READ: tuple[tuple[str, str], ...] = (
    ("sheets", "工作表 {} 张"),
    ("cells", "有内容的单元格 {} 个"),
    ("formulas", "公式 {} 个，读文件里存着的结果"),
    ("hidden-rows", "隐藏或被筛选掉的行 {} 行，也读了"),
    ("hidden-columns", "隐藏的列 {} 列，也读了"),
)
_NOT_READ: tuple[tuple[str, str], ...] = (
    ("hidden-sheets", "隐藏的工作表 {} 张"),
    ("formulas-empty", "公式 {} 个，文件里没有存结果；请用 Excel 或 WPS 打开后保存一次"),
    ("comments", "批注 {} 条"),
    ("text-boxes", "文本框和图形 {} 个"),
    ("pictures", "图片 {} 张"),
    ("charts", "图表 {} 个"),
)

_NO_TITLE = re.compile(r"附[件表]|(?:填报|报送|考核)?单位")

Row = tuple[int, tuple[tuple[int, str], ...]]
"""The number of a row, from 0, and its cells that hold anything (column, text)."""


def read_xlsx(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read an .xlsx or .xlsm file."""
    from checker.readers.sheets_xlsx import parse

    counts: Counter[str] = Counter()
    return _document(name, "xlsx", parse(data, limits, counts), sha256, limits, counts)


def read_xls(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read an .xls file."""
    from checker.readers.sheets_xls import parse

    counts: Counter[str] = Counter()
    return _document(name, "xls", parse(data, limits, counts), sha256, limits, counts)


def grids(data: bytes, kind: str, limits: Limits) -> tuple[Grid, ...]:
    """The sheets of an .xlsx or .xls that is no paper but data, held to the same limits."""
    module = import_module(f"checker.readers.sheets_{kind}")
    return tuple(module.parse(data, limits, Counter()))


def _document(name: str, kind: str, found: list[Grid], sha256: str, limits: Limits, counts: Counter[str]) -> Document:
    sheets = [(grid.name, rows) for grid in found if (rows := _rows(grid))]
    writer = _Writer(limits)
    for number, (title, rows) in enumerate(sheets):
        writer.table(number, title if len(sheets) > 1 else "", rows)
    if not writer.blocks:
        said = "工作表都是隐藏的" if counts["hidden-sheets"] else "表格里没有内容"
        raise ReadError("no-text", f"{said}，没有可以检查的文字，请核对是否选错文件。")
    counts["sheets"], counts["cells"] = len(sheets), writer.cells
    return Document(
        path=name,
        format=kind,
        text="\n".join(writer.texts),
        blocks=tuple(writer.blocks),
        reading=Reading(notes(_READ, counts), notes(_NOT_READ, counts)),
        sha256=sha256,
    )


def _rows(grid: Grid) -> list[Row]:
    """The rows of a sheet that hold anything."""
    found: list[Row] = []
    for number, values in enumerate(grid.rows):
        texts = ((column, shown(value)) for column, value in enumerate(values) if value != "")
        cells = tuple((column, text) for column, text in texts if text.strip())
        if cells:
            found.append((number, cells))
    return found


class _Writer:
    """Puts the sheets together."""

    def __init__(self, limits: Limits) -> None:
        self.texts: list[str] = []
        self.blocks: list[Block] = []
        self.cells = 0
        self._at = 0
        self._limits = limits

    def add(self, text: str, kind: BlockKind, level: int = 0, cell: Cell | None = None) -> None:
        self.blocks.append(Block(kind, Span(self._at, self._at + len(text)), level, cell=cell))
        self.texts.append(text)
        self._at += len(text) + 1
        if len(self.blocks) > self._limits.paragraphs:
            raise too_many(self._limits)
        if self._at > self._limits.characters:
            raise too_large()

    def table(self, number: int, name: str, rows: list[Row]) -> None:
        """One sheet; rows of a single cell over the table are its title and what stands under the title."""
        head = next((at for at, (_, cells) in enumerate(rows) if len(cells) > 1), 0)
        captions = [cells[0][1] for _, cells in rows[:head]]
        titled = next((at for at, text in enumerate(captions) if title_like(text) and not _NO_TITLE.match(text)), -1)
        for at, text in enumerate(captions):
            self.add(text, "title" if at == titled and not number else "paragraph")
        if name:
            self.add(name, "heading", level=1)
        for row, cells in rows[head:]:
            for column, text in cells:
                self.add(text, "cell", cell=Cell(number, row, column))
        self.cells += sum(len(cells) for _, cells in rows)
