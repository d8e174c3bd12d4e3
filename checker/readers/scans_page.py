"""From lines recognised on a picture to a page as the PDF reader has them, so that one code finds the paragraphs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from checker.document import Box
from checker.readers.layout_grid import Rule
from checker.readers.pdf_chars import Page, Piece
from checker.readers.scans import Seen, Sight

LEAST_SURE = 0.5
"""Lines of which the recogniser is less sure are stamps, handwriting and stains: told, and not read."""
_LONGER_SIDE = 841.9
"""Points along the longer side of a sheet of A4. A picture has no size of its own that could be trusted."""
_SAME = 1.12
"""Sizes that differ by less than this, as measured, are one size of type."""
_ROUGHLY, _VAGUELY = 0.35, 0.7
"""How far off the size of a short line, and of one or two characters alone, may be measured."""
_UPRIGHT = 1.5
_HIGH = 1.1
"""How high a line may be as it is found, in sizes of its type."""
_OPENING, _CLOSING = "（《〈「『【", "，。、；：！？）》〉」』】"
_EMPTY = 0.3
_BASE = 0.36
"""How far the baseline lies below the middle of a line, as a share of its size."""
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60“”‘’…—"
_NUMBER = re.compile("[一二三四五六七八九十]{1,3}(?=[\u3400-\u9fff])")
_ROOM = 1.35
"""How far, in heights of the line, characters stand apart between which a mark was not seen."""
_PAGE_NUMBER = re.compile(r"[-–—一·.\s]*[0-9]{1,3}[-–—一·.\s]*")
_LIST_NUMBER = re.compile(r"^([0-9]{1,2})·(?![0-9])")
_BLANK = re.compile(f"(?<=[{_CJK}]) +| +(?=[{_CJK}])")
_HAN = re.compile("[\u3400-\u9fff]")
_RUN = re.compile("[\u3400-\u9fff\uff0c\u3001\u3002\uff1b]{4,}")


@dataclass(slots=True)
class Scans:
    """What has come of the pages of one file that are pictures; pages count from 0."""

    recognised: list[int] = field(default_factory=list)
    """Pages whose text was recognised, here or by a scanner before."""
    unread: list[int] = field(default_factory=list)
    """Pages that are pictures and were not read."""
    damaged: list[int] = field(default_factory=list)
    angles: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    """Page to its slope and its middle."""
    counts: Counter[str] = field(default_factory=Counter)
    _sure: float = 0.0
    _characters: int = 0

    def page(self, sight: Sight, number: int, size: tuple[float, float] | None = None) -> Page:
        """The page that is seen in a picture; `size` is that of the sheet in points, where it is known."""
        scale, width, height = _sheet(sight, size)
        middle = width / 2, height / 2
        if sight.angle:
            self.angles[number] = sight.angle, *middle
        lines: list[_Placed] = []
        for seen in sight.lines:
            if seen.score < LEAST_SURE:
                self.counts["blurred"] += 1
            elif _is_upright(seen):
                self.counts["turned"] += 1
            else:
                placed = _place(seen, scale, sight.angle, middle)
                lines.append(placed)
                self._sure += seen.score * len(placed.text)
                self._characters += len(placed.text)
        rules = [Rule(rule.upright, rule.at * scale, rule.start * scale, rule.end * scale) for rule in sight.rules]
        return _page(number, width, height, lines, rules)

    @property
    def sure(self) -> float:
        """How sure the recogniser is of a character, on an average."""
        return self._sure / self._characters if self._characters else 0.0

    def as_shown(self, boxes: Sequence[Box]) -> tuple[Box, ...]:
        """Boxes that were found on pages with their slope taken out, where they stand on the sloping pages."""
        return tuple(_slope(box, *self.angles[box.page]) if box.page in self.angles else box for box in boxes)


class _Placed:
    """A line in points, upright, with the text tidied."""

    __slots__ = ("base", "lefts", "measured", "rights", "size", "text")

    def __init__(self, text: str, lefts: list[float], rights: list[float], middle: float, height: float) -> None:
        self.text, self.lefts, self.rights = text, lefts, rights
        self.size, self.measured = size, _ = _size(text, lefts, rights, height)
        # Half of the square of a full-width mark is empty, and is not seen.
        if text[0] in _OPENING:
            lefts[0] -= size * _EMPTY
        if text[-1] in _CLOSING:
            rights[-1] += size * _EMPTY
        self.base = middle + self.size * _BASE


def _sheet(sight: Sight, size: tuple[float, float] | None) -> tuple[float, float, float]:
    """Points a pixel, and width and height of the sheet in points."""
    if size is None:
        scale = _LONGER_SIDE / max(sight.width, sight.height, 1)
    else:
        # A sheet that was scanned lying on its side is seen upright.
        lying = (size[0] > size[1]) != (sight.width > sight.height)
        scale = (size[1] if lying else size[0]) / max(sight.width, 1)
    return scale, sight.width * scale, sight.height * scale


def _is_upright(seen: Seen) -> bool:
    """Whether text stands on its side on a page whose text else lies level: a seal, a note along the margin."""
    first, second, _, last = seen.corners
    return len(seen.text) > 1 and math.dist(first, last) > math.dist(first, second) * _UPRIGHT


def slope(lines: Sequence[Seen]) -> float:
    """The angle at which most of the text runs, in radians; 0 where the lines do not agree."""
    found: list[tuple[float, float]] = []
    for seen in lines:
        (x0, y0), (x1, y1) = seen.corners[:2]
        if x1 - x0 > abs(y1 - y0) * 3 and len(seen.text) >= 8:
            found.append((math.atan2(y1 - y0, x1 - x0), x1 - x0))
    if len(found) < 3:
        return 0.0
    found.sort()
    half = sum(weight for _, weight in found) / 2
    for angle, weight in found:
        half -= weight
        if half <= 0:
            return angle if abs(angle) > math.radians(0.1) else 0.0
    return 0.0


def _place(seen: Seen, scale: float, angle: float, middle: tuple[float, float]) -> _Placed:
    x = sum(corner[0] for corner in seen.corners) / 4 * scale
    y = sum(corner[1] for corner in seen.corners) / 4 * scale
    height = (math.dist(seen.corners[0], seen.corners[3]) + math.dist(seen.corners[1], seen.corners[2])) / 2 * scale
    dx, dy = _turned(x, y, -angle, middle)
    text, kept = tidy(seen.text)
    lefts = [seen.lefts[index] * scale + dx for index in kept]
    rights = [seen.rights[index] * scale + dx for index in kept]
    return _Placed(_with_mark(text, lefts, rights, height), lefts, rights, y + dy, height)


def _with_mark(text: str, lefts: list[float], rights: list[float], height: float) -> str:
    """The text with the mark after a Chinese number that begins it: a thin stroke in much room, and often not seen."""
    number = _NUMBER.match(text)
    if number is None:
        return text
    at = number.end()
    if (lefts[at] + rights[at] - lefts[at - 1] - rights[at - 1]) / 2 < height * _ROOM:
        return text
    left, right = rights[at - 1], lefts[at]
    lefts.insert(at, min(left, right))
    rights.insert(at, max(left, right))
    return f"{text[:at]}、{text[at:]}"


def _turned(x: float, y: float, angle: float, middle: tuple[float, float]) -> tuple[float, float]:
    """How far a point moves when the page is turned about its middle."""
    across, down = x - middle[0], y - middle[1]
    sine, cosine = math.sin(angle), math.cos(angle)
    return across * cosine - down * sine - across, across * sine + down * cosine - down


def _slope(box: Box, angle: float, x: float, y: float) -> Box:
    dx, dy = _turned((box.lefts[0] + box.rights[-1]) / 2, (box.top + box.bottom) / 2, angle, (x, y))
    return box._replace(
        top=box.top + dy,
        bottom=box.bottom + dy,
        lefts=tuple(left + dx for left in box.lefts),
        rights=tuple(right + dx for right in box.rights),
    )


def _size(text: str, lefts: Sequence[float], rights: Sequence[float], height: float) -> tuple[float, bool]:
    """The size of the type, and whether it is measured well: by how far square characters stand apart."""
    high = max(height * _HIGH, 1.0)
    longest = max(_RUN.finditer(text), key=lambda run: run.end() - run.start(), default=None)
    if longest is None:
        # The frame of a short line is found too high.
        apart = (rights[-1] - lefts[0]) / sum(1.0 if character >= "\u2e80" else 0.5 for character in text)
        return max(min(apart, high), 1.0), False
    first, last = longest.start(), longest.end() - 1
    apart = (lefts[last] + rights[last] - lefts[first] - rights[first]) / 2 / (last - first)
    # Characters that are spaced out stand further apart than they are high.
    return max(min(apart, high), 1.0), apart <= high


def _sizes(lines: Sequence[_Placed]) -> list[float]:
    """The size of each line: they are only measured, but a page has few sizes of type."""
    groups: list[list[_Placed]] = []
    for line in sorted((line for line in lines if line.measured), key=lambda line: line.size):
        if groups and line.size < groups[-1][0].size * _SAME:
            groups[-1].append(line)
        else:
            groups.append([line])
    known = [(line, median(other.size for other in group)) for group in groups for line in group]
    found = {id(line): size for line, size in known}
    return [found.get(id(line)) or _like_its_neighbour(line, known) for line in lines]


def _like_its_neighbour(line: _Placed, known: Sequence[tuple[_Placed, float]]) -> float:
    """The size of the line that stands closest, unless this one is clearly of another."""
    _, size = min(known, key=lambda each: _apart(line, each[0]), default=(line, line.size))
    return size if abs(size - line.size) < size * (_ROUGHLY if len(line.text) > 2 else _VAGUELY) else line.size


def _apart(line: _Placed, other: _Placed) -> float:
    aside = max(0.0, other.lefts[0] - line.rights[-1], line.lefts[0] - other.rights[-1])
    return abs(line.base - other.base) + aside


def _page(number: int, width: float, height: float, lines: Sequence[_Placed], rules: list[Rule]) -> Page:
    lefts: list[float] = []
    rights: list[float] = []
    sources: list[int | None] = []
    pieces: list[Piece] = []
    for source, (line, size) in enumerate(zip(lines, _sizes(lines), strict=True), 1):
        at = len(lefts)
        pieces.append(Piece(at, at + len(line.text), line.lefts[0], line.rights[-1], line.base, size, False))
        lefts += line.lefts
        rights += line.rights
        sources += [source] * len(line.text)
    codes = "".join(line.text for line in lines)
    return Page(number, width, height, codes, tuple(lefts), tuple(rights), sources, pieces, rules, covered=1.0)


# ---- text -----------------------------------------------------------------------------------------------------

_WIDE = str.maketrans("(),:;!?", "（），：；！？")


def tidy(text: str) -> tuple[str, list[int]]:
    """Recognised text as one would type it, and for each character of it the index it came from.

    Spaces beside Chinese characters are gaps in the print. Marks beside them are full-width in Chinese type, whatever
    the recogniser, which sees no difference, takes them for.
    """
    gone = {index for blank in _BLANK.finditer(text.strip()) for index in range(*blank.span())}
    lead = len(text) - len(text.lstrip())
    kept = [lead + index for index in range(len(text.strip())) if index not in gone]
    plain = "".join(text[index] for index in kept)
    if _PAGE_NUMBER.fullmatch(plain):
        return plain.replace("一", "—"), kept
    return "".join(_marks(_LIST_NUMBER.sub(r"\1.", plain))), kept


def _marks(text: str) -> Iterator[str]:
    chinese = bool(_HAN.search(text))
    for index, character in enumerate(text):
        wide = character.translate(_WIDE)
        # In a Chinese line the mark that begins or ends it has its neighbour in another line.
        beside = text[max(0, index - 1) : index] + text[index + 1 : index + 2]
        edge = chinese and index in (0, len(text) - 1)
        yield wide if wide != character and (edge or _HAN.search(beside)) else character
