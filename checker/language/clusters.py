"""Passages that very many papers hold nearly word for word: a template that everybody filled in, a model passed round.

`similarity` takes what many papers share for common language, and rightly so for a phrase. Here the fingerprints that
are common are looked at once more: several of them in a row, as far apart from each other in many papers, are no phrase
but a passage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROW = 4
"""So many fingerprints in a row, with the same distances, make a link: two dozen characters, word for word."""
_STEP = 24
"""So far apart two fingerprints of a link may stand; of six characters one in four is a fingerprint."""
_REACH = 60
"""So many characters between two links may differ and still be inside one passage: a name, a figure, a word put in."""
_HELD = 0.6
"""A paper that holds so much of a passage holds it nearly word for word."""
_TRIM = 4

Numbers = NDArray[np.int64]


class Often(NamedTuple):
    """The fingerprints that many papers hold: paper, place and group of each; those that agree are one group and
    stand beside each other."""

    papers: NDArray[np.uint32]
    places: NDArray[np.int32]
    groups: NDArray[np.int32]


class Found(NamedTuple):
    """A passage in one of the papers that hold it: the stretches of its folded text that agree, and who holds it."""

    paper: int
    stretches: tuple[tuple[int, int], ...]
    papers: tuple[int, ...]


class Passages:
    """The passages that more than `many` papers hold, out of the fingerprints that so many papers hold.

    `gram` is the length of a fingerprint. A link is kept as its number, its paper, where it begins and ends, and where
    its first fingerprint stands among those of all papers in the order of the text.
    """

    def __init__(self, often: Often, many: int, gram: int) -> None:
        self._often = often
        self._many = many
        order = np.argsort(often.papers.astype(np.int64) << 32 | often.places, kind="stable")
        self._groups = often.groups[order]
        papers, places = often.papers[order], often.places[order].astype(np.int64)
        self._at, self._numbers = self._links(papers, places)
        self._papers, self._starts = papers[self._at], places[self._at]
        self._ends = places[self._at + _ROW - 1] + gram
        self._counts = np.bincount(self._numbers)
        self._bounds = np.searchsorted(often.groups, np.arange(self._groups.max(initial=-1) + 2))
        self._told = np.zeros(len(self._bounds), bool)

    def found(self) -> Iterator[Found]:
        """All of them, none twice."""
        for chosen in self._chains():
            yield from self._of_chain(chosen)

    def _links(self, papers: NDArray[np.uint32], places: Numbers) -> tuple[Numbers, Numbers]:
        """Where a link begins that many papers hold, and its number. Half of `many` will do: an edit breaks some."""
        near = (np.diff(places) <= _STEP) & (papers[1:] == papers[:-1])
        whole = np.ones(max(0, len(near) - _ROW + 2), bool)
        for step in range(_ROW - 1):
            whole &= near[step : step + len(whole)]
        at = np.flatnonzero(whole)
        mixed = self._groups[at].astype(np.uint64)
        for step in range(1, _ROW):
            mixed *= np.uint64(0x9E3779B97F4A7C15)
            mixed += self._groups[at + step].astype(np.uint64) << np.uint64(8)
            mixed += (places[at + step] - places[at + step - 1]).astype(np.uint64)
            mixed ^= mixed >> np.uint64(29)
        # Sorting the numbers alone is much faster than asking also where each came from.
        ordered = np.sort(mixed)
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ordered) else ordered
        sizes = np.diff(np.append(starts, len(ordered)).astype(np.int64))
        common = ordered[starts[sizes > self._many // 2].astype(np.int64)]
        kept = np.isin(mixed, common)
        return at[kept], np.searchsorted(common, mixed[kept])

    def _chains(self) -> Iterator[Numbers]:
        """The links, by index, in sets of such as follow each other in many papers."""
        if not len(self._numbers):
            return
        near = (self._papers[1:] == self._papers[:-1]) & (self._starts[1:] - self._ends[:-1] <= _REACH)
        size = len(self._counts)
        steps, counts = np.unique(self._numbers[:-1][near] * size + self._numbers[1:][near], return_counts=True)
        roots = list(range(size))

        def root(number: int) -> int:
            while roots[number] != number:
                roots[number] = number = roots[roots[number]]
            return number

        for step in steps[counts > self._many // 2].tolist():
            roots[root(step % size)] = root(step // size)
        owners = np.array([root(number) for number in range(size)])[self._numbers]
        order = np.argsort(owners, kind="stable")
        chains = np.split(order, np.flatnonzero(np.diff(owners[order])) + 1)
        yield from sorted(chains, key=len, reverse=True)

    def _of_chain(self, chosen: Numbers) -> Iterator[Found]:
        """The passages of one set of links: the paper that holds most of what is left shows the next."""
        chosen = self._fresh(chosen)
        while len(chosen) > self._many // 2:
            papers, counts = np.unique(self._papers[chosen], return_counts=True)
            paper = papers[counts.argmax()]
            own = chosen[self._papers[chosen] == paper]
            gaps = np.flatnonzero(self._starts[own[1:]] - self._ends[own[:-1]] > _REACH) + 1
            for run in np.split(own, gaps):
                kept, holders = self._held(run)
                if len(kept):
                    self._told[self._groups_of(kept)] = True
                    yield Found(int(paper), self._stretches(kept), tuple(holders.tolist()))
                else:
                    chosen = chosen[~np.isin(self._numbers[chosen], self._numbers[run])]
            chosen = self._fresh(chosen)

    def _groups_of(self, links: Numbers) -> NDArray[np.int32]:
        """The groups of the fingerprints of each link."""
        groups: NDArray[np.int32] = self._groups[self._at[links][:, None] + np.arange(_ROW)]
        return groups

    def _fresh(self, links: Numbers) -> Numbers:
        """The links that are none of a passage already told, with another name or figure in it."""
        fresh: Numbers = links[self._told[self._groups_of(links)].sum(axis=1) < _ROW // 2]
        return fresh

    def _held(self, run: Numbers) -> tuple[Numbers, Numbers]:
        """As much of a run of links as more than `many` papers hold, and these papers; nothing where none is."""
        while len(run):
            wanted = np.unique(self._groups_of(run))
            holders = [self._often.papers[slice(*self._bounds[group : group + 2])] for group in wanted.tolist()]
            held = np.flatnonzero(np.bincount(np.concatenate(holders)) >= _HELD * len(wanted))
            if len(held) > self._many:
                return run, held
            first, last = self._counts[self._numbers[run[[0, -1]]]]
            run = run[_TRIM:] if first < last else run[:-_TRIM]
        return run, run

    def _stretches(self, run: Numbers) -> tuple[tuple[int, int], ...]:
        """What the links of a run cover."""
        covered: list[tuple[int, int]] = []
        for start, end in zip(self._starts[run].tolist(), self._ends[run].tolist(), strict=True):
            if covered and start <= covered[-1][1]:
                covered[-1] = covered[-1][0], end
            else:
                covered.append((start, end))
        return tuple(covered)
