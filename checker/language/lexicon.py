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

from ahocorasick_rs import AhoCorasick

from checker.document import Document, Span
from checker.language.tokens import Tokens

WHOLE_WORDS = ("words/", "places/")
"""Lexicons below these folders are compared with whole words (see `Lexicons.wording`), and not searched for."""

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


def table(name: str) -> str:
    """The contents of a data file that stands among the lexicons and is more than a list of terms."""
    return _root().joinpath(*name.split("/")).read_text("utf-8-sig")


@lru_cache(maxsize=8)
def terms(lexicon_id: str) -> frozenset[str]:
    """The terms of a lexicon that ships with the package, for comparing whole texts; none if there is no such one."""
    found = load(lexicon_id)
    return frozenset(found.terms if found else ())


def shipped() -> Iterator[str]:
    """The ids of all lexicons that ship with the package, sorted."""
    for folder in sorted((entry for entry in _root().iterdir() if entry.is_dir()), key=lambda entry: entry.name):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".txt"):
                yield f"{folder.name}/{file.name.removesuffix('.txt')}"


class PlainText:
    """The text without quotes and without line feeds inside a block, and the way back to the offsets of the document.

    Terms are looked up here, so that 四个“意识” and a term broken over two lines are found; line feeds between blocks
    stay, so that no term is found across two paragraphs. `origins` holds for each character its offset in the document.
    """

    def __init__(self, document: Document) -> None:
        text = document.text
        kept_feeds = {block.span.end for block in document.blocks}
        self.origins: list[int] = []
        pieces: list[str] = []
        start = 0
        for match in _PASSED_OVER.finditer(text):
            index = match.start()
            if index not in kept_feeds or text[index] != "\n":
                pieces.append(text[start:index])
                self.origins.extend(range(start, index))
                start = index + 1
        pieces.append(text[start:])
        self.origins.extend(range(start, len(text) + 1))
        self.text = "".join(pieces)

    def origin(self, offset: int) -> int:
        """Offset in the document of the character at `offset` of the plain text."""
        return self.origins[offset]

    def span(self, start: int, end: int) -> Span:
        """The span in the document that [start, end) of the plain text came from."""
        return Span(self.origins[start], self.origins[end - 1] + 1)


@dataclass(slots=True)
class Lexicons:
    """A set of lexicons that is looked up in one pass.

    `_terms` and `_friends` tell by the number of a string in the automaton which lexicons hold it.
    """

    by_id: Mapping[str, Lexicon]
    _terms: list[Sequence[str]] = field(default_factory=list)
    _friends: dict[int, Sequence[str]] = field(default_factory=dict)
    _automaton: AhoCorasick | None = None
    _wordings: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lexicons: Iterable[Lexicon]) -> Lexicons:
        """A set of `lexicons`; of two with the same id the later one counts."""
        return cls({lexicon.id: lexicon for lexicon in lexicons})

    def only(self, ids: Iterable[str]) -> Lexicons:
        """The set of those lexicons alone: the fewer terms, the faster the pass."""
        return Lexicons({lexicon_id: self.by_id[lexicon_id] for lexicon_id in dict.fromkeys(ids)})

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
            self._terms = [terms.get(string, ()) for string in strings]
            self._friends = {number: friends[string] for number, string in enumerate(strings) if string in friends}
            self._automaton = AhoCorasick(strings)
        return self._automaton

    def matches(self, plain: PlainText, tokens: Tokens) -> Mapping[str, tuple[Span, ...]]:
        """Where each lexicon's terms stand, as spans of the document in text order; of nested ones the longest.

        `tokens` are the words of the plain text. Left out: a match that they tear, and one inside a false friend.
        """
        found = self._search().find_matches_as_indexes(plain.text, overlapping=True)
        friends = self._friends_among(found)
        origins = plain.origins
        spans: dict[str, list[Span]] = defaultdict(list)
        # In text order, of those that begin together the longest first: what lies inside another comes after it.
        for start, minus_end, number in sorted([(start, -end, number) for number, start, end in found]):
            end = -minus_end
            owners = self._terms[number]
            if not owners or tokens.tear(start, end):
                continue
            span = Span(origins[start], origins[end - 1] + 1)
            for lexicon_id in owners:
                places = spans[lexicon_id]
                if places and span.end <= places[-1].end:
                    continue
                if lexicon_id not in friends or not _inside_any(friends[lexicon_id], start, end):
                    places.append(span)
        return {lexicon_id: tuple(places) for lexicon_id, places in spans.items()}

    def _friends_among(self, found: Iterable[_Match]) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Where the false friends of each lexicon stand."""
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, start, end in found:
            if number in self._friends:
                for lexicon_id in self._friends[number]:
                    places[lexicon_id].append((start, end))
        return places


def _owners(lexicons: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, Sequence[str]]:
    """The ids of the lexicons that hold each string."""
    owners: dict[str, list[str]] = defaultdict(list)
    for lexicon_id, strings in lexicons:
        for string in strings:
            owners[string].append(lexicon_id)
    return owners


def _inside_any(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(low <= start and end <= high for low, high in places)
