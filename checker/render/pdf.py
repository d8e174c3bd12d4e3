"""The PDF itself, annotated: the words of each finding highlighted, with a note that says what is wrong.

The file is only added to, so the pages, signatures and bytes that were handed in stay as they were. What was written is
read back before it is handed out.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

from checker.document import Box, Document, Span
from checker.errors import WriteError
from checker.hallmark import AUTHOR
from checker.readers.pdf import PDFIUM
from checker.readers.pdf_calls import Frame
from checker.render import Rendered
from checker.render import phrases as say
from checker.render.docx import comment_lines, copy_name, heading_for, source_bytes
from checker.render.docx_mark import CHANGED
from checker.render.pdf_increment import BrokenPdf, Increment, open_reader
from checker.report import SEVERITY_NAMES, Finding, Report, Severity

NO_PDF = "这套材料里没有 PDF 文件，做不了 PDF 批注；Word 等材料请用 --format docx。"
UNWRITABLE = "PDF 文件“{name}”的结构有损坏或不合规范，写不了批注，没有保存；请重新导出 PDF，或改用 --format docx。"

_MARK = "kaohe-"
_COLOURS: Mapping[Severity, tuple[float, float, float]] = {
    "error": (1.0, 0.62, 0.60),
    "warning": (1.0, 0.85, 0.35),
    "info": (0.65, 0.84, 1.0),
}
_NOTE, _GAP, _MARGIN = 18.0, 3.0, 8.0
_PRINTED, _UPRIGHT = 4, 8 | 16
_SAMPLES = 8

# A speech bubble on a square of 18 by 18 and the sign of each severity in it, so that none is told by colour alone.
_BUBBLE = "0.25 0.25 0.25 RG 0.8 w 1 5 m 1 17 l 17 17 l 17 5 l 9 5 l 5 1 l 5 5 l h B\n0.1 0.1 0.1 RG 1.6 w 1 J\n"
_SIGNS: Mapping[Severity, str] = {
    "error": "6 8 m 12 14 l S 6 14 m 12 8 l S",
    "warning": "9 15 m 9 10.5 l S 9 7.6 m 9 7.5 l S",
    "info": "2.4 w 9 11 m 9 11.1 l S",
}


def render(report: Report, sources: Mapping[str, bytes] | None = None) -> tuple[Rendered, ...]:
    """An annotated copy of every PDF file of the report, with findings or without."""
    files = {path: papers for path, papers in say.by_file(report).items() if papers[0].format == "pdf"}
    if not files:
        raise WriteError(NO_PDF)
    when = datetime.now()
    names = say.report_names(report)
    outputs: list[Rendered] = []
    taken: set[str] = set()
    for path, papers in files.items():
        # What concerns the submission as a whole stands at the head of its first file.
        overall = () if outputs else tuple(_overall(report, papers[0], names))
        remarks = (*overall, *_remarks(report, papers, names))
        data = annotate(source_bytes(path, sources), papers, remarks, when)
        outputs.append(Rendered(copy_name(path, ".pdf", taken), data, path))
    return tuple(outputs)


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of `place` (offsets into `document`): on the words, or beside them where something is wanting.

    `place` is None where there is no such place; the note then stands at the head of the first page.
    """

    document: Document
    place: Span | None
    absent: bool
    severity: Severity
    lines: tuple[str, ...]
    name: str


def _remarks(report: Report, papers: Sequence[Document], names: Mapping[str, str]) -> Iterator[Remark]:
    for paper in papers:
        for finding in say.in_order(report.of(paper)):
            yield _remark(finding, paper, comment_lines(finding, names), heading_for(finding, report))


def _overall(report: Report, paper: Document, names: Mapping[str, str]) -> Iterator[Remark]:
    for finding in report.overall:
        yield _remark(finding, paper, ("（针对全部材料）", *comment_lines(finding, names)))


def _remark(finding: Finding, paper: Document, lines: tuple[str, ...], heading: Span | None = None) -> Remark:
    own = finding.document is paper
    place = heading or (finding.place if own else None)
    absent = not own or finding.span is None
    # Words of which nothing is printed (all of them left out of the page) are spoken of at the title.
    if place is not None and not any(_printed(paper, place)):
        place, absent = None, True
    return Remark(paper, place or paper.title, absent, finding.severity, lines, finding.fingerprint)


def annotate(data: bytes, papers: Sequence[Document], remarks: Sequence[Remark], when: datetime) -> bytes:
    """The PDF file `data` with an annotation for each remark; our own former ones are replaced."""
    name = say.file_names([papers[0].path])[papers[0].path]
    digest = hashlib.sha256(data).hexdigest()
    if any(paper.sha256 and paper.sha256 != digest for paper in papers):
        raise WriteError(CHANGED)
    try:
        frames = _Frames(data, papers)
        increment = Increment(data)
        book = _Book(increment, frames, when)
        if len(increment.reader.pages) != len(frames.plain):
            raise BrokenPdf
        for remark in remarks:
            book.take(remark)
        wanted = book.write()
        marked = increment.finish()
        _check(data, marked, wanted)
    except (BrokenPdf, PyPdfError, pdfium.PdfiumError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WriteError(UNWRITABLE.format(name=name)) from error
    return marked


# ---- places ---------------------------------------------------------------------------------------------------


class _Edges(NamedTuple):
    """A stretch of a printed line on a page, in points from the top left corner as it is shown."""

    left: float
    top: float
    right: float
    bottom: float


def _printed(document: Document, span: Span) -> Iterator[tuple[int, _Edges]]:
    """The stretches of lines on which `span` is printed, each with its page; white space at their ends is left out."""
    for box in document.places(say.clamp(document, span)):
        edges = _edges(document, box)
        if edges is not None:
            yield box.page, edges


def _edges(document: Document, box: Box) -> _Edges | None:
    filled = [at for at, letter in enumerate(document.text[box.start : box.end]) if not letter.isspace()]
    if not filled:
        return None
    first, last = filled[0], filled[-1] + 1
    left, right = min(box.lefts[first:last]), max(box.rights[first:last])
    return _Edges(left, box.top, max(right, left + 1), max(box.bottom, box.top + 1))


class _Frames:
    """How places as shown become places in the space of each page."""

    def __init__(self, data: bytes, papers: Sequence[Document]) -> None:
        samples: dict[int, list[tuple[str, _Edges]]] = defaultdict(list)
        for paper in papers:
            for box in paper.boxes:
                edges = _edges(paper, box)
                if edges is not None and len(samples[box.page]) < _SAMPLES:
                    samples[box.page].append((paper.text[box.start : box.end], edges))
        self.plain: list[Frame] = []
        self.sizes: list[tuple[float, float]] = []
        self._read: list[Frame] = []
        with PDFIUM:
            file = pdfium.PdfDocument(data)
            try:
                for number in range(len(file)):
                    self._page(file[number], samples.get(number, []))
            finally:
                file.close()

    def of(self, page: int) -> Frame:
        """The frame in which the text of a page was read."""
        return self._read[page]

    def _page(self, page: pdfium.PdfPage, samples: Sequence[tuple[str, _Edges]]) -> None:
        frame = Frame(page.get_rotation(), page.get_bbox())
        self.plain.append(frame)
        self.sizes.append(page.get_size())
        text = page.get_textpage()
        # A page that is laid on its side was turned for reading: its boxes are those of the turned page.
        turned = [frame, *(frame.turned(more) for more in (90, 270, 180))]
        hits = [_hits(text, it, samples) for it in turned]
        self._read.append(turned[hits.index(max(hits))])
        text.close()
        page.close()


def _hits(text: pdfium.PdfTextPage, frame: Frame, samples: Sequence[tuple[str, _Edges]]) -> int:
    """How many characters of the samples stand where they should if the page was read in this frame."""
    found = 0
    for words, edges in samples:
        left, bottom, right, top = _upright(frame, edges)
        there = text.get_text_bounded(left, bottom, right, top)
        found += (Counter(words) & Counter(there)).total()
    return found


def _corners(frame: Frame, edges: _Edges) -> list[tuple[float, float]]:
    """The corners in the space of the page: top left, top right, bottom left, bottom right as they are read."""
    return [frame.origin(x, y) for y in (edges.top, edges.bottom) for x in (edges.left, edges.right)]


def _upright(frame: Frame, edges: _Edges) -> tuple[float, float, float, float]:
    """Left, bottom, right and top edge in the space of the page."""
    xs, ys = zip(*_corners(frame, edges), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


# ---- annotations ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Book:
    """The annotations of one file as they are made, page by page."""

    increment: Increment
    frames: _Frames
    when: datetime
    _pages: dict[int, list[IndirectObject]] = field(default_factory=lambda: defaultdict(list))
    _contents: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _noted: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    _number: int = 0

    def take(self, remark: Remark) -> None:
        """Make the annotations for one remark: a note, or one highlight for each page its words stand on."""
        found: dict[int, list[_Edges]] = defaultdict(list)
        for page, edges in () if remark.place is None else _printed(remark.document, remark.place):
            found[page].append(edges)
        if not found or remark.absent:
            page, places = next(iter(found.items()), (0, []))
            self._note(remark, page, places[0].top if places else _MARGIN)
            return
        for number, (page, places) in enumerate(found.items()):
            lines = remark.lines if number == 0 else ("（接上页）", *remark.lines)
            self._highlight(remark, page, places, lines)

    def _highlight(self, remark: Remark, page: int, places: Sequence[_Edges], lines: Sequence[str]) -> None:
        frame = self.frames.of(page)
        quads = [_corners(frame, edges) for edges in places]
        red, green, blue = _COLOURS[remark.severity]
        drawn = "".join(_outline(quad) for quad in quads)
        # Multiplied with what is below it: the words stay as black as they are.
        state = _dictionary({"/BM": NameObject("/Multiply"), "/Type": NameObject("/ExtGState")})
        resources = _dictionary({"/ExtGState": _dictionary({"/G": state})})
        rect = _around(quads)
        look = self._form(f"/G gs {red} {green} {blue} rg\n{drawn}", rect, resources)
        look[NameObject("/Group")] = _dictionary({"/S": NameObject("/Transparency"), "/Type": NameObject("/Group")})
        points = _numbers(value for quad in quads for point in quad for value in point)
        self._add(page, "/Highlight", remark, lines, rect, look, {"/QuadPoints": points})

    def _note(self, remark: Remark, page: int, top: float) -> None:
        # A note is shown upright however the page is turned: it hangs on the upper left corner of its rectangle.
        x, y = self.frames.of(page).origin(*self._free(page, top))
        red, green, blue = _COLOURS[remark.severity]
        square = (0.0, 0.0, _NOTE, _NOTE)
        look = self._form(f"{red} {green} {blue} rg {_BUBBLE}{_SIGNS[remark.severity]}", square, _dictionary({}))
        entries = {"/Name": NameObject("/Comment"), "/F": NumberObject(_PRINTED | _UPRIGHT)}
        self._add(page, "/Text", remark, remark.lines, (x, y - _NOTE, x + _NOTE, y), look, entries)

    def _free(self, page: int, top: float) -> tuple[float, float]:
        """Room for a note in the right margin, beside or below `top`; further columns follow to the left."""
        width, height = self.frames.sizes[page]
        if (self.frames.of(page).turn - self.frames.plain[page].turn) % 180:
            width, height = height, width
        top = min(max(top, _NOTE + _MARGIN), max(height - _NOTE - _MARGIN, 0))
        left, down = width - _NOTE - _MARGIN, top
        while any(abs(x - left) < _NOTE and abs(y - down) < _NOTE for x, y in self._noted[page]):
            down += _NOTE + _GAP
            if down + _NOTE > height and left > _NOTE:
                left, down = left - _NOTE - _GAP, top
            elif down + _NOTE > height:
                break
        self._noted[page].append((left, down))
        return max(left, 0.0), down

    def _form(self, content: str, box: tuple[float, float, float, float], resources: DictionaryObject) -> StreamObject:
        form = StreamObject()
        form[NameObject("/Type")] = NameObject("/XObject")
        form[NameObject("/Subtype")] = NameObject("/Form")
        form[NameObject("/BBox")] = _numbers(box)
        form[NameObject("/Resources")] = resources
        form.set_data(content.encode("ascii"))
        return form

    def _add(
        self,
        page: int,
        kind: str,
        remark: Remark,
        lines: Sequence[str],
        rect: tuple[float, float, float, float],
        look: StreamObject,
        more: Mapping[str, PdfObject],
    ) -> None:
        self._number += 1
        contents = "\n".join(say.visible(line) for line in lines)
        date = TextStringObject(self.when.strftime("D:%Y%m%d%H%M%S"))
        own = self.increment.reader.pages[page].indirect_reference
        if own is None:
            raise BrokenPdf
        annotation = _dictionary(
            {
                "/Type": NameObject("/Annot"),
                "/Subtype": NameObject(kind),
                "/Rect": _numbers(rect),
                "/Contents": TextStringObject(contents),
                "/T": TextStringObject(AUTHOR),
                "/Subj": TextStringObject(SEVERITY_NAMES[remark.severity]),
                "/NM": TextStringObject(f"{_MARK}{remark.name}-{self._number}"),
                "/M": date,
                "/CreationDate": date,
                "/F": NumberObject(_PRINTED),
                "/C": _numbers(_COLOURS[remark.severity]),
                "/P": IndirectObject(own.idnum, own.generation, self.increment.reader),
                "/AP": _dictionary({"/N": self.increment.add(look)}),
                **more,
            }
        )
        self._pages[page].append(self.increment.add(annotation))
        self._contents[page].append(contents)

    def write(self) -> list[_Wanted]:
        """Hang the annotations on their pages; return what each page has to hold."""
        return [self._hang(number) for number in range(len(self.increment.reader.pages))]

    def _hang(self, number: int) -> _Wanted:
        page = self.increment.reader.pages[number]
        before = _annotations(page)
        own = {id(item) for item in before if _is_own(item)}
        # The window that a program made for one of our notes goes with it.
        ours = {_key(item) for item in before if id(item) in own}
        kept = [it for it in before if id(it) not in own and _key(_entry(it, "/Parent")) not in ours - {None}]
        new = self._pages.get(number, [])
        if new or len(kept) < len(before):
            self._replace(page, ArrayObject([*kept, *new]))
        return _Wanted(len(kept) + len(new), tuple(self._contents.get(number, ())))

    def _replace(self, page: DictionaryObject, annotations: ArrayObject) -> None:
        held = page.raw_get("/Annots") if "/Annots" in page else None
        if isinstance(held, IndirectObject) and isinstance(held.get_object(), ArrayObject):
            self.increment.replace(held, annotations)
            return
        own = page.indirect_reference
        if own is None:
            raise BrokenPdf
        changed = DictionaryObject()
        for key in page:
            changed[NameObject(key)] = page.raw_get(key)
        changed[NameObject("/Annots")] = annotations
        self.increment.replace(own, changed)


def _annotations(page: DictionaryObject) -> list[PdfObject]:
    """The annotations of a page as they stand there: most often references."""
    held = page.get("/Annots")
    held = held.get_object() if held is not None else None
    # Not by iteration over what they refer to: the references themselves are to be written again.
    return list(held) if isinstance(held, ArrayObject) else []


def _key(item: object) -> tuple[int, int] | None:
    return (item.idnum, item.generation) if isinstance(item, IndirectObject) else None


def _entry(item: PdfObject, key: str) -> object:
    held = item.get_object()
    return held.raw_get(key) if isinstance(held, DictionaryObject) and key in held else None


def _is_own(item: PdfObject) -> bool:
    held = item.get_object()
    if not isinstance(held, DictionaryObject):
        return False
    return str(held.get("/T")) == AUTHOR and str(held.get("/NM", "")).startswith(_MARK)


def _dictionary(entries: Mapping[str, PdfObject]) -> DictionaryObject:
    return DictionaryObject({NameObject(key): value for key, value in entries.items()})


def _numbers(values: Iterator[float] | Sequence[float]) -> ArrayObject:
    return ArrayObject(FloatObject(round(value, 3)) for value in values)


def _outline(quad: Sequence[tuple[float, float]]) -> str:
    """Fill a quadrilateral; its corners come row by row."""
    around = [quad[at] for at in (0, 1, 3, 2)]
    steps = [f"{x:.3f} {y:.3f} {'l' if at else 'm'}" for at, (x, y) in enumerate(around)]
    return " ".join(steps) + " h f\n"


def _around(quads: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float, float, float]:
    xs, ys = zip(*(point for quad in quads for point in quad), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


# ---- checks ---------------------------------------------------------------------------------------------------


class _Wanted(NamedTuple):
    """What one page of the copy has to hold: how many annotations in all, and what ours say."""

    annotations: int
    contents: tuple[str, ...]


def _check(data: bytes, marked: bytes, wanted: Sequence[_Wanted]) -> None:
    """Read the copy back with both libraries; BrokenPdf unless it is the paper with the annotations and no more."""
    if not marked.startswith(data) or _pages(marked) != _pages(data):
        raise BrokenPdf
    reader: PdfReader = open_reader(marked)
    if len(reader.pages) != len(wanted):
        raise BrokenPdf
    for page, own in zip(reader.pages, wanted, strict=True):
        found = _annotations(page)
        contents = [str(_entry(item, "/Contents")) for item in found if _is_own(item)]
        if len(found) != own.annotations or contents != list(own.contents):
            raise BrokenPdf


def _pages(data: bytes) -> list[tuple[object, ...]]:
    """Size, turn and text of each page."""
    with PDFIUM:
        file = pdfium.PdfDocument(data)
        try:
            return [_shown(file[number]) for number in range(len(file))]
        finally:
            file.close()


def _shown(page: pdfium.PdfPage) -> tuple[object, ...]:
    text = page.get_textpage()
    try:
        return page.get_size(), page.get_rotation(), page.get_bbox(), text.get_text_range()
    finally:
        text.close()
        page.close()
