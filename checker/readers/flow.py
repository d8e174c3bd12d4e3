"""From paragraphs to a `Document`, for formats whose reader first makes paragraphs: .odt, .rtf, web pages.

A reader makes a list of `Paragraph`s, hangs text boxes and notes on the paragraphs that hold them, and counts what it
meets under the codes of `statement`. Boxes follow their paragraph; notes stand at the end, footnotes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from checker.document import Anchor, Block, BlockKind, Cell, Document, Span
from checker.readers.headings import Looks
from checker.readers.kinds import Kinds
from checker.readers.limits import Limits
from checker.readers.package import too_many
from checker.readers.statement import no_text, statement

NoteKind = Literal["footnote", "endnote"]
_COUNTED_AS: dict[NoteKind, str] = {"footnote": "footnotes", "endnote": "endnotes"}


class Piece(NamedTuple):
    """A stretch of text of one look; it stands from `offset` on in text node number `node` of the source."""

    text: str
    node: int
    offset: int = 0
    strong: bool = False
    size: int = 0


@dataclass(slots=True)
class Paragraph:
    """One paragraph as a reader found it; `outline` is the heading level that the source gives (0: none)."""

    pieces: list[Piece] = field(default_factory=list)
    label: str = ""
    list_level: int = 0
    outline: int = 0
    title: bool = False
    contents: bool = False
    centred: bool = False
    cell: Cell | None = None
    boxes: list[list[Paragraph]] = field(default_factory=list)
    notes: list[tuple[NoteKind, list[Paragraph]]] = field(default_factory=list)

    def looks(self) -> Looks:
        """How the whole paragraph looks; strong only where every piece is."""
        strong = bool(self.pieces) and all(piece.strong for piece in self.pieces)
        return Looks(strong, self.centred, max((piece.size for piece in self.pieces), default=0))


class Source(NamedTuple):
    """What a document made of paragraphs says of its file; `part` is what anchors name."""

    path: str
    format: str
    sha256: str
    part: str


def assemble(source: Source, body: Sequence[Paragraph], counts: Counter[str], limits: Limits) -> Document:
    """The document of these paragraphs; ReadError where there is no text in them."""
    writer = _Writer(source.part, counts, limits)
    writer.flow(body, "paragraph")
    for wanted in _COUNTED_AS:
        writer.write_notes(wanted)
    text = "\n".join(writer.texts)
    if not text.strip():
        raise no_text(counts)
    return Document(
        path=source.path,
        format=source.format,
        text=text,
        blocks=tuple(writer.blocks),
        anchors=tuple(writer.anchors),
        reading=statement(counts),
        sha256=source.sha256,
    )


class _Writer:
    """Lays paragraphs one after the other and keeps count of offsets."""

    def __init__(self, part: str, counts: Counter[str], limits: Limits) -> None:
        self.texts: list[str] = []
        self.blocks: list[Block] = []
        self.anchors: list[Anchor] = []
        self._part = part
        self._counts = counts
        self._limits = limits
        self._kinds = Kinds()
        self._notes: list[tuple[NoteKind, list[Paragraph]]] = []
        self._at = 0

    def flow(self, paragraphs: Sequence[Paragraph], kind: BlockKind) -> None:
        """Write one flow of text: the body, a text box, a note. Boxes are nested as deep as the reader allowed."""
        for paragraph in paragraphs:
            self._paragraph(paragraph, kind)
            for box in paragraph.boxes:
                self._counts["text-boxes"] += 1
                self.flow(box, "textbox" if kind == "paragraph" else kind)

    def write_notes(self, wanted: NoteKind) -> None:
        """Write the notes of one kind that the text referred to, in that order; notes in notes are not read."""
        for kind, paragraphs in [note for note in self._notes if note[0] == wanted]:
            self._counts[_COUNTED_AS[kind]] += 1
            self.flow(paragraphs, kind)

    def _paragraph(self, paragraph: Paragraph, kind: BlockKind) -> None:
        if len(self.blocks) >= self._limits.paragraphs:
            raise too_many(self._limits)
        start = at = self._at + 1 if self.blocks else 0
        for piece in paragraph.pieces:
            self.anchors.append(Anchor(at, at + len(piece.text), self._part, piece.node, piece.offset))
            at += len(piece.text)
        self._at = at
        text = "".join([piece.text for piece in paragraph.pieces])
        self.texts.append(text)
        found, level = self._kind(text, paragraph, kind)
        self.blocks.append(Block(found, Span(start, at), level, paragraph.label, paragraph.cell))
        if kind == "paragraph" and paragraph.cell is None:
            self._counts["body"] += 1
        if kind not in _COUNTED_AS:
            self._notes += paragraph.notes

    def _kind(self, text: str, paragraph: Paragraph, kind: BlockKind) -> tuple[BlockKind, int]:
        if kind != "paragraph":
            return kind, 0
        blank = not text or text.isspace()
        if paragraph.cell is not None:
            return ("cell", 0) if blank else self._kinds.cell(paragraph.outline)
        if blank:
            return "paragraph", 0
        label = paragraph.label, paragraph.list_level
        return self._kinds.body(text, label, paragraph.outline, paragraph.looks, paragraph.title, paragraph.contents)
