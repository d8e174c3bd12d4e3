"""Styles of an OpenDocument text: what they say of headings, lists, hidden text and looks, parents included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree

from checker.readers.headings import CONTENTS_STYLE, STRONG_FACES, TITLE_STYLES
from checker.readers.odt_lists import ListStyle
from checker.readers.odt_names import FO, OFFICE, STYLE, SVG, TEXT

_POINTS = re.compile(r"([0-9]{1,4}(?:\.[0-9]+)?)pt$")
_CENTRED = frozenset({"center"})


class Style(NamedTuple):
    """One style with all that it inherits; None (or 0) where nothing in the chain says anything."""

    title: bool = False
    contents: bool = False
    hidden: bool | None = None
    bold: bool | None = None
    strong_face: bool | None = None
    size: int = 0
    centred: bool | None = None
    list_style: str | None = None
    font: str = ""

    def over(self, far: Style) -> Style:
        """This style where it says something, else `far`."""
        return Style(
            title=self.title or far.title,
            contents=self.contents or far.contents,
            hidden=far.hidden if self.hidden is None else self.hidden,
            bold=far.bold if self.bold is None else self.bold,
            strong_face=far.strong_face if self.strong_face is None else self.strong_face,
            size=self.size or far.size,
            centred=far.centred if self.centred is None else self.centred,
            list_style=far.list_style if self.list_style is None else self.list_style,
            font=self.font or far.font,
        )


NO_STYLE = Style()


class Styles:
    """The styles of one document. A style is worked out when it is first asked for, and kept."""

    def __init__(self, roots: Iterable[etree._Element]) -> None:
        self._elements: dict[tuple[str, str], etree._Element] = {}
        self._resolved: dict[tuple[str, str], Style] = {}
        self._faces: dict[str, str] = {}
        self.lists: dict[str, ListStyle] = {}
        self.outline = ListStyle(None)
        self._default = NO_STYLE
        for root in roots:
            self._index(root)

    def _index(self, root: etree._Element) -> None:
        for face in root.iterfind(f"{OFFICE}font-face-decls/{STYLE}font-face"):
            self._faces[face.get(STYLE + "name", "")] = face.get(SVG + "font-family", "")
        for group in (OFFICE + "styles", OFFICE + "automatic-styles"):
            for element in root.iterfind(group + "/*"):
                self._take(element)

    def _take(self, element: etree._Element) -> None:
        name, family = element.get(STYLE + "name", ""), element.get(STYLE + "family", "")
        if element.tag == STYLE + "style":
            self._elements[family, name] = element
        elif element.tag == TEXT + "list-style":
            self.lists[name] = ListStyle(element)
        elif element.tag == TEXT + "outline-style":
            self.outline = ListStyle(element)
        elif element.tag == STYLE + "default-style" and family == "paragraph":
            self._default = self._own(element)

    def paragraph(self, name: str | None) -> Style:
        """The style of a paragraph, down to the default of the document."""
        return self._get("paragraph", name or "").over(self._default)

    def text(self, name: str | None) -> Style:
        """The style of a stretch of text: only what it says itself."""
        return self._get("text", name or "")

    def _get(self, family: str, name: str) -> Style:
        key = family, name
        style = self._resolved.get(key)
        if style is None:
            style = NO_STYLE
            for element in self._chain(family, name):
                style = style.over(self._own(element))
            self._resolved[key] = style
        return style

    def _chain(self, family: str, name: str) -> Iterator[etree._Element]:
        """The style and its parents, nearest first; a circle ends where it closes."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            element = self._elements.get((family, name))
            if element is None:
                return
            yield element
            name = element.get(STYLE + "parent-style-name", "")

    def _own(self, element: etree._Element) -> Style:
        """What one style says itself."""
        name = element.get(STYLE + "display-name") or element.get(STYLE + "name", "").replace("_20_", " ")
        paragraph = element.find(STYLE + "paragraph-properties")
        text = element.find(STYLE + "text-properties")
        aligned = None if paragraph is None else paragraph.get(FO + "text-align")
        shown = None if text is None else text.get(TEXT + "display")
        return Style(
            title=name.strip().lower() in TITLE_STYLES,
            contents=CONTENTS_STYLE.match(name.strip()) is not None,
            hidden=None if shown is None else shown == "none",
            bold=_bold(text),
            strong_face=self._strong_face(text),
            size=_size(text),
            centred=None if aligned is None else aligned in _CENTRED,
            list_style=element.get(STYLE + "list-style-name"),
            font=self._font(text),
        )

    def _font(self, text: etree._Element | None) -> str:
        """The Western face: a symbol font is one, and decides what its characters look like."""
        if text is None:
            return ""
        named = text.get(STYLE + "font-name")
        family = self._faces.get(named, named) if named else text.get(FO + "font-family", "")
        return family.strip("'\"")

    def _strong_face(self, text: etree._Element | None) -> bool | None:
        """Whether the East Asian face is one that official papers set headings in; None where none is set."""
        if text is None:
            return None
        name = text.get(STYLE + "font-name-asian")
        family = text.get(STYLE + "font-family-asian") if name is None else self._faces.get(name, "")
        if name is None and family is None:
            return None
        return any(strong in f"{name} {family}" for strong in STRONG_FACES)


def _bold(text: etree._Element | None) -> bool | None:
    if text is None:
        return None
    weight = text.get(STYLE + "font-weight-asian") or text.get(FO + "font-weight")
    return None if weight is None else weight in ("bold", "600", "700", "800", "900")


def _size(text: etree._Element | None) -> int:
    """Size in half points; 0 where it is not set or only relative to another one."""
    if text is None:
        return 0
    points = _POINTS.match(text.get(STYLE + "font-size-asian") or text.get(FO + "font-size") or "")
    return round(float(points[1]) * 2) if points else 0
