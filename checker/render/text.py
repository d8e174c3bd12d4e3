"""The report as plain text: what a clerk reads in a terminal, in a mail or on paper, 80 columns wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from checker.document import FLAGS, Document, Reading
from checker.render import Rendered
from checker.render import phrases as say
from checker.report import SEVERITY_NAMES, Coverage, Finding, Level, Report

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80
MAX_WIDTH = 100
"""Longer lines are hard to read, however wide the terminal is."""
MIN_WIDTH = 30

QUOTE = 48
RELATED_SHOWN = 5
RULES_SHOWN = 3
MEMBERS_SHOWN = 20
"""Of findings that say the same; the others are counted, and the HTML report has them all."""

STYLES: Mapping[str, str] = {
    "": "",
    "title": "bold",
    "file": "bold cyan",
    "paper": "bold",
    "dim": "dim",
    "error": "bold red",
    "warning": "yellow",
    "info": "blue",
    "pass": "bold green",
}

# Closing marks never begin a line, opening marks never end one.
_CLOSING = frozenset("，。、；：？！）》」』】〕”’…—％%")
_OPENING = frozenset("（《「『【〔“‘")
_UNITS = re.compile(r"[!-~]+|\s|.", re.DOTALL)
# A message about one name in quotation marks: before, name, after.
_QUOTED = re.compile("(.*?[“「])([^“”「」]*)([”」].*)")


class Line(NamedTuple):
    """One line before wrapping: `lead` stands on the first row, the rows after it are indented as far."""

    lead: str
    text: str
    style: str = ""


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one UTF-8 text file without colour."""
    rows = (f"{lead}{text}".rstrip() for line in compose(report) for lead, text in rows_of(line, WIDTH))
    return (Rendered("考核材料检查报告.txt", ("\n".join(rows) + "\n").encode()),)


def write(report: Report, console: Console) -> None:
    """The report on a terminal, in its colours and its width."""
    from rich.text import Text  # not at the top: a file report needs no terminal

    width = max(MIN_WIDTH, min(console.width, MAX_WIDTH))
    for line in compose(report):
        for lead, text in rows_of(line, width):
            row = Text(_encodable(lead, console.encoding), style=STYLES[line.style])
            row.append(_encodable(text, console.encoding))
            row.rstrip()
            console.print(row, soft_wrap=True)


def _encodable(text: str, encoding: str) -> str:
    """`text` as the terminal can show it: an old code page must not end the check with a traceback."""
    return text.encode(encoding, "replace").decode(encoding)


def compose(report: Report) -> Iterator[Line]:
    """The whole report, line by line."""
    yield from _head(report)
    yield from _errors(report)
    names = say.report_names(report)
    for path, papers in say.by_file(report).items():
        yield Line("", "")
        yield Line("■ ", names[path], "file")
        yield from _reading(papers[0].reading)
        for paper in papers:
            yield from _paper(report, paper, names)
    yield from _overall(report, names)
    yield from _scopes(report)
    yield from _not_checked(report)
    yield from _stale(report)
    yield from _verdict(report)


def _head(report: Report) -> Iterator[Line]:
    number = say.one_line(report.notice.number)
    yield Line("", "考核材料检查报告", "title")
    yield Line("依据：", say.one_line(report.notice.title) + (f"（{number}）" if number else ""))
    about = [say.one_line(text) for text in (report.submission.unit, report.submission.person) if text]
    about += [FLAGS.get(flag, say.one_line(flag)) for flag in sorted(report.submission.flags)]
    if about:
        yield Line("对象：", "，".join(about))


def _errors(report: Report) -> Iterator[Line]:
    if not report.errors:
        return
    names = say.report_names(report)
    yield Line("", "")
    yield Line("× ", f"有{len(report.errors)}个文件没有检查：", "error")
    for problem in report.errors:
        yield Line("  × ", f"{names[problem.path]}：{say.one_line(problem.message)}", "error")


def _reading(reading: Reading) -> Iterator[Line]:
    if reading.read:
        yield Line("  已读：", say.notes(reading.read), "dim")
    if reading.not_read:
        yield Line("  未读：", say.notes(reading.not_read), "warning")


def _paper(report: Report, paper: Document, names: Mapping[str, str]) -> Iterator[Line]:
    yield Line("", "")
    yield Line("  ── ", f"{say.kind_name(paper)} ──", "paper")
    yield Line("  识别：", say.recognition(paper), "dim")
    coverage = next((item for item in report.coverage if item.document is paper), None)
    if coverage is not None:
        yield from _coverage(coverage)
    findings = report.of(paper)
    if not findings:
        yield Line("  ", f"{say.nothing_found(paper, checked=coverage is not None)}。", "dim")
    for group in say.by_rule(findings):
        yield from _group(report, group, names)


def _coverage(coverage: Coverage) -> Iterator[Line]:
    count = coverage.count
    yield Line("  字数：", say.count_phrase(count), "error" if count.over else "")
    if coverage.facets:
        yield Line("  方面：", _levels(coverage.facets, say.FACET_LEVELS, ("section",)))
    if coverage.topics:
        yield Line(
            "  事项：", f"共{len(coverage.topics)}项，" + _levels(coverage.topics, say.TOPIC_LEVELS, ("substantive",))
        )


def _levels(levels: Sequence[Level], names: Mapping[str, str], only_counted: Sequence[str]) -> str:
    """Each level with its number; what is in order is only counted, the rest is named."""
    phrases = []
    for level, members in say.by_level(levels):
        phrase = f"{say.level_name(members[0], names)}{len(members)}项"
        if level not in only_counted:
            phrase += "：" + "、".join(say.one_line(member.name) for member in members)
        phrases.append(phrase)
    return "；".join(phrases)


def _group(report: Report, group: say.Group, names: Mapping[str, str]) -> Iterator[Line]:
    first = group.first
    accepted = first.accepted
    sign = f"  {say.SEVERITY_SIGNS[first.severity]} {SEVERITY_NAMES[first.severity]} "
    style: str = first.severity
    if accepted is not None:
        sign, style = f"  √ {say.accepted_name(accepted)} ", "dim"
    clause = say.clause_name(first.clause)
    basis = f"（{clause}）" if clause else ""
    if len(group.findings) == 1:
        yield Line(sign, f"{say.one_line(first.message)}{basis}", style)
        yield from _place(first)
        yield from _related(first, names)
    else:
        rule = say.rule_names(report).get(first.rule, say.one_line(first.rule))
        yield Line(sign, f"{rule}：{len(group.findings)}处{basis}", style)
        yield from _members(group.findings)
    if accepted is not None:
        yield Line("      理由：", say.decision_phrase(accepted), "dim")
        yield Line("      原级别：", SEVERITY_NAMES[first.severity], "dim")
    elif first.suggestion:
        yield Line("      建议：", say.one_line(first.suggestion))


def _place(finding: Finding) -> Iterator[Line]:
    heading = _heading(finding)
    if finding.quote.strip():
        beneath = f"，在“{heading}”之下" if heading else ""
        yield Line("      原文：", f"「{say.shorten(finding.quote, QUOTE)}」{beneath}")
    elif heading:
        yield Line("      位置：", f"“{heading}”")


def _members(findings: Sequence[Finding]) -> Iterator[Line]:
    """The findings of one group, a line each; those that differ in one quoted name only, in one paragraph."""
    cut = [_QUOTED.fullmatch(say.one_line(finding.message)) for finding in findings]
    parts = [match.groups() for match in cut if match and match[2]]
    around = {(before, after) for before, _, after in parts}
    names = {name for _, name, _ in parts}
    if len(names) == len(findings) and len(around) == 1:
        before, after = around.pop()
        yield Line("      - ", f"{before}{(after[0] + before[-1]).join(name for _, name, _ in parts)}{after}")
        return
    for finding in findings[:MEMBERS_SHOWN]:
        beneath = _beneath(finding)
        message = say.one_line(finding.message)
        yield Line("      - ", (message.rstrip("。") if beneath else message) + beneath)
    if len(findings) > MEMBERS_SHOWN:
        yield Line("      - ", f"还有{len(findings) - MEMBERS_SHOWN}处同类问题，这里不再列出，网页报告（html）中有全部")


def _beneath(finding: Finding) -> str:
    """The words and the heading above them, behind a message; words that the message itself says are not said twice."""
    quote = say.shorten(finding.quote, QUOTE // 2)
    shown = f"：「{quote}」" if quote and quote not in finding.message else ""
    heading = _heading(finding)
    return shown + (f"，在“{heading}”之下" if heading else "")


def _heading(finding: Finding) -> str:
    """The heading above the place of a finding; empty where that would tell nothing (the title, or no place at all)."""
    if finding.document is None or finding.place is None:
        return ""
    if finding.span is None and finding.place == finding.document.title:
        return ""
    return say.shorten(say.heading_of(finding.document, finding.place), 24)


def _related(finding: Finding, names: Mapping[str, str]) -> Iterator[Line]:
    for place in finding.related[:RELATED_SHOWN]:
        quote = say.shorten(place.document.slice(say.clamp(place.document, place.span)), QUOTE // 2)
        yield Line("      另见：", f"{say.whereabouts(finding, place.document, names)}「{quote}」")
    if len(finding.related) > RELATED_SHOWN:
        yield Line("      另见：", f"还有{len(finding.related) - RELATED_SHOWN}处")


def _overall(report: Report, names: Mapping[str, str]) -> Iterator[Line]:
    if not report.overall:
        return
    yield Line("", "")
    yield Line("■ ", "全部材料", "file")
    for group in say.by_rule(report.overall):
        yield from _group(report, group, names)


def _scopes(report: Report) -> Iterator[Line]:
    """What the figures of 字数 count; the same for all papers as a rule, so it is said once."""
    scopes = dict.fromkeys(say.one_line(coverage.count.scope) for coverage in report.coverage if coverage.count.scope)
    if scopes:
        yield Line("", "")
    for scope in scopes:
        yield Line("字数统计范围：", scope, "dim")


def _not_checked(report: Report) -> Iterator[Line]:
    if not report.not_checked:
        return
    yield Line("", "")
    yield Line("■ ", f"没有检查的规则：{len(report.not_checked)}项", "file")
    for reason, rules in say.by_reason(report.not_checked, say.rule_names(report)).items():
        listed = "、".join(rules) if len(rules) <= RULES_SHOWN else f"{'、'.join(rules[:RULES_SHOWN])}等{len(rules)}项"
        yield Line("  - ", f"{reason}：{listed}")


def _stale(report: Report) -> Iterator[Line]:
    if not report.stale:
        return
    yield Line("", "")
    yield Line("■ ", f"不再起作用的处理意见：{len(report.stale)}条", "file")
    names = say.rule_names(report)
    for entry in report.stale:
        yield Line("  - ", say.stale_phrase(entry, names))


def _verdict(report: Report) -> Iterator[Line]:
    style = {"pass": "pass", "remarks": "warning"}.get(report.verdict, "error")
    if say.nothing_checked(report):
        style = "error"
    yield Line("", "")
    yield Line("", say.advice(report))
    yield Line("", f"结论：{say.verdict_name(report)}（{say.counts_phrase(report)}）", style)


def columns(text: str) -> int:
    """Width in a terminal. What may take one column or two (quotes, ×, …) counts as two: no row is ever too long."""
    width = 0
    for letter in text:
        if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
            continue
        width += 2 if unicodedata.east_asian_width(letter) in "WFA" else 1
    return width


def rows_of(line: Line, width: int) -> Iterator[tuple[str, str]]:
    """The rows of one line, each as (lead or indent, text)."""
    indent = columns(line.lead)
    if indent > width // 2:
        indent = 0
    for number, text in enumerate(wrap(line.text, width - indent)):
        yield (line.lead if number == 0 else " " * indent), text


def wrap(text: str, width: int) -> Iterator[str]:
    """`text` in rows of at most `width` columns, broken as Chinese is: anywhere but before a closing mark, after an
    opening one, or inside a word or number."""
    row, used = "", 0
    for unit in _units(text, width):
        size = columns(unit)
        if row and used + size > width:
            yield row.rstrip()
            row, used = "", 0
            if unit.isspace():
                continue
        row += unit
        used += size
    yield row.rstrip()


def _units(text: str, width: int) -> Iterator[str]:
    """The pieces that a row is never broken inside of; one that is wider than a row comes letter by letter."""
    unit = ""
    for piece in _UNITS.findall(text):
        if unit and piece[0] not in _CLOSING and unit[-1] not in _OPENING:
            yield from (unit if columns(unit) > width else (unit,))
            unit = ""
        unit += piece
    yield from (unit if columns(unit) > width else (unit,))
