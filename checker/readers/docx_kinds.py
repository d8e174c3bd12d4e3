"""What a paragraph of a Word file is: title, heading, list item, cell or plain paragraph."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from checker.document import BlockKind
from checker.readers.docx_names import NUMPR, PSTYLE, RPR, RSTYLE, VAL, W, child_value, first_child, number, toggle
from checker.readers.docx_styles import Style, Styles, strong_face
from checker.readers.headings import Looks
from checker.readers.kinds import Kinds

_JC, _OUTLINE = W + "jc", W + "outlineLvl"


class Properties:
    """The properties of one paragraph that the reader looks at, collected in one pass."""

    __slots__ = ("justified", "mark", "numbering", "outline", "style")

    def __init__(self, element: etree._Element | None) -> None:
        self.style: str | None = None
        self.justified: str | None = None
        self.outline: str | None = None
        self.numbering: etree._Element | None = None
        self.mark: etree._Element | None = None
        if element is None:
            return
        for child in element:
            tag = child.tag
            if tag == PSTYLE:
                self.style = child.get(VAL)
            elif tag == RPR:
                self.mark = child
            elif tag == _JC:
                self.justified = child.get(VAL)
            elif tag == NUMPR:
                self.numbering = child
            elif tag == _OUTLINE:
                self.outline = child.get(VAL)


NO_PROPERTIES = Properties(None)


class WordKinds:
    """Tells the kind of each paragraph of one Word document, in reading order."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._kinds = Kinds()

    def kind(
        self,
        text: str,
        label: tuple[str, int],
        properties: Properties,
        style: Style,
        runs: Sequence[etree._Element],
    ) -> tuple[BlockKind, int]:
        """Kind and level of a filled paragraph in the body; `label` is its automatic number and the list level."""
        return self._kinds.body(
            text,
            label,
            _outline(properties, style),
            lambda: self._looks(properties, style, runs),
            style.title,
            style.contents,
        )

    def cell(self, properties: Properties, style: Style) -> tuple[BlockKind, int]:
        """Kind and level of a filled paragraph in a table: only style or outline level make it a heading."""
        return self._kinds.cell(_outline(properties, style))

    def _looks(self, properties: Properties, style: Style, runs: Sequence[etree._Element]) -> Looks:
        """How the whole paragraph looks; strong only where every run is."""
        centred = bool(style.centred) if properties.justified is None else properties.justified == "center"
        strong = bool(runs)
        size = 0
        for run in runs:
            run_properties = first_child(run, RPR)
            character = self._styles.get(child_value(run_properties, RSTYLE) or "")
            strong = strong and self._is_strong(run_properties, style, character)
            own_size = number(child_value(run_properties, W + "sz"))
            size = max(size, own_size or character.size or style.size or self._styles.defaults.size)
        return Looks(strong, centred, size)

    def _is_strong(self, run_properties: etree._Element | None, style: Style, character: Style) -> bool:
        bold = toggle(run_properties, W + "b")
        if bold is None:
            bold = (bool(style.bold) ^ bool(character.bold)) or bool(self._styles.defaults.bold)
        if bold:
            return True
        for face in (strong_face(run_properties), character.strong_face, style.strong_face):
            if face is not None:
                return face
        return False


def _outline(properties: Properties, style: Style) -> int:
    """Level of a heading by its own outline level, else by its style; 0: none."""
    if properties.outline is None:
        return style.heading
    level = number(properties.outline, 9)
    return level + 1 if 0 <= level <= 8 else 0
