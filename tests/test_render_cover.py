"""The cover of a marked-up copy: told apart from the paper by whatever program has had the file in its hands."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import docx
import pytest
import sample_report as sample

from checker import engine, notice
from checker.document import Document, Submission
from checker.errors import WriteError
from checker.language.count import count_words
from checker.readers import read
from checker.readers.docx_summary import FIRST_LINE, LAST_LINE, TAG
from checker.render import docx as marked_copy
from checker.render import docx_cover
from checker.render.docx_cover import Summary, put, summary_of
from checker.render.listing import Item
from checker.report import Report

STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SUMMARY = Summary((("结论", "需要修改 <后> & 再报"),), (Item("总结\n「乙」", "“丙”要改", "", "", "错误"),), 3)


def paper(*, table_first: bool = False) -> bytes:
    """A paper with a numbered list, a table and a comment of its author."""
    word = docx.Document()
    if table_first:
        word.add_table(1, 1).cell(0, 0).text = "表在最前"
    else:
        word.add_heading("2020年度工作总结", 0)
    run = word.add_paragraph("全年完成投资", style="List Number").add_run("12亿元")
    word.add_comment(run, "请再核", "作者甲", "甲")
    word.add_table(1, 2).cell(0, 0).text = "表格"
    word.add_paragraph("完")
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def body(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("word/document.xml").decode()


def with_body(data: bytes, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, text if name == "word/document.xml" else source.read(name))
    return out.getvalue()


def known(data: bytes) -> Document:
    return read("总结.docx", data)


def shown(data: bytes) -> str:
    """All text at the head of the file as python-docx reads it inside the control."""
    return "\n".join(re.findall(r"<w:t[^>]*>([^<]*)</w:t>", body(data)))


def unwrapped(text: str) -> str:
    """As a program leaves the file that knows no content controls."""
    return re.sub(r"<w:sdt\b.*?<w:sdtContent>|</w:sdtContent></w:sdt>", "", text)


def untagged(text: str) -> str:
    """As LibreOffice leaves it: the control without its tag, around the first paragraph only."""
    text = re.sub(f'<w:tag w:val="{TAG}"/><w:lock[^>]*/>', "", text).replace("</w:sdtContent></w:sdt>", "")
    return text.replace("</w:p>", "</w:p></w:sdtContent></w:sdt>", 1)


HANDS = {"Word": str, "no controls": unwrapped, "LibreOffice": untagged}


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("table_first", [False, True])
def test_paper_reads_the_same_with_a_cover(hand: str, table_first: bool) -> None:
    source = paper(table_first=table_first)
    covered = put(source, SUMMARY)
    data = with_body(covered, HANDS[hand](body(covered)))
    before, after = known(source), known(data)
    assert (before.text, before.blocks) == (after.text, after.blocks)
    assert count_words(before.text) == count_words(after.text)
    assert [note.what for note in after.reading.not_read if note not in before.reading.not_read] == ["summary"]


@pytest.mark.parametrize("hand", HANDS)
def test_cover_is_replaced_and_never_doubled(hand: str) -> None:
    covered = put(paper(), SUMMARY)
    again = put(with_body(covered, HANDS[hand](body(covered))), replace(SUMMARY, facts=(("结论", "没有发现问题"),)))
    assert body(again).count(LAST_LINE) == body(again).count(TAG) == 1
    assert "没有发现问题" in body(again) and "再报" not in body(again)


@pytest.mark.parametrize("hand", HANDS)
def test_taking_the_cover_away_gives_back_the_paper(hand: str) -> None:
    source = paper()
    covered = put(source, SUMMARY)
    assert body(put(with_body(covered, HANDS[hand](body(covered))), None)) == body(source)
    assert put(source, None) == source


def test_cover_says_what_was_found_as_it_is() -> None:
    text = shown(put(paper(), SUMMARY))
    for words in (
        FIRST_LINE,
        "需要修改 &lt;后&gt; &amp; 再报",
        "“丙”要改",
        "总结 「乙」",
        "另有3条没有列在这里",
        "错误",
    ):
        assert words in text
    assert "本文件没有需要修改和核对的问题" in shown(put(paper(), Summary((), (), 0)))


def test_words_of_a_paper_that_are_like_a_cover_are_text() -> None:
    word = docx.Document()
    for text in (FIRST_LINE, "没有结束的一行", "正文"):
        word.add_paragraph(text)
    out = io.BytesIO()
    word.save(out)
    assert known(out.getvalue()).text == f"{FIRST_LINE}\n没有结束的一行\n正文"


def test_comment_that_somebody_put_on_the_cover_moves_to_the_paper() -> None:
    covered = put(paper(), SUMMARY)
    text = unwrapped(body(covered))
    mark = '<w:commentRangeStart w:id="7"/><w:r><w:t>注</w:t></w:r><w:commentRangeEnd w:id="7"/>'
    text = text.replace("</w:p>", f'{mark}<w:r><w:commentReference w:id="7"/></w:r></w:p>', 1)
    plain = put(with_body(covered, text), None)
    assert known(plain).text == known(paper()).text
    for name in ("commentRangeStart", "commentRangeEnd", "commentReference"):
        assert f'<w:{name} w:id="7"/>' in body(plain)


def test_paper_with_strict_namespaces_gets_a_strict_cover() -> None:
    source = paper()
    strict = with_body(source, body(source).replace(TRANSITIONAL, STRICT))
    covered = put(strict, SUMMARY)
    assert TRANSITIONAL not in body(covered) and known(covered).text == known(source).text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", sample.WHOLE.text.encode()])
def test_what_is_no_word_file_is_refused(data: bytes) -> None:
    with pytest.raises(WriteError):
        put(data, SUMMARY)


def test_copy_that_reads_otherwise_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx_cover, "LAST_LINE", "别的结尾")
    monkeypatch.setattr(docx_cover, "TAG", "other-tag")
    with pytest.raises(WriteError):
        put(paper(), SUMMARY)


def test_summary_holds_verdict_length_and_findings_of_the_file() -> None:
    papers = sample.REPORT.submission.documents[:4]
    summary = summary_of(sample.REPORT, papers, datetime(2020, 12, 20))
    facts = dict(summary.facts)
    assert facts["结论"].startswith("有材料未能检查（全部材料错误6处")
    assert facts["字数"].startswith("领导班子工作总结：3612字，上限3500字，超出112字\n实绩清单：")
    assert facts["日期"] == "2020年12月20日"
    assert len(summary.items) == 12 and summary.more > 0


def checked(data: bytes, name: str = "总结.docx") -> Report:
    found = replace(read(name, data), kind="team-summary")
    return engine.run(notice.load(notice.DEFAULT), Submission((found,)))


def test_marked_copy_with_a_cover_is_checked_like_the_paper() -> None:
    """Comments and findings stay where they are, round after round, with the cover and without it."""
    source = paper()
    first = checked(source)
    (copy,) = marked_copy.render(first, {"总结.docx": source}, cover=True)
    second = checked(copy.data)
    assert [it.fingerprint for it in first.findings] == [it.fingerprint for it in second.findings]
    assert [it.count for it in first.coverage] == [it.count for it in second.coverage]
    (again,) = marked_copy.render(second, {"总结.docx": copy.data}, cover=True)
    (plain,) = marked_copy.render(second, {"总结.docx": copy.data})
    assert (body(again.data).count(LAST_LINE), body(plain.data).count(LAST_LINE)) == (1, 0)
    comments = [len(list(docx.Document(io.BytesIO(it.data)).comments)) for it in (copy, again, plain)]
    assert comments == [len(first.findings) + 1] * 3


def test_cover_can_stand_before_a_paper_that_was_no_word_file() -> None:
    text = "2020年度工作总结\n全年完成投资12亿元。"
    found = replace(read("总结.txt", text.encode()), kind="team-summary")
    report = engine.run(notice.load(notice.DEFAULT), Submission((found,)))
    (copy,) = marked_copy.render(report, {}, cover=True)
    assert known(copy.data).text == text and LAST_LINE in body(copy.data)


def test_cover_is_before_every_copy_of_the_sample_report(tmp_path: Path) -> None:
    report = replace(sample.REPORT, submission=Submission((sample.CADRE_REPORT,)), findings=(), coverage=())
    copies = marked_copy.render(report, {}, cover=True)
    assert copies and all(LAST_LINE in body(copy.data) for copy in copies)
