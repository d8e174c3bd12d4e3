"""What every workbook shares: tables with styles, text that is never a formula, links that lead to the very file.

Everything is written as text or as a number, never as a formula, whatever it begins with; and what a spreadsheet would
take for a formula when someone edits the cell carries the sign that it is text. Levels are words as well as colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from checker.render import phrases as say

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS_MAX, LINKS_MAX = 1_048_576, 65_530
"""What a sheet holds at most: rows with the header, and links."""
_FORMULA = tuple("=+-@＝＋－＠\t")
_CELL_MAX = 8000
"""Characters in a cell; a spreadsheet takes 32,767 of UTF-16 at most."""
_LINE, _HEIGHT_MAX = 15.0, 409.0
"""Height of a line of text and of the tallest row there can be, in points."""
_LINK_MAX = 1000
# As spreadsheets write them in links; Chinese stays as it is. A “%” must come first.
_LINK_CODES = {letter: f"%{ord(letter):02x}" for letter in '%#?"<>[]^`{}| \t\r\n'}
COLOURS: Mapping[str, str] = {"error": "#F8D7DA", "warning": "#FFF3CD", "info": "#E2EFFA"}


@dataclass(frozen=True, slots=True)
class Linked:
    """Text that leads to a file, given as seen from where the workbook will stand (`escaped` makes it so)."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Coloured:
    """Text, or a number, with one of the colours of the severities."""

    text: str | int
    colour: str


Value = str | int | Linked | Coloured | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header and its width in characters."""

    header: str
    width: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a header; `frozen` columns stay in sight as well, and the first `printed` go to paper.

    `upright` headers, from that column on, are written from top to bottom.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    printed: int
    frozen: int = 0
    upright: int | None = None


class Written(NamedTuple):
    """How many rows of a table were written, and what did not fit: rows, and links that stand there as plain text."""

    rows: int
    rows_left: int = 0
    links_left: int = 0


@contextmanager
def workbook(target: IO[bytes], title: str, *, streaming: bool = False) -> Iterator[Workbook]:
    """A workbook that is written to `target` in the end.

    With `streaming` rows go to a temporary file as they come, and memory does not grow with them.
    """
    # Not at the top: only who asks for a workbook needs it.
    from xlsxwriter import Workbook

    # Named options, for the library would otherwise take “=1+1” for a formula and “1e5” for a number.
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    options |= {"constant_memory": True} if streaming else {"in_memory": True}
    with Workbook(target, options) as book:
        book.set_properties({"title": title, "author": "考核材料智检"})
        book.set_size(2400, 1400)
        yield book


@dataclass(frozen=True)
class Styles:
    """The formats of one workbook, each made when it is first needed."""

    book: Workbook

    def _new(self, **more: Any) -> Any:
        return self.book.add_format({"font_name": "宋体", "font_size": 11, "valign": "top", "text_wrap": True, **more})

    @cached_property
    def text(self) -> Any:
        return self._new()

    @cached_property
    def quoted(self) -> Any:
        """Text that begins like a formula: stays text when someone edits the cell."""
        return self._new(quote_prefix=True)

    @cached_property
    def number(self) -> Any:
        return self._new(align="center")

    @cached_property
    def header(self) -> Any:
        return self._new(bold=True, bg_color="#E7E6E6", bottom=1, valign="vcenter")

    @cached_property
    def upright(self) -> Any:
        return self._new(bold=True, bg_color="#E7E6E6", bottom=1, rotation=270, align="center", valign="vcenter")

    @cached_property
    def link(self) -> Any:
        return self._new(font_color="#0563C1", underline=1)

    @cached_property
    def quoted_link(self) -> Any:
        return self._new(font_color="#0563C1", underline=1, quote_prefix=True)

    @cached_property
    def colours(self) -> Mapping[str, Any]:
        return {name: self._new(bg_color=colour, bold=name == "error") for name, colour in COLOURS.items()}


def escaped(target: str) -> str:
    """`target` as a spreadsheet writes links; empty where it cannot be written, for a dead link is worse than none."""
    if not target or say.visible(target).replace("\n", " ") != target.replace("\n", " "):
        return ""
    escaped = "".join(_LINK_CODES.get(letter, letter) for letter in target)
    return escaped if len(escaped) <= _LINK_MAX else ""


def facts(sheet: Worksheet, rows: Iterable[tuple[str, Value]], styles: Styles) -> None:
    """A sheet of names and values, without a header."""
    widths = (16, 90)
    for index, width in enumerate(widths):
        sheet.set_column(index, index, width, styles.text)
    for row, (name, value) in enumerate(rows):
        text = _shown(value)
        sheet.set_row(row, height((name, text), widths))
        sheet.write_string(row, 0, name, styles.header)
        if text:
            _write(sheet, row, 1, value, text, styles)
    _page(sheet)


def table(sheet: Worksheet, wanted: Sheet, styles: Styles) -> Written:
    """A table that can be filtered, whose header stays in sight and is repeated on every printed page."""
    sheet.set_row(0, 22 if wanted.upright is None else _upright(wanted.columns[wanted.upright :]))
    for index, column in enumerate(wanted.columns):
        sheet.set_column(index, index, column.width)
        upright = wanted.upright is not None and index >= wanted.upright
        sheet.write_string(0, index, _safe(column.header), styles.upright if upright else styles.header)
    widths = [column.width for column in wanted.columns]
    number = links = links_left = rows_left = 0
    for row in wanted.rows:
        if number + 1 >= ROWS_MAX:
            rows_left += 1
            continue
        number += 1
        texts = [_shown(value) for value in row]
        sheet.set_row(number, height(texts, widths))
        for index, (value, text) in enumerate(zip(row, texts, strict=True)):
            if not text:
                continue
            shown = value
            if isinstance(value, Linked):
                links += 1
                if links > LINKS_MAX:
                    links_left += 1
                    shown = text
            _write(sheet, number, index, shown, text, styles)
    sheet.freeze_panes(1, wanted.frozen)
    sheet.autofilter(0, 0, max(1, number), len(wanted.columns) - 1)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, number, wanted.printed - 1)
    _page(sheet)
    return Written(number, rows_left, links_left)


def _upright(columns: Sequence[Column]) -> float:
    longest = max((len(column.header) for column in columns), default=1)
    return min(_LINE * longest + 3, _HEIGHT_MAX)


def height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Room for all lines of the tallest cell: not every spreadsheet finds it by itself."""
    return min(_LINE * max(map(_lines, texts, widths)) + 3, _HEIGHT_MAX)


def _lines(text: str, width: float) -> int:
    """How many lines `text` takes in a cell: a Chinese character is two wide, and so may be any other but ASCII."""
    if 2 * len(text) <= width - 2 and "\n" not in text:
        return 1
    return sum(
        max(1, ceil((2 * len(line) - len(line.encode("ascii", "ignore"))) / (width - 2))) for line in text.split("\n")
    )


def _shown(value: Value) -> str:
    """A value as the text that a cell can hold."""
    text = value.text if isinstance(value, (Linked, Coloured)) else value
    if text is None:
        return ""
    return _safe(text) if isinstance(text, str) else str(text)


def _page(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第&P页，共&N页")


def _write(sheet: Worksheet, row: int, column: int, value: Value, text: str, styles: Styles) -> None:
    """`value`, which is shown as `text`."""
    if isinstance(value, int):
        sheet.write_number(row, column, value, styles.number)
    elif isinstance(value, Linked):
        style = styles.quoted_link if text.startswith(_FORMULA) else styles.link
        sheet.write_url(row, column, f"external:{value.target}", style, text, "打开这个文件")
    elif isinstance(value, Coloured) and isinstance(value.text, int):
        sheet.write_number(row, column, value.text, styles.colours[value.colour])
    elif isinstance(value, Coloured):
        sheet.write_string(row, column, text, styles.colours[value.colour])
    else:
        sheet.write_string(row, column, text, styles.quoted if text.startswith(_FORMULA) else styles.text)


def _safe(text: str) -> str:
    """Text as a cell can hold it."""
    shown = say.visible(text).strip(" \n")
    return shown if len(shown) <= _CELL_MAX else f"{shown[: _CELL_MAX - 1]}…"
