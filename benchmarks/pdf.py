"""Milliseconds a page of PDF: ours, pypdfium2's plain text, pdfplumber's extract_text; in turns.

`ours` is the whole reader, `characters` only its first step: every character with its box and the look of its type. The
paper is a sample printed with LibreOffice; where there is none, pages of running text made here.
"""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from checker.readers import Limits, read

PAGES = 8
_LINES, _LETTERS = 22, 60
_WORDS = "Meetings were held and figures checked in every town before the month was out "


def printed(paper: Path) -> bytes | None:
    """`paper` as LibreOffice prints it, or None where it is not installed or does not answer."""
    office = shutil.which("soffice")
    if office is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}"
        command = [office, "--headless", profile, "--convert-to", "pdf", "--outdir", folder, str(paper)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            return (Path(folder) / f"{paper.stem}.pdf").read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None


def sample() -> bytes:
    """A paper of PAGES pages with about as many characters and text objects on each as a printed one has."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    file = pdfium.PdfDocument.new()
    text = _WORDS * 400
    at = 0
    for _ in range(PAGES):
        page = file.new_page(595, 842)
        for line in range(_LINES):
            for x, length in ((80, 8), (130, 17)):
                target = raw.FPDFPageObj_NewTextObj(file, b"Helvetica", 14)
                units = (text[at : at + length].strip() + "\0").encode("utf-16-le")
                raw.FPDFText_SetText(target, ctypes.cast(ctypes.create_string_buffer(units), raw.FPDF_WIDESTRING))
                raw.FPDFPageObj_Transform(target, 1, 0, 0, 1, x, 740 - line * 28)
                raw.FPDFPage_InsertObject(page, target)
                at += length
        page.gen_content()
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def ways() -> Mapping[str, Callable[[bytes], object]]:
    """Each way by its name; pdfplumber only where it is installed."""
    found: dict[str, Callable[[bytes], object]] = {"ours": _ours, "characters": _characters, "pypdfium2": _pypdfium2}
    if find_spec("pdfplumber"):
        found["pdfplumber"] = _pdfplumber
    return found


def _ours(data: bytes) -> object:
    return read("a.pdf", data, Limits())


def _characters(data: bytes) -> object:
    import pypdfium2 as pdfium

    from checker.readers.pdf_chars import read_page

    file = pdfium.PdfDocument(data)
    try:
        return [read_page(page, number, Counter(), Limits().objects) for number, page in enumerate(file)]
    finally:
        file.close()


def _pypdfium2(data: bytes) -> object:
    import pypdfium2 as pdfium

    file = pdfium.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in file]
    finally:
        file.close()


def _pdfplumber(data: bytes) -> object:
    import pdfplumber

    with pdfplumber.open(io.BytesIO(data)) as file:
        return [page.extract_text() for page in file.pages]


def measure(rounds: int, paper: Path) -> dict[str, list[float]]:
    """Milliseconds a page of each way in each round, after one that does not count."""
    import pypdfium2 as pdfium

    data = printed(paper) or sample()
    pages = len(pdfium.PdfDocument(data))
    todo = ways()
    times: dict[str, list[float]] = {name: [] for name in todo}
    for number in range(rounds + 1):
        for name, way in todo.items():
            start = perf_counter()
            way(data)
            if number:
                times[name].append((perf_counter() - start) * 1000 / pages)
    return times
