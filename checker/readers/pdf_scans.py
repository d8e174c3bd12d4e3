"""Pages of a PDF without text of their own: recognised where that can be done, else told as not read."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.readers import scans
from checker.readers.limits import Limits
from checker.readers.pdf_chars import Page
from checker.readers.scans import LONGEST_SIDE, Budget, Recogniser, too_many_pixels
from checker.readers.scans_page import Scans

SCANNED = 0.5
"""A page of which a picture covers this share, with hardly any text on it, is taken for a scan."""
GARBLED = 0.3
"""Text of which this share names no characters is no text."""
_FEW = 20
"""Scanning programs print a number or a name over the picture; such a page is a scan nevertheless."""
_SHAPES = 150
"""A page that writes nothing and draws as many shapes has its letters among them."""
_NOT_TEXT = re.compile("[\ue000-\uf8ff\ufffd\x00\U000f0000-\U0010ffff]")


class Looker:
    """Looks at the pages of one file that may be pictures."""

    def __init__(self, limits: Limits, seen: Scans) -> None:
        self._limits = limits
        self._seen = seen
        self._budget = Budget(limits)

    @cached_property
    def _recogniser(self) -> Recogniser | None:
        return scans.recogniser()

    def look(self, page: pdfium.PdfPage, read: Page, counts: Counter[str]) -> Page:
        """`read`, or the page as it is recognised; `counts` are those of this page alone."""
        text = shown(read)
        covered = read.covered >= SCANNED
        scanned = (covered and len(text) < _FEW) or (not text and counts["objects"] >= _SHAPES)
        if not (scanned or is_garbled(text) or (not text and counts["objects"])):
            if covered and not read.painted:
                self._seen.recognised.append(read.number)
            return read
        if self._recogniser is None:
            if text or scanned:
                self._seen.unread.append(read.number)
            return read._replace(pieces=[]) if scanned else read
        self._budget.take()
        sight = self._recogniser.see(self._drawn(page))
        objects = counts["objects"]
        counts.clear()
        counts["objects"] = objects
        found = self._seen.page(sight, read.number, (read.width, read.height))
        if found.pieces:
            self._seen.recognised.append(read.number)
            counts["scans"] += 1
        return found

    def _drawn(self, page: pdfium.PdfPage) -> pdfium.PdfBitmap:
        for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
            width, height = picture.get_px_size()
            if width * height > self._limits.pixels:
                raise too_many_pixels(self._limits)
        return page.render(scale=LONGEST_SIDE / max(*page.get_size(), 1.0))


def shown(page: Page) -> str:
    """The characters that a page shows."""
    return "".join(page.codes[piece.first : piece.last] for piece in page.pieces).strip()


def is_garbled(text: str) -> bool:
    """Whether text names no characters."""
    return len(_NOT_TEXT.findall(text)) > len(text) * GARBLED
