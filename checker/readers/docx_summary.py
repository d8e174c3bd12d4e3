"""The summary page that stands before a marked-up copy of ours, and how it is known again.

It is a content control with a tag of ours. Word keeps the tag; a program that takes the control off leaves its
paragraphs, and these are known by their first and their last line. What lies between is no part of the paper.
"""

from __future__ import annotations

from lxml import etree

TAG = "kaohe-cover"
FIRST_LINE = "考核材料审查摘要"
LAST_LINE = "（审查摘要到此为止，以下是材料原文）"

# No summary of ours has more paragraphs and tables.
_LONGEST = 12
_BLOCKS = ("{*}p", "{*}tbl", "{*}sdt")


def summary_in(body: etree._Element) -> list[etree._Element]:
    """The elements of the body that are the summary; none where the paper has none."""
    blocks = body.iterchildren(*_BLOCKS)
    first = next((it for it in blocks if _local(it) == "tbl" or _text(it)), None)
    if first is None or _local(first) == "tbl":
        return []
    if _local(first) == "sdt" and _tag(first) == TAG:
        return [first]
    if not _text(first).startswith(FIRST_LINE):
        return []
    following = [first, *first.itersiblings(*_BLOCKS)][:_LONGEST]
    end = next((at for at, it in enumerate(following, 1) if _text(it).endswith(LAST_LINE)), 0)
    return following[:end]


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text(block: etree._Element) -> str:
    return "".join(node.text or "" for node in block.iter("{*}t")).strip()


def _tag(control: etree._Element) -> str:
    for tag in control.iterfind("{*}sdtPr/{*}tag"):
        return next((str(value) for key, value in tag.attrib.items() if str(key).endswith("}val")), "")
    return ""
