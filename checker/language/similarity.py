"""Which of many papers share passages? All papers at once, two of them or ten thousand.

A few papers are compared each with each. Of many, only those are that share several `fingerprints` near each other;
what very many papers hold is common language: it makes no candidates, and does not count as a passage's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from statistics import median_low
from typing import TYPE_CHECKING

from checker.document import Shared, Span
from checker.language.passages import GRAM, Block, Common, Folded, Match, matches

if TYPE_CHECKING:
    from checker.language.clusters import Found
    from checker.language.fingerprints import Fingerprints, Sketch

_FEW = 8
"""Up to so many papers are compared each with each: no index, and nothing to say what is common among them."""
_PLENTY = 3
"""A passage that is mostly set phrases is told only if it has so many times the characters wanted besides them."""
_HELD = 64
"""Papers kept at hand while pairs are compared."""

_WITNESSES = 5
_EDGE = 40
"""So many papers say where a passage of very many begins and ends, and so far from its fingerprints they are asked."""

Least = Callable[[int, int], int]
"""How many characters of its own a passage of two papers (by number) must have to be told; 0: do not compare them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two papers, by number, and the passages that they share, longest first. `same`: they do not differ at all.

    A character is a passage's own if it belongs to no set phrase and to nothing that many papers share.
    """

    first: int
    second: int
    passages: tuple[Shared, ...]
    same: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """A passage that many papers share: where it stands in one of them, how many of its characters are its own, and
    the numbers of all papers that hold it nearly word for word, the shown one among them."""

    shown: int
    span: Span
    text: str
    own: int
    papers: tuple[int, ...]


def find_copies(texts: Sequence[str], least: Least, common: Common) -> Iterator[Pair]:
    """The pairs of papers that share passages."""
    return Search(texts, common).pairs(least)


class Search:
    """One look at many papers: which two share passages, and which passages very many share.

    `texts` may load each text when it is asked for it. Papers without any difference are told once, as the same as the
    first of them, and compared no further. With `sketches`, made of the same texts, only those that are compared are
    loaded.
    """

    def __init__(self, texts: Sequence[str], common: Common, sketches: Sequence[Sketch] = ()) -> None:
        self._count = len(texts)
        self._common = common
        self._sketches = sketches
        self._folded = lru_cache(maxsize=_HELD)(lambda number: Folded(texts[number]))
        self._index: _Few | Fingerprints | None = None
        self._same: list[tuple[int, int]] = []

    def pairs(self, least: Least) -> Iterator[Pair]:
        """The pairs of papers that share passages."""
        index, folded = self._filled(), self._folded
        for original, number in self._same:
            if 0 < least(original, number) <= len(folded(number).word):
                yield _same(folded(original), folded(number), original, number)
        for first, second in index.candidates():
            wanted = least(first, second)
            if not wanted:
                continue
            found = [
                passage
                for match in matches(folded(first), folded(second), wanted)
                if (passage := _weighed(folded(first), folded(second), match, index, self._common, wanted))
            ]
            if found:
                yield Pair(first, second, tuple(sorted(found, key=lambda passage: (-passage.own, passage.first))))

    def clusters(self, least: int) -> tuple[Cluster, ...]:
        """The passages with `least` characters of their own that more papers share than are compared with each other,
        those first that are longest and in most papers."""
        found = [cluster for passage in self._filled().passages() if (cluster := self._shown(passage, least))]
        return tuple(_once(sorted(found, key=lambda cluster: (-len(cluster.papers) * cluster.own, cluster.shown))))

    def _filled(self) -> _Few | Fingerprints:
        """The index with all papers in it but those that are the same as an earlier one."""
        if self._index is not None:
            return self._index
        self._index = index = _index(self._count, self._common)
        seen: dict[bytes, int] = {}
        for number in range(self._count):
            known = self._sketches[number] if self._sketches else None
            word = self._folded(number).word if known is None else ""
            original = seen.setdefault(_digest(word) if known is None else known.digest, number)
            if original == number:
                index.add(number, word, known)
            else:
                self._same.append((original, number))
        return index

    def _shown(self, found: Found, least: int) -> Cluster | None:
        """The passage as a cluster, if it has `least` characters of its own."""
        paper = self._folded(found.paper)
        stretches = self._whole(found)
        start, end = stretches[0][0], stretches[-1][1]
        mask = bytearray(b"\1" * len(paper.word))
        for low, high in stretches:
            mask[low:high] = bytes(high - low)
        self._common.mark(paper.word, start, end, mask)
        own, trimmed = Match((Block(start, start, end - start),)).own(mask)
        if own < least:
            return None
        span = paper.span(*trimmed.first)
        return Cluster(found.paper, span, paper.text[slice(*span)], own, found.papers)

    def _whole(self, found: Found) -> list[tuple[int, int]]:
        """The stretches of a passage letter by letter, as some of the papers show: fingerprints leave gaps."""
        word = self._folded(found.paper).word
        numbers = [number for number in found.papers if number != found.paper]
        others = [self._folded(number).word for number in numbers[:: max(1, len(numbers) // _WITNESSES)][:_WITNESSES]]
        whole = [found.stretches[0]]
        for low, high in found.stretches[1:]:
            piece = word[whole[-1][1] - GRAM : low + GRAM]
            if 2 * sum(piece in other for other in others) > len(others):
                whole[-1] = whole[-1][0], high
            else:
                whole.append((low, high))
        before, after = _around(word, whole[0][0], whole[-1][1], others)
        whole[0] = whole[0][0] - before, whole[0][1]
        whole[-1] = whole[-1][0], whole[-1][1] + after
        return whole


def _around(word: str, start: int, end: int, others: Sequence[str]) -> tuple[int, int]:
    """How many letters before [start, end) and after it are the same in most of the other papers."""
    from rapidfuzz.distance import Postfix, Prefix  # not at the top: most papers share nothing

    before, after = [], []
    for other in others:
        at = other.find(word[start : start + GRAM])
        if at >= 0:
            before.append(Postfix.similarity(word[max(0, start - _EDGE) : start], other[max(0, at - _EDGE) : at]))
        at = other.find(word[end - GRAM : end]) + GRAM
        if at >= GRAM:
            after.append(Prefix.similarity(word[end : end + _EDGE], other[at : at + _EDGE]))
    return median_low(before or [0]), median_low(after or [0])


def _once(clusters: Iterable[Cluster]) -> Iterator[Cluster]:
    """The clusters without those that are mostly a part of one before, filled in with another name."""
    known: set[str] = set()
    for cluster in clusters:
        grams = Folded(cluster.text).grams.keys()
        if 2 * len(grams & known) < len(grams):
            yield cluster
        known |= grams


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()


def _index(count: int, common: Common) -> _Few | Fingerprints:
    if count <= _FEW:
        return _Few()
    from checker.language.fingerprints import Fingerprints  # needs numpy, which costs more than a few papers do

    return Fingerprints(count, common.words)


def _same(first: Folded, second: Folded, number: int, other: int) -> Pair:
    size = len(first.word)
    whole = Shared(first.span(0, size), second.span(0, size), size, size)
    return Pair(number, other, (whole,), same=True)


def _weighed(
    first: Folded, second: Folded, match: Match, index: _Few | Fingerprints, common: Common, least: int
) -> Shared | None:
    """The match as a passage, if it has `least` characters of its own."""
    start, end = match.first
    mask = bytearray(len(first.word))
    common.mark(first.word, start, end, mask)
    for low, high in index.of_many(first.word, start, end):
        mask[low:high] = b"\1" * (high - low)
    own, trimmed = match.own(mask)
    if own < least or (2 * own < match.matched and own < _PLENTY * least):
        return None
    return Shared(first.span(*trimmed.first), second.span(*trimmed.second), trimmed.matched, own)


class _Few:
    """The index of a handful of papers: any two may share a passage."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def add(self, number: int, word: str, known: Sketch | None = None) -> None:
        """Take in the next paper."""
        self._numbers.append(number)

    def candidates(self) -> Iterator[tuple[int, int]]:
        """The pairs of papers worth comparing."""
        return combinations(self._numbers, 2)

    def of_many(self, word: str, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Nothing is common to many where there are few."""
        return ()

    def passages(self) -> Iterator[Found]:
        """Nor do many hold the same passage."""
        return iter(())
