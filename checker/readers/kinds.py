"""What a paragraph is: title, heading, list item, cell or plain paragraph; shared by the formats that have styles."""

from __future__ import annotations

from collections.abc import Callable

from checker.document import BlockKind
from checker.readers.headings import LONGEST_TITLE, PLAIN, Looks, byline_like, heading_level, number_level, title_like

_USUAL_SIZE = 21


class Kinds:
    """Tells the kind of each paragraph of one document, in reading order: a title can only stand at its head."""

    def __init__(self) -> None:
        self._title_open = True
        self._title_size = 0
        self._below_title = False

    def body(
        self,
        text: str,
        label: tuple[str, int],
        outline: int,
        looks: Callable[[], Looks],
        title: bool = False,
        contents: bool = False,
    ) -> tuple[BlockKind, int]:
        """Kind and level of a filled paragraph in the body.

        `label` is its automatic number and the list level, `outline` the level that outline or style give (0: none).
        `title` and `contents` say that the style is one for titles or for lines of a table of contents. `looks` is
        asked only where looks can matter.
        """
        if outline:
            self._title_open = self._below_title = False
            return "heading", outline
        if contents:
            return "paragraph", 0
        seen = looks() if len(text) <= LONGEST_TITLE + 20 else PLAIN
        if title or (self._title_open and not label[0] and self._is_title(text, seen)):
            self._title_size = self._title_size or seen.size or _USUAL_SIZE
            self._below_title = self._title_open
            return "title", 0
        self._title_open = False
        self._below_title = self._below_title and seen.centred
        if self._below_title and not seen.strong and byline_like(text):
            return "paragraph", 0
        level = heading_level(text, label[0], seen)
        if level:
            return "heading", level
        if label[1]:
            return "list-item", number_level(label[0]) or label[1]
        level = number_level(text)
        return ("list-item", level) if level >= 3 else ("paragraph", 0)

    def cell(self, outline: int) -> tuple[BlockKind, int]:
        """Kind and level of a filled paragraph in a table: only style or outline level make it a heading."""
        self._title_open = self._below_title = False
        return ("heading", outline) if outline else ("cell", 0)

    def _is_title(self, text: str, looks: Looks) -> bool:
        """The first filled paragraphs are the title as long as they are centred and as large as the first one."""
        if not looks.centred or not title_like(text):
            return False
        return looks.size * 10 >= self._title_size * 9
