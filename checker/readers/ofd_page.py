"""One page of an OFD file: text objects to characters with their place, paths to ruled lines.

A place is given in the space of its object: X and Y of the first character, then one step per character in DeltaX and
DeltaY (`g 3 4.2` stands for 4.2 three times). The CTM of the object turns and scales that space, its Boundary moves
it. Lengths in the file are millimetres; `POINTS` of them make one point.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from checker.errors import ReadError
from checker.readers.layout import Line
from checker.readers.layout_grid import Rule, rules_of_box
from checker.readers.layout_lines import Glyph, plain
from checker.readers.limits import Limits
from checker.readers.ofd_parts import local

POINTS = 72 / 25.4
_STILL = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_FURTHEST = 100_000.0
_BOLD_WEIGHT = 600
_SLANT = 3
_COMMANDS = str.maketrans("SMLC", "    ")

Matrix = tuple[float, float, float, float, float, float]


def numbers(text: str | None) -> list[float]:
    """The numbers in an attribute; those after one that is none are left out."""
    found: list[float] = []
    for word in (text or "").split():
        value = _number(word)
        if value is None:
            break
        found.append(value)
    return found


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < _FURTHEST else None


def deltas(text: str | None, most: int) -> list[float]:
    """The steps between characters, at most `most` of them."""
    words = iter((text or "").split())
    found: list[float] = []
    for word in words:
        if len(found) >= most:
            break
        if word != "g":
            found.append(_number(word) or 0.0)
            continue
        times, step = _number(next(words, "0")) or 0.0, _number(next(words, "0")) or 0.0
        found += [step] * max(0, min(int(times), most - len(found)))
    return found[:most]


class Content:
    """What one page shows: `glyphs` and `rules`; text that is turned is kept in lines of its own."""

    def __init__(self, fonts: frozenset[str], counts: Counter[str], limits: Limits) -> None:
        self.glyphs: list[Glyph] = []
        self.rules: list[Rule] = []
        self._turned: list[list[Glyph]] = []
        self._fonts = fonts
        self._counts = counts
        self._limits = limits
        self._objects = 0

    def add(self, root: etree._Element) -> None:
        """Take in the layers of a page or of a template."""
        for element in root.iter():
            kind = local(element)
            if kind == "TextObject":
                self._count_object()
                self._text(element)
            elif kind == "PathObject":
                self._count_object()
                self._path(element)
            elif kind == "ImageObject":
                self._counts["pictures"] += 1
            elif kind in ("CompositeObject", "CompositeGraphicUnit"):
                self._counts["objects"] += 1

    def turned_lines(self, page: int) -> Iterator[Line]:
        """Text that does not run from left to right: one line for each object, at the end of the page."""
        for number, glyphs in enumerate(self._turned):
            text = "".join(glyph.text for glyph in glyphs)
            if not text.strip():
                continue
            top = min(glyph.baseline - glyph.size for glyph in glyphs)
            bottom = max(glyph.baseline for glyph in glyphs)
            lefts, rights = tuple(glyph.left for glyph in glyphs), tuple(glyph.right for glyph in glyphs)
            size = max(glyph.size for glyph in glyphs)
            yield Line(page, text, lefts, rights, top, bottom, size, column=-1 - number)

    def _count_object(self) -> None:
        self._objects += 1
        if self._objects > self._limits.objects:
            raise ReadError("too-large", "页面上的对象过多，疑似异常文件，请另存为 .docx 后上报。")

    # ── text ──────────────────────────────────────────────────────────

    def _text(self, element: etree._Element) -> None:
        codes = [child for child in element if local(child) == "TextCode"]
        if element.get("Visible") == "false":
            self._counts["hidden"] += 1
            return
        boundary, matrix = _boundary(element), _matrix(element)
        size = _number(element.get("Size", "")) or 3.0
        weight = _number(element.get("Weight", "")) or 0.0
        strong = weight >= _BOLD_WEIGHT or element.get("Font", "") in self._fonts
        stretch = _number(element.get("HScale", "")) or 1.0
        x = y = 0.0
        glyphs: list[Glyph] = []
        angle = round(math.degrees(math.atan2(matrix[1], matrix[0]))) % 360
        if min(angle % 90, 90 - angle % 90) > _SLANT:
            # Text across the page is a watermark.
            self._counts["turned"] += 1
            return
        upright = min(angle, 360 - angle) <= _SLANT
        for code in codes:
            x = _number(code.get("X", "")) or (0.0 if code.get("X") else x)
            y = _number(code.get("Y", "")) or (0.0 if code.get("Y") else y)
            text = (code.text or "").replace("\n", "").replace("\r", "").replace("\t", " ")
            if len(self.glyphs) + len(glyphs) + len(text) > self._limits.characters:
                raise ReadError("too-large", f"文件超过 {self._limits.characters} 字，请拆分后再上报。")
            places = list(_places(code, text, x, y, size * stretch))
            upright = upright and not _runs_down(places)
            glyphs += _glyphs(text, places, size * stretch, size, boundary, matrix, strong)
        if upright:
            self.glyphs += glyphs
        elif glyphs:
            self._turned.append(glyphs)

    # ── lines ─────────────────────────────────────────────────────────

    def _path(self, element: etree._Element) -> None:
        """Straight lines and rectangles; curves are no part of a table."""
        if element.get("Visible") == "false" or len(self.rules) > 20_000:
            return
        filled = element.get("Fill") == "true" and element.get("Stroke") == "false"
        data = "".join(child.text or "" for child in element if local(child) == "AbbreviatedData")
        if len(data) > 400 or any(mark in data for mark in "QBA"):
            return
        boundary, matrix = _boundary(element), _matrix(element)
        points: list[tuple[float, float]] = []
        figures = numbers(
            " ".join(data.replace("S", " ").replace("M", " ").replace("L", " ").replace("C", " ").split())
        )
        for x, y in zip(figures[::2], figures[1::2], strict=False):
            points.append(_apply(matrix, boundary, x, y))
        if len(points) < 2:
            return
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        top, bottom = min(y for _, y in points), max(y for _, y in points)
        thin = right - left <= 3 or bottom - top <= 3
        if thin or (not filled and len(points) in (4, 5)):
            self.rules += rules_of_box(left, top, right, bottom)
        elif not filled:
            for before, after in itertools.pairwise(points):
                box = (min(before[0], after[0]), min(before[1], after[1]))
                end = (max(before[0], after[0]), max(before[1], after[1]))
                if end[0] - box[0] <= 1 or end[1] - box[1] <= 1:
                    self.rules += rules_of_box(*box, *end)


def _boundary(element: etree._Element) -> tuple[float, float]:
    box = numbers(element.get("Boundary"))
    return (box[0], box[1]) if len(box) >= 2 else (0.0, 0.0)


def _matrix(element: etree._Element) -> Matrix:
    found = numbers(element.get("CTM"))
    return (found[0], found[1], found[2], found[3], found[4], found[5]) if len(found) == 6 else _STILL


def _apply(matrix: Matrix, boundary: tuple[float, float], x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e + boundary[0]) * POINTS, (b * x + d * y + f + boundary[1]) * POINTS


def _width(character: str, size: float) -> float:
    """How wide a character is where the file does not say: Chinese ones are square, others half of that."""
    return size if character > "\u2000" else size * 0.5


def _places(code: etree._Element, text: str, x: float, y: float, size: float) -> Iterator[tuple[float, float]]:
    """Where each character of a TextCode stands in the space of its object."""
    most = max(len(text) - 1, 0)
    across, down = deltas(code.get("DeltaX"), most), deltas(code.get("DeltaY"), most)
    for number, character in enumerate(text):
        yield x, y
        if across:
            x += across[min(number, len(across) - 1)] if number < most else 0.0
        elif not down:
            x += _width(character, size)
        if down and number < len(down):
            y += down[number]


def _runs_down(places: list[tuple[float, float]]) -> bool:
    """Whether the characters stand below each other: each in its own line, all in one column."""
    if len(places) < 3:
        return False
    return all(
        abs(after[0] - before[0]) < 0.01 and after[1] > before[1] for before, after in itertools.pairwise(places)
    )


def _glyphs(
    text: str,
    places: list[tuple[float, float]],
    wide: float,
    size: float,
    boundary: tuple[float, float],
    matrix: Matrix,
    strong: bool,
) -> Iterator[Glyph]:
    """The characters on the page; none reaches into the next one on its line."""
    height = max(math.hypot(matrix[2], matrix[3]) * size * POINTS, 0.1)
    scale = math.hypot(matrix[0], matrix[1]) * POINTS
    for number, (character, (x, y)) in enumerate(zip(text, places, strict=True)):
        width = _width(character, wide)
        if number + 1 < len(places) and abs(places[number + 1][1] - y) < 0.01 and places[number + 1][0] > x:
            width = min(width, places[number + 1][0] - x) or width
        left, baseline = _apply(matrix, boundary, x, y)
        yield from plain(Glyph(character, left, left + width * scale, baseline, height, strong))
