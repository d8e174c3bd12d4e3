"""Which paragraph is a heading, told by its number and its looks; shared by all readers.

The numbering of Chinese official papers is fixed by usage: 一、 then （一） then 1. then （1） then ①.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_HEADING = 40
LONGEST_TITLE = 60
STRONG_FACES = ("黑体", "SimHei", "小标宋")
"""Faces that official papers set headings in."""
TITLE_STYLES = frozenset({"title", "标题", "subtitle", "副标题"})
HEADING_STYLE = re.compile(r"(?:heading|标题)\s*([1-9])$", re.IGNORECASE)
CONTENTS_STYLE = re.compile(r"(?:toc|contents|目录)\s*[1-9]$", re.IGNORECASE)

_HAN = "一二三四五六七八九十百〇零"
_NUMBER = re.compile(
    rf"\s*(?:((?:第[{_HAN}]+(?:部分|章|编)|[{_HAN}]+、))"
    rf"|([（(][{_HAN}]+[）)])"
    r"|([0-9０-９]{1,2}(?:[.．、](?![0-9０-９])))"
    r"|([（(][0-9０-９]{1,2}[）)])"
    r"|([①-⑳]))"
)
_NOT_A_HEADING = re.compile(
    r"[表图]\s*[0-9０-９一二三四五六七八九十]|[（(]?[0-9０-９〇一二三四五六七八九]{4}\s*年.{0,12}[日月年][）)]?$"
)
_CONTENTS_LINE = re.compile(r"(?:\t|[.…·]{3,})\s*[0-9ivxIVX]+$")
_NAMES_A_PAPER = re.compile("清单|总结|报告|材料|意见|附件|附表")
_BODY_ENDINGS = "。；;，,、！!？?"


class Looks(NamedTuple):
    """How a whole paragraph looks: `strong` is bold or set in a heading face, `size` in half points (0: not known)."""

    strong: bool = False
    centred: bool = False
    size: int = 0


PLAIN = Looks()


def number_level(text: str) -> int:
    """Level of the number that `text` begins with: 一、1 （一）2 1.3 （1）4 ①5; 0 where there is none."""
    match = _NUMBER.match(text)
    return match.lastindex or 0 if match else 0


def heading_level(text: str, label: str = "", looks: Looks = PLAIN) -> int:
    """Level of a heading told by number and looks, 0 where the paragraph is none."""
    if len(text) > LONGEST_HEADING + 20:
        return 0
    words = text.strip()
    if not words or len(words) > LONGEST_HEADING or words[-1] in _BODY_ENDINGS or "。" in words:
        return 0
    if _CONTENTS_LINE.search(words):
        return 0
    level = number_level(label or words) or number_level(words)
    if level in (1, 2):
        return level
    if not (looks.strong or looks.centred) or _NOT_A_HEADING.match(words):
        return 0
    return level or 1


def title_like(text: str) -> bool:
    """Whether a line is short enough for a title and bears no number of a section."""
    words = text.strip()
    return 0 < len(words) <= LONGEST_TITLE and words[-1] not in "。；;，," and not number_level(words)


def byline_like(text: str) -> bool:
    """Whether a centred line below the title can be a unit, a name or a date and not the heading of a paper."""
    words = text.strip()
    return len(words) <= LONGEST_HEADING and not number_level(words) and _NAMES_A_PAPER.search(words) is None
