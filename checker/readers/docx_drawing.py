"""Drawings, VML pictures and alternatives: which branch is read, and what text boxes and pictures it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from checker.readers.docx_names import MC, W, first_child

ALTERNATIVE = MC + "AlternateContent"
BOX = W + "txbxContent"
_OBJECT = W + "object"
_WRAPPERS = frozenset({W + "sdt", W + "sdtContent", W + "customXml", W + "ins", W + "moveTo"})

_MICROSOFT = "http://schemas.microsoft.com/office/"
_UNDERSTOOD = frozenset(
    {
        _MICROSOFT + "word/2010/wordprocessingShape",
        _MICROSOFT + "word/2010/wordprocessingGroup",
        _MICROSOFT + "word/2010/wordprocessingCanvas",
        _MICROSOFT + "word/2010/wordprocessingDrawing",
        _MICROSOFT + "word/2010/wordml",
        _MICROSOFT + "word/2012/wordml",
        _MICROSOFT + "drawing/2010/main",
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "urn:schemas-microsoft-com:vml",
    }
)

PICTURES: Mapping[str, str] = {
    "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic": "pictures",
    "{urn:schemas-microsoft-com:vml}imagedata": "pictures",
    "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart": "charts",
    "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart": "charts",
    "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds": "diagrams",
    _OBJECT: "objects",
    "{urn:schemas-microsoft-com:vml}textpath": "word-art",
    W + "control": "form-fields",
}


def unwrapped(container: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Rows of a table or cells of a row, also those inside content controls and custom XML."""
    waiting = [iter(container)]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
        elif child.tag == wanted:
            yield child
        elif child.tag in _WRAPPERS:
            waiting.append(iter(child))
        elif child.tag == ALTERNATIVE:
            chosen = branch(child)
            if chosen is not None:
                waiting.append(iter(chosen))


def graphics(element: etree._Element) -> Iterator[etree._Element]:
    """Text boxes and pictures inside a drawing, in order; of a choice one branch."""
    waiting = [iter((element,))] if element.tag in PICTURES else [iter(element)]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
            continue
        if child.tag == ALTERNATIVE:
            chosen = branch(child)
            if chosen is not None:
                waiting.append(iter(chosen))
            continue
        if child.tag == BOX:
            yield child
            continue
        if child.tag in PICTURES:
            yield child
        if child.tag != _OBJECT:
            waiting.append(iter(child))


def branch(alternative: etree._Element) -> etree._Element | None:
    """The one branch of an mc:AlternateContent that is read: the first choice that we understand, else the fallback."""
    for choice in alternative.iterchildren(MC + "Choice"):
        prefixes = choice.get("Requires", "").split()
        if prefixes and all(choice.nsmap.get(prefix) in _UNDERSTOOD for prefix in prefixes):
            return choice
    return first_child(alternative, MC + "Fallback")
