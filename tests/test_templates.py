"""Passages that very many papers share: which are told, once and whole, and who holds them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.language.passages import Common
from checker.language.similarity import Cluster, Search
from checker.screening.result import Side
from checker.screening.templates import OWN, lines

LETTERS = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 2000))
NOBODY = Common()


def noise(seed: int, size: int) -> str:
    """A text that shares nothing with any other."""
    return "".join(random.Random(seed).choices(LETTERS, k=size))


TEMPLATE = noise(9999, 160)


def clusters(texts: Sequence[str], common: Common = NOBODY) -> tuple[Cluster, ...]:
    return Search(texts, common).clusters(OWN)


def filled_in(passage: str, holders: int, papers: int = 100) -> list[str]:
    """So many papers, the first of which hold the passage, each at a place of its own."""
    return [
        f"{noise(seed, 100 + 5 * seed)}。{passage if seed < holders else ''}。{noise(3000 + seed, 300)}"
        for seed in range(papers)
    ]


def test_a_template_is_told_once_with_all_who_hold_it() -> None:
    """The passage is shown from its first letter to its last, with exactly the papers that it was put into."""
    [found] = clusters(filled_in(TEMPLATE, 30))
    assert found.text.strip("。") == TEMPLATE
    assert (found.papers, found.own) == (tuple(range(30)), 160)


def test_what_two_papers_can_be_told_of_is_no_template() -> None:
    """Up to ten of a hundred papers are told against each other, each pair; from eleven on it is one cluster."""
    for holders, pairs in ((10, 45), (11, 0)):
        search = Search(filled_in(TEMPLATE, holders), NOBODY)
        assert len(list(search.pairs(lambda first, second: OWN))) == pairs
        assert len(search.clusters(OWN)) == (not pairs)


def test_names_and_figures_filled_in_leave_it_one_passage() -> None:
    """Another name and another figure in every paper do not cut a template, nor make it several."""
    parts = [noise(seed, 45) for seed in (7001, 7002, 7003)]
    texts = [
        noise(seed, 300)
        + "。"
        + parts[0]
        + noise(5000 + seed, 2 + seed % 4)
        + parts[1]
        + f"{seed * 37}户"
        + parts[2]
        + "。"
        + noise(3000 + seed, 200)
        for seed in range(60)
    ]
    [found] = clusters(texts)
    assert found.papers == tuple(range(60))
    assert found.text.startswith(parts[0])
    assert found.text.strip("。").endswith(parts[2])


def test_set_phrases_in_a_row_are_no_template() -> None:
    """What belongs to everybody does not count, however many write it in the same order."""
    phrases = tuple(noise(8000 + number, 20) for number in range(8))
    passage = "，".join(phrases)
    assert clusters(filled_in(passage, 40), Common(phrases)) == ()
    assert len(clusters(filled_in(passage, 40))) == 1


def test_short_common_passages_are_no_template() -> None:
    """Fewer than eighty letters in every paper, each elsewhere, are set language."""
    pieces = [noise(6000 + number, 60) for number in range(5)]
    texts = []
    for seed in range(60):
        chosen = random.Random(seed).sample(pieces, len(pieces))
        texts.append("".join(noise(seed * 10 + at, 90) + piece for at, piece in enumerate(chosen)))
    assert clusters(texts) == ()


def test_those_in_most_papers_and_longest_come_first() -> None:
    """Templates are sorted by how much text they are in all."""
    long, short = noise(9001, 400), noise(9002, 120)
    texts = [text + (long if number % 4 == 0 else "") for number, text in enumerate(filled_in(short, 60))]
    assert [len(found.papers) for found in clusters(texts)] == [25, 60]


def test_a_lazy_sequence_is_read_paper_by_paper() -> None:
    """Every text is loaded when it is needed, and the papers that show a passage once more."""

    class Texts(Sequence[str]):
        loaded = 0

        def __len__(self) -> int:
            return 60

        def __getitem__(self, number: int) -> str:  # type: ignore[override]
            self.loaded += 1
            return held[number]

        def __iter__(self) -> Iterator[str]:
            raise AssertionError("all at once")

    held = filled_in(TEMPLATE, 30, 60)
    texts = Texts()
    assert len(Search(texts, NOBODY).clusters(OWN)) == 1
    assert texts.loaded <= 60 + 10


@pytest.mark.parametrize("texts", [[], ["甲"], [""] * 30, ["短"] * 30, [TEMPLATE] * 30])
def test_nothing_to_find(texts: list[str]) -> None:
    """No papers, empty ones, and papers that do not differ at all (those are told as the same) make no template."""
    assert clusters(texts) == ()


@given(st.integers(12, 40), st.integers(90, 400), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_whatever_is_planted_is_found(holders: int, size: int, seed: int) -> None:
    """A passage of any length from 90 letters in any number of papers above the bound is told with these papers."""
    [found] = clusters(filled_in(noise(20_000 + seed, size), holders))
    assert found.papers == tuple(range(holders))
    assert found.own >= size - 2


def side(number: int) -> Side:
    return Side(f"单位{number // 3}", "", f"{number}.docx", "team-summary", "原文")


def test_lines_name_papers_and_count_units() -> None:
    """A line says how many papers of how many units hold it, the one that is shown first, without its text again."""
    cluster = Cluster(4, (0, 5), "甲乙丙，12户", 80, (1, 4, 7, 8))  # type: ignore[arg-type]
    [line] = lines([cluster], side)
    assert (line.passage, line.words, line.count, line.units) == ("甲乙丙，12户", 6, 4, 3)
    assert [paper.name for paper in line.papers] == ["4.docx", "1.docx", "7.docx", "8.docx"]
    assert {paper.quote for paper in line.papers} == {""}


def test_one_unit_alone_is_no_line() -> None:
    """Papers of one unit may share what they like here; papers that belong to nobody count one by one."""
    cluster = Cluster(0, (0, 5), "甲乙丙", 80, (0, 1, 2))  # type: ignore[arg-type]
    assert lines([cluster], side) == ()
    [line] = lines([cluster], lambda number: replace(side(number), unit=""))
    assert line.units == 3
