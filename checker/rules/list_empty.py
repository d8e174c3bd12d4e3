"""list-empty：清单是空的，或者只写了「无」「暂无」「待补充」。

参数：lexicon 空话词表（无、暂无、待补充……）。
情形：empty 没有任何条目；nothing 唯一的条目等于没写。
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from checker.document import PAPER_KINDS
from checker.language import lexicon
from checker.language.items import items
from checker.language.paper import Paper
from checker.rules.base import Hit

_LONGEST = 40
_DECORATION = re.compile(r"^\s*\d+\s*\n|[\s\d一二三四五六七八九十①-⑳]*[、.．）)]|[\s。；;，,（()）【】\[\]]")


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the words that say nothing."""

    lexicon: str


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of empty words."""
    yield params.lexicon


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on each list without items, or on the only item where it says nothing."""
    empty_words = lexicon.terms(params.lexicon)
    for paper in papers:
        document = paper.document
        facts = {"name": PAPER_KINDS[document.kind], "kind": document.kind}
        found = items(paper)
        if not found:
            yield Hit(document, None, "empty", facts, at=document.title, subject=document.kind)
        elif all(_says_nothing(document.slice(item.span), empty_words) for item in found):
            yield Hit(document, found[0].span, "nothing", facts, subject=document.kind)


def _says_nothing(text: str, empty_words: Container[str]) -> bool:
    return len(text) <= _LONGEST and _DECORATION.sub("", text) in empty_words
