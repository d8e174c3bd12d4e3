"""The report as a workbook: verdict, findings, coverage, papers, and what was not checked, a sheet each.

How cells are written is in `sheets.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from checker.document import UNIT_TYPES, Document
from checker.render import Rendered, machine
from checker.render import phrases as say
from checker.render.sheets import Coloured, Column, Linked, Sheet, Styles, Value, escaped, facts, table, workbook
from checker.report import SEVERITIES, SEVERITY_NAMES, Coverage, Finding, Level, Report

_QUOTE = 200
_RELATED = 5


def render(
    report: Report, sources: Mapping[str, bytes] | None = None, links: Mapping[str, str] | None = None
) -> tuple[Rendered, ...]:
    """The report as one workbook; `links` says where the cell that names a file leads, as seen from the workbook."""
    buffer = BytesIO()
    with workbook(buffer, "考核材料审查结果") as book:
        styles = Styles(book)
        facts(book.add_worksheet("结论"), _facts(report), styles)
        for sheet in _sheets(report, _Files(say.report_names(report), links or {})):
            table(book.add_worksheet(sheet.name), sheet, styles)
    return (Rendered("考核材料检查报告.xlsx", buffer.getvalue()),)


@dataclass(frozen=True, slots=True)
class _Files:
    """How each file is named in a cell, and where the cell leads."""

    names: Mapping[str, str]
    links: Mapping[str, str]

    def cell(self, path: str) -> Value:
        name = self.names.get(path) or say.one_line(path)
        target = escaped(self.links.get(path, ""))
        return Linked(name, target) if target else name


def _facts(report: Report) -> Iterator[tuple[str, Value]]:
    """The first sheet: what came out, of what, by which notice."""
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
