"""Dates, and whose paper it is, held against small texts read by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from loaders import document, load_cases, params

from checker.language.dates import exists, find_dates
from checker.language.names import identify, same_unit


@pytest.mark.parametrize("case", params("dates.yml"))
def test_dates(case: Mapping[str, Any]) -> None:
    """All dates of a text are found, with their parts, and it is told which of them cannot be."""
    text = case["text"]
    found = [
        [text[date.span.start : date.span.end], date.year, list(date.months), list(date.days), exists(date)]
        for date in find_dates(text)
    ]
    assert found == case["dates"]


@pytest.mark.parametrize("case", params("names.yml"))
def test_identity(case: Mapping[str, Any]) -> None:
    """A paper's own units and persons are those of its head and its signature."""
    found = identify(document(case["text"], case.get("kind", "team-summary")))
    assert [owner.unit for owner in found.heads] == case.get("heads", [])
    assert [owner.unit for owner in found.signatures] == case.get("signatures", [])
    assert [person.name for person in found.persons] == case.get("persons", [])
    for part in ("city", "county", "zone"):
        if part in case:
            assert getattr(found.heads[0], part) == case[part]


@pytest.mark.parametrize(("one", "other", "same"), load_cases("unit-names.yml")["pairs"])
def test_same_unit(one: str, other: str, same: bool) -> None:
    """A short name is the unit it is short for; two offices with nothing in common are two units."""
    assert same_unit(one, other) is same
    assert same_unit(other, one) is same
