"""From the report on one unit to the lines that the outputs of a screening are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.document import Document
from checker.render import machine
from checker.render import phrases as say
from checker.report import SEVERITIES, Count, Coverage, Finding, Level, Report
from checker.roster import Arrived, Due, settle
from checker.screening.cards import Key
from checker.screening.result import DueLine, FindingLine, PaperLine, Round, UnitLine

_QUOTE = 200
_SUBJECTS = ("topic", "facet", "kind", "other")


def unit_line(
    report: Report,
    *,
    known: bool = True,
    keys: Sequence[Key] | None = None,
    page: str = "",
    form: str = "",
    copies: Mapping[str, str] | None = None,
    turn: Round | None = None,
) -> UnitLine:
    """One unit, from its finished report.

    `keys` are those of the papers of the submission, in their order; without them the path is the name. `page`, `form`
    and `copies` (from the name of a file to its marked-up copy) are seen from the folder of the results.
    """
    submission, counts = report.submission, report.counts()
    named = _keys(report, keys)
    coverage = {id(entry.document): entry for entry in report.coverage}
    papers = tuple(
        paper_line(report, document, coverage.get(id(document)), key, page, (copies or {}).get(key.name, ""))
        for document, key in zip(submission.documents, named.values(), strict=True)
    )
    summary = next((entry for entry in report.coverage if entry.document.kind == "team-summary"), None)
    dues, surplus = due_lines(submission.dues, papers, submission.unread)
    return UnitLine(
        name=submission.unit,
        unit_type=submission.unit_type,
        known=known,
        verdict=report.verdict,
        errors=counts["error"],
        warnings=counts["warning"],
        infos=counts["info"],
        accepted=len(report.accepted),
        papers=papers,
        dues=dues,
        findings=tuple(
            finding_line(finding, named.get(id(finding.document)), submission.person) for finding in report.findings
        ),
        problems=report.errors,
        surplus=surplus,
        topics=_levels(summary.topics if summary else ()),
        facets=_levels(summary.facets if summary else ()),
        page=page,
        form=form,
        round=turn,
    )


def paper_line(
    report: Report, document: Document, coverage: Coverage | None, key: Key, page: str = "", copy: str = ""
) -> PaperLine:
    """One paper, with how many findings on it count."""
    count = Count(0, None, "") if coverage is None else coverage.count
    left = [finding.severity for finding in report.of(document) if finding.accepted is None]
    errors, warnings, infos = (left.count(name) for name in SEVERITIES)
    return PaperLine(
        name=key.name,
        part=key.part,
        unit=report.submission.unit,
        person=_person(document, report.submission.person),
        kind=document.kind,
        words=count.value,
        limit=count.limit,
        over=count.over,
        recognised=count.recognised,
        errors=errors,
        warnings=warnings,
        infos=infos,
        page=page,
        copy=copy,
    )


def finding_line(finding: Finding, key: Key | None, person: str = "") -> FindingLine:
    """One finding; `key` is that of its paper, None for one on the unit as a whole."""
    document, where = finding.document, machine.place(finding)
    return FindingLine(
        rule=finding.rule,
        fingerprint=finding.fingerprint,
        severity=finding.severity,
        message=say.one_line(finding.message),
        quote=finding_quote(finding.quote),
        clause=finding.clause,
        paper="" if key is None else key.name,
        kind=str(finding.facts.get("kind", "")) if document is None else document.kind,
        person=str(finding.facts.get("person", "")) if document is None else _person(document, person),
        part=0 if key is None else key.part,
        case=finding.case,
        subject=subject(finding.facts),
        place="" if where is None else where.phrase,
        accepted="" if finding.accepted is None else say.decision_phrase(finding.accepted),
    )


def finding_quote(quote: str) -> str:
    """The words a finding speaks of, as a line holds them."""
    return say.shorten(quote, _QUOTE)


def subject(facts: Mapping[str, object]) -> str:
    """The id of what is absent, by the facts of a finding; empty where it is about words that stand in the paper."""
    return next((str(facts[name]) for name in _SUBJECTS if facts.get(name)), "")


def due_lines(
    dues: Sequence[Due], papers: Sequence[PaperLine], unread: Sequence[Arrived] = ()
) -> tuple[tuple[DueLine, ...], tuple[str, ...]]:
    """What came of the duties of a unit, and the files that nobody asked for; what could not be read did come."""
    arrived = [Arrived(paper.kind, paper.person, paper.name) for paper in papers]
    settled = settle(dues, [*arrived, *unread])
    lines = tuple(DueLine(due, files) for due, files in zip(dues, settled.answers, strict=True))
    surplus = dict.fromkeys(paper.path for paper in settled.surplus if paper in arrived)
    return lines, tuple(surplus)


def _person(document: Document, other: str) -> str:
    return document.person or other


def _levels(levels: Sequence[Level]) -> dict[str, str]:
    return {level.id: "not-applicable" if level.not_applicable else level.level for level in levels}


def _keys(report: Report, keys: Sequence[Key] | None) -> dict[int, Key]:
    """The key of each paper; without any given, its path and how many papers of that file came before it."""
    documents = report.submission.documents
    if keys is not None:
        return {id(document): key for document, key in zip(documents, keys, strict=True)}
    before: dict[str, int] = {}
    found: dict[int, Key] = {}
    for document in documents:
        part = before.get(document.path, 0)
        before[document.path] = part + 1
        found[id(document)] = Key(document.path, part)
    return found
