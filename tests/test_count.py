"""字数: a table counted by hand, and what must hold for any text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from loaders import CASES

from checker.language.count import count_words, limit_offset

TABLE = yaml.safe_load((CASES / "count.yml").read_text("utf-8"))
CHARACTERS = st.sampled_from("汉字，。“”—…·１ａ abcX129.%-@\n\t　\u00a0\u200b\u0301👍𠮷①℃〔〕한か")
TEXTS = st.text(CHARACTERS, max_size=60)
# A text that opens with an ideograph is Chinese however it is cut; what a quote is depends on the whole text.
CHINESE = TEXTS.map(lambda text: "汉" + text)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['text']!r}") for case in TABLE])
def test_counted_by_hand(case: dict[str, str]) -> None:
    """Each text has as many 字 as the hand counted, for the reason given."""
    assert count_words(case["text"]) == case["count"], case["why"]


@settings(max_examples=300, deadline=None)
@given(CHINESE, st.integers(0, 70))
def test_what_stands_before_the_limit_is_within_it(text: str, limit: int) -> None:
    """Cut at the limit, a text has just as many 字 as the limit allows, or all it has."""
    offset = limit_offset(text, limit)
    assert count_words(text[:offset]) == min(limit, count_words(text))
    assert (offset == len(text)) or count_words(text) > limit


@settings(max_examples=200, deadline=None)
@given(CHINESE, CHINESE)
def test_two_texts_together(first: str, second: str) -> None:
    """Put together, texts lose at most one 字 where two runs meet; apart by a space, none."""
    apart = count_words(first) + count_words(second)
    assert count_words(first + " " + second) == apart
    assert apart - 1 <= count_words(first + second) <= apart


@settings(max_examples=200, deadline=None)
@given(CHINESE, st.sampled_from([" ", "\n", "　", "\u00a0", "\t"]))
def test_any_blank_is_as_good_as_another(text: str, blank: str) -> None:
    """Which blanks stand in a text, and how many, changes nothing; nor do blanks around it."""
    assert count_words("".join(blank * 2 if char.isspace() else char for char in text)) == count_words(text)
    assert count_words(f"{blank}{text}{blank}") == count_words(text)


@settings(max_examples=200, deadline=None)
@given(CHINESE, st.sampled_from("\u200b\u0301\ufe0f\u00ad\ufeff"), st.integers(0, 60))
def test_what_shows_nothing_changes_nothing(text: str, silent: str, at: int) -> None:
    """A character without a shape of its own may stand anywhere."""
    assert count_words(text[:at] + silent + text[at:]) == count_words(text)


def test_real_length() -> None:
    """The limit of a summary falls on the character that is one too many."""
    text = "字" * 3499 + "。超"
    assert count_words(text) == 3501
    assert limit_offset(text, 3500) == 3500
    assert limit_offset(text, 3501) == len(text)


def test_marks_that_show_nothing_do_not_move_the_limit() -> None:
    """A run that holds a mark without a shape of its own is one run for the limit too."""
    assert limit_offset("a\u3099b 字", 1) == 4
    assert limit_offset("汉\u0301字", 1) == 2
