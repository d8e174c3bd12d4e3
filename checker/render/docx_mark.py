"""Adding comments to a Word file, and looking twice at what was written.

The text, its format, the revisions and the comments of other people stay as they are. The copy is read back before it
is handed out: one that differs from the source in a character, or has a comment on other words than its own, is not
handed out at all.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from checker.document import Anchor, Document, Span
from checker.errors import ReadError, WriteError
from checker.hallmark import AUTHOR
from checker.readers import Limits
from checker.readers.docx import text_nodes
from checker.readers.docx_suggested import withdraw
from checker.readers.package import Package, open_package
from checker.render import phrases as say
from checker.render.docx_comments import Comment, open_comments
from checker.render.docx_package import load_xml, repack
from checker.render.docx_place import Stretch, content, local, place
from checker.render.docx_verify import Claim, Wanted, boxed, carries, cuts_in, reread, snapshot, verify

_INITIALS = "审"
_QUOTE = 60
_HOSTS: Mapping[str, str] = {"textbox": "文本框", "footnote": "脚注", "endnote": "尾注"}
_EXTENSIONS: Mapping[bytes, str] = {
    b"template.macroEnabledTemplate.main+xml": ".dotm",
    b"document.macroEnabled.main+xml": ".docm",
    b"wordprocessingml.template.main+xml": ".dotx",
}

CHANGED = "文件在检查后被改动，批注的位置已不可靠，没有写入，请重新检查后再导出。"
SIGNED = "文件带有数字签名，写入批注会使签名失效，没有写入；请改用未签名的副本，或改用其他报告格式。"


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment to be put on `place` (offsets into the text of `document`), a paragraph a line."""

    document: Document
    place: Span
    lines: tuple[str, ...]
    initials: str = _INITIALS
    author: str = AUTHOR


def mark(
    data: bytes,
    remarks: Sequence[Remark],
    *,
    documents: Sequence[Document] = (),
    when: datetime | None = None,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> bytes:
    """The Word file `data` with a comment for each remark; our own former comments are replaced.

    `documents` are papers that have to be those of the file besides the ones that the remarks speak of.
    """
    papers = {id(it): it for it in (*documents, *(remark.document for remark in remarks))}
    known = _known(papers.values(), data, limits)
    try:
        package = open_package(data, limits)
        _check_unsigned(package)
        main = package.main_part()
        part = load_xml(package.read(main))
    except ReadError:
        raise WriteError(CHANGED) from None
    comments = open_comments(package, main, part.root)
    comments.remove_own(part.root)
    withdrawn = withdraw(part.root)
    if not remarks and not comments.changed and not withdrawn:
        return data
    paper = snapshot(part.root)
    first = comments.first_free(part.root)
    targets = _Targets(part.root, main)
    placed = [targets.aim(remark, first + at) for at, remark in enumerate(remarks)]
    done = place(targets.nodes, [it.stretch for it in placed])
    comments.add([_comment(it, targets, done.wider) for it in placed], when)
    parts = {package.names[main.lower()].filename: part, **comments.changed}
    marked = repack(data, {name: it.serialise() for name, it in parts.items()})
    wanted = [Wanted(it.stretch.number, it.words, it.stretch.number in done.wider) for it in placed]
    verify(
        package,
        marked,
        Claim(main, paper, frozenset(parts), cuts_in(part.root, done.nodes, done.halves), wanted),
        known,
    )
    return marked


def extension(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008  (frozen)
    """The ending that Word wants for this file: a file with macros named .docx would not open."""
    types = open_package(data, limits).read("[Content_Types].xml")
    return next((ending for name, ending in _EXTENSIONS.items() if name in types), ".docx")


class _Placed(NamedTuple):
    """A remark, where it goes, and those of its words that it can sit on."""

    remark: Remark
    stretch: Stretch
    words: str


def _comment(placed: _Placed, targets: _Targets, wider: set[int]) -> Comment:
    remark, number = placed.remark, placed.stretch.number
    lines = (*targets.explain(remark, number in wider), *remark.lines)
    return Comment(number, tuple(say.visible(line) for line in lines), remark.initials, remark.author)


# ---- where a comment goes -------------------------------------------------------------------------------------


class _Targets:
    """The text nodes of the main part, and which of them cannot carry a comment themselves."""

    def __init__(self, root: etree._Element, main: str) -> None:
        self.nodes = text_nodes(root)
        self._main = main
        self._boxed = boxed(root, self.nodes)

    def carries(self, anchor: Anchor) -> bool:
        """Whether a comment can sit on these very words: not in text boxes and notes."""
        return carries(anchor, self._main, self._boxed)

    def aim(self, remark: Remark, number: int) -> _Placed:
        """Where the comment goes; words that cannot carry one are spoken of at the place they hang on."""
        pieces = _pieces(remark)
        body = [it for it in pieces if self.carries(it)]
        if not body:
            return _Placed(remark, self._hosted(remark.document, pieces, number), "")
        ends = [(it.node, it.offset, it.offset + it.end - it.start) for it in body]
        first, last = min(ends), max(ends)
        if any(end > self._length(node) for node, _, end in (first, last)):
            raise WriteError(CHANGED)
        words = "".join(remark.document.text[it.start : it.end] for it in body)
        return _Placed(remark, Stretch(number, first[0], first[1], last[0], last[2]), words)

    def explain(self, remark: Remark, wider: bool) -> Iterator[str]:
        """The line that says what is meant, where the comment does not sit on exactly the words."""
        document = remark.document
        hosted = [it for it in _pieces(remark) if not self.carries(it)]
        if hosted:
            block = document.block_at(hosted[0].start)
            where = _HOSTS.get(block.kind if block is not None else "", "文本框")
            words = "".join(document.text[it.start : it.end] for it in hosted)
            yield f"（针对{where}中的文字：“{say.shorten(words, _QUOTE)}”）"
        elif wider:
            yield f"（针对其中的文字：“{say.shorten(document.slice(remark.place), _QUOTE)}”）"

    def _hosted(self, document: Document, pieces: Sequence[Anchor], number: int) -> Stretch:
        host = next((it.host for it in pieces if it.host >= 0), -1)
        if host < 0:
            # A box with no text around it: the drawing itself.
            host = next((it.node for it in pieces if it.part == self._main), -1)
        if host < 0:
            host = next((it.node for it in document.anchors if self.carries(it)), -1)
        length = self._length(host)
        if not length:
            raise WriteError(CHANGED)
        if host in self._boxed:
            self.nodes[host] = self._boxed[host]
            return Stretch(number, host, 0, host, 1)
        # Its last character: the note or the box follows there, and a long run must not light up for it.
        if local(self.nodes[host]) == "t":
            length = len(content(self.nodes[host]).rstrip()) or length
        return Stretch(number, host, length - 1, host, length)

    def _length(self, number: int) -> int:
        if not 0 <= number < len(self.nodes):
            return 0
        node = self.nodes[number]
        return len(content(node)) if local(node) == "t" else 1


def _pieces(remark: Remark) -> list[Anchor]:
    """The anchors of the words; of a stretch without any, the nearest character."""
    anchors = remark.document.anchors
    pieces = list(remark.document.sources(remark.place))
    if pieces or not anchors:
        return pieces
    nearest = anchors[min(bisect_left(anchors, remark.place.start, key=lambda it: it.end), len(anchors) - 1)]
    # Its last character where it ends before the place, so that a second mark-up, of finer runs, finds the same one.
    into = nearest.end - 1 - nearest.start if nearest.end <= remark.place.start else 0
    return [nearest._replace(start=nearest.start + into, end=nearest.start + into + 1, offset=nearest.offset + into)]


# ---- checks ---------------------------------------------------------------------------------------------------


def _known(papers: Iterable[Document], data: bytes, limits: Limits) -> list[Document]:
    """The papers that were read from these very bytes. One made otherwise has to stand in the file all the same."""
    digest = hashlib.sha256(data).hexdigest()
    known: list[Document] = []
    doubtful: list[Document] = []
    for paper in papers:
        if paper.format != "docx" or paper.sha256 not in ("", digest):
            raise WriteError(CHANGED)
        (known if paper.sha256 else doubtful).append(paper)
    if doubtful:
        source = reread(data, limits, CHANGED)
        if not all(source.text.startswith(it.text, it.base) for it in doubtful):
            raise WriteError(CHANGED)
    return known


def _check_unsigned(package: Package) -> None:
    signed = any(name.startswith("_xmlsignatures/") for name in package.names)
    if signed or any(relation.kind == "origin" for relation in package.relationships().values()):
        raise WriteError(SIGNED)
