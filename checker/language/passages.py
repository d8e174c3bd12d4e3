"""Passages that two texts share, however they were touched up: figures or names changed, words put in or left out.

Texts are folded first: punctuation and spaces go, a number becomes one 0. Runs of eight equal characters are the
seeds; seeds near each other are joined, what lies between them is compared character by character, and a passage is
as long as more of it agrees than differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from checker.document import Span

GRAM = 8
"""Characters of a seed. Unrelated papers hardly share eight in a row but in names and set phrases."""

_REACH = 60
"""So far apart, in characters, two seeds may stand and still belong to one passage."""
_DRIFT = 30
"""How much longer one side of the stretch between two seeds may be than the other."""
_DROP = 60
"""Where so much in a row differs, a passage ends."""
_SEEDED = 4
"""Of the characters wanted, one in so many has to stand in a seed; else the place is not looked at."""
_NEAR = 12
_MIN_BLOCK = 2
_KNOWN_GRAM = 6
_KNOWN_MIN = 3

_PASSED_OVER = re.compile(r"[\W_]+")
_KEPT = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+")
_SEVERAL_DIGITS = re.compile(r"\d{2,}")
_HEAD = re.compile(r"(?:\A|[\n。！？；，、：])(?=[^\n。！？；，、：]*\Z)")
_TAIL = re.compile(r"[\d.．]*[%％]?[。！？；，、：”’」』）)》]*")
# Single words between two set phrases are nobody's own.
_OWN = re.compile(rb"\0{4,}")


class Block(NamedTuple):
    """A run of characters that two folded texts share: where it begins in each, and how long it is."""

    first: int
    second: int
    size: int

    @property
    def ends(self) -> tuple[int, int]:
        """Where it ends in each text."""
        return self.first + self.size, self.second + self.size

    @property
    def diagonal(self) -> int:
        """How much further along it stands in the first text."""
        return self.first - self.second


class Folded:
    """A text as it is compared: `word` is what is left of it without punctuation and spaces, each number as one 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.word = _NUMBER.sub("0", _PASSED_OVER.sub("", text))

    @cached_property
    def grams(self) -> dict[str, int]:
        """Every run of `GRAM` characters, and where it stands last."""
        word = self.word
        return {word[at : at + GRAM]: at for at in range(len(word) - GRAM + 1)}

    def places(self, gram: str) -> tuple[int, ...]:
        """Where a gram stands: the first place and the last, if there are several."""
        first, last = self.word.find(gram), self.grams[gram]
        return (first,) if first == last else (first, last)

    @cached_property
    def origins(self) -> Sequence[int]:
        """Where each character of `word` stands in the text; a number stands where its first digit does."""
        kept: list[int] = []
        for match in _KEPT.finditer(self.text):
            kept.extend(range(match.start(), match.end()))
        origins: list[int] = []
        start = 0
        for match in _SEVERAL_DIGITS.finditer(_PASSED_OVER.sub("", self.text)):
            origins += kept[start : match.start() + 1]
            start = match.end()
        return origins + kept[start:]

    def span(self, start: int, end: int) -> Span:
        """Where [start, end) of the folded text stands: from the head of its clause if that is near, to the marks
        that close it."""
        first, last = self.origins[start], self.origins[end - 1] + 1
        head, tail = _HEAD.search(self.text, max(0, first - _NEAR), first), _TAIL.match(self.text, last)
        return Span(first if head is None else head.end(), last if tail is None else tail.end())


@dataclass(frozen=True)
class Common:
    """Language that belongs to everybody: set phrases, slogans, the words of the notice itself; `words` are folded."""

    lines: InitVar[Sequence[str]] = ()
    words: tuple[str, ...] = field(init=False)
    _grams: frozenset[str] = field(init=False)

    def __post_init__(self, lines: Sequence[str]) -> None:
        object.__setattr__(self, "words", tuple(Folded(line).word for line in lines))
        object.__setattr__(self, "_grams", frozenset(self._cut()))

    def _cut(self) -> Iterator[str]:
        for word in self.words:
            if _KNOWN_MIN <= len(word) <= _KNOWN_GRAM:
                yield word
            for start in range(len(word) - _KNOWN_GRAM + 1):
                yield word[start : start + _KNOWN_GRAM]

    def mark(self, word: str, start: int, end: int, mask: bytearray) -> None:
        """Set `mask` (of the whole of `word`) to 1 where [start, end) says what everybody says."""
        for at in range(max(0, start - _KNOWN_GRAM + 1), end):
            for size in range(min(_KNOWN_GRAM, len(word) - at), _KNOWN_MIN - 1, -1):
                if word[at : at + size] in self._grams:
                    mask[at : at + size] = b"\1" * size
                    break


@dataclass(frozen=True, slots=True)
class Match:
    """A passage of two folded texts: its equal blocks, in order."""

    blocks: tuple[Block, ...]

    @property
    def first(self) -> tuple[int, int]:
        """Where it begins and ends in the first folded text."""
        return self.blocks[0].first, self.blocks[-1].ends[0]

    @property
    def second(self) -> tuple[int, int]:
        """Where it begins and ends in the second folded text."""
        return self.blocks[0].second, self.blocks[-1].ends[1]

    @property
    def matched(self) -> int:
        """How many characters agree."""
        return sum(block.size for block in self.blocks)

    def own(self, mask: bytearray) -> tuple[int, Match]:
        """How many of them `mask`, of the first text, leaves, and the match without what is not own at its ends."""
        runs = [run.span() for block in self.blocks for run in _OWN.finditer(mask, block.first, block.ends[0])]
        if not runs:
            return 0, self
        low, high = runs[0][0], runs[-1][1]
        return sum(end - start for start, end in runs), Match(tuple(_cut(self.blocks, low, high)))


def _cut(blocks: Iterable[Block], low: int, high: int) -> Iterator[Block]:
    for block in blocks:
        skip, size = max(0, low - block.first), min(block.ends[0], high) - block.first
        if size > skip:
            yield Block(block.first + skip, block.second + skip, size - skip)


def matches(first: Folded, second: Folded, least: int) -> list[Match]:
    """The passages with at least `least` characters that agree, longest first; none overlaps another in the first."""
    kept: list[Match] = []
    found = [
        match
        for chain in _chains(_seeds(first, second, least))
        if sum(seed.size for seed in chain) >= least // _SEEDED
        for match in _scored(_filled(first.word, second.word, chain))
        if match.matched >= least
    ]
    for match in sorted(found, key=lambda match: (-match.matched, match.first)):
        low, high = match.first
        if all(high <= other.first[0] or other.first[1] <= low for other in kept):
            kept.append(match)
    return kept


def _seeds(first: Folded, second: Folded, least: int) -> list[Block]:
    """The longest equal runs of at least `GRAM` characters, by where they begin in the first text."""
    shared = first.grams.keys() & second.grams.keys()
    if len(shared) < least // _SEEDED // 2:
        return []
    pairs = sorted(
        (here - there, here) for gram in shared for here in first.places(gram) for there in second.places(gram)
    )
    seeds: list[Block] = []
    size = 0
    for number, (diagonal, low) in enumerate(pairs, 1):
        size += 1
        if number == len(pairs) or pairs[number] != (diagonal, low + 1):
            start = low - size + 1
            seeds.append(Block(start, start - diagonal, size + GRAM - 1))
            size = 0
    return sorted(seeds)


def _chains(seeds: Iterable[Block]) -> list[list[Block]]:
    """Seeds that follow each other closely in both texts."""
    chains: list[list[Block]] = []
    reachable: list[list[Block]] = []
    for seed in seeds:
        reachable = [chain for chain in reachable if seed.first - chain[-1].ends[0] <= _REACH]
        fitting = [chain for chain in reachable if _follows(chain[-1], seed)]
        if fitting:
            min(fitting, key=lambda chain: abs(chain[-1].diagonal - seed.diagonal)).append(seed)
        else:
            chains.append([seed])
            reachable.append(chains[-1])
    return chains


def _follows(before: Block, seed: Block) -> bool:
    """Whether a seed goes on where the one before left off; the two may overlap, as 「的的」 does."""
    near = seed.second - before.ends[1] <= _REACH and abs(before.diagonal - seed.diagonal) <= _DRIFT
    return near and seed.second > before.second and seed.ends[0] > before.ends[0] and seed.ends[1] > before.ends[1]


def _filled(first: str, second: str, chain: Sequence[Block]) -> list[Block]:
    """The blocks of a chain with the shorter ones before, between and after them."""
    low, high = chain[0].first, chain[0].second
    filled = [*_between(first, second, (max(0, low - _REACH), max(0, high - _REACH)), (low, high)), chain[0]]
    for seed in chain[1:]:
        ends = filled[-1].ends
        cut = max(0, ends[0] - seed.first, ends[1] - seed.second)
        if cut >= seed.size:
            continue
        rest = Block(seed.first + cut, seed.second + cut, seed.size - cut)
        filled += _between(first, second, ends, (rest.first, rest.second))
        filled.append(rest)
    ends = filled[-1].ends
    filled += _between(first, second, ends, (ends[0] + _REACH, ends[1] + _REACH))
    return filled


def _between(first: str, second: str, starts: tuple[int, int], ends: tuple[int, int]) -> list[Block]:
    """The runs that two stretches have in common, in order."""
    here, there = first[starts[0] : ends[0]], second[starts[1] : ends[1]]
    if not here or not there:
        return []
    from rapidfuzz.distance import LCSseq  # not at the top: most papers share nothing that comes as far as this

    return [
        Block(starts[0] + code.src_start, starts[1] + code.dest_start, code.src_end - code.src_start)
        for code in LCSseq.opcodes(here, there)
        if code.tag == "equal" and code.src_end - code.src_start >= _MIN_BLOCK
    ]


def _scored(blocks: Sequence[Block]) -> Iterator[Match]:
    """The stretches in which more agrees than differs, cut where too much in a row differs."""
    gaps = [0, *(max(after.first - end, after.second - other) for (end, other), after in _steps(blocks))]
    start, stop, score, best = 0, 0, 0, 0
    for index, (block, gap) in enumerate(zip(blocks, gaps, strict=True)):
        if score <= gap or best - score + gap > _DROP:
            if best:
                yield Match(tuple(blocks[start:stop]))
            start, score, best = index, 0, 0
        else:
            score -= gap
        score += block.size
        if score > best:
            best, stop = score, index + 1
    if best:
        yield Match(tuple(blocks[start:stop]))


def _steps(blocks: Sequence[Block]) -> Iterator[tuple[tuple[int, int], Block]]:
    for before, after in pairwise(blocks):
        yield before.ends, after
