"""Word files (.docx, .docm): from the package to a `Document`."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from checker.document import Document
from checker.errors import ReadError
from checker.readers.docx_names import W
from checker.readers.docx_part import TEXT_NODES, text_nodes
from checker.readers.docx_walk import Walk
from checker.readers.limits import Limits
from checker.readers.package import NOT_DOCX, open_package, parse_xml
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
    walk = Walk(package, main)
    walk.body(main, root)
    _count_surroundings(walk.counts, root, source)
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
    )


def _not_word(root: etree._Element) -> ReadError:
    kind = etree.QName(root).localname
    names = {"workbook": "Excel 工作簿", "presentation": "PowerPoint 演示文稿"}
    if kind in names:
        return ReadError("not-docx", f"这是{names[kind]}，不是 Word 文档，请把内容整理成 .docx 后上报。")
    return ReadError("not-docx", NOT_DOCX)


def _count_surroundings(counts: Counter[str], root: etree._Element, source: bytes) -> None:
    """Count what stands beside the text; the tree is searched only for what the bytes mention."""
    wide = source[:2] in (b"\xff\xfe", b"\xfe\xff")
    if wide or b"erReference" in source:
        counts["headers-footers"] = sum(1 for _ in root.iter(W + "headerReference", W + "footerReference"))
    if wide or b"commentReference" in source:
        counts["comments"] = sum(1 for _ in root.iter(W + "commentReference"))
