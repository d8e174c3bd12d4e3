"""What people fixed by hand: the table of assignments (归属表), given back with some cells changed.

A cell that says what would be guessed anyway pins nothing, so that the whole table can be given back as it was written;
neither does an empty cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from checker.document import PAPER_KINDS
from checker.errors import UsageError
from checker.screening.cards import CERTAINTY_NAMES, Assignment, Key

COLUMNS = ("文件", "第几份", "单位", "姓名", "材料种类", "采用", "把握", "依据")
"""The columns of the table, in their order. The last two are for the eye and are not read back."""
NOBODY = "无"
"""What stands in a cell to say that a paper has no unit, or is not one person's."""

_NOTHING = frozenset({NOBODY, "没有", "不归任何单位", "不属于任何单位"})
_NO_PERSON = _NOTHING | {"班子", "领导班子", "集体"}
_YES = frozenset({"是", "采用", "用", "yes", "y", "true", "1", "√"})
_NO = frozenset({"否", "不采用", "不用", "no", "n", "false", "0", "×"})
_MOST_TOLD = 20
_MOST_ROWS = 200_000
_KINDS: Mapping[str, str] = {
    **{name: kind for kind, name in PAPER_KINDS.items()},
    **{kind: kind for kind in PAPER_KINDS},
    "工作总结": "team-summary",
    "述职述廉述学报告": "cadre-report",
    "述职报告": "cadre-report",
    "其他": "other",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """What one row fixes for a file (a wildcard: 渡槽局/*) or for one paper in it (`part`, from 0; None: all).

    None leaves the guess as it is; an empty `unit` says that it is nobody's, an empty `person` that it is the team's.
    """

    name: str
    part: int | None = None
    unit: str | None = None
    person: str | None = None
    kind: str | None = None
    used: bool | None = None
    row: int = 0

    def over(self, other: Pin) -> Pin:
        """This pin, and where it says nothing the `other`."""
        return Pin(
            self.name,
            self.part,
            other.unit if self.unit is None else self.unit,
            other.person if self.person is None else self.person,
            other.kind if self.kind is None else self.kind,
            other.used if self.used is None else self.used,
            self.row,
        )


class Pins:
    """All rows, found by file. What is said of one paper goes before what is said of its file, then wildcards."""

    def __init__(self, pins: Sequence[Pin] = ()) -> None:
        self.pins = tuple(pins)
        self._exact: dict[tuple[str, int | None], Pin] = {}
        self._wild: list[Pin] = []
        for pin in self.pins:
            if any(mark in pin.name for mark in "*?"):
                self._wild.append(pin)
            else:
                key = pin.name, pin.part
                self._exact[key] = pin.over(self._exact[key]) if key in self._exact else pin
        self._wild.sort(key=lambda pin: (-len(pin.name), pin.row))

    def of(self, key: Key) -> Pin | None:
        """What is fixed for a paper, or None."""
        name = key.name.replace("\\", "/")
        found = [self._exact.get((name, key.part)), self._exact.get((name, None))]
        found += [pin for pin in self._wild if pin.part in (None, key.part) and fnmatchcase(name, pin.name)]
        told = [pin for pin in found if pin is not None]
        if not told:
            return None
        best = told[0]
        for pin in told[1:]:
            best = best.over(pin)
        return best


def rows(assignments: Sequence[Assignment]) -> Iterator[tuple[str | int, ...]]:
    """The rows of the table, one for each paper, under `COLUMNS`."""
    for it in assignments:
        kind = PAPER_KINDS.get(it.kind, it.kind)
        used = "否" if it.why else "是"
        yield (it.key.name, it.key.part + 1, it.unit, it.person, kind, used, CERTAINTY_NAMES[it.certainty], it.how)


def load(path: Path) -> Pins:
    """The pins in a table (.xlsx, .xls, .et or .csv). UsageError names every row that makes no sense."""
    table = _table(path)
    head = next((number for number, row in enumerate(table) if "文件" in map(_text, row)), None)
    if head is None:
        raise UsageError(f"{path.name} 里没有找到表头，第一行应有：{'、'.join(COLUMNS[:6])}。", "bad-pins")
    columns = {_text(cell): place for place, cell in reversed(list(enumerate(table[head])))}
    pins: list[Pin] = []
    wrong: list[str] = []
    for number, row in enumerate(table[head + 1 :], head + 2):
        cells = {
            name: _text(row[columns[name]]) for name in COLUMNS[:6] if name in columns and columns[name] < len(row)
        }
        if not any(cells.values()):
            continue
        try:
            pins.append(_pin(cells, number))
        except ValueError as error:
            wrong.append(f"第 {number} 行：{error}")
    if wrong:
        more = [f"另有 {len(wrong) - _MOST_TOLD} 行有错"] if len(wrong) > _MOST_TOLD else []
        raise UsageError(f"{path.name} 有写错的行：{'；'.join([*wrong[:_MOST_TOLD], *more])}。", "bad-pins")
    return Pins(pins)


def _pin(cells: Mapping[str, str], number: int) -> Pin:
    name = cells.get("文件", "").replace("\\", "/").removeprefix("./")
    if not name:
        raise ValueError("「文件」是空的，不知道说的是哪份材料")
    unit, person = cells.get("单位", ""), cells.get("姓名", "").replace(" ", "").replace("\u3000", "")
    return Pin(
        name,
        _part(cells.get("第几份", "")),
        None if not unit else "" if unit in _NOTHING else unit,
        None if not person else "" if person in _NO_PERSON else person,
        _kind(cells.get("材料种类", "")),
        _used(cells.get("采用", "")),
        number,
    )


def _part(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"「第几份」应是 1、2、3 这样的数，现在是「{text}」")
    return int(text) - 1


def _kind(text: str) -> str | None:
    if not text:
        return None
    if text not in _KINDS:
        raise ValueError(f"不认识材料种类「{text}」，可以写：{'、'.join(PAPER_KINDS.values())}")
    return _KINDS[text]


def _used(text: str) -> bool | None:
    if not text:
        return None
    if text.lower() not in _YES | _NO:
        raise ValueError(f"「采用」应写「是」或「否」，现在是「{text}」")
    return text.lower() in _YES


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _table(path: Path) -> list[Sequence[object]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"读不了 {path}：文件不存在，或者没有权限打开。", "bad-pins") from error
    if path.suffix.lower() in (".csv", ".txt"):
        return [*csv.reader(io.StringIO(_decoded(data, path.name), newline=""))]
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            table = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=_MOST_ROWS)
            if any("文件" in map(_text, row) for row in table):
                return [*table]
    except (CalamineError, ValueError) as error:
        raise UsageError(f"{path.name} 不是能读的表格，请另存为 .xlsx 或 .csv。", "bad-pins") from error
    return []


def _decoded(data: bytes, name: str) -> str:
    """The text of a .csv: UTF-8, or what Excel and WPS write on a Chinese Windows."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{name} 的编码认不出来，请另存为 UTF-8 的 .csv 或 .xlsx。", "bad-pins")
