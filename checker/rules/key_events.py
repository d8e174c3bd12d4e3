"""key-events：「绩」要重点写本人分管（承担）的 2—3 件大事要事。

先看有没有明说（「重点抓了三件大事」）及其后的列举；没有明说，就数「绩」部分里写明本人牵头、分管、负责的段落。
只有明说的件数才会被判为过多；没有明说而内容充实的，不判为缺少。
参数：heading 「绩」的标题词表；charge 本人负责的词表；announce 「大事要事」的词表；min、max 件数。
情形：few 少于 min；many 多于 max。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checker.document import Span
from checker.language.paper import Paper, Section
from checker.language.speech import has_substance
from checker.report import Place
from checker.rules.base import Hit

_SHOWN = 8
_NUMERALS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ANNOUNCED = re.compile(r"([一两二三四五六七八九十]|\d{1,2})\s*[件项个](?:[^，。；：\n]{0,6})")
_ORDINAL = re.compile(
    r"(?:^|(?<=[。；;，：:\n]))[^\S\n]*+(?:其?([一二三四五六七八九十])(?:是|、|，)|第([一二三四五六七八九十])(?:件|项|个|，|、|是)|[（(]([一二三四五六七八九十\d])[）)]|(\d)[.．、](?!\d))"
)


@dataclass(frozen=True, slots=True)
class Params:
    """How many matters, and the lexicons that find them."""

    heading: str
    charge: str
    announce: str
    min: int = 2
    max: int = 3


def lexicons(params: Params) -> Iterator[str]:
    """All lexicons of the rule."""
    yield params.heading
    yield params.charge
    yield params.announce


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit where fewer or more matters than asked for are told, with the passages found."""
    for paper in papers:
        hit = _check_paper(params, paper)
        if hit is not None:
            yield hit


def _check_paper(params: Params, paper: Paper) -> Hit | None:
    section = _section(params, paper)
    scope = section.body if section else Span(0, len(paper.document.text))
    announced = _announced(params, paper, scope)
    if announced is not None:
        count, place = announced
        return _judged(params, paper, count, place, _listed(paper, Span(place.end, scope.end), count))
    passages = _charged(params, paper, scope)
    # Nobody said how many: what reads like more than enough is not held against the paper.
    count = min(len(passages), params.max)
    return _judged(params, paper, count, section.heading if section else None, passages)


def _judged(params: Params, paper: Paper, count: int, place: Span | None, passages: Sequence[Span]) -> Hit | None:
    if params.min <= count <= params.max:
        return None
    facts = {"count": count, "min": params.min, "max": params.max}
    related = tuple(Place(paper.document, span) for span in passages[:_SHOWN])
    case = "few" if count < params.min else "many"
    return Hit(paper.document, place, case, facts, at=paper.document.title, related=related)


def _section(params: Params, paper: Paper) -> Section | None:
    """The longest section whose heading means 绩; one headed by the bare word comes before all others."""
    sections = [s for s in paper.sections if _is_letter(paper.document.slice(s.heading))]
    sections = sections or [s for s in paper.sections if paper.speaks(params.heading, s.heading)]
    return max(sections, key=lambda section: section.body.end - section.body.start, default=None)


def _is_letter(heading: str) -> bool:
    return re.sub(r"[\s一二三四五六七八九十\d、.．（()）：:“”]", "", heading) == "绩"


def _announced(params: Params, paper: Paper, scope: Span) -> tuple[int, Span] | None:
    """The number of matters that the paper itself announces, and where."""
    for term in paper.found(params.announce, scope):
        start = max(scope.start, term.start - 12)
        found = None
        for match in _ANNOUNCED.finditer(paper.document.text, start, term.end):
            if match.end() >= term.start:
                found = match
        if found is not None:
            numeral = found.group(1)
            return (int(numeral) if numeral.isdigit() else _NUMERALS[numeral]), Span(found.start(), term.end)
    return None


def _listed(paper: Paper, scope: Span, count: int) -> list[Span]:
    """The first words of each of the `count` matters listed after the announcement."""
    text = paper.document.text
    starts = [match.start() for match in _ORDINAL.finditer(text, scope.start, scope.end)][:count]
    return [
        Span(start + len(text[start:]) - len(text[start:].lstrip()), _phrase_end(text, start, scope.end))
        for start in starts
    ]


def _phrase_end(text: str, start: int, stop: int) -> int:
    match = re.compile(r"[，。；\n]").search(text, start + 4, stop)
    return match.start() if match else stop


def _charged(params: Params, paper: Paper, scope: Span) -> list[Span]:
    """The paragraphs or listed statements of the stretch that tell what the person took charge of, with substance."""
    found: list[Span] = []
    for block, sentences in paper.sentences:
        if not scope.holds(block.span):
            continue
        leads = [match.start() for match in _ORDINAL.finditer(paper.document.text, block.span.start, block.span.end)]
        bounds = [*leads, block.span.end] if len(leads) >= 2 else [block.span.start, block.span.end]
        for start, end in pairwise(bounds):
            piece = Span(start, end)
            if has_substance(paper, piece) and (
                paper.speaks(params.charge, piece) or len(bounds) > 2 or len(sentences) >= 2
            ):
                found.append(piece)
    return found
