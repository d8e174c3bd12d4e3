"""Word files (.docx, .docm): from the package to a `Document`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from lxml import etree

from checker.document import Document
from checker.errors import ReadError
from checker.readers.docx_names import W
from checker.readers.docx_part import TEXT_NODES, text_nodes
from checker.readers.docx_replies import attribute, is_own, read_replies
from checker.readers.docx_suggested import withdraw
from checker.readers.docx_walk import Walk
from checker.readers.limits import Limits
from checker.readers.package import NOT_DOCX, Package, open_package, parse_xml
from checker.readers.statement import no_text, statement

__all__ = ["TEXT_NODES", "read_docx", "text_nodes"]


def read_docx(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a .docx or .docm file."""
    package = open_package(data, limits)
    main = package.main_part()
    source = package.read(main)
    root = parse_xml(source, limits)
    if root.tag != W + "document":
        raise _not_word(root)
    if b"ins " in source or source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        withdraw(root)
    walk = Walk(package, main)
    walk.body(main, root)
    _count_surroundings(walk.counts, root, source, lambda: _own_comments(package, main))
    text = "\n".join(walk.texts)
    if not text.strip():
        raise no_text(walk.counts)
    return Document(
        path=name,
        format="docx",
        text=text,
        blocks=tuple(walk.blocks),
        anchors=tuple(walk.anchors),
        reading=statement(walk.counts),
        sha256=sha256,
        replies=read_replies(package, main, root),
    )


def _not_word(root: etree._Element) -> ReadError:
    kind = etree.QName(root).localname
    names = {"workbook": "Excel 工作簿", "presentation": "PowerPoint 演示文稿"}
    if kind in names:
        return ReadError("not-docx", f"这是{names[kind]}，不是 Word 文档，请把内容整理成 .docx 后上报。")
    return ReadError("not-docx", NOT_DOCX)


def _count_surroundings(
    counts: Counter[str], root: etree._Element, source: bytes, own: Callable[[], Collection[str]]
) -> None:
    """Count what stands beside the text; the tree is searched only for what the bytes mention.

    `own` tells the numbers of our own comments of an earlier check: they are no part of the paper.
    """
    wide = source[:2] in (b"\xff\xfe", b"\xfe\xff")
    if wide or b"erReference" in source:
        counts["headers-footers"] = sum(1 for _ in root.iter(W + "headerReference", W + "footerReference"))
    if wide or b"commentReference" in source:
        numbers = [it.get(W + "id", "") for it in root.iter(W + "commentReference")]
        ours = own() if numbers else ()
        counts["comments"] = sum(number not in ours for number in numbers)


def _own_comments(package: Package, main: str) -> frozenset[str]:
    """The numbers of our own comments; none where the comments cannot be read, which is no reason to refuse a paper."""
    relations = package.relationships(main).values()
    name = next((it.target for it in relations if it.kind == "comments" and not it.external), "")
    if not package.holds(name):
        return frozenset()
    try:
        root = parse_xml(package.read(name), package.limits)
    except ReadError:
        return frozenset()
    return frozenset(attribute(it, "id") for it in root if isinstance(it.tag, str) and is_own(it))
