"""Plain text and Markdown: one block a line. An anchor's node is the number of the line, from 0."""

from __future__ import annotations

import re

from checker.document import Anchor, Block, BlockKind, Document, Note, Reading, Span
from checker.errors import ReadError
from checker.readers.encodings import decode
from checker.readers.headings import heading_level, number_level, title_like
from checker.readers.limits import Limits
from checker.readers.package import too_many

_MARKDOWN = re.compile(r"(#{1,6})[ \t]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
PART = "text"


def read_text(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a text file in UTF-8, UTF-16 or GB18030."""
    if len(data) > limits.part_size:
        raise ReadError("too-large", "文本文件过大，不像单份考核材料，请拆分后再上报。")
    content, encoding = decode(data)
    if not content.strip():
        raise ReadError("no-text", "文件里没有文字，请核对是否选错文件。")
    if content.count("\n") + content.count("\r") >= limits.paragraphs * 2:
        raise too_many(limits)
    lines: list[str] = []
    blocks: list[Block] = []
    anchors: list[Anchor] = []
    at = 0
    titled = False
    for number, line in enumerate(_LINE_END.split(content)):
        kind, level, skipped = _kind(line, titled)
        titled = titled or bool(line.strip())
        kept = line[skipped:]
        if kept:
            anchors.append(Anchor(at, at + len(kept), PART, number, skipped))
        blocks.append(Block(kind, Span(at, at + len(kept)), level))
        lines.append(kept)
        at += len(kept) + 1
    return Document(
        path=name,
        format="text",
        text="\n".join(lines),
        blocks=tuple(blocks),
        anchors=tuple(anchors),
        reading=Reading(
            read=(Note("body", len(blocks), f"正文 {len(blocks)} 行"), Note("encoding", 1, f"文本编码 {encoding}"))
        ),
        sha256=sha256,
    )


def _kind(line: str, titled: bool) -> tuple[BlockKind, int, int]:
    """Kind and level of a line, and how many characters of Markdown stand before its text."""
    mark = _MARKDOWN.match(line)
    if mark is not None:
        return ("heading" if titled else "title"), (len(mark[1]) if titled else 0), mark.end()
    if not titled and title_like(line):
        return "title", 0, 0
    level = heading_level(line)
    if level:
        return "heading", level, 0
    level = number_level(line)
    if level >= 3:
        return "list-item", level, 0
    return "paragraph", 0, 0
