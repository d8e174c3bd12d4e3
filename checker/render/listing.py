"""Findings as the rows of a table, for the outputs on paper: the return form and the cover of a marked-up copy."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from checker.document import Document
from checker.render import phrases as say
from checker.report import SEVERITIES, SEVERITY_NAMES, Finding, Report

_QUOTE = 40
_HEADING = 24
_MESSAGE = 240
_SHOWN = 3
_MEMBERS = 8
# A message about one name in quotation marks: before, name, after.
_QUOTED = re.compile("(.*?[“「])([^“”「」]*)([”」].*)")


@dataclass(frozen=True, slots=True)
class Item:
    """One row: what is wrong, where, on what grounds, and what to do. Line feeds part the lines of a cell."""

    place: str
    message: str
    basis: str
    suggestion: str
    severity: str


def items(report: Report, papers: Sequence[Document]) -> tuple[Item, ...]:
    """What has to be looked at in `papers` and in the submission as a whole, the gravest first.

    What a person accepted is left out. What one rule says of one paragraph, or misses in one place, is one row.
    """
    names = say.report_names(report)
    files: dict[str, set[str]] = {}
    for paper in papers:
        files.setdefault(paper.kind, set()).add(paper.path)
    # A file is named only where its kind does not tell it from the others.
    shared = frozenset(kind for kind, paths in files.items() if len(paths) > 1)
    groups = chain(
        ((None, group) for group in say.by_place(_open(report.overall))),
        ((paper, group) for paper in papers for group in say.by_place(_open(report.of(paper)))),
    )
    ordered = sorted(groups, key=lambda entry: SEVERITIES.index(entry[1].first.severity))
    return tuple(_item(paper, group, names, shared) for paper, group in ordered)


def _open(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.accepted is None]


def _item(paper: Document | None, group: say.Group, names: Mapping[str, str], shared: Collection[str]) -> Item:
    first = group.first
    return Item(
        "全部材料" if paper is None else "\n".join(_place(paper, group, names, shared)),
        "\n".join((together(group.findings), *_related(first, names))),
        say.clause_name(first.clause),
        say.shorten(first.suggestion, _MESSAGE),
        SEVERITY_NAMES[first.severity],
    )


def _place(paper: Document, group: say.Group, names: Mapping[str, str], shared: Collection[str]) -> Iterator[str]:
    """The paper, the page where it has pages, the heading above, and the words themselves."""
    place = group.first.place
    page = None if place is None else paper.page(place)
    where = f"{names[paper.path]}，{say.kind_name(paper)}" if paper.kind in shared else say.kind_name(paper)
    yield where + (f"，第{page}页" if page is not None else "")
    if place is not None and not (group.first.span is None and place == paper.title):
        heading = say.shorten(say.heading_of(paper, place), _HEADING)
        if heading:
            yield f"“{heading}”部分"
    quotes = dict.fromkeys(say.shorten(finding.quote, _QUOTE) for finding in group.findings)
    shown = [quote for quote in quotes if quote]
    yield from (f"「{quote}」" for quote in shown[:_SHOWN])
    if len(shown) > _SHOWN:
        yield f"等{len(shown)}处"


def _related(finding: Finding, names: Mapping[str, str]) -> Iterator[str]:
    for place in finding.related[:_SHOWN]:
        quote = say.shorten(place.document.slice(say.clamp(place.document, place.span)), _QUOTE)
        yield f"另见{say.whereabouts(finding, place.document, names)}：「{quote}」"


def together(findings: Sequence[Finding]) -> str:
    """What several findings say, in one sentence; where they differ in one quoted name only, with all the names."""
    messages = list(dict.fromkeys(say.one_line(finding.message) for finding in findings))
    parts = [match.groups() for match in map(_QUOTED.fullmatch, messages) if match]
    around = {(before, after) for before, _, after in parts}
    if len(parts) == len(messages) > 1 and len(around) == 1:
        before, after = around.pop()
        return f"{before}{(after[0] + before[-1]).join(name for _, name, _ in parts)}{after}"
    more = f"；等{len(messages)}处" if len(messages) > _MEMBERS else ""
    return say.joined(say.shorten(message, _MESSAGE) for message in messages[:_MEMBERS]) + more
