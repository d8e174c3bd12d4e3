"""Lexicons: lists of terms that a clerk can edit, and one pass over a text that finds them all.

A lexicon is a text file under `lexicons/`, named by its path without the suffix (`topics/fire-safety`). One term a
line; `#` begins a comment; `!` begins a false friend, a longer expression inside which no term of this lexicon counts
(`!平安银行`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from checker.document import Document, Span
from checker.language.tokens import Tokens

WHOLE_WORDS = "words/"
"""Lexicons below this folder are compared with whole words (see `Lexicons.wording`), and not searched for."""

_PASSED_OVER = re.compile("[“”‘’「」『』\"'\n]")


_Match = tuple[int, int, int]
"""Number of the pattern, start and end in the plain text."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms that mean one thing, and the false friends that do not."""

    id: str
    terms: tuple[str, ...]
    false_friends: tuple[str, ...] = ()


def parse(lexicon_id: str, text: str) -> Lexicon:
    """The lexicon that the file contents `text` describe; terms in file order, without repetitions."""
    lines = [line.strip() for line in text.splitlines()]
    entries = dict.fromkeys(line for line in lines if line and not line.startswith("#"))
    return Lexicon(
        lexicon_id,
        tuple(entry for entry in entries if not entry.startswith("!")),
        tuple(entry[1:].strip() for entry in entries if entry.startswith("!")),
    )


@lru_cache(maxsize=1)
def _root() -> Traversable:
    """The folder of the lexicons: inside the package, or at the top of a checkout that is run without installing."""
    try:
        return resources.files("checker.lexicons")
    except ModuleNotFoundError:
        return Path(__file__).parents[2] / "lexicons"


def load(lexicon_id: str) -> Lexicon | None:
    """The lexicon of that id that ships with the package, or None if there is none."""
    folder, _, name = lexicon_id.rpartition("/")
    place = _root().joinpath(*folder.split("/")) if folder else _root()
    try:
        return parse(lexicon_id, place.joinpath(f"{name}.txt").read_text("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def shipped() -> Iterator[str]:
    """The ids of all lexicons that ship with the package, sorted."""
    for folder in sorted((entry for entry in _root().iterdir() if entry.is_dir()), key=lambda entry: entry.name):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".txt"):
                yield f"{folder.name}/{file.name.removesuffix('.txt')}"


class PlainText:
    """The text without quotes and without line feeds inside a block, and the way back to the offsets of the document.

    Terms are looked up here, so that 四个“意识” and a term broken over two lines are found; line feeds between blocks
    stay, so that no term is found across two paragraphs.
    """

    def __init__(self, document: Document) -> None:
        text = document.text
        kept_feeds = {block.span.end for block in document.blocks}
        self._origins: list[int] = []
        pieces: list[str] = []
        start = 0
        for match in _PASSED_OVER.finditer(text):
            index = match.start()
            if index not in kept_feeds or text[index] != "\n":
                pieces.append(text[start:index])
                self._origins.extend(range(start, index))
                start = index + 1
        pieces.append(text[start:])
        self._origins.extend(range(start, len(text) + 1))
        self.text = "".join(pieces)

    def origin(self, offset: int) -> int:
        """Offset in the document of the character at `offset` of the plain text."""
        return self._origins[offset]

    def span(self, start: int, end: int) -> Span:
        """The span in the document that [start, end) of the plain text came from."""
        return Span(self._origins[start], self._origins[end - 1] + 1)


class _Pattern(NamedTuple):
    """What one string stands for: the lexicons of which it is a term, and those of which it is a false friend."""

    terms: tuple[str, ...]
    friends: tuple[str, ...]


@dataclass(slots=True)
class Lexicons:
    """A set of lexicons that is looked up in one pass."""

    by_id: Mapping[str, Lexicon]
    _patterns: list[_Pattern] = field(default_factory=list)
    _automaton: AhoCorasick | None = None
    _wordings: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lexicons: Iterable[Lexicon]) -> Lexicons:
        """A set of `lexicons`; of two with the same id the later one counts."""
        return cls({lexicon.id: lexicon for lexicon in lexicons})

    def wording(self, lexicon_id: str) -> frozenset[str]:
        """The terms of one lexicon as they are written."""
        if lexicon_id not in self._wordings:
            self._wordings[lexicon_id] = frozenset(self.by_id[lexicon_id].terms)
        return self._wordings[lexicon_id]

    def _search(self) -> AhoCorasick:
        if self._automaton is None:
            searched = [lexicon for lexicon in self.by_id.values() if not lexicon.id.startswith(WHOLE_WORDS)]
            terms = _owners((lexicon.id, lexicon.terms) for lexicon in searched)
            friends = _owners((lexicon.id, lexicon.false_friends) for lexicon in searched)
            strings = list(dict.fromkeys((*terms, *friends)))
            self._patterns = [_Pattern(tuple(terms.get(s, ())), tuple(friends.get(s, ()))) for s in strings]
            self._automaton = AhoCorasick(strings)
        return self._automaton

    def matches(self, plain: PlainText, tokens: Tokens) -> Mapping[str, tuple[Span, ...]]:
        """Where each lexicon's terms stand, as spans of the document in text order; of nested ones the longest.

        `tokens` are the words of the plain text. Left out: a match that they tear, and one inside a false friend.
        """
        found = self._search().find_matches_as_indexes(plain.text, overlapping=True)
        friends = self._friends(found)
        # In text order, of those that begin together the longest first: what lies inside another comes after it.
        found.sort(key=_in_text_order)
        spans: dict[str, list[Span]] = defaultdict(list)
        reach: dict[str, int] = {}
        for number, start, end in found:
            owners = self._patterns[number].terms
            if not owners or tokens.tear(start, end):
                continue
            for lexicon_id in owners:
                if end <= reach.get(lexicon_id, -1) or _inside_any(friends.get(lexicon_id, ()), start, end):
                    continue
                reach[lexicon_id] = end
                spans[lexicon_id].append(plain.span(start, end))
        return {lexicon_id: tuple(places) for lexicon_id, places in spans.items()}

    def _friends(self, found: Iterable[_Match]) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Where the false friends of each lexicon stand."""
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, start, end in found:
            for lexicon_id in self._patterns[number].friends:
                places[lexicon_id].append((start, end))
        return places


def _owners(lexicons: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, Sequence[str]]:
    """The ids of the lexicons that hold each string."""
    owners: dict[str, list[str]] = defaultdict(list)
    for lexicon_id, strings in lexicons:
        for string in strings:
            owners[string].append(lexicon_id)
    return owners


def _in_text_order(match: _Match) -> tuple[int, int]:
    return match[1], -match[2]


def _inside_any(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(low <= start and end <= high for low, high in places) if places else False
