"""mention：材料里应当能看到某个说明（例如经党委（党组）集体研究审定）。

参数：lexicon 这类说明的词表；together 为真时，几份材料中有一份写明即可（四个清单一并审定）。
情形：absent 没有看到。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the wordings; with `together` one paper speaks for all."""

    lexicon: str
    together: bool = False


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of wordings."""
    yield params.lexicon


def _mentioned(params: Params, paper: Paper) -> bool:
    return paper.speaks(params.lexicon, Span(0, len(paper.document.text)))


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on the title of each paper without the statement (of the first paper, where one may speak for all)."""
    if params.together and any(_mentioned(params, paper) for paper in papers):
        return
    for paper in papers:
        if not _mentioned(params, paper):
            yield Hit(paper.document, None, "absent", at=paper.document.title)
            if params.together:
                return
