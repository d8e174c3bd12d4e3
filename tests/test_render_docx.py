"""The marked-up copy: every comment on exactly its words, and nothing else changed."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import docx
import pytest
import sample_report

import checker
from checker.commands import run
from checker.document import Document, Span, Submission
from checker.errors import WriteError
from checker.readers import Limits, read
from checker.render import docx_mark, docx_place
from checker.render import phrases as say
from checker.render.docx import AUTHOR, Remark, mark, render
from checker.report import Count, Coverage, Finding, Level, Place, Report

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
PREFIXES = (
    f'xmlns:w="{W}" xmlns:r="{RELATIONS}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:v="urn:schemas-microsoft-com:vml" mc:Ignorable="w14"'
)
TEXT_BOX = (
    "<w:drawing><wp:anchor><wps:wsp><wps:txbx><w:txbxContent>"
    "<w:p><w:r><w:t>框中写的话</w:t></w:r></w:p>"
    "</w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing>"
)


def t(text: str) -> str:
    """One run of text."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str) -> str:
    """One paragraph; what is not markup becomes a run."""
    return "<w:p>" + "".join(run if run.startswith("<") else t(run) for run in runs) + "</w:p>"


def package(
    body: str,
    parts: Mapping[str, str] | None = None,
    *,
    relations: Mapping[str, str] | None = None,
    strict: bool = False,
) -> bytes:
    """A Word file with this body, further parts by name, and relationships of the document: kind to target."""
    prefixes = PREFIXES.replace(W, STRICT).replace(RELATIONS, STRICT_RELATIONS) if strict else PREFIXES
    base = STRICT_RELATIONS if strict else RELATIONS
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f"<w:document {prefixes}><w:body>{body}<w:sectPr/></w:body></w:document>"
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate((relations or {}).items(), 1)
    )
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    contents = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}document.main+xml"/></Types>',
        "_rels/.rels": f'{head}<Relationship Id="rId1" Type="{base}/officeDocument" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": document,
        **({"word/_rels/document.xml.rels": f"{head}{links}</Relationships>"} if links else {}),
        "word/media/image1.png": "not really a picture" * 50,
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 12, 31, 10, 20, 30)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def part(data: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ElementTree.fromstring(archive.read(name))


def covered(data: bytes) -> dict[str, str]:
    """First paragraph of each comment to the text between its marks, read without the checker's own reader."""
    open_, found, inside = set(), {}, {"t": "", "tab": "\t", "br": "\n", "noBreakHyphen": "\u2011"}
    body = part(data, "word/document.xml")
    skipped = {
        id(it)
        for holder in body.iter()
        if local(holder) in ("del", "moveFrom", "txbxContent", "rt")
        for it in holder.iter()
        if local(it) in inside
    }
    for element in body.iter():
        if local(element) == "commentRangeStart":
            open_.add(attribute(element, "id"))
            found[attribute(element, "id")] = ""
        elif local(element) == "commentRangeEnd":
            open_.remove(attribute(element, "id"))
        elif local(element) in inside and id(element) not in skipped:
            for number in open_:
                found[number] += "".join(element.itertext()) if local(element) == "t" else inside[local(element)]
    assert not open_
    references = [attribute(it, "id") for it in body.iter() if local(it) == "commentReference"]
    assert sorted(references) == sorted(found)
    return {lines[0]: found[number] for number, lines in comments(data).items() if number in found}


def comments(data: bytes) -> dict[str, list[str]]:
    """The paragraphs of each comment of the package, by id."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "word/comments.xml" not in archive.namelist():
            return {}
    root = part(data, "word/comments.xml")
    return {
        attribute(it, "id"): ["".join(paragraph.itertext()) for paragraph in it if local(paragraph) == "p"]
        for it in root
    }


def on(document: Document, words: str, *lines: str) -> Remark:
    start = document.text.index(words)
    return Remark(document, Span(start, start + len(words)), lines or (words,))


EXACT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "a whole run": (p("前", "产业强市", "后"), ("产业强市",)),
    "inside a run": (p("推进产业强市战略"), ("产业强市",)),
    "head and tail of a run": (p("推进产业强市战略"), ("推进", "战略")),
    "across runs": (p("推进产业", "强市战略"), ("产业强市",)),
    "across three runs": (p("推进产", "业", "强市战略"), ("产业强市",)),
    "across paragraphs": (p("推进产业") + p("强市战略"), ("产业\n强市",)),
    "the same words twice": (p("推进产业强市战略"), ("产业强市", "产业强市")),
    "one inside the other": (p("推进产业强市战略"), ("推进产业强市战略", "产业", "强市")),
    "overlapping": (p("推进产业强市战略"), ("推进产业", "产业强市", "强市战略")),
    "side by side": (p("推进产业强市战略"), ("推进", "产业", "强市", "战略")),
    "letter by letter": (p("一二三", "四五"), tuple("一二三四五")),
    "a table": (
        "<w:tbl><w:tr><w:tc>" + p("指标数值") + "</w:tc><w:tc>" + p("一百二十") + "</w:tc></w:tr></w:tbl>",
        ("指标", "数值\n一百", "二十"),
    ),
    "inside a link": (p("见", "<w:hyperlink>" + t("政府网站") + "</w:hyperlink>", "公告"), ("政府", "网站公告")),
    "a content control": (
        p("单位", "<w:sdt><w:sdtPr/><w:sdtContent>" + t("某某局") + "</w:sdtContent></w:sdt>", "党组"),
        ("某某", "某某局", "局党"),
    ),
    "a control of plain text": (
        p(
            "单位",
            "<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>" + t("某某局") + "</w:sdtContent></w:sdt>",
            "党组",
        ),
        ("某某", "某某局"),
    ),
    "a control around paragraphs": (
        "<w:sdt><w:sdtContent>" + p("第一段") + p("第二段") + "</w:sdtContent></w:sdt>",
        ("一段\n第", "二"),
    ),
    "an inserted revision": (
        p("全年", '<w:ins w:id="1" w:author="甲">' + t("新增项目") + "</w:ins>", "八个"),
        ("新增", "项目八"),
    ),
    "a moved revision": (p("全年", '<w:moveTo w:id="1" w:author="甲">' + t("新增项目") + "</w:moveTo>"), ("增项",)),
    "over a deleted revision": (
        p("全年", '<w:del w:id="1" w:author="甲"><w:r><w:delText>未能</w:delText></w:r></w:del>', "完成"),
        ("年完",),
    ),
    "a smart tag": (p("在", '<w:smartTag w:element="x">' + t("示例市") + "</w:smartTag>", "召开"), ("示例", "市召")),
    "a simple field": (
        p("第", '<w:fldSimple w:instr="PAGE">' + t("十二") + "</w:fldSimple>", "页"),
        ("十", "十二", "二页"),
    ),
    "the result of a field": (
        p(
            "共",
            '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>REF a</w:instrText>'
            '<w:fldChar w:fldCharType="separate"/><w:t>三十五</w:t><w:fldChar w:fldCharType="end"/></w:r>',
            "项",
        ),
        ("三十", "五项"),
    ),
    "tab and line break": (
        p("<w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t></w:r>"),
        ("甲\t", "乙\n", "丙"),
    ),
    "a phonetic guide": (
        p(
            "请",
            "<w:r><w:ruby><w:rubyPr/><w:rt>"
            + t("pú")
            + "</w:rt><w:rubyBase>"
            + t("濮")
            + "</w:rubyBase></w:ruby></w:r>",
            "字",
        ),
        ("濮", "请濮", "濮字"),
    ),
    "a hyphen that does not break": (p("<w:r><w:t>甲</w:t><w:noBreakHyphen/><w:t>乙</w:t></w:r>"), ("\u2011乙",)),
    "beside a page mark": (p("<w:r><w:lastRenderedPageBreak/><w:t>甲乙丙</w:t></w:r>"), ("甲", "丙")),
    "a comment inside the text": (p("<w:r><w:t>甲乙<!-- x -->丙丁</w:t></w:r>"), ("乙丙",)),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_comment_sits_on_exactly_its_words(name: str) -> None:
    body, words = EXACT[name]
    data = package(body)
    document = read("a.docx", data)
    marked = mark(data, [on(document, word, f"{number}") for number, word in enumerate(words)])
    breaks = {block.span.end for block in document.blocks}
    for number, word in enumerate(words):
        start = document.text.index(word)
        wanted = "".join(letter for at, letter in enumerate(word, start) if at not in breaks)
        assert covered(marked)[f"{number}"] == wanted
    assert read("a.docx", marked).text == document.text


def test_random_ranges_over_every_construct() -> None:
    chance = random.Random(91)
    for _ in range(60):
        body = "".join(EXACT[name][0] for name in chance.sample(sorted(EXACT), 6))
        data = package(body)
        document = read("a.docx", data)
        remarks = []
        for number in range(12):
            start = chance.randrange(len(document.text))
            remarks.append(Remark(document, Span(start, start + chance.randrange(1, 9)), (str(number),)))
        marked = mark(data, remarks)
        breaks = {block.span.end for block in document.blocks}
        found = covered(marked)
        for remark in remarks:
            letters = [
                letter
                for at, letter in enumerate(document.text)
                if remark.place.start <= at < remark.place.end and at not in breaks
            ]
            if letters and remark.lines[0] in found:
                assert found[remark.lines[0]] == "".join(letters)


def test_both_halves_of_a_cut_run_keep_its_properties() -> None:
    marked = mark_words(
        '<w:p><w:r w:rsidR="00A1"><w:rPr><w:b/><w:sz w:val="32"/></w:rPr><w:t>甲乙丙</w:t></w:r></w:p>', "乙"
    )
    runs = [it for it in part(marked, "word/document.xml").iter() if local(it) == "r" and attribute(it, "rsidR")]
    assert ["".join(run.itertext()) for run in runs] == ["甲", "乙", "丙"]
    assert {ElementTree.tostring(run[0]) for run in runs} == {ElementTree.tostring(runs[0][0])}


def mark_words(body: str, *words: str, **options: Any) -> bytes:
    data = package(body, **options)
    document = read("a.docx", data)
    return mark(data, [on(document, word) for word in words])


def test_white_space_that_was_not_shown_does_not_appear_and_what_was_shown_stays() -> None:
    body = "<w:p><w:r><w:t>  甲 乙 </w:t></w:r><w:r><w:t xml:space='preserve'> 丙 丁 </w:t></w:r></w:p>"
    data = package(body)
    document = read("a.docx", data)
    assert document.text == "甲 乙 丙 丁 "
    marked = mark(data, [on(document, word) for word in ("乙", " ", "丁", "甲", "丙 ")])
    assert read("a.docx", marked).text == document.text
    assert covered(marked)["乙"] == "乙"


def test_a_reference_never_stands_in_a_deletion_or_in_a_control_of_plain_text() -> None:
    body, words = EXACT["a control of plain text"]
    control = next(it for it in part(mark_words(body, *words), "word/document.xml").iter() if local(it) == "sdt")
    assert not [it for it in control.iter() if local(it) == "commentReference"]
    assert [it for it in control.iter() if local(it) == "commentRangeStart"] == []  # both begin at its head
    assert len([it for it in control.iter() if local(it) == "commentRangeEnd"]) == 1


def test_a_comment_on_a_whole_field_stands_outside_of_it() -> None:
    body, _ = EXACT["a simple field"]
    root = part(mark_words(body, "十二"), "word/document.xml")
    simple = next(it for it in root.iter() if local(it) == "fldSimple")
    assert [local(it) for it in simple] == ["r"]


def test_words_in_a_text_box_are_spoken_of_where_the_box_hangs() -> None:
    marked = mark_words(p("前面的话", f"<w:r>{TEXT_BOX}</w:r>", "后面的话"), "写的")
    assert covered(marked) == {"（针对文本框中的文字：“写的”）": "话"}
    assert comments(marked)["0"] == ["（针对文本框中的文字：“写的”）", "写的"]


def test_a_text_box_with_no_text_around_it_carries_the_comment_itself() -> None:
    marked = mark_words(p(f"<w:r>{TEXT_BOX}</w:r>") + p("正文"), "写的", "框中")
    names = [local(it) for it in part(marked, "word/document.xml")[0][0]]
    assert names[:3] == ["commentRangeStart", "commentRangeStart", "r"]
    assert names.count("commentRangeEnd") == 2


def test_words_from_the_body_into_a_text_box_are_marked_in_the_body_and_told_for_the_box() -> None:
    marked = mark_words(p("前面的话", f"<w:r>{TEXT_BOX}</w:r>", "后面的话"), "的话\n框中")
    assert comments(marked)["0"][0] == "（针对文本框中的文字：“框中”）"
    assert list(covered(marked).values()) == ["的话"]


def test_words_in_a_footnote_are_spoken_of_before_its_mark() -> None:
    note = f'<w:footnote w:id="2">{p("注中的话")}</w:footnote>'
    notes = f'<w:footnotes xmlns:w="{W}">{note}</w:footnotes>'
    data = package(
        p("正文", '<w:r><w:footnoteReference w:id="2"/></w:r>', "后文"),
        {"word/footnotes.xml": notes},
        relations={"footnotes": "footnotes.xml"},
    )
    document = read("a.docx", data)
    marked = mark(data, [on(document, "注中", "甲")])
    assert covered(marked) == {"（针对脚注中的文字：“注中”）": "文"}


def test_part_of_a_phonetic_base_is_told_in_words() -> None:
    body = p("<w:r><w:ruby><w:rt>" + t("py") + "</w:rt><w:rubyBase>" + t("濮阳") + "</w:rubyBase></w:ruby></w:r>", "市")
    assert covered(mark_words(body, "濮")) == {"（针对其中的文字：“濮”）": "濮阳"}


# ---- the package ----------------------------------------------------------------------------------------------


def raw(data: bytes) -> dict[str, tuple[bytes, object]]:
    """Packed bytes, date and attributes of each entry."""
    found: dict[str, tuple[bytes, object]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            at = info.header_offset
            start = (
                at
                + 30
                + int.from_bytes(data[at + 26 : at + 28], "little")
                + int.from_bytes(data[at + 28 : at + 30], "little")
            )
            found[info.filename] = data[start : start + info.compress_size], (info.date_time, info.external_attr)
    return found


def test_all_other_entries_are_copied_as_they_are() -> None:
    data = package(p("产业强市"), {"customXml/item1.xml": "<a/>", "word/styles.xml": f'<w:styles xmlns:w="{W}"/>'})
    document = read("a.docx", data)
    before, after = raw(data), raw(mark(data, [on(document, "强市")]))
    assert list(after) == [*before, "word/comments.xml", "word/_rels/document.xml.rels"]
    changed = {name for name in before if before[name][0] != after[name][0]}
    assert changed == {"[Content_Types].xml", "word/document.xml"}
    assert all(before[name][1] == after[name][1] for name in before)


def test_entries_written_as_a_stream_are_copied_too() -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    out = Stream()
    with zipfile.ZipFile(io.BytesIO(package(p("产业强市")))) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info), zipfile.ZIP_DEFLATED)
    data = out.getvalue()
    marked = mark(data, [on(read("a.docx", data), "强市")])
    with zipfile.ZipFile(io.BytesIO(marked)) as archive:
        assert archive.testzip() is None
        assert archive.read("word/media/image1.png") == b"not really a picture" * 50


def test_the_head_and_the_prefixes_of_the_document_stay() -> None:
    data = package(p("产业强市"))
    marked = mark(data, [on(read("a.docx", data), "强市")])
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(io.BytesIO(marked)) as after:
        head = before.read("word/document.xml").partition(b"<w:body>")[0]
        assert after.read("word/document.xml").startswith(head)


def test_a_comments_part_is_made_known_to_the_package() -> None:
    data = package(p("产业强市"), relations={"theme": "theme/theme1.xml"})
    marked = mark(data, [on(read("a.docx", data), "强市")], when=datetime(2020, 12, 31, 8, 30))
    relation = part(marked, "word/_rels/document.xml.rels")[1]
    assert relation.attrib == {"Id": "rId2", "Type": f"{RELATIONS}/comments", "Target": "comments.xml"}
    override = part(marked, "[Content_Types].xml")[-1]
    assert override.attrib == {"PartName": "/word/comments.xml", "ContentType": WORD_TYPE + "comments+xml"}
    comment = part(marked, "word/comments.xml")[0]
    names = {key.rpartition("}")[2]: value for key, value in comment.attrib.items()}
    assert names == {"id": "0", "author": AUTHOR, "initials": "审", "date": "2020-12-31T08:30:00Z"}


def test_python_docx_reads_the_comments() -> None:
    word = docx.Document()
    word.add_paragraph("推进产业强市战略")
    out = io.BytesIO()
    word.save(out)
    document = read("a.docx", out.getvalue())
    marked = mark(out.getvalue(), [on(document, "产业强市", "【提醒】甲", "建议：乙", "（规则）")])
    comment = next(iter(docx.Document(io.BytesIO(marked)).comments))
    assert (comment.author, comment.initials) == (AUTHOR, "审")
    assert comment.text == "【提醒】甲\n建议：乙\n（规则）"


def test_the_strict_format_stays_strict() -> None:
    data = package(p("推进产业强市"), strict=True)
    marked = mark(data, [on(read("a.docx", data), "产业")])
    assert covered(marked) == {"产业": "产业"}
    assert part(marked, "word/comments.xml").tag == f"{{{STRICT}}}comments"
    assert part(marked, "word/_rels/document.xml.rels")[0].get("Type") == f"{STRICT_RELATIONS}/comments"
    with zipfile.ZipFile(io.BytesIO(marked)) as archive:
        assert b"openxmlformats.org/wordprocessingml/2006" not in archive.read("word/document.xml")


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            target.writestr(info, content if info.filename == name else source.read(info))
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_of_the_document(encoding: str) -> None:
    data = package(p("推进产业强市"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("word/document.xml").decode()
    content = text.replace('"UTF-8"', '"UTF-16"' if encoding == "utf-16" else '"UTF-8"').encode(encoding)
    data = repacked(data, "word/document.xml", content)
    assert covered(mark(data, [on(read("a.docx", data), "产业")])) == {"产业": "产业"}


def test_a_document_without_prefixes() -> None:
    data = package(p("推进产业强市"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("word/document.xml").decode()
    text = re.sub(r"<(/?)w:", r"<\1", text).replace("xmlns:w=", "xmlns=")
    data = repacked(data, "word/document.xml", text.encode())
    assert covered(mark(data, [on(read("a.docx", data), "产业")])) == {"产业": "产业"}


# ---- comments that are there already --------------------------------------------------------------------------

OTHERS = f'<w:comments xmlns:w="{W}"><w:comment w:id="7" w:author="王某">{p("别人的批注")}</w:comment></w:comments>'


def test_comments_of_other_people_stay() -> None:
    body = p(
        "推进",
        '<w:commentRangeStart w:id="7"/>',
        "产业强市",
        '<w:commentRangeEnd w:id="7"/>',
        '<w:r><w:commentReference w:id="7"/></w:r>',
    )
    data = package(body, {"word/comments.xml": OTHERS}, relations={"comments": "comments.xml"})
    marked = mark(data, [on(read("a.docx", data), "强市")])
    assert covered(marked) == {"别人的批注": "产业强市", "强市": "强市"}
    assert list(comments(marked)) == ["7", "8"]
    assert mark(data, []) == data


def test_our_own_former_comments_are_replaced() -> None:
    data = package(p("推进产业强市战略"), {"word/comments.xml": OTHERS}, relations={"comments": "comments.xml"})
    document = read("a.docx", data)
    once = mark(data, [on(document, "产业"), on(document, "强市战略")])
    again = mark(once, [on(read("a.docx", once), "产业"), on(read("a.docx", once), "市战")])
    assert covered(again) == {"产业": "产业", "市战": "市战"}
    assert [lines[0] for lines in comments(again).values()] == ["别人的批注", "产业", "市战"]
    cleared = mark(again, [])
    assert [lines[0] for lines in comments(cleared).values()] == ["别人的批注"]
    assert b"comment" not in ElementTree.tostring(part(cleared, "word/document.xml"))


def test_marking_twice_gives_the_same_file() -> None:
    data = package(p("推进产业", "强市战略"))
    once = mark(data, [on(read("a.docx", data), "产业强市")])
    assert mark(once, [on(read("a.docx", once), "产业强市")]) == once


def test_what_newer_versions_of_word_keep_about_our_comments_goes_with_them() -> None:
    w14, w15 = (
        "http://schemas.microsoft.com/office/word/2010/wordml",
        "http://schemas.microsoft.com/office/word/2012/wordml",
    )
    ours = f'<w:comment w:id="1" w:author="{AUTHOR}"><w:p w14:paraId="0A"><w:r><w:t>旧</w:t></w:r></w:p></w:comment>'
    answer = '<w:comment w:id="2" w:author="王某"><w:p w14:paraId="0B"><w:r><w:t>答复</w:t></w:r></w:p></w:comment>'
    data = package(
        p(
            '<w:commentRangeStart w:id="1"/>',
            "推进产业强市",
            '<w:commentRangeEnd w:id="1"/>',
            '<w:r><w:commentReference w:id="1"/></w:r>',
        ),
        {
            "word/comments.xml": f'<w:comments xmlns:w="{W}" xmlns:w14="{w14}">{ours}{answer}</w:comments>',
            "word/commentsExtended.xml": f'<w15:commentsEx xmlns:w15="{w15}">'
            '<w15:commentEx w15:paraId="0A" w15:done="0"/>'
            '<w15:commentEx w15:paraId="0B" w15:paraIdParent="0A" w15:done="0"/></w15:commentsEx>',
        },
        relations={"comments": "comments.xml", "commentsExtended": "commentsExtended.xml"},
    )
    marked = mark(data, [on(read("a.docx", data), "产业")])
    assert [lines[0] for lines in comments(marked).values()] == ["答复", "产业"]
    (kept,) = part(marked, "word/commentsExtended.xml")
    assert kept.attrib == {f"{{{w15}}}paraId": "0B", f"{{{w15}}}done": "0"}


# ---- refusals -------------------------------------------------------------------------------------------------


def test_a_file_that_changed_after_the_check_is_refused() -> None:
    document = read("a.docx", package(p("产业强市")))
    with pytest.raises(WriteError, match="文件在检查后被改动"):
        mark(package(p("产业强市。")), [on(document, "产业")])
    with pytest.raises(WriteError, match="文件在检查后被改动"):
        mark(b"", [on(document, "产业")])


def test_a_signed_file_is_refused() -> None:
    data = package(p("产业强市"), {"_xmlsignatures/origin.sigs": ""})
    with pytest.raises(WriteError, match="数字签名"):
        mark(data, [on(read("a.docx", data), "产业")])


def test_a_copy_with_a_comment_on_other_words_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = docx_place.place
    monkeypatch.setattr(
        docx_mark,
        "place",
        lambda nodes, all_: real(nodes, [it._replace(first_offset=it.first_offset - 1) for it in all_]),
    )
    data = package(p("推进产业强市"))
    with pytest.raises(WriteError, match="与原文不一致"):
        mark(data, [on(read("a.docx", data), "产业")])


def edited(before: str, after: str, name: str = "word/document.xml") -> Any:
    """A writer that spoils one part of what it writes."""
    real = docx_mark.repack

    def write(data: bytes, parts: Mapping[str, bytes]) -> bytes:
        copy = real(data, parts)
        with zipfile.ZipFile(io.BytesIO(copy)) as archive:
            content = archive.read(name).decode()
        assert before in content
        return repacked(copy, name, content.replace(before, after, 1).encode())

    return write


INSERTED = '<w:ins w:id="5" w:author="甲"><w:r><w:t>新增</w:t></w:r></w:ins>'
ACCEPTED = (INSERTED, "<w:r><w:t>新增</w:t></w:r>")

SPOILT: Mapping[str, tuple[str, str, str]] = {
    "a character more": ("word/document.xml", "强市", "强市。"),
    "a character less": ("word/document.xml", "强市", "强"),
    "a revision accepted": ("word/document.xml", *ACCEPTED),
    "a revision by someone else": ("word/document.xml", 'w:author="甲"', 'w:author="乙"'),
    "another text struck out": ("word/document.xml", "删去", "未删"),
    "another face": ("word/document.xml", "<w:b/>", "<w:i/>"),
    "a field code": ("word/document.xml", "PAGE", "DATE"),
    "a number": ("word/document.xml", '<w:numId w:val="3"/>', '<w:numId w:val="4"/>'),
    "a picture": ("word/document.xml", 'r:embed="rId9"', 'r:embed="rId8"'),
    "a lost range": ("word/document.xml", "<w:bookmarkEnd", "<w:bookmarkStart"),
    "a comment of someone else": ("word/comments.xml", "别人的批注", "别人的话"),
    "the author of a comment": ("word/comments.xml", "王某", "李某"),
    "another part": ("word/media/image1.png", "really", "surely"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_writer_that_changes_anything_else_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a writer spoils besides adding comments, the copy is read back and refused."""
    part_name, before, after = SPOILT[name]
    body = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr></w:pPr>'
        '<w:bookmarkStart w:id="1" w:name="a"/><w:r><w:rPr><w:b/></w:rPr><w:t>推进产业强市</w:t></w:r>'
        f'<w:bookmarkEnd w:id="1"/>{INSERTED}'
        '<w:del w:id="6" w:author="甲"><w:r><w:delText>删去</w:delText></w:r></w:del>'
        '<w:fldSimple w:instr="PAGE"><w:r><w:t>3</w:t></w:r></w:fldSimple>'
        '<w:r><w:drawing><wp:inline r:embed="rId9"/></w:drawing></w:r></w:p>'
    )
    data = package(body, {"word/comments.xml": OTHERS}, relations={"comments": "comments.xml"})
    document = read("a.docx", data)
    assert covered(mark(data, [on(document, "产业")]))["产业"] == "产业"
    monkeypatch.setattr(docx_mark, "repack", edited(before, after, part_name))
    with pytest.raises(WriteError, match="与原文不一致"):
        mark(data, [on(document, "产业")])


def test_nothing_is_written_where_the_copy_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says what is wrong, leaves with 2, and writes no file at all."""
    source = tmp_path / "总结.docx"
    source.write_bytes(package(p("某某局工作总结") + p("推进产业强市，XX项目进度过半。")))
    monkeypatch.setattr(docx_mark, "repack", edited("产业", "产"))
    assert run(["check", str(source), "--format", "docx,html", "-o", str(tmp_path / "out")]) == 2
    assert "与原文不一致" in capsys.readouterr().err
    assert [it.name for it in tmp_path.iterdir()] == ["总结.docx"]


# ---- reports --------------------------------------------------------------------------------------------------


def finding(
    document: Document | None, span: Span | None, at: Span | None = None, related: tuple[Place, ...] = ()
) -> Finding:
    return Finding(
        "sample-rule", "", "error", "三（二）1·第2段", "全文3612字，超过3500字", "压缩到3500字以内。",
        document, span, at, {}, related, "0",
    )  # fmt: skip


def report(documents: tuple[Document, ...], *findings: Finding) -> Report:
    return Report(Submission(documents), cast(Any, sample_report.NOTICE), findings, (), ())


def papers(data: bytes) -> tuple[Document, Document]:
    """Two papers that stand in one file."""
    whole = read("文件夹/总结.docx", data)
    middle = whole.text.index("实绩清单")
    return (
        whole.part(Span(0, middle - 1), "team-summary", ""),
        whole.part(Span(middle, len(whole.text)), "achievement-list", ""),
    )


TWO_PAPERS = p("工作总结") + p("推进产业强市") + p("实绩清单") + p("完成投资十亿元")


def test_all_papers_of_one_file_come_in_one_copy() -> None:
    data = package(TWO_PAPERS)
    first, second = papers(data)
    (output,) = render(
        report(
            (first, second),
            finding(first, Span(7, 11)),
            finding(second, Span(7, 12), related=(Place(first, Span(0, 4)),)),
        ),
        {"文件夹/总结.docx": data},
    )
    assert output.name == "总结（审查批注）.docx"
    assert list(comments(output.data).values()) == [
        ["【错误｜三（二）1·第2段】全文3612字，超过3500字", "建议：压缩到3500字以内。", "（sample-rule）"],
        [
            "【错误｜三（二）1·第2段】全文3612字，超过3500字",
            "另见：领导班子工作总结“工作总结”",
            "建议：压缩到3500字以内。",
            "（sample-rule）",
        ],
    ]
    ranges = re.findall(
        r"RangeStart.*?RangeEnd", ElementTree.tostring(part(output.data, "word/document.xml"), "unicode")
    )
    assert ["".join(re.findall("[\u4e00-\u9fff]", it)) for it in ranges] == ["产业强市", "投资十亿元"]


def test_something_absent_stands_at_its_heading_and_else_at_the_title() -> None:
    data = package(TWO_PAPERS)
    first, second = papers(data)
    (output,) = render(
        report((first, second), finding(first, None), finding(second, None, at=Span(0, 4)), finding(None, None)),
        {"文件夹/总结.docx": data},
    )
    texts = sorted(covered_by_number(output.data).items())
    assert texts == [("0", "工作总结"), ("1", "工作总结"), ("2", "实绩清单")]
    assert [lines[1] for lines in comments(output.data).values()] == [
        "（针对全部材料）",
        "（针对整份材料）",
        "（针对整份材料）",
    ]


def test_an_absent_topic_stands_at_the_heading_that_it_belongs_under() -> None:
    """Where the paper has the section, the comment says that the topic should be written there."""
    data = package(p("述职报告") + p("二、绩") + p("完成投资十亿元"))
    document = read("述职.docx", data)
    place = on(document, "二、绩").place
    facets = (Level("achievement", "绩", "section", (place,)), Level("probity", "廉", "absent"))
    made = [
        replace(finding(document, None, at=Span(0, 4)), facts={"topic": topic, "under": under})
        for topic, under in (("fire-safety", "绩"), ("eight-rules", "廉"))
    ]
    coverage = (Coverage(document, Count(7, 2500, ""), facets),)
    (output,) = render(replace(report((document,), *made), coverage=coverage), {"述职.docx": data})
    assert covered_by_number(output.data) == {"0": "二、绩", "1": "述职报告"}
    assert [it[1] for it in comments(output.data).values()] == ["（应写在这一部分）", "（针对整份材料）"]


def test_the_limits_of_the_user_hold_for_the_copy_too() -> None:
    """A file that was read under wider limits is marked up under them; one that just keeps them is not refused."""
    data = package(p("工作总结") + p("推进产业强市") * 40)
    tags = read_tags(data)
    for limits in (Limits(tags=tags), Limits(tags=tags, file_size=len(data), part_size=6000)):
        document = read("总结.docx", data, limits)
        made = replace(
            report((document,), finding(document, Span(5, 9))), submission=Submission((document,), limits=limits)
        )
        (output,) = render(made, {"总结.docx": data})
        assert covered_by_number(output.data) == {"0": "推进产业"}
    narrow = replace(made, submission=Submission((document,), limits=Limits(part_size=100)))
    with pytest.raises(WriteError):
        render(narrow, {"总结.docx": data})


def read_tags(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("word/document.xml").count(b"<")


def test_a_marked_up_file_checks_like_the_paper_it_was_made_of(tmp_path: Path) -> None:
    """字数, findings and reading statement are the same: our own comments are no part of the paper."""
    body = p("某某局领导班子工作总结") + p(
        '<w:commentRangeStart w:id="7"/>',
        "推进产业强市，XX项目进度过半。",
        '<w:commentRangeEnd w:id="7"/>',
        '<w:r><w:commentReference w:id="7"/></w:r>',
    )
    data = package(body, {"word/comments.xml": OTHERS}, relations={"comments": "comments.xml"})
    path, copies = tmp_path / "工作总结.docx", []
    path.write_bytes(data)
    for _ in range(2):
        made = checker.check(path)
        (output,) = render(made)
        path.write_bytes(output.data)
        copies.append(([it.count for it in made.coverage], made.findings, made.submission.documents[0].reading))
    (count, findings, reading), (count_again, findings_again, reading_again) = copies
    assert (count, reading) == (count_again, reading_again)
    assert [it.fingerprint for it in findings] == [it.fingerprint for it in findings_again]
    assert [note.count for note in reading.not_read if note.what == "comments"] == [1]
    assert len(comments(output.data)) == 1 + len(findings)


def test_a_file_made_by_wps() -> None:
    """Its own namespaces, its own parts, empty runs, marks of its editor and a text box in two versions stay."""
    wps = 'xmlns:wpsCustomData="http://www.wps.cn/officeDocument/2013/wpsCustomData"'
    box = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps">{TEXT_BOX}</mc:Choice><mc:Fallback><w:pict><v:shape>'
        "<v:textbox><w:txbxContent><w:p><w:r><w:t>框中写的话</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape>"
        "</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    run = '<w:r><w:rPr><w:rFonts w:hint="eastAsia" w:ascii="仿宋_GB2312"/><w:lang w:val="en-US"/></w:rPr>'
    body = (
        f"<w:p><w:pPr><w:rPr><w:rFonts w:hint='eastAsia'/></w:rPr></w:pPr>{run}<w:t>推进产业</w:t></w:r>"
        f'<w:bookmarkStart w:id="0" w:name="_GoBack"/><w:bookmarkEnd w:id="0"/>{run}</w:r>'
        f"{run}<w:t>强市战略</w:t></w:r>"
        f"{box}</w:p>"
    )
    data = package(
        body,
        {"customXml/item1.xml": f'<s:customData {wps} xmlns:s="http://www.wps.cn/officeDocument/2013/wpsCustomData"/>'},
    )
    document = read("a.docx", data)
    marked = mark(data, [on(document, "产业强市"), on(document, "框中写", "框")])
    assert covered(marked) == {"产业强市": "产业强市", "（针对文本框中的文字：“框中写”）": "略"}
    assert read("a.docx", marked).text == document.text


def covered_by_number(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    open_: set[str] = set()
    for element in part(data, "word/document.xml").iter():
        if local(element) == "commentRangeStart":
            open_.add(attribute(element, "id"))
        elif local(element) == "commentRangeEnd":
            open_.remove(attribute(element, "id"))
        elif local(element) == "t":
            found |= {number: found.get(number, "") + (element.text or "") for number in open_}
    return found


def test_a_file_without_findings_comes_back_as_it_is() -> None:
    data = package(TWO_PAPERS)
    (output,) = render(report(papers(data)), {"文件夹/总结.docx": data})
    assert output.data == data


def test_files_of_the_same_name_get_different_names() -> None:
    data = package(p("工作总结"))
    documents = tuple(read(f"{folder}/总结.docx", data) for folder in "甲乙")
    outputs = render(report(documents), {"甲/总结.docx": data, "乙/总结.docx": data})
    assert [it.name for it in outputs] == ["总结（审查批注）.docx", "总结（审查批注）（2）.docx"]


def test_a_file_with_macros_keeps_its_ending() -> None:
    data = package(p("工作总结"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    types = types.replace(WORD_TYPE + "document.main", "application/vnd.ms-word.document.macroEnabled.main")
    data = repacked(data, "[Content_Types].xml", types.encode())
    (output,) = render(report((read("总结.docm", data),)), {"总结.docm": data})
    assert output.name == "总结（审查批注）.docm"


def test_a_source_that_is_gone_or_changed_is_told() -> None:
    document = read("没有这个文件.docx", package(p("工作总结")))
    with pytest.raises(WriteError, match="读不到原文件"):
        render(report((document,)))
    with pytest.raises(WriteError, match="文件在检查后被改动"):
        render(report((document,)), {"没有这个文件.docx": package(p("别的内容"))})


def test_a_text_file_becomes_a_word_file_with_its_text_and_comments() -> None:
    source = "工作总结\n一、政治建设\n推进\t产业强市，\x07响铃。\n\n末段".encode()
    document = read("总结.txt", source)
    words = on(document, "产业强市").place
    (output,) = render(
        report((document,), finding(document, words), finding(document, None), finding(document, Span(9, 14)))
    )
    assert output.name == "总结（审查批注）.docx"
    word = docx.Document(io.BytesIO(output.data))
    assert [it.text for it in word.paragraphs] == [say.visible(document.slice(block.span)) for block in document.blocks]
    assert word.paragraphs[1].style is not None and word.paragraphs[1].style.name == "Heading 1"
    assert covered_by_number(output.data) == {"0": "工作总结", "1": "建设推进", "2": "产业强市"}
    assert [comment.author for comment in word.comments] == [AUTHOR] * 3


def test_hostile_text_in_a_finding_does_no_harm() -> None:
    data = package(p("工作总结"))
    document = read("总结.docx", data)
    hostile = Finding(
        "r",
        "",
        "info",
        "",
        f"{sample_report.SCRIPT}{sample_report.CONTROLS}",
        "",
        document,
        Span(0, 2),
        None,
        {},
        (),
        "",
    )
    (output,) = render(report((document,), hostile), {"总结.docx": data})
    assert sample_report.SCRIPT in comments(output.data)["0"][0]
