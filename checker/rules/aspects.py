"""aspects：一个内容要写到几个要点（例如述学要写学了什么、怎么学的、收到什么效果）。

先找有没有这个内容：标题里有 heading 词表的词，或正文里有 trigger 词表的词。一点没有是 absent；有，但要点不全是 thin。
要点写在全文哪里都算。
参数：name_of 内容的名称；heading、trigger 词表；aspects 要点表（id、name、lexicon）。
情形：absent 没有；thin 要点不全。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language.paper import Paper
from checker.rules.base import Aspect, Hit


@dataclass(frozen=True, slots=True)
class Params:
    """What to look for, and the points it has to show."""

    name_of: str
    heading: str
    trigger: str
    aspects: tuple[Aspect, ...]


def lexicons(params: Params) -> Iterator[str]:
    """All lexicons of the rule."""
    yield params.heading
    yield params.trigger
    for aspect in params.aspects:
        yield aspect.lexicon


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit where the content is absent, or on the place that speaks of it where points are wanting."""
    for paper in papers:
        heading = next((s for s in paper.sections if paper.speaks(params.heading, s.heading)), None)
        triggers = paper.found(params.trigger)
        if heading is None and not triggers:
            yield Hit(paper.document, None, "absent", {"name": params.name_of}, at=paper.document.title)
            continue
        whole = Span(0, len(paper.document.text))
        missing = [aspect.name for aspect in params.aspects if not paper.speaks(aspect.lexicon, whole)]
        if missing:
            place = heading.heading if heading is not None else triggers[0]
            yield Hit(paper.document, place, "thin", {"name": params.name_of, "missing": "、".join(missing)})
