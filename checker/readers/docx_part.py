"""One part of a Word package while it is read: its text nodes by number, its fields, what it may hide."""

from __future__ import annotations

from lxml import etree

from checker.readers.docx_names import RSTYLE, VAL, VANISH, W
from checker.readers.docx_styles import Styles

TEXT_NODES = frozenset({"t", "tab", "br", "cr", "sym", "noBreakHyphen", "ptab"})
"""Local names of the elements that text can come from; `Anchor.node` is a number in the row of all of them."""

FIELD = W + "fldChar"
_FIELD_KIND = W + "fldCharType"
_TAGS = tuple("{*}" + name for name in sorted(TEXT_NODES))


def text_nodes(root: etree._Element) -> list[etree._Element]:
    """All text nodes of a part in document order, kept or not: `Anchor.node` is an index into this list."""
    return list(root.iter(*_TAGS))


class Part:
    """One part: `index` numbers its text nodes; `code` is how many field codes the reader stands in."""

    __slots__ = ("_broken", "_fields", "code", "hides", "index", "last", "name", "revises")

    def __init__(self, name: str, root: etree._Element, styles: Styles) -> None:
        self.name = name
        self.index = {node: at for at, node in enumerate(root.iter(*_TAGS))}
        self.last = -1
        # Most papers hide nothing and track nothing: then no run and no paragraph mark has to be asked.
        self.hides = (
            bool(styles.defaults.vanish)
            or next(root.iter(VANISH), None) is not None
            or (styles.may_hide and any(styles.get(use.get(VAL, "")).vanish for use in root.iter(RSTYLE)))
        )
        self.revises = next(root.iter(W + "del", W + "moveFrom"), None) is not None
        self.code = 0
        self._fields: list[bool] = []
        self._broken = _unpaired(root)

    def field(self, mark: etree._Element) -> None:
        """Pass the begin, middle or end of a field: what lies between begin and middle is code."""
        if mark in self._broken:
            return
        kind = mark.get(_FIELD_KIND)
        if kind == "begin":
            self._fields.append(True)
            self.code += 1
        elif kind == "separate" and self._fields and self._fields[-1]:
            self._fields[-1] = False
            self.code -= 1
        elif kind == "end" and self._fields:
            self.code -= self._fields.pop()

    def enter(self) -> tuple[list[bool], int]:
        """Begin a flow of its own (a text box); what it returns puts the fields around it back."""
        outside = self._fields, self.code
        self._fields, self.code = [], 0
        return outside

    def leave(self, outside: tuple[list[bool], int]) -> None:
        """End a flow that `enter` began."""
        self._fields, self.code = outside


def _unpaired(root: etree._Element) -> frozenset[etree._Element]:
    """Begins without an end: taken at their word they would make the whole rest of the document a field code."""
    open_marks: list[etree._Element] = []
    for mark in root.iter(FIELD):
        kind = mark.get(_FIELD_KIND)
        if kind == "begin":
            open_marks.append(mark)
        elif kind == "end" and open_marks:
            open_marks.pop()
    return frozenset(open_marks)
