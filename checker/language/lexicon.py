"""Lexicons: lists of terms that a clerk can edit, and one pass over a text that finds them all.

A lexicon is a text file under `lexicons/`, named by its path without the suffix (`topics/fire-safety`). One term a
line; `#` begins a comment; `!` begins a false friend, a longer expression inside which no term of this lexicon counts
(`!平安银行`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ahocorasick_rs import AhoCorasick

from checker.document import Document, Span
from checker.language.tokens import Tokens

WHOLE_WORDS = "words/"
"""Lexicons below this folder are compared with whole words (see `Lexicons.wording`), and not searched for."""

_QUOTES = "“”‘’「」『』\"'"


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
        self._adjusted: list[int] = []
        pieces: list[str] = []
        start = 0
        for index, char in enumerate(text):
            if char in _QUOTES or (char == "\n" and index not in kept_feeds):
                pieces.append(text[start:index])
                self._adjusted.append(index - len(self._adjusted))
                start = index + 1
        pieces.append(text[start:])
        self.text = "".join(pieces)

    def origin(self, offset: int) -> int:
        """Offset in the document of the character at `offset` of the plain text."""
        return offset + bisect_right(self._adjusted, offset)

    def span(self, start: int, end: int) -> Span:
        """The span in the document that [start, end) of the plain text came from."""
        return Span(self.origin(start), self.origin(end - 1) + 1)


@dataclass(frozen=True, slots=True)
class _Pattern:
    lexicon: str
    friend: bool


@dataclass(slots=True)
class Lexicons:
    """A set of lexicons that is looked up in one pass."""

    by_id: Mapping[str, Lexicon]
    _patterns: list[list[_Pattern]] = field(default_factory=list)
    _automaton: AhoCorasick | None = None

    @classmethod
    def of(cls, lexicons: Iterable[Lexicon]) -> Lexicons:
        """A set of `lexicons`; of two with the same id the later one counts."""
        return cls({lexicon.id: lexicon for lexicon in lexicons})

    def wording(self, lexicon_id: str) -> frozenset[str]:
        """The terms of one lexicon as they are written."""
        return frozenset(self.by_id[lexicon_id].terms)

    def _search(self) -> AhoCorasick:
        if self._automaton is None:
            owners: dict[str, list[_Pattern]] = defaultdict(list)
            for lexicon in self.by_id.values():
                if lexicon.id.startswith(WHOLE_WORDS):
                    continue
                for term in lexicon.terms:
                    owners[term].append(_Pattern(lexicon.id, friend=False))
                for friend in lexicon.false_friends:
                    owners[friend].append(_Pattern(lexicon.id, friend=True))
            self._patterns = list(owners.values())
            self._automaton = AhoCorasick(list(owners))
        return self._automaton

    def matches(self, plain: PlainText, tokens: Tokens) -> Mapping[str, tuple[Span, ...]]:
        """Where each lexicon's terms stand, as spans of the document in text order; of nested ones the longest.

        `tokens` are the words of the plain text. Left out: a match that they tear, and one inside a false friend.
        """
        terms: dict[str, list[tuple[int, int]]] = defaultdict(list)
        friends: dict[str, list[tuple[int, int]]] = defaultdict(list)
        automaton = self._search()
        broken: dict[tuple[int, int], bool] = {}
        for number, start, end in automaton.find_matches_as_indexes(plain.text, overlapping=True):
            for pattern in self._patterns[number]:
                if pattern.friend:
                    friends[pattern.lexicon].append((start, end))
                    continue
                if (start, end) not in broken:
                    broken[start, end] = tokens.tear(start, end)
                if not broken[start, end]:
                    terms[pattern.lexicon].append((start, end))
        return {
            lexicon_id: tuple(plain.span(start, end) for start, end in _longest(found, friends.get(lexicon_id, [])))
            for lexicon_id, found in terms.items()
        }


def _longest(found: list[tuple[int, int]], friends: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The matches in text order without those inside a false friend or inside a longer match."""
    reach = -1
    for start, end in sorted(found, key=lambda place: (place[0], -place[1])):
        if end <= reach or any(low <= start and end <= high for low, high in friends):
            continue
        reach = end
        yield start, end
