"""PDF: pages to paragraphs, headers and tables, what is refused, and the same paper printed from Word."""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from build_pdf import encrypted, many_pages, one_page, pdf, stream
from build_pdf import text as shown

from checker.document import Document, Span
from checker.errors import ReadError
from checker.language.count import count_words
from checker.readers import Limits, read, read_path
from checker.readers.layout import is_page_number
from checker.readers.pdf_unicode import normalised

SAMPLES = Path(__file__).parents[1] / "corpus_samples"


class Paper:
    """A small PDF made of text at given places, for what a printed sample cannot show."""

    def __init__(self) -> None:
        self.file = pdfium.PdfDocument.new()
        self.page = self.file.new_page(595, 842)

    def new_page(self) -> None:
        self.page.gen_content()
        self.page = self.file.new_page(595, 842)

    def text(self, words: str, x: float, top: float, size: float = 12, font: bytes = b"Helvetica") -> None:
        target = raw.FPDFPageObj_NewTextObj(self.file, font, size)
        units = (words + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(target, ctypes.cast(ctypes.create_string_buffer(units), raw.FPDF_WIDESTRING))
        raw.FPDFPageObj_Transform(target, 1, 0, 0, 1, x, 842 - top)
        raw.FPDFPage_InsertObject(self.page, target)
        self.last = target

    def letters(self, words: str, x: float, top: float, step: float, size: float = 12) -> None:
        """Each character in an object of its own."""
        for number, character in enumerate(words):
            self.text(character, x + number * step, top, size)

    def picture(self) -> None:
        """A picture over the whole page."""
        image = pdfium.PdfImage.new(self.file)
        image.set_bitmap(pdfium.PdfBitmap.new_native(60, 80, raw.FPDFBitmap_BGR))
        image.set_matrix(pdfium.PdfMatrix().scale(595, 842))
        self.page.insert_obj(image)

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """The lines of a table."""
        for top in ys:
            self.line(xs[0], top, xs[-1], top)
        for x in xs:
            self.line(x, ys[0], x, ys[-1])

    def hide(self) -> None:
        """Make the last text invisible, as recognised text over a scan is."""
        raw.FPDFTextObj_SetTextRenderMode(self.last, raw.FPDF_TEXTRENDERMODE_INVISIBLE)

    def turn(self) -> None:
        """Turn the last text so that it runs upwards."""
        raw.FPDFPageObj_Transform(self.last, 0, 1, -1, 0, 300, 100)

    def line(self, x0: float, top: float, x1: float, bottom: float) -> None:
        target = raw.FPDFPageObj_CreateNewPath(x0, 842 - top)
        raw.FPDFPath_LineTo(target, x1, 842 - bottom)
        raw.FPDFPath_SetDrawMode(target, raw.FPDF_FILLMODE_NONE, True)
        raw.FPDFPage_InsertObject(self.page, target)

    def read(self, limits: Limits | None = None) -> Document:
        self.page.gen_content()
        out = io.BytesIO()
        self.file.save(out)
        return read("a.pdf", out.getvalue(), limits or Limits())


def paragraphs(document: Document) -> list[str]:
    return [document.slice(block.span) for block in document.blocks]


def notes(document: Document) -> dict[str, int]:
    return {note.what: note.count for note in (*document.reading.read, *document.reading.not_read)}


def test_words_lines_and_boxes() -> None:
    paper = Paper()
    paper.text("First words of a line that is long", 72, 100)
    paper.text("and its second line", 72, 116)
    document = paper.read()
    assert document.format == "pdf"
    assert "First words of a line that is long" in document.text
    (box, *_) = document.places(Span(0, 5))
    assert (box.page, document.page(Span(0, 5))) == (0, 1)
    assert box.lefts[0] == pytest.approx(72, abs=2)
    assert box.top < 100 < box.bottom
    assert all(len(box.lefts) == len(box.rights) == box.end - box.start for box in document.boxes)


def test_page_numbers_and_running_headers_are_left_out() -> None:
    paper = Paper()
    for number in (1, 2, 3):
        if number > 1:
            paper.new_page()
        paper.text("Running header", 250, 40, 9)
        paper.text(f"Text of page {number}", 72, 300)
        paper.text(f"- {number} -", 290, 800, 10)
    document = paper.read()
    assert paragraphs(document) == ["Text of page 1", "Text of page 2", "Text of page 3"]
    assert notes(document)["headers-footers"] == 6


def test_a_header_on_a_single_page() -> None:
    paper = Paper()
    paper.text("Header", 250, 40, 9)
    paper.text("The text", 72, 110, 16)
    assert paragraphs(paper.read()) == ["The text"]


def test_tables_are_cells() -> None:
    paper = Paper()
    for top in (100, 130, 160):
        paper.line(72, top, 400, top)
    for x in (72, 200, 400):
        paper.line(x, 100, x, 160)
    for row, words in enumerate((("A", "B"), ("C", "D"))):
        for column, word in enumerate(words):
            paper.text(word, (80, 210)[column], 120 + row * 30)
    document = paper.read()
    found = [(document.slice(block.span), block.cell) for block in document.blocks]
    assert found == [("A", (0, 0, 0)), ("B", (0, 0, 1)), ("C", (0, 1, 0)), ("D", (0, 1, 1))]
    assert notes(document)["tables"] == 1


def test_two_columns_are_read_one_after_the_other() -> None:
    paper = Paper()
    for row in range(10):
        paper.text(f"left column text {row} goes on here and further", 60, 100 + row * 15)
        paper.text(f"right column text {row} goes on", 320, 100 + row * 15)
    text = paper.read().text
    assert text.index("left column text 9") < text.index("right column text 0")


def test_text_on_a_page_laid_on_its_side() -> None:
    paper = Paper()
    paper.text("Upright", 100, 100)
    paper.page.set_rotation(90)
    document = paper.read()
    assert notes(document).get("turned", 0) == 0
    assert document.text == "Upright"


def test_text_drawn_character_by_character() -> None:
    """Programs draw a line in as many objects as they like; the text is the same, typed spaces and all."""
    paper = Paper()
    paper.letters("WORDS DRAWN ONE BY ONE", 72, 100, 10, 14)
    assert paper.read().text == "WORDS DRAWN ONE BY ONE"


def test_raised_marks_stay_in_their_line_and_no_line_is_lost() -> None:
    paper = Paper()
    paper.text("The mark", 72, 100)
    paper.text("1", 122, 96, 7)
    paper.text("stands in the first line", 130, 100)
    paper.text("and this is the second line", 72, 118)
    text = paper.read().text
    assert text.count("1") == 1
    assert "first line" in text and "second line" in text


def test_footnotes_stand_at_the_end() -> None:
    """Below a short rule, in smaller type; neither their marks in the text nor the page number belong to them."""
    paper = Paper()
    paper.text("A line of the text with a mark", 72, 300, 16)
    paper.text("1", 300, 293, 9)
    paper.text("Another line of the text, on the first page only", 72, 330, 16)
    paper.line(72, 700, 216, 700)
    paper.text("1 What the note says", 72, 715, 9)
    paper.text("- 1 -", 290, 770, 12)
    paper.new_page()
    paper.text("The text of the second page", 72, 300, 16)
    paper.text("- 2 -", 290, 770, 12)
    document = paper.read()
    notes_ = [(block.label, document.slice(block.span)) for block in document.blocks if block.kind == "footnote"]
    assert notes_ == [("1", "What the note says")]
    assert document.slice(document.blocks[-1].span) == "What the note says"
    assert "mark1" not in document.text.replace(" ", "")
    assert notes(document)["headers-footers"] == 2


def test_columns_beside_and_around_a_table() -> None:
    paper = Paper()
    for row in range(9):
        paper.text(f"left column text {row} goes on here and further", 60, 100 + row * 15)
    paper.grid((60, 160, 280), (250, 270, 290))
    paper.text("cell A", 64, 264)
    paper.text("below the table in the left column", 60, 310)
    for row in range(14):
        paper.text(f"right column text {row} goes on here", 320, 100 + row * 15)
    document = paper.read()
    text = document.text
    wanted = ["left column text 8", "cell A", "below the table", "right column text 0", "right column text 13"]
    places = [text.index(words) for words in wanted]
    assert places == sorted(places)


def test_a_table_that_is_open_at_the_sides() -> None:
    paper = Paper()
    for top in (100, 130, 160):
        paper.line(72, top, 400, top)
    paper.line(200, 100, 200, 160)
    for row, words in enumerate((("A", "B"), ("C", "D"))):
        for column, word in enumerate(words):
            paper.text(word, (80, 210)[column], 120 + row * 30)
    document = paper.read()
    found = [(document.slice(block.span), block.cell) for block in document.blocks]
    assert found == [("A", (0, 0, 0)), ("B", (0, 0, 1)), ("C", (0, 1, 0)), ("D", (0, 1, 1))]


def test_a_row_that_a_page_end_parts_is_one_row() -> None:
    """The cells go on on the next page below the repeated head; the number of the row is not repeated."""
    paper = Paper()
    xs = (72, 110, 400)
    paper.text("Text above the table", 72, 100)
    paper.grid(xs, (640, 660, 690))
    paper.text("No", 76, 655)
    paper.text("Head", 114, 655)
    paper.text("1", 76, 675)
    paper.text("A cell with words enough to come to the very end of it", 114, 675)
    paper.new_page()
    paper.grid(xs, (80, 100, 120, 140))
    paper.text("No", 76, 95)
    paper.text("Head", 114, 95)
    paper.text("and to go on", 114, 115)
    paper.text("2", 76, 135)
    paper.text("Next", 114, 135)
    document = paper.read()
    cells = [(block.cell, document.slice(block.span)) for block in document.blocks if block.cell is not None]
    assert cells[2:] == [
        ((0, 1, 0), "1"),
        ((0, 1, 1), "A cell with words enough to come to the very end of it and to go on"),
        ((0, 2, 0), "2"),
        ((0, 2, 1), "Next"),
    ]
    assert notes(document)["repeated-heads"] == 1


def test_a_title_may_fill_its_first_row() -> None:
    paper = Paper()
    paper.text("A TITLE THAT FILLS ITS ROW FROM ONE", 76, 80, 19)
    paper.text("EDGE TO THE OTHER", 162, 106, 19)
    for row in range(8):
        paper.text("text of the paper, long enough to show how wide its rows are set on this", 72, 160 + row * 20)
    document = paper.read()
    head = document.blocks[0]
    assert (head.kind, document.slice(head.span)) == ("title", "A TITLE THAT FILLS ITS ROW FROM ONE EDGE TO THE OTHER")


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "— 3 —",
        "-3-",
        "第 3 页 共 8 页",
        "第3页/共8页",
        "第 3 页，共 8 页",
        "共8页 第3页",
        "Page 3 of 8",
        "3/8",
        "～3～",
        "iv",
    ],
)
def test_page_numbers(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["3月", "2020年", "3.5", "12 人", "共3人", "第三部分", "3，"])
def test_what_is_no_page_number(text: str) -> None:
    assert not is_page_number(text)


def test_struck_out_text_is_told() -> None:
    """A print shows revisions that were not accepted; what is deleted cannot be told from what is only struck out."""
    paper = Paper()
    paper.text("kept words", 72, 100)
    paper.text("deleted words", 72, 130)
    paper.line(72, 126, 150, 126)
    paper.text("underlined words", 72, 160)
    paper.line(72, 162, 160, 162)
    document = paper.read()
    assert "deleted words" in document.text
    assert notes(document)["struck"] == 1


def test_text_outside_the_page_is_left_out() -> None:
    paper = Paper()
    paper.text("on the page", 72, 100)
    paper.text("off the page", 700, 100)
    document = paper.read()
    assert document.text == "on the page"
    assert notes(document)["outside"] == 1


def test_white_text_is_text() -> None:
    """Word counts it, whatever its colour."""
    paper = Paper()
    paper.text("white words", 72, 100)
    raw.FPDFPageObj_SetFillColor(paper.last, 255, 255, 255, 255)
    assert paper.read().text == "white words"


def test_hidden_text_is_told() -> None:
    paper = Paper()
    paper.text("shown", 72, 100)
    paper.text("a longer text that is not shown", 72, 130)
    paper.hide()
    document = paper.read()
    assert document.text == "shown"
    assert notes(document)["invisible"] == 1


def test_recognised_text_over_a_scan_is_read() -> None:
    """Also where the program that scanned has printed a line of its own."""
    paper = Paper()
    paper.picture()
    paper.text("text that was recognised in the picture of a page", 72, 100)
    paper.hide()
    paper.text("Made by a scanning program", 72, 800)
    document = paper.read()
    assert "text that was recognised" in document.text
    assert notes(document)["recognised"] == 1


def test_most_of_the_text_tells_how_a_page_lies() -> None:
    """A wide table is printed on its side; the page number stays upright, or a watermark lies across."""
    paper = Paper()
    paper.text("Words of a page that is laid on its side", 0, 842)
    paper.turn()
    paper.text("- 1 -", 290, 800)
    document = paper.read()
    assert document.text == "Words of a page that is laid on its side"
    assert notes(document)["turned"] == 1


def test_numbers_of_tagged_lists_are_automatic() -> None:
    """Word writes tags: a number in an item of a list is automatic, one in a plain paragraph is typed."""
    content = (
        "/LBody << /MCID 0 >> BDC\n" + shown("1. first item", 72, 700) + "EMC\n"
        "/P << /MCID 1 >> BDC\n" + shown("1. typed number", 72, 680) + "EMC\n"
    )
    tree = [
        "<< /Type /StructTreeRoot /K 7 0 R /ParentTree 12 0 R >>",
        "<< /Type /StructElem /S /Document /P 6 0 R /K [8 0 R 11 0 R] >>",
        "<< /Type /StructElem /S /L /P 7 0 R /K 9 0 R >>",
        "<< /Type /StructElem /S /LI /P 8 0 R /K 10 0 R >>",
        "<< /Type /StructElem /S /LBody /P 9 0 R /Pg 3 0 R /K 0 >>",
        "<< /Type /StructElem /S /P /P 7 0 R /Pg 3 0 R /K 1 >>",
        "<< /Nums [0 [10 0 R 11 0 R]] >>",
    ]
    marked = "/StructTreeRoot 6 0 R /MarkInfo << /Marked true >>"
    document = read("a.pdf", pdf(one_page(content, "/StructParents 0", marked, tree)))
    found = [(block.label, document.slice(block.span)) for block in document.blocks]
    assert found == [("1.", "first item"), ("", "1. typed number")]


def test_form_fields_are_text() -> None:
    """What a field shows is on the page; buttons and signatures are told, comments too."""
    widget = "/Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect"
    looks = stream(
        "/Tx BMC BT /F1 12 Tf 2 5 Td (filled in) Tj ET EMC",
        "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 5 0 R >> >>",
    )
    more = [
        f"<< {widget} [150 695 350 715] /FT /Tx /T (name) /V (filled in) /AP << /N 7 0 R >> >>",
        looks,
        f"<< {widget} [150 600 350 620] /FT /Sig /T (seal) >>",
        "<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (a comment) >>",
    ]
    form = "/AcroForm << /Fields [6 0 R 8 0 R] /DR << /Font << /F1 5 0 R >> >> /DA (/F1 12 Tf) >>"
    page = "/Annots [6 0 R 8 0 R 9 0 R]"
    document = read("a.pdf", pdf(one_page(shown("Name:", 72, 700), page, form, more)))
    assert document.text.split() == ["Name:", "filled", "in"]
    (box, *_) = document.places(Span(document.text.index("filled"), len(document.text)))
    assert box.lefts[0] == pytest.approx(152, abs=2)
    told = notes(document)
    assert (told["form-fields"], told["signatures"], told["annotations"]) == (1, 1, 1)


def test_comments_and_attachments_are_told() -> None:
    paper = Paper()
    paper.text("The text", 72, 100)
    raw.FPDFPage_CloseAnnot(raw.FPDFPage_CreateAnnot(paper.page, raw.FPDF_ANNOT_TEXT))
    name = ctypes.create_string_buffer("a.txt\0".encode("utf-16-le"))
    attachment = raw.FPDFDoc_AddAttachment(paper.file, ctypes.cast(name, raw.FPDF_WIDESTRING))
    raw.FPDFAttachment_SetFile(attachment, paper.file, b"content", 7)
    document = paper.read()
    assert document.text == "The text"
    assert (notes(document)["annotations"], notes(document)["attachments"]) == (1, 1)


def test_passwords() -> None:
    """A file that opens without a password is read, whatever its owner has forbidden; one that asks is refused."""
    assert read("a.pdf", encrypted(shown("open to all", 72, 700), b"")).text == "open to all"
    with pytest.raises(ReadError) as caught:
        read("a.pdf", encrypted(shown("closed", 72, 700), b"secret"))
    assert caught.value.code == "encrypted"


def test_a_wrong_table_of_objects_is_made_anew() -> None:
    """Wrong places are found again; a file that is cut off before its end is not, and is refused."""
    data = pdf(one_page(shown("still there", 72, 700)))
    assert read("a.pdf", data.replace(b"startxref\n", b"startxref\n9")).text == "still there"
    assert read("a.pdf", data.replace(b"\n0000000", b"\n0000999")).text == "still there"
    with pytest.raises(ReadError) as caught:
        read("a.pdf", data[: data.rindex(b"xref\n0")])
    assert caught.value.code == "bad-pdf"


def test_numbers_of_pages() -> None:
    """None at all, empty ones, and more than a paper has: told before any is read."""
    for count, code in ((0, "bad-pdf"), (3, "no-text"), (5000, "too-large")):
        with pytest.raises(ReadError) as caught:
            read("a.pdf", many_pages(count))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("glyphs", "typed"),
    [
        ("⼀⼈", "一人"),
        ("⻓⻅", "长见"),
        ("ﬁn", "fin"),
        ("\ufe35", "("),
        ("，！", "，！"),
        ("a\u00a0b", "a b"),
        ("\u00ad", ""),
    ],
)
def test_forms_of_characters(glyphs: str, typed: str) -> None:
    text, origins = normalised(glyphs)
    if typed == "(":
        assert text in ("(", "（")
    else:
        assert text == typed
    assert origins is None or len(origins) == len(text)


def test_no_text() -> None:
    with pytest.raises(ReadError) as caught:
        Paper().read()
    assert caught.value.code == "no-text"


def test_a_scan_has_no_text_layer() -> None:
    paper = Paper()
    paper.picture()
    with pytest.raises(ReadError) as caught:
        paper.read()
    assert caught.value.code == "no-text-layer"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4\n", b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>", b"%PDF-" + b"\x00" * 500]
)
def test_broken(data: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read("a.pdf", data)
    assert caught.value.code == "bad-pdf"


def test_limits() -> None:
    paper = Paper()
    paper.text("Text", 72, 100)
    paper.new_page()
    paper.text("Text", 72, 100)
    with pytest.raises(ReadError) as caught:
        paper.read(Limits(pages=1))
    assert caught.value.code == "too-large"
    with pytest.raises(ReadError) as caught:
        paper.read(Limits(objects=1))
    assert caught.value.code == "too-large"


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed: nothing to print with"
)
def test_a_printed_word_file_reads_the_same(tmp_path: Path) -> None:
    wanted = [
        SAMPLES / "clean-bureau" / "副局长（党外）述职述廉述学报告.docx",
        SAMPLES / "clean-county" / "领导班子工作总结.docx",
        SAMPLES / "clean-county" / "四个清单.docx",
        SAMPLES / "clean-bureau" / "工作总结（含四个清单）.docx",
        SAMPLES / "clean-zone" / "实绩清单.docx",
    ]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, wanted)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    for path in wanted:
        word, printed = read_path(path), read_path(tmp_path / f"{path.stem}.pdf")
        assert count_words(printed.text) == count_words(word.text)
        assert _plain(printed) == _plain(word)


def _plain(document: Document) -> list[tuple[str, str]]:
    found = ((block, "".join(document.slice(block.span).split())) for block in document.blocks)
    return [(block.label.strip(), text) for block, text in found if text]
