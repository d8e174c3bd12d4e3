"""Which of many papers share passages? All papers at once, two of them or ten thousand.

A few papers are compared each with each. Of many, only those are that share several `fingerprints` near each other;
what very many papers hold is common language: it makes no candidates, and does not count as a passage's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from checker.document import Span
from checker.language.passages import Common, Folded, Match, matches

if TYPE_CHECKING:
    from checker.language.fingerprints import Fingerprints

_FEW = 8
"""Up to so many papers are compared each with each: no index, and nothing to say what is common among them."""
_PLENTY = 3
"""A passage that is mostly set phrases is told only if it has so many times the characters wanted besides them."""
_HELD = 64
"""Papers kept at hand while pairs are compared."""

Least = Callable[[int, int], int]
"""How many characters of its own a passage of two papers (by number) must have to be told; 0: do not compare them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of two papers: where it stands in each, how many characters agree, and how many of these are its own.

    A character is a passage's own if it belongs to no set phrase and to nothing that many papers share.
    """

    first: Span
    second: Span
    matched: int
    own: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two papers, by number, and the passages that they share, longest first. `same`: they do not differ at all."""

    first: int
    second: int
    passages: tuple[Passage, ...]
    same: bool = False


def find_copies(texts: Sequence[str], least: Least, common: Common) -> Iterator[Pair]:
    """The pairs of papers that share passages. `texts` may load each text when it is asked for it.

    Papers without any difference are told once, as the same as the first of them, and compared no further.
    """
    folded = lru_cache(maxsize=_HELD)(lambda number: Folded(texts[number]))
    index = _index(len(texts), common)
    seen: dict[bytes, int] = {}
    for number in range(len(texts)):
        word = folded(number).word
        original = seen.setdefault(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest(), number)
        if original == number:
            index.add(number, word)
        elif 0 < least(original, number) <= len(word):
            yield _same(folded(original), folded(number), original, number)
    for first, second in index.candidates():
        wanted = least(first, second)
        if not wanted:
            continue
        found = [
            passage
            for match in matches(folded(first), folded(second), wanted)
            if (passage := _weighed(folded(first), folded(second), match, index, common, wanted))
        ]
        if found:
            yield Pair(first, second, tuple(sorted(found, key=lambda passage: (-passage.own, passage.first))))


def _index(count: int, common: Common) -> _Few | Fingerprints:
    if count <= _FEW:
        return _Few()
    from checker.language.fingerprints import Fingerprints  # needs numpy, which costs more than a few papers do

    return Fingerprints(count, common.words)


def _same(first: Folded, second: Folded, number: int, other: int) -> Pair:
    size = len(first.word)
    whole = Passage(first.span(0, size), second.span(0, size), size, size)
    return Pair(number, other, (whole,), same=True)


def _weighed(
    first: Folded, second: Folded, match: Match, index: _Few | Fingerprints, common: Common, least: int
) -> Passage | None:
    """The match as a passage, if it has `least` characters of its own."""
    start, end = match.first
    mask = bytearray(len(first.word))
    common.mark(first.word, start, end, mask)
    for low, high in index.of_many(first.word, start, end):
        mask[low:high] = b"\1" * (high - low)
    own, trimmed = match.own(mask)
    if own < least or (2 * own < match.matched and own < _PLENTY * least):
        return None
    return Passage(first.span(*trimmed.first), second.span(*trimmed.second), trimmed.matched, own)


class _Few:
    """The index of a handful of papers: any two may share a passage."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def add(self, number: int, word: str) -> None:
        """Take in the next paper."""
        self._numbers.append(number)

    def candidates(self) -> Iterator[tuple[int, int]]:
        """The pairs of papers worth comparing."""
        return combinations(self._numbers, 2)

    def of_many(self, word: str, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Nothing is common to many where there are few."""
        return ()
