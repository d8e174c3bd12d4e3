"""Sentences, statements and clauses of official prose, held against paragraphs divided by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loaders import document, paper, params

from checker.document import Span
from checker.language.sentences import sentences


@pytest.mark.parametrize("case", params("sentences.yml"))
def test_divided_by_hand(case: list[Any]) -> None:
    """A paragraph falls into the sentences, statements and clauses that the case gives."""
    text = "".join(clause for sentence in case for statement in sentence for clause in statement)
    found = document(text)
    divided = [
        [[found.slice(clause) for clause in statement.clauses] for statement in sentence.statements]
        for sentence in sentences(found, found.blocks[0].span)
    ]
    assert divided == case


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("修路桥一是二其，、；：。！？”）12 "), min_size=1, max_size=40))
def test_nothing_is_lost(text: str) -> None:
    """Whatever the text, its pieces lie in order, inside one another, and leave out nothing but blanks."""
    found = document("题" + text)
    last = 0
    for sentence in sentences(found, Span(0, len(found.text))):
        assert not found.text[last : sentence.span.start].strip()
        last = sentence.span.end
        assert sentence.statements[0].span.start >= sentence.span.start
        assert "".join(found.slice(s.span) for s in sentence.statements).strip() == found.slice(sentence.span).strip()
        for statement in sentence.statements:
            assert all(statement.span.holds(clause) for clause in statement.clauses)
            assert "".join(map(found.slice, statement.clauses)).strip() == found.slice(statement.span).strip()
    assert not found.text[last:].strip()


def test_titles_and_headings_hold_no_sentences() -> None:
    """Only prose is divided: a rule that reads statements never reads a heading."""
    found = paper("工作总结\n一、总体情况\n修路三条。架桥两座。")
    read = [found.document.slice(s.span) for _, block in found.sentences for s in block]
    assert read == ["修路三条。", "架桥两座。"]
