"""styles.xml: what a style says of headings, numbers, hidden text and looks, through the chain of w:basedOn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from checker.readers.docx_names import ILVL, NUMID, NUMPR, PPR, RPR, VANISH, W, child_value, number, toggle
from checker.readers.headings import CONTENTS_STYLE, HEADING_STYLE, STRONG_FACES, TITLE_STYLES
from checker.readers.kept import Kept
from checker.readers.package import Package, parse_xml

_STYLE, _STYLE_ID, _TYPE, _DEFAULT = W + "style", W + "styleId", W + "type", W + "default"


class Style(NamedTuple):
    """One style with all that it inherits; None (or 0, or "") where nothing in the chain says anything."""

    heading: int = 0
    title: bool = False
    contents: bool = False
    num_id: str = ""
    ilvl: int | None = None
    num_style: str = ""
    vanish: bool | None = None
    bold: bool | None = None
    strong_face: bool | None = None
    size: int = 0
    centred: bool | None = None


NO_STYLE = Style()


class Styles:
    """The styles of one document. A style is worked out when it is first asked for, and kept."""

    def __init__(self, root: etree._Element | None) -> None:
        self._elements: dict[str, etree._Element] = {}
        self._resolved: dict[str, Style] = {}
        self._character_default = ""
        self.paragraph_default = ""
        self.table_default = ""
        self.defaults = NO_STYLE
        self.may_hide = False
        if root is not None:
            self._index(root)

    def _index(self, root: etree._Element) -> None:
        for element in root.iterchildren(_STYLE):
            name = element.get(_STYLE_ID, "")
            self._elements.setdefault(name, element)
            if element.get(_DEFAULT) not in ("1", "true", "on"):
                continue
            if element.get(_TYPE) == "paragraph":
                self.paragraph_default = name
            elif element.get(_TYPE) == "table":
                self.table_default = name
        defaults = root.find(W + "docDefaults")
        if defaults is not None:
            run = defaults.find(f"{W}rPrDefault/{RPR}")
            self.defaults = NO_STYLE._replace(
                vanish=toggle(run, VANISH), bold=toggle(run, W + "b"), size=number(child_value(run, W + "sz"))
            )
        self.may_hide = next(root.iter(VANISH), None) is not None

    def __contains__(self, name: str) -> bool:
        return name in self._elements

    def get(self, name: str) -> Style:
        """The style of this id with all that it inherits; an unknown id has no properties."""
        style = self._resolved.get(name)
        if style is None:
            style = self._resolved[name] = self._resolve(name)
        return style

    def paragraph(self, name: str | None) -> Style:
        """The style of a paragraph; without a name, or with one that is not defined, the default one."""
        return self.get(name if name is not None and name in self._elements else self.paragraph_default)

    def _chain(self, name: str) -> Iterator[etree._Element]:
        """The style and the styles that it is based on, nearest first; a circle ends where it closes."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            element = self._elements.get(name)
            if element is None:
                return
            yield element
            name = child_value(element, W + "basedOn") or ""

    def _resolve(self, name: str) -> Style:
        style = NO_STYLE
        outline: int | None = None
        for element in self._chain(name):
            own_outline = _outline(element)
            outline = own_outline if outline is None else outline
            style = _inherit(style, _own(element, name))
        if outline is not None and 0 <= outline <= 8:
            style = style._replace(heading=outline + 1)
        return style


def _outline(element: etree._Element) -> int | None:
    """Outline level that one style sets, from 0; 9 is body text. The built-in names count where no level is set."""
    value = child_value(element.find(PPR), W + "outlineLvl")
    if value is not None:
        return number(value, 9)
    named = HEADING_STYLE.match(child_value(element, W + "name") or "")
    return int(named[1]) - 1 if named else None


def _own(element: etree._Element, asked: str) -> Style:
    """What one style says itself. Names hold for the style only, not for those based on it, titles excepted."""
    paragraph, run = element.find(PPR), element.find(RPR)
    name = (child_value(element, W + "name") or "").strip()
    numbering = paragraph.find(NUMPR) if paragraph is not None else None
    ilvl = child_value(numbering, ILVL)
    num_id = child_value(numbering, NUMID) or ""
    justified = child_value(paragraph, W + "jc")
    return Style(
        title=name.lower() in TITLE_STYLES,
        contents=CONTENTS_STYLE.match(name) is not None,
        num_id=num_id,
        ilvl=None if ilvl is None else number(ilvl),
        num_style=element.get(_STYLE_ID, "") if num_id else "",
        vanish=toggle(run, VANISH),
        bold=toggle(run, W + "b"),
        strong_face=strong_face(run),
        size=number(child_value(run, W + "sz")),
        centred=None if justified is None else justified == "center",
    )


def _inherit(near: Style, far: Style) -> Style:
    """`near` where it says something, else `far`."""
    return Style(
        title=near.title or far.title,
        contents=near.contents or far.contents,
        num_id=near.num_id or far.num_id,
        ilvl=far.ilvl if near.ilvl is None else near.ilvl,
        num_style=near.num_style or far.num_style,
        vanish=far.vanish if near.vanish is None else near.vanish,
        bold=far.bold if near.bold is None else near.bold,
        strong_face=far.strong_face if near.strong_face is None else near.strong_face,
        size=near.size or far.size,
        centred=far.centred if near.centred is None else near.centred,
    )


def strong_face(run_properties: etree._Element | None) -> bool | None:
    """Whether the East Asian face is one that official papers set headings in; None where none is set."""
    fonts = run_properties.find(W + "rFonts") if run_properties is not None else None
    if fonts is None:
        return None
    face = fonts.get(W + "eastAsia")
    return None if face is None else any(strong in face for strong in STRONG_FACES)


def load_styles(package: Package, name: str) -> Styles:
    """The styles in the part `name`. Papers of one template share theirs, so they are kept, by content."""
    return _KEPT.get(package.packed(name), lambda: Styles(parse_xml(package.read(name), package.limits)))


_KEPT: Kept[Styles] = Kept(16)
