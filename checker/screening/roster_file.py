"""Reads the roster (花名册) from a workbook or a .csv. A row that cannot be used is told by its number; others count.

Nothing is guessed: a cell that says something that cannot be understood stays empty and is told; the columns may be
called in several ways, and those that are not known are told too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

from checker import notice as notices
from checker.document import UNIT_TYPES
from checker.errors import ReadError
from checker.language.names import place_of
from checker.notice import Notice
from checker.readers.encodings import decode
from checker.readers.limits import MEGABYTE, Limits
from checker.readers.sheets import Grid, grids
from checker.readers.sniff import sniff
from checker.roster import Entry, Roster, Unit
from checker.screening import roster_cells as cells
from checker.screening.roster_cells import BadCell

LIMITS = Limits(file_size=50 * MEGABYTE, part_size=256 * MEGABYTE, tags=20_000_000, characters=10_000_000)
EXAMPLE = "示例，请删除"
"""Stands in the example row of the template; a row with it is left out."""
UNIT_SHEET = "单位"
_HEAD_ROWS = 30
_SHOWN = 20

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "unit": (
        "单位", "所在单位", "工作单位", "单位名称", "单位全称", "现单位", "现工作单位", "现任单位", "任职单位",
        "现任职单位", "考核单位", "所属单位", "部门", "部门单位", "部门名称", "单位部门",
    ),
    "name": ("姓名", "名字", "干部姓名", "人员姓名", "姓名名字"),
    "post": ("职务", "现任职务", "现职务", "职务名称", "担任职务", "现任党政职务", "党政职务", "岗位"),
    "level": ("职级", "级别", "职务级别", "行政级别", "职务职级", "现职级", "职级级别"),
    "unit_type": ("单位类型", "单位类别", "单位性质"),
    "non_party": ("党外", "是否党外", "党外干部", "是否党外干部", "是否为党外干部"),
    "politics": ("政治面貌", "党派"),
    "party_chief": (
        "党委主要领导", "是否党委主要领导", "县区党委主要领导", "是否县区党委主要领导", "县党委主要领导",
        "是否县党委主要领导", "党委主要负责人", "是否党委主要负责人",
    ),
    "main_unit": ("主职单位", "主要职务单位", "主要任职单位", "主职所在单位", "主要工作单位", "主要职务所在单位"),
    "inspector": (
        "纪检监察组组长", "是否纪检监察组组长", "派驻纪检监察组组长", "是否派驻纪检监察组组长",
        "纪检组长", "是否纪检组长",
    ),
    "appointed": (
        "任现职时间", "任职时间", "现职时间", "任现职务时间", "现任职务时间", "任现职年月", "任现职日期", "任职日期",
    ),
    "former_unit": ("原单位", "原工作单位", "原任职单位", "交流前单位", "交流前工作单位", "原所在单位"),
    "transferred": ("交流时间", "交流任职时间", "交流日期", "调任时间", "调入时间", "交流年月"),
    "seconded_to": ("挂职单位", "挂职地", "挂职地点", "挂职地方", "挂职地方或单位", "挂职锻炼单位", "挂职去向"),
    "seconded_months": ("挂职月数", "当年挂职月数", "本年度挂职月数", "挂职时长", "挂职几个月"),
    "seconded_span": ("挂职时间", "挂职起止时间", "挂职起止", "挂职期间", "挂职锻炼时间"),
    "seconded_from": ("挂职开始时间", "挂职起始时间", "挂职开始日期", "挂职起", "挂职开始"),
    "seconded_until": ("挂职结束时间", "挂职截止时间", "挂职结束日期", "挂职止", "挂职结束"),
    "leave_days": (
        "请假天数", "累计病事假", "病事假天数", "病事假", "累计病事假天数", "病事假累计", "病事假累计天数", "请假情况",
        "请假", "病事假情况",
    ),
    "leave_months": ("请假月数", "病事假月数", "累计病事假月数", "病事假累计月数"),
    "retired": ("退休时间", "退休日期", "退休年月", "办理退休时间", "办理退休手续时间", "退休"),
    "case": (
        "立案处分情况", "处分情况", "立案情况", "立案审查调查情况", "立案审查情况", "违纪违法情况", "受处分情况",
        "处分", "立案或处分情况", "审查调查和处分情况", "立案及处分情况",
    ),
    "probation_end": ("试用期满时间", "试用期满日期", "试用期结束时间", "试用期满", "试用期满年月", "试用期截止时间"),
    "note": ("备注", "说明", "其他", "备注说明"),
}  # fmt: skip
UNIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "unit": COLUMNS["unit"],
    "aliases": ("简称", "单位简称", "别名", "又称", "其他名称"),
    "unit_type": COLUMNS["unit_type"],
    "not_applicable": ("不适用事项", "不适用的事项", "不适用", "无关事项", "不涉及事项"),
}
_PLAIN = frozenset({
    "序号", "编号", "性别", "民族", "籍贯", "出生年月", "出生日期", "出生时间", "年龄", "学历", "学位", "毕业院校",
    "专业", "参加工作时间", "入党时间", "身份证号", "身份证号码", "联系电话", "电话", "手机", "手机号",
    "手机号码", "联系方式", "分管工作", "分工", "排序", "人员类别", "照片",
})  # fmt: skip
"""Columns that rosters often have and that nothing follows from."""
_FOOTER = re.compile(r"(?:合计|总计|小计|共计|注|备注|说明|填表|制表|审核|联系|单位[（(]?盖章|填报)")
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,5}|[\u3400-\u9fff]{1,12}(?:[·•‧][\u3400-\u9fff]{1,12})+")
_NOBODY = re.compile(r"空缺|暂缺|待定|待配|未配|缺额|空编")
_BESIDE_NAME = re.compile(r"[（(](?:女|男|[\u4e00-\u9fff]{1,5}族|女[，,、][\u4e00-\u9fff]{1,5}族)[）)]$")


def load(path: Path, notice: Notice | None = None) -> tuple[Roster, tuple[str, ...]]:
    """The roster in the file, and a sentence for each row or cell that could not be used.

    `notice` says the year, and the topics that a unit may declare not its business (None: the usual notice). Raises
    ReadError where the file cannot be read, or is no roster.
    """
    chosen = notice if notice is not None else notices.load()
    tables = _tables(path)
    mains = [found for table in tables if (found := _headed(table, COLUMNS, ("unit", "name")))]
    if not mains:
        raise _no_columns(path, tables)
    known = _Known()
    readers = [_Persons(main, chosen.year, known, main.table.name if len(mains) > 1 else "") for main in mains]
    entries = tuple(entry for reader in readers for entry in reader.entries())
    described = next((found for table in tables if (found := _headed_units(table))), None)
    about = _Units(described, _topics(chosen)) if described is not None else None
    units = about.units() if about is not None else {}
    roster = Roster.gathered(entries, _all_units(entries, units, known.unit_types))
    problems = [problem for reader in readers for problem in reader.problems]
    problems += [*_left_out(tables), *(about.problems if about is not None else ())]
    if not roster.units:
        said = f"{path.name} 里没有一个可以用的人员，请核对是不是选错了文件。"
        raise ReadError("empty-roster", said + "".join(problems[:1]))
    return roster, tuple(problems)


def _all_units(entries: Sequence[Entry], units: Mapping[str, Unit], types: Mapping[str, str]) -> Iterator[Unit]:
    """The units in the order of the persons, then those that the second sheet has besides, each with its type."""
    rows: dict[str, int] = {}
    for entry in entries:
        rows.setdefault(entry.unit, entry.row)
    for name in dict.fromkeys([*rows, *units]):
        unit = units.get(name) or Unit(name, row=rows[name])
        yield replace(unit, unit_type=unit.unit_type or types.get(name) or unit_type_of(name))


def unit_type_of(name: str) -> str:
    """The type of a unit by its name: 县（区）, a zone, else 市直单位."""
    place = place_of(name)
    if place.zone:
        return "zone"
    return "county" if place.county else "municipal"


def _topics(notice: Notice) -> Mapping[str, str]:
    """The ids of the topics of a notice, by id and by Chinese name."""
    found: dict[str, str] = {}
    for rule in notice.rules:
        for item in getattr(rule.params, "topics", ()) if rule.kind.covers == "topics" else ():
            found.setdefault(cells.folded(item.id), item.id)
            found.setdefault(cells.folded(item.name), item.id)
            found.setdefault(cells.folded(item.name).removesuffix("工作"), item.id)
    return found


# ── files ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet: its rows of values, and for each cell inside a merged range the cell that holds its value."""

    name: str
    rows: Sequence[Sequence[object]]
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def at(self, row: int, column: int) -> object:
        row, column = self.merged.get((row, column), (row, column))
        if row >= len(self.rows) or column >= len(self.rows[row]):
            return ""
        return self.rows[row][column]


def _tables(path: Path) -> list[_Table]:
    data = _bytes(path)
    found = sniff(data)
    if found == "encrypted":
        raise ReadError("encrypted", f"{path.name} 设有打开密码，请取消密码后重试。")
    if found in ("xlsx", "xls"):
        try:
            return [_table(grid) for grid in grids(data, found, LIMITS)]
        except ReadError as error:
            if error.code == "encrypted":
                raise ReadError("encrypted", f"{path.name} 设有打开密码，请取消密码后重试。") from None
            said = "表格过大，不像花名册，请删去花名册以外的内容后另存为 .xlsx。"
            message = (
                said if error.code == "too-large" else "文件已损坏或不完整，请用 Excel 或 WPS 打开修复后另存为 .xlsx。"
            )
            code = "too-large" if error.code == "too-large" else "damaged"
            raise ReadError(code, f"{path.name}：{message}") from None
    if found == "text" and data.strip():
        return [_csv(path, data)]
    if not data.strip():
        raise ReadError("empty", f"{path.name} 是空文件，请核对是不是选错了文件。")
    said = f"{path.name} 不是能读的表格（或者已经损坏），花名册请用 .xlsx、.xls 或 .csv。"
    raise ReadError("not-a-table", said)


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ReadError("not-a-file", f"{path} 是文件夹，花名册请给出文件。")
        if path.stat().st_size > LIMITS.file_size:
            raise ReadError("too-large", f"{path.name} 太大，不像花名册，请核对是不是选错了文件。")
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError("not-found", f"找不到花名册 {path}，请核对文件名和位置。") from None
    except (OSError, ValueError):
        raise ReadError("unreadable", f"打不开花名册 {path}，请核对权限，或者关闭正在使用它的程序后重试。") from None


def _table(grid: Grid) -> _Table:
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (bottom, right) in grid.merged:
        for row in range(top, min(bottom, len(grid.rows)) + 1):
            for column in range(left, min(right, left + 50) + 1):
                merged[row, column] = (top, left)
    return _Table(grid.name, grid.rows, merged)


def _csv(path: Path, data: bytes) -> _Table:
    try:
        text, _ = decode(data)
    except ReadError:
        raise ReadError("bad-encoding", f"{path.name} 的文字编码无法识别，请用 Excel 或 WPS 另存为 .xlsx。") from None
    head = "\n".join(text.splitlines()[:_HEAD_ROWS])
    delimiter = max(",\t;，；|", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise ReadError("damaged", f"{path.name} 不合 .csv 的写法，请用 Excel 或 WPS 另存为 .xlsx。") from None
    # 2020.10 loses its last digit when Excel writes it as a number.
    return _Table(
        "", [[float(cell) if re.fullmatch(r"\d{4}\.1", cell.strip()) else cell for cell in row] for row in rows]
    )


# ── the row of headings ───────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Headed:
    """A table with its heading: which column holds what, the number of the first row under it, what is not known."""

    table: _Table
    columns: Mapping[str, int]
    first: int
    unknown: tuple[str, ...] = ()


def _heading(value: object) -> str:
    """A heading as it is looked up: without brackets and what is in them, spaces and signs."""
    bare = normalize("NFKC", cells.text(value))
    return re.sub(r"[\W_]", "", re.sub(r"\([^)]*\)", "", bare)) or re.sub(r"[\W_]", "", bare)


def _wordings(known: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    return {wording: column for column, wordings in known.items() for wording in wordings}


def _headed(table: _Table, known: Mapping[str, tuple[str, ...]], needed: Sequence[str]) -> _Headed | None:
    """The first row that names all the columns `needed`; headings of two rows count where cells are merged."""
    wordings = _wordings(known)
    for row in range(min(len(table.rows), _HEAD_ROWS)):
        width = max(len(table.rows[row]), len(table.rows[row + 1]) if row + 1 < len(table.rows) else 0)
        names = [_heading(table.at(row, column)) for column in range(width)]
        found = [wordings.get(name, "") for name in names]
        if not set(needed) <= set(found):
            continue
        deep = _two_rows(table, row, found)
        if deep:
            below = [_heading(table.at(row + 1, column)) for column in range(width)]
            found = [
                own
                if name == over
                else wordings.get(over.removesuffix("情况") + name, "") or wordings.get(over + name, "")
                for name, over, own in zip(below, names, found, strict=True)
            ]
            names = [name or over for name, over in zip(below, names, strict=True)]
        columns: dict[str, int] = {}
        for column, name in enumerate(found):
            if name:
                columns.setdefault(name, column)
        unknown = tuple(name for column, name in enumerate(names) if name and not found[column] and name not in _PLAIN)
        return _Headed(table, columns, row + 1 + deep, tuple(dict.fromkeys(unknown)))
    return None


def _two_rows(table: _Table, row: int, found: Sequence[str]) -> bool:
    """Whether the next row belongs to the heading: the name, which no person lacks, is one cell over both rows."""
    column = found.index("name") if "name" in found else found.index("unit")
    return table.merged.get((row + 1, column)) == (row, column)


def _left_out(tables: Sequence[_Table]) -> Iterator[str]:
    """A sentence for each sheet of persons that does not say of which unit they are."""
    for table in tables:
        headed = _headed(table, COLUMNS, ("name",))
        if headed is not None and len(headed.columns) > 1 and "unit" not in headed.columns:
            yield f"「{table.name}」表没有「{COLUMNS['unit'][0]}」这一列，整张表没有用上。"


def _headed_units(table: _Table) -> _Headed | None:
    if UNIT_SHEET not in table.name or _headed(table, COLUMNS, ("unit", "name")):
        return None
    return _headed(table, UNIT_COLUMNS, ("unit",))


def _no_columns(path: Path, tables: Sequence[_Table]) -> ReadError:
    has = {
        column: any(_headed(table, COLUMNS, (column,)) for table in tables if table.name != UNIT_SHEET)
        for column in ("unit", "name")
    }
    missing = [column for column in ("unit", "name") if not has[column]] or ["unit", "name"]
    said = "；".join(
        f"没有「{COLUMNS[column][0]}」这一列（列名可以是{'、'.join(COLUMNS[column])}）" for column in missing
    )
    hint = "" if len(missing) == 1 else "；两列要在同一行"
    return ReadError("roster-columns", f"{path.name} {said}{hint}；可以用 kaohe roster template 写出一份模板。")


# ── the rows ──────────────────────────────────────────────────────────


class _Rows:
    """The rows under a heading, read cell by cell; what cannot be used is put down in `problems`."""

    def __init__(self, headed: _Headed, sheet: str = "") -> None:
        self.table = headed.table
        self.columns = headed.columns
        self.first = headed.first
        self.sheet = f"「{sheet}」表" if sheet else ""
        self.problems: list[str] = []
        if headed.unknown:
            shown = "、".join(f"「{name[:_SHOWN]}」" for name in headed.unknown)
            self.say(headed.first - 1, f"这些列没有用上：{shown}")
        self.unread: list[str] = []

    def say(self, row: int, message: str) -> None:
        self.problems.append(f"{self.sheet}第{row + 1}行：{message}。")

    def text(self, row: int, column: str) -> str:
        place = self.columns.get(column)
        return "" if place is None else cells.text(self.table.at(row, place))

    def rows(self) -> Iterator[int]:
        """The numbers of the rows that hold anything, without examples, repeated headings and what stands below."""
        for row in range(self.first, len(self.table.rows)):
            filled = [text for value in self.table.rows[row] if (text := cells.text(value))]
            if not filled or any(EXAMPLE in text for text in filled) or self._repeats(row):
                continue
            if len(filled) <= 2 and _FOOTER.match(filled[0]):
                continue
            yield row

    def _repeats(self, row: int) -> bool:
        return _heading(self.text(row, "unit")) in COLUMNS["unit"] and _heading(self.text(row, "name")) in (
            *COLUMNS["name"], "",
        )  # fmt: skip

    def value(self, row: int, column: str, parse: Callable[[object], Any], empty: Any = None) -> Any:
        """What a cell says; `empty` where it says nothing, or nothing that can be understood, which is told."""
        place = self.columns.get(column)
        if place is None or cells.is_empty(self.table.at(row, place)):
            return empty
        if parse in (cells.day, cells.last_day) and cells.is_no(self.table.at(row, place)):
            return empty
        try:
            return parse(self.table.at(row, place))
        except BadCell as bad:
            name = COLUMNS.get(column, UNIT_COLUMNS.get(column, (column,)))[0]
            shown = cells.text(self.table.at(row, place))[:_SHOWN]
            self.unread.append(name)
            self.say(row, f"「{name}」写的是「{shown}」，{bad}，这一格没有用上")
            return empty


@dataclass(frozen=True, slots=True)
class _Known:
    """What the sheets of persons have said so far: the types of units, and where each person of a unit stands."""

    unit_types: dict[str, str] = field(default_factory=dict)
    persons: dict[tuple[str, str], str] = field(default_factory=dict)


class _Persons(_Rows):
    """The persons of one sheet."""

    def __init__(self, headed: _Headed, year: int, known: _Known, sheet: str = "") -> None:
        super().__init__(headed, sheet)
        self.year = year
        self.unit_types = known.unit_types
        self.persons = known.persons
        self.above = ""
        place = self.columns["unit"]
        self.merged = any(column == place for row, column in self.table.merged if row >= self.first)

    def entries(self) -> Iterator[Entry]:
        for row in self.rows():
            entry = self._entry(row)
            if entry is not None:
                yield entry

    def _unit(self, row: int) -> str:
        """The unit; a cell left empty goes on with the one above, unless the sheet marks such cells by merging them."""
        unit = self.text(row, "unit").replace(" ", "")
        if not unit and not self.merged:
            return self.above
        self.above = unit
        return unit

    def _entry(self, row: int) -> Entry | None:
        self.unread = []
        unit, name = self._unit(row), self._name(row)
        if not unit:
            self.say(row, f"没有写单位{f'（{name}）' if name else ''}，这一行没有用上")
            return None
        if cells.is_number(unit):
            self.say(row, f"单位写的是「{unit[:_SHOWN]}」，不像单位名称，这一行没有用上")
            return None
        problem = _wrong_name(name)
        if problem:
            self.say(row, f"{problem}，这一行没有用上")
            return None
        here = f"{self.sheet}第{row + 1}行"
        first = self.persons.setdefault((unit, name), here)
        if first != here:
            self.say(row, f"{unit}的{name}与{first}重复，只按{first}计；确是同名的两个人，请人工核对")
            return None
        kind = self.value(row, "unit_type", cells.unit_type, "")
        if kind and self.unit_types.setdefault(unit, kind) != kind:
            self.say(row, f"{unit}的单位类型与前面写的不同，按前面的「{UNIT_TYPES[self.unit_types[unit]]}」计")
        return self._filled(row, unit, name)

    def _name(self, row: int) -> str:
        return _BESIDE_NAME.sub("", self.text(row, "name").replace(" ", ""))

    def _filled(self, row: int, unit: str, name: str) -> Entry:
        post = self.text(row, "post")
        politics = self.value(row, "politics", cells.non_party)
        entry = Entry(
            unit=unit,
            name=name,
            post=post,
            level=self.text(row, "level"),
            party_chief=self.value(row, "party_chief", cells.yes, cells.is_party_chief(post)),
            non_party=self.value(row, "non_party", cells.yes_or_party, bool(politics)),
            main_unit=self._plain(row, "main_unit").replace(" ", ""),
            inspector=self.value(row, "inspector", cells.yes, cells.is_inspector(post)),
            appointed=self.value(row, "appointed", cells.day),
            former_unit=self._plain(row, "former_unit").replace(" ", ""),
            transferred=self.value(row, "transferred", cells.day),
            seconded_to=self._plain(row, "seconded_to").replace(" ", ""),
            seconded_months=self._months(row),
            leave_days=self.value(row, "leave_days", cells.leave, self.value(row, "leave_months", cells.leave_months)),
            retired=self.value(row, "retired", cells.last_day),
            case=self._plain(row, "case"),
            probation_end=self.value(row, "probation_end", cells.last_day),
            note=self.text(row, "note"),
            row=row + 1,
        )
        self._contradictions(row, entry, politics)
        return replace(entry, unread=tuple(dict.fromkeys(self.unread)))

    def _plain(self, row: int, column: str) -> str:
        text = self.text(row, column)
        return "" if cells.is_empty(text) or cells.is_no(text) else text

    def _months(self, row: int) -> float | None:
        """The months of secondment in the year: as written, else from the days on which it began and ended."""
        told: float | None = self.value(row, "seconded_months", cells.months)
        if told is not None:
            return told
        span = self.value(row, "seconded_span", cells.span)
        if span is None:
            begin = self.value(row, "seconded_from", cells.day)
            end = self.value(row, "seconded_until", cells.last_day)
            span = (begin, end) if begin is not None or end is not None else None
        if isinstance(span, float) or span is None:
            return span
        return self._within(row, span[0], span[1])

    def _within(self, row: int, begin: date | None, end: date | None) -> float | None:
        """The months of a secondment that lie in the year; one without an end goes on."""
        if begin is None:
            self.unread.append("挂职时间")
            self.say(row, "写了挂职结束的时间，没有写什么时候开始，挂职时间没有用上")
            return None
        if end is not None and end < begin:
            self.unread.append("挂职时间")
            self.say(row, f"挂职结束的时间（{end:%Y-%m}）早于开始的时间（{begin:%Y-%m}），挂职时间没有用上")
            return None
        first = max(begin, date(self.year, 1, 1))
        last = min(end or date(self.year, 12, 31), date(self.year, 12, 31))
        if last < first:
            return 0.0
        whole = (last.month - first.month) + (last.day - first.day + 1) / 30
        return float(round(max(whole, 0.0), 1))

    def _contradictions(self, row: int, entry: Entry, politics: bool | None) -> None:
        """What does not fit together; the row counts as it is."""
        if entry.seconded_months is not None and not entry.seconded_to:
            self.say(row, f"{entry.name}写了挂职时间，没有写挂职单位，请补上")
        if politics is False and entry.non_party:
            self.say(row, f"{entry.name}写明是党外干部，政治面貌却是中共党员，按党外干部计，请核对")
        if entry.non_party and entry.party_chief:
            self.say(row, f"{entry.name}既是党委主要领导，又写明是党外干部，请核对")
        if entry.retired is not None and entry.appointed is not None and entry.retired < entry.appointed:
            self.say(row, f"{entry.name}的退休时间早于任现职时间，请核对")
        if entry.transferred is not None and entry.transferred.year > self.year + 1:
            self.say(row, f"{entry.name}的交流时间是{entry.transferred.year}年，在考核年度{self.year}年之后，请核对")


def _wrong_name(name: str) -> str:
    """What is wrong with a name of a person; empty where nothing is."""
    if not name:
        return "没有写姓名"
    if _NOBODY.search(name):
        return f"姓名写的是「{name[:_SHOWN]}」，没有这个人"
    if re.search(r"[、,，;；/\\]", name):
        return f"姓名「{name[:_SHOWN]}」像是写了不止一个人，请一人一行"
    if not _NAME.fullmatch(name):
        return f"姓名「{name[:_SHOWN]}」不像姓名（应是2至5个汉字，少数民族姓名可以带「·」）"
    return ""


class _Units(_Rows):
    """The second sheet: what is known of the units."""

    def __init__(self, headed: _Headed, topics: Mapping[str, str]) -> None:
        super().__init__(headed, headed.table.name)
        self.topics = topics

    def units(self) -> dict[str, Unit]:
        found: dict[str, Unit] = {}
        for row in self.rows():
            name = self.text(row, "unit").replace(" ", "")
            if not name:
                self.say(row, "没有写单位，这一行没有用上")
            elif name in found:
                self.say(row, f"{name}与第{found[name].row}行重复，只按第{found[name].row}行计")
            else:
                found[name] = Unit(
                    name,
                    self.value(row, "unit_type", cells.unit_type, ""),
                    tuple(cells.several(self.text(row, "aliases"))),
                    self._reasons(row),
                    row + 1,
                )
        return found

    def _reasons(self, row: int) -> Mapping[str, str]:
        """Topics that are none of the unit's business, each with its reason."""
        found: dict[str, str] = {}
        for part in re.split(r"[;；\n]", self.text(row, "not_applicable")):
            if cells.is_empty(part):
                continue
            topic, _, reason = (side.strip() for side in re.sub("＝|：|:", "=", part, count=1).partition("="))
            known = self.topics.get(cells.folded(topic))
            if known is None:
                self.say(
                    row,
                    f"不适用事项里的「{topic[:_SHOWN]}」不是通知里的事项，没有用上；"
                    "事项的名称见 kaohe explain summary-topics",
                )
            elif not reason:
                self.say(row, f"不适用事项「{topic[:_SHOWN]}」没有写理由，没有用上；要写成 事项=理由")
            else:
                found[known] = reason
        return found
