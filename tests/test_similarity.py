"""Passages shared by papers: which are found, where they stand in both, and what is left out as everybody's words."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.language.fingerprints import Fingerprints
from checker.language.passages import Common, Folded, matches
from checker.language.similarity import Pair, find_copies

NOBODY = Common()
OWN = "牵头建起村级水管员队伍，把七十三名水管员的巡渠记录做成一张随手能看的台账，谁家渠段堵了、几时疏通，扫码就能查到。"
LETTERS = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 2000))


def noise(seed: int, size: int) -> str:
    """A text that shares nothing with any other."""
    return "".join(random.Random(seed).choices(LETTERS, k=size))


def copies(texts: Sequence[str], least: int = 30, common: Common = NOBODY) -> list[Pair]:
    return list(find_copies(texts, lambda first, second: least, common))


def quotes(texts: Sequence[str], pair: Pair) -> list[tuple[str, str]]:
    return [
        (texts[pair.first][slice(*passage.first)], texts[pair.second][slice(*passage.second)])
        for passage in pair.passages
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("增长3.5%，其中1,200户。", "增长0其中0户"),
        ("２０２０年　四个“意识”\n第二行", "0年四个意识第二行"),
        ("A组_B", "A组B"),
        ("。，！", ""),
        ("", ""),
        ("𠮷野3家", "𠮷野0家"),
    ],
)
def test_folding(text: str, word: str) -> None:
    """Punctuation, spaces and the value of numbers do not matter."""
    assert Folded(text).word == word


@given(st.text(alphabet="一二甲乙123.,，。 \n%A_", max_size=40))
@settings(max_examples=300, deadline=None)
def test_every_folded_character_knows_its_place(text: str) -> None:
    """The way back to the text leads to the same character, or to the first digit of the number."""
    folded = Folded(text)
    assert len(folded.origins) == len(folded.word)
    for letter, origin in zip(folded.word, folded.origins, strict=True):
        assert text[origin] == letter or (letter == "0" and text[origin].isdigit())
    assert list(folded.origins) == sorted(set(folded.origins))


def test_a_passage_is_shown_in_both_papers() -> None:
    """Both places hold the same words, with the mark that closes them, however far apart they stand."""
    texts = [noise(1, 300) + "。" + OWN + noise(2, 900), noise(3, 40) + "，" + OWN + noise(4, 10)]
    [pair] = copies(texts)
    assert quotes(texts, pair) == [(OWN, OWN)]


@pytest.mark.parametrize("many", [False, True], ids=["each with each", "by the index"])
def test_a_paragraph_in_long_papers_is_found(many: bool) -> None:
    """A copied paragraph of 150 characters is found in papers of 3,000, among few papers and among many."""
    passage = noise(0, 150)
    texts = [noise(seed, 3000) for seed in range(1, 31 if many else 4)]
    texts[0] = texts[0][:700] + passage + texts[0][700:]
    texts[2] = texts[2][:2900] + passage + texts[2][2900:]
    [pair] = copies(texts, 80)
    assert (pair.first, pair.second, pair.same) == (0, 2, False)
    [(here, there)] = quotes(texts, pair)
    assert passage in here
    assert passage in there


def test_few_and_many_agree() -> None:
    """The same passages are told whether or not there are papers enough for an index."""
    passage = noise(0, 200)
    texts = [noise(1, 800) + passage, passage + noise(2, 800), *(noise(seed, 900) for seed in range(3, 40))]
    assert copies(texts[:2], 80) == copies(texts, 80)


def test_small_edits_do_not_cut_a_passage() -> None:
    """Another word here and there, one more or one less, leave it one passage."""
    edited = OWN.replace("七十三", "九十一").replace("随手能看的", "").replace("几时疏通", "几时能够疏通")
    [pair] = copies(["甲" * 20 + "。" + OWN, edited + "乙" * 20])
    [passage] = pair.passages
    assert passage.matched < len(Folded(OWN).word)
    assert quotes(["甲" * 20 + "。" + OWN, edited + "乙" * 20], pair) == [(OWN, edited)]


def test_papers_without_any_difference_are_told_once() -> None:
    """Copies of one file are the same as the first of them, and are not told against each other or the others."""
    texts = [OWN * 2, noise(1, 500) + OWN, OWN * 2, OWN + " " + OWN]
    found = [(pair.first, pair.second, pair.same) for pair in copies(texts)]
    assert found == [(0, 2, True), (0, 3, True), (0, 1, False)]


def test_papers_not_to_be_compared_are_left_out() -> None:
    """Whether two papers are compared, and how much they may share, is asked for each pair."""
    texts = [noise(1, 50) + OWN, noise(2, 50) + OWN, noise(3, 50) + OWN]
    found = find_copies(texts, lambda first, second: 30 if second == 2 else 0, NOBODY)
    assert [(pair.first, pair.second) for pair in found] == [(0, 2), (1, 2)]


def test_set_phrases_do_not_count() -> None:
    """Set phrases in a row are nobody's; a passage with words of its own is told without those at its ends."""
    common = Common(("坚持以习近平新时代中国特色社会主义思想为指导", "做到“两个维护”"))
    phrase = "坚持以习近平新时代中国特色社会主义思想为指导，做到“两个维护”，"
    assert copies([phrase + noise(1, 60), phrase + noise(2, 60)], 20, common) == []
    texts = [phrase + OWN + noise(1, 60), phrase + OWN + noise(2, 60)]
    [pair] = copies(texts, 20, common)
    assert quotes(texts, pair) == [(OWN, OWN)]


def test_what_very_many_papers_hold_does_not_count() -> None:
    """A paragraph in every third of a hundred papers is common language; one in two of them is copied."""
    everybodys, copied = noise(101, 150), noise(102, 150)
    texts = [noise(seed, 600) + (everybodys if seed % 3 == 0 else "") for seed in range(100)]
    texts[10] += copied
    texts[20] = copied + texts[20]
    assert [(pair.first, pair.second) for pair in copies(texts, 80)] == [(10, 20)]


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["甲"], ["。" * 50, "，" * 50], ["短", "短"]])
def test_nothing_to_find(texts: list[str]) -> None:
    """No papers, empty ones and very short ones are no copies of each other."""
    assert copies(texts) == []
    assert copies([*texts, *[""] * 20]) == []


def test_candidates_hold_memory_to_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few pairs are looked at together, the same candidates come out, in order."""
    texts = [noise(seed, 300) + noise(seed // 3 + 1000, 100) for seed in range(30)]

    def candidates() -> list[tuple[int, int]]:
        index = Fingerprints(len(texts))
        for number, text in enumerate(texts):
            index.add(number, text)
        return list(index.candidates())

    whole = candidates()
    monkeypatch.setattr("checker.language.fingerprints._AT_ONCE", 5)
    assert candidates() == whole
    assert whole == [(a, b) for a in range(30) for b in range(a + 1, 30) if a // 3 == b // 3]


@given(st.text(alphabet="甲乙丙丁。3", max_size=120), st.text(alphabet="甲乙丙丁。3", max_size=120))
@settings(max_examples=300, deadline=None)
def test_matches_are_equal_and_in_order(first: str, second: str) -> None:
    """Whatever two texts repeat, every block is the same in both, blocks follow each other, passages do not overlap."""
    here, there = Folded(first), Folded(second)
    reached: list[tuple[int, int]] = []
    for match in matches(here, there, 12):
        for block in match.blocks:
            assert here.word[block.first : block.ends[0]] == there.word[block.second : block.ends[1]]
        for before, after in zip(match.blocks, match.blocks[1:], strict=False):
            assert before.ends[0] <= after.first
            assert before.ends[1] <= after.second
        low, high = match.first
        assert all(high <= start or end <= low for start, end in reached)
        reached.append((low, high))
