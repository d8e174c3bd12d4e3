"""fixed-expression：规范用语引用有误：组成部分写错、漏写、次序颠倒，或者整个提法写错。

只核对写在提法名称旁边的列举；「强化政治意识、大局意识」这样没有点「四个意识」的，不算误引；以「等」收尾的列举不算漏写。
规范用语表是 lexicons/phrases/fixed-expressions.txt，常见误写表是 lexicons/phrases/misquoted.txt，可以自行增补。
参数：table 规范用语表；misquoted 误写表；skip 某个提法在哪些文种里由别的规则负责。
情形：wrong 成员写错；missing 漏写成员；order 次序不对；misquoted 提法误写。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from checker.document import PAPER_KINDS
from checker.language import lexicon
from checker.language.expressions import Expression, misquotes, parse_table
from checker.language.lexicon import PlainText
from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """The tables, and for a phrase the kinds of paper where another rule watches it."""

    table: str
    misquoted: str
    skip: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = next((kind for kinds in self.skip.values() for kind in kinds if kind not in PAPER_KINDS), None)
        if unknown:
            raise ValueError(f"skip 里没有 {unknown!r} 这种材料；可用的有 {'、'.join(PAPER_KINDS)}")


def lexicons(params: Params) -> Iterator[str]:
    """The tables that have to exist."""
    yield params.table
    yield params.misquoted


@lru_cache(maxsize=8)
def _expressions(name: str) -> tuple[Expression, ...]:
    table = lexicon.load(name)
    return tuple(parse_table(table.terms)) if table else ()


@lru_cache(maxsize=8)
def _replacements(name: str) -> tuple[tuple[str, str], ...]:
    table = lexicon.load(name)
    pairs = (line.partition("→") for line in (table.terms if table else ()))
    return tuple((wrong.strip(), right.strip()) for wrong, _, right in pairs)


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on each misquoted list and each misquoted phrase."""
    expressions, replacements = _expressions(params.table), _replacements(params.misquoted)
    for paper in papers:
        plain = paper.plain
        for expression in expressions:
            if paper.document.kind not in params.skip.get(expression.name, ()):
                yield from _misquoted_lists(paper, plain, expression)
        for wrong, right in replacements:
            yield from _misquoted_phrases(paper, plain, wrong, right)


def _misquoted_lists(paper: Paper, plain: PlainText, expression: Expression) -> Iterator[Hit]:
    for found in misquotes(plain, expression):
        facts = {
            "name": expression.name,
            "wrong": "、".join(found.wrong),
            "right": "、".join(found.missing),
            "missing": "、".join(found.missing),
            "wording": expression.wording,
        }
        yield Hit(paper.document, found.span, found.case, facts)


def _misquoted_phrases(paper: Paper, plain: PlainText, wrong: str, right: str) -> Iterator[Hit]:
    start = plain.text.find(wrong)
    while start >= 0:
        facts = {"name": right, "wrong": wrong, "right": right, "wording": right}
        yield Hit(paper.document, plain.span(start, start + len(wrong)), "misquoted", facts)
        start = plain.text.find(wrong, start + len(wrong))
