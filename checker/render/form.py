"""The return form of a unit (审查意见表): one Word file that goes back with the papers.

The form is a Word template with names in double braces; `VALUES` and the two listings say which there are. A department
that has a form of its own gives it in place of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from checker.copies import times_marked
from checker.document import Document
from checker.errors import UsageError
from checker.render import Rendered
from checker.render import phrases as say
from checker.render.docx_template import Rows, fill
from checker.render.listing import items
from checker.report import Report

TEMPLATE = Path(__file__).with_name("templates") / "form.docx"
VALUES = ("单位", "述职人", "材料", "轮次", "日期", "通知", "结论", "问题数", "说明", "已核", "未检查", "版本")
FINDINGS = ("序号", "位置", "问题", "通知依据", "修改建议", "严重程度")
READ = ("文件", "文种", "字数", "已读", "未读")

_LARGEST = 20 * 1024 * 1024
_NAME = 40
_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')


def render(
    report: Report, sources: Mapping[str, bytes] | None = None, *, template: str = "", turn: int | None = None
) -> tuple[Rendered, ...]:
    """The form, on our template or on that of the file `template`; `turn` is the round, where it is known."""
    papers = say.documents(report)
    found = [
        dict(zip(FINDINGS, (str(number), it.place, it.message, it.basis, it.suggestion, it.severity), strict=True))
        for number, it in enumerate(items(report, papers), 1)
    ]
    listings = (Rows(FINDINGS, found or [_none(report)]), Rows(READ, list(_read(report)) or [_row()]))
    filled = fill(_template(template), _values(report, turn), listings, "问题")
    return (Rendered(_name(report), filled),)


def _template(path: str) -> bytes:
    if not path:
        return TEMPLATE.read_bytes()
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise UsageError(f"审查意见表的模板过大：{path}，请压缩其中的图片后重试。", "bad-template")
        return file.read_bytes()
    except (OSError, ValueError):
        raise UsageError(f"读不了审查意见表的模板 {path}，请核对路径。", "bad-template") from None


def _values(report: Report, turn: int | None) -> dict[str, str]:
    """What is said once; an empty place is filled in by hand."""
    now = datetime.now()
    number = say.one_line(report.notice.number)
    accepted = len(report.accepted)
    values = (
        say.one_line(report.submission.unit),
        say.one_line(report.submission.person),
        "、".join(dict.fromkeys(say.kind_name(paper) for paper in say.documents(report))) or "没有收到材料",
        _round(report, turn),
        f"{now.year}年{now.month}月{now.day}日",
        say.one_line(report.notice.title) + (f"（{number}）" if number else ""),
        say.verdict_name(report),
        say.counts_phrase(report),
        say.advice(report),
        f"{accepted}处，没有列在表中" if accepted else "无",
        _not_checked(report),
        say.version(),
    )
    return dict(zip(VALUES, values, strict=True))


def _round(report: Report, turn: int | None) -> str:
    """The round as given, else as the names of marked-up copies tell; where neither is so it is left open."""
    if turn is not None:
        return f"第{turn}轮"
    marked = max((times_marked(Path(paper.path).stem) for paper in say.documents(report)), default=0)
    return f"第{marked + 1}轮" if marked else "第　轮"


def _not_checked(report: Report) -> str:
    reasons = say.by_reason(report.not_checked, say.rule_names(report))
    return "；".join(f"{'、'.join(rules)}（{reason}）" for reason, rules in reasons.items()) or "无"


def _none(report: Report) -> dict[str, str]:
    """The only row where nothing was found. Where nothing was looked at it does not say that all is well."""
    said = "没有发现问题" if say.documents(report) else "没有检查任何材料"
    if report.errors and say.documents(report):
        said = "已检查的材料中没有发现问题"
    elif report.accepted:
        said = "没有其他问题"
    return {name: said if name == "问题" else "—" for name in FINDINGS}


def _read(report: Report) -> Iterator[dict[str, str]]:
    """What was read of every file, paper by paper, and the files that could not be read."""
    names = say.report_names(report)
    counts = {id(coverage.document): coverage.count for coverage in report.coverage}
    for path, papers in say.by_file(report).items():
        for number, paper in enumerate(papers):
            count = counts.get(id(paper))
            # Several papers of one file were read together.
            reading = _reading(papers[0]) if number == 0 else ("同上", "同上")
            yield _row(
                names[path] if number == 0 else "同上",
                say.kind_name(paper),
                "—" if count is None else say.count_phrase(count),
                *reading,
            )
    for problem in report.errors:
        yield _row(names[problem.path], "没有检查", "—", "—", say.one_line(problem.message))


def _reading(paper: Document) -> tuple[str, str]:
    return say.notes(paper.reading.read) or "—", say.notes(paper.reading.not_read) or "—"


def _row(*cells: str) -> dict[str, str]:
    return dict(zip(READ, cells or ("—",) * len(READ), strict=True))


def _name(report: Report) -> str:
    """The name of the file; a unit may be called anything, a file may not."""
    unit = say.shorten(_UNFIT.sub(" ", say.one_line(report.submission.unit)).strip(" ."), _NAME)
    return f"{unit}审查意见表.docx" if unit else "审查意见表.docx"
