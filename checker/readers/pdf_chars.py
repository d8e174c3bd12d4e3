"""One page of a PDF as PDFium gives it: pieces of text with place and looks, ruling lines, pictures.

The characters are asked for through the C interface directly: a wrapper object for each would cost more than the rest
of the reader. What PDFium makes up itself (spaces and line ends) has no text object and is left out here.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Sequence
from itertools import compress, islice, repeat
from operator import gt, sub
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers.pdf_calls import Frame, bare, floats
from checker.readers.pdf_drawing import drawn, page_objects
from checker.readers.pdf_pieces import Cutter, Page, Piece, Sheet
from checker.readers.pdf_tags import list_items
from checker.readers.pdf_unicode import is_plain

__all__ = ["Page", "Piece", "read_page"]

_char_box = bare(raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_page_text = bare(raw.FPDFText_GetText, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_char_object = bare(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


_SCANNED = 0.5
"""A picture that covers this share of a page is that of a scan."""


def read_page(page: pdfium.PdfPage, number: int, counts: Counter[str], objects: int) -> Page:
    """Read one page; `objects` is how many page objects may still be looked at."""
    frame = Frame(page.get_rotation(), page.get_bbox())
    own = page_objects(page, counts, objects)
    text = page.get_textpage()
    try:
        sheet = Sheet(text, number, frozenset(own))
        found = _upright(sheet, frame, page.get_size(), counts)
        read = found.page
        rules, covered = drawn(page, own, found.frame, counts, objects, frozenset(read.sources))
        read = read._replace(rules=rules, covered=covered, listed=list_items(page, read.sources))
        return _chosen(read, found.veiled, counts) if found.veiled else read
    finally:
        text.close()


class _Found(NamedTuple):
    """A page as it is read in one frame; `veiled` is text that is there but not to be seen."""

    frame: Frame
    page: Page
    veiled: list[Piece]
    aslant: int

    @property
    def level(self) -> int:
        return _length(self.page.pieces) + _length(self.veiled)


def _upright(sheet: Sheet, frame: Frame, size: tuple[float, float], counts: Counter[str]) -> _Found:
    """The page as most of its text runs: one that is laid on its side is turned."""
    before = counts.copy()
    found = _text(sheet, frame, size, counts)
    if found.aslant <= found.level:
        return found
    for more in (90, 270, 180):
        own = before.copy()
        turned = _text(sheet, frame.turned(more), size if more == 180 else size[::-1], own)
        if turned.level > found.level:
            found = turned
            counts.clear()
            counts.update(own)
    return found


def _chosen(read: Page, veiled: list[Piece], counts: Counter[str]) -> Page:
    """The page with what is text on it: that which is drawn, or what was recognised in a scan and lies hidden over it.

    Programs that scan print a line of their own on the picture: that does not make the rest hidden text.
    """
    if not read.pieces or (read.covered >= _SCANNED and _length(veiled) > _length(read.pieces)):
        return read._replace(pieces=[*read.pieces, *veiled], painted=False)
    counts["invisible"] += len(veiled)
    return read


def _length(pieces: Sequence[Piece]) -> int:
    return sum(piece.last - piece.first for piece in pieces)


def _text(sheet: Sheet, frame: Frame, size: tuple[float, float], counts: Counter[str]) -> _Found:
    text = sheet.text
    count = max(0, raw.FPDFText_CountChars(text))
    handle = ctypes.cast(text.raw, ctypes.c_void_p).value
    every: list[int | None] = list(map(_char_object, repeat(handle), range(count)))
    indexes = list(compress(range(count), every))
    sources = list(compress(every, every))
    codes = "".join(compress(_codes(text, count), every))
    steps = map(sub, islice(indexes, 1, None), indexes)
    spaced = frozenset(compress(range(1, len(indexes)), map(gt, steps, repeat(1))))
    lefts, rights = frame.sides(floats(_char_box, handle, indexes, 4))
    page = Page(sheet.number, *size, codes, lefts, rights, sources, [], plain=is_plain(codes), spaced=spaced)
    cutter = Cutter(sheet, frame, page, indexes, counts)
    shown, veiled = cutter.pieces()
    return _Found(frame, page._replace(pieces=shown), veiled, cutter.aslant)


def _codes(text: pdfium.PdfTextPage, count: int) -> str:
    """One character for each index. PDFium's own string leaves out what it cannot map, then each is asked for."""
    units = ctypes.create_string_buffer(count * 2 + 2)
    written = _page_text(ctypes.cast(text.raw, ctypes.c_void_p).value, 0, count, ctypes.addressof(units))
    if written == count + 1:
        whole = units.raw[:-2].decode("utf-16-le", "replace")
        if len(whole) == count:
            return whole
    asked = (raw.FPDFText_GetUnicode(text, index) for index in range(count))
    return "".join(chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd" for code in asked)
