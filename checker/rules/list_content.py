"""list-content：清单的条目是否写到了通知要求的内容。

参数：overall 整份清单要有的要点；each 每一条要有的要点；single 为真时每条只写一个单项工作；
disguise 与 genuine 词表：条目里有 disguise 的词、没有 genuine 的词，就是拿成绩当问题；
empty 空话词表，空清单由 list-empty 负责。
要点：lexicon 里的词出现即算有；figure 为真时出现数字即算有。
情形：overall 整份清单缺要点；each 某条缺要点；bundle 某条把几项工作混在一起；disguise 某条不是问题。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language import lexicon
from checker.language.items import Item, items
from checker.language.paper import Paper
from checker.language.speech import FIGURE
from checker.rules.base import Aspect, Hit

_BUNDLE_ITEMS = 4
_MIN_ITEM = 6


@dataclass(frozen=True, slots=True)
class Params:
    """What the whole list, and what each item, has to show."""

    overall: tuple[Aspect, ...] = ()
    each: tuple[Aspect, ...] = ()
    single: bool = False
    disguise: str = ""
    genuine: str = ""
    empty: str = "cues/empty"


def lexicons(params: Params) -> Iterator[str]:
    """All lexicons of the rule."""
    yield from (aspect.lexicon for aspect in (*params.overall, *params.each) if aspect.lexicon)
    yield from (name for name in (params.disguise, params.genuine, params.empty) if name)


def _shows(paper: Paper, aspect: Aspect, span: Span) -> bool:
    if aspect.figure and FIGURE.search(paper.document.slice(span)):
        return True
    return bool(aspect.lexicon) and paper.speaks(aspect.lexicon, span)


def _missing(paper: Paper, aspects: Sequence[Aspect], span: Span) -> str:
    return "、".join(aspect.name for aspect in aspects if not _shows(paper, aspect, span))


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """Hits on the title for what the whole list lacks, and on the items for what each of them lacks."""
    empty_words = lexicon.terms(params.empty)
    for paper in papers:
        document = paper.document
        found = [
            item
            for item in items(paper)
            if len(document.slice(item.span).strip()) >= _MIN_ITEM
            and document.slice(item.span).strip() not in empty_words
        ]
        if not found:
            continue
        missing = _missing(paper, params.overall, Span(0, len(document.text)))
        if missing:
            yield Hit(document, None, "overall", {"missing": missing}, at=document.title, subject=missing)
        for item in found:
            yield from _check_item(params, paper, item)


def _check_item(params: Params, paper: Paper, item: Item) -> Iterator[Hit]:
    document = paper.document
    lead = _lead(document.text, item.span)
    if params.single and _bundles(document.slice(lead)):
        yield Hit(document, lead, "bundle", {"missing": ""})
        return
    missing = _missing(paper, params.each, item.span)
    if missing:
        yield Hit(document, lead, "each", {"missing": missing})
    if params.disguise and paper.speaks(params.disguise, item.span) and not paper.speaks(params.genuine, item.span):
        yield Hit(document, lead, "disguise", {"missing": ""})


def _lead(text: str, span: Span) -> Span:
    """The first sentence of an item: the words a remark about the item sits on."""
    match = re.compile(r"[。！？\n]").search(text, span.start, span.end)
    end = match.start() if match and match.start() > span.start + 1 else span.end
    return Span(span.start, end)


def _bundles(lead: str) -> bool:
    """Whether the lead sentence lists several works instead of naming one (抓好A、B、C、D等工作)."""
    run = max((part for part in re.split(r"[，；：。]", lead)), key=lambda part: part.count("、"), default="")
    return run.count("、") + 1 >= _BUNDLE_ITEMS and bool(
        re.search(r"等(?:各?项|方面)?(?:重点)?(?:工作|任务|活动|创建)", run)
    )
