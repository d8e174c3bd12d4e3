"""The cells of an .xls (Excel 97 and later, WPS), by xlrd."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

from checker.errors import ReadError, encrypted
from checker.readers.limits import Limits
from checker.readers.sheets_cells import DAMAGED, Grid, too_large

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet as Cells


def parse(data: bytes, limits: Limits, counts: Counter[str]) -> list[Grid]:
    """The sheets that show; `counts` is told what else there is. xlrd raises whatever it runs into."""
    import xlrd
    from xlrd.biffh import XLRDError

    if len(data) > limits.part_size:
        raise too_large()
    try:
        with xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), ragged_rows=True, formatting_info=True
        ) as book:
            counts["hidden-sheets"] = sum(sheet.visibility != 0 for sheet in book.sheets())
            return [_grid(book, sheet, counts) for sheet in book.sheets() if sheet.visibility == 0]
    except XLRDError as error:
        if "encrypted" in str(error):
            raise encrypted() from None
        raise ReadError("damaged", DAMAGED) from None
    except (MemoryError, ReadError):
        raise
    except Exception:
        raise ReadError("damaged", DAMAGED) from None


def _grid(book: Book, sheet: Cells, counts: Counter[str]) -> Grid:
    rows = [tuple(_value(book, cell.ctype, cell.value) for cell in sheet.row(row)) for row in range(sheet.nrows)]
    while rows and not any(value != "" for value in rows[-1]):
        rows.pop()
    counts["hidden-rows"] += sum(bool(row.hidden) for at, row in sheet.rowinfo_map.items() if at < len(rows))
    counts["hidden-columns"] += sum(bool(it.hidden) for at, it in sheet.colinfo_map.items() if at < sheet.ncols)
    merged = (((first, left), (last - 1, right - 1)) for first, last, left, right in sheet.merged_cells)
    return Grid(sheet.name, tuple(rows), tuple(merged))


def _value(book: Book, kind: int, value: object) -> object:
    import xlrd

    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#N/A") if isinstance(value, int) else "#N/A"
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_DATE and isinstance(value, float):
        return _day(book, value)
    return value


def _day(book: Book, value: float) -> object:
    """A date or a time of day; a number that only looks like one stays a number."""
    import xlrd

    try:
        day = xlrd.xldate_as_datetime(value, book.datemode)
    except (ValueError, OverflowError, xlrd.xldate.XLDateError):
        return value
    return day.time() if value < 1 else day
