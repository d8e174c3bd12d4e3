"""The one walk over the content of an OpenDocument text.

Kept: body, sections, tables, lists, text boxes and texts of shapes, results of fields, inserted revisions, footnotes
and endnotes. Left out: deleted revisions (kept apart in text:tracked-changes), hidden text and sections, placeholders,
comments, codes of fields, phonetic guides, automatic numbers (these become labels).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from checker.document import Cell
from checker.readers.docx_symbols import symbol
from checker.readers.flow import NoteKind, Paragraph, Piece
from checker.readers.limits import Limits
from checker.readers.nodes import numbered_texts
from checker.readers.odt_lists import LEVELS, Counts, ListStyle
from checker.readers.odt_names import (
    DRAW,
    FIELD,
    LIST,
    LOEXT,
    OFFICE,
    STYLE_NAME,
    SVG,
    TABLE,
    TEXT,
    XLINK,
    XML_ID,
    H,
    P,
    repeats,
)
from checker.readers.odt_styles import Style, Styles
from checker.readers.package import too_deep, too_many

_OPTIONAL_HYPHEN = "\xad"
_PRIVATE = re.compile("[\uf000-\uf0ff]")
_SPACES = re.compile(r"[ \t\r\n]+")
_ROW, _CELL, _COVERED = TABLE + "table-row", TABLE + "table-cell", TABLE + "covered-table-cell"
_ROW_GROUPS = frozenset({TABLE + "table-header-rows", TABLE + "table-rows", TABLE + "table-row-group"})
_FIELD_BEGIN, _FIELD_END = FIELD + "fieldmark-start", FIELD + "fieldmark-end"
_FIELD_MIDDLE = frozenset({FIELD + "fieldmark-separator", LOEXT + "fieldmark-separator", LOEXT + "field-separator"})


class Walk:
    """Turns the elements of one document into paragraphs, and counts what it meets."""

    def __init__(self, root: etree._Element, styles: Styles, objects: Mapping[str, str], limits: Limits) -> None:
        self.counts: Counter[str] = Counter()
        self._styles = styles
        self._objects = objects
        self._limits = limits
        self._heads, self._tails = numbered_texts(root)
        self._codes = _field_codes(root)
        self._flow: list[Paragraph] = []
        self._made = 0
        self._depth = 0
        self._code = 0
        self._cell: Cell | None = None
        self._tables = 0
        self._contents = False
        # Lists: those that can be gone on with, and the number that the next paragraph of an item takes.
        self._by_id: dict[str, Counts] = {}
        self._by_style: dict[str, Counts] = {}
        self._outline = Counts()
        self._list: tuple[Counts, str | None, int] | None = None
        self._item: etree._Element | None = None
        # The paragraph at hand.
        self._paragraph = Paragraph()
        self._look: Style = styles.paragraph(None)
        self._after_space = True

    def body(self, container: etree._Element) -> list[Paragraph]:
        """The paragraphs of the body."""
        return self._read(lambda: self._children(container))

    def _read(self, fill: Callable[[], None]) -> list[Paragraph]:
        """Read one flow of text; what stands around it is put back afterwards."""
        kept = self._flow, self._paragraph, self._look, self._after_space, self._code
        outside = self._list, self._item, self._contents
        flow: list[Paragraph] = []
        self._flow = flow
        self._list = self._item = None
        self._code = 0
        fill()
        self._flow, self._paragraph, self._look, self._after_space, self._code = kept
        self._list, self._item, self._contents = outside
        return flow

    # ---- blocks -----------------------------------------------------------------------------------------------

    def _children(self, container: etree._Element) -> None:
        self._deeper()
        for child in container:
            handler = _BLOCKS.get(child.tag)
            if handler is not None:
                handler(self, child)
        self._depth -= 1

    def _deeper(self) -> None:
        """One level down; the limit keeps the walk from running out of stack."""
        self._depth += 1
        if self._depth > self._limits.xml_depth:
            raise too_deep(self._limits)

    def _changes(self, element: etree._Element) -> None:
        """The list of revisions: what was deleted is kept here, away from the text."""
        self.counts["deletions"] += sum(1 for _ in element.iter(TEXT + "deletion"))
        self.counts["insertions"] += sum(1 for _ in element.iter(TEXT + "insertion"))

    def _section(self, section: etree._Element) -> None:
        if section.get(TEXT + "display") == "none" or section.get(TEXT + "is-hidden") == "true":
            self.counts["hidden"] += 1
            return
        self._children(section)

    def _index(self, index: etree._Element) -> None:
        """A table of contents: its lines are no headings, though they look like them."""
        outside, self._contents = self._contents, True
        self._children(index)
        self._contents = outside

    def _index_title(self, title: etree._Element) -> None:
        outside, self._contents = self._contents, False
        self._children(title)
        self._contents = outside

    def _table(self, table: etree._Element) -> None:
        if self._tables >= self._limits.table_depth:
            raise too_deep(self._limits)
        index = self.counts["tables"]
        self.counts["tables"] += 1
        outside = self._cell, self._list, self._item
        self._list = self._item = None
        self._tables += 1
        row = 0
        for element in _rows(table):
            column = 0
            for cell in element.iterchildren(_CELL, _COVERED):
                if cell.tag == _CELL:
                    self._cell = Cell(index, row, column)
                    self._children(cell)
                column += repeats(cell.get(TABLE + "number-columns-repeated"))
            row += repeats(element.get(TABLE + "number-rows-repeated"))
        self._tables -= 1
        self._cell, self._list, self._item = outside

    def _frame(self, element: etree._Element) -> None:
        """A frame that stands on a page and not in a paragraph: its text is read where it is met."""
        host = Paragraph()
        outside, self._paragraph = self._paragraph, host
        self._graphic(element)
        self._paragraph = outside
        if host.boxes:
            self._flow.append(host)

    # ---- lists ------------------------------------------------------------------------------------------------

    def _enter_list(self, element: etree._Element) -> None:
        outside, item = self._list, self._item
        name = element.get(STYLE_NAME)
        if outside is None:
            counts, level = self._counts_of(element, name), 0
        else:
            counts, level = outside[0], min(outside[2] + 1, LEVELS - 1)
            name = name or outside[1]
        self._list = counts, name, level
        self._deeper()
        for child in element.iterchildren(TEXT + "list-item", TEXT + "list-header"):
            self._item = child if child.tag == TEXT + "list-item" else None
            self._children(child)
        self._depth -= 1
        self._list, self._item = outside, item

    def _counts_of(self, element: etree._Element, name: str | None) -> Counts:
        """The numbers that a list goes on with, or new ones."""
        counts: Counts | None = None
        if element.get(TEXT + "continue-list"):
            counts = self._by_id.get(element.get(TEXT + "continue-list", ""))
        elif element.get(TEXT + "continue-numbering") == "true":
            counts = self._by_style.get(name or "")
        counts = counts or Counts()
        self._by_style[name or ""] = counts
        if element.get(XML_ID):
            self._by_id[element.get(XML_ID, "")] = counts
        return counts

    def _numbered(self, element: etree._Element) -> None:
        """text:numbered-paragraph: a list item that stands by itself."""
        name = element.get(STYLE_NAME)
        key = element.get(TEXT + "list-id") or name or ""
        counts = self._by_id.setdefault(key, Counts())
        outside, item = self._list, self._item
        self._list = counts, name, min(repeats(element.get(TEXT + "level")), LEVELS) - 1
        self._item = element
        self._children(element)
        self._list, self._item = outside, item

    def _label(self, element: etree._Element, style: Style) -> tuple[str, int]:
        """The automatic number of a paragraph and its level; only the first one of a list item has one."""
        if self._list is not None:
            item, self._item = self._item, None
            if item is None:
                return "", 0
            counts, name, level = self._list
            found = self._styles.lists.get(name or style.list_style or "")
            if found is None:
                return "", 0
            return counts.label(found, level, item.get(TEXT + "start-value")), level + 1
        if element.tag != H or element.get(TEXT + "is-list-header") == "true":
            return "", 0
        return self._outline_label(element, style, self._styles.outline)

    def _outline_label(self, element: etree._Element, style: Style, outline: ListStyle) -> tuple[str, int]:
        """The number of a heading by the outline of the document, unless its style keeps out of that."""
        at = _outline_level(element) - 1
        if not 0 <= at < LEVELS or outline.levels[at].form == "none" or style.list_style not in (None, "Outline"):
            return "", 0
        start = element.get(TEXT + "start-value") if element.get(TEXT + "restart-numbering") == "true" else None
        return self._outline.label(outline, at, start), at + 1

    # ---- paragraphs -------------------------------------------------------------------------------------------

    def _read_paragraph(self, element: etree._Element) -> None:
        self._made += 1
        if self._made > self._limits.paragraphs:
            raise too_many(self._limits)
        style = self._styles.paragraph(element.get(STYLE_NAME))
        hidden = any(mark.get(TEXT + "is-hidden") == "true" for mark in element.iterchildren(TEXT + "hidden-paragraph"))
        label, level = self._label(element, style)
        paragraph = Paragraph(
            label=label,
            list_level=level,
            outline=_outline_level(element) if element.tag == H else 0,
            title=style.title,
            contents=style.contents or self._contents,
            centred=bool(style.centred),
            cell=self._cell,
        )
        self._paragraph = paragraph
        self._look = style._replace(hidden=True) if hidden else style
        self._after_space = True
        self._inline(element)
        if style.hidden and not paragraph.pieces and not paragraph.boxes:
            return
        self._flow.append(paragraph)

    def _inline(self, element: etree._Element) -> None:
        """Read the text and the elements inside a paragraph, a span, a link, a field …"""
        self._deeper()
        if element.text:
            self._add(element.text, self._heads[element])
        for child in element:
            handler = _INLINE.get(child.tag)
            if handler is not None:
                handler(self, child)
            elif isinstance(child.tag, str) and child.tag.startswith(_READ_THROUGH):
                self._inline(child)
            if child.tail:
                self._add(child.tail, self._tails[child])
        self._depth -= 1

    def _add(self, text: str, node: int) -> None:
        """Take over `text`; runs of white space are one space, and none at the head of a paragraph."""
        if self._code:
            return
        if self._look.hidden:
            self.counts["hidden"] += 1 if text.strip() else 0
            return
        at = 0
        for spaces in _SPACES.finditer(text):
            start, end = spaces.span()
            kept = "" if start == 0 and self._after_space else " "
            if end - start == 1 and kept and text[start] == " ":
                continue
            self._put(text[at:start], node, at)
            self._put(kept, node, start)
            at = end
        self._put(text[at:], node, at)
        self._after_space = text[-1] in " \t\r\n"

    def _put(self, text: str, node: int, offset: int) -> None:
        """Take over text as it stands; optional hyphens are layout."""
        look = self._look
        strong = bool(look.bold or look.strong_face)
        for stretch in text.split(_OPTIONAL_HYPHEN) if _OPTIONAL_HYPHEN in text else (text,):
            if stretch:
                shown = stretch if stretch.isprintable() else _PRIVATE.sub(self._symbol, stretch)
                self._paragraph.pieces.append(Piece(shown, node, offset, strong, look.size))
            offset += len(stretch) + 1

    def _symbol(self, private: re.Match[str]) -> str:
        return symbol(self._look.font, ord(private[0])) or private[0]

    def _mark(self, element: etree._Element, text: str) -> None:
        """A character that is an element: it is anchored in the text node before it."""
        if self._code or self._look.hidden:
            return
        pieces = self._paragraph.pieces
        self._put(text, pieces[-1].node if pieces else self._heads.get(element, -1), 0)
        self._after_space = False

    def _span(self, element: etree._Element) -> None:
        outside = self._look
        own = self._styles.text(element.get(STYLE_NAME))
        self._look = own.over(outside) if own else outside
        self._inline(element)
        self._look = outside

    def _space(self, element: etree._Element) -> None:
        self._mark(element, " " * repeats(element.get(TEXT + "c")))

    def _tab(self, element: etree._Element) -> None:
        self._mark(element, "\t")

    def _break(self, element: etree._Element) -> None:
        self._mark(element, "\n")
        self._after_space = True

    def _ruby(self, element: etree._Element) -> None:
        for base in element.iterchildren(TEXT + "ruby-base"):
            self._inline(base)

    def _note(self, element: etree._Element) -> None:
        if self._code or self._look.hidden:
            return
        kind: NoteKind = "endnote" if element.get(TEXT + "note-class") == "endnote" else "footnote"
        for body in element.iterchildren(TEXT + "note-body"):
            self._paragraph.notes.append((kind, self._read_apart(body)))

    def _read_apart(self, container: etree._Element) -> list[Paragraph]:
        return self._read(lambda: self._children(container))

    def _comment(self, element: etree._Element) -> None:
        self.counts["comments"] += 1

    def _placeholder(self, element: etree._Element) -> None:
        self.counts["placeholders"] += 1

    def _control(self, element: etree._Element) -> None:
        """A content control; one that still shows its prompt has not been filled in."""
        if element.get(LOEXT + "showing-place-holder") == "true":
            self.counts["placeholders"] += 1
            return
        self._inline(element)

    def _hidden_text(self, element: etree._Element) -> None:
        if element.get(TEXT + "is-hidden") == "true":
            self.counts["hidden"] += 1
            return
        self._inline(element)

    def _field_mark(self, element: etree._Element) -> None:
        """Between the begin of a field and its middle stands its code."""
        self._code += self._codes.get(element, 0)

    # ---- drawings ---------------------------------------------------------------------------------------------

    def _graphic(self, element: etree._Element) -> None:
        """A frame or a shape: its text waits for the end of the paragraph."""
        if self._code or self._look.hidden:
            return
        self._deeper()
        if element.tag == DRAW + "frame":
            self._frame_content(element)
        elif element.tag == DRAW + "control":
            self.counts["form-fields"] += 1
        elif element.tag in (DRAW + "g", DRAW + "a"):
            for child in element:
                if child.tag in _GRAPHICS:
                    self._graphic(child)
        elif any(geometry.get(DRAW + "text-path") == "true" for geometry in element):
            self.counts["word-art"] += 1
        else:
            self._box(element, keep_blank=False)
        self._depth -= 1

    def _frame_content(self, frame: etree._Element) -> None:
        """The first of the alternatives in a frame: an object comes with a picture of itself."""
        for child in frame:
            if child.tag == DRAW + "text-box":
                self._box(child, keep_blank=True)
                return
            if child.tag in _FRAMED:
                self.counts[self._objects.get(_target(child), _FRAMED[child.tag])] += 1
                return

    def _box(self, element: etree._Element, keep_blank: bool) -> None:
        flow = self._read_apart(element)
        if flow and (keep_blank or any(paragraph.pieces for paragraph in flow)):
            self._paragraph.boxes.append(flow)


def _outline_level(heading: etree._Element) -> int:
    return min(repeats(heading.get(TEXT + "outline-level")), 9)


def _target(element: etree._Element) -> str:
    return element.get(XLINK + "href", "").removeprefix("./").rstrip("/")


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, those in groups too."""
    waiting = [iter(table)]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
        elif child.tag == _ROW:
            yield child
        elif child.tag in _ROW_GROUPS:
            waiting.append(iter(child))


def _field_codes(root: etree._Element) -> dict[etree._Element, int]:
    """Marks of fields that have a code before their result: +1 at the begin, -1 at the middle."""
    found: dict[etree._Element, int] = {}
    open_marks: list[etree._Element] = []
    for mark in root.iter(_FIELD_BEGIN, _FIELD_END, *_FIELD_MIDDLE):
        if mark.tag == _FIELD_BEGIN:
            open_marks.append(mark)
        elif mark.tag == _FIELD_END:
            del open_marks[-1:]
        elif open_marks and open_marks[-1] not in found:
            found[open_marks[-1]], found[mark] = 1, -1
    return found


def _skip(walk: Walk, element: etree._Element) -> None:
    """Nothing of this element is text."""


_Handler = Callable[[Walk, etree._Element], None]

_READ_THROUGH = (TEXT, LOEXT, FIELD)
_FRAMED: Mapping[object, str] = {
    DRAW + "object": "objects",
    DRAW + "object-ole": "objects",
    DRAW + "plugin": "objects",
    DRAW + "applet": "objects",
    DRAW + "floating-frame": "objects",
    DRAW + "image": "pictures",
}
_GRAPHICS = frozenset(
    DRAW + name
    for name in (
        "frame", "custom-shape", "rect", "ellipse", "circle", "line", "polyline", "polygon", "regular-polygon", "path",
        "connector", "caption", "measure", "control", "g", "a",
    )
)  # fmt: skip

_BLOCKS: Mapping[object, _Handler] = {
    P: Walk._read_paragraph,
    H: Walk._read_paragraph,
    LIST: Walk._enter_list,
    TABLE + "table": Walk._table,
    TEXT + "section": Walk._section,
    TEXT + "numbered-paragraph": Walk._numbered,
    TEXT + "tracked-changes": Walk._changes,
    TEXT + "index-body": Walk._children,
    TEXT + "index-title": Walk._index_title,
    **{
        TEXT + name: Walk._index
        for name in (
            "table-of-content", "illustration-index", "table-index", "object-index", "user-index",
            "alphabetical-index", "bibliography",
        )
    },
    **dict.fromkeys(_GRAPHICS, Walk._frame),
}  # fmt: skip

_INLINE: Mapping[object, _Handler] = {
    TEXT + "span": Walk._span,
    TEXT + "s": Walk._space,
    TEXT + "tab": Walk._tab,
    TEXT + "line-break": Walk._break,
    TEXT + "note": Walk._note,
    TEXT + "ruby": Walk._ruby,
    TEXT + "placeholder": Walk._placeholder,
    TEXT + "hidden-text": Walk._hidden_text,
    TEXT + "script": _skip,
    TEXT + "tracked-changes": Walk._changes,
    OFFICE + "annotation": Walk._comment,
    LOEXT + "content-control": Walk._control,
    _FIELD_BEGIN: Walk._field_mark,
    SVG + "title": _skip,
    SVG + "desc": _skip,
    **dict.fromkeys(_FIELD_MIDDLE, Walk._field_mark),
    **dict.fromkeys(_GRAPHICS, Walk._graphic),
}
