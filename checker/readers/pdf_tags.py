"""Tags of a PDF: which text objects stand in items of lists. A number at the head of such an item is automatic.

Word writes tags unless told otherwise; a number typed by hand makes no list there.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers.pdf_calls import bare

_MOST_ELEMENTS = 20_000
_DEEPEST = 50

_object_mark = bare(raw.FPDFPageObj_GetMarkedContentID, ctypes.c_int, ctypes.c_void_p)


def list_items(page: pdfium.PdfPage, sources: Iterable[int | None]) -> frozenset[int | None]:
    """Those of the text objects `sources` that the tags put into items of lists; none in a file without tags."""
    tree = raw.FPDF_StructTree_GetForPage(page)
    if not tree:
        return frozenset()
    try:
        marks = _marks(tree)
    finally:
        raw.FPDF_StructTree_Close(tree)
    if not marks:
        return frozenset()
    return frozenset(source for source in dict.fromkeys(sources) if source and _object_mark(source) in marks)


def _marks(tree: Any) -> set[int]:
    """The numbers of the marked stretches that belong to items of lists."""
    found: set[int] = set()
    count = raw.FPDF_StructTree_CountChildren(tree)
    waiting = [(raw.FPDF_StructTree_GetChildAtIndex(tree, index), False, 0) for index in range(count)]
    seen = 0
    while waiting and seen < _MOST_ELEMENTS:
        element, inside, depth = waiting.pop()
        seen += 1
        if not element or depth > _DEEPEST:
            continue
        inside = inside or _type(element) == "LI"
        children = max(0, raw.FPDF_StructElement_CountChildren(element))
        for index in range(min(children, _MOST_ELEMENTS)):
            if inside:
                found.add(raw.FPDF_StructElement_GetChildMarkedContentID(element, index))
            waiting.append((raw.FPDF_StructElement_GetChildAtIndex(element, index), inside, depth + 1))
    found.discard(-1)
    return found


def _type(element: Any) -> str:
    room = ctypes.create_string_buffer(32)
    length = raw.FPDF_StructElement_GetType(element, room, 32)
    return room.raw[: max(0, length - 2)].decode("utf-16-le", "replace")
