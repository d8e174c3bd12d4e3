"""Every kind of rule, held against the cases of its file in cases/rules: « » mark exactly what it must find.

A case gives `rule` (parameters of the kind, or the id of a rule of the shipped notice to take them from), `text` or
`documents`, and what must be found besides the marks: `absent` lists the hits without words of their own, by their
subject, else by their case; `case` the cases of all hits, marks first; `facts` what the only hit must know;
`related` the words that it points at. `unit`, `unit_type`, `person`, `roster`, `against` (texts to compare with) and
`year` say what is known besides, `grades` which ratios are set; what a unit owes follows from its roster. `persons`
say whose the documents are, `unread` what came and could not be read. No marks and no `absent` mean silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from loaders import CASES, load_cases, run_case

from checker import rules
from checker.document import Span
from checker.rules.base import Hit


def cases() -> Iterator[Any]:
    for path in sorted((CASES / "rules").glob("*.yml")):
        for name, case in load_cases(f"rules/{path.name}").items():
            yield pytest.param(path.stem, case, id=f"{path.stem}: {name}")


@pytest.mark.parametrize(("kind", "case"), list(cases()))
def test_rule(kind: str, case: Mapping[str, Any]) -> None:
    """The rule finds exactly what is marked, and what is listed as absent, and nothing else."""
    made, hits = run_case(kind, case)
    marked = sorted((hit for hit in hits if hit.span is not None), key=lambda hit: (which(made, hit), hit.span))
    unmarked = [hit for hit in hits if hit.span is None]
    expected = [(number, span) for number, (_, spans) in enumerate(made) for span in spans]
    assert [shown(made, which(made, hit), hit.span) for hit in marked] == [shown(made, *place) for place in expected]
    assert [(which(made, hit), hit.span) for hit in marked] == expected
    assert [hit.subject or hit.case for hit in unmarked] == case.get("absent", [])
    check_details(case, [*marked, *unmarked])
    check_shape(kind, hits)


def which(made: list[Any], hit: Hit) -> int:
    return next(number for number, (document, _) in enumerate(made) if document is hit.document)


def shown(made: list[Any], number: int, span: Span | None) -> str:
    assert span is not None
    return f"{number}: {made[number][0].slice(span)}"


def check_details(case: Mapping[str, Any], hits: list[Hit]) -> None:
    if "case" in case:
        wanted = case["case"] if isinstance(case["case"], list) else [case["case"]] * len(hits)
        assert [hit.case for hit in hits] == wanted
    if "facts" in case:
        assert len(hits) == 1
        assert {name: hits[0].facts.get(name) for name in case["facts"]} == case["facts"]
    if "related" in case:
        assert len(hits) == 1
        assert [place.document.slice(place.span) for place in hits[0].related] == case["related"]


def check_shape(kind: str, hits: list[Hit]) -> None:
    """Every hit has a case that a notice can word, and a place to be shown at wherever there is a paper."""
    for hit in hits:
        assert hit.case in rules.KINDS[kind].cases
        if hit.document is not None:
            place = hit.span or hit.at
            assert place is not None
            assert 0 <= place.start < place.end <= len(hit.document.text)
