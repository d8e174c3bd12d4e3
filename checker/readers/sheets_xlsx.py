"""The cells of an .xlsx, by python-calamine.

It keeps a sheet as one rectangle down to the last filled cell, and takes memory for all of it, so the rectangle is
measured here before it may. It is given only the XML, unpacked and weighed by us; it never sees the
package that was handed in.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from typing import NoReturn

from lxml import etree

from checker.errors import ReadError, encrypted
from checker.readers.limits import Limits
from checker.readers.package import Package, open_package, parse_xml
from checker.readers.sheets_cells import DAMAGED, Grid, too_large

_BINARY = "这是二进制的 Excel 工作簿（.xlsb），暂不支持，请用 Excel 或 WPS 打开后另存为 .xlsx。"
_PLACE = re.compile("([A-Za-z]{1,3})([0-9]{1,9})")
_DIGITS = re.compile("[0-9]{1,9}")
_COUNTED = re.compile(rb"""ount\s*=\s*["']?\s*[^"'\s]*[0-9]{7}""")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


def parse(data: bytes, limits: Limits, counts: Counter[str]) -> list[Grid]:
    """The sheets that show; `counts` is told what else there is."""
    try:
        parts = _weighed(open_package(data, limits), limits, counts)
    except ReadError as error:
        raise _of_sheets(error) from None
    return _parsed(parts, counts)


def _parsed(data: bytes, counts: Counter[str]) -> list[Grid]:
    """What calamine reads of the workbook; whatever it raises becomes a ReadError."""
    from python_calamine import PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    try:
        book = load_workbook(io.BytesIO(data))
        found = []
        for number, sheet in enumerate(book.sheets_metadata):
            if sheet.typ != SheetTypeEnum.WorkSheet:
                counts["charts"] += sheet.typ == SheetTypeEnum.ChartSheet
            elif sheet.visible != SheetVisibleEnum.Visible:
                counts["hidden-sheets"] += 1
            else:
                cells = book.get_sheet_by_index(number)
                rows = tuple(tuple(row) for row in cells.to_python(skip_empty_area=False))
                found.append(Grid(sheet.name, rows, tuple(cells.merged_cell_ranges or ())))
        return found
    except PasswordError:
        raise encrypted() from None
    except Exception:
        raise ReadError("damaged", DAMAGED) from None
    except BaseException as error:
        _re_raise(error)


def _re_raise(error: BaseException) -> NoReturn:
    """A panic of the parser, which derives from BaseException, means a broken file; anything else goes on its way."""
    if type(error).__name__ == "PanicException":
        raise ReadError("damaged", DAMAGED) from None
    raise error


def _weighed(package: Package, limits: Limits, counts: Counter[str]) -> bytes:
    """A new package with the XML of the workbook, each part unpacked and weighed, and every sheet measured."""
    main = package.main_part()
    if main.lower().endswith(".bin"):
        raise ReadError("unsupported-format", _BINARY)
    sheets = {
        relation.target.lower()
        for relation in package.relationships(main).values()
        if relation.kind == "worksheet" and not relation.external
    }
    size = tags = 0
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for key, info in package.names.items():
            if not key.endswith((".xml", ".rels")):
                counts["pictures"] += key.startswith("xl/media/")
                continue
            part = package.read(info.filename)
            size += len(part)
            tags += part.count(b"<")
            if size > limits.part_size or tags > limits.tags:
                raise too_large()
            # The parser knows more encodings than we look through (Excel and WPS write none of them), and it takes
            # memory for as many strings and styles as a part says that it holds.
            if b"\x00" in part or b"<!DOCTYPE" in part or _COUNTED.search(part):
                raise ReadError("damaged", DAMAGED)
            _count(key, part, counts)
            if key in sheets:
                _measure(parse_xml(part, limits), limits, counts)
            archive.writestr(info.filename, part)
    return out.getvalue()


def _count(key: str, part: bytes, counts: Counter[str]) -> None:
    """Count what stands beside the cells."""
    if key.startswith("xl/comments"):
        counts["comments"] += part.count(b"<comment ")
    elif key.startswith("xl/drawings/"):
        counts["text-boxes"] += part.count(b"<xdr:sp ") + part.count(b"<xdr:sp>")
    elif key.startswith("xl/charts/chart"):
        counts["charts"] += 1


def _measure(root: etree._Element, limits: Limits, counts: Counter[str]) -> None:
    """Refuse a sheet whose filled cells stand further apart than any table is large; count formulas and what is hidden.

    A cell without a place of its own follows the one before it, and so does a row.
    """
    last_row = last_column = row = column = 0
    for element in root.iter():
        kind = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if kind == "row":
            row, column = _place(element.get("r"), _LAST_ROW, row + 1), 0
            counts["hidden-rows"] += _on(element.get("hidden")) and len(element) > 0
        elif kind == "col":
            counts["hidden-columns"] += _hidden_columns(element)
        elif kind == "c":
            letters, digits = _divided(element.get("r"))
            column = _column(letters) if letters else column + 1
            row = _place(digits or None, _LAST_ROW, row)
            if column > _LAST_COLUMN:
                raise ReadError("damaged", DAMAGED)
            if len(element):
                last_row, last_column = max(last_row, row), max(last_column, column)
            _count_formula(element, counts)
    if last_row * last_column > limits.characters:
        raise too_large()


def _count_formula(cell: etree._Element, counts: Counter[str]) -> None:
    """Count a formula; programs that make a workbook may leave it to Excel to work the result out."""
    parts = {child.tag.rpartition("}")[2]: child.text for child in cell if isinstance(child.tag, str)}
    if "f" in parts:
        counts["formulas" if parts.get("v") or "is" in parts else "formulas-empty"] += 1


def _hidden_columns(element: etree._Element) -> int:
    """How many columns one `col` hides; all the columns to the right of a table are often hidden, and hold nothing."""
    first, last = (_place(element.get(name), _LAST_COLUMN, 1) for name in ("min", "max"))
    return last - first + 1 if _on(element.get("hidden")) and last < _LAST_COLUMN else 0


def _divided(place: str | None) -> tuple[str, str]:
    """The letters and the digits of the place of a cell (B12), both empty where it says nothing of it."""
    if place is None:
        return "", ""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise ReadError("damaged", DAMAGED)
    return match[1], match[2]


def _place(digits: str | None, last: int, otherwise: int) -> int:
    """A number of a row or column; one that no sheet has would lead the parser to take memory for it."""
    if digits is None:
        return otherwise
    if not _DIGITS.fullmatch(digits) or int(digits) > last:
        raise ReadError("damaged", DAMAGED)
    return int(digits)


def _on(text: str | None) -> bool:
    return text in ("1", "true")


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _of_sheets(error: ReadError) -> ReadError:
    """What the package says, in words for a spreadsheet."""
    message = error.message.replace("Word 或 WPS", "Excel 或 WPS").replace(".docx", ".xlsx")
    return ReadError(error.code, message.replace("Word 文档", "Excel 工作簿").replace("Word 不支持", "Excel 不支持"))
