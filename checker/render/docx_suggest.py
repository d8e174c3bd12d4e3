"""Suggested wording, written into the marked-up copy as revisions that a person accepts or rejects in Word.

Only for faults with one right answer: a set phrase that is misquoted, a wrong member of a fixed list. Words that stand
where a revision does not belong (in another one, in a text box, in a field of a form) keep their comment alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from checker.document import Anchor, Document, Span
from checker.errors import ReadError, WriteError
from checker.hallmark import AUTHOR
from checker.readers import read
from checker.readers.docx import text_nodes
from checker.readers.docx_suggested import accept, local
from checker.readers.limits import Limits
from checker.readers.package import open_package
from checker.render.docx_package import XmlPart, load_xml, repack
from checker.render.docx_verify import roomier
from checker.report import Finding

DIFFERS = "写入修改建议后的文件与原文不一致，没有保存；请去掉 --suggest 重试。"

_KINDS = frozenset({"fixed-expression", "members"})
_CASES = frozenset({"misquoted", "wrong"})
_PARENTS = frozenset({"p", "hyperlink", "smartTag", "customXml", "sdtContent"})
# Inside of these a revision of ours is against the format, is lost with them, or cannot be decided on by itself.
_CLOSED = frozenset(
    {"ins", "del", "moveTo", "moveFrom", "txbxContent", "AlternateContent", "fldSimple", "ruby", "oMath", "bdo", "dir"}
)
_PLAIN_CONTROLS = frozenset({"text", "date", "dropDownList", "comboBox", "picture", "citation", "equation"})
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_REVISIONS = ("{*}ins", "{*}del", "{*}moveFrom", "{*}moveTo")


class Edit(NamedTuple):
    """`old` at [start, end) of the text of the whole file is to become `new`."""

    start: int
    end: int
    old: str
    new: str


def edits(findings: Iterable[Finding], kinds: Mapping[str, str]) -> list[Edit]:
    """The mechanical faults among the findings, in the order of the text; `kinds` are those of the rules, by id."""
    found = sorted({edit for finding in findings if kinds.get(finding.rule) in _KINDS for edit in _edit(finding)})
    apart: list[Edit] = []
    for edit in found:
        if not apart or edit.start >= apart[-1].end:
            apart.append(edit)
    return apart


def _edit(finding: Finding) -> Iterator[Edit]:
    """The one right answer to a finding, if there is one."""
    document, span = finding.document, finding.span
    if document is None or span is None or finding.case not in _CASES or finding.accepted is not None:
        return
    old, new = str(finding.facts.get("wrong", "")), str(finding.facts.get("right", ""))
    # Two wrong members, or two that are wanting, leave open which one stands for which.
    several = finding.case == "wrong" and ("、" in old or "、" in new)
    if old and new and not several and document.slice(span) == old:
        yield Edit(document.base + span.start, document.base + span.end, old, new)


def suggest(marked: bytes, wanted: Sequence[Edit], when: datetime, limits: Limits) -> bytes:
    """The Word file with a revision for each edit that can be one; WriteError where that goes wrong."""
    if not wanted:
        return marked
    limits = roomier(limits)
    package = open_package(marked, limits)
    main = package.main_part()
    part = load_xml(package.read(main))
    before = _read(marked, limits)
    nodes = text_nodes(part.root)
    revisions = _others(part.root)
    pen = _Pen(part.root, when)
    done: list[Edit] = []
    # From the end to the head: what is cut off lies to the right, so that offsets to the left still hold.
    for edit in sorted(wanted, reverse=True):
        if before.text[edit.start : edit.end] != edit.old:
            raise WriteError(DIFFERS)
        pieces = _pieces(before, edit, main, nodes)
        if pieces:
            pen.write(edit, pieces)
            done.append(edit)
    if not done:
        return marked
    name = package.names[main.lower()].filename
    written = repack(marked, {name: part.serialise()})
    _check(written, name, before, done, revisions, limits)
    return written


# ---- where it goes --------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """Characters [start, end) of one text node."""

    node: etree._Element
    start: int
    end: int


def _pieces(document: Document, edit: Edit, main: str, nodes: Sequence[etree._Element]) -> list[_Piece]:
    """The text nodes that hold the words; none where a revision cannot stand there."""
    anchors = sorted(document.sources(Span(edit.start, edit.end)), key=lambda it: it.start)
    if sum(it.end - it.start for it in anchors) != edit.end - edit.start:
        return []
    if not all(it.part == main and it.host < 0 and _fits(nodes, it, document) for it in anchors):
        return []
    pieces = [_Piece(nodes[it.node], it.offset, it.offset + it.end - it.start) for it in anchors]
    beside = {it.node.getparent().getparent() for it in pieces}  # type: ignore[union-attr]  # _fits has looked
    return pieces if len(beside) == 1 else []


def _fits(nodes: Sequence[etree._Element], anchor: Anchor, document: Document) -> bool:
    if anchor.node >= len(nodes):
        return False
    node = nodes[anchor.node]
    run = node.getparent()
    holder = None if run is None else run.getparent()
    if run is None or holder is None or local(run) != "r" or local(holder) not in _PARENTS:
        return False
    if local(node) != "t" or len(node):
        return False
    text = node.text or ""
    words = document.text[anchor.start : anchor.end]
    # White space at the edges that is not shown would come to be seen, or be lost, where the node is cut.
    if text != text.strip(" \t\r\n") and node.get(_XML_SPACE) != "preserve":
        return False
    if text[anchor.offset : anchor.offset + len(words)] != words:
        return False
    return not any(local(it) in _CLOSED or _is_locked(it) for it in node.iterancestors())


def _is_locked(control: etree._Element) -> bool:
    """Whether a content control takes plain text only, or must not be written into."""
    if local(control) != "sdt":
        return False
    settings = [it for properties in control if local(properties) == "sdtPr" for it in properties]
    return any(local(it) in _PLAIN_CONTROLS or local(it) == "lock" for it in settings)


# ---- writing --------------------------------------------------------------------------------------------------


class _Pen:
    """Writes revisions into one document."""

    def __init__(self, root: etree._Element, when: datetime) -> None:
        values = (value for it in root.iter() for key, value in it.attrib.items() if str(key).endswith("}id"))
        self._number = max((int(it) for it in values if str(it).isdecimal() and len(it) < 10), default=0)
        # Word writes local time here, and a Z all the same.
        self._when = when.strftime("%Y-%m-%dT%H:%M:%SZ")

    def write(self, edit: Edit, pieces: Sequence[_Piece]) -> None:
        """Mark the words as deleted, and insert the right ones after them in their look."""
        runs = [_isolate(piece) for piece in reversed(pieces)][::-1]
        looks = [(deepcopy(_properties(run)), len(_words(run))) for run in runs]
        for run in runs:
            deleted = self._revision(run, "del")
            run.addprevious(deleted)
            deleted.append(run)
            for text in run.iter("{*}t"):
                text.tag = str(text.tag).replace("}t", "}delText")
                text.set(_XML_SPACE, "preserve")
        inserted = self._revision(runs[0], "ins")
        deleted.addnext(inserted)
        for look, words in _shared(edit.new, looks):
            inserted.append(_run(runs[0], look, words))

    def _revision(self, beside: etree._Element, name: str) -> etree._Element:
        space = str(beside.tag).rpartition("}")[0] + "}"
        self._number += 1
        names = {"id": str(self._number), "author": AUTHOR, "date": self._when}
        return beside.makeelement(f"{space}{name}", {f"{space}{key}": value for key, value in names.items()})


def _shared(
    words: str, looks: Sequence[tuple[etree._Element | None, int]]
) -> Iterator[tuple[etree._Element | None, str]]:
    """The new words by look: letter for letter where there are as many as before, else all in that of the first."""
    if len(words) != sum(length for _, length in looks):
        yield looks[0][0], words
        return
    at = 0
    for look, length in looks:
        yield look, words[at : at + length]
        at += length


def _isolate(piece: _Piece) -> etree._Element:
    """Cut the run around the words, so that one run holds them and nothing else; what lies left stays in its node."""
    node = piece.node
    text = node.text or ""
    if piece.end < len(text):
        _cut_text(node, piece.end)
    if piece.start > 0:
        node = _cut_text(node, piece.start)
    run = node.getparent()
    assert run is not None
    following = node.getnext()
    if following is not None:
        _cut_run(run, following)
    return _cut_run(run, node) if any(local(it) != "rPr" for it in node.itersiblings(preceding=True)) else run


def _cut_text(node: etree._Element, at: int) -> etree._Element:
    text = node.text or ""
    rest = node.makeelement(node.tag, dict(node.attrib))
    node.text, rest.text = text[:at], text[at:]
    for part in (node, rest):
        part.set(_XML_SPACE, "preserve")
    node.addnext(rest)
    return rest


def _cut_run(run: etree._Element, first: etree._Element) -> etree._Element:
    """Cut a run in two before its child `first`; return the second half."""
    rest = run.makeelement(run.tag, dict(run.attrib))
    moved = [first, *first.itersiblings()]
    look = _properties(run)
    if look is not None:
        rest.append(deepcopy(look))
    rest.extend(moved)
    run.addnext(rest)
    return rest


def _properties(run: etree._Element) -> etree._Element | None:
    return next((it for it in run if local(it) == "rPr"), None)


def _words(run: etree._Element) -> str:
    return "".join(it.text or "" for it in run if local(it) == "t")


def _run(like: etree._Element, look: etree._Element | None, words: str) -> etree._Element:
    space = str(like.tag).rpartition("}")[0] + "}"
    run = like.makeelement(like.tag)
    if look is not None:
        # What another author has changed about the look is not changed about the new words.
        for change in look.findall("{*}rPrChange"):
            look.remove(change)
        run.append(look)
    text = etree.SubElement(run, f"{space}t")
    text.text = words
    text.set(_XML_SPACE, "preserve")
    return run


# ---- checks ---------------------------------------------------------------------------------------------------


def _read(data: bytes, limits: Limits) -> Document:
    try:
        return read("marked.docx", data, limits)
    except ReadError:
        raise WriteError(DIFFERS) from None


def _others(root: etree._Element) -> int:
    """How many revisions there are that are not ours; those inside of run properties double where a run is cut."""
    return sum(
        AUTHOR not in it.attrib.values() and (parent := it.getparent()) is not None and local(parent) != "rPr"
        for it in root.iter(*_REVISIONS)
    )


def _check(written: bytes, name: str, before: Document, done: Sequence[Edit], revisions: int, limits: Limits) -> None:
    """Undecided and rejected, the file reads as it did; accepted, it reads as suggested; WriteError otherwise."""
    after = _read(written, limits)
    part: XmlPart = load_xml(open_package(written, limits).read(name))
    same = (after.text, after.blocks, after.reading) == (before.text, before.blocks, before.reading)
    if not same or _others(part.root) != revisions:
        raise WriteError(DIFFERS)
    accept(part.root)
    accepted = _read(repack(written, {name: part.serialise()}), limits)
    expected = before.text
    for edit in sorted(done, reverse=True):
        expected = expected[: edit.start] + edit.new + expected[edit.end :]
    if accepted.text != expected:
        raise WriteError(DIFFERS)
