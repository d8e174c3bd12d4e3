"""OFD files (GB/T 33190): from the package to a `Document` with pages and boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from checker.document import Document, Reading
from checker.errors import ReadError
from checker.readers.layout import Page, assemble, drop_running, paragraphs
from checker.readers.layout_grid import Grid, Rule, grids
from checker.readers.layout_lines import page_lines
from checker.readers.limits import Limits
from checker.readers.ofd_page import POINTS, Content, numbers
from checker.readers.ofd_parts import Parts, local, texts
from checker.readers.package import DAMAGED, open_package, too_many
from checker.readers.statement import notes

__all__ = ["read_ofd"]

_HEIGHT = 297.0
_MOST_RULES = 3_000

_READ: tuple[tuple[str, str], ...] = (
    ("pages", "{} 页"),
    ("body", "正文 {} 段"),
    ("tables", "表格 {} 个（按框线认出）"),
)
_NOT_READ: tuple[tuple[str, str], ...] = (
    ("headers-footers", "页眉、页脚和页码 {} 处"),
    ("templates", "各页重复的模板文字 {} 处"),
    ("hidden", "隐藏文字 {} 处"),
    ("turned", "水印（斜放的文字）{} 处"),
    ("pictures", "图片 {} 张"),
    ("objects", "复合图形 {} 个"),
    ("annotations", "批注和印章批注 {} 页"),
    ("attachments", "附件 {} 处"),
    ("signatures", "电子签章 {} 处"),
)


def read_ofd(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read an .ofd file."""
    parts = Parts(open_package(data, limits))
    if parts.encrypted:
        raise ReadError("encrypted", "OFD 文件设有密码，无法读取，请取消密码保护后重新上报。")
    counts: Counter[str] = Counter()
    reader = _Reader(parts, limits, counts)
    pages = list(reader.pages())
    if not pages:
        raise ReadError("damaged", DAMAGED)
    lines, counts["headers-footers"] = drop_running(pages)
    text, blocks, boxes = assemble(paragraphs(lines))
    if not text:
        raise _no_text(counts)
    if len(blocks) > limits.paragraphs:
        raise too_many(limits)
    counts["pages"] = len(pages)
    counts["body"] = sum(1 for block in blocks if block.cell is None)
    return Document(
        path=name,
        format="ofd",
        text=text,
        blocks=blocks,
        boxes=boxes,
        reading=Reading(notes(_READ, counts), notes(_NOT_READ, counts)),
        sha256=sha256,
    )


def _no_text(counts: Counter[str]) -> ReadError:
    if counts["pictures"]:
        return ReadError("no-text", "文件里只有图片，没有文字，可能是扫描件，请提供可以编辑的 .docx 文字稿。")
    return ReadError("no-text", "文件里没有文字，请核对是否选错文件。")


class _Reader:
    """Goes through the documents and pages of one file in their order."""

    def __init__(self, parts: Parts, limits: Limits, counts: Counter[str]) -> None:
        self._parts = parts
        self._limits = limits
        self._counts = counts
        self._page = 0
        self._characters = 0
        self._shown: set[str] = set()

    def pages(self) -> Iterator[Page]:
        root = self._parts.read("OFD.xml")
        for body in root.iter():
            if local(body) != "DocBody":
                continue
            place = next(iter(texts(body, "DocRoot")), "")
            if place:
                self._counts["signatures"] += len(texts(body, "Signatures"))
                yield from self._document(self._parts.join("", place))

    def _document(self, name: str) -> Iterator[Page]:
        root = self._parts.read(name)
        height = _height(root) or _HEIGHT
        templates: dict[str, str] = {}
        fonts = self._parts.strong_fonts(name, root)
        found: list[str] = []
        for element in root.iter():
            kind = local(element)
            if kind == "TemplatePage":
                templates[element.get("ID", "")] = self._parts.join(name, element.get("BaseLoc", ""))
            elif kind == "Page" and element.get("BaseLoc"):
                found.append(self._parts.join(name, element.get("BaseLoc", "")))
            elif kind == "Attachments":
                self._counts["attachments"] += 1
            elif kind == "Annotations" and element.text:
                self._counts["annotations"] += self._parts.annotated_pages(self._parts.join(name, element.text))
        for page in found:
            yield self._read_page(page, height, templates, fonts)

    def _read_page(self, name: str, height: float, templates: dict[str, str], fonts: frozenset[str]) -> Page:
        if self._page >= self._limits.pages:
            raise ReadError("too-large", f"文件超过 {self._limits.pages} 页，不像单份考核材料，请拆分后再上报。")
        root = self._parts.read(name)
        # A page may be without its own resources; where it has some they add to those of the document.
        fonts = fonts | self._parts.strong_fonts(name, root)
        content = Content(fonts, self._counts, self._limits)
        for element in root.iter():
            if local(element) == "Template":
                self._template(templates.get(element.get("TemplateID", ""), ""), fonts, content)
        content.add(root)
        self._characters += len(content.glyphs)
        if self._characters > self._limits.characters:
            raise ReadError("too-large", f"文件超过 {self._limits.characters} 字，不像单份考核材料，请拆分后再上报。")
        tables = _grids(content.rules)
        lines = page_lines(self._page, content.glyphs, tables, self._counts["tables"])
        self._counts["tables"] += len({line.cell.table for line in lines if line.cell is not None})
        self._page += 1
        return Page((_height(root) or height) * POINTS, (*lines, *content.turned_lines(self._page - 1)))

    def _template(self, name: str, fonts: frozenset[str], content: Content) -> None:
        """The text of a template is read where it stands first; on later pages it is repeated."""
        if not name:
            return
        root = self._parts.read(name)
        if name not in self._shown:
            self._shown.add(name)
            content.add(root)
            return
        again = Content(fonts, Counter(), self._limits)
        again.add(root)
        content.rules += again.rules
        self._counts["templates"] += sum(1 for glyph in again.glyphs if glyph.text.strip()) > 0


def _grids(rules: list[Rule]) -> list[Grid]:
    """The tables of a page; a drawing of thousands of lines is none."""
    return grids(rules) if len(rules) <= _MOST_RULES else []


def _height(root: etree._Element) -> float | None:
    """How high a page is, in millimetres."""
    for element in root.iter():
        if local(element) == "PhysicalBox":
            box = numbers(element.text)
            return box[3] if len(box) == 4 and 0 < box[3] < 100_000 else None
        if local(element) in ("Content", "Pages"):
            return None
    return None
