"""Names of WordprocessingML elements and attributes, as lxml spells them (strict ones are made transitional)."""

from __future__ import annotations

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"

VAL = W + "val"
PPR, RPR = W + "pPr", W + "rPr"
P, TBL = W + "p", W + "tbl"
NUMPR, NUMID, ILVL = W + "numPr", W + "numId", W + "ilvl"
PSTYLE, RSTYLE = W + "pStyle", W + "rStyle"
VANISH = W + "vanish"

_OFF = frozenset({"0", "false", "off"})


def first_child(parent: etree._Element | None, name: str) -> etree._Element | None:
    """The first child of this name; half the cost of `find`, which goes through a path language."""
    if parent is not None:
        for child in parent.iterchildren(name):
            return child
    return None


def child_value(parent: etree._Element | None, name: str) -> str | None:
    """The w:val of the child `name`; None without the child, "" without the attribute."""
    child = first_child(parent, name)
    return None if child is None else child.get(VAL, "")


def toggle(parent: etree._Element | None, name: str) -> bool | None:
    """An on/off property: None where it is not set."""
    value = child_value(parent, name)
    return None if value is None else value not in _OFF


def number(value: str | None, default: int = 0) -> int:
    """A whole number from an attribute; `default` where there is none or it is no number."""
    try:
        return int(value) if value else default
    except ValueError:
        return default
