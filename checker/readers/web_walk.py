"""The one walk over the elements of a web page, with what Word and WPS write into the pages that they make.

Kept: text of paragraphs, headings, lists, tables, inserted revisions, footnotes. Left out: head, scripts, styles,
forms, deleted revisions, hidden elements, comments. Numbers that Word writes out, or that a list shows, become labels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from lxml import etree

from checker.document import Cell
from checker.readers.docx_numbering import format_number
from checker.readers.flow import NoteKind, Paragraph, Piece
from checker.readers.headings import STRONG_FACES, number_level
from checker.readers.limits import Limits
from checker.readers.nodes import numbered_texts
from checker.readers.package import too_deep, too_many

_SPACES = re.compile(r"[ \t\r\n\f]+")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_POINTS = re.compile(r"font-size\s*:\s*([0-9]{1,4}(?:\.[0-9]+)?)\s*(pt|px)")
_CENTRED = re.compile(r"text-align\s*:\s*center")
_ALIGNED = re.compile(r"text-align\s*:")
_BOLD = re.compile(r"font-weight\s*:\s*(bold|[6-9]00)")
_LIGHT = re.compile(r"font-weight\s*:\s*(normal|[1-4]00)")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden")
_FACE = re.compile(r"font-family\s*:([^;]*)")
_MARGIN = re.compile(r"mso-element:\s*(?:header|footer)")
_NOTE = re.compile(r"mso-element:\s*(foot|end)note(?!-)")
_NOTE_ID = re.compile(r"sd(foot|end)note[0-9]+$")
_FONT_SIZES: Mapping[str, int] = {"1": 15, "2": 20, "3": 24, "4": 27, "5": 36, "6": 48, "7": 72}
_LIST_FORMS: Mapping[str, str] = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


class _Look(NamedTuple):
    """How text looks at one place, inherited from the elements around it."""

    bold: bool = False
    strong_face: bool = False
    size: int = 24
    centred: bool = False


class Walk:
    """Turns the elements of one page into paragraphs, and counts what it meets."""

    def __init__(self, root: etree._Element, limits: Limits) -> None:
        self.counts: Counter[str] = Counter()
        self._limits = limits
        self._heads, self._tails = numbered_texts(root)
        self._flow: list[Paragraph] = []
        self._notes: list[tuple[NoteKind, list[Paragraph]]] = []
        self._paragraph = Paragraph()
        self._started = False
        self._look = _Look()
        self._outline = 0
        self._label = ""
        self._lists = 0
        self._cell: Cell | None = None
        self._tables = 0
        self._depth = 0
        self._after_space = True
        self._last = ""

    def body(self, root: etree._Element) -> list[Paragraph]:
        """The paragraphs of the page; its notes hang on the last one."""
        self._block(root)
        self._end()
        if self._notes:
            if not self._flow:
                self._flow.append(Paragraph())
            self._flow[-1].notes += self._notes
        return self._flow

    # ---- elements ---------------------------------------------------------------------------------------------

    def _element(self, element: etree._Element) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        tag = tag.rpartition(":")[2]
        style = (element.get("style") or "").lower()
        if tag in _SKIPPED or self._is_left_out(element, tag, style):
            return
        outside, self._look = self._look, _looked(self._look, element, tag, style)
        (_HANDLERS.get(tag) or Walk._inline)(self, element)
        self._look = outside

    def _is_left_out(self, element: etree._Element, tag: str, style: str) -> bool:
        """What Word marks as no part of the text; notes are read apart."""
        if _HIDDEN.search(style) or element.get("hidden") is not None:
            self.counts["hidden"] += 1 if "".join(element.itertext()).strip() else 0
            return True
        if tag == "div" and self._is_apart(element, style):
            return True
        if "mso-" not in style:
            return (element.get("class") or "").strip("'\"") in _REFERENCES
        if "mso-list:ignore" in style.replace(" ", ""):
            self._label = " ".join("".join(element.itertext()).split())
            return True
        if "mso-footnote-id" in style or "mso-endnote-id" in style:
            return tag == "a"
        if "mso-element:comment" in style:
            self.counts["comments"] += "mso-element:comment-list" not in style
            return True
        return False

    def _is_apart(self, element: etree._Element, style: str) -> bool:
        """Divisions that are no part of the body: headers and footers, and notes, which are put off."""
        if element.get("title") in ("header", "footer") or _MARGIN.search(style):
            self.counts["headers-footers"] += 1
            return True
        note = _NOTE.search(style) or _NOTE_ID.match(element.get("id") or "")
        if note is not None:
            self._note(element, "endnote" if note[1] == "end" else "footnote")
        return note is not None

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > self._limits.xml_depth:
            raise too_deep(self._limits)

    def _inline(self, element: etree._Element) -> None:
        self._deeper()
        if element.text:
            self._add(element.text, self._heads[element])
        for child in element:
            self._element(child)
            if child.tail:
                self._add(child.tail, self._tails[child])
        self._depth -= 1

    def _block(self, element: etree._Element) -> None:
        """An element that begins and ends a paragraph."""
        self._end()
        self._inline(element)
        self._end()

    def _paragraph_element(self, element: etree._Element) -> None:
        """<p>: an empty one is an empty line."""
        self._end()
        self._started = True
        self._inline(element)
        self._end()

    def _heading(self, element: etree._Element) -> None:
        self._end()
        outside, self._outline = self._outline, int(str(element.tag)[-1])
        self._inline(element)
        self._end()
        self._outline = outside

    def _list(self, element: etree._Element) -> None:
        self._end()
        self._lists += 1
        ordered = element.tag == "ol"
        form = _LIST_FORMS.get(element.get("type") or "", "decimal")
        number = _whole(element.get("start"), 1)
        self._deeper()
        for child in element:
            if child.tag == "li":
                number = _whole(child.get("value"), number)
                self._label = f"{format_number(number, form)}." if ordered else "•"
                number += 1
                self._element(child)
                self._end()
            else:
                self._label = ""
                self._element(child)
        self._depth -= 1
        self._lists -= 1
        self._label = ""

    def _table(self, element: etree._Element) -> None:
        self._end()
        if self._tables >= self._limits.table_depth:
            raise too_deep(self._limits)
        index = self.counts["tables"]
        self.counts["tables"] += 1
        outside = self._cell, self._lists
        self._tables += 1
        self._lists = 0
        for row, line in enumerate(_rows(element)):
            column = 0
            for cell in line.iterchildren("td", "th"):
                self._cell, self._label = Cell(index, row, column), ""
                before = len(self._flow)
                self._element(cell)
                self._end()
                if len(self._flow) == before:
                    self._started = True
                    self._end()
                column += min(_whole(cell.get("colspan"), 1), 1000)
        self._tables -= 1
        self._cell, self._lists = outside

    def _break(self, element: etree._Element) -> None:
        if "page-break" in (element.get("style") or "").lower():
            return
        self._put("\n", self._heads.get(element, -1), 0)
        self._after_space = True

    def _picture(self, element: etree._Element) -> None:
        self.counts["pictures"] += 1

    def _deleted(self, element: etree._Element) -> None:
        self.counts["deletions"] += 1

    def _inserted(self, element: etree._Element) -> None:
        self.counts["insertions"] += 1
        self._inline(element)

    def _note(self, element: etree._Element, kind: NoteKind) -> None:
        self._end()
        outside, self._flow = self._flow, []
        self._inline(element)
        self._end()
        self._notes.append((kind, self._flow))
        self._flow = outside

    # ---- text -------------------------------------------------------------------------------------------------

    def _add(self, text: str, node: int) -> None:
        """Take over `text`; white space is one space, and none where a line of Chinese was only broken."""
        at = 0
        for spaces in _SPACES.finditer(text):
            start, end = spaces.span()
            self._put(text[at:start], node, at)
            following = text[end : end + 1]
            broken = "\n" in spaces[0] and bool(_WIDE.match(self._last)) and bool(_WIDE.match(following))
            if not self._after_space and not broken:
                self._put(" ", node, start)
            self._after_space = True
            at = end
        self._put(text[at:], node, at)

    def _put(self, text: str, node: int, offset: int) -> None:
        if not text:
            return
        look = self._look
        self._paragraph.centred = look.centred if not self._paragraph.pieces else self._paragraph.centred
        self._paragraph.pieces.append(Piece(text, node, offset, look.bold or look.strong_face, look.size))
        self._after_space = False
        self._last = text[-1]

    def _end(self) -> None:
        """End the paragraph at hand, if there is one; the space before its end is layout."""
        paragraph = self._paragraph
        self._after_space, self._last = True, ""
        while paragraph.pieces and paragraph.pieces[-1].text in (" ", "\n"):
            paragraph.pieces.pop()
        if not paragraph.pieces and not self._started:
            return
        if len(self._flow) >= self._limits.paragraphs:
            raise too_many(self._limits)
        paragraph.cell, paragraph.outline = self._cell, self._outline
        if paragraph.pieces:
            self._number(paragraph)
        self._flow.append(paragraph)
        self._paragraph, self._started = Paragraph(), False

    def _number(self, paragraph: Paragraph) -> None:
        """Give the first paragraph of an item its label, unless the text has a number of its own."""
        label, self._label = self._label, ""
        text = "".join([piece.text for piece in paragraph.pieces])
        if label and not number_level(text):
            paragraph.label, paragraph.list_level = label, max(1, self._lists)


def _looked(look: _Look, element: etree._Element, tag: str, style: str) -> _Look:
    """The look inside an element."""
    bold, face, size, centred = look
    if tag in ("b", "strong", "th") or tag in _HEADINGS:
        bold = True
    if tag == "center" or (element.get("align") or "").lower() == "center":
        centred = True
    elif element.get("align"):
        centred = False
    named = element.get("face")
    size = _FONT_SIZES.get(element.get("size") or "", size) if tag == "font" else size
    if style:
        bold = (bold or _BOLD.search(style) is not None) and _LIGHT.search(style) is None
        centred = _CENTRED.search(style) is not None if _ALIGNED.search(style) else centred
        points = _POINTS.search(style)
        if points:
            size = round(float(points[1]) * (2 if points[2] == "pt" else 1.5))
        families = _FACE.search(style)
        named = families[1] if families else named
    if named:
        face = any(strong.lower() in named.lower() for strong in STRONG_FACES)
    return _Look(bold, face, size, centred)


def _rows(table: etree._Element) -> list[etree._Element]:
    """The rows of a table, those in groups too, but not those of tables inside it."""
    rows: list[etree._Element] = []
    for child in table:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in ("tbody", "thead", "tfoot"):
            rows += child.iterchildren("tr")
    return rows


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and value.strip().isdecimal() and len(value) < 10 else default


_Handler = Callable[[Walk, etree._Element], None]

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_REFERENCES = frozenset(
    {
        "MsoFootnoteReference", "MsoEndnoteReference", "MsoCommentReference", "sdfootnoteanc", "sdfootnotesym",
        "sdendnoteanc", "sdendnotesym",
    }
)  # fmt: skip
_SKIPPED = frozenset(
    {
        "head", "script", "style", "title", "noscript", "template", "object", "applet", "embed", "iframe", "frameset",
        "select", "option", "textarea", "input", "button", "svg", "math", "audio", "video", "canvas", "map", "rt", "rp",
        "xml", "colgroup", "col",
    }
)  # fmt: skip
_BLOCKS = (
    "html", "body", "div", "li", "dl", "dt", "dd", "blockquote", "pre", "center", "section", "article", "header",
    "footer", "main", "nav", "aside", "address", "figure", "figcaption", "fieldset", "form", "caption", "hr", "td",
    "th",
)  # fmt: skip
_HANDLERS: Mapping[str, _Handler] = {
    "p": Walk._paragraph_element,
    **dict.fromkeys(_HEADINGS, Walk._heading),
    **dict.fromkeys(_BLOCKS, Walk._block),
    "ul": Walk._list,
    "ol": Walk._list,
    "table": Walk._table,
    "br": Walk._break,
    "img": Walk._picture,
    "imagedata": Walk._picture,
    "del": Walk._deleted,
    "ins": Walk._inserted,
}
