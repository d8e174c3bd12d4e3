"""The annotated PDF: highlights on exactly the words, notes beside the title, and the paper's own bytes untouched."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pdfplumber
import pypdfium2 as pdfium
import pytest
import sample_report
from build_pdf import encrypted, one_page, pdf, stream
from build_pdf import text as shown
from build_scan import Fake, Scan, running, sight
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject

from checker.document import Document, Submission
from checker.errors import WriteError
from checker.hallmark import AUTHOR
from checker.readers import read, scans
from checker.render.pdf import NO_PDF, render
from checker.report import Finding, Report

WORDS = "finished early"
LINES = ("Annual report", "The plan was finished early this year", "Nothing else is known")


def page(turn: int = 0, crop: str = "", drawn: int | None = None, page: str = "") -> list[bytes | str]:
    """One page shown turned by `turn`, with three lines drawn so that they are level when it is turned by `drawn`."""
    matrix = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}[turn if drawn is None else drawn]
    x, y = {0: (72, 700), 90: (150, 72), 180: (500, 150), 270: (450, 700)}[turn if drawn is None else drawn]
    content = f"q {matrix} {x} {y} cm " + "".join(shown(line, 0, -30 * at) for at, line in enumerate(LINES)) + "Q"
    box = f"/CropBox [{crop}]" if crop else ""
    return one_page(content, f"/Rotate {turn} {box} {page}")


def locked(algorithm: str) -> bytes:
    """A file that opens without a password and is encrypted all the same."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf(page())))
    writer.encrypt("", "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def packed() -> bytes:
    """A file whose table of places is a stream."""
    source = pdf(page())
    table = source.rindex(b"xref\n0")
    places = [int(line[:10]) for line in source[table:].split(b"\n")[2:8]]
    rows = b"".join(bytes([int(at > 0)]) + at.to_bytes(4, "big") + b"\0" for at in [*places, table])
    entries = f"<< /Type /XRef /Size 7 /Root 1 0 R /W [1 4 1] /Length {len(rows)} >>\nstream\n"
    tail = f"\nendstream\nendobj\nstartxref\n{table}\n%%EOF\n"
    return source[:table] + b"6 0 obj\n" + entries.encode() + rows + tail.encode()


FILES: Mapping[str, bytes] = {
    "as usual": pdf(page()),
    "turned right": pdf(page(90)),
    "upside down": pdf(page(180)),
    "turned left": pdf(page(270)),
    "cropped": pdf(page(crop="40 300 560 800")),
    "turned and cropped": pdf(page(90, crop="40 30 460 700")),
    "upside down and cropped": pdf(page(180, crop="40 30 560 400")),
    "turned left and cropped": pdf(page(270, crop="40 30 560 800")),
    "a page that lies on its side": pdf(page(0, drawn=90)),
    "a turned page that lies on its side": pdf(page(90, drawn=0)),
    "a table of places in a stream": packed(),
    "encrypted with RC4": encrypted("".join(shown(line, 72, 700 - 30 * at) for at, line in enumerate(LINES)), b""),
    "encrypted with AES-128": locked("AES-128"),
    "encrypted with AES-256": locked("AES-256"),
    "no line end at the end": pdf(page()).rstrip(),
    "a place that is wrong": pdf(page()).replace(b"startxref\n", b"startxref\n9"),
    "something before the head": b"mail header\n" + pdf(page()),
    "annotations in the page": pdf(page(page="/Annots [<< /Type /Annot /Subtype /Text /Rect [9 9 20 20] >>]")),
    "annotations in a list of their own": pdf(
        [*page(page="/Annots 6 0 R"), "[7 0 R]", "<< /Type /Annot /Subtype /Text /Rect [9 9 20 20] /T (Somebody) >>"]
    ),
}


def report(*findings: Finding, document: Document) -> Report:
    return Report(Submission((document,)), sample_report.NOTICE, findings, (), ())


def on_words(document: Document, words: str = WORDS, severity: Any = "error") -> Finding:
    return sample_report.finding("placeholder", severity, "占位文字没有替换", document, words, suggestion="写明。")


def absent(document: Document) -> Finding:
    return sample_report.finding("summary-topics", "warning", "没有写到“双拥”", document, at_=document.title)


def annotated(data: bytes, *, findings: bool = True) -> tuple[Document, bytes]:
    """The file as read, and the copy with one finding on words and two on something absent."""
    document = read("paper.pdf", data)
    found = (on_words(document), absent(document), absent(document)) if findings else ()
    (output,) = render(report(*found, document=document), {"paper.pdf": data})
    assert output.name == "paper（审查批注）.pdf"
    return document, output.data


def annotations(data: bytes, number: int = 0) -> list[DictionaryObject]:
    """Our annotations on a page, read with pypdf."""
    return [it for it in every_annotation(data, number) if it.get("/T") == AUTHOR]


def every_annotation(data: bytes, number: int = 0) -> list[DictionaryObject]:
    """All annotations on a page, read with pypdf."""
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        reader.decrypt("")
    held: Any = reader.pages[number].get("/Annots", ArrayObject())
    return [entry.get_object() for entry in held.get_object()]


def highlighted(data: bytes, number: int = 0) -> Iterator[str]:
    """The words below each highlight, as PDFium finds them there."""
    file = pdfium.PdfDocument(data)
    text = file[number].get_textpage()
    for annotation in annotations(data, number):
        if annotation["/Subtype"] == "/Highlight":
            points = [float(value) for value in annotation["/QuadPoints"]]
            quads = [points[at : at + 8] for at in range(0, len(points), 8)]
            yield "".join(
                text.get_text_bounded(min(quad[0::2]) + 0.5, min(quad[1::2]), max(quad[0::2]) - 0.5, max(quad[1::2]))
                for quad in quads
            )
    text.close()
    file.close()


@pytest.mark.parametrize("name", FILES)
def test_highlights_lie_on_exactly_the_words(name: str) -> None:
    """However the page is turned, cropped, packed or locked, PDFium finds the words and no others below the quads."""
    _, marked = annotated(FILES[name])
    assert [words.strip() for words in highlighted(marked)] == [WORDS]


def test_another_library_reads_the_same_text_and_our_notes() -> None:
    """Read back with pdfplumber, the copy has the text of the original, and a highlight by our name."""
    original = pdf(page())
    _, copy = annotated(original)
    with pdfplumber.open(io.BytesIO(original)) as before, pdfplumber.open(io.BytesIO(copy)) as after:
        assert after.pages[0].extract_text() == before.pages[0].extract_text()
        titles = {annotation.get("title") for annotation in after.pages[0].annots}
    assert titles == {AUTHOR}


@pytest.mark.parametrize("name", FILES)
def test_the_original_is_untouched(name: str) -> None:
    """The bytes handed in are the beginning of the copy, and it reads as the same paper with the same boxes."""
    document, marked = annotated(FILES[name])
    assert marked.startswith(FILES[name])
    again = read("paper.pdf", marked)
    assert (again.text, again.boxes) == (document.text, document.boxes)


@pytest.mark.parametrize("name", FILES)
def test_a_copy_can_be_checked_and_annotated_again(name: str) -> None:
    """Our former notes go, other people's stay, and there are as many of ours as before."""
    _, marked = annotated(FILES[name])
    _, twice = annotated(marked)
    assert len(annotations(twice)) == len(annotations(marked)) == 3
    _, cleared = annotated(marked, findings=False)
    assert annotations(cleared) == []
    others = [it["/Subtype"] for it in every_annotation(twice) if it.get("/T") != AUTHOR]
    assert others == (["/Text"] if name.startswith("annotations") else [])


def test_notes_say_severity_clause_message_and_suggestion() -> None:
    """What pypdf reads back is the whole finding, signed, and never a control character."""
    document = read("paper.pdf", FILES["as usual"])
    bad = sample_report.finding("placeholder", "error", "坏\x07\u202e字", document, "plan", suggestion="换掉。")
    (output,) = render(report(bad, document=document), {"paper.pdf": FILES["as usual"]})
    (note,) = annotations(output.data)
    assert note["/Contents"].splitlines()[:2] == ["【错误｜四】坏\ufffd\ufffd字", "建议：换掉。"]
    assert (note["/T"], note["/Subj"]) == (AUTHOR, "错误")


@pytest.mark.parametrize("name", [name for name in FILES if "side" not in name])
def test_notes_on_what_is_absent_stand_beside_the_title(name: str) -> None:
    """Each is inside the page as shown, on no words, level with the title or below, and on no other note."""
    _, marked = annotated(FILES[name])
    file = pdfium.PdfDocument(marked)
    text = file[0].get_textpage()
    left, bottom, right, top = file[0].get_bbox()
    rects = [[float(it) for it in note["/Rect"]] for note in annotations(marked) if note["/Subtype"] == "/Text"]
    assert len(rects) == 2
    for x0, y0, x1, y1 in rects:
        assert left <= x0 < x1 <= right
        assert bottom <= y0 < y1 <= top
        assert not text.get_text_bounded(x0, y0, x1, y1).strip()
    (a, b, c, d), (e, f, g, h) = rects
    assert a >= g or e >= c or b >= h or f >= d
    text.close()
    file.close()


def test_words_on_two_pages_are_highlighted_on_both() -> None:
    """A finding that runs over the end of a page has a highlight on each, and the second says so."""
    objects = one_page(shown("one two", 72, 100))
    objects[1] = "<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>"
    resources = "/Resources << /Font << /F1 5 0 R >> >>"
    objects += [
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 7 0 R {resources} >>",
        stream(shown("three four", 72, 700)),
    ]
    data = pdf(objects)
    document = read("paper.pdf", data)
    start, end = document.text.index("two"), document.text.index("three") + 5
    (output,) = render(report(on_words(document, document.text[start:end]), document=document), {"paper.pdf": data})
    found = [[words.strip() for words in highlighted(output.data, number)] for number in (0, 1)]
    assert found == [["two"], ["three"]]
    assert annotations(output.data, 1)[0]["/Contents"].startswith("（接上页）")


def test_the_copy_looks_the_same_but_for_the_highlight() -> None:
    """Drawn by PDFium, the words are as dark as before and what is around them is coloured."""
    _, marked = annotated(FILES["as usual"])
    before, after = (_drawn(data) for data in (FILES["as usual"], marked))
    (note,) = [it for it in annotations(marked) if it["/Subtype"] == "/Highlight"]
    x0, y0, x1, y1 = (float(it) for it in note["/Rect"])
    inside = [(x, y) for y in range(int(842 - y1) + 1, int(842 - y0)) for x in range(int(x0) + 1, int(x1))]
    assert all(sum(after[y][x]) <= sum(before[y][x]) for x, y in inside)
    assert min(max(after[y][x]) for x, y in inside) < 40
    assert sum(after[y][x] != before[y][x] for x, y in inside) > len(inside) * 0.6
    line = range(int(842 - y1) + 1, int(842 - y0))
    assert all(after[y][x] == before[y][x] for y in line for x in range(int(x0) - 1))


def _drawn(data: bytes) -> list[list[tuple[int, ...]]]:
    file = pdfium.PdfDocument(data)
    bitmap = file[0].render()
    flat, each = bytes(bitmap.buffer), bitmap.stride
    rows = [flat[y * each : (y + 1) * each] for y in range(bitmap.height)]
    return [[tuple(row[at : at + 3]) for at in range(0, bitmap.width * 3, 3)] for row in rows]


def test_recognised_pages_are_annotated_by_their_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a scan the highlight lies where the words were seen."""
    words = "全年完成投资十二亿元" * 4
    fake = Fake(sight(running(words)))
    monkeypatch.setattr(scans, "recogniser", lambda: fake)
    data = Scan().picture().data()
    document = read("scan.pdf", data)
    assert document.reading.recognised == (0,)
    (output,) = render(report(on_words(document, "投资"), document=document), {"scan.pdf": data})
    (note,) = annotations(output.data)
    (box,) = document.places(sample_report.at(document, "投资"))
    rect = [float(it) for it in note["/Rect"]]
    assert rect == pytest.approx([box.lefts[0], 842 - box.bottom, box.rights[-1], 842 - box.top], abs=0.01)
    # The recogniser was not asked again: a scan is read once.
    assert fake.asked == 1


def test_without_a_pdf_a_sentence_says_so() -> None:
    """A submission of Word files is refused with a way out; beside Word files only the PDFs are annotated."""
    word = read("paper.txt", "工作总结\n全年完成投资。".encode())
    with pytest.raises(WriteError, match="没有 PDF 文件") as caught:
        render(report(document=word), {})
    assert caught.value.message == NO_PDF
    document = read("paper.pdf", FILES["as usual"])
    both = Report(Submission((word, document)), sample_report.NOTICE, (absent(document),), (), ())
    assert [output.source for output in render(both, {"paper.pdf": FILES["as usual"]})] == ["paper.pdf"]


def test_a_file_changed_since_the_check_is_refused() -> None:
    """Places of another file are good for nothing."""
    document = read("paper.pdf", FILES["as usual"])
    with pytest.raises(WriteError, match="重新检查"):
        render(report(document=document), {"paper.pdf": FILES["turned right"]})


def test_findings_on_the_whole_submission_stand_at_the_head_of_the_first_pdf() -> None:
    """One note, which says that it is about all papers."""
    data = FILES["as usual"]
    document = read("paper.pdf", data)
    whole = sample_report.finding("lists-present", "error", "缺少建议清单")
    (output,) = render(report(whole, document=document), {"paper.pdf": data})
    (note,) = annotations(output.data)
    assert (note["/Subtype"], note["/Contents"].splitlines()[0]) == ("/Text", "（针对全部材料）")
