"""Where terms are found in running text, and where they only seem to stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from loaders import document, every_lexicon, marked_document, params

from checker.document import Span
from checker.language import lexicon
from checker.language.lexicon import Lexicon, Lexicons, PlainText
from checker.language.paper import Paper


@pytest.mark.parametrize("case", params("lexicon.yml"))
def test_found(case: Mapping[str, Any]) -> None:
    """Exactly the marked words are found; < > mark a second term that overlaps the first."""
    second = case["text"].replace("«", "").replace("»", "")
    found, spans = marked_document(case["text"].replace("<", "").replace(">", ""))
    if "<" in second:
        _, more = marked_document(second.replace("<", "«").replace(">", "»"))
        spans = sorted([*spans, *more])
    lexicons, name = every_lexicon(), case.get("lexicon", "case")
    if "terms" in case:
        lexicons = Lexicons.of([Lexicon("case", tuple(case["terms"]), tuple(case.get("friends", ())))])
    places = Paper(found, lexicons).found(name)
    assert [found.slice(place) for place in places] == [found.slice(span) for span in spans]
    assert list(places) == spans


def test_a_term_broken_by_a_soft_line_end_is_found() -> None:
    """A line feed inside a paragraph does not hide a term; the span takes it in."""
    found = document("增强四个\n意识。")
    whole = replace(found, blocks=(replace(found.blocks[0], span=Span(0, len(found.text))),))
    paper = Paper(whole, Lexicons.of([Lexicon("case", ("四个意识",))]))
    assert [whole.slice(place) for place in paper.found("case")] == ["四个\n意识"]


def test_found_within_a_stretch() -> None:
    """Only what lies wholly inside the stretch asked for is found there."""
    paper = Paper(document("消防检查，消防演练。"), Lexicons.of([Lexicon("case", ("消防",))]))
    assert paper.found("case", Span(0, 5)) == [Span(0, 2)]
    assert paper.found("case", Span(1, 10)) == [Span(5, 7)]
    assert paper.found("case", Span(0, 6)) == [Span(0, 2)]
    assert not paper.speaks("case", Span(2, 5))


def test_places_lead_back_through_quotes() -> None:
    """Every character of the text that is searched knows its place in the document."""
    found = document("“增强”四个“意识”，\n「坚定」自信。")
    plain = PlainText(found)
    assert plain.text == "增强四个意识，\n坚定自信。"
    for offset, character in enumerate(plain.text):
        assert found.text[plain.origin(offset)] == character


def test_parse() -> None:
    """A lexicon file is read line by line: comments, false friends, terms without repetition, in file order."""
    read = lexicon.parse("x/y", "# 说明\n消防\n\n  防火 \n!防火墙\n消防\n! 消防员\n")
    assert read == Lexicon("x/y", ("消防", "防火"), ("防火墙", "消防员"))


def test_an_unknown_lexicon_is_none() -> None:
    """Asking for a lexicon that is not there gives None, and no error from the file system."""
    assert lexicon.load("topics/no-such-topic") is None
    assert lexicon.load("nosuch/fire-safety") is None
    assert lexicon.load("fire-safety") is None


def test_whole_words_are_not_searched_for() -> None:
    """The list of common words serves for comparison only: it never yields a match."""
    paper = Paper(document("工作推进有力。"), every_lexicon())
    assert "words/common" not in paper.matches
    assert "工作" in paper.wording("words/common")
