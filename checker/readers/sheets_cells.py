"""What the parsers of spreadsheets share: a sheet as rows of values, and how a value is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from checker.errors import ReadError

DAMAGED = "文件已损坏或不完整，请用 Excel 或 WPS 打开修复后另存为 .xlsx。"
_EXACT = 10**15
"""Excel keeps fifteen digits of a number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet that shows as its values, with the rows and columns counted from its corner, both from 0.

    `rows` leaves out what stands after the last filled row; an empty cell is "". `merged` are ranges of cells
    ((first row, first column), (last row, last column)).
    """

    name: str
    rows: tuple[tuple[object, ...], ...]
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...]


def too_large() -> ReadError:
    """The refusal of a table larger than any paper has."""
    said = "表格过大，或有内容的单元格相距过远，不像单份考核材料"
    return ReadError("too-large", f"{said}，请删去表格以外的内容后另存为 .xlsx。")


def shown(value: object) -> str:
    """A value as plainly as Excel shows it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _EXACT
        return str(int(value)) if whole else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds() // 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
