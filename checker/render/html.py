"""The report as one HTML page that stands alone: no network, no other file, readable in any browser and on paper.

Everything is worked out here and in `marked_text`; the template only writes it down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import Environment
from markupsafe import Markup

from checker.document import FLAGS, PAPER_KINDS, UNIT_TYPES, Document, Span
from checker.render import Rendered
from checker.render import page as pages
from checker.render import phrases as say
from checker.render.marked_text import Mark, Paragraph, Table, body
from checker.report import SEVERITIES, SEVERITY_NAMES, Count, Coverage, Finding, Level, Problem, Report, Severity

if TYPE_CHECKING:
    from checker.screening.cards import Assignment
    from checker.screening.result import DueLine, Round

QUOTE = 80
QUOTE_OUTSIDE = 600
"""Of a paper that the page does not show: there is no other place to read it."""
SIGNS: Mapping[str, str] = {**{str(name): sign for name, sign in say.SEVERITY_SIGNS.items()}, "accepted": "√"}
LEVEL_SIGNS: Mapping[str, str] = {
    "absent": "×",
    "named": "△",
    "passage": "△",
    "section": "✓",
    "substantive": "✓",
    "not-applicable": "－",
}
"""A sign beside the name of each level, so that none is told by colour alone."""
ROOMY = 6
"""A cell with more characters than this is kept wide enough to be read on a phone."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A related place: what it is called, its words, and the id to jump to (empty: not in this report).

    In a batch it may be in a paper of another `unit`, whose page is at `page`.
    """

    name: str
    quote: str
    target: str
    unit: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding in the list beside the text."""

    number: int
    message: str
    quote: str
    heading: str
    page: int | None
    target: str
    related: tuple[Elsewhere, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Findings that are told together. `decision` is that of a person to leave them, `accepted` its name in short."""

    severity: Severity
    rule: str
    rule_name: str
    clause: str
    suggestion: str
    entries: tuple[Entry, ...]
    accepted: str
    decision: str


@dataclass(frozen=True, slots=True)
class Row:
    """One facet or topic; `targets` are the ids of its evidence, best first, `finding` that of what is said of it."""

    name: str
    level: str
    level_name: str
    how: str
    quote: str
    targets: tuple[str, ...]
    finding: str
    reason: str

    @property
    def jump(self) -> str:
        """Where one who asks about it wants to go: its words, else what is said of their absence."""
        return self.targets[0] if self.targets else self.finding


@dataclass(frozen=True, slots=True)
class Band:
    """The facets or topics of one level: a stretch of the bar, in percent of its width, and a row of names."""

    level: str
    name: str
    left: float
    width: float
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """The facets or topics of one paper, from what has to be looked at to what is in order."""

    title: str
    summary: str
    bands: tuple[Band, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of them in one row."""
        return tuple(row for band in self.bands for row in band.rows)


@dataclass(frozen=True, slots=True)
class Gauge:
    """字数 as a bar: how far it is filled and where the limit stands, in percent of its width."""

    phrase: str
    scope: str
    over: bool
    filled: float
    limit: float | None
    limit_name: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper with all that is shown of it."""

    ident: str
    name: str
    person: str
    reason: str
    gauge: Gauge | None
    levels: tuple[Levels, ...]
    body: tuple[Paragraph | Table, ...]
    pins: tuple[Mark, ...]
    cards: tuple[Card, ...]
    counts: Mapping[Severity, int]
    accepted: int
    silence: str
    recognised: str


@dataclass(frozen=True, slots=True)
class File:
    """One file, how it was read, and the papers in it."""

    name: str
    format: str
    sha256: str
    read: str
    not_read: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What the page of one unit says of the screening that it is a part of. Every path is as seen from this page.

    `index` is the worklist, `form` the form to be sent back (empty: none), `copies` the marked-up papers by name.
    `guesses` are those of its papers whose owner was guessed. `unread` are files of the unit that the report does not
    tell already, `others` the papers of other units that findings point at: path, unit and its page.
    """

    index: str
    form: str = ""
    copies: tuple[tuple[str, str], ...] = ()
    dues: tuple[DueLine, ...] = ()
    round: Round | None = None
    surplus: tuple[str, ...] = ()
    set_aside: tuple[Assignment, ...] = ()
    guesses: tuple[Assignment, ...] = ()
    unread: tuple[Problem, ...] = ()
    others: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def missing(self) -> list[DueLine]:
        """The papers that are owed and did not come."""
        return [due for due in self.dues if due.missing]

    @property
    def owed(self) -> int:
        """How many papers are owed."""
        return sum(due.due.owed == "owed" for due in self.dues)


def render(
    report: Report, sources: Mapping[str, bytes] | None = None, batch: Batch | None = None
) -> tuple[Rendered, ...]:
    """The report as one HTML file; in a screening it leads back to the worklist and says what is known of the unit."""
    page = _Page(report, batch)
    sheets = ("base.css", "report.css", "batch.css") if batch else ("base.css", "report.css")
    css, script = "".join(pages.asset(name) for name in sheets), pages.asset("report.js")
    files = page.files()
    html = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            css=Markup(css),
            script=Markup(script),
            policy=pages.policy(css, script),
            facts=_facts(report),
            verdict="error" if say.nothing_checked(report) else report.verdict,
            verdict_name=say.verdict_name(report),
            advice=say.advice(report),
            counts=report.counts(),
            files=files,
            overall=page.overall(),
            rules=_rules_found(report),
            errors=[(page.names[problem.path], problem) for problem in report.errors],
            stale=[say.stale_phrase(entry, page.rule_names) for entry in report.stale],
            not_checked=say.by_reason(report.not_checked, page.rule_names),
            version=say.version(),
            batch=batch,
        )
    )
    return (Rendered("考核材料检查报告.html", html.encode()),)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = pages.environment()
    environment.globals.update(
        severities=SEVERITIES,
        severity_names=SEVERITY_NAMES,
        signs=SIGNS,
        level_signs=LEVEL_SIGNS,
        roomy=_roomy,
        url=pages.url,
        kinds=PAPER_KINDS,
        clause_name=say.clause_name,
    )
    return environment


def _roomy(cell: Sequence[Paragraph]) -> bool:
    return sum(len(piece.text) for paragraph in cell for piece in paragraph.pieces) > ROOMY


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

    def __init__(self, report: Report, batch: Batch | None = None) -> None:
        self.report = report
        self.others = batch.others if batch else {}
        self.names = say.report_names(report)
        self.rule_names = say.rule_names(report)
        self.documents = say.documents(report)
        self.coverage = {id(item.document): item for item in report.coverage}
        self.groups = {id(document): say.by_place(report.of(document)) for document in self.documents}
        self.overall_groups = say.by_place(report.overall)
        ordered = [group for document in self.documents for group in self.groups[id(document)]]
        findings = [finding for group in (*ordered, *self.overall_groups) for finding in group.findings]
        self.numbers = {id(finding): number for number, finding in enumerate(findings, 1)}
        self.said = {
            (id(finding.document), subject): f"f{self.numbers[id(finding)]}"
            for finding in reversed(findings)
            for subject in (finding.facts.get("topic"), finding.facts.get("facet"))
            if subject
        }
        self.marks: dict[int, list[Mark]] = {id(document): [] for document in self.documents}
        for finding in findings:
            self._mark(finding)
        for number, document in enumerate(self.documents, 1):
            self._mark_evidence(number, document)

    def _mark(self, finding: Finding) -> None:
        number = self.numbers[id(finding)]
        if finding.document is not None:
            span = say.clamp(finding.document, finding.span or _end_of(finding.at))
            settled = f"{say.accepted_name(finding.accepted)}，原为" if finding.accepted else ""
            title = f"第{number}条，{settled}{SEVERITY_NAMES[finding.severity]}：{say.one_line(finding.message)}"
            self.marks[id(finding.document)].append(
                Mark(f"t{number}", span, number, finding.severity, title, finding.accepted is not None)
            )
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
                for target, place in zip(_targets(number, letter, index, level), level.evidence, strict=True):
                    self.marks[id(document)].append(Mark(target, say.clamp(document, place)))

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
            person=_person(document),
            reason=say.recognition(document),
            gauge=_gauge(coverage.count) if coverage else None,
            levels=tuple(self._levels(number, coverage)) if coverage else (),
            body=text,
            pins=pins,
            cards=tuple(self._card(group) for group in self.groups[id(document)]),
            counts={name: sum(it.severity == name and it.accepted is None for it in findings) for name in SEVERITIES},
            accepted=sum(finding.accepted is not None for finding in findings),
            silence=say.nothing_found(document, checked=coverage is not None),
            recognised=_recognised(document, text),
        )

    def _levels(self, number: int, coverage: Coverage) -> Iterator[Levels]:
        for letter, title, levels, names in (
            ("a", "方面", coverage.facets, say.FACET_LEVELS),
            ("b", "事项", coverage.topics, say.TOPIC_LEVELS),
        ):
            if not levels:
                continue
            targets = {id(level): _targets(number, letter, index, level) for index, level in enumerate(levels, 1)}
            bands: list[Band] = []
            left = 0.0
            for shown, members in say.by_level(levels):
                rows = tuple(self._row(coverage.document, shown, level, names, targets[id(level)]) for level in members)
                width = 100 * len(rows) / len(levels)
                bands.append(Band(shown, rows[0].level_name, round(left, 2), round(width, 2), rows))
                left += width
            summary = "，".join(f"{band.name}{len(band.rows)}项" for band in bands)
            yield Levels(title, summary, tuple(bands))

    def _row(
        self, document: Document, shown: str, level: Level, names: Mapping[str, str], targets: tuple[str, ...]
    ) -> Row:
        quote = document.slice(say.clamp(document, level.evidence[0])) if level.evidence else ""
        found = (self.said.get((id(document), subject), "") for subject in (level.id, level.name))
        return Row(
            name=say.one_line(level.name),
            level=shown,
            level_name=say.level_name(level, names),
            how=say.how_found(level),
            quote=say.shorten(quote, QUOTE),
            targets=targets,
            finding=next(filter(None, found), ""),
            reason=say.one_line(level.not_applicable),
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
            accepted=say.accepted_name(first.accepted) if first.accepted else "",
            decision=say.decision_phrase(first.accepted) if first.accepted else "",
        )

    def _entry(self, finding: Finding) -> Entry:
        number = self.numbers[id(finding)]
        return Entry(
            number=number,
            message=say.one_line(finding.message),
            quote=_quote(finding),
            heading=_heading(finding),
            page=_page_number(finding),
            target="" if finding.document is None else f"t{number}",
            related=tuple(self._related(finding, number)),
        )

    def _related(self, finding: Finding, number: int) -> Iterator[Elsewhere]:
        for index, place in enumerate(finding.related, 1):
            words = place.document.slice(say.clamp(place.document, place.span))
            target = f"r{number}-{index}" if id(place.document) in self.marks else ""
            quote = say.shorten(words, QUOTE if target else QUOTE_OUTSIDE)
            name = say.whereabouts(finding, place.document, self.names)
            unit, page = ("", "") if target else self.others.get(place.document.path, ("", ""))
            yield Elsewhere(name, quote, target, say.one_line(unit), page)


def _person(document: Document) -> str:
    """Who wrote the paper and what is known of that person, where papers of several persons are checked together."""
    flags = "、".join(FLAGS.get(flag, flag) for flag in sorted(document.flags))
    return say.one_line(document.person) + (f"（{flags}）" if flags else "")


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


def _page_number(finding: Finding) -> int | None:
    """The page of the file on which it stands, where the file has pages."""
    if finding.document is None or finding.place is None:
        return None
    return finding.document.page(finding.place)


def _recognised(document: Document, text: Sequence[Paragraph | Table]) -> str:
    """What to know before reading a paper whose text, or some of it, was recognised in pictures."""
    if not document.recognised():
        return ""
    paragraphs = [item for item in text if isinstance(item, Paragraph)]
    if all(paragraph.recognised for paragraph in paragraphs):
        return "以下文字由识别图片得来，可能有误，请对照原件。"
    return "左边有点线的段落由识别图片得来，可能有误，请对照原件。"


def _gauge(count: Count) -> Gauge:
    phrase, scope = say.count_phrase(count), say.one_line(count.scope)
    if not count.limit:
        return Gauge(phrase, scope, count.limit is not None and count.value > 0, 0, None, "")
    full = max(count.value, count.limit)
    filled, limit = (round(100 * part / full, 2) for part in (count.value, count.limit))
    return Gauge(phrase, scope, count.over, filled, limit, f"上限{count.limit}字")


def _targets(number: int, letter: str, index: int, level: Level) -> tuple[str, ...]:
    """The ids of the evidence of one facet or topic."""
    return tuple(f"e{number}{letter}{index}-{place}" for place in range(1, len(level.evidence) + 1))
