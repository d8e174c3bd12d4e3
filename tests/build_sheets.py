"""Builds small spreadsheets for tests: .xlsx with xlsxwriter, .xls with xlwt."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter
import xlwt

Rows = Sequence[Sequence[Any]]


def xlsx(
    sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), rows: Sequence[int] = (), columns: Sequence[int] = ()
) -> bytes:
    """Sheet name to rows; None is an empty cell. `hidden` sheets, and `rows` and `columns` hidden in all."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, content in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(content):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(at, column, value, days)
                    elif value is not None:
                        sheet.write(at, column, value)
            for at in rows:
                sheet.set_row(at, None, None, {"hidden": True})
            for at in columns:
                sheet.set_column(at, at, None, None, {"hidden": True})
            if name in hidden:
                sheet.hide()
    return out.getvalue()


def xls(sheets: Mapping[str, Rows], hidden: Sequence[str] = ()) -> bytes:
    """The same in the old format."""
    book = xlwt.Workbook(encoding="utf-8")
    days = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write(at, column, value, days)
                elif value is not None:
                    sheet.write(at, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
