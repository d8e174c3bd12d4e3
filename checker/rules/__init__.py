"""Kinds of rule, in an explicit table: what changes by thought. What changes by decree is data in `notices/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from checker.language.speech import CUES
from checker.rules import (
    aspects,
    copied_text,
    facets,
    figure_arithmetic,
    figure_conflict,
    fixed_expression,
    foreign_name,
    grade_ratio,
    grade_roster,
    grades,
    key_events,
    length,
    list_content,
    list_empty,
    members,
    mention,
    papers_present,
    pending,
    placeholder,
    roster,
    topics,
    wrong_period,
)
from checker.rules.base import Kind

PENDING = "pending"


def _kind(
    name: str,
    module: ModuleType,
    cases: Mapping[str, str],
    covers: str = "",
    cues: tuple[str, ...] = (),
) -> Kind:
    """A row of the table; `cases` gives for each case the facts that its message may name, divided by spaces."""
    return Kind(
        name=name,
        params=module.Params,
        check=module.check,
        cases={case: tuple(facts.split()) for case, facts in cases.items()},
        cover=getattr(module, "cover", None),
        idle=getattr(module, "idle", None),
        overall=getattr(module, "overall", None),
        dues=getattr(module, "dues", None),
        covers=covers,
        lexicons=cues,
        manual=module.__doc__ or "",
    )


_COUNTS = "count over left"
_TOPIC = "topic name under"
_MEMBERS = "name members"
_EXPRESSION = "name wrong right missing wording"
_COPY = "other words total share passages"
_DUE = "kind paper person who reason"
_PAPER = "kind paper person"
_PROPOSED = "person grade"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("length", length, {"over": _COUNTS, "near": _COUNTS}),
        _kind("facets", facets, {"absent": "name facet", "passage": "names"}, covers="facets", cues=CUES),
        _kind("topics", topics, dict.fromkeys(("absent", "unsure", "named"), _TOPIC), covers="topics", cues=CUES),
        _kind(
            "members",
            members,
            {
                "unnamed": _MEMBERS,
                "missing": f"{_MEMBERS} missing",
                "wrong": f"{_MEMBERS} wrong right",
                "order": f"{_MEMBERS} wrong right",
            },
        ),
        _kind("mention", mention, {"absent": ""}),
        _kind("papers-present", papers_present, {"absent": "kind name"}),
        _kind("list-empty", list_empty, {"empty": "kind name", "nothing": "kind name"}),
        _kind("list-content", list_content, dict.fromkeys(("overall", "each", "bundle", "disguise"), "missing")),
        _kind("aspects", aspects, {"absent": "name", "thin": "name missing"}),
        _kind("key-events", key_events, {"few": "count min max", "many": "count min max"}, cues=CUES),
        _kind("placeholder", placeholder, {"": ""}),
        _kind(
            "fixed-expression",
            fixed_expression,
            dict.fromkeys(("wrong", "missing", "order"), _EXPRESSION) | {"misquoted": "name wrong right wording"},
        ),
        _kind(
            "copied-text",
            copied_text,
            dict.fromkeys(("passage", "passages", "team"), _COPY) | {"same": "other", "version": "other share"},
        ),
        _kind(
            "figure-conflict",
            figure_conflict,
            dict.fromkeys(("inside", "across", "inside-check", "across-check"), "name value other"),
        ),
        _kind("figure-arithmetic", figure_arithmetic, dict.fromkeys(figure_arithmetic.CASES, "told worked_out")),
        _kind("wrong-period", wrong_period, dict.fromkeys(wrong_period.CASES, "found year")),
        _kind("foreign-name", foreign_name, dict.fromkeys(foreign_name.CASES, "found own")),
        _kind(
            "roster",
            roster,
            dict.fromkeys(("report", "report-check", "note", "note-check", "not-owed", "special"), _DUE)
            | {"team": "names reason", "unknown": _PAPER, "elsewhere": f"{_PAPER} units", "nameless": _PAPER},
        ),
        _kind(
            "grades",
            grades,
            dict.fromkeys(("unknown", "empty", "twice", "unnamed"), _PROPOSED) | {"no-table": ""},
        ),
        _kind("grade-ratio", grade_ratio, {"over": "count assessed undetermined ratio share limit over"}),
        _kind(
            "grade-roster",
            grade_roster,
            dict.fromkeys(("fixed", "fixed-check", "not-assessed", "special"), "person grade reason")
            | {"missing": "person reason", "stranger": "person", "elsewhere": "person units"},
        ),
        _kind(PENDING, pending, {}),
    )
}

_LEXICONS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "facets": facets.lexicons,
    "topics": topics.lexicons,
    "mention": mention.lexicons,
    "list-empty": list_empty.lexicons,
    "list-content": list_content.lexicons,
    "aspects": aspects.lexicons,
    "key-events": key_events.lexicons,
    "placeholder": placeholder.lexicons,
    "fixed-expression": fixed_expression.lexicons,
    "foreign-name": foreign_name.lexicons,
    "figure-conflict": figure_conflict.lexicons,
    "figure-arithmetic": figure_arithmetic.lexicons,
    "copied-text": copied_text.lexicons,
    "grades": grades.lexicons,
    "grade-ratio": grade_ratio.lexicons,
    "grade-roster": grade_roster.lexicons,
}


def lexicons(kind: Kind, params: object) -> Iterator[str]:
    """The ids of all lexicons that a rule of `kind` with these parameters looks up."""
    yield from kind.lexicons
    if kind.name in _LEXICONS:
        yield from _LEXICONS[kind.name](params)
