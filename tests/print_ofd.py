"""Prints a paper to OFD for tests: LibreOffice makes a PDF, and its characters and lines are put into an OFD file."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from build_ofd import Item, Rule, Text, ofd

SOFFICE = shutil.which("soffice")
_MM = 25.4 / 72


def printed(path: Path, folder: Path) -> bytes:
    """The .docx at `path` as PDF."""
    assert SOFFICE is not None
    profile = (folder / "profile").as_uri()
    call = [SOFFICE, "--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run([*call, str(path)], check=True, capture_output=True, timeout=120)
    return (folder / path.with_suffix(".pdf").name).read_bytes()


def ofd_of_pdf(data: bytes) -> bytes:
    """The pages of a PDF as an OFD file: a text object for each stretch on one line, a path for each drawn line."""
    document = pdfium.PdfDocument(data)
    try:
        pages = [[*_texts(page), *_rules(page)] for page in document]
    finally:
        document.close()
    return ofd(pages)


def _texts(page: pdfium.PdfPage) -> Iterator[Item]:
    height = page.get_height()
    text = page.get_textpage()
    run: list[tuple[str, float, float, float, bool]] = []
    for index in range(text.count_chars()):
        if raw.FPDFText_IsGenerated(text, index):
            continue
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(text, index, x, y)
        size = raw.FPDFText_GetFontSize(text, index)
        strong = raw.FPDFText_GetFontWeight(text, index) >= 600
        character = (chr(raw.FPDFText_GetUnicode(text, index)), x.value, height - y.value, size, strong)
        if run and (abs(run[-1][2] - character[2]) > 0.5 or run[-1][3:] != character[3:] or x.value < run[-1][1]):
            yield _text(run)
            run = []
        run.append(character)
    if run:
        yield _text(run)
    text.close()


def _text(run: list[tuple[str, float, float, float, bool]]) -> Text:
    deltas = " ".join(f"{(after[1] - before[1]) * _MM:.4f}" for before, after in pairwise(run))
    _, x, y, size, strong = run[0]
    return Text("".join(part[0] for part in run), x * _MM, y * _MM, size * _MM, 2 if strong else 1, deltas)


def _rules(page: pdfium.PdfPage) -> Iterator[Item]:
    height = page.get_height()
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = drawn.get_bounds()
        if right - left < 2 or top - bottom < 2:
            yield Rule(left * _MM, (height - top) * _MM, right * _MM, (height - bottom) * _MM)
