"""Reading a marked-up copy back, and holding it against the paper that it was made of.

What is looked at is the finished bytes and nothing that the writer had in its hands: the text as a reader sees it, the
words under each comment, and the XML itself. With our marks taken out and the halves of cut runs joined again, the copy
has to be the paper, letter by letter: text, format, revisions, fields, numbers and pictures. Every other part has to be
the same bytes. WriteError at the first difference.
"""

from __future__ import annotations

import zipfile
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from lxml import etree

from checker.document import Anchor, Document
from checker.errors import ReadError, WriteError
from checker.hallmark import AUTHOR
from checker.readers import Limits, read
from checker.readers.docx import TEXT_NODES, text_nodes
from checker.readers.package import Package, open_package
from checker.render.docx_comments import attribute, comments_root, remove_marks
from checker.render.docx_package import load_xml, packed_entry
from checker.render.docx_place import Whole, content, detach, local

DIFFERS = "写入批注后的文件与原文不一致，没有保存，请用 Word 或 WPS 将原文件另存为 .docx 后重试。"

_DRAWINGS = frozenset({"drawing", "pict", "object"})
_MARKS = ("commentRangeStart", "commentRangeEnd", "commentReference")
_RUN, _TEXT = "{*}r", "{*}t"


class Cuts(NamedTuple):
    """Where the writer says that it has cut: text nodes of the paper; runs and texts of the copy that this has made."""

    nodes: Mapping[int, Whole]
    runs: tuple[int, ...]
    texts: tuple[int, ...]


def cuts_in(root: etree._Element, nodes: Mapping[int, Whole], halves: Collection[etree._Element]) -> Cuts:
    """The same as numbers, which hold for the file when it is read again."""
    runs = tuple(at for at, it in enumerate(root.iter(_RUN)) if it in halves) if halves else ()
    texts = tuple(at for at, it in enumerate(root.iter(_TEXT)) if it in halves) if halves else ()
    return Cuts(nodes, runs, texts)


class Wanted(NamedTuple):
    """What one comment has to sit on; `wider` where it may cover more than that. No words: only that it is there."""

    number: int
    words: str
    wider: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What the copy is said to be: which parts were written anew, where it was cut, what its comments sit on.

    `paper` is the main part of the paper as it was read, without our comments of an earlier check.
    """

    main: str
    paper: bytes
    written: Collection[str]
    cuts: Cuts
    wanted: Sequence[Wanted]


def verify(source: Package, marked: bytes, claim: Claim, known: Sequence[Document]) -> None:
    """Read `marked` back; WriteError where it is not `source` with these comments added.

    `known` are papers that were read from these very bytes before: what they hold need not be read again.
    """
    limits = roomier(source.limits)
    after = reread(marked, limits, DIFFERS)
    _check_text(source, known, after)
    try:
        copy = open_package(marked, limits)
        _check_parts(source, copy, claim.written)
        root = load_xml(copy.read(claim.main)).root
        _check_words(root, claim, after)
        _check_comments(source, copy, claim)
        _check_body(root, claim)
    except (ReadError, etree.XMLSyntaxError, IndexError):
        raise WriteError(DIFFERS) from None


def reread(data: bytes, limits: Limits, refusal: str) -> Document:
    """Read a file; whatever is wrong with it is told as `refusal`."""
    try:
        return read("marked.docx", data, limits)
    except ReadError:
        raise WriteError(refusal) from None


def roomier(limits: Limits) -> Limits:
    """The same limits with room for the comments: a paper that just keeps them must not fail for what we add."""
    return replace(
        limits,
        file_size=limits.file_size * 2,
        part_size=limits.part_size * 2,
        total_size=limits.total_size * 2,
        directory_size=limits.directory_size * 2,
        tags=limits.tags * 2,
        ratio=limits.ratio * 2,
        parts=limits.parts + 10,
    )


def _refuse_unless(same: bool) -> None:
    if not same:
        raise WriteError(DIFFERS)


# ---- text and parts -------------------------------------------------------------------------------------------


def _check_text(source: Package, known: Sequence[Document], after: Document) -> None:
    """The text of the copy is that of the papers; where these are not the whole file, the file is read as well."""
    rest, reached = [], 0
    for paper in sorted(known, key=lambda it: it.base):
        rest.append(after.text[reached : paper.base])
        reached = max(reached, paper.base + len(paper.text))
        _refuse_unless(after.text.startswith(paper.text, paper.base))
    rest.append(after.text[reached:])
    if known and not "".join(rest).strip("\n"):
        _refuse_unless(known[0].reading == after.reading)
        return
    before = reread(source.data, source.limits, DIFFERS)
    _refuse_unless((before.text, before.blocks, before.reading) == (after.text, after.blocks, after.reading))


def _check_parts(source: Package, copy: Package, written: Collection[str]) -> None:
    """All parts are there in their order, and those not written anew hold the same bytes, packed as they were."""
    before, after = source.archive.infolist(), copy.archive.infolist()
    names = [info.filename for info in after]
    _refuse_unless(names[: len(before)] == [info.filename for info in before])
    _refuse_unless(set(names[len(before) :]) <= set(written))
    for one, other in zip(before, after, strict=False):
        if one.filename not in written:
            _refuse_unless(_entry(source.data, one) == _entry(copy.data, other))


def _entry(data: bytes, info: zipfile.ZipInfo) -> tuple[object, ...]:
    return info.CRC, info.file_size, info.compress_type, packed_entry(data, info)[1]


def _check_comments(source: Package, copy: Package, claim: Claim) -> None:
    """Of the comments of other people none is lost and none says anything else; ours are those asked for."""
    ours = {str(it.number) for it in claim.wanted}
    before = sorted(_said(it) for it in _comments(source, claim.main) if attribute(it, "author") != AUTHOR)
    after = {attribute(it, "id"): it for it in _comments(copy, claim.main)}
    _refuse_unless(after.keys() >= ours and len(after) == len(before) + len(ours))
    _refuse_unless(sorted(_said(it) for number, it in after.items() if number not in ours) == before)


def _comments(package: Package, main: str) -> list[etree._Element]:
    root = comments_root(package, main)
    return [] if root is None else [it for it in root if local(it) == "comment"]


def _said(comment: etree._Element) -> tuple[str, ...]:
    return (*(attribute(comment, name) for name in ("id", "author", "date")), "".join(comment.itertext()))


# ---- the body -------------------------------------------------------------------------------------------------


def _check_body(copy: etree._Element, claim: Claim) -> None:
    """Undo in the copy what the writer says it did: what remains is the paper."""
    runs, texts = list(copy.iter(_RUN)), list(copy.iter(_TEXT))
    remove_marks(copy, {str(it.number) for it in claim.wanted})
    for number in reversed(claim.cuts.runs):
        _join_runs(runs[number])
    for number in reversed(claim.cuts.texts):
        _join_texts(texts[number])
    nodes = text_nodes(copy) if claim.cuts.nodes else []
    for at, whole in claim.cuts.nodes.items():
        _refuse_unless(content(nodes[at]) == whole.shown)
        _put_back(nodes[at], whole.node)
    _refuse_unless(snapshot(copy) == claim.paper)


def snapshot(root: etree._Element) -> bytes:
    """The main part as it stands, to be compared later."""
    return etree.tostring(root, encoding="UTF-8", with_tail=False)


def _join_runs(right: etree._Element) -> None:
    """Put a half back to the one before it, which has to be its like."""
    left = right.getprevious()
    moved = [it for it in right if local(it) != "rPr"]
    _refuse_unless(left is not None and _face(left) == _face(right))
    if left is not None:
        left.extend(moved)
        detach(right)


def _face(run: etree._Element) -> tuple[object, ...]:
    """What makes a run look as it does."""
    properties = [etree.tostring(it, with_tail=False) for it in run if local(it) == "rPr"]
    return run.tag, dict(run.attrib), properties


def _join_texts(right: etree._Element) -> None:
    left = right.getprevious()
    _refuse_unless(left is not None and left.tag == right.tag)
    if left is not None:
        left.text = content(left) + content(right)
        detach(right)


def _put_back(node: etree._Element, whole: etree._Element) -> None:
    """White space that is not shown, and remarks inside of the text, come back as they were."""
    parent = node.getparent()
    if parent is not None:
        whole.tail = node.tail
        parent.replace(node, whole)


# ---- the words ------------------------------------------------------------------------------------------------


def _check_words(root: etree._Element, claim: Claim, after: Document) -> None:
    """Between the marks of each comment stand its words and no others, as the reader sees them."""
    hidden = boxed(root, text_nodes(root))
    anchors = sorted(
        (it for it in after.anchors if carries(it, claim.main, hidden)), key=lambda it: (it.node, it.offset)
    )
    numbers = [it.node for it in anchors]
    ranges = _ranges(root)
    for number, words, wider in claim.wanted:
        marks = ranges.get(str(number), {})
        _refuse_unless(set(marks) == set(_MARKS))
        first, last = (bisect_left(numbers, marks[name]) for name in _MARKS[:2])
        found = "".join(after.text[it.start : it.end] for it in anchors[first:last])
        _refuse_unless(not words or found == words or (wider and words in found))


def carries(anchor: Anchor, main: str, hidden: Collection[int]) -> bool:
    """Whether a comment can sit on these very words: not in text boxes (`hidden`) and notes."""
    return anchor.part == main and anchor.host < 0 and anchor.node not in hidden


def _ranges(root: etree._Element) -> dict[str, dict[str, int]]:
    """For each comment, how many text nodes stand before each of its marks."""
    found: dict[str, dict[str, int]] = {}
    passed = 0
    for element in root.iter(*("{*}" + name for name in (*TEXT_NODES, *_MARKS))):
        name = local(element)
        if name in TEXT_NODES:
            passed += 1
        else:
            found.setdefault(attribute(element, "id"), {})[name] = passed
    return found


def boxed(root: etree._Element, nodes: Sequence[etree._Element]) -> dict[int, etree._Element]:
    """The text nodes inside text boxes, by number, each with the outermost drawing that holds it."""
    outer: dict[etree._Element, etree._Element] = {}
    for box in root.iter("{*}txbxContent"):
        drawing = next((it for it in reversed(list(box.iterancestors())) if local(it) in _DRAWINGS), box)
        outer.update((node, drawing) for node in text_nodes(box))
    if not outer:
        return {}
    return {number: outer[node] for number, node in enumerate(nodes) if node in outer}
