"""Builds what tests of recognition need: pictures on pages of a PDF, and what a recogniser would see on them."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers.layout_grid import Rule
from checker.readers.limits import Limits
from checker.readers.scans import Seen, Sight

WIDTH, HEIGHT = 595, 842
"""A sheet of A4 in points; the pictures here have one pixel a point."""


def seen(text: str, left: float, top: float, size: float = 16, score: float = 0.99, angle: float = 0.0) -> Seen:
    """A line whose frame begins at (left, top); with `angle`, on a page that is turned so far about its middle."""
    edges = [left]
    for character in text:
        edges.append(edges[-1] + (size if character >= "\u2e80" else size / 2))
    right, bottom = edges[-1], top + size
    corners = tuple(_turn(x, y, angle) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)))
    along = [_turn(x, (top + bottom) / 2, angle)[0] for x in edges]
    return Seen(text, score, corners, tuple(along[:-1]), tuple(along[1:]))


def _turn(x: float, y: float, angle: float) -> tuple[float, float]:
    across, down = x - WIDTH / 2, y - HEIGHT / 2
    sine, cosine = math.sin(angle), math.cos(angle)
    return WIDTH / 2 + across * cosine - down * sine, HEIGHT / 2 + across * sine + down * cosine


def sight(lines: Sequence[Seen], rules: Sequence[Rule] = (), angle: float = 0.0) -> Sight:
    """A picture of one sheet with these lines."""
    return Sight(WIDTH, HEIGHT, tuple(lines), tuple(rules), angle)


def running(text: str, top: float = 100, letters: int = 27, **looks: float) -> list[Seen]:
    """A paragraph as it is set: indented by two characters, `letters` to a line, 28 points from line to line."""
    rows = [text[: letters - 2], *(text[at : at + letters] for at in range(letters - 2, len(text), letters))]
    return [seen(row, 112 if number == 0 else 80, top + 28 * number, **looks) for number, row in enumerate(rows) if row]


class Fake:
    """A recogniser that sees on each picture in turn what it was told."""

    def __init__(self, *sights: Sight) -> None:
        self._sights = list(sights)
        self.asked = 0

    def pictures(self, data: bytes, limits: Limits) -> Iterator[Any]:
        """As many pictures as there are sights left."""
        yield from self._sights[self.asked :]

    def see(self, picture: Any) -> Sight:
        """The next sight."""
        self.asked += 1
        return self._sights[self.asked - 1]


class Scan:
    """A PDF file of pages with pictures and pages with text."""

    def __init__(self) -> None:
        self.file = pdfium.PdfDocument.new()

    def picture(self, overprint: str = "", share: float = 1.0, pixels: tuple[int, int] = (60, 84)) -> Scan:
        """Add a page that a picture covers to this share of its height."""
        page = self.file.new_page(WIDTH, HEIGHT)
        image = pdfium.PdfImage.new(self.file)
        image.set_bitmap(pdfium.PdfBitmap.new_native(*pixels, raw.FPDFBitmap_BGR))
        image.set_matrix(pdfium.PdfMatrix().scale(WIDTH, HEIGHT * share))
        page.insert_obj(image)
        return self._done(page, overprint)

    def text(self, words: str) -> Scan:
        """Add a page with a line of Latin text."""
        return self._done(self.file.new_page(WIDTH, HEIGHT), words)

    def _done(self, page: pdfium.PdfPage, words: str) -> Scan:
        if words:
            target = raw.FPDFPageObj_NewTextObj(self.file, b"Helvetica", 12.0)
            units = (words + "\0").encode("utf-16-le")
            raw.FPDFText_SetText(target, ctypes.cast(ctypes.create_string_buffer(units), raw.FPDF_WIDESTRING))
            raw.FPDFPageObj_Transform(target, 1, 0, 0, 1, 72, 700)
            raw.FPDFPage_InsertObject(page, target)
        page.gen_content()
        return self

    def data(self) -> bytes:
        """The file."""
        out = io.BytesIO()
        self.file.save(out)
        return out.getvalue()
