"""What every other part of the checker works on: a paper as text, and where each character of it came from.

This module knows no file format. A reader fills these types; nobody changes them afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from checker.readers.limits import Limits
    from checker.roster import Arrived, Due, Entry

BlockKind = Literal["title", "heading", "paragraph", "list-item", "cell", "footnote", "endnote", "textbox"]

PAPER_KINDS: Mapping[str, str] = {
    "team-summary": "领导班子工作总结",
    "achievement-list": "实绩清单",
    "feature-list": "特色工作清单",
    "problem-list": "问题清单",
    "suggestion-list": "建议清单",
    "cadre-report": "领导干部述职述廉述学报告",
    "prior-post-note": "原单位提供的原任职情况",
    "secondment-opinion": "派出（接收）单位意见",
    "probation-summary": "试用期工作总结",
    "selection-report": "干部选拔任用工作「一报告两评议」材料",
    "grade-proposal": "年度考核等次建议",
    "other": "其他材料",
}
"""Kinds of paper a submission holds (REQUIREMENTS, 「Papers that a submission holds」): id to Chinese name."""

FLAGS: Mapping[str, str] = {"party-chief": "县（区）党委主要领导", "non-party": "党外干部"}
"""What may be said of the person: id to Chinese name. Some rules hold only for these."""

UNIT_TYPES: Mapping[str, str] = {"county": "县（区）", "municipal": "市直单位", "zone": "开发区"}
"""Types of unit: id to Chinese name."""

LIST_KINDS: tuple[str, ...] = ("achievement-list", "feature-list", "problem-list", "suggestion-list")


class Span(NamedTuple):
    """Half-open range of offsets into `Document.text`; the one authority on place."""

    start: int
    end: int

    def shift(self, by: int) -> Span:
        """The same range, moved by `by` characters."""
        return Span(self.start + by, self.end + by)

    def holds(self, other: Span) -> bool:
        """Whether `other` lies wholly inside this range."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two ranges share at least one character."""
        return self.start < other.end and other.start < self.end


class Cell(NamedTuple):
    """Place of a table cell: number of the table in the document, row and column, all from 0."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of the source.

    `level` is the depth of a heading or list item, from 1 (0: neither). `label` is the automatic number that Word
    shows before the paragraph; it is not part of the text. `cell` is set for every paragraph inside a table.
    """

    kind: BlockKind
    span: Span
    level: int = 0
    label: str = ""
    cell: Cell | None = None


class Anchor(NamedTuple):
    """Where a stretch of text came from: character `offset` of text node number `node` of the package part `part`.

    Nodes are numbered in document order from 0 over the elements that `readers.docx.TEXT_NODES` names. The stretch
    [start, end) of the text maps one to one to characters [offset, offset + end - start) of that node.
    `host` is the node in the body that a comment about this stretch has to sit on where the node itself cannot carry
    one (text boxes, footnotes); -1 means the node itself.
    """

    start: int
    end: int
    part: str
    node: int
    offset: int
    host: int = -1


class Box(NamedTuple):
    """Where a stretch of text stands on a page: the characters of one printed line, for formats that have pages.

    `page` counts from 0. Lengths are points from the top left corner of the page, down and to the right. `lefts` and
    `rights` hold the edges of each character, so the box of character i is (lefts[i], top, rights[i], bottom).
    """

    start: int
    end: int
    page: int
    top: float
    bottom: float
    lefts: tuple[float, ...]
    rights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the reading statement: `what` is a stable English code, `text` the sentence a user reads."""

    what: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a file and what was not.

    `recognised` are the pages, from 0, whose text was recognised in pictures and may be misread; `unread` those that
    could not be read at all.
    """

    read: tuple[Note, ...] = ()
    not_read: tuple[Note, ...] = ()
    recognised: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person answered to one of our comments in a marked-up paper.

    `rule` and `fingerprint` tell the finding that the comment was about; empty where that cannot be told. `date` is
    as it stands in the file (2020-12-20), or empty.
    """

    rule: str
    fingerprint: str
    text: str
    author: str = ""
    date: str = ""


RECOGNISED_COUNT_ERROR = 0.03
"""How far the 字数 of recognised text may be off, as a share of the limit.

Measured on 18 of the sample files, printed, drawn at 200 to the inch as JPEG and read back (72 pages of 30,307
characters, 0.1% of them misread): the papers that have a limit came out between 0.2% too short and 1.5% too long.
Automatic numbers, which Word does not count and a picture does not tell from typed ones, make nearly all of it. The
share is twice the worst.
"""


def surely_over(count: int, limit: int, recognised: bool) -> bool:
    """Whether a count in 字 is over the limit, also if recognition has erred as far as it may."""
    return count > limit * (1 + RECOGNISED_COUNT_ERROR if recognised else 1)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A paper, or one of several papers that stand in the same file.

    `text` is what counts as handed in: blocks joined by a line feed. A soft line break inside a block is a line feed
    too; block spans tell them apart. `base` is the offset of `text` in the text of the whole file (not 0 only for a
    paper that `part` cut out), so that `base + span` is the same place for every paper of one file; `blocks_before`
    is the number of blocks before it in the file. `replies` are all of the file's: they name their finding by its
    fingerprint, not by its place. `person` is who wrote a cadre's report, and `flags` what is known of that person,
    where papers of several persons are checked together.
    """

    path: str
    format: str
    text: str
    blocks: tuple[Block, ...]
    anchors: tuple[Anchor, ...] = ()
    reading: Reading = field(default_factory=Reading)
    sha256: str = ""
    kind: str = "other"
    kind_source: Literal["given", "detected"] = "detected"
    kind_reason: str = ""
    base: int = 0
    boxes: tuple[Box, ...] = ()
    blocks_before: int = 0
    replies: tuple[Reply, ...] = ()
    person: str = ""
    flags: frozenset[str] = frozenset()

    def slice(self, span: Span) -> str:
        """The text of `span`."""
        return self.text[span.start : span.end]

    def block_at(self, offset: int) -> Block | None:
        """The block that holds the character at `offset`, or None between blocks."""
        index = self.block_index(offset)
        return None if index is None else self.blocks[index]

    def block_index(self, offset: int) -> int | None:
        """Index in `blocks` of the block that holds the character at `offset`, or None between blocks."""
        low, high = 0, len(self.blocks)
        while low < high:
            middle = (low + high) // 2
            if self.blocks[middle].span.end <= offset:
                low = middle + 1
            else:
                high = middle
        if low < len(self.blocks) and self.blocks[low].span.start <= offset:
            return low
        return None

    @property
    def title(self) -> Span | None:
        """Where the title stands: the title blocks at the head, else the first block that holds text."""
        filled = [block for block in self.blocks if self.slice(block.span).strip()]
        if not filled:
            return None
        if filled[0].kind != "title":
            return filled[0].span
        last = filled[0]
        for block in filled[1:]:
            if block.kind != "title":
                break
            last = block
        return Span(filled[0].span.start, last.span.end)

    def sources(self, span: Span) -> Iterator[Anchor]:
        """The anchors of `span`, each cut down to the part of it that lies inside."""
        first = bisect_right(self.anchors, span.start, key=attrgetter("end"))
        for anchor in self.anchors[first:]:
            if anchor.start >= span.end:
                return
            start, end = max(anchor.start, span.start), min(anchor.end, span.end)
            yield anchor._replace(start=start, end=end, offset=anchor.offset + start - anchor.start)

    def places(self, span: Span) -> Iterator[Box]:
        """The boxes of `span`, each cut down to the characters that lie inside; none where the format has no pages."""
        for box in self.boxes:
            if box.end <= span.start:
                continue
            if box.start >= span.end:
                return
            start, end = max(box.start, span.start), min(box.end, span.end)
            inside = slice(start - box.start, end - box.start)
            yield box._replace(start=start, end=end, lefts=box.lefts[inside], rights=box.rights[inside])

    def page(self, span: Span) -> int | None:
        """The page, from 1, on which `span` begins; None where the format has no pages."""
        found = next(self.places(span), None)
        return None if found is None else found.page + 1

    def recognised(self, span: Span | None = None) -> bool:
        """Whether any text of `span`, or of the whole paper, was recognised in a picture and may be misread."""
        pages = self.reading.recognised
        return bool(pages) and any(box.page in pages for box in (self.boxes if span is None else self.places(span)))

    def part(self, span: Span, kind: str, reason: str) -> Document:
        """The paper of `kind` that stands in `span` of this file, as a document of its own."""
        blocks = tuple(
            replace(block, span=block.span.shift(-span.start)) for block in self.blocks if span.holds(block.span)
        )
        anchors = tuple(
            anchor._replace(start=anchor.start - span.start, end=anchor.end - span.start)
            for anchor in self.sources(span)
        )
        boxes = tuple(box._replace(start=box.start - span.start, end=box.end - span.start) for box in self.places(span))
        return replace(
            self,
            text=self.text[span.start : span.end],
            blocks=blocks,
            anchors=anchors,
            boxes=boxes,
            kind=kind,
            kind_reason=reason,
            base=self.base + span.start,
            blocks_before=self.blocks_before + sum(block.span.start < span.start for block in self.blocks),
        )


class Shared(NamedTuple):
    """A passage that two papers share: where it stands in each, how many characters agree, how many are its own."""

    first: Span
    second: Span
    matched: int
    own: int


@dataclass(frozen=True, slots=True)
class Copies:
    """Two papers that were found to share passages, longest first. `same`: they do not differ at all."""

    first: Document
    second: Document
    passages: tuple[Shared, ...]
    same: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """All that one unit (or one person) hands in, and what is known of it besides.

    `flags` holds `party-chief` (县（区）党委主要领导) and `non-party` (党外干部) where they apply to whoever wrote all
    papers; those of a single paper stand there. `not_applicable` maps a topic id to the reason why it is none of this
    unit's business. `against` are papers that are not handed in here, only compared with: last year's, other units'.
    `limits` are those that the files were read under; whoever opens a file again keeps to them (None: the usual ones).
    `grades` holds the ratio of a grade where one is set: `excellent`, and `excellent-<type of unit>` before it.

    The rest is known in batch screening alone: the `roster` of all units, the papers that this unit owes (`dues`), the
    passages that its papers share with any other of the batch (`copies`; None: they were not looked for yet), and the
    files that came and could not be read (`unread`), as far as their names say what they are.
    """

    documents: tuple[Document, ...]
    unit: str = ""
    unit_type: str = ""
    person: str = ""
    flags: frozenset[str] = frozenset()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    roster: Sequence[Entry] = ()
    against: tuple[Document, ...] = ()
    limits: Limits | None = None
    dues: tuple[Due, ...] = ()
    copies: tuple[Copies, ...] | None = None
    unread: tuple[Arrived, ...] = ()
    grades: Mapping[str, float] = field(default_factory=dict)

    def flags_of(self, document: Document) -> frozenset[str]:
        """What is known of the person who wrote `document`."""
        return self.flags | document.flags
