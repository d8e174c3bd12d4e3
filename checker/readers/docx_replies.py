"""Replies to our own comments in a marked-up Word file: who said what about which finding.

Word, newer WPS and newer LibreOffice link a reply to its comment in the part commentsExtended. Programs that know no
replies, and older ones, leave a comment of its own on the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from checker.document import Reply
from checker.errors import ReadError
from checker.hallmark import AUTHOR, rule_of, stamped, unstamped
from checker.readers.docx_part import TEXT_NODES
from checker.readers.limits import Limits
from checker.readers.package import Package, open_package, parse_xml

_MARKS = ("commentRangeStart", "commentRangeEnd", "commentReference")
_DATE = re.compile(r"[1-9]\d{3}-\d\d-\d\d(?=T|$)")
_INSIDE = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# A thread is one level deep in Word and rarely more elsewhere; a damaged file may go round in circles.
_DEEPEST = 50


class Thread(NamedTuple):
    """A reply and the comments of ours that it may be meant for: exactly one, unless several are on the same words."""

    reply: etree._Element
    comments: tuple[etree._Element, ...]


def read_replies(package: Package, main: str, root: etree._Element) -> tuple[Reply, ...]:
    """The replies to our comments in the document `root`; none where the comments cannot be read.

    What a comment says never keeps a paper from being checked; without its reply a finding simply stays.
    """
    names = {it.kind: it.target for it in package.relationships(main).values() if not it.external}
    comments = names.get("comments", "")
    if not package.holds(comments):
        return ()
    try:
        # Most comments are not ours, and a look at the bytes is cheap.
        data = package.read(comments)
        if AUTHOR.encode() not in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"&#" not in data:
            return ()
        extended = names.get("commentsExtended", "")
        links = parse_xml(package.read(extended), package.limits) if package.holds(extended) else None
        return tuple(_reply(it) for it in threads(parse_xml(data, package.limits), links, root))
    except ReadError:
        return ()


def replies_in(data: bytes, limits: Limits) -> tuple[Reply, ...]:
    """The replies in a marked-up file that is not itself read as a paper."""
    package = open_package(data, limits)
    main = package.main_part()
    return read_replies(package, main, parse_xml(package.read(main), limits))


def threads(comments: etree._Element, links: etree._Element | None, document: etree._Element) -> Iterator[Thread]:
    """The replies to our comments in their order. `links` is the root of commentsExtended."""
    everything = [it for it in comments if _local(it) == "comment"]
    own = [it for it in everything if is_own(it)]
    others = [it for it in everything if not is_own(it)]
    if not own or not others:
        return
    by_paragraph = {number: it for it in everything for number in paragraph_ids(it)}
    parents = _parents(links)
    ranges: Mapping[str, Mapping[str, int]] | None = None
    for reply in others:
        linked = _followed(reply, by_paragraph, parents)
        if linked is not None:
            if is_own(linked):
                yield Thread(reply, (linked,))
            continue
        if ranges is None:
            ranges = _ranges(document)
        place = ranges.get(attribute(reply, "id"), {})
        beneath = tuple(it for it in own if _same_words(place, ranges.get(attribute(it, "id"), {})))
        if beneath:
            yield Thread(reply, beneath)


def is_own(comment: etree._Element) -> bool:
    """Whether a comment is one of ours."""
    return attribute(comment, "author") == AUTHOR


def text_of(comment: etree._Element) -> str:
    """The text of a comment, a paragraph a line."""
    return "\n".join(_paragraph(it) for it in comment.iter("{*}p"))


def paragraph_ids(comment: etree._Element) -> list[str]:
    """The ids of the paragraphs of a comment; the last one stands for the comment in other parts."""
    found = (attribute(it, "paraId").upper() for it in comment.iter("{*}p"))
    return [number for number in found if number]


def attribute(element: etree._Element, name: str) -> str:
    """An attribute by its local name: its namespace differs between versions of the format."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def _reply(thread: Thread) -> Reply:
    """What a reply says; without fingerprint where it is not clear which comment it is meant for."""
    said = {text_of(it) for it in thread.comments}
    marks = {stamped(it) for it in said}
    rules = {rule_of(it) for it in said}
    return Reply(
        rule=rules.pop() if len(rules) == 1 else "",
        fingerprint=marks.pop() if len(marks) == 1 else "",
        text=unstamped(text_of(thread.reply)),
        author=attribute(thread.reply, "author").strip(),
        # Local time of whoever wrote it, whatever letter stands behind it.
        date=found[0] if (found := _DATE.match(attribute(thread.reply, "date"))) else "",
    )


def _parents(links: etree._Element | None) -> dict[str, str]:
    if links is None:
        return {}
    pairs = ((attribute(it, "paraId").upper(), attribute(it, "paraIdParent").upper()) for it in links)
    return {child: parent for child, parent in pairs if child and parent}


def _followed(
    reply: etree._Element, by_paragraph: Mapping[str, etree._Element], parents: Mapping[str, str]
) -> etree._Element | None:
    """The comment at the head of the thread that `reply` stands in, or the nearest one of ours above it."""
    at, above = reply, None
    for _ in range(_DEEPEST):
        number = next((parents[it] for it in paragraph_ids(at) if it in parents), "")
        if number not in by_paragraph or by_paragraph[number] is at:
            return above
        at = above = by_paragraph[number]
        if is_own(at):
            return at
    return None


def _ranges(document: etree._Element) -> dict[str, dict[str, int]]:
    """For each comment how many pieces of text stand before each of its marks."""
    found: dict[str, dict[str, int]] = {}
    passed = 0
    for element in document.iter(*("{*}" + name for name in (*TEXT_NODES, *_MARKS))):
        name = _local(element)
        if name in _MARKS:
            found.setdefault(attribute(element, "id"), {})[name] = passed
        else:
            passed += 1
    return found


def _same_words(reply: Mapping[str, int], own: Mapping[str, int]) -> bool:
    """Whether two comments are on the same words; one that has no range of its own counts where it is anchored."""
    start, end, anchor = _MARKS
    if start in reply and end in reply:
        return (reply[start], reply[end]) == (own.get(start), own.get(end))
    return anchor in reply and reply[anchor] == own.get(end)


def _paragraph(paragraph: etree._Element) -> str:
    pieces = (_INSIDE.get(_local(it), it.text or "" if _local(it) == "t" else "") for it in paragraph.iter())
    return "".join(pieces)


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
