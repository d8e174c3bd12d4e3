"""Sentences and clauses of official Chinese.

A sentence ends at 。！？ or at the end of a block; ； and the markers 一是、二是… divide it into statements that stand
for themselves; ，and ： divide a statement into clauses.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from checker.document import Document, Span

# Each pattern begins with one set of characters, though it reads less well: so the search leaps to the next of them.
_SENTENCE_END = re.compile(r"[。！？!?\n](?:(?<!\n)[。！？!?]*[”’」』）)]*)?")
# 一是…二是…, 一要…, 其一, 首先/其次: each begins a statement of its own, even after a mere comma.
_STATEMENT_BREAK = re.compile(
    r"[；;，：、。](?:(?<=[；;])[；;]*"
    r"|(?=[一二三四五六七八九十]{1,2}(?:是|要)(?!一|以上|者))|(?<=[，：])(?=其[一二三四五](?:，|是)))"
)
_CLAUSE_BREAK = re.compile(r"[，,：:]+")


class Statement(NamedTuple):
    """A stretch between sentence ends and semicolons: what is said about one matter. `clauses` cover it whole."""

    span: Span
    clauses: tuple[Span, ...]


class Sentence(NamedTuple):
    """A sentence of one block, with its statements in order."""

    span: Span
    statements: tuple[Statement, ...]


def _cut(text: str, span: Span, breaks: re.Pattern[str]) -> list[Span]:
    """`span` divided after each match of `breaks`; pieces without any text are left out."""
    start, last = span
    found: list[Span] = []
    for match in breaks.finditer(text, start, last):
        end = match.end()
        if text[start:end].strip():
            found.append(Span(start, end))
        start = end
    if text[start:last].strip():
        found.append(Span(start, last))
    return found


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
