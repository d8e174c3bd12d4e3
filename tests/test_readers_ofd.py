"""OFD files: order, places and paragraphs from positioned text; tables from drawn lines; what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_ofd import Raw, Text, lines, ofd, table
from print_ofd import SOFFICE, ofd_of_pdf, printed

import checker
from checker.document import Block, Document, Span
from checker.errors import ReadError
from checker.readers import Limits, read

SAMPLES = Path(__file__).parent.parent / "corpus_samples"
SIZE = 5.64
LONG = "一年来，在上级的坚强领导下，我们围绕中心、服务大局，扎实推进各项工作，取得了新的成效，群众满意度明显提升。"


def texts(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.slice(block.span)) for block in document.blocks]


def single(*items: Text | Raw) -> Document:
    return read("a.ofd", ofd([items]))


def test_lines_are_joined_into_paragraphs() -> None:
    """Lines are joined without a space; an indent begins a new paragraph, at the end of a full line too."""
    body = f"{LONG}\n{LONG}{LONG}\n短段。\n{LONG}"
    document = read("a.ofd", ofd([list(lines(body))]))
    assert document.text == body
    assert document.format == "ofd"


def test_a_paragraph_goes_on_over_the_page() -> None:
    pages = [list(lines(LONG * 3))[:4], [Text(line.text, line.x, 40, SIZE) for line in list(lines(LONG * 3))[4:5]]]
    document = read("a.ofd", ofd(pages))
    assert len(document.blocks) == 1
    assert [box.page for box in document.boxes] == [0, 0, 0, 0, 1]


def test_titles_headings_and_list_items() -> None:
    title = Text("示例局工作总结", 105 - 3.5 * 7.76, 40, 7.76)
    body = lines(f"一、总体情况\n{LONG}\n（一）政治建设\n1.抓好学习\n{LONG}", top=60)
    assert [kind for kind, _ in texts(single(title, *body))] == [
        "title",
        "heading",
        "paragraph",
        "heading",
        "list-item",
        "paragraph",
    ]


def test_every_character_has_its_page_and_box() -> None:
    document = single(Text("工作2020", 20, 40, 10))
    span = Span(document.text.index("2020"), len(document.text))
    (box,) = document.places(span)
    points = 72 / 25.4
    assert (box.page, document.page(span)) == (0, 1)
    assert box.lefts == pytest.approx([40 * points, 45 * points, 50 * points, 55 * points])
    assert box.rights[:3] == pytest.approx(box.lefts[1:])
    assert box.top < 40 * points < box.bottom


def test_order_is_that_of_places_not_of_the_file() -> None:
    document = single(Text("第二行。", 28, 50, SIZE), Text("行。", 28 + 2 * SIZE, 40, SIZE), Text("第一", 28, 40, SIZE))
    assert document.text == "第一行。\n第二行。"


@pytest.mark.parametrize(
    ("deltas", "text"),
    [("g 3 5", "abcd"), ("5 g 2 5", "abcd"), ("5", "abcd"), ("g 99999999 5", "abcd"), ("g", "abcd"), ("x y", "abcd")],
)
def test_steps_between_characters(deltas: str, text: str) -> None:
    """Steps are told one by one or as `g times step`; the last one goes on; nonsense does no harm."""
    document = single(Text(text, 20, 40, 5, deltas=deltas), Text("正文。", 20, 60, 5))
    assert set("abcd") <= set(document.text)


def test_a_text_code_over_several_lines() -> None:
    """Steps back and down within one object are lines."""
    code = (
        '<ofd:TextObject ID="1" Boundary="20 40 100 20" Font="1" Size="5"><ofd:TextCode X="0" Y="5" '
        'DeltaX="5 -5 5" DeltaY="0 8 0">甲乙丙丁</ofd:TextCode></ofd:TextObject>'
    )
    assert single(Raw(code)).text == "甲乙\n丙丁"


def test_tables_are_told_by_their_lines() -> None:
    ruled = table(28, 60, [["指标", "实绩"], ["产值", "10亿元"]])
    document = single(Text("前文。", 28, 40, SIZE), *ruled, Text("后文。", 28, 100, SIZE))
    assert texts(document) == [
        ("paragraph", "前文。"),
        ("cell", "指标"),
        ("cell", "实绩"),
        ("cell", "产值"),
        ("cell", "10亿元"),
        ("paragraph", "后文。"),
    ]
    assert [tuple(block.cell) for block in document.blocks if block.cell] == [
        (0, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (0, 1, 1),
    ]


def test_page_numbers_and_running_headers_are_left_out() -> None:
    pages = [
        [Text("示例局材料", 90, 12, 4), *lines(f"第{number}页的正文。{LONG}"), Text(f"— {number} —", 100, 285, 4)]
        for number in (1, 2, 3)
    ]
    document = read("a.ofd", ofd(pages))
    assert "示例局材料" not in document.text and "—" not in document.text
    assert [(note.what, note.count) for note in document.reading.not_read] == [("headers-footers", 6)]


def test_a_template_is_read_once() -> None:
    data = ofd([[Text("甲。", 28, 60, SIZE)], [Text("乙。", 28, 60, SIZE)]], templates=[[Text("表头", 28, 50, SIZE)]])
    document = read("a.ofd", data)
    assert document.text.count("表头") == 1
    assert [note.what for note in document.reading.not_read] == ["templates"]


def test_what_is_not_read_is_told() -> None:
    hidden = Text("隐藏", 28, 50, SIZE, extra='Visible="false"')
    picture = Raw('<ofd:ImageObject ID="9" Boundary="0 0 10 10" ResourceID="8"/>')
    document = single(Text("正文。", 28, 40, SIZE), hidden, picture)
    assert document.text == "正文。"
    assert [(note.what, note.count) for note in document.reading.not_read] == [("hidden", 1), ("pictures", 1)]


def test_bold_made_by_drawing_twice_is_one_text() -> None:
    document = single(Text("一、总体", 28, 40, SIZE), Text("一、总体", 28.1, 40, SIZE))
    assert document.text == "一、总体"


def test_presentation_forms_are_plain_characters() -> None:
    """Kangxi radicals and ligatures are what they stand for, each character with its own box."""
    document = single(Text("⼯作ﬁ", 28, 40, SIZE))
    assert document.text == "工作fi"
    assert len(document.boxes[0].lefts) == 4


def test_turned_text_stands_at_the_end() -> None:
    turned = Text("侧边", 10, 30, SIZE, extra='CTM="0 1 -1 0 0 0"')
    assert single(turned, Text("正文。", 28, 40, SIZE)).text == "正文。\n侧边"


def test_text_across_the_page_is_a_watermark() -> None:
    slanted = Text("水印", 50, 100, 20, extra='CTM="0.7071 -0.7071 0.7071 0.7071 0 0"')
    document = single(slanted, Text("正文。", 28, 40, SIZE))
    assert document.text == "正文。"
    assert [note.what for note in document.reading.not_read] == ["turned"]


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_the_same_paper_as_word_and_as_ofd(tmp_path: Path) -> None:
    """Printed to OFD, a paper with typed numbers has the same paragraphs, the same 字数 and the same findings."""
    path = SAMPLES / "clean-bureau" / "副局长（党外）述职述廉述学报告.docx"
    printed_copy = tmp_path / "副局长（党外）述职述廉述学报告.ofd"
    printed_copy.write_bytes(ofd_of_pdf(printed(path, tmp_path)))
    word, layout = read(str(path), path.read_bytes()), read(str(printed_copy), printed_copy.read_bytes())
    assert [(block.kind, text(word, block)) for block in word.blocks if text(word, block)] == [
        (block.kind, text(layout, block)) for block in layout.blocks
    ]
    assert findings(path) == findings(printed_copy)


def text(document: Document, block: Block) -> str:
    return "".join(document.slice(block.span).split())


def findings(path: Path) -> tuple[int | None, list[tuple[str, str]]]:
    report = checker.check(path)
    count = report.coverage[0].count
    return count and count.value, [(finding.rule, finding.quote) for finding in report.findings]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ofd([[]]), "no-text"),
        (ofd([[Text("字", 1, 1, 1)]], PublicRes="<"), None),
        (ofd([[Text("字", 1, 1, 1)]], Document="<"), "damaged"),
        (ofd([[Text("字", 1, 1, 1)]], **{"Pages/Page_0/Content": "<a>"}), "damaged"),
        (ofd([[Text("字", 1, 1, 1)]], Document='<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'), "unsafe-xml"),
        (ofd([[Text("字", 1, 1, 1)]], Encryptions="<a/>"), "encrypted"),
    ],
)
def test_bad_files(data: bytes, code: str | None) -> None:
    if code is None:
        assert read("a.ofd", data).text == "字"
        return
    with pytest.raises(ReadError) as caught:
        read("a.ofd", data)
    assert caught.value.code == code


@pytest.mark.parametrize("limits", [Limits(pages=1), Limits(characters=10), Limits(objects=1), Limits(paragraphs=1)])
def test_limits(limits: Limits) -> None:
    pages = [list(lines(f"第一段正文。\n{LONG}")), list(lines("第二页。"))]
    with pytest.raises(ReadError) as caught:
        read("a.ofd", ofd(pages), limits)
    assert caught.value.code == "too-large"


def test_the_name_does_not_matter() -> None:
    assert read("总结.docx", ofd([[Text("正文。", 28, 40, SIZE)]])).format == "ofd"
