"""The report as one HTML page that stands alone: no network, no other file, readable in any browser and on paper.

Everything is worked out here and in `marked_text`; the template only writes it down.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from checker.document import FLAGS, UNIT_TYPES, Document, Span
from checker.render import Rendered
from checker.render import phrases as say
from checker.render.marked_text import Mark, Paragraph, Table, body
from checker.report import SEVERITIES, SEVERITY_NAMES, Count, Coverage, Finding, Level, Report, Severity

QUOTE = 80
QUOTE_OUTSIDE = 600
"""Of a paper that the page does not show: there is no other place to read it."""
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A related place: what it is called, its words, and the id to jump to (empty: not in this report)."""

    name: str
    quote: str
    target: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding in the list beside the text."""

    number: int
    message: str
    quote: str
    heading: str
    target: str
    related: tuple[Elsewhere, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Findings that are told together."""

    severity: Severity
    rule: str
    rule_name: str
    clause: str
    suggestion: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One facet or topic in the coverage table."""

    name: str
    level: str
    level_name: str
    quote: str
    target: str
    more: int
    reason: str


@dataclass(frozen=True, slots=True)
class Levels:
    """The facets or topics of one paper: a summary, those to be looked at, and those in order."""

    title: str
    summary: str
    open: tuple[Row, ...]
    settled: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """字数 as a bar: how far it is filled and where the limit stands, in percent of its width."""

    phrase: str
    scope: str
    over: bool
    filled: float
    limit: float | None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper with all that is shown of it."""

    ident: str
    name: str
    reason: str
    gauge: Gauge | None
    levels: tuple[Levels, ...]
    body: tuple[Paragraph | Table, ...]
    pins: tuple[Mark, ...]
    cards: tuple[Card, ...]
    counts: Mapping[Severity, int]
    silence: str


@dataclass(frozen=True, slots=True)
class File:
    """One file, how it was read, and the papers in it."""

    name: str
    format: str
    sha256: str
    read: str
    not_read: str
    papers: tuple[Paper, ...]


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """The report as one HTML file."""
    page = _Page(report)
    css, script = _asset("report.css"), _asset("report.js")
    files = page.files()
    html = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            css=Markup(css),
            script=Markup(script),
            policy=f"default-src 'none'; style-src {_hash(css)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'",
            facts=_facts(report),
            verdict="error" if say.nothing_checked(report) else report.verdict,
            verdict_name=say.verdict_name(report),
            advice=say.advice(report),
            counts=report.counts(),
            files=files,
            overall=page.overall(),
            rules=_rules_found(report),
            errors=[(page.names[problem.path], problem) for problem in report.errors],
            not_checked=say.by_reason(report.not_checked, page.rule_names),
            version=say.version(),
        )
    )
    return (Rendered("考核材料检查报告.html", html.encode()),)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    environment.globals.update(severities=SEVERITIES, severity_names=SEVERITY_NAMES, signs=say.SEVERITY_SIGNS)
    return environment


def _safe(value: object) -> object:
    """Every string that the template writes passes here, so none can be forgotten; escaping comes after."""
    return say.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=2)
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """The hash by which the page's own style or script, and no other, is allowed to run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _facts(report: Report) -> list[tuple[str, str]]:
    """The lines at the head of the page."""
    number = say.one_line(report.notice.number)
    flags = "、".join(FLAGS.get(flag, flag) for flag in sorted(report.submission.flags))
    facts = [
        ("依据", say.one_line(report.notice.title) + (f"（{number}）" if number else "")),
        ("单位", say.one_line(report.submission.unit)),
        ("单位类型", UNIT_TYPES.get(report.submission.unit_type, say.one_line(report.submission.unit_type))),
        ("姓名", say.one_line(report.submission.person)),
        ("身份", flags),
    ]
    return [(name, value) for name, value in facts if value]


def _rules_found(report: Report) -> list[tuple[str, str, int]]:
    """Rules that have findings, in the order of the notice: id, name, number of findings."""
    names = say.rule_names(report)
    found: dict[str, int] = dict.fromkeys(names, 0)
    for finding in report.findings:
        found[finding.rule] = found.get(finding.rule, 0) + 1
    return [(rule, names.get(rule, rule), count) for rule, count in found.items() if count]


class _Page:
    """Numbers the findings and knows which place of which paper each id stands for."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.names = say.report_names(report)
        self.rule_names = say.rule_names(report)
        self.documents = say.documents(report)
        self.coverage = {id(item.document): item for item in report.coverage}
        self.groups = {id(document): say.by_place(report.of(document)) for document in self.documents}
        self.overall_groups = say.by_place(report.overall)
        ordered = [group for document in self.documents for group in self.groups[id(document)]]
        findings = [finding for group in (*ordered, *self.overall_groups) for finding in group.findings]
        self.numbers = {id(finding): number for number, finding in enumerate(findings, 1)}
        self.marks: dict[int, list[Mark]] = {id(document): [] for document in self.documents}
        for finding in findings:
            self._mark(finding)
        for number, document in enumerate(self.documents, 1):
            self._mark_evidence(number, document)

    def _mark(self, finding: Finding) -> None:
        number = self.numbers[id(finding)]
        if finding.document is not None:
            span = say.clamp(finding.document, finding.span or _end_of(finding.at))
            title = f"第{number}条，{SEVERITY_NAMES[finding.severity]}：{say.one_line(finding.message)}"
            self.marks[id(finding.document)].append(Mark(f"t{number}", span, number, finding.severity, title))
        for index, place in enumerate(finding.related, 1):
            if id(place.document) in self.marks:
                span = say.clamp(place.document, place.span)
                self.marks[id(place.document)].append(Mark(f"r{number}-{index}", span))

    def _mark_evidence(self, number: int, document: Document) -> None:
        coverage = self.coverage.get(id(document))
        if coverage is None:
            return
        for letter, levels in (("a", coverage.facets), ("b", coverage.topics)):
            for index, level in enumerate(levels, 1):
                if level.evidence:
                    span = say.clamp(document, level.evidence[0])
                    self.marks[id(document)].append(Mark(f"e{number}{letter}{index}", span))

    def files(self) -> list[File]:
        """Every file with its papers."""
        numbers = {id(document): number for number, document in enumerate(self.documents, 1)}
        files = []
        for path, papers in say.by_file(self.report).items():
            reading = papers[0].reading
            files.append(
                File(
                    name=self.names[path],
                    format=papers[0].format,
                    sha256=papers[0].sha256,
                    read=say.notes(reading.read),
                    not_read=say.notes(reading.not_read),
                    papers=tuple(self._paper(numbers[id(paper)], paper) for paper in papers),
                )
            )
        return files

    def _paper(self, number: int, document: Document) -> Paper:
        coverage = self.coverage.get(id(document))
        findings = self.report.of(document)
        text, pins = body(document, self.marks[id(document)])
        return Paper(
            ident=f"p{number}",
            name=say.kind_name(document),
            reason=say.recognition(document),
            gauge=_gauge(coverage.count) if coverage else None,
            levels=tuple(_levels(number, coverage)) if coverage else (),
            body=text,
            pins=pins,
            cards=tuple(self._card(group) for group in self.groups[id(document)]),
            counts={name: sum(finding.severity == name for finding in findings) for name in SEVERITIES},
            silence=say.nothing_found(document, checked=coverage is not None),
        )

    def overall(self) -> list[Card]:
        """The findings on the submission as a whole."""
        return [self._card(group) for group in self.overall_groups]

    def _card(self, group: say.Group) -> Card:
        first = group.first
        return Card(
            severity=first.severity,
            rule=first.rule,
            rule_name=self.rule_names.get(first.rule, say.one_line(first.rule)),
            clause=say.clause_name(first.clause),
            suggestion=say.one_line(first.suggestion),
            entries=tuple(self._entry(finding) for finding in group.findings),
        )

    def _entry(self, finding: Finding) -> Entry:
        number = self.numbers[id(finding)]
        return Entry(
            number=number,
            message=say.one_line(finding.message),
            quote=_quote(finding),
            heading=_heading(finding),
            target="" if finding.document is None else f"t{number}",
            related=tuple(self._related(finding, number)),
        )

    def _related(self, finding: Finding, number: int) -> Iterator[Elsewhere]:
        for index, place in enumerate(finding.related, 1):
            words = place.document.slice(say.clamp(place.document, place.span))
            target = f"r{number}-{index}" if id(place.document) in self.marks else ""
            quote = say.shorten(words, QUOTE if target else QUOTE_OUTSIDE)
            yield Elsewhere(say.whereabouts(finding, place.document, self.names), quote, target)


def _quote(finding: Finding) -> str:
    """The words of a finding, unless its message says them already."""
    return "" if finding.quote in finding.message else say.shorten(finding.quote, QUOTE)


def _heading(finding: Finding) -> str:
    """What the place of a finding is called."""
    document, place = finding.document, finding.place
    if document is None or place is None:
        return ""
    if finding.span is None and place == document.title:
        return "标题"
    heading = say.shorten(say.heading_of(document, place), 30)
    return f"“{heading}”" + ("之下" if finding.span else "") if heading else ""


def _end_of(at: Span | None) -> Span:
    """An empty stretch at the last character of `at`: something is wanting here, and a pin is shown."""
    end = 0 if at is None else max(at.start, at.end - 1)
    return Span(end, end)


def _gauge(count: Count) -> Gauge:
    scope = say.one_line(count.scope)
    if not count.limit:
        return Gauge(say.count_phrase(count), scope, count.limit is not None and count.value > 0, 0, None)
    full = max(count.value, count.limit)
    filled, limit = (round(100 * part / full, 2) for part in (count.value, count.limit))
    return Gauge(say.count_phrase(count), scope, count.over, filled, limit)


def _levels(number: int, coverage: Coverage) -> Iterator[Levels]:
    for letter, title, levels, names, in_order in (
        ("a", "方面", coverage.facets, say.FACET_LEVELS, "section"),
        ("b", "事项", coverage.topics, say.TOPIC_LEVELS, "substantive"),
    ):
        if not levels:
            continue
        idents = {id(level): f"e{number}{letter}{index}" for index, level in enumerate(levels, 1)}
        grouped = list(say.by_level(levels))
        settled = (in_order, "not-applicable")
        rows = [
            (name in settled, _row(coverage.document, name, level, names, idents[id(level)]))
            for name, members in grouped
            for level in members
        ]
        yield Levels(
            title,
            "，".join(f"{say.level_name(members[0], names)}{len(members)}项" for _, members in grouped),
            tuple(row for done, row in rows if not done),
            tuple(row for done, row in rows if done),
        )


def _row(document: Document, shown: str, level: Level, names: Mapping[str, str], ident: str) -> Row:
    quote = document.slice(say.clamp(document, level.evidence[0])) if level.evidence else ""
    return Row(
        name=say.one_line(level.name),
        level=shown,
        level_name=say.level_name(level, names) + say.how_found(level),
        quote=say.shorten(quote, QUOTE),
        target=ident if level.evidence else "",
        more=max(0, len(level.evidence) - 1),
        reason=say.one_line(level.not_applicable),
    )
