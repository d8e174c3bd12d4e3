"""Scans and pictures: what is made of recognised lines, what is told of pages not read, and what may be found.

The recogniser of the extra `ocr` is tested at the end, where it is installed; all else runs without it.
"""

from __future__ import annotations

import io
import math
import socket
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from build_scan import HEIGHT, WIDTH, Fake, Scan, running, seen, sight
from loaders import SAMPLES, params, shown, the_notice

from checker import certainty, engine
from checker.document import RECOGNISED_COUNT_ERROR, Block, Box, Document, Note, Reading, Span, Submission
from checker.errors import ReadError
from checker.readers import Limits, read, read_path, scans
from checker.readers.layout_grid import Rule
from checker.readers.scans import Budget, Recogniser
from checker.readers.scans_page import slope, tidy
from checker.render import phrases
from checker.report import Finding, Report

Seeing = Callable[[Recogniser], None]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
TEXT = "某县水务局全年修通渠道十二条，群众用水更加方便，矛盾也少了，堤防加固的任务按期完成。"


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> Seeing:
    """Puts a recogniser in the place of the one that may be installed."""

    def install(recogniser: Recogniser) -> None:
        monkeypatch.setattr(scans, "recogniser", lambda: recogniser)

    return install


def notes(document: Document) -> dict[str, int]:
    return {note.what: note.count for note in (*document.reading.read, *document.reading.not_read)}


def refusal(data: bytes, name: str = "a.pdf", limits: Limits | None = None) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(name, data, limits or Limits())
    return caught.value


# ---- lines to paragraphs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", params("scans.yml"))
def test_lines(case: Mapping[str, Any], seeing: Seeing) -> None:
    """What is recognised on one sheet becomes the paragraphs that the case says."""
    seeing(Fake(sight([seen(*line) for line in case["lines"]], _box(case.get("box")))))
    document = read("a.pdf", Scan().picture().data())
    assert [shown(document, block) for block in document.blocks] == case["paragraphs"]
    found = notes(document)
    assert {what: found.get(what) for what in case.get("notes", {})} == case.get("notes", {})


def _box(given: Any) -> list[Rule]:
    """The lines of a table: left and top edge, then the other edges from the left and from the top."""
    if not given:
        return []
    left, top, rights, bottoms = given
    across, down = [left, *rights], [top, *bottoms]
    level = [Rule(False, at, across[0], across[-1]) for at in down]
    return level + [Rule(True, at, down[0], down[-1]) for at in across]


@pytest.mark.parametrize(
    ("text", "tidied", "kept"),
    [
        ("工 作", "工作", [0, 2]),
        (" 工作 ", "工作", [1, 2]),
        ("a b", "a b", [0, 1, 2]),
        ("完成(3)项", "完成（3）项", [0, 1, 2, 3, 4, 5]),
        ("12:30", "12:30", [0, 1, 2, 3, 4]),
        ("(2020年12月31日)", "（2020年12月31日）", list(range(13))),
        ("用(20", "用（20", [0, 1, 2, 3]),
    ],
)
def test_tidy(text: str, tidied: str, kept: list[int]) -> None:
    """Each character of the tidied text still knows which of the recognised ones it was."""
    assert tidy(text) == (tidied, kept)


@pytest.mark.parametrize(("room", "text"), [(16, "三、问题清单"), (0, "三问题清单")])
def test_the_mark_after_a_number_is_read_from_its_room(room: float, text: str, seeing: Seeing) -> None:
    """Where the recogniser saw no 、 after the number of a heading, but room for one is left, it is there."""
    line = seen("三问题清单", 112, 100)
    lefts, rights = (edges[:1] + tuple(x + room for x in edges[1:]) for edges in (line.lefts, line.rights))
    first, _, _, last = line.corners
    corners = (first, (rights[-1], first[1]), (rights[-1], last[1]), last)
    seeing(Fake(sight([line._replace(lefts=lefts, rights=rights, corners=corners)])))
    assert read("a.pdf", Scan().picture().data()).text == text


@pytest.mark.parametrize("degrees", [-2.0, -0.5, 0.4, 1.5])
def test_a_sloping_page(degrees: float, seeing: Seeing) -> None:
    """Lines of a sheet that lay askew make the same paragraphs, and the boxes stand where the text is seen."""
    angle = math.radians(degrees)
    straight = [*running(TEXT * 3, 100), *running(TEXT * 2, 240)]
    askew = [*running(TEXT * 3, 100, angle=angle), *running(TEXT * 2, 240, angle=angle)]
    assert slope(askew) == pytest.approx(angle, abs=0.001)
    seeing(Fake(sight(straight), sight(askew, angle=slope(askew))))
    data = Scan().picture().data()
    wanted, document = read("a.pdf", data), read("a.pdf", data)
    assert document.text == wanted.text == f"{TEXT * 3}\n{TEXT * 2}"
    box = next(document.places(Span(0, 1)))
    middle = sum(y for _, y in askew[0].corners) / 4
    assert (box.top + box.bottom) / 2 == pytest.approx(middle, abs=3)
    assert box.lefts[0] == pytest.approx(askew[0].lefts[0], abs=1)


def test_every_character_has_its_page_and_box(seeing: Seeing) -> None:
    """A recognised character is found again on the sheet, on the page it is on."""
    seeing(Fake(sight(running(TEXT, 100)), sight(running(TEXT * 2, 300))))
    document = read("a.pdf", Scan().picture().picture().data())
    assert [document.page(Span(at, at + 1)) for at in (0, len(TEXT) + 1)] == [1, 2]
    box = next(document.places(Span(1, 2)))
    assert (box.lefts[0], box.rights[0]) == (pytest.approx(128, abs=1), pytest.approx(144, abs=1))
    assert box.top <= 103 <= 113 <= box.bottom
    assert sum(box.end - box.start for box in document.boxes) == len(TEXT) * 3


def test_a_sheet_on_its_side(seeing: Seeing) -> None:
    """A sheet that was scanned lying is read the way its text runs, in the measures of the upright sheet."""
    seeing(Fake(sight(running(TEXT, 100))))
    scan = Scan().picture()
    scan.file[0].set_mediabox(0, 0, HEIGHT, WIDTH)
    document = read("a.pdf", scan.data())
    assert document.text == TEXT
    assert next(document.places(Span(0, 1))).lefts[0] == pytest.approx(112, abs=1)


# ---- what is told ---------------------------------------------------------------------------------------------


def test_mixed_pages_are_read_exactly_and_recognised(seeing: Seeing) -> None:
    """Only pages without text are recognised; the reading statement says which, and how sure the recogniser was."""
    recogniser = Fake(sight(running(TEXT, 100, score=0.91)))
    seeing(recogniser)
    document = read("a.pdf", Scan().text("Annual report of the bureau for all to read").picture().data())
    assert recogniser.asked == 1
    assert document.text == f"Annual report of the bureau for all to read\n{TEXT}"
    assert (document.reading.recognised, document.reading.unread) == ((1,), ())
    assert {"pages": 2, "scans": 1, "sure": 91}.items() <= notes(document).items()
    assert (document.recognised(Span(0, 6)), document.recognised(Span(50, 60)), document.recognised()) == (
        False,
        True,
        True,
    )
    assert not document.part(Span(0, 44), "other", "").recognised()


def test_pages_that_cannot_be_read_are_told() -> None:
    """Without the extra the pages that are pictures are named, in the statement and as an error of the check."""
    document = read("a.pdf", Scan().text("Annual report of the bureau for all to read").picture().picture().data())
    assert (document.reading.recognised, document.reading.unread) == ((), (1, 2))
    assert notes(document)["scanned"] == 2
    report = engine.run(the_notice(), Submission((document,)))
    [problem] = report.errors
    assert (problem.code, report.verdict) == ("pages-not-read", "error")
    assert "第2、3页" in problem.message
    assert problem.message.endswith(scans.INSTALL)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        pytest.param(Scan().picture().data(), "a.pdf", "no-text-layer", id="scanned PDF"),
        pytest.param(Scan().picture("Page 1").picture("Page 2").data(), "a.pdf", "no-text-layer", id="numbered scan"),
        pytest.param(PNG, "a.png", "unsupported-format", id="picture"),
        pytest.param(b"II*\x00" + b"\x00" * 20, "a.tif", "unsupported-format", id="tiff"),
    ],
)
def test_without_the_extra_the_refusal_says_what_to_install(data: bytes, name: str, code: str) -> None:
    """A scan is refused with one sentence that names the extra."""
    refused = refusal(data, name)
    assert refused.code == code
    assert 'pip install "kaohe-checker[ocr]"' in refused.message


def test_a_number_printed_over_a_scan_does_not_make_it_text(seeing: Seeing) -> None:
    """Scanning programs stamp a number on the picture: the page is a scan nevertheless."""
    seeing(Fake(sight(running(TEXT))))
    assert read("a.pdf", Scan().picture("Page 1").data()).text == TEXT


def test_a_picture_among_text_is_not_recognised(seeing: Seeing) -> None:
    """A photograph on a page that has text stays what it was: told, and not read."""
    seeing(Fake())
    document = read("a.pdf", Scan().picture("A caption of a photograph that is long enough", share=0.4).data())
    assert document.reading.recognised == ()
    assert notes(document)["pictures"] == 1


def test_what_is_drawn_is_no_text(seeing: Seeing) -> None:
    """A line drawn for a blank to be filled in is no text, and no table either."""
    seeing(Fake(sight(running(TEXT), [Rule(False, 130, 200, 300)])))
    document = read("a.pdf", Scan().picture().data())
    assert (document.text, "tables" in notes(document)) == (TEXT, False)


def test_a_scan_on_which_nothing_is_seen(seeing: Seeing) -> None:
    """An empty sheet among others is no fault; a file of empty sheets has no text."""
    seeing(Fake(sight(running(TEXT)), sight([])))
    document = read("a.pdf", Scan().picture().picture().data())
    assert (document.text, document.reading.recognised, notes(document)["pages"]) == (TEXT, (0,), 2)
    seeing(Fake(sight([])))
    assert refusal(Scan().picture().data()).code == "no-text-layer"
    seeing(Fake(sight([])))
    assert refusal(PNG, "a.png").code == "no-text"


def test_pictures_are_pages(seeing: Seeing) -> None:
    """The pictures of one file are the pages of one paper."""
    seeing(Fake(sight(running(TEXT, 700)), sight(running(TEXT[::-1], 100))))
    document = read("a.tif", b"II*\x00" + b"\x00" * 20)
    assert (document.format, document.reading.recognised) == ("tiff", (0, 1))
    assert document.page(Span(len(TEXT) + 5, len(TEXT) + 6)) == 2


def test_limits(seeing: Seeing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, pixels and time of recognition are bounded."""
    data = Scan().picture().picture().picture().data()
    seeing(Fake(*[sight(running(TEXT))] * 3))
    assert read("a.pdf", data, Limits(recognised_pages=3)).text
    seeing(Fake(*[sight(running(TEXT))] * 3))
    assert refusal(data, limits=Limits(recognised_pages=2)).code == "too-large"
    seeing(Fake(sight(running(TEXT))))
    assert refusal(Scan().picture(pixels=(200, 100)).data(), limits=Limits(pixels=19_999)).code == "too-large"
    budget = Budget(Limits(recognise_seconds=5))
    monkeypatch.setattr(scans.time, "monotonic", lambda: 1e12)
    with pytest.raises(ReadError) as caught:
        budget.take()
    assert caught.value.code == "timeout"


# ---- what may be found ----------------------------------------------------------------------------------------


def paper(text: str, reading: Reading) -> Document:
    """A summary whose title stands on the first page and the rest on the second."""
    blocks: list[Block] = []
    boxes: list[Box] = []
    at = 0
    for number, line in enumerate(text.split("\n")):
        end = at + len(line)
        blocks.append(Block("title" if number == 0 else "paragraph", Span(at, end)))
        boxes.append(Box(at, end, min(number, 1), 0, 1, (0.0,) * len(line), (1.0,) * len(line)))
        at = end + 1
    return Document("a.pdf", "pdf", text, tuple(blocks), reading=reading, boxes=tuple(boxes), kind="team-summary")


def check(text: str, **reading: Any) -> Report:
    return engine.run(the_notice(), Submission((paper(text, Reading(**reading)),)))


def found(report: Report, rule: str) -> Finding:
    [finding] = [finding for finding in report.findings if finding.rule == rule][:1]
    return finding


PLACEHOLDER = "XX局领导班子工作总结\n全年修渠【此处填写】条。"


@pytest.mark.parametrize(
    ("pages", "words", "severity"),
    [((), "XX", "error"), ((0,), "XX", "warning"), ((1,), "XX", "error"), ((1,), "【此处填写】", "warning")],
)
def test_words_on_a_recognised_page_are_no_error(pages: tuple[int, ...], words: str, severity: str) -> None:
    """Only what was found on a recognised page is weaker, and says why; exact pages beside it stay exact."""
    report = check(PLACEHOLDER, recognised=pages)
    finding = next(finding for finding in report.findings if words in finding.quote)
    weak = severity == "warning"
    assert (finding.severity, finding.recognised) == (severity, weak)
    assert finding.message.endswith(certainty.RECOGNISED) is weak


def test_nothing_on_recognised_text_alone_is_an_error() -> None:
    """What is found or missed in a recognised paper is at most a warning, and every finding says what it rests on."""
    report = check(PLACEHOLDER, recognised=(0, 1))
    assert {"placeholder", "summary-facets", "lists-present"} <= {finding.rule for finding in report.findings}
    assert "error" not in {finding.severity for finding in report.findings}
    assert all(finding.recognised and finding.message.endswith(certainty.RECOGNISED) for finding in report.findings)
    assert report.verdict == "remarks"
    exact = check(PLACEHOLDER)
    assert exact.verdict == "return"
    assert [finding.fingerprint for finding in exact.findings] == [finding.fingerprint for finding in report.findings]


@pytest.mark.parametrize(
    ("pages", "count", "severity"),
    [
        ((), 3501, "error"),
        ((1,), 3501, "warning"),
        ((1,), math.floor(3500 * (1 + RECOGNISED_COUNT_ERROR)), "warning"),
        ((1,), math.floor(3500 * (1 + RECOGNISED_COUNT_ERROR)) + 1, "error"),
        ((0,), 3501, "warning"),
        ((1,), 3490, "info"),
    ],
)
def test_a_count_near_the_limit_is_no_error(pages: tuple[int, ...], count: int, severity: str) -> None:
    """A count of recognised text is over only beyond what recognition may err; it rests on the whole paper."""
    title = "某局领导班子工作总结"
    report = check(f"{title}\n{'实' * (count - len(title))}", recognised=pages)
    finding = found(report, "summary-length")
    assert (finding.facts["count"], finding.severity, finding.recognised) == (count, severity, bool(pages))
    [coverage] = report.coverage
    assert coverage.count.over is (severity == "error")
    assert phrases.count_phrase(coverage.count).startswith("约") is bool(pages)


def test_what_is_missed_where_pages_were_not_read_is_no_error() -> None:
    """What is absent may stand on a page that was not read; what was found is as sure as ever."""
    report = check(PLACEHOLDER, unread=(2,), not_read=(Note("scanned", 1, "没有文字层的扫描页 1 页"),))
    absent = found(report, "summary-facets")
    assert (absent.severity, absent.recognised) == ("warning", False)
    assert absent.message.endswith(certainty.UNREAD)
    assert found(report, "placeholder").severity == "error"
    assert report.verdict == "error"


def test_a_clean_result_says_that_it_rests_on_recognition() -> None:
    """Nothing found in recognised text is not said as of exact text."""
    clean = paper("某局领导班子工作总结\n修渠三条。", Reading(recognised=(0, 1)))
    assert "核对原件" in phrases.nothing_found(clean, checked=True)


# ---- the recogniser of the extra ------------------------------------------------------------------------------

PAGE = Path(__file__).parent / "pictures" / "page.png"
"""The upper half of the first page of a sample, printed and scanned in black and white at 150 to the inch."""
WORDS = SAMPLES / "thin-report" / "述职述廉述学报告.docx"


@pytest.fixture(scope="module")
def rapid() -> Recogniser:
    """The recogniser of the extra, one for all tests: it takes a second to load."""
    pytest.importorskip("rapidocr", reason="kaohe-checker[ocr] is not installed")
    pytest.importorskip("onnxruntime", reason="kaohe-checker[ocr] is not installed")
    from checker.readers.scans_rapid import Rapid

    return Rapid()


# The head of a picture of 40,000 by 40,000 points.
HUGE = b"\x00\x00\x00\x0dIHDR" + (40_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
HUGE += zlib.crc32(HUGE[4:]).to_bytes(4, "big") + b"\x00\x00\x00\x10IDAT" + b"\x00" * 20


def paragraphs(document: Document) -> list[str]:
    return [document.slice(block.span).replace(" ", "") for block in document.blocks if document.slice(block.span)]


def test_a_picture_is_read_offline(rapid: Recogniser, seeing: Seeing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a sample gives the paragraphs of its Word file, and nothing is fetched."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    seeing(rapid)
    document = read_path(PAGE)
    whole = paragraphs(read_path(WORDS))
    read_ = paragraphs(document)
    assert read_[:-1] == whole[: len(read_) - 1]
    assert whole[len(read_) - 1].startswith(read_[-1])
    assert notes(document)["sure"] >= 95


@pytest.mark.parametrize(("turn", "form"), [(90, "JPEG"), (180, "BMP"), (270, "TIFF")])
def test_a_turned_picture(turn: int, form: str, rapid: Recogniser, seeing: Seeing) -> None:
    """A sheet that lay on its side or on its head is turned upright, in each of the formats."""
    from PIL import Image

    seeing(rapid)
    out = io.BytesIO()
    with Image.open(PAGE) as picture:
        # The head of the page is enough.
        head = picture.convert("L").crop((0, 0, picture.width, picture.height // 2))
        head.rotate(turn, expand=True).save(out, form)
    assert read("a.bin", out.getvalue()).text.startswith(read_path(WORDS).text[:8])


def test_pages_of_one_file(rapid: Recogniser, seeing: Seeing) -> None:
    """A .tif file of several sheets is one paper."""
    from PIL import Image

    seeing(rapid)
    out = io.BytesIO()
    with Image.open(PAGE) as picture:
        head = picture.crop((0, 0, picture.width, picture.height // 3))
        head.save(out, "TIFF", save_all=True, append_images=[head])
    document = read("a.tif", out.getvalue())
    assert document.reading.recognised == (0, 1)
    assert refusal(out.getvalue(), "a.tif", Limits(recognised_pages=1)).code == "too-large"


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (PNG, Limits(), "bad-picture"),
        (PAGE.read_bytes()[:3000], Limits(), "bad-picture"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, Limits(), "bad-picture"),
        (PNG[:8] + HUGE, Limits(), "too-large"),
        (PAGE.read_bytes(), Limits(pixels=100_000), "too-large"),
    ],
)
def test_bad_pictures(data: bytes, limits: Limits, code: str, rapid: Recogniser, seeing: Seeing) -> None:
    """What cannot be opened, or is too large, is refused before it is loaded."""
    seeing(rapid)
    assert refusal(data, "a.png", limits).code == code
