"""The items of a list paper: numbered paragraphs with what belongs to them, rows of a table, or plain paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Block, Span
from checker.language.paper import Paper

_NUMBERED = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、）)](?!\d)|[①-⑳]|[一二三四五六七八九十]是|第[一二三四五六七八九十][，、])"
)
_HEADER_CELL = re.compile(r"\s*(?:序号?|编号|内容|事项|项目|类别|名称|指标|指标名称|备注|清单内容|单位)\s*")
APPROVALS = "cues/approval-collective"
_COLUMN_NAME_MAX = 8
_CLOSING_MAX = 80
_FORM_LINE = re.compile(
    r"\s*(?:(?:填报|报送|制表|填表)?(?:单位|日期|时间|人)(?:（[^）]*）)?|联系人|联系电话)[：:].*|\s*[（(][^）)]*[）)]\s*"
)
_SIGNATURE = re.compile(
    r"\s*(?:中共|[^，。；：]{0,25}(?:党组|党委|党工委|委员会|人民政府|领导班子|局|办公室))?\s*(?:\d{4}年\d{1,2}月(?:\d{1,2}日)?)?\s*"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; `span` covers all its paragraphs."""

    span: Span


def items(paper: Paper) -> list[Item]:
    """The items in text order; headings, table header rows and the signature are none."""
    title = paper.document.title
    blocks = [
        block
        for block in paper.document.blocks
        if _carries_text(paper, block) and not (title is not None and title.holds(block.span))
    ]
    rows = list(_rows(paper, [block for block in blocks if block.cell is not None]))
    return rows or list(_paragraphs(paper, [block for block in blocks if block.cell is None]))


def _carries_text(paper: Paper, block: Block) -> bool:
    return block.kind not in ("title", "footnote", "endnote") and bool(paper.document.slice(block.span).strip())


def _rows(paper: Paper, cells: Sequence[Block]) -> Iterator[Item]:
    rows: dict[tuple[int, int], list[Block]] = {}
    for block in cells:
        assert block.cell is not None
        rows.setdefault((block.cell.table, block.cell.row), []).append(block)
    for (_, number), row in rows.items():
        texts = [paper.document.slice(block.span).strip() for block in row]
        if len(texts) > 1 and any(_HEADER_CELL.fullmatch(text) for text in texts):
            continue
        if number == 0 and len(rows) > 1 and len(texts) > 1 and all(_names_column(text) for text in texts):
            continue
        yield Item(Span(row[0].span.start, row[-1].span.end))


def _names_column(text: str) -> bool:
    return len(text) <= _COLUMN_NAME_MAX and not re.search(r"[\d，。；]", text)


def _paragraphs(paper: Paper, blocks: Sequence[Block]) -> Iterator[Item]:
    """Numbered paragraphs begin an item and take the unnumbered ones after them; without any, each paragraph is one."""
    text = paper.document.text
    opening = [block for block in blocks if _begins_item(text, block)]
    if not opening:
        for block in blocks:
            if block.kind != "heading" and not _introduces(text, block) and not _closes(paper, block):
                yield Item(block.span)
        return
    # Of several depths of numbering the outermost divides the list; the inner ones belong to their item.
    depth = min(_depth(text, block) for block in opening)
    start: int | None = None
    end = 0
    for block in blocks:
        if block in opening and _depth(text, block) == depth:
            if start is not None:
                yield Item(Span(start, end))
            start, end = block.span.start, block.span.end
        elif start is not None and not _closes(paper, block):
            end = block.span.end
    if start is not None:
        yield Item(Span(start, end))


def _begins_item(text: str, block: Block) -> bool:
    return bool(block.label and block.label not in "•·●■◆-") or bool(
        _NUMBERED.match(text, block.span.start, block.span.end)
    )


_DEPTHS = (
    re.compile(r"\s*[一二三四五六七八九十]{1,3}[、.．]"),
    re.compile(r"\s*[（(][一二三四五六七八九十]{1,3}[）)]"),
    re.compile(r"\s*\d{1,2}[.．、]"),
    re.compile(r"\s*[（(]\d{1,3}[）)]"),
)


def _depth(text: str, block: Block) -> int:
    lead = block.label + " " if block.label else text[block.span.start : block.span.start + 8]
    return next((depth for depth, pattern in enumerate(_DEPTHS) if pattern.match(lead)), len(_DEPTHS))


def _introduces(text: str, block: Block) -> bool:
    return text[block.span.start : block.span.end].rstrip().endswith(("：", ":"))


def _closes(paper: Paper, block: Block) -> bool:
    """Whether the paragraph is a signature, a line of the form, or the note on who approved the list."""
    if paper.speaks(APPROVALS, block.span):
        return True
    line = paper.document.slice(block.span).strip()
    return len(line) <= _CLOSING_MAX and any(pattern.fullmatch(line) for pattern in (_SIGNATURE, _FORM_LINE))
