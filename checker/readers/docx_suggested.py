"""Wording that we suggested in a marked-up copy, as revisions that nobody has accepted or rejected yet.

It is no part of the paper: a copy that is checked again reads and counts as the paper that it was made of. A pair of
which one half is already settled is read like the revisions of any other author.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from checker.hallmark import AUTHOR

_THIN = frozenset(
    {"commentRangeStart", "commentRangeEnd", "proofErr", "bookmarkStart", "bookmarkEnd", "lastRenderedPageBreak"}
)


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def withdraw(root: etree._Element) -> bool:
    """Take back what we suggested and nobody has decided on; tell whether there was anything."""
    return _settle(root, accept=False)


def accept(root: etree._Element) -> bool:
    """Do what we suggested, as Word does when a person accepts it; tell whether there was anything."""
    return _settle(root, accept=True)


def _settle(root: etree._Element, *, accept: bool) -> bool:
    pairs = list(_pairs(root))
    for inserted, deleted in pairs:
        for element in (*deleted, inserted):
            if (element is inserted) == accept:
                _unwrap(element)
            else:
                _remove(element)
    return bool(pairs)


def _pairs(root: etree._Element) -> Iterator[tuple[etree._Element, list[etree._Element]]]:
    """What we inserted, each with what we deleted right before it."""
    for inserted in root.iter("{*}ins"):
        if not _is_own(inserted):
            continue
        deleted: list[etree._Element] = []
        for before in inserted.itersiblings(preceding=True):
            if local(before) == "del" and _is_own(before):
                deleted.append(before)
            elif not _is_thin(before):
                break
        if deleted:
            yield inserted, deleted


def _is_own(element: etree._Element) -> bool:
    return any(value == AUTHOR for key, value in element.attrib.items() if str(key).endswith("}author"))


def _is_thin(element: etree._Element) -> bool:
    """Whether nothing of it is to be seen: marks, and the run that ties a comment to the text."""
    if local(element) == "r":
        return all(local(it) in ("rPr", "commentReference") for it in element)
    return not local(element) or local(element) in _THIN


def _unwrap(element: etree._Element) -> None:
    for text in element.iter("{*}delText"):
        text.tag = str(text.tag).replace("}delText", "}t")
    for child in list(element):
        element.addprevious(child)
    _remove(element)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    # What lxml keeps after an element goes with it; between the elements of a paragraph that is white space.
    parent.remove(element)
