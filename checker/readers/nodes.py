"""Numbers for the text nodes of a tree, for the formats whose anchors name them."""

from __future__ import annotations

from lxml import etree

Numbers = dict[etree._Element, int]


def numbered_texts(root: etree._Element) -> tuple[Numbers, Numbers]:
    """Numbers of the text nodes in document order: those that open an element, and those that follow one."""
    heads: Numbers = {}
    tails: Numbers = {}
    number = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        text = element.text if event == "start" else element.tail
        if text:
            (heads if event == "start" else tails)[element] = number
            number += 1
    return heads, tails
