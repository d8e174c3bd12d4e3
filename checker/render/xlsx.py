"""The report as a workbook: verdict, findings, coverage, papers, and what was not checked, a sheet each.

Everything is written as text or as a number, never as a formula, whatever it begins with; and what a spreadsheet would
take for a formula when someone edits the cell carries the sign that it is text. Levels are words as well as colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from checker.document import UNIT_TYPES, Document
from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.report import SEVERITIES, SEVERITY_NAMES, Coverage, Finding, Level, Report

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMULA = tuple("=+-@＝＋－＠\t")
_CELL_MAX = 8000
"""Characters in a cell; a spreadsheet takes 32,767 of UTF-16 at most."""
_QUOTE = 200
_LINE, _HEIGHT_MAX = 15.0, 409.0
"""Height of a line of text and of the tallest row there can be, in points."""
_RELATED = 5
_LINK_MAX = 1000
# As spreadsheets write them in links; Chinese stays as it is. A “%” must come first.
_LINK_CODES = {letter: f"%{ord(letter):02x}" for letter in '%#?"<>[]^`{}| \t\r\n'}
_COLOURS: Mapping[str, str] = {"error": "#F8D7DA", "warning": "#FFF3CD", "info": "#E2EFFA"}


@dataclass(frozen=True, slots=True)
class Linked:
    """Text that leads to a file, given as seen from where the workbook will stand."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Coloured:
    """Text with one of the colours of the severities."""

    text: str
    colour: str


Value = str | int | Linked | Coloured | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header and its width in characters."""

    header: str
    width: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a header; `frozen` columns stay in sight as well, and the first `printed` go to paper."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    printed: int
    frozen: int = 0


def render(
    report: Report, sources: Mapping[str, bytes] | None = None, links: Mapping[str, str] | None = None
) -> tuple[Rendered, ...]:
    """The report as one workbook; `links` says where the cell that names a file leads, as seen from the workbook."""
    # Not at the top: only who asks for a workbook needs it.
    from xlsxwriter import Workbook

    buffer = BytesIO()
    # Named options, for the library would otherwise take “=1+1” for a formula and “1e5” for a number.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with Workbook(buffer, options) as book:
        book.set_properties({"title": "考核材料审查结果", "author": "考核材料智检"})
        book.set_size(2400, 1400)
        styles = _Styles(book)
        _verdict(book.add_worksheet("结论"), report, styles)
        for sheet in _sheets(report, _Files(say.report_names(report), links or {})):
            _table(book.add_worksheet(sheet.name), sheet, styles)
    return (Rendered("考核材料检查报告.xlsx", buffer.getvalue()),)


@dataclass(frozen=True)
class _Styles:
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
    def link(self) -> Any:
        return self._new(font_color="#0563C1", underline=1)

    @cached_property
    def colours(self) -> Mapping[str, Any]:
        return {name: self._new(bg_color=colour, bold=name == "error") for name, colour in _COLOURS.items()}


@dataclass(frozen=True, slots=True)
class _Files:
    """How each file is named in a cell, and where the cell leads."""

    names: Mapping[str, str]
    links: Mapping[str, str]

    def cell(self, path: str) -> Value:
        name = self.names.get(path) or say.one_line(path)
        target = _escaped(self.links.get(path, ""))
        return Linked(name, target) if target else name


def _escaped(target: str) -> str:
    """`target` as a spreadsheet writes links; empty where it cannot be written, for a dead link is worse than none."""
    if not target or say.visible(target).replace("\n", " ") != target.replace("\n", " "):
        return ""
    escaped = "".join(_LINK_CODES.get(letter, letter) for letter in target)
    return escaped if len(escaped) <= _LINK_MAX else ""


def _verdict(sheet: Worksheet, report: Report, styles: _Styles) -> None:
    """The first sheet: what came out, of what, by which notice."""
    sheet.set_column(0, 0, 16, styles.text)
    sheet.set_column(1, 1, 90, styles.text)
    columns = (Column("", 16), Column("", 90))
    for row, (name, value) in enumerate(_facts(report)):
        sheet.set_row(row, _height((name, value), columns))
        sheet.write_string(row, 0, name, styles.header)
        _write(sheet, row, 1, value, styles)
    _page(sheet)


def _facts(report: Report) -> Iterator[tuple[str, Value]]:
    submission, notice = report.submission, report.notice
    colour = {"pass": "info", "remarks": "warning"}.get(report.verdict, "error")
    yield "结论", Coloured(say.verdict_name(report), "error" if say.nothing_checked(report) else colour)
    yield "说明", say.advice(report)
    yield "问题", say.counts_phrase(report)
    yield "通知", f"{notice.title}（{notice.number}）"
    if submission.unit:
        yield "单位", submission.unit
    if submission.unit_type:
        yield "单位类型", UNIT_TYPES.get(submission.unit_type, submission.unit_type)
    if submission.person:
        yield "述职人", submission.person
    yield "材料", f"{len(say.documents(report))}份，在{len(say.by_file(report))}个文件中"
    for scope in dict.fromkeys(coverage.count.scope for coverage in report.coverage if coverage.count.scope):
        yield "字数统计范围", scope
    yield "检查程序", f"考核材料智检 {say.version()}"


def _sheets(report: Report, files: _Files) -> Iterator[Sheet]:
    yield _findings(report, files)
    yield _coverage(report, files)
    yield _papers(report, files)
    yield _not_checked(report, files)


def _findings(report: Report, files: _Files) -> Sheet:
    columns = (
        Column("序号", 6),
        Column("级别", 9),
        Column("文件", 22),
        Column("材料", 16),
        Column("位置", 11),
        Column("所在标题", 18),
        Column("问题", 36),
        Column("原文", 30),
        Column("修改建议", 30),
        Column("依据", 16),
        Column("另见", 30),
        Column("处理", 9),
        Column("处理理由", 24),
        Column("规则", 20),
        Column("规则编号", 18),
        Column("指纹", 18),
    )
    rules = say.rule_names(report)
    ordered = [finding for paper in say.documents(report) for finding in say.in_order(report.of(paper))]
    rows = [
        _finding(number, finding, files, rules) for number, finding in enumerate((*report.overall, *ordered), start=1)
    ]
    return Sheet("问题", columns, rows, printed=10, frozen=2)


def _finding(number: int, finding: Finding, files: _Files, rules: Mapping[str, str]) -> Sequence[Value]:
    document, place, where = finding.document, finding.place, machine.place(finding)
    level, accepted = f"{say.SEVERITY_SIGNS[finding.severity]} {SEVERITY_NAMES[finding.severity]}", finding.accepted
    return (
        number,
        Coloured(level, finding.severity) if accepted is None else level,
        "全部材料" if document is None else files.cell(document.path),
        None if document is None else say.kind_name(document),
        None if where is None else where.phrase,
        None if document is None or place is None else say.shorten(say.heading_of(document, place), 60),
        finding.message,
        say.shorten(finding.quote, _QUOTE),
        finding.suggestion,
        say.clause_name(finding.clause),
        _related(finding, files.names),
        "待处理" if accepted is None else f"√ {say.accepted_name(accepted)}",
        None if accepted is None else say.decision_phrase(accepted),
        rules.get(finding.rule, finding.rule),
        finding.rule,
        finding.fingerprint,
    )


def _related(finding: Finding, names: Mapping[str, str]) -> str:
    lines = [
        f"{say.whereabouts(finding, place.document, names)}"
        f"「{say.shorten(place.document.slice(say.clamp(place.document, place.span)), 60)}」"
        for place in finding.related[:_RELATED]
    ]
    if len(finding.related) > _RELATED:
        lines.append(f"还有{len(finding.related) - _RELATED}处")
    return "\n".join(lines)


def _coverage(report: Report, files: _Files) -> Sheet:
    columns = (
        Column("文件", 22),
        Column("材料", 16),
        Column("类别", 7),
        Column("内容", 26),
        Column("程度", 13),
        Column("怎样判断", 13),
        Column("处数", 7),
        Column("原文", 52),
        Column("不适用的理由", 20),
    )
    rows = [
        _level(coverage, kind, level, names, files)
        for coverage in report.coverage
        for kind, levels, names in (
            ("方面", coverage.facets, say.FACET_LEVELS),
            ("事项", coverage.topics, say.TOPIC_LEVELS),
        )
        for level in levels
    ]
    return Sheet("覆盖情况", columns, rows, printed=len(columns))


def _level(coverage: Coverage, kind: str, level: Level, names: Mapping[str, str], files: _Files) -> Sequence[Value]:
    document = coverage.document
    said = say.level_name(level, names)
    colour = "" if level.not_applicable else {"absent": "error", "named": "warning"}.get(level.level, "")
    return (
        files.cell(document.path),
        say.kind_name(document),
        kind,
        level.name,
        Coloured(said, colour) if colour else said,
        say.how_found(level).strip("（）") or None,
        len(level.evidence),
        "\n".join(say.shorten(document.slice(say.clamp(document, span)), 120) for span in level.evidence[:3]),
        level.not_applicable,
    )


def _papers(report: Report, files: _Files) -> Sheet:
    columns = (
        Column("文件", 22),
        Column("材料", 16),
        Column("怎样认定", 20),
        Column("字数", 8),
        Column("上限", 8),
        Column("超出", 8),
        Column("字数说明", 20),
        Column("错误", 7),
        Column("提醒", 7),
        Column("提示", 7),
        Column("已处理", 8),
        Column("读了什么", 24),
        Column("没有读什么", 24),
        Column("格式", 8),
        Column("SHA-256", 70),
    )
    covered = {id(coverage.document): coverage for coverage in report.coverage}
    rows = [_paper(report, document, covered.get(id(document)), files) for document in say.documents(report)]
    unread = [_unread(problem.path, problem.message, files, len(columns)) for problem in report.errors]
    return Sheet("材料", columns, [*rows, *unread], printed=13, frozen=1)


def _paper(report: Report, document: Document, coverage: Coverage | None, files: _Files) -> Sequence[Value]:
    count = None if coverage is None else coverage.count
    over = 0 if count is None or count.limit is None else max(0, count.value - count.limit)
    severities = [finding.severity for finding in report.of(document) if finding.accepted is None]
    accepted = len(report.of(document)) - len(severities)
    return (
        files.cell(document.path),
        say.kind_name(document),
        say.recognition(document),
        None if count is None else count.value,
        None if count is None else count.limit,
        over or None,
        say.nothing_found(document, checked=False) if count is None else say.count_phrase(count),
        *(severities.count(name) for name in SEVERITIES),
        accepted,
        say.notes(document.reading.read),
        say.notes(document.reading.not_read),
        document.format,
        document.sha256,
    )


def _unread(path: str, message: str, files: _Files, width: int) -> Sequence[Value]:
    named = files.cell(path) if path else "（未知文件）"
    return (named, Coloured("没有检查", "error"), say.one_line(message), *[None] * (width - 3))


def _not_checked(report: Report, files: _Files) -> Sheet:
    rules = say.rule_names(report)
    rows: list[Sequence[Value]] = [
        ("文件", files.cell(problem.path), say.one_line(problem.message), problem.code) for problem in report.errors
    ]
    rows += [("规则", rules.get(entry.rule, entry.rule), entry.reason, entry.rule) for entry in report.not_checked]
    rows += [
        ("处理意见", rules.get(entry.decision.rule, entry.decision.rule), say.stale_phrase(entry, rules), "stale")
        for entry in report.stale
    ]
    columns = (Column("类别", 10), Column("名称", 40), Column("原因", 70), Column("编号", 24))
    return Sheet("没有检查", columns, rows, printed=len(columns))


def _table(sheet: Worksheet, table: Sheet, styles: _Styles) -> None:
    """A table that can be filtered, whose header stays in sight and is repeated on every printed page."""
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, column.width)
        sheet.write_string(0, index, column.header, styles.header)
    sheet.set_row(0, 22)
    for number, row in enumerate(table.rows, start=1):
        sheet.set_row(number, _height(row, table.columns))
        for index, value in enumerate(row):
            _write(sheet, number, index, value, styles)
    sheet.freeze_panes(1, table.frozen)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, len(table.rows), table.printed - 1)
    _page(sheet)


def _height(row: Sequence[Value], columns: Sequence[Column]) -> float:
    """Room for all lines of the tallest cell: not every spreadsheet finds it by itself."""
    lines = max(
        sum(_lines(line, column.width) for line in _shown(value).split("\n"))
        for value, column in zip(row, columns, strict=True)
    )
    return min(_LINE * lines + 3, _HEIGHT_MAX)


def _lines(text: str, width: float) -> int:
    """How many lines `text` takes in a cell: a Chinese character is two wide."""
    used = sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)
    return max(1, ceil(used / (width - 2)))


def _shown(value: Value) -> str:
    if isinstance(value, (Linked, Coloured)):
        return _safe(value.text)
    return "" if value is None else _safe(str(value))


def _page(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第&P页，共&N页")


def _write(sheet: Worksheet, row: int, column: int, value: Value, styles: _Styles) -> None:
    if value is None or value == "":
        return
    if isinstance(value, int):
        sheet.write_number(row, column, value, styles.number)
    elif isinstance(value, Linked):
        sheet.write_url(row, column, f"external:{value.target}", styles.link, _safe(value.text), "打开这个文件")
    elif isinstance(value, Coloured):
        sheet.write_string(row, column, _safe(value.text), styles.colours[value.colour])
    else:
        text = _safe(value)
        sheet.write_string(row, column, text, styles.quoted if text.startswith(_FORMULA) else styles.text)


def _safe(text: str) -> str:
    """Text as a cell can hold it."""
    shown = say.visible(text).strip(" \n")
    return shown if len(shown) <= _CELL_MAX else f"{shown[: _CELL_MAX - 1]}…"
