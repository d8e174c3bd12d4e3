"""Word files for made-up papers: the mark-up of the samples, taken apart once, with other text in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

from benchmarks.batch_text import Block, Role, Text

SAMPLES = Path(__file__).parents[1] / "corpus_samples"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAIN, _STYLES = "word/document.xml", "word/styles.xml"
_WHEN = (2020, 12, 31, 8, 0, 0)
# As WPS leaves a paragraph: figures and Latin letters in runs of their own.
_LATIN = re.compile(r"([0-9A-Za-z.%]+)")
_DECLARED = re.compile(r' xmlns:\w+="[^"]*"')


@dataclass(frozen=True, slots=True)
class Mould:
    """One way in which Word files are made: the parts that stay, and the mark-up of each sort of paragraph."""

    parts: bytes
    styles: bytes
    head: str
    tail: str
    shapes: dict[Role, tuple[str, str]]
    divided: bool

    def of(self, computer: str) -> Computer:
        """The mould as it is on one computer: every one has styles of its own."""
        kind = 'w:type="character" w:customStyle="1"'
        own = f'<w:style {kind} w:styleId="{computer}"><w:name w:val="{computer}"/></w:style>'
        return Computer(
            self, _with(self.parts, _STYLES, self.styles.replace(b"</w:styles>", own.encode() + b"</w:styles>"))
        )


@dataclass(frozen=True, slots=True)
class Computer:
    """Makes the files of one unit."""

    mould: Mould
    parts: bytes

    def docx(self, text: Text) -> bytes:
        """The text as a Word file."""
        body = self.mould.head + "".join(_body(self.mould, text)) + self.mould.tail
        return _with(self.parts, _MAIN, body.encode())


def _with(package: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(_entry(name), content, compresslevel=6)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _body(mould: Mould, text: Text) -> Iterator[str]:
    rows: list[str] = []
    for block in text:
        if block.role == "table":
            rows.append(_row(mould, block))
            continue
        if rows:
            yield _table(rows)
            rows = []
        yield _paragraph(mould, block)
    if rows:
        yield _table(rows) + _paragraph(mould, Block("body", ""))


def _table(rows: list[str]) -> str:
    return f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr>{"".join(rows)}</w:tbl>'


def _row(mould: Mould, block: Block) -> str:
    cells = "".join(f"<w:tc>{_paragraph(mould, Block('table', cell))}</w:tc>" for cell in block.text.split("\t"))
    return f"<w:tr>{cells}</w:tr>"


def _paragraph(mould: Mould, block: Block) -> str:
    shape, look = mould.shapes[block.role]
    pieces = _LATIN.split(block.text) if mould.divided else [block.text]
    runs = "".join(f"<w:r>{look}<w:t>{escape(piece)}</w:t></w:r>" for piece in pieces if piece)
    return f"<w:p>{shape}{runs}</w:p>"


# A sample, and which of its paragraphs shows how each role looks.
_TEMPLATES = (
    ("clean-zone/工作总结.docx", {"title": 0, "heading": 4, "body": 3}, True),
    ("clean-bureau/工作总结（含四个清单）.docx", {"title": 0, "byline": 3, "heading": 5, "body": 4}, False),
    ("clean-county/领导班子工作总结.docx", {"title": 0, "byline": 1, "body": 5}, False),
)


@cache
def moulds() -> tuple[Mould, ...]:
    """The ways of the samples: WPS without styles, Word with very many, LibreOffice."""
    return tuple(_mould(SAMPLES / name, at, divided) for name, at, divided in _TEMPLATES)


def _mould(path: Path, at: dict[str, int], divided: bool) -> Mould:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    root = etree.fromstring(parts.pop(_MAIN))
    body = root.find(f"{_W}body")
    paragraphs = [body[number] for number in range(len(body))]
    shapes = {role: _shape(paragraphs[number]) for role, number in at.items()}
    end = etree.tostring(paragraphs[-1], encoding="unicode")
    for element in list(body):
        body.remove(element)
    head, _, tail = (
        etree.tostring(root, encoding="unicode").replace("<w:body/>", "<w:body></w:body>").partition("</w:body>")
    )
    # Headings of the LibreOffice sample number themselves; here they are typed and marked by their level alone.
    heading = ('<w:pPr><w:outlineLvl w:val="0"/></w:pPr>', shapes["body"][1])
    full: dict[Role, tuple[str, str]] = {
        "title": shapes["title"],
        "byline": shapes.get("byline", ('<w:pPr><w:jc w:val="center"/></w:pPr>', shapes["body"][1])),
        "heading": shapes.get("heading", heading),
        "body": shapes["body"],
        "list": shapes["body"],
        "table": ("", shapes["body"][1]),
    }
    styles = parts.pop(_STYLES)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(_entry(name), content)
    return Mould(out.getvalue(), styles, head, _DECLARED.sub("", end) + "</w:body>" + tail, full, divided)


def _shape(paragraph: etree._Element) -> tuple[str, str]:
    """Its properties and those of its first run, as mark-up."""
    found = [paragraph.find(f"{_W}pPr"), paragraph.find(f"{_W}r/{_W}rPr")]
    shape, look = (
        "" if part is None else _DECLARED.sub("", etree.tostring(part, encoding="unicode", with_tail=False))
        for part in found
    )
    return shape, look
