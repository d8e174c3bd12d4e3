"""Word boundaries: the fast segmenter is held equal to jieba, whose dictionary it carries."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

import pytest
from loaders import SAMPLES

import checker
from checker.language import lexicon
from checker.language.tokens import Tokens, cut

CHINESE = re.compile("[\u4e00-\u9fff]+")


@pytest.fixture(scope="module")
def jieba_cut() -> Iterator[object]:
    """jieba with its own dictionary and no hidden Markov model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba

        jieba.setLogLevel("ERROR")
        jieba.initialize()
    yield lambda text: jieba.lcut(text, HMM=False)


def test_equal_over_all_terms(jieba_cut: object) -> None:
    """Every term of every lexicon is cut as jieba cuts it."""
    assert callable(jieba_cut)
    terms = [term for name in lexicon.shipped() for term in (lexicon.load(name) or lexicon.Lexicon("", ())).terms]
    chinese = [run for term in terms for run in CHINESE.findall(term)]
    assert len(chinese) > 1000
    assert [run for run in chinese if cut(run) != jieba_cut(run)] == []


def test_equal_over_the_samples(jieba_cut: object) -> None:
    """The Chinese text of every sample paper is cut as jieba cuts it."""
    assert callable(jieba_cut)
    runs = {run for path in SAMPLES.glob("*/*.docx") for run in CHINESE.findall(checker.read(path).text)}
    assert len(runs) > 1000
    assert [run for run in runs if cut(run) != jieba_cut(run)] == []


@pytest.mark.parametrize("text", ["", "消防", "取消防控ABC 12.5%，𠮷镇\n“四个”", "a\u0301👍　"])
def test_joined_they_are_the_text(text: str) -> None:
    """Cutting loses and changes nothing."""
    assert "".join(cut(text)) == text


@pytest.mark.parametrize(
    ("text", "term", "torn"),
    [
        ("全面取消防控卡点", "消防", True),
        ("开展消防检查", "消防", False),
        ("打赢脱贫攻坚战", "脱贫攻坚", False),
        ("消防", "消防", False),
    ],
)
def test_tear(text: str, term: str, torn: bool) -> None:
    """A word that straddles an edge and takes one character speaks against a match; one that takes two does not."""
    start = text.index(term)
    assert Tokens(text).tear(start, start + len(term)) is torn
