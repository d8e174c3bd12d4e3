"""PDF files with a text layer: pages to lines, lines to paragraphs, with page and box of every character."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from checker.document import Document
from checker.errors import ReadError
from checker.readers import layout
from checker.readers.headings import number_level
from checker.readers.layout import Line
from checker.readers.layout_grid import Grid, Rule, grids
from checker.readers.limits import Limits
from checker.readers.package import too_many
from checker.readers.pdf_chars import Page, read_page
from checker.readers.pdf_forms import open_forms, page_with_fields
from checker.readers.pdf_lines import NUMBER, Row, page_rows
from checker.readers.pdf_margins import body_size, footnote_line, marginal, part_footnotes, struck
from checker.readers.pdf_reading import broken, encrypted, garbled, no_text, statement
from checker.readers.pdf_scans import Looker, is_garbled, shown
from checker.readers.pdf_tables import Tables, whole_rows
from checker.readers.scans_page import Scans

_MOST_RULES = 3_000


def read_document(name: str, data: bytes, sha256: str, limits: Limits) -> Document:
    """Read a PDF file; only one at a time in a process."""
    counts: Counter[str] = Counter()
    seen = Scans()
    pages = _pages(data, limits, counts, seen)
    counts["scanned"] = len(seen.unread)
    _refuse_unreadable(pages, counts)
    return compose(name, "pdf", sha256, pages, seen, counts, limits)


def compose(
    name: str, kind: str, sha256: str, pages: Sequence[Page], seen: Scans, counts: Counter[str], limits: Limits
) -> Document:
    """The document that the pages make, whether their text was in the file or was recognised."""
    lines = _lines(pages, counts)
    text, blocks, boxes = layout.assemble(layout.paragraphs(lines))
    if not text:
        raise no_text(counts)
    if len(blocks) > limits.paragraphs:
        raise too_many(limits)
    counts["pages"] = len(pages)
    counts["body"] = sum(1 for block in blocks if block.cell is None and block.kind != "footnote")
    counts["footnotes"] = sum(1 for block in blocks if block.kind == "footnote")
    return Document(
        path=name,
        format=kind,
        text=text,
        blocks=blocks,
        boxes=seen.as_shown(boxes),
        reading=statement(counts, seen),
        sha256=sha256,
    )


# ---- pages ----------------------------------------------------------------------------------------------------


def _pages(data: bytes, limits: Limits, counts: Counter[str], seen: Scans) -> list[Page]:
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise encrypted() from None
        raise broken() from None
    try:
        open_forms(file)
        if len(file) > limits.pages:
            raise ReadError("too-large", f"文件有 {len(file)} 页，超过 {limits.pages} 页的上限，请拆分后再上报。")
        counts["attachments"] = max(0, raw.FPDFDoc_GetAttachmentCount(file))
        return list(_each(file, limits, counts, seen))
    finally:
        file.close()


def _each(file: pdfium.PdfDocument, limits: Limits, counts: Counter[str], seen: Scans) -> Iterator[Page]:
    characters = 0
    looker = Looker(limits, seen)
    for number in range(len(file)):
        try:
            page = file[number]
        except pdfium.PdfiumError:
            seen.damaged.append(number)
            continue
        try:
            own: Counter[str] = Counter()
            page = page_with_fields(file, page, number, own)
            read = looker.look(page, read_page(page, number, own, limits.objects), own)
        except pdfium.PdfiumError:
            seen.damaged.append(number)
            continue
        finally:
            page.close()
        counts += own
        characters += len(read.codes)
        if characters > limits.characters or counts["objects"] > limits.objects:
            raise ReadError("too-large", "PDF 里的文字或图形过多，不像单份考核材料，请拆分后再上报。")
        yield read
    if seen.damaged and len(seen.damaged) == len(file):
        raise broken()


def _refuse_unreadable(pages: Sequence[Page], counts: Counter[str]) -> None:
    """A scan, or text that is no text."""
    text = "".join(map(shown, pages))
    if not text:
        raise no_text(counts)
    if is_garbled(text):
        raise garbled()


# ---- lines ----------------------------------------------------------------------------------------------------


def _lines(pages: Sequence[Page], counts: Counter[str]) -> list[Line]:
    """The lines of the text in reading order, footnotes last."""
    size = body_size(pages)
    found: list[list[Row]] = []
    notes: list[Line] = []
    drawn: list[list[Grid]] = []
    for page in pages:
        tables = _grids(page.rules)
        at = footnote_line(page, tables, size)
        if at is not None:
            page, low = part_footnotes(page, at, size)
            notes += [row.line for row in low]
        counts["struck"] += struck(page, tables)
        rows = page_rows(page, tables)
        gone = marginal(page, rows, size)
        counts["headers-footers"] += len(gone)
        found.append([row for index, row in enumerate(rows) if index not in gone])
        drawn.append(tables)
    kept, dropped = layout.drop_running(
        [layout.Page(page.height, tuple(row.line for row in rows)) for page, rows in zip(pages, found, strict=True)]
    )
    counts["headers-footers"] += dropped
    wanted = {id(line) for line in kept}
    tables_ = Tables()
    rows = []
    for own, grid in zip(found, drawn, strict=True):
        rows += tables_.page([row for row in own if id(row.line) in wanted], grid)
    counts["tables"], counts["repeated-heads"] = tables_.count, tables_.repeated
    return [*labelled(whole_rows(rows), counts), *notes]


def _grids(rules: Sequence[Rule]) -> list[Grid]:
    """The tables of a page; a drawing of thousands of lines is none."""
    return grids(rules) if 4 <= len(rules) <= _MOST_RULES else []


def labelled(rows: Sequence[Row], counts: Counter[str]) -> list[Line]:
    """The lines, those that begin with an automatic number with it as their label.

    A number typed by hand is now and then drawn apart too. So numbers of one kind are automatic only if each of them in
    the document is drawn apart from the text after it, or the tags of the file say so.
    """
    kinds: dict[int, list[bool]] = defaultdict(list)
    for row in rows:
        kind = _numbered(row)
        if kind:
            kinds[kind].append(row.apart > 0)
    automatic = {kind for kind, apart in kinds.items() if all(apart)}
    out: list[Line] = []
    for row in rows:
        label = row.apart if row.apart and _numbered(row) in automatic else 0
        number = NUMBER.match(row.line.text) if row.listed and not label else None
        label = number.end() if number else label
        counts["numbers"] += label > 0
        out.append(row.line._replace(label=label) if label else row.line)
    return out


def _numbered(row: Row) -> int:
    return number_level(row.line.text) if row.line.cell is None else 0
