"""PDF files. PDFium is loaded with the first of them, so that a check of Word files does not pay for it."""

from __future__ import annotations

from threading import Lock

from checker.document import Document
from checker.readers.limits import Limits

PDFIUM = Lock()
"""PDFium is not made for threads: one file is read at a time in a process."""


def read_pdf(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a PDF file with a text layer."""
    from checker.readers.pdf_document import read_document

    with PDFIUM:
        return read_document(name, data, sha256, limits)
