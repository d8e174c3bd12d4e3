"""Plain text and Markdown: encodings, headings by numbers, and places."""

from __future__ import annotations

import pytest

from checker.errors import ReadError
from checker.readers import read
from checker.readers.headings import Looks, heading_level, number_level

PAPER = """示例局领导班子2020年度工作总结

一、总体情况
一年来，我们做了工作。
（一）政治建设
1.抓好学习
（1）集中学习
①每月一次
二、存在问题。
"""


ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "gb18030": "GB18030",
    "gbk": "GB18030",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str) -> None:
    """With and without a mark the text is the same; the statement names the encoding."""
    document = read("a.txt", PAPER.encode(encoding))
    assert document.text == PAPER
    assert document.format == "text"
    assert [note.text for note in document.reading.read][1:] == [f"文本编码 {ENCODINGS[encoding]}"]


@pytest.mark.parametrize("text", ["王㛃、李堃、赵犇羴骉", "朱镕基、王喆、①②③，约3㎡"])
def test_rare_characters_stay_in_gb18030(text: str) -> None:
    assert read("a.txt", text.encode("gb18030")).text == text


def test_traditional_text_in_big5_is_told_from_gb18030() -> None:
    text = "我們一年來認真貫徹落實各項部署，推動經濟社會發展取得新的成效。\n" * 5
    assert read("a.txt", text.encode("big5")).text == text


def test_kinds_and_levels() -> None:
    document = read("a.txt", PAPER.encode())
    assert [(block.kind, block.level) for block in document.blocks] == [
        ("title", 0),
        ("paragraph", 0),
        ("heading", 1),
        ("paragraph", 0),
        ("heading", 2),
        ("list-item", 3),
        ("list-item", 4),
        ("list-item", 5),
        ("paragraph", 0),
        ("paragraph", 0),
    ]


def test_every_character_has_its_line_and_column() -> None:
    document = read("a.md", "# 总结\r\n\r\n## 一、情况\r正文".encode())
    assert document.text == "总结\n\n一、情况\n正文"
    assert [(a.node, a.offset, document.text[a.start : a.end]) for a in document.anchors] == [
        (0, 2, "总结"),
        (2, 3, "一、情况"),
        (3, 0, "正文"),
    ]
    assert [(block.kind, block.level) for block in document.blocks][:3] == [
        ("title", 0),
        ("paragraph", 0),
        ("heading", 2),
    ]


@pytest.mark.parametrize("data", [b"   \n\n", b"\xef\xbb\xbf\n"])
def test_no_text(data: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read("a.txt", data)
    assert caught.value.code == "no-text"


@pytest.mark.parametrize("data", [b"\x81\xff\xff\x81 abc", b"\xff\xfea\xd8", PAPER.encode()[1:], PAPER.encode()[:-5]])
def test_unknown_encoding(data: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        read("a.txt", data)
    assert caught.value.code == "bad-encoding"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("一、总体", 1),
        ("十二、总体", 1),
        ("第一部分 总体", 1),
        ("（一）总体", 2),
        ("(十一)总体", 2),
        ("1.总体", 3),
        ("12、总体", 3),
        ("１．总体", 3),
        ("3.5个百分点", 0),
        ("2020.12", 0),
        ("（1）总体", 4),
        ("⑩总体", 5),
        ("一是总体", 0),
        ("总体", 0),
    ],
)
def test_numbers(text: str, level: int) -> None:
    assert number_level(text) == level


@pytest.mark.parametrize(
    ("text", "label", "looks", "level"),
    [
        ("总体情况", "一、", Looks(), 1),
        ("总体情况", "", Looks(strong=True), 1),
        ("总体情况", "", Looks(), 0),
        ("总体情况。", "一、", Looks(strong=True), 0),
        ("一、" + "长" * 39, "", Looks(strong=True), 0),
        ("1.重点工作", "", Looks(), 0),
        ("1.重点工作", "", Looks(centred=True), 3),
        ("图2 走势", "", Looks(centred=True), 0),
    ],
)
def test_headings(text: str, label: str, looks: Looks, level: int) -> None:
    assert heading_level(text, label, looks) == level
