"""From the characters of a page of a PDF to pieces: stretches in one row, in one look and without a wide gap.

Programs draw a line in many text objects, at times one for each character. Those that go on in the same look where the
last one ended make one piece: what comes after is then faster, and hardly depends on who made the file.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress, islice, pairwise, repeat
from operator import ne, sub
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers.layout_grid import Rule
from checker.readers.pdf_calls import Frame, bare, floats, floats_of

_INVISIBLE = 3
_STROKED = 2
_STRONG_FACES = ("bold", "heavy", "black", "simhei", "黑体", "heiti", "小标宋", "xiaobiaosong", "xbs")
_WIDE_GAP, _STEP_BACK = 0.25, -1.5
_OVERLAP = -0.3
_LEVEL = 0.05
_LEAST_GAP, _LEAST_STEP = 1.0, -6.0
"""Points; the shares of the size that make a gap are more than this in all type that can be read."""

_char_matrix = bare(raw.FPDFText_GetMatrix, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_char_size = bare(raw.FPDFText_GetFontSize, ctypes.c_double, ctypes.c_void_p, ctypes.c_int)
_font_name = bare(raw.FPDFFont_GetBaseFontName, ctypes.c_size_t, *[ctypes.c_void_p] * 2, ctypes.c_size_t)
_object_matrix = bare(raw.FPDFPageObj_GetMatrix, ctypes.c_int, *[ctypes.c_void_p] * 2)
_object_font = bare(raw.FPDFTextObj_GetFont, ctypes.c_void_p, ctypes.c_void_p)
_object_mode = bare(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ctypes.c_void_p)

_Linear = tuple[float, float, float, float]


class Piece(NamedTuple):
    """Characters [first, last) of a page that are drawn in one row, in one look and without a wide gap.

    Lengths are points from the top left corner of the page as it is shown. `size` is the height of the type.
    """

    first: int
    last: int
    x0: float
    x1: float
    base: float
    size: float
    strong: bool


class Page(NamedTuple):
    """What one page holds: each drawn character of it in `codes`, and more of it by the same index."""

    number: int
    width: float
    height: float
    codes: str
    lefts: tuple[float, ...]
    rights: tuple[float, ...]
    sources: list[int | None]
    """The text object that draws each character."""
    pieces: list[Piece]
    rules: Sequence[Rule] = ()
    covered: float = 0.0
    """Share of the page that its largest picture covers."""
    painted: bool = True
    """Whether the text of this page is drawn; recognised text lies invisible over the picture of a scan."""
    listed: frozenset[int | None] = frozenset()
    """Text objects that the tags of the file put into items of lists."""
    plain: bool = False
    """Whether none of `codes` needs to be put into its usual form."""
    spaced: frozenset[int] = frozenset()
    """Characters before which PDFium takes the gap for a space."""


class Sheet(NamedTuple):
    """A page as PDFium holds it; `own` are the objects on it that are not inside a form."""

    text: pdfium.PdfTextPage
    number: int
    own: frozenset[int | None]


class _Look(NamedTuple):
    size: float
    strong: bool
    mode: int
    upright: bool


class Cutter:
    """Cuts the characters of a page into pieces; `indexes` are the numbers that PDFium gives them."""

    def __init__(self, sheet: Sheet, frame: Frame, page: Page, indexes: Sequence[int], counts: Counter[str]) -> None:
        self._own = sheet.own
        self._frame = frame
        self._page = page
        self._indexes = indexes
        self._counts = counts
        self._fonts: dict[int | None, bool] = {}
        self._handle = ctypes.cast(sheet.text.raw, ctypes.c_void_p).value
        self._name = ctypes.create_string_buffer(256)
        self._shown: list[Piece] = []
        self._veiled: list[Piece] = []
        self.aslant = 0
        """How many characters do not run level."""

    def pieces(self) -> tuple[list[Piece], list[Piece]]:
        """The pieces that are drawn, and those that are there but not to be seen."""
        codes = self._page.codes
        if not codes:
            return [], []
        rooms = list(map(sub, islice(self._page.lefts, 1, None), self._page.rights))
        edges = self._edges(rooms)
        looks, feet = self._looks(edges[:-1])
        first = last = 0
        look, base = looks[0], feet[0]
        sources, spaced = self._page.sources, self._page.spaced
        for (start, end), own, foot in zip(pairwise(edges), looks, feet, strict=True):
            follows = start == last and start > 0
            if follows:
                room = rooms[start - 1] / look.size
                follows = room <= _WIDE_GAP and (room > _OVERLAP or (room > _STEP_BACK and _same(sources, start)))
            if codes[start].isspace() and codes[start:end].isspace():
                last = end if follows else last
                continue
            if not (
                follows
                and (own is look or own == look)
                and abs(foot - base) <= own.size * _LEVEL
                and (start not in spaced or not _words(codes[start - 1], codes[start]))
            ):
                self._take(first, last, look, base)
                first, look, base = start, own, foot
            last = end
        self._take(first, last, look, base)
        return self._shown, self._veiled

    def _edges(self, rooms: Sequence[float]) -> list[int]:
        """Where a piece may begin, and the end: at a new text object, at a gap, after what PDFium takes for a space."""
        sources = self._page.sources
        count = len(sources)
        starts = compress(range(1, count), map(ne, islice(sources, 1, None), sources))
        gaps = [at for at, room in enumerate(rooms, 1) if room > _LEAST_GAP or room < _LEAST_STEP]
        return sorted({0, *starts, *gaps, *self._page.spaced, count})

    def _take(self, first: int, last: int, look: _Look, base: float) -> None:
        page = self._page
        words = page.codes[first:last]
        last -= len(words) - len(words.rstrip())
        first += len(words) - len(words.lstrip())
        if first >= last:
            return
        x0 = page.lefts[first]
        x1 = max(page.rights[last - 1], x0)
        if not look.upright:
            self._counts["turned"] += 1
            self.aslant += last - first
        elif x1 < 0 or x0 > page.width or base < 0 or base > page.height:
            self._counts["outside"] += 1
        else:
            piece = Piece(first, last, x0, x1, base, look.size, look.strong)
            (self._veiled if look.mode == _INVISIBLE else self._shown).append(piece)

    # ---- looks --------------------------------------------------------------------------------------------------

    def _looks(self, starts: Sequence[int]) -> tuple[list[_Look], list[float]]:
        """How the objects look that begin at these characters, and where their baselines are."""
        sources = [self._page.sources[start] for start in starts]
        matrices = floats_of(_object_matrix, sources, 6)
        if not self._own.issuperset(sources):
            self._place(matrices, sources, starts)
        sizes = map(_char_size, repeat(self._handle), [self._indexes[start] for start in starts])
        linear = zip(*(matrices[part::6] for part in range(4)), strict=True)
        keys = list(zip(map(_object_font, sources), map(_object_mode, sources), sizes, linear, strict=True))
        known = {key: self._ask(*key) for key in set(keys)}
        return [known[key] for key in keys], self._frame.downs(matrices[4::6], matrices[5::6])

    def _place(self, matrices: list[float], sources: Sequence[int | None], starts: Sequence[int]) -> None:
        """Put right the matrices of objects inside forms: theirs lead to the form and not to the page."""
        codes = self._page.codes
        for at, (source, start) in enumerate(zip(sources, starts, strict=True)):
            if source in self._own:
                continue
            # The matrix of a space stands for nothing.
            while start < len(codes) - 1 and codes[start].isspace():
                start += 1
            matrices[at * 6 : at * 6 + 6] = floats(_char_matrix, self._handle, [self._indexes[start]], 6)

    def _ask(self, font: int | None, mode: int, size: float, matrix: _Linear) -> _Look:
        a, b, c, d = matrix
        height = abs(size) * ((c * c + d * d) ** 0.5 or 1.0)
        strong = mode == _STROKED or self._strong(font)
        return _Look(round(height, 2) or 1.0, strong, mode, self._frame.is_level(a, b))

    def _strong(self, font: int | None) -> bool:
        known = self._fonts.get(font)
        if known is None:
            _font_name(font, ctypes.addressof(self._name), 256)
            known = self._fonts[font] = _is_strong(self._name.value)
        return known


@lru_cache(maxsize=256)
def _is_strong(name: bytes) -> bool:
    """Whether a face is bold or one for headings, by its name."""
    face = name.decode("utf-8", "replace").lower()
    return any(strong in face for strong in _STRONG_FACES)


def _same(sources: Sequence[int | None], at: int) -> bool:
    return sources[at - 1] == sources[at]


def _words(last: str, first: str) -> bool:
    """Whether a gap between two characters may stand for a space: only between Latin words."""
    return latin(last) and latin(first)


def latin(character: str) -> bool:
    """Whether words of such characters are told apart by spaces."""
    return "!" <= character < "\u2000"
