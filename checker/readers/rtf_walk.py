"""The one walk over the tokens of an RTF file.

Kept: body, tables, text boxes, results of fields, inserted revisions, footnotes and endnotes. Left out: deleted
revisions, hidden text, codes of fields, comments, headers and footers. The automatic numbers that Word, WPS and
LibreOffice write out beside each paragraph become labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass

from checker.document import Cell
from checker.readers.docx_symbols import symbol
from checker.readers.flow import NoteKind, Paragraph, Piece
from checker.readers.headings import CONTENTS_STYLE, HEADING_STYLE, TITLE_STYLES
from checker.readers.limits import Limits
from checker.readers.package import too_deep, too_many
from checker.readers.rtf_text import BRACE, HEX, NUMBER, SYMBOL, TEXT, WORD, Font, Scanner
from checker.readers.rtf_words import (
    ANSI,
    CHARACTERS,
    CHARSETS,
    SKIPPED,
    STARRED,
    SYMBOL_CHARSET,
    SYMBOLS,
    code_page,
)

_GROUPS = 1000
_FLOWS = 20
_USUAL_SIZE = 24
_CONTROLS = {code: None for code in range(0x20) if code not in (9, 10)}
_BODY, _LABEL, _FONTS, _STYLES, _CODE, _TWICE = "body", "label", "fonts", "styles", "code", "twice"


@dataclass(slots=True)
class _State:
    """What a group hands on to the groups inside it. `under` is where the text of \\upr would go.

    After \\dbch the words of associated fonts (\\af, \\afs, \\ab) are about Chinese text: LibreOffice writes them so.
    Word writes one \\f, \\fs and \\b for all scripts.
    """

    into: str = _BODY
    under: str = _BODY
    font: int = -1
    bold: bool = False
    size: int = _USUAL_SIZE
    eastern: bool = False
    eastern_font: int = -1
    eastern_bold: bool | None = None
    eastern_size: int = 0
    hidden: bool = False
    deleted: bool = False
    inserted: bool = False
    skip: int = 1
    style: int = 0
    outline: int | None = None
    centred: bool = False
    tables: int = 0
    list_level: int = 0


@dataclass(slots=True)
class _Table:
    index: int
    row: int = 0
    column: int = 0


@dataclass(slots=True)
class _Style:
    """A paragraph style: its heading level, and whether it is one for titles or tables of contents."""

    level: int = 0
    title: bool = False
    contents: bool = False


class _Flow:
    """One flow of text: the body, a text box, a note."""

    __slots__ = ("kind", "label", "paragraph", "paragraphs", "tables")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.paragraphs: list[Paragraph] = []
        self.paragraph = Paragraph()
        self.label = ""
        self.tables: list[_Table] = []


class Walk:
    """Turns the tokens of one file into paragraphs, and counts what it meets."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.counts: Counter[str] = Counter()
        self.whole = False
        self._limits = limits
        self._scanner = Scanner(data, limits)
        self._fonts: dict[int, Font] = {}
        self._font = Font()
        self._styles: dict[int, _Style] = {}
        self._style = 0
        self._style_level: int | None = None
        self._default_codec = ANSI
        self._default_font = -1
        self._state = _State()
        self._stack: list[tuple[_State, _Flow | None]] = []
        self._flows = [_Flow(_BODY)]
        self._star = False
        self._skip = 0
        self._bytes = bytearray()
        self._text: list[str] = []
        self._code = ""
        self._nodes = 0
        self._made = 0
        self._was = ""

    def body(self) -> list[Paragraph]:
        """The paragraphs of the body."""
        for token in self._scanner:
            kind = token.lastindex
            if kind == TEXT:
                self._plain(token[TEXT])
            elif kind == HEX:
                self._hex(token[HEX])
            elif kind in (WORD, NUMBER):
                self._word(token[WORD].decode(), token[NUMBER])
            elif kind == SYMBOL:
                self._symbol(token[SYMBOL])
            elif kind == BRACE:
                if token[BRACE] == b"{":
                    self._open()
                elif self._close():
                    break
        self._flush()
        self._end_flow(self._flows[0])
        return self._flows[0].paragraphs

    # ---- groups -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._flush()
        self._skip = 0
        if len(self._stack) >= _GROUPS:
            raise too_deep(self._limits)
        self._stack.append((self._state, None))
        self._state = copy(self._state)

    def _close(self) -> bool:
        """End a group; True at the end of the whole."""
        self._flush()
        self._skip = 0
        self._star = False
        if not self._stack:
            return True
        inside = self._state
        self._state, flow = self._stack.pop()
        if flow is not None:
            self._leave(flow, inside)
        elif inside.into == _CODE and self._state.into != _CODE:
            self._end_code()
        elif inside.into == _STYLES and self._state.into == _STYLES:
            self._style, self._style_level = 0, None
        self.whole = not self._stack
        return self.whole

    def _enter(self, kind: str) -> None:
        """Begin a flow of its own at the group at hand."""
        if self._state.into != _BODY or not self._stack:
            return
        if len(self._flows) > _FLOWS:
            raise too_deep(self._limits)
        flow = _Flow(kind)
        self._stack[-1] = (self._stack[-1][0], flow)
        self._flows.append(flow)
        self._state.tables = 0

    def _leave(self, flow: _Flow, inside: _State) -> None:
        """End the flow of a box or a note and hang it on the paragraph around it."""
        outside, self._state = self._state, inside
        self._end_flow(flow)
        self._state = outside
        self._flows.pop()
        host = self._flows[-1].paragraph
        if self._state.deleted or self._state.hidden or not flow.paragraphs:
            return
        if flow.kind == "box":
            host.boxes.append(flow.paragraphs)
        else:
            kind: NoteKind = "endnote" if flow.kind == "endnote" else "footnote"
            host.notes.append((kind, flow.paragraphs))

    def _end_flow(self, flow: _Flow) -> None:
        if flow.paragraph.pieces or flow.paragraph.boxes or flow.label:
            self._end_paragraph()

    def _skip_group(self) -> None:
        self._flush()
        self._scanner.skip_group()

    # ---- words ------------------------------------------------------------------------------------------------

    def _word(self, word: str, number: bytes | None) -> None:
        star, self._star = self._star, False
        if word == "u":
            self._unicode(int(number or b"0"))
            return
        if word == "bin":
            self._scanner.jump(int(number or b"0"))
            return
        sign = CHARACTERS.get(word)
        if sign is not None:
            if self._skip:
                self._skip -= 1
            else:
                self._sign(sign)
            return
        self._skip = 0
        counted = SKIPPED.get(word)
        if counted is not None:
            if counted and self._state.into == _BODY:
                self.counts[counted] += 1
            self._skip_group()
            return
        handler = _WORDS.get(word)
        if star and handler is None and word not in STARRED:
            self._skip_group()
        elif handler is not None:
            self._flush()
            handler(self, int(number) if number else None)

    def _symbol(self, mark: bytes) -> None:
        if mark == b"*":
            self._star = True
        elif mark in (b"\n", b"\r"):
            self._paragraph_end(None)
        elif self._skip:
            self._skip -= 1
        elif mark in SYMBOLS:
            self._sign(SYMBOLS[mark])

    def _destination(self, into: str) -> None:
        self._state.into = into
        if into == _LABEL:
            self._flows[-1].label = ""

    def _unless_inside(self, into: str) -> None:
        """Enter a destination of the text; inside the tables at the head of the file there are none."""
        if self._state.into == _BODY:
            self._destination(into)

    def _twice(self, number: int | None) -> None:
        """\\upr: the same text for old readers and, under \\ud, for new ones."""
        self._state.under, self._state.into = self._state.into, _TWICE

    def _once(self, number: int | None) -> None:
        if self._state.into == _TWICE:
            self._state.into = self._state.under

    # ---- text -------------------------------------------------------------------------------------------------

    def _plain(self, data: bytes) -> None:
        if self._skip:
            left = data[self._skip :]
            self._skip = max(0, self._skip - len(data))
            data = left
        self._bytes += data

    def _hex(self, digits: bytes) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes.append(int(digits, 16))

    def _sign(self, sign: str) -> None:
        self._flush_bytes()
        self._text.append(sign)

    def _unicode(self, code: int) -> None:
        self._flush_bytes()
        code &= 0xFFFF
        font = self._fonts.get(self._state.font)
        private = 0xF000 <= code <= 0xF0FF
        self._text.append(symbol(font.name, code) if private and font is not None else chr(code))
        self._skip = self._state.skip

    def _flush_bytes(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            font = self._font if self._state.into == _FONTS else self._fonts.get(self._state.font, _NO_FONT)
            if self._state.into == _FONTS and font.signs:
                font = _NO_FONT  # the name of a symbol font is not written in its signs
            self._text.append(font.text(data, self._default_codec))

    def _flush(self) -> None:
        """Hand the text that was collected to where it belongs."""
        self._flush_bytes()
        if not self._text:
            return
        text = "".join(self._text)
        self._text = []
        if not text.isprintable():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").translate(_CONTROLS)
        into = self._state.into
        if not text:
            return
        if into == _BODY:
            self._add(text)
        elif into == _LABEL:
            self._flows[-1].label += text
        elif into == _FONTS:
            self._font.name += text.rstrip(";").strip()
        elif into == _STYLES:
            self._name_style(text)
        elif into == _CODE:
            self._code += text

    def _add(self, text: str) -> None:
        """Take over text of the paper, unless it is hidden or deleted."""
        state = self._state
        node, self._nodes = self._nodes, self._nodes + 1
        was, self._was = self._was, ""
        if state.hidden or state.deleted:
            self._was = "hidden" if state.hidden else "deletions"
            if self._was != was and (state.deleted or text.strip()):
                self.counts[self._was] += 1
            return
        if state.inserted:
            self._was = "insertions"
            self.counts["insertions"] += was != "insertions"
        strong, size = self._look()
        self._flows[-1].paragraph.pieces.append(Piece(text, node, 0, strong, size))

    def _look(self) -> tuple[bool, int]:
        """Whether text at this place is strong, and its size."""
        state = self._state
        face = self._fonts.get(state.font if state.eastern_font < 0 else state.eastern_font, _NO_FONT)
        if not state.eastern:
            return state.bold or face.strong, state.size
        bold = state.bold if state.eastern_bold is None else state.eastern_bold
        return bold or face.strong, state.eastern_size or state.size

    def _end_code(self) -> None:
        if self._code.lstrip()[:3].upper() == "EQ " and not (self._state.deleted or self._state.hidden):
            self.counts["equations"] += 1
        self._code = ""

    # ---- paragraphs -------------------------------------------------------------------------------------------

    def _paragraph_end(self, number: int | None) -> None:
        """\\par; where the mark is deleted, the paragraph runs on into the next one."""
        self._flush()
        if self._state.into == _BODY and not self._state.deleted:
            self._end_paragraph()

    def _section_end(self, number: int | None) -> None:
        if self._flows[-1].paragraph.pieces:
            self._paragraph_end(None)

    def _end_paragraph(self, tables: int | None = None) -> None:
        self._made += 1
        if self._made > self._limits.paragraphs:
            raise too_many(self._limits)
        state, flow = self._state, self._flows[-1]
        paragraph, flow.paragraph = flow.paragraph, Paragraph()
        style = self._styles.get(state.style, _NO_STYLE)
        paragraph.label, flow.label = flow.label.strip(), ""
        paragraph.list_level = state.list_level + 1 if paragraph.label else 0
        paragraph.outline = style.level if state.outline is None else state.outline
        paragraph.title, paragraph.contents = style.title, style.contents
        paragraph.centred = state.centred
        paragraph.cell = self._place(flow, state.tables if tables is None else tables)
        if state.hidden and not paragraph.pieces and not paragraph.boxes:
            return
        flow.paragraphs.append(paragraph)

    def _place(self, flow: _Flow, depth: int) -> Cell | None:
        """The cell in which a paragraph stands that is `depth` tables deep."""
        if depth > self._limits.table_depth:
            raise too_deep(self._limits)
        del flow.tables[depth:]
        while len(flow.tables) < depth:
            flow.tables.append(_Table(self.counts["tables"]))
            self.counts["tables"] += 1
        return Cell(*_figures(flow.tables[-1])) if flow.tables else None

    def _cell_end(self, depth: int) -> None:
        if self._state.into != _BODY:
            return
        self._end_paragraph(depth)
        self._flows[-1].tables[depth - 1].column += 1

    def _row_end(self, depth: int) -> None:
        tables = self._flows[-1].tables
        if self._state.into == _BODY and len(tables) >= depth:
            del tables[depth:]
            tables[-1].row += 1
            tables[-1].column = 0

    def _plain_paragraph(self, number: int | None) -> None:
        state = self._state
        state.style = state.list_level = state.tables = 0
        state.outline = None
        state.centred = False

    def _plain_text(self, number: int | None) -> None:
        state = self._state
        state.bold = state.hidden = state.deleted = state.inserted = state.eastern = False
        state.size, state.font = _USUAL_SIZE, self._default_font
        state.eastern_font, state.eastern_size, state.eastern_bold = -1, 0, None

    # ---- tables at the head -----------------------------------------------------------------------------------

    def _choose_font(self, number: int | None) -> None:
        """\\fN: in the table of fonts it begins the next one."""
        if self._state.into == _FONTS:
            self._font = self._fonts[number or 0] = Font()
            return
        self._state.font = number or 0
        self._choose_associated(number)

    def _choose_associated(self, number: int | None) -> None:
        if self._state.eastern:
            self._state.eastern_font = number or 0

    def _associated_size(self, number: int | None) -> None:
        if self._state.eastern:
            self._state.eastern_size = number or 0

    def _associated_bold(self, number: int | None) -> None:
        if self._state.eastern:
            self._state.eastern_bold = number != 0

    def _charset(self, number: int | None) -> None:
        if self._state.into != _FONTS or number is None:
            return
        self._font.signs = number == SYMBOL_CHARSET
        self._font.codec = ANSI if number == 0 else CHARSETS.get(number)

    def _font_page(self, number: int | None) -> None:
        if self._state.into == _FONTS and number:
            self._font.codec = code_page(number)

    def _default_page(self, number: int | None) -> None:
        self._default_codec = code_page(number or 0)

    def _start_font(self, number: int | None) -> None:
        self._default_font = self._state.font = number or 0

    def _choose_style(self, number: int | None) -> None:
        if self._state.into == _STYLES:
            self._style, self._style_level = number or 0, None
        else:
            self._state.style = number or 0

    def _other_style(self, number: int | None) -> None:
        if self._state.into == _STYLES:
            self._style = -1

    def _outline(self, number: int | None) -> None:
        level = 0 if number is None or not 0 <= number <= 8 else number + 1
        if self._state.into == _STYLES:
            self._style_level = level
        else:
            self._state.outline = level

    def _name_style(self, text: str) -> None:
        name = text.split(";")[0].strip()
        if not name or self._style < 0:
            return
        named = HEADING_STYLE.match(name)
        level = self._style_level
        if level is None:
            level = int(named[1]) if named else 0
        contents = CONTENTS_STYLE.match(name) is not None
        self._styles[self._style] = _Style(level, name.lower() in TITLE_STYLES, contents)


def _figures(table: _Table) -> tuple[int, int, int]:
    return table.index, table.row, table.column


_NO_FONT = Font()
_NO_STYLE = _Style()

_Handler = Callable[[Walk, int | None], None]


def _set(name: str, value: object) -> _Handler:
    """A word that sets one property, whatever its number."""
    return lambda walk, number: setattr(walk._state, name, value)


def _switch(name: str) -> _Handler:
    """A word that switches a property on, and off with the number 0."""
    return lambda walk, number: setattr(walk._state, name, number != 0)


def _figure(name: str, least: int = 0) -> _Handler:
    """A word whose number is the property."""
    return lambda walk, number: setattr(walk._state, name, max(number or 0, least))


_WORDS: Mapping[str, _Handler] = {
    "fonttbl": lambda walk, number: walk._destination(_FONTS),
    "stylesheet": lambda walk, number: walk._destination(_STYLES),
    "listtext": lambda walk, number: walk._unless_inside(_LABEL),
    "pntext": lambda walk, number: walk._unless_inside(_LABEL),
    "fldinst": lambda walk, number: walk._unless_inside(_CODE),
    "footnote": lambda walk, number: walk._enter("footnote"),
    "ftnalt": lambda walk, number: setattr(walk._flows[-1], "kind", "endnote"),
    "shptxt": lambda walk, number: walk._enter("box"),
    "dptxbxtext": lambda walk, number: walk._enter("box"),
    "upr": Walk._twice,
    "ud": Walk._once,
    "ansicpg": Walk._default_page,
    "mac": lambda walk, number: walk._default_page(10000),
    "pc": lambda walk, number: walk._default_page(437),
    "pca": lambda walk, number: walk._default_page(850),
    "deff": Walk._start_font,
    "f": Walk._choose_font,
    "af": Walk._choose_associated,
    "afs": Walk._associated_size,
    "ab": Walk._associated_bold,
    "fcharset": Walk._charset,
    "cpg": Walk._font_page,
    "dbch": _set("eastern", True),
    "loch": _set("eastern", False),
    "hich": _set("eastern", False),
    "ltrch": _set("eastern", False),
    "rtlch": _set("eastern", False),
    "s": Walk._choose_style,
    "cs": Walk._other_style,
    "ds": Walk._other_style,
    "ts": Walk._other_style,
    "outlinelevel": Walk._outline,
    "uc": _figure("skip"),
    "b": _switch("bold"),
    "v": _switch("hidden"),
    "deleted": _switch("deleted"),
    "mvf": _switch("deleted"),
    "revised": _switch("inserted"),
    "fs": _figure("size"),
    "plain": Walk._plain_text,
    "pard": Walk._plain_paragraph,
    "qc": _set("centred", True),
    "ql": _set("centred", False),
    "qr": _set("centred", False),
    "qj": _set("centred", False),
    "qd": _set("centred", False),
    "ilvl": _figure("list_level"),
    "intbl": lambda walk, number: setattr(walk._state, "tables", max(walk._state.tables, 1)),
    "itap": _figure("tables"),
    "par": Walk._paragraph_end,
    "sect": Walk._section_end,
    "cell": lambda walk, number: walk._cell_end(1),
    "row": lambda walk, number: walk._row_end(1),
    "nestcell": lambda walk, number: walk._cell_end(max(walk._state.tables, 2)),
    "nestrow": lambda walk, number: walk._row_end(max(walk._state.tables, 2)),
}
