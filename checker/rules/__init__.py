"""Kinds of rule, in an explicit table: what changes by thought. What changes by decree is data in `notices/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from checker.language.speech import CUES
from checker.rules import (
    aspects,
    facets,
    fixed_expression,
    key_events,
    length,
    list_content,
    list_empty,
    members,
    mention,
    papers_present,
    pending,
    placeholder,
    topics,
)
from checker.rules.base import Kind

PENDING = "pending"


def _kind(name: str, module: ModuleType, cases: tuple[str, ...], covers: str = "", cues: tuple[str, ...] = ()) -> Kind:
    return Kind(
        name=name,
        params=module.Params,
        check=module.check,
        cases=cases,
        cover=getattr(module, "cover", None),
        covers=covers,
        lexicons=cues,
        manual=module.__doc__ or "",
    )


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("length", length, ("over", "near")),
        _kind("facets", facets, ("absent", "passage"), covers="facets"),
        _kind("topics", topics, ("absent", "named"), covers="topics", cues=CUES),
        _kind("members", members, ("unnamed", "missing", "wrong", "order")),
        _kind("mention", mention, ("absent",)),
        _kind("papers-present", papers_present, ("absent",)),
        _kind("list-empty", list_empty, ("empty", "nothing")),
        _kind("list-content", list_content, ("overall", "each", "bundle", "disguise")),
        _kind("aspects", aspects, ("absent", "thin")),
        _kind("key-events", key_events, ("few", "many"), cues=CUES),
        _kind("placeholder", placeholder, ("",)),
        _kind("fixed-expression", fixed_expression, ("wrong", "missing", "order", "misquoted")),
        _kind(PENDING, pending, ()),
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
}


def lexicons(kind: Kind, params: object) -> Iterator[str]:
    """The ids of all lexicons that a rule of `kind` with these parameters looks up."""
    yield from kind.lexicons
    if kind.name in _LEXICONS:
        yield from _LEXICONS[kind.name](params)
