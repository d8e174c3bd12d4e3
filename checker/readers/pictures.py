"""Pictures of papers (.png, .jpg, .tif, .bmp, …), read where text in pictures can be recognised."""

from __future__ import annotations

from collections import Counter

from checker.document import Document
from checker.errors import ReadError
from checker.readers import scans
from checker.readers.limits import Limits
from checker.readers.scans import INSTALL
from checker.readers.sniff import FORMAT_NAMES, sniff


def read_picture(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read the pictures of one file as the pages of one paper."""
    found = sniff(data)
    recogniser = scans.recogniser()
    if recogniser is None:
        what = FORMAT_NAMES[found]
        raise ReadError("unsupported-format", f"这是{what}，没有文字层，读不了，请提供 .docx 文字稿。{INSTALL}")
    from checker.readers.pdf_document import compose
    from checker.readers.scans_page import Scans

    counts: Counter[str] = Counter()
    seen = Scans()
    budget = scans.Budget(limits)
    pages = []
    for number, picture in enumerate(recogniser.pictures(data, limits)):
        budget.take()
        pages.append(seen.page(recogniser.see(picture), number))
        seen.recognised.append(number)
    counts["scans"] = len(pages)
    if not any(page.pieces for page in pages):
        raise ReadError("no-text", "图片里识别不出文字，请核对是否选错文件，或者重新扫描得清楚一些。")
    return compose(name, found, sha256, pages, seen, counts, limits)
