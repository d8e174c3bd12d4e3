"""Replies to our comments, when the comments are replaced: each becomes a reply to the new one about the same finding.

The link between a reply and its comment is an entry in the part commentsExtended, which knows both by the id of their
last paragraph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from checker.readers.docx_replies import attribute, text_of
from checker.render.docx_package import XmlPart

LINKS_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.commentsExtended+xml"
LINKS_RELATION = "http://schemas.microsoft.com/office/2011/relationships/commentsExtended"
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
_W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_IGNORABLE = f"{{{_MC}}}Ignorable"
_ENTRY, _ID, _PARENT, _DONE = (f"{{{_W15}}}{name}" for name in ("commentEx", "paraId", "paraIdParent", "done"))

NO_LINKS = f'<w15:commentsEx xmlns:w15="{_W15}"/>'
"""An empty part of links."""


class Answered(NamedTuple):
    """A new comment of ours and the replies to the former one."""

    comment: etree._Element
    replies: Sequence[etree._Element]


def link(links: etree._Element, comments: etree._Element, answered: Sequence[Answered]) -> None:
    """Enter the links into the part `links`; paragraphs that have no id yet get one."""
    used = {attribute(it, "paraId").upper() for it in comments.iter("{*}p")}
    entries = {attribute(it, "paraId").upper(): it for it in links}
    for comment, replies in answered:
        head = _paragraph_id(comment, used)
        parent = links.makeelement(_ENTRY, {_ID: head, _DONE: "0"})
        ids = [_paragraph_id(it, used) for it in replies]
        first = next((entries[it] for it in ids if it in entries), None)
        # Before its replies, as Word writes it.
        if first is None:
            links.append(parent)
        else:
            first.addprevious(parent)
        for number in ids:
            entry = entries.get(number)
            if entry is None:
                entry = etree.SubElement(links, _ENTRY, {_ID: number, _DONE: "0"})
            entry.set(_PARENT, head)


def declaring_ids(part: XmlPart) -> XmlPart:
    """The comments part with the namespace of paragraph ids declared as one that older programs may pass over."""
    root = part.root
    if not {_W14, _MC} <= set(root.nsmap.values()):
        names: dict[str | None, str] = {"w14": _W14, "mc": _MC, **root.nsmap}
        wider = etree.Element(root.tag, dict(root.attrib), nsmap=names)
        wider.text = root.text
        wider.extend(list(root))
        root = wider
    prefix = next((key for key, value in root.nsmap.items() if value == _W14), None)
    passed_over = root.get(_IGNORABLE, "").split()
    if prefix and prefix not in passed_over:
        root.set(_IGNORABLE, " ".join((*passed_over, prefix)))
    return XmlPart(root, part.head, part.tail, part.encoding)


def _paragraph_id(comment: etree._Element, used: set[str]) -> str:
    """The id of the last paragraph of a comment, which stands for the comment."""
    last = list(comment.iter("{*}p"))[-1]
    found = attribute(last, "paraId").upper()
    if found:
        return found
    # Word wants it above 0 and below 80000000. The same comment gets the same one each time.
    seed = "\n".join((attribute(comment, "author"), attribute(comment, "date"), text_of(comment)))
    number = int(hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:8], 16) & 0x3FFFFFFF | 0x40000000
    while f"{number:08X}" in used:
        number -= 1
    last.set(f"{{{_W14}}}paraId", f"{number:08X}")
    used.add(f"{number:08X}")
    return f"{number:08X}"
