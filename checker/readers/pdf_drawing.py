"""What is drawn on a page of a PDF besides text: ruling lines, and how much of the page a picture covers."""

from __future__ import annotations

import ctypes
import struct
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise, repeat
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers.layout_grid import Rule
from checker.readers.pdf_calls import Frame, bare

_THIN = 3.0
"""A shape as narrow as this, in points, is drawn for a line."""
_SHORTEST_LINE = 6.0
_FORM_DEPTH = 5
_SEGMENTS = 20_000

_object_type = bare(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_object_bounds = bare(raw.FPDFPageObj_GetBounds, ctypes.c_int, *[ctypes.c_void_p] * 5)
_page_object = bare(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_form_object = bare(raw.FPDFFormObj_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
_draw_mode = bare(raw.FPDFPath_GetDrawMode, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_segment_count = bare(raw.FPDFPath_CountSegments, ctypes.c_int, ctypes.c_void_p)

_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def page_objects(page: pdfium.PdfPage, counts: Counter[str], most: int) -> list[int | None]:
    """The objects of a page, those inside forms left out; no more than `most`."""
    count = max(0, raw.FPDFPage_CountObjects(page))
    counts["objects"] += count
    return list(map(_page_object, repeat(ctypes.cast(page.raw, ctypes.c_void_p).value), range(min(count, most))))


def drawn(
    page: pdfium.PdfPage,
    own: Sequence[int | None],
    frame: Frame,
    counts: Counter[str],
    most: int,
    texts: Container[int | None],
) -> tuple[list[Rule], float]:
    """The ruling lines of a page and how much of it its largest picture covers.

    `own` are the objects of the page, `texts` those that are known to be text.
    """
    drawing = _Drawing(frame, page.get_size(), counts, most - len(own))
    drawing.look(own, _SAME, 0, texts)
    return drawing.rules, drawing.covered


class _Drawing:
    """Goes over the objects of a page, into forms too."""

    def __init__(self, frame: Frame, size: tuple[float, float], counts: Counter[str], objects: int) -> None:
        self.rules: list[Rule] = []
        self.covered = 0.0
        self._frame = frame
        self._area = max(1.0, size[0] * size[1])
        self._counts = counts
        self._left = objects
        self._segments = _SEGMENTS
        self._store = ctypes.create_string_buffer(16)
        at = ctypes.addressof(self._store)
        self._room = at, at + 4, at + 8, at + 12

    def look(self, targets: Iterable[int | None], matrix: _Matrix, depth: int, texts: Container[int | None]) -> None:
        """Look at all targets that are not known to be text."""
        for target in targets:
            if target is None or target in texts:
                continue
            kind = _object_type(target)
            if kind == raw.FPDF_PAGEOBJ_PATH:
                self._path(target, matrix)
            elif kind == raw.FPDF_PAGEOBJ_IMAGE:
                self._image(target, matrix)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _FORM_DEPTH:
                self._form(target, _times(_matrix(target), matrix), depth + 1, texts)

    def _form(self, target: int, matrix: _Matrix, depth: int, texts: Container[int | None]) -> None:
        count = max(0, raw.FPDFFormObj_CountObjects(ctypes.cast(target, raw.FPDF_PAGEOBJECT)))
        self._counts["objects"] += count
        inside = list(map(_form_object, repeat(target), range(min(count, max(0, self._left)))))
        self._left -= len(inside)
        self.look(inside, matrix, depth, texts)

    def _image(self, target: int, matrix: _Matrix) -> None:
        self._counts["pictures"] += 1
        a, b, c, d, _, _ = _times(_matrix(target), matrix)
        self.covered = max(self.covered, abs(a * d - b * c) / self._area)

    def _path(self, target: int, matrix: _Matrix) -> None:
        count = _segment_count(target)
        if not 2 <= count <= self._segments:
            return
        _draw_mode(target, *self._room[:2])
        fill, stroke = struct.unpack_from("2i", self._store)
        if not fill and not stroke:
            return
        if matrix is _SAME and _object_bounds(target, *self._room):
            left, bottom, right, top = struct.unpack_from("4f", self._store)
            if right - left <= _THIN or top - bottom <= _THIN:
                self._rule([self._frame.point(left, bottom), self._frame.point(right, top)], False)
                return
        self._segments -= count
        for corners in self._outlines(ctypes.cast(target, raw.FPDF_PAGEOBJECT), count, _times(_matrix(target), matrix)):
            self._rule(corners, bool(stroke))

    def _outlines(self, target: Any, count: int, place: _Matrix) -> list[list[tuple[float, float]]]:
        """The corners of each outline of a path, as shown; outlines with curves are left out."""
        found: list[list[tuple[float, float]]] = []
        corners: list[tuple[float, float]] = []
        curved = False
        x, y = ctypes.c_float(), ctypes.c_float()
        a, b, c, d, e, f = place
        for index in range(count):
            segment = raw.FPDFPath_GetPathSegment(target, index)
            kind = raw.FPDFPathSegment_GetType(segment)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if len(corners) > 1 and not curved:
                    found.append(corners)
                corners, curved = [], False
            curved = curved or kind == raw.FPDF_SEGMENT_BEZIERTO
            corners.append(self._frame.point(a * x.value + c * y.value + e, b * x.value + d * y.value + f))
            if raw.FPDFPathSegment_GetClose(segment):
                corners.append(corners[0])
        if len(corners) > 1 and not curved:
            found.append(corners)
        return found

    def _rule(self, corners: list[tuple[float, float]], stroked: bool) -> None:
        x0, x1 = min(x for x, _ in corners), max(x for x, _ in corners)
        top, bottom = min(y for _, y in corners), max(y for _, y in corners)
        if x1 - x0 <= _THIN and bottom - top >= _SHORTEST_LINE:
            self.rules.append(Rule(True, (x0 + x1) / 2, top, bottom))
        elif bottom - top <= _THIN and x1 - x0 >= _SHORTEST_LINE:
            self.rules.append(Rule(False, (top + bottom) / 2, x0, x1))
        elif stroked:
            self.rules.extend(_sides(corners))


def _sides(corners: list[tuple[float, float]]) -> list[Rule]:
    """The upright and the level sides of an outline."""
    found: list[Rule] = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        if abs(x1 - x0) <= 0.5 and abs(y1 - y0) >= _SHORTEST_LINE:
            found.append(Rule(True, x0, min(y0, y1), max(y0, y1)))
        elif abs(y1 - y0) <= 0.5 and abs(x1 - x0) >= _SHORTEST_LINE:
            found.append(Rule(False, y0, min(x0, x1), max(x0, x1)))
    return found


def _matrix(target: int) -> _Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(ctypes.cast(target, raw.FPDF_PAGEOBJECT), found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    """First `inner`, then `outer`."""
    a, b, c, d, e, f = inner
    if outer is _SAME:
        return inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m
