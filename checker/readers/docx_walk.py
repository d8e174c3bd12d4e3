"""The one walk over the XML of a Word file.

Kept: body, tables, text boxes (one branch of each alternative), content controls, field results, hyperlinks, inserted
revisions, footnotes and endnotes. Left out: deleted revisions, hidden text, field codes, placeholders, comments,
headers and footers, automatic numbers (these become `Block.label`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lxml import etree

from checker.document import Anchor, Block, BlockKind, Cell, Span
from checker.readers.docx_drawing import ALTERNATIVE, BOX, PICTURES, branch, graphics, unwrapped
from checker.readers.docx_kinds import NO_PROPERTIES, Properties, WordKinds
from checker.readers.docx_names import (
    PPR,
    RPR,
    RSTYLE,
    TBL,
    VANISH,
    XML_SPACE,
    M,
    P,
    W,
    child_value,
    first_child,
    number,
    toggle,
)
from checker.readers.docx_numbering import Counters, direct_numbering, load_numbering
from checker.readers.docx_part import FIELD, Part
from checker.readers.docx_styles import Style, Styles, load_styles
from checker.readers.docx_summary import summary_in
from checker.readers.docx_symbols import symbol
from checker.readers.package import Package, parse_xml, too_deep, too_many

_DEL = W + "del"
_FOOTNOTE = W + "footnoteReference"
_SPACE = " \t\r\n"
_BLANKS = str.maketrans("\t\r\n", "   ")


class _Place(NamedTuple):
    """Where a paragraph stands: kind of block that it makes, cell, host node of a text box or note, depths."""

    kind: BlockKind = "paragraph"
    cell: Cell | None = None
    host: int = -1
    tables: int = 0
    depth: int = 0


class _Waiting:
    """A text box or a note that is read later; its host is settled at the end of the paragraph that it hangs on."""

    __slots__ = ("host", "kind", "what")

    def __init__(self, kind: str, what: etree._Element | str, host: int) -> None:
        self.kind = kind
        self.what = what
        self.host = host


_BODY = _Place()


class Walk:
    """Fills text, blocks and anchors of one document, and counts what it meets."""

    def __init__(self, package: Package, main: str) -> None:
        self.texts: list[str] = []
        self.blocks: list[Block] = []
        self.anchors: list[Anchor] = []
        self.counts: Counter[str] = Counter()
        self._package = package
        self._limits = package.limits
        self._relations = {r.kind: r.target for r in package.relationships(main).values() if not r.external}
        self.styles = self._load_styles()
        self._counters: Counters | None = None
        self._counters_loaded = False
        self._kinds = WordKinds(self.styles)
        self._notes: list[_Waiting] = []
        self._in_paragraph = False
        self._place = _BODY
        self._depth = 0
        # The paragraph at hand. It may run over several w:p, where the mark between them was deleted.
        self._joined = False
        self._pieces: list[str] = []
        self._runs: list[etree._Element] = []
        self._boxes: list[_Waiting] = []
        self._start = 0
        self._at = 0
        self._first_anchor = 0
        self._first_note = 0
        self._style: Style = self.styles.paragraph(None)
        self._style_hides = False

    # ---- parts and flows --------------------------------------------------------------------------------------

    def _load_styles(self) -> Styles:
        name = self._relations.get("styles", "")
        return load_styles(self._package, name) if self._package.holds(name) else Styles(None)

    def _numbers(self) -> Counters | None:
        """The counters of automatic numbers; numbering.xml is opened with the first paragraph that asks for it."""
        if not self._counters_loaded:
            self._counters_loaded = True
            name = self._relations.get("numbering", "")
            if self._package.holds(name):
                self._counters = Counters(load_numbering(self._package, name, self.styles))
        return self._counters

    def body(self, name: str, root: etree._Element) -> None:
        """Read the main part, then the notes that it refers to."""
        container = first_child(root, W + "body")
        if container is None:
            return
        summary = summary_in(container)
        self.counts["summary"] = 1 if summary else 0
        flow = [child for child in container if child not in summary] if summary else container
        self._flow(Part(name, root, self.styles), flow, _BODY)
        self._read_notes("footnote", "footnotes")
        self._read_notes("endnote", "endnotes")

    def _flow(self, part: Part, container: Iterable[etree._Element], place: _Place) -> None:
        """Read one flow of text: the body, a text box, a note."""
        self._part = part
        self._place = place
        self._children(container)
        self._flush_joined()

    def _read_notes(self, kind: BlockKind, relation: str) -> None:
        """Read the notes of one kind that the text refers to, in the order of the references."""
        marks = [mark for mark in self._notes if mark.kind == kind]
        name = self._relations.get(relation, "")
        if not marks or not self._package.holds(name):
            return
        root = parse_xml(self._package.read(name), self._limits)
        part = Part(name, root, self.styles)
        by_id = {element.get(W + "id", ""): element for element in root.iterchildren(W + kind)}
        for mark in marks:
            element = by_id.pop(str(mark.what), None)
            if element is not None:
                self.counts[relation] += 1
                self._flow(part, element, _Place(kind, None, mark.host))

    # ---- blocks -----------------------------------------------------------------------------------------------

    def _children(self, container: Iterable[etree._Element]) -> None:
        """Read the paragraphs and tables inside `container`."""
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

    def _table(self, table: etree._Element) -> None:
        self._flush_joined()
        outer = self._place
        if outer.tables >= self._limits.table_depth:
            raise too_deep(self._limits)
        index = self.counts["tables"]
        self.counts["tables"] += 1
        row = 0
        for row_element in unwrapped(table, W + "tr"):
            properties = first_child(row_element, W + "trPr")
            if first_child(properties, _DEL) is not None:
                self._dropped(row_element)
                continue
            column = number(child_value(properties, W + "gridBefore"))
            for cell in unwrapped(row_element, W + "tc"):
                column = self._cell(cell, Cell(index, row, column), outer)
            row += 1
        self._place = outer

    def _cell(self, cell: etree._Element, at: Cell, outer: _Place) -> int:
        """Read one cell; return the column of the grid where the next one begins."""
        properties = first_child(cell, W + "tcPr")
        width = max(1, number(child_value(properties, W + "gridSpan"), 1))
        if first_child(properties, W + "cellDel") is not None:
            self._dropped(cell)
            return at.column + width
        kind: BlockKind = "cell" if outer.kind == "paragraph" else outer.kind
        self._place = _Place(kind, at, outer.host, outer.tables + 1)
        control = _control_around(cell)
        if control is not None and _is_prompt(control):
            self._prompt(control)
        else:
            self._children(cell)
            self._flush_joined()
        return at.column + width

    def _dropped(self, element: etree._Element) -> None:
        """Leave out something deleted; the marks of fields in it still count, as the field may end elsewhere."""
        self.counts["deletions"] += 1
        self._pass_fields(element)

    def _pass_fields(self, element: etree._Element) -> None:
        for mark in element.iter(FIELD):
            self._part.field(mark)

    def _control(self, control: etree._Element) -> None:
        """A content control around paragraphs or around runs; a prompt that nobody has filled in is not text."""
        if _is_prompt(control):
            self._prompt(control)
            return
        content = first_child(control, W + "sdtContent")
        if content is None:
            return
        if self._in_paragraph:
            self._inline(content)
        else:
            self._children(content)

    def _prompt(self, control: etree._Element) -> None:
        self.counts["placeholders"] += 1
        self._pass_fields(control)

    def _import(self, element: etree._Element) -> None:
        self.counts["imports"] += 1

    def _block_choice(self, element: etree._Element) -> None:
        chosen = branch(element)
        if chosen is not None:
            self._children(chosen)

    # ---- paragraphs -------------------------------------------------------------------------------------------

    def _paragraph(self, paragraph: etree._Element) -> None:
        element = first_child(paragraph, PPR)
        properties = NO_PROPERTIES if element is None else Properties(element)
        self._style = self.styles.paragraph(properties.style)
        self._style_hides = bool(self._style.vanish)
        if not self._joined:
            self._start = self._at = self._at + 1 if self.blocks else 0
            self._first_anchor = len(self.anchors)
            self._first_note = len(self._notes)
        self._in_paragraph = True
        self._inline(paragraph)
        self._in_paragraph = False
        self._joined = self._part.revises and _is_deleted(properties.mark)
        if not self._joined:
            self._flush(properties)

    def _flush_joined(self) -> None:
        """The last mark of a flow was deleted: what stood before it is a paragraph, nothing is none."""
        if not self._joined:
            return
        self._joined = False
        if self._pieces or self._boxes:
            self._flush(NO_PROPERTIES)
        else:
            self._drop()

    def _drop(self) -> None:
        """Take back the paragraph at hand, which leaves nothing behind."""
        self._runs = []
        self._at = self._start - 1 if self.blocks else 0

    def _flush(self, properties: Properties) -> None:
        """Make a block of the paragraph at hand, then read the text boxes that hang on it."""
        text = "".join(self._pieces)
        boxes, place = self._boxes, self._place
        if not text and not boxes and self._hidden_mark(properties.mark):
            self._drop()
            return
        if len(self.blocks) >= self._limits.paragraphs:
            raise too_many(self._limits)
        label = self._label(properties)
        kind, level = self._kind(text, label, properties)
        self.texts.append(text)
        self.blocks.append(Block(kind, Span(self._start, self._at), level, label[0], place.cell))
        if place.kind == "paragraph":
            self.counts["body"] += 1
        if self._pieces:
            self._pieces, self._runs = [], []
        self._settle()
        if boxes:
            self._boxes = []
            self._read_boxes(boxes)

    def _kind(self, text: str, label: tuple[str, int], properties: Properties) -> tuple[BlockKind, int]:
        kind = self._place.kind
        if not text or text.isspace() or kind not in ("paragraph", "cell"):
            return kind, 0
        if kind == "cell":
            return self._kinds.cell(properties, self._style)
        return self._kinds.kind(text, label, properties, self._style, self._runs)

    def _settle(self) -> None:
        """Give boxes and notes of the paragraph at hand that had no text before them a node to stand on."""
        if len(self._notes) == self._first_note and not self._boxes:
            return
        own = len(self.anchors) > self._first_anchor
        host = self.anchors[self._first_anchor].node if own else self._part.last
        for waiting in (*self._notes[self._first_note :], *self._boxes):
            if waiting.host < 0:
                waiting.host = self._place.host if self._place.host >= 0 else host

    def _hang(self, kind: str, what: etree._Element | str) -> _Waiting:
        """Put off a box or note; it is hosted by the text nearest before it in its paragraph."""
        if self._place.host >= 0:
            return _Waiting(kind, what, self._place.host)
        own = len(self.anchors) > self._first_anchor
        return _Waiting(kind, what, self.anchors[-1].node if own else -1)

    def _read_boxes(self, boxes: list[_Waiting]) -> None:
        """Read text boxes after the paragraph that they are anchored in."""
        part, place = self._part, self._place
        outside = part.enter()
        self._deeper()
        kind: BlockKind = place.kind if place.kind in ("footnote", "endnote") else "textbox"
        for box in boxes:
            self.counts["text-boxes"] += 1
            if isinstance(box.what, etree._Element):
                self._flow(part, box.what, _Place(kind, place.cell, box.host, place.tables))
        self._depth -= 1
        part.leave(outside)
        self._place = place

    def _hidden_mark(self, mark: etree._Element | None) -> bool:
        hidden = toggle(mark, VANISH)
        return self._style_hides if hidden is None else hidden

    def _label(self, properties: Properties) -> tuple[str, int]:
        """The automatic number of the paragraph at hand and its level from 1."""
        style = self._style
        if properties.numbering is None and not style.num_id:
            return "", 0
        num_id, ilvl = direct_numbering(properties.numbering)
        if num_id is None:
            num_id = style.num_id
        if not num_id or num_id == "0":
            return "", 0
        counters = self._numbers()
        if counters is None:
            return "", 0
        return counters.label(num_id, style.ilvl if ilvl is None else ilvl, style.num_style)

    # ---- runs -------------------------------------------------------------------------------------------------

    def _inline(self, container: etree._Element) -> None:
        """Read the runs inside `container`: a paragraph, a hyperlink, an inserted revision …"""
        self._deeper()
        for child in container:
            handler = _INLINE.get(child.tag)
            if handler is not None:
                handler(self, child)
        self._depth -= 1

    def _run(self, run: etree._Element) -> None:
        if (self._part.hides or self._style_hides) and self._hidden(run):
            self._skip_hidden(run)
            return
        before = self._at
        get = _RUN.get
        for child in run:
            tag = child.tag
            if tag == RPR:
                continue
            handler = get(tag)
            if handler is not None:
                handler(self, child)
        if self._at > before:
            self._runs.append(run)

    def _hidden(self, run: etree._Element) -> bool:
        """Whether a run is hidden: its own setting, else paragraph style xor character style."""
        properties = first_child(run, RPR)
        own = toggle(properties, VANISH)
        if own is not None:
            return own
        character = self.styles.get(child_value(properties, RSTYLE) or "").vanish
        return (self._style_hides ^ bool(character)) or bool(self.styles.defaults.vanish)

    def _skip_hidden(self, run: etree._Element) -> None:
        self._pass_fields(run)
        if next(run.iter(W + "t", W + "sym", W + "drawing", W + "pict"), None) is not None:
            self.counts["hidden"] += 1

    def _add(self, node: etree._Element, text: str, offset: int = 0) -> None:
        """Take over `text`, which stands from `offset` on in `node`."""
        part = self._part
        if part.code:
            return
        start = self._at
        self._at = end = start + len(text)
        self._pieces.append(text)
        index = part.index[node]
        host = self._place.host
        self.anchors.append(Anchor(start, end, part.name, index, offset, host))
        if host < 0:
            part.last = index

    def _text(self, node: etree._Element) -> None:
        text = node.text
        if not text:
            return
        offset = 0
        if (text[0] <= " " or text[-1] <= " ") and not _keeps_space(node):
            stripped = text.lstrip(_SPACE)
            offset = len(text) - len(stripped)
            text = stripped.rstrip(_SPACE)
            if not text:
                return
        if not text.isprintable():
            text = text.translate(_BLANKS)
        self._add(node, text, offset)

    def _tab(self, node: etree._Element) -> None:
        self._add(node, "\t")

    def _break(self, node: etree._Element) -> None:
        """A line break in the text; breaks of page and column are layout."""
        if node.get(W + "type", "textWrapping") == "textWrapping":
            self._add(node, "\n")

    def _return(self, node: etree._Element) -> None:
        self._add(node, "\n")

    def _hyphen(self, node: etree._Element) -> None:
        self._add(node, "\u2011")

    def _symbol(self, node: etree._Element) -> None:
        try:
            code = int(node.get(W + "char", ""), 16)
        except ValueError:
            return
        sign = symbol(node.get(W + "font", ""), code)
        if sign:
            self._add(node, sign)

    def _field(self, mark: etree._Element) -> None:
        self._part.field(mark)

    def _code(self, node: etree._Element) -> None:
        """The code of a field. An EQ field (enclosed characters, fractions) has no result to read."""
        if (node.text or "").lstrip()[:3].upper() == "EQ ":
            self.counts["equations"] += 1

    def _inserted(self, element: etree._Element) -> None:
        self.counts["insertions"] += 1
        self._inline(element)

    def _equation(self, element: etree._Element) -> None:
        self.counts["equations"] += 1

    def _ruby(self, element: etree._Element) -> None:
        base = first_child(element, W + "rubyBase")
        if base is not None:
            self._inline(base)

    def _run_choice(self, element: etree._Element) -> None:
        """An alternative inside a paragraph; it may stand around runs or inside one."""
        chosen = branch(element)
        if chosen is None:
            return
        self._deeper()
        for child in chosen:
            handler = _INLINE.get(child.tag) or _RUN.get(child.tag)
            if handler is not None:
                handler(self, child)
        self._depth -= 1

    def _note(self, element: etree._Element) -> None:
        if self._part.code or self._place.kind in ("footnote", "endnote"):
            return
        kind = "footnote" if element.tag == _FOOTNOTE else "endnote"
        self._notes.append(self._hang(kind, element.get(W + "id", "")))

    def _graphic(self, element: etree._Element) -> None:
        """A drawing, a VML picture or an object: its text boxes wait for the end of the paragraph."""
        if self._part.code:
            return
        for found in graphics(element):
            if found.tag == BOX:
                self._boxes.append(self._hang("textbox", found))
            else:
                self.counts[PICTURES[str(found.tag)]] += 1


def _is_deleted(mark: etree._Element | None) -> bool:
    """Whether a paragraph mark is deleted or moved away: then the paragraph runs on into the next one."""
    return first_child(mark, _DEL) is not None or first_child(mark, W + "moveFrom") is not None


def _is_prompt(control: etree._Element) -> bool:
    """Whether a content control still shows its prompt."""
    return toggle(first_child(control, W + "sdtPr"), W + "showingPlcHdr") or False


def _control_around(cell: etree._Element) -> etree._Element | None:
    """The content control that holds exactly this cell of a row, if there is one."""
    content = cell.getparent()
    return content.getparent() if content is not None and content.tag == W + "sdtContent" else None


def _keeps_space(node: etree._Element) -> bool:
    """Whether white space at the edges of a text node counts (xml:space, its own or inherited)."""
    at: etree._Element | None = node
    while at is not None:
        said = at.get(XML_SPACE)
        if said is not None:
            return said == "preserve"
        at = at.getparent()
    return False


_Handler = Callable[[Walk, etree._Element], None]

_BLOCKS: Mapping[object, _Handler] = {
    P: Walk._paragraph,
    TBL: Walk._table,
    W + "sdt": Walk._control,
    W + "customXml": Walk._children,
    W + "smartTag": Walk._children,
    W + "ins": Walk._children,
    W + "moveTo": Walk._children,
    W + "altChunk": Walk._import,
    ALTERNATIVE: Walk._block_choice,
}

_INLINE: Mapping[object, _Handler] = {
    W + "r": Walk._run,
    W + "hyperlink": Walk._inline,
    W + "smartTag": Walk._inline,
    W + "customXml": Walk._inline,
    W + "fldSimple": Walk._inline,
    W + "bdo": Walk._inline,
    W + "dir": Walk._inline,
    W + "sdt": Walk._control,
    W + "ins": Walk._inserted,
    W + "moveTo": Walk._inserted,
    W + "del": Walk._dropped,
    W + "moveFrom": Walk._dropped,
    M + "oMath": Walk._equation,
    M + "oMathPara": Walk._equation,
    W + "subDoc": Walk._import,
    ALTERNATIVE: Walk._run_choice,
}

_RUN: Mapping[object, _Handler] = {
    W + "t": Walk._text,
    W + "tab": Walk._tab,
    W + "ptab": Walk._tab,
    W + "br": Walk._break,
    W + "cr": Walk._return,
    W + "sym": Walk._symbol,
    W + "noBreakHyphen": Walk._hyphen,
    W + "fldChar": Walk._field,
    W + "instrText": Walk._code,
    W + "footnoteReference": Walk._note,
    W + "endnoteReference": Walk._note,
    W + "ruby": Walk._ruby,
    W + "drawing": Walk._graphic,
    W + "pict": Walk._graphic,
    W + "object": Walk._graphic,
    ALTERNATIVE: Walk._run_choice,
}
