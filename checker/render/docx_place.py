"""Putting comment ranges into the XML of a Word file, exactly on the words: runs are cut in two where it has to be.

Nothing is rewritten. A run that a range begins or ends in is cut at that character; both halves keep its properties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

from lxml import etree

SPACE = " \t\r\n"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

# Elements that may hold the marks of a range beside runs. At their edge a mark goes outside: a comment on the whole of
# a field, a link or an insertion outlives its update or its acceptance.
_LEGAL = frozenset(
    {"p", "hyperlink", "ins", "moveTo", "del", "moveFrom", "smartTag", "customXml", "sdtContent", "fldSimple", "bdo"}
    | {"dir"}
)
# What has no extent on the page: a mark may pass over it.
_THIN = frozenset(
    {"rPr", "pPr", "smartTagPr", "customXmlPr", "sdtPr", "sdtEndPr", "rubyPr", "rt", "lastRenderedPageBreak"}
    | {"proofErr", "bookmarkStart", "bookmarkEnd", "commentRangeStart", "commentRangeEnd", "permStart", "permEnd"}
)
# A reference in here would be deleted with its surroundings, or stands where a control takes plain text only.
_DELETED = frozenset({"del", "moveFrom"})
_PLAIN_CONTROLS = frozenset({"text", "date", "dropDownList", "comboBox", "picture", "citation", "equation"})


def detach(element: etree._Element) -> None:
    """Take an element out and leave the white space behind it where it is."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)


class Stretch(NamedTuple):
    """Where one comment goes: from a character of one text node to the end of a character of another."""

    number: int
    first: int
    first_offset: int
    last: int
    last_offset: int


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class Whole(NamedTuple):
    """A text node as it was before it was cut, and the text that it shows."""

    node: etree._Element
    shown: str


class Placed(NamedTuple):
    """What was done to the tree: `wider` are the numbers of stretches that cover more than their words.

    That is so only where the words are part of something that cannot be cut (one reading of a phonetic guide, one
    branch of an alternative). `nodes` are the text nodes that were cut, by number, as they were before; `halves` the
    new elements (runs and text nodes) that the cuts have made, each right behind the one it was cut from.
    """

    wider: set[int]
    nodes: dict[int, Whole]
    halves: set[etree._Element]


def place(nodes: Sequence[etree._Element], stretches: Iterable[Stretch]) -> Placed:
    """Put the marks of `stretches` into the tree that `nodes` are of."""
    ordered = sorted(stretches, key=lambda it: (it.first, it.first_offset, -it.last, -it.last_offset))
    starts_at = _by_place((it.first, it.first_offset, it.number) for it in ordered)
    ends_at = _by_place((it.last, it.last_offset, it.number) for it in reversed(ordered))
    done = Placed(set(), {}, set())
    # From the end of the text to its head: what is cut off moves to the right, so that offsets to the left still hold.
    number, shift = -1, 0
    for node, offset in sorted({*starts_at, *ends_at}, reverse=True):
        if node != number:
            number, shift = node, 0
        begin, finish = starts_at.get((node, offset), []), ends_at.get((node, offset), [])
        whole = done.nodes.get(node) or _whole(nodes[node])
        left, right, lost = _cut(nodes[node], offset - shift)
        shift += lost
        if left is not right:
            done.nodes[node] = whole
            done.halves.add(right)
        # First what begins here, then what ends here: the ends come to stand before the starts.
        if begin and not _insert_starts(right, begin, done.halves):
            done.wider.update(begin)
        if finish and not _insert_ends(left, finish, done.halves):
            done.wider.update(finish)
    return done


def _by_place(edges: Iterable[tuple[int, int, int]]) -> Mapping[tuple[int, int], list[int]]:
    """Numbers of comments by the place of their edge."""
    found: dict[tuple[int, int], list[int]] = {}
    for node, offset, number in edges:
        found.setdefault((node, offset), []).append(number)
    return found


def _insert_starts(right: etree._Element, numbers: Sequence[int], halves: set[etree._Element]) -> bool:
    """Put the marks before `right`; tell whether that was possible without taking in more."""
    spot, exact = _outward(right, halves, forward=False)
    for number in numbers:
        spot.addprevious(_mark(spot, "commentRangeStart", number))
    return exact


def _insert_ends(left: etree._Element, numbers: Sequence[int], halves: set[etree._Element]) -> bool:
    """Put the marks and references after `left`; tell whether that was possible without taking in more."""
    spot, exact = _outward(left, halves, forward=True)
    for number in numbers:
        end = _mark(spot, "commentRangeEnd", number)
        spot.addnext(end)
        outside = _reference_spot(end)
        reference = _reference(end, number)
        outside.addnext(reference)
        spot = reference if outside is end else end
    return exact


def _mark(beside: etree._Element, name: str, number: int) -> etree._Element:
    space = _namespace(beside)
    return beside.makeelement(f"{space}{name}", {f"{space}id": str(number)})


def _reference(beside: etree._Element, number: int) -> etree._Element:
    """The run that ties the comment to the text; small, so that it never makes a line higher."""
    space = _namespace(beside)
    run = beside.makeelement(f"{space}r")
    _small(run, space, 16)
    etree.SubElement(run, f"{space}commentReference", {f"{space}id": str(number)})
    return run


def _small(run: etree._Element, space: str, half_points: int) -> None:
    """Give a new run its size."""
    properties = etree.SubElement(run, f"{space}rPr")
    for name in ("sz", "szCs"):
        etree.SubElement(properties, f"{space}{name}", {f"{space}val": str(half_points)})


def _namespace(element: etree._Element) -> str:
    """The namespace of the nearest Word element, in braces."""
    at: etree._Element | None = element
    while at is not None:
        space = str(at.tag).rpartition("}")[0] + "}"
        if "wordprocessingml" in space:
            return space
        at = at.getparent()
    raise AssertionError("not in a Word document")


def _reference_spot(end: etree._Element) -> etree._Element:
    """After which element the reference goes: the end of the range, unless that lies where no reference may be."""
    spot = end
    at = end.getparent()
    while at is not None and local(at) != "p":
        if local(at) in _DELETED or (local(at) == "sdt" and _takes_plain_text(at)):
            spot = at
        at = at.getparent()
    return spot


def _takes_plain_text(control: etree._Element) -> bool:
    return any(
        local(kind) in _PLAIN_CONTROLS for properties in control if local(properties) == "sdtPr" for kind in properties
    )


def _cut(node: etree._Element, offset: int) -> tuple[etree._Element, etree._Element, int]:
    """The text nodes to the left and right of `offset` (one and the same where nothing has to be cut).

    The last value is how many characters were taken off the head of the left one.
    """
    if local(node) != "t":
        return node, node, 0
    text = content(node)
    left, right = text[:offset], text[offset:]
    lost = 0
    if not keeps_space(node):
        # White space at these edges is not shown; after the cut it must not appear either.
        lost = len(left) - len(left.lstrip(SPACE))
        left, right = left.lstrip(SPACE), right.rstrip(SPACE)
    if not left or not right:
        return node, node, 0
    rest = node.makeelement(node.tag, dict(node.attrib))
    for part, words in ((node, left), (rest, right)):
        for child in list(part):
            part.remove(child)
        part.text = words
        if words[0] in SPACE or words[-1] in SPACE:
            part.set(XML_SPACE, "preserve")
    node.addnext(rest)
    return node, rest, lost


def _whole(node: etree._Element) -> Whole:
    shown = content(node)
    return Whole(deepcopy(node), shown if keeps_space(node) else shown.strip(SPACE))


def content(node: etree._Element) -> str:
    """The text of a text node, also where a comment stands in the middle of it."""
    if not len(node):
        return node.text or ""
    return (node.text or "") + "".join(child.tail or "" for child in node)


def keeps_space(node: etree._Element) -> bool:
    """Whether white space at the edges of a text node counts (its own setting, else that of what it stands in)."""
    at: etree._Element | None = node
    while at is not None:
        said = at.get(XML_SPACE)
        if said is not None:
            return said == "preserve"
        at = at.getparent()
    return False


def _outward(start: etree._Element, halves: set[etree._Element], forward: bool) -> tuple[etree._Element, bool]:
    """The element beside which a mark may stand, before it or (`forward`) after it, and whether that is exact."""
    spot, exact = start, True
    while True:
        parent = spot.getparent()
        if parent is None:
            raise AssertionError("not in a paragraph")
        name = local(parent)
        if name == "p":
            return spot, exact
        at_edge = _at_edge(spot, forward)
        if name == "r" and not at_edge:
            rest = _cut_run(parent, _next(spot) if forward else spot)
            halves.add(rest)
            spot = parent if forward else rest
        elif at_edge or local(spot) in ("Choice", "Fallback"):
            spot = parent
        elif name in _LEGAL:
            return spot, exact
        else:
            spot, exact = parent, False


def _at_edge(element: etree._Element, forward: bool) -> bool:
    """Whether nothing with an extent stands beside `element` in that direction."""
    return all(local(it) in _THIN or not local(it) for it in element.itersiblings(preceding=not forward))


def _next(element: etree._Element) -> etree._Element:
    following = element.getnext()
    if following is None:
        raise AssertionError("at the end")
    return following


def _cut_run(run: etree._Element, first: etree._Element) -> etree._Element:
    """Cut a run in two before its child `first`; return the second half."""
    rest = run.makeelement(run.tag, dict(run.attrib))
    properties = next((child for child in run if local(child) == "rPr"), None)
    moved = [first, *first.itersiblings()]
    if properties is not None:
        rest.append(deepcopy(properties))
    rest.extend(moved)
    run.addnext(rest)
    return rest
