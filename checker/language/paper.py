"""A paper as the rules see it: a document with its lexicon matches, sections and sentences, each worked out once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.document import Block, Document, Span, Submission
from checker.language.count import count_words
from checker.language.lexicon import Lexicons, PlainText
from checker.language.sentences import Sentence, sentences
from checker.language.tokens import Tokens

# 「（一）强化理论学习。全年……」: a numbered lead sentence that serves as a heading inside its own paragraph.
_RUN_IN = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、](?!\d)|[①-⑳])[^。！？\n：:]{2,40}[。：:]"
)
# 「持续从严治党。党组书记负总责……」: the same without a number, before a paragraph of some length.
_BARE_RUN_IN = re.compile(r"\s*+(?:——|—)?+\s*+[^\s。！？：:，；“”\d][^。！？\n：:，；“”\d]{3,13}。")
_BARE_BODY_MIN = 40
_RUN_IN_LEVELS = (
    (re.compile(r"\s*[一二三四五六七八九十]{1,3}[、.．]"), 1),
    (re.compile(r"\s*[（(][一二三四五六七八九十]"), 2),
    (re.compile(r"\s*\d{1,2}[.．、]"), 3),
    (re.compile(r""), 4),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (or a run-in lead sentence) with the text under it, down to the next heading of its level."""

    heading: Span
    level: int
    body: Span
    label: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the paper: the year under assessment (0: unknown) and the submission it is part of."""

    year: int = 0
    submission: Submission = Submission(())  # noqa: RUF009  (frozen)


class Paper:
    """A document under review. Everything is computed at first use and kept."""

    def __init__(self, document: Document, lexicons: Lexicons, context: Context = Context()) -> None:
        self.document = document
        self.context = context
        self._lexicons = lexicons
        self.memo: dict[object, object] = {}

    @cached_property
    def words(self) -> int:
        """字数 of the whole paper."""
        return count_words(self.document.text)

    @cached_property
    def plain(self) -> PlainText:
        """The text that terms are looked up in."""
        return PlainText(self.document)

    @cached_property
    def tokens(self) -> Tokens:
        """The words of the plain text."""
        return Tokens(self.plain.text)

    @cached_property
    def matches(self) -> Mapping[str, tuple[Span, ...]]:
        """Where the terms of each lexicon stand."""
        return self._lexicons.matches(self.plain, self.tokens)

    def wording(self, lexicon: str) -> frozenset[str]:
        """The terms of one lexicon as they are written, for comparing whole words."""
        return self._lexicons.wording(lexicon)

    def found(self, lexicon: str, within: Span | None = None) -> Sequence[Span]:
        """The matches of one lexicon, in text order; only those wholly inside `within` if it is given."""
        spans = self.matches.get(lexicon, ())
        if within is None or not spans:
            return spans
        first = bisect_left(spans, (within.start,))
        kept = []
        for span in spans[first:]:
            if span.start >= within.end:
                break
            if span.end <= within.end:
                kept.append(span)
        return kept

    def speaks(self, lexicon: str, within: Span) -> bool:
        """Whether any term of the lexicon stands inside `within`."""
        spans = self.matches.get(lexicon)
        if not spans:
            return False
        first = bisect_left(spans, (within.start,))
        # Of one lexicon no match holds another: where this one does not end inside, none of those after it does.
        return first < len(spans) and spans[first].end <= within.end

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections in text order; a section holds its subsections."""
        heads = list(self._heads())
        end_of_text = len(self.document.text)
        found = []
        for index, (heading, level, label, start) in enumerate(heads):
            end = next((later[0].start for later in heads[index + 1 :] if later[1] <= level), end_of_text)
            found.append(Section(heading, level, Span(start, end), label))
        return tuple(found)

    def _heads(self) -> Iterator[tuple[Span, int, str, int]]:
        """Heading span, level, label and where its body begins."""
        for block in self.document.blocks:
            if block.kind == "heading":
                yield block.span, block.level or 1, block.label, block.span.end
            elif block.kind in ("paragraph", "list-item"):
                lead = self._run_in(block)
                if lead is not None:
                    yield lead[0], lead[1], block.label, lead[0].end

    def _run_in(self, block: Block) -> tuple[Span, int] | None:
        text = self.document.text
        match = _RUN_IN.match(text, block.span.start, block.span.end)
        if match is None and block.span.end - block.span.start >= _BARE_BODY_MIN:
            match = _BARE_RUN_IN.match(text, block.span.start, block.span.end)
        if match is None or not text[match.end() : block.span.end].strip():
            return None
        level = next(level for pattern, level in _RUN_IN_LEVELS if pattern.match(text, block.span.start))
        return Span(match.start(), match.end()), level

    def headings_over(self, offset: int) -> list[Section]:
        """The sections whose body holds the character at `offset`, outermost first."""
        return [section for section in self.sections if section.body.start <= offset < section.body.end]

    @cached_property
    def body_blocks(self) -> tuple[Block, ...]:
        """The blocks that carry prose: everything but titles and headings."""
        return tuple(block for block in self.document.blocks if block.kind not in ("title", "heading"))

    @cached_property
    def sentences(self) -> tuple[tuple[Block, tuple[Sentence, ...]], ...]:
        """The sentences of each prose block."""
        return tuple((block, tuple(sentences(self.document, block.span))) for block in self.body_blocks)
