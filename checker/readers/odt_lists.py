"""Lists of an OpenDocument text: the automatic number that stands before a paragraph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from lxml import etree

from checker.readers.docx_numbering import format_number
from checker.readers.docx_symbols import symbol
from checker.readers.odt_names import FO, LOEXT, STYLE, SVG, TEXT

LEVELS = 10
_PLACE = re.compile(r"%([0-9]{1,2})%")
_NUMBER = re.compile(r"[0-9]{1,9}$")

# What OpenDocument writes in style:num-format, in the words of Word.
_FORMS: Mapping[str, str] = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "一, 二, 三, ...": "chineseCountingThousand",
    "一": "chineseCountingThousand",
    "壹, 贰, 叁, ...": "chineseLegalSimplified",
    "壹, 貳, 參, ...": "chineseLegalSimplified",
    "甲, 乙, 丙, ...": "ideographTraditional",
    "子, 丑, 寅, ...": "ideographZodiac",
    "①, ②, ③, ...": "decimalEnclosedCircle",
    "①": "decimalEnclosedCircle",
    "１, ２, ３, ...": "decimalFullWidth",
    "１": "decimalFullWidth",
    "甲": "ideographTraditional",
    "01, 02, 03, ...": "decimalZero",
    "": "none",
}


class Level(NamedTuple):
    """One level of a list style; `pattern` holds %n% for the number of level n."""

    pattern: str = ""
    form: str = "none"
    start: int = 1


_NO_LEVEL = Level()


class ListStyle:
    """The levels of one list style."""

    def __init__(self, element: etree._Element | None) -> None:
        self.levels = [_NO_LEVEL] * LEVELS
        for level in element if element is not None else ():
            at = _whole(level.get(TEXT + "level"), 0) - 1
            if 0 <= at < LEVELS:
                self.levels[at] = _level(level, at)


def _level(element: etree._Element, at: int) -> Level:
    if element.tag == TEXT + "list-level-style-image":
        return Level("•", "bullet")
    if element.tag == TEXT + "list-level-style-bullet":
        signs = element.get(TEXT + "bullet-char", "")
        font = _font(element.find(STYLE + "text-properties"))
        return Level("".join(symbol(font, ord(sign)) for sign in signs), "bullet")
    form = element.get(STYLE + "num-format", "")
    pattern = element.get(LOEXT + "num-list-format")
    if pattern is None:
        first = max(0, at + 1 - max(1, _whole(element.get(TEXT + "display-levels"), 1)))
        numbers = ".".join(f"%{level + 1}%" for level in range(first, at + 1)) if form else ""
        pattern = element.get(STYLE + "num-prefix", "") + numbers + element.get(STYLE + "num-suffix", "")
    return Level(pattern, _FORMS.get(form, "decimal"), _whole(element.get(TEXT + "start-value"), 1))


def _font(properties: etree._Element | None) -> str:
    if properties is None:
        return ""
    named = properties.get(FO + "font-family") or properties.get(STYLE + "font-name") or properties.get(SVG + "font")
    return (named or "").strip("'\"")


class Counts:
    """How far one list has counted, on each of its levels."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: list[int | None] = [None] * LEVELS

    def label(self, style: ListStyle, at: int, start: str | None = None) -> str:
        """Count the next paragraph on level `at` (from 0) and say its label."""
        counts = self._counts
        now = counts[at]
        if start is not None:
            counts[at] = _whole(start, 1)
        else:
            counts[at] = style.levels[at].start if now is None else now + 1
        for higher in range(at):
            if counts[higher] is None:
                counts[higher] = style.levels[higher].start
        counts[at + 1 :] = [None] * (LEVELS - at - 1)
        level = style.levels[at]
        return level.pattern if level.form == "bullet" else _PLACE.sub(lambda m: self._number(style, m), level.pattern)

    def _number(self, style: ListStyle, place: re.Match[str]) -> str:
        index = int(place[1]) - 1
        if not 0 <= index < LEVELS:
            return ""
        return format_number(self._counts[index] or 0, style.levels[index].form)


def _whole(value: str | None, default: int) -> int:
    return int(value) if value is not None and _NUMBER.match(value) else default
