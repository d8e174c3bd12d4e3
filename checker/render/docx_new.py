"""A new Word file for a paper that came in another format: its text, set as such papers are, with the comments."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from docx import Document as new_word
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from checker.document import Block, Document, Span
from checker.errors import WriteError
from checker.readers import Limits
from checker.render import phrases as say
from checker.render.docx_mark import Remark
from checker.render.docx_verify import DIFFERS, reread, roomier

_DEEPEST = 9
_BODY, _HEADING, _TITLE = "仿宋", "黑体", "宋体"
_LATIN = "Times New Roman"


class _Piece(NamedTuple):
    """A run of the new file and the words of the paper that stand in it."""

    span: Span
    run: Run


def build(
    papers: Sequence[Document],
    remarks: Sequence[Remark],
    when: datetime | None = None,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> bytes:
    """The papers of one file, one after the other, with a comment for each remark."""
    word = new_word()
    _dress(word)
    if when is not None:
        word.core_properties.created = word.core_properties.modified = when
    for paper in papers:
        own = [remark for remark in remarks if remark.document is paper]
        pieces = list(_write(word, paper, own))
        for remark in own:
            _comment(word, pieces, remark, when)
    out = io.BytesIO()
    word.save(out)
    _check(out.getvalue(), papers, roomier(limits))
    return out.getvalue()


def _dress(word: Word) -> None:
    """Faces and sizes of official papers instead of those of the template."""
    _face(word, "Normal", _BODY, 16)
    _face(word, "Title", _TITLE, 22)
    for level in range(1, _DEEPEST + 1):
        _face(word, f"Heading {level}", _HEADING, 16)


def _face(word: Word, name: str, face: str, size: int) -> None:
    font = word.styles[name].font
    font.name, font.size, font.color.rgb = _LATIN, Pt(size), RGBColor(0, 0, 0)
    fonts = font.element.rPr.rFonts
    # The template names its faces by theme; that would outweigh the names set here.
    for key in [key for key in fonts.attrib if key.endswith("Theme")]:
        del fonts.attrib[key]
    fonts.set(qn("w:eastAsia"), face)


def _write(word: Word, paper: Document, remarks: Sequence[Remark]) -> Iterator[_Piece]:
    """Write the blocks of one paper, with a new run wherever a remark begins or ends."""
    edges = sorted({edge for remark in remarks for edge in remark.place})
    for block in paper.blocks:
        paragraph = _paragraph(word, block)
        if block.label:
            paragraph.add_run(say.visible(block.label))
        cuts = [block.span.start, *(it for it in edges if block.span.start < it < block.span.end), block.span.end]
        for start, end in pairwise(cuts):
            if start < end:
                span = Span(start, end)
                yield _Piece(span, paragraph.add_run(say.visible(paper.slice(span))))


def _paragraph(word: Word, block: Block) -> Paragraph:
    if block.kind == "title":
        paragraph = word.add_paragraph(style="Title")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        return paragraph
    if block.kind == "heading":
        return word.add_paragraph(style=f"Heading {min(max(block.level, 1), _DEEPEST)}")
    paragraph = word.add_paragraph()
    paragraph.paragraph_format.first_line_indent = Pt(32)
    return paragraph


def _comment(word: Word, pieces: Sequence[_Piece], remark: Remark, when: datetime | None) -> None:
    covered = [piece.run for piece in pieces if piece.span.overlaps(remark.place)]
    if not covered:
        after = [piece.run for piece in pieces if piece.span.end >= remark.place.start]
        covered = [*after[:1], *(piece.run for piece in pieces[-1:])][:1]
    if not covered:
        raise WriteError(DIFFERS)
    text = "\n".join(say.visible(line) for line in remark.lines)
    comment = word.add_comment([covered[0], covered[-1]], text, remark.author, remark.initials)
    if when is not None:
        # Local time, as Word writes it; python-docx sets the time of Greenwich.
        comment._comment_elm.date = when


def _check(data: bytes, papers: Sequence[Document], limits: Limits) -> None:
    """Read the new file back: it holds the text of the papers and the automatic numbers before it, nothing else."""
    wanted = [say.visible(block.label + paper.slice(block.span)) for paper in papers for block in paper.blocks]
    if reread(data, limits, DIFFERS).text != "\n".join(wanted):
        raise WriteError(DIFFERS)
