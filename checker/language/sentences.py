"""Sentences and clauses of official Chinese.

A sentence ends at 。！？ or at the end of a block; ； and the markers 一是、二是… divide it into statements that stand
for themselves; ，and ： divide a statement into clauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checker.document import Document, Span

_SENTENCE_END = re.compile(r"[。！？!?]+[”’」』）)]*|\n")
# 一是…二是…, 一要…, 其一, 首先/其次: each begins a statement of its own, even after a mere comma.
_STATEMENT_BREAK = re.compile(
    r"[；;]+|(?<=[，：、；。])(?=[一二三四五六七八九十]{1,2}(?:是|要)(?!一|以上|者))|(?<=[，：；])(?=其[一二三四五](?:，|是))"
)
_CLAUSE_BREAK = re.compile(r"[，,：:]+")


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch between sentence ends and semicolons: what is said about one matter. `clauses` cover it whole."""

    span: Span
    clauses: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one block, with its statements in order."""

    span: Span
    statements: tuple[Statement, ...]


def _cut(text: str, span: Span, breaks: re.Pattern[str]) -> Iterator[Span]:
    """`span` divided after each match of `breaks`; pieces without any text are left out."""
    start = span.start
    for match in breaks.finditer(text, span.start, span.end):
        if text[start : match.end()].strip():
            yield Span(start, match.end())
        start = match.end()
    if text[start : span.end].strip():
        yield Span(start, span.end)


def sentences(document: Document, within: Span) -> list[Sentence]:
    """The sentences of the stretch `within`, which must not reach beyond one block."""
    text = document.text
    found: list[Sentence] = []
    for sentence in _cut(text, within, _SENTENCE_END):
        statements = tuple(
            Statement(statement, tuple(_cut(text, statement, _CLAUSE_BREAK)))
            for statement in _cut(text, sentence, _STATEMENT_BREAK)
        )
        found.append(Sentence(sentence, statements))
    return found
