"""Which papers of very many are worth comparing? An index of their fingerprints says.

A fingerprint is the hash of six characters in a row; every paper gives those that are divisible by four, so that two
papers that share a passage choose the same ones in it. All are kept in flat arrays (12 bytes each) and sorted once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from checker.language.clusters import Found, Often, Passages

_GRAM = 6
"""Shorter than a seed: more of these outlive an edit."""
_SAMPLE = 4
_HITS = 4
"""So many fingerprints near each other, and as far apart in both papers, make two papers candidates."""
_SLACK = 24
"""By so many characters the distance may differ: words were put in or left out between them."""
_WINDOW = 200
"""Within so many characters they have to stand."""
_REACH = 40
"""From the first of them to the last it is at least so far: less is a sentence, and no passage worth comparing."""
_MANY = 10
_AT_ONCE = 2_000_000
"""Pairs of fingerprints held in memory at a time."""

Hashes = NDArray[np.uint32]
Numbers = NDArray[np.int64]


class _Rare(NamedTuple):
    """Fingerprints that a few papers share: paper and place of each, and how many that agree with it come after it.
    Those that agree stand beside each other, in the order of the papers."""

    papers: NDArray[np.uint32]
    places: NDArray[np.int32]
    partners: Numbers


def fingerprints(word: str) -> tuple[Hashes, Numbers]:
    """The fingerprints of a folded text, and where each stands."""
    codes = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    size = max(0, len(codes) - _GRAM + 1)
    mixed = np.zeros(size, np.uint64)
    for step in range(_GRAM):
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed += codes[step : step + size]
    # Mixed once more, so that any bits of it may serve as a sample or as a shorter hash.
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    chosen = np.flatnonzero(mixed % np.uint64(_SAMPLE) == 0)
    return (mixed[chosen] >> np.uint64(32)).astype(np.uint32), chosen


class Sketch(NamedTuple):
    """What the index needs of a paper: a digest that tells it from any other, and its fingerprints with their places,
    each once, as bytes. It can be made long before, and elsewhere."""

    digest: bytes
    hashes: bytes
    places: bytes


def sketch(word: str) -> Sketch:
    """The sketch of a folded text."""
    hashes, places = _once(word)
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
    return Sketch(digest, hashes.tobytes(), places.tobytes())


def _once(word: str) -> tuple[Hashes, NDArray[np.int32]]:
    hashes, places = fingerprints(word)
    hashes, first = np.unique(hashes, return_index=True)
    return hashes, places[first].astype(np.int32)


class Fingerprints:
    """The fingerprints of all papers: first `add` every one of them, then ask. Those of set phrases are left out."""

    def __init__(self, count: int, phrases: Iterable[str] = ()) -> None:
        self._count = count
        self._phrases = np.unique(fingerprints("\n".join(phrases))[0])
        # What more papers hold than these is common language: a dozen of a hundred, fifty of ten thousand.
        self._many = max(_MANY, isqrt(count) // 2)
        self._sizes = np.zeros(count, np.int64)
        self._found: list[tuple[Hashes, NDArray[np.int32]]] = []
        self._common: Hashes = np.empty(0, np.uint32)
        self._index: tuple[_Rare, Often] | None = None

    def add(self, number: int, word: str, known: Sketch | None = None) -> None:
        """Take in a paper, or its sketch; papers come in the order of their numbers, some may be left out."""
        if known is None:
            hashes, places = _once(word)
        else:
            hashes, places = np.frombuffer(known.hashes, np.uint32), np.frombuffer(known.places, np.int32)
        own = ~np.isin(hashes, self._phrases, assume_unique=True)
        self._found.append((hashes[own], places[own]))
        self._sizes[number] = np.count_nonzero(own)

    def of_many(self, word: str, start: int, end: int) -> list[tuple[int, int]]:
        """The stretches in [start, end) that many papers hold; one common word, such as 党风廉政建设, is none."""
        self._sorted()
        hashes, places = fingerprints(word[start:end])
        found = [start + at for at in places[np.isin(hashes, self._common)].tolist()]
        return [(low, high + _GRAM) for low, high in pairwise(found) if high - low <= _GRAM]

    def passages(self) -> Iterator[Found]:
        """What many papers hold nearly word for word."""
        return Passages(self._sorted()[1], self._many, _GRAM).found()

    def candidates(self) -> Iterator[tuple[int, int]]:
        """The pairs of papers worth comparing, in order."""
        papers, places, partners = self._sorted()[0]
        load = np.bincount(papers, partners, self._count)
        order = np.argsort(papers, kind="stable")
        bounds = np.searchsorted(papers[order], np.arange(self._count + 1))
        share = (np.cumsum(load) // _AT_ONCE).astype(np.int64)
        edges = [0, *(np.flatnonzero(np.diff(share)) + 1).tolist(), self._count]
        for low, high in pairwise(edges):
            entries = order[bounds[low] : bounds[high]]
            yield from self._pairs(papers, places, entries, partners[entries])

    def _sorted(self) -> tuple[_Rare, Often]:
        """The fingerprints that two papers or more hold, but not many, and those that many do."""
        if self._index is None:
            self._index = self._sort()
        return self._index

    def _sort(self) -> tuple[_Rare, Often]:
        hashes = np.concatenate([hashes for hashes, _ in self._found])
        places = np.concatenate([places for _, places in self._found])
        self._found.clear()
        papers = np.repeat(np.arange(self._count, dtype=np.uint32), self._sizes)
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
        sizes = np.diff(np.append(starts, len(hashes)))
        many = sizes > self._many
        self._common = hashes[starts[many]]
        often = order[np.repeat(many, sizes)]
        groups = np.repeat(np.arange(len(self._common), dtype=np.int32), sizes[many])
        some = (sizes > 1) & (sizes <= self._many)
        order = order[np.repeat(some, sizes)]
        ends = np.repeat(np.cumsum(sizes[some]), sizes[some])
        rare = _Rare(papers[order], places[order], ends - np.arange(len(order)) - 1)
        return rare, Often(papers[often], places[often], groups)

    def _pairs(
        self, papers: NDArray[np.uint32], places: NDArray[np.int32], entries: Numbers, partners: Numbers
    ) -> Iterator[tuple[int, int]]:
        here = np.repeat(entries, partners)
        there = here + 1 + np.arange(len(here)) - np.repeat(np.cumsum(partners) - partners, partners)
        pairs = papers[here].astype(np.int64) * self._count + papers[there]
        order = np.argsort(pairs, kind="stable")
        order = order[_repeated(pairs[order])]
        pairs, first, second = pairs[order], places[here[order]], places[there[order]]
        for pair in np.unique(pairs[_together(pairs, first, first - second)]).tolist():
            yield pair // self._count, pair % self._count


def _repeated(pairs: Numbers) -> Numbers:
    """Which of the sorted `pairs` come at least `_HITS` times."""
    if not len(pairs):
        return pairs
    starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    sizes = np.diff(np.append(starts, len(pairs)))
    return np.flatnonzero(np.repeat(sizes >= _HITS, sizes))


def _together(pairs: Numbers, places: NDArray[np.int32], distances: NDArray[np.int32]) -> Numbers:
    """Where `_HITS` fingerprints of one pair stand near each other, but not all in one sentence, and nearly as far
    apart in both papers."""
    found = []
    # Two sets of bins, one half a bin further: what is near each other lies in one bin of either.
    for shift in (0, _SLACK):
        bins = (distances + shift) // (2 * _SLACK)
        order = np.lexsort((places, bins, pairs))
        sorted_pairs, sorted_bins, at = pairs[order], bins[order], places[order].astype(np.int64)
        new = np.concatenate(([True], (sorted_pairs[1:] != sorted_pairs[:-1]) | (sorted_bins[1:] != sorted_bins[:-1])))
        # Places of one pair and bin lie further from those of the next than a passage is long.
        at += np.cumsum(new) * (int(places.max(initial=0)) + 2 * _WINDOW)
        last = np.searchsorted(at, at + _WINDOW, "right") - 1
        near = (last - np.arange(len(at)) >= _HITS - 1) & (at[last] - at >= _REACH)
        found.append(order[near])
    return np.concatenate(found)
