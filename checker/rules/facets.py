"""facets：通知要求围绕的几个方面（政治思想建设……；德、能、勤、绩、廉），材料是否都写到。

有专门的标题算「成段」，没有标题但有句子写到算「有内容」，都没有才算缺失。通知要的是内容，不是标题，所以只有内容没有标题时，
全文只给一条提示。标题的说法在 lexicons/facets/<id>-heading.txt，正文的说法在 lexicons/facets/<id>.txt。
参数：facets 方面表，每项有 id、name，可有 letter（标题只写「德」一个字也算）、topics（写实了其中一项，
就算写到了这个方面）。
情形：absent 完全没有；passage 有内容但没有标题。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language.paper import Paper
from checker.language.speech import has_substance
from checker.report import Level
from checker.rules.base import Hit

_MIN_BODY = 10
_DECORATION = re.compile(r"[\s一二三四五六七八九十\d、.．（()）：:“”‘’「」【】\[\]—\-。]|关于|方面|情况|部分|篇")


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet; `letter` is the single character that may stand alone as its heading.

    `topics` are those that the notice counts to the facet: who reports one of them with substance speaks to it.
    """

    id: str
    name: str
    letter: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Params:
    """The facets in the order of the notice."""

    facets: tuple[Facet, ...]


def lexicons(params: Params) -> Iterator[str]:
    """The lexicons for headings and passages."""
    for facet in params.facets:
        yield f"facets/{facet.id}-heading"
        yield f"facets/{facet.id}"
        yield from (f"topics/{topic}" for topic in facet.topics)


def _headings(facet: Facet, paper: Paper) -> Iterator[Span]:
    for section in paper.sections:
        if len(paper.document.slice(section.body).strip()) < _MIN_BODY:
            continue
        alone = facet.letter and _DECORATION.sub("", paper.document.slice(section.heading)) == facet.letter
        if alone or paper.speaks(f"facets/{facet.id}-heading", section.heading):
            yield section.heading


def _level(facet: Facet, paper: Paper) -> Level:
    headings = tuple(_headings(facet, paper))
    if headings:
        return Level(facet.id, facet.name, "section", headings[:5])
    passages = [
        statement.span
        for block, block_sentences in paper.sentences
        for sentence in block_sentences
        for statement in sentence.statements
        if _speaks(facet, paper, statement.span)
    ]
    return Level(facet.id, facet.name, "passage" if passages else "absent", tuple(passages[:5]))


def _speaks(facet: Facet, paper: Paper, span: Span) -> bool:
    if paper.speaks(f"facets/{facet.id}", span):
        return True
    return any(paper.speaks(f"topics/{topic}", span) for topic in facet.topics) and has_substance(paper, span)


def cover(params: Params, paper: Paper) -> tuple[Level, ...]:
    """The level of each facet in one paper: section, passage or absent."""
    key = ("facets", params)
    if key not in paper.memo:
        paper.memo[key] = tuple(_level(facet, paper) for facet in params.facets)
    return paper.memo[key]  # type: ignore[return-value]


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit for each facet that nothing speaks to, and one for all that only passages speak to."""
    for paper in papers:
        levels = cover(params, paper)
        title = paper.document.title
        for level in levels:
            if level.level == "absent":
                yield Hit(paper.document, None, "absent", {"name": level.name, "facet": level.id}, title, level.id)
        passages = [level for level in levels if level.level == "passage"]
        if passages:
            names = "、".join(level.name for level in passages)
            yield Hit(paper.document, None, "passage", {"names": names}, title, "passage")
