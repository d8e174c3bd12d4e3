"""What the Word reader takes over from each piece of mark-up, block by block, and where each character came from."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from build_docx import docx, docx_parts, paragraphs, part
from loaders import shown
from lxml import etree

from checker.document import Document
from checker.readers import Limits, read
from checker.readers.docx import TEXT_NODES, text_nodes
from checker.readers.docx_numbering import chinese, format_number
from checker.readers.package import parse_xml

CASES = Path(__file__).parent / "cases" / "docx"
PARTS = ("styles", "numbering", "footnotes", "endnotes")


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yml")):
        for name, case in yaml.safe_load(path.read_text("utf-8")).items():
            found.append(pytest.param(case, id=f"{path.stem}: {name}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    data = docx(case["body"], **{name: case[name] for name in PARTS if name in case})
    document = read("case.docx", data)
    assert [shown(document, block) for block in document.blocks] == case["blocks"]
    if "not_read" in case:
        assert {note.what: note.count for note in document.reading.not_read} == case["not_read"]
    if "read" in case:
        assert {note.what: note.count for note in document.reading.read} == case["read"]
    check_anchors(document, data)


FIXED = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}


def check_anchors(document: Document, data: bytes) -> None:
    """Every character but the line feeds between blocks has exactly one anchor, and its node holds that character."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    nodes: dict[str, list[etree._Element]] = {}
    covered = 0
    last = 0
    for anchor in document.anchors:
        if anchor.part not in nodes:
            nodes[anchor.part] = text_nodes(parse_xml(archive.read(anchor.part), Limits()))
        node = nodes[anchor.part][anchor.node]
        name = etree.QName(node).localname
        kept = document.text[anchor.start : anchor.end]
        assert name in TEXT_NODES
        assert anchor.start >= last
        assert document.text[last : anchor.start].strip("\n") == ""
        last = anchor.end
        covered += len(kept)
        if name == "t":
            source = (node.text or "")[anchor.offset : anchor.offset + len(kept)]
            assert source.translate(str.maketrans("\n\t\r", "   ")) == kept
        elif name != "sym":
            assert kept == FIXED[name]
        if anchor.host >= 0:
            main = nodes.setdefault(
                "word/document.xml",
                text_nodes(parse_xml(archive.read("word/document.xml"), Limits())),
            )
            assert anchor.host < len(main)
    assert covered == len(document.text) - (len(document.blocks) - 1)


def test_text_is_the_blocks_joined() -> None:
    document = read("a.docx", docx(paragraphs("第一段", "", "第三段")))
    assert document.text == "第一段\n\n第三段"
    assert document.format == "docx"
    assert document.kind == "other"
    assert len(document.sha256) == 64


def test_main_part_is_found_by_relationship() -> None:
    assert read("a.docx", docx(paragraphs("文"), main="custom/main7.xml")).text == "文"


def test_strict_namespaces_read_like_transitional_ones() -> None:
    strict = part("document", f"<w:body>{paragraphs('严格格式')}</w:body>")
    for name in ("wordprocessingml", "officeDocument", "drawingml"):
        strict = strict.replace(f"openxmlformats.org/{name}/2006", f"openxmlformats.org/{name}")
    strict = strict.replace("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")
    data = docx_parts(strict)
    document = read("a.docx", data)
    assert document.text == "严格格式"
    check_anchors(document, data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_encoding_of_the_main_part(encoding: str) -> None:
    source = part("document", f"<w:body>{paragraphs('编码')}</w:body>").replace("UTF-8", encoding)
    assert read("a.docx", docx_parts(source.encode(encoding))).text == "编码"


def test_styles_of_one_file_do_not_leak_into_the_next() -> None:
    style = '<w:style w:type="paragraph" w:styleId="a"><w:name w:val="{}"/></w:style>'
    body = '<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>文字</w:t></w:r></w:p>'
    kinds = [
        read("a.docx", docx(body, styles=style.format(name))).blocks[0].kind
        for name in ("heading 1", "Normal", "heading 1")
    ]
    assert kinds == ["heading", "paragraph", "heading"]


def test_text_box_hangs_on_the_nearest_text_before_it() -> None:
    framed = f"<w:txbxContent>{paragraphs('框')}</w:txbxContent>"
    box = f"<w:r><w:pict><v:textbox>{framed}</v:textbox></w:pict></w:r>"
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = f"<w:p>{run.format('前')}{box}{run.format('后')}</w:p><w:p>{box}{run.format('尾')}</w:p><w:p>{box}</w:p>"
    document = read("a.docx", docx(body))
    hosts = {document.text[a.start]: a.host for a in document.anchors}
    assert document.text == "前后\n框\n尾\n框\n\n框"
    assert [a.host for a in document.anchors if document.text[a.start] == "框"] == [0, 4, 4]
    assert hosts["前"] == -1


def test_footnote_hangs_on_the_text_before_its_reference() -> None:
    body = (
        "<w:p><w:r><w:t>甲</w:t></w:r><w:r><w:t>乙</w:t></w:r>"
        '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>丙</w:t></w:r></w:p>'
    )
    notes = f'<w:footnote w:id="2">{paragraphs("注")}</w:footnote>'
    document = read("a.docx", docx(body, footnotes=notes))
    last = document.anchors[-1]
    assert (last.part, last.node, last.host) == ("word/footnotes.xml", 0, 1)


def test_table_depth_limit_can_be_changed() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>内</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    body = f"<w:tbl><w:tr><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    assert "内" in read("a.docx", docx(body)).text
    with pytest.raises(Exception, match="嵌套") as caught:
        read("a.docx", docx(body), Limits(table_depth=1))
    assert getattr(caught.value, "code", "") == "too-deep"


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        (1, "chineseCounting", "一"),
        (10, "chineseCounting", "十"),
        (11, "chineseCountingThousand", "十一"),
        (21, "chineseCountingThousand", "二十一"),
        (100, "chineseCountingThousand", "一百"),
        (101, "chineseCountingThousand", "一百零一"),
        (111, "chineseCountingThousand", "一百一十一"),
        (2, "ideographTraditional", "乙"),
        (12, "ideographZodiac", "亥"),
        (3, "ideographEnclosedCircle", "㊂"),
        (21, "decimalEnclosedCircle", "㉑"),
        (12, "decimalFullWidth", "１２"),
        (27, "lowerLetter", "aa"),
        (4, "upperRoman", "IV"),
        (7, "decimalZero", "07"),
        (3, "chineseLegalSimplified", "叁"),
        (22, "ordinal", "22nd"),
        (5, "somethingNew", "5"),
        (5, "none", ""),
    ],
)
def test_number_formats(value: int, form: str, words: str) -> None:
    assert format_number(value, form) == words


def test_chinese_numbers_are_distinct_and_short() -> None:
    words = [chinese(value) for value in range(1, 20_000)]
    assert len(set(words)) == len(words)
    assert chinese(10_000) == "一万"
    assert chinese(10_005) == "一万零五"
    assert chinese(1_010) == "一千零一十"
