"""The HTML page: whole, safe, standing alone, every mark on its words and every jump with a place to land."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import html5lib
import pytest
import sample_report as sample
from lxml import etree
from lxml import html as lxml_html

from checker.document import Block, Box, Cell, Document, Reading, Span
from checker.render import html
from checker.render.marked_text import Mark, Paragraph, Table, body
from checker.report import Decision, Report


def page(report: Report) -> str:
    (rendered,) = html.render(report)
    assert rendered.name.endswith(".html")
    return rendered.data.decode()


@pytest.fixture(scope="module")
def source() -> str:
    return page(sample.REPORT)


@pytest.fixture(scope="module")
def tree(source: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(source)


def text_of(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def marked(tree: lxml_html.HtmlElement, number: int) -> str:
    return "".join(m.text_content() for m in tree.iter("mark") if str(number) in m.get("data-n", "").split())


def number_of(tree: lxml_html.HtmlElement, words: str) -> int:
    (entry,) = [e for e in tree.find_class("entry") if words in e.text_content()]
    return int(entry.get("data-n", ""))


def squeezed(words: str) -> str:
    return "".join(words.split())


def visible(words: str) -> str:
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\ud800-\udfff]", "\ufffd", words)


def test_page_needs_nothing_from_outside(tree: lxml_html.HtmlElement) -> None:
    assert not tree.xpath("//*[@src or @srcset or @action or @style]") and not tree.xpath("//link|//img|//iframe")
    assert all(link.startswith("#") for link in tree.xpath("//@href"))
    assert not re.search(r"url\(|@import", tree.findtext(".//style", ""))


def test_policy_allows_exactly_the_own_style_and_script(source: str, tree: lxml_html.HtmlElement) -> None:
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        content = re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_nothing_from_a_file_becomes_markup(source: str, tree: lxml_html.HtmlElement) -> None:
    assert sample.SCRIPT not in source and "<img" not in source and "<b>" not in source
    assert len(tree.xpath("//script")) == 1
    assert sample.SCRIPT in tree.text_content()


def test_no_control_character_reaches_the_page(source: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source)
    assert visible(sample.CONTROLS) in source


def test_ids_are_unique_and_every_jump_lands(tree: lxml_html.HtmlElement) -> None:
    idents = tree.xpath("//@id")
    assert len(idents) == len(set(idents))
    assert {link[1:] for link in tree.xpath("//@href")} <= set(idents)


def test_every_finding_has_its_place_in_list_and_text(tree: lxml_html.HtmlElement) -> None:
    numbers = [int(entry.get("data-n", "")) for entry in tree.find_class("entry")]
    assert numbers == list(range(1, len(sample.FINDINGS) + 1))
    on_papers = len(sample.FINDINGS) - len(sample.REPORT.overall)
    assert sorted(int(ref.get("data-n", "")) for ref in tree.find_class("ref")) == list(range(1, on_papers + 1))


def test_marks_cover_exactly_the_words_however_they_overlap(tree: lxml_html.HtmlElement) -> None:
    for finding in sample.FINDINGS:
        if finding.document is None or finding.span is None:
            continue
        number = number_of(tree, visible(finding.message))
        assert marked(tree, number).replace("\n", "") == visible(finding.quote).replace("\n", "")


def test_marks_never_nest_in_marks(tree: lxml_html.HtmlElement) -> None:
    assert not tree.xpath("//mark//mark")


def test_gravest_finding_gives_the_look_of_a_piece(tree: lxml_html.HtmlElement) -> None:
    (mark,) = [m for m in tree.iter("mark") if m.text_content() == "XX"]
    assert mark.get("class") == "error" and len(mark.get("data-n", "").split()) == 3


def test_what_is_wanting_is_pinned_at_its_heading(tree: lxml_html.HtmlElement) -> None:
    number = number_of(tree, "集体研究审定的说明")
    pins = tree.xpath(f"//*[@id='t{number}']/ancestor::p[contains(@class, 'pins')]")[0]
    assert "作风建设" in pins.getprevious().text_content()
    title_pins = tree.xpath("//p[contains(@class, 'pins')]")[0]
    assert title_pins.getprevious().text_content() == "2020年度工作总结"


def test_whole_text_of_each_paper_is_shown(tree: lxml_html.HtmlElement) -> None:
    boxes = deepcopy(tree).find_class("text")
    for document, box in zip(sample.REPORT.submission.documents, boxes, strict=True):
        for extra in (*box.find_class("ref"), *box.find_class("label"), *box.find_class("pins")):
            extra.drop_tree()
        shown = "".join(element.text_content() for element in box.find_class("t"))
        assert shown.replace("\n", "") == visible(document.text.replace("\n", ""))


def test_label_is_shown_apart_from_the_text(tree: lxml_html.HtmlElement) -> None:
    assert tree.xpath("//h4/span[@class='label']/text()|//h5/span[@class='label']/text()")[0] == "一、"


def test_table_keeps_its_grid(tree: lxml_html.HtmlElement) -> None:
    table = tree.find_class("cells")[0]
    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in table.iter("tr")]
    assert rows == [
        ["指标", "目标", "完成"],
        ["完成投资", "12亿元", "13.2亿元"],
        ["企业满意率", "", "98% （第三方测评）"],
    ]


def test_files_not_read_stand_before_the_papers(source: str) -> None:
    assert source.index("没有检查的文件") < source.index("示例单位领导班子")
    assert "encrypted" in source


def test_each_part_of_the_report_is_there(tree: lxml_html.HtmlElement) -> None:
    text = text_of(tree)
    for words in (
        "有材料未能检查",
        "示例〔2020〕1号",
        "3612字，上限3500字，超出112字",
        "统计范围：正文、表格、文本框、脚注",
        "图片3张，其中的文字没有读",
        "有实质内容5项",
        "本单位不承担这项职责",
        "另见实绩清单",
        "依据：通知三（二）1·第2段",
        "全部材料的问题",
        "没有其他单位的材料可以比对",
    ):
        assert words in text


def test_evidence_leads_to_its_words(tree: lxml_html.HtmlElement) -> None:
    (row,) = [r for r in tree.xpath("//table[@class='levels']//tr") if "营商环境" in r.text_content()]
    target = row.xpath(".//a/@href")[0][1:]
    assert tree.get_element_by_id(target).text_content().startswith("下放审批事项23项")


def test_what_rests_on_meaning_says_so(tree: lxml_html.HtmlElement) -> None:
    """A level that no term shows is told apart from those that terms show."""
    told = [row.text_content() for row in tree.iter("tr") if "按句意判断" in row.text_content()]
    assert len(told) == 1
    assert "营商环境" in told[0]


def test_severity_is_told_in_words_and_signs_too(tree: lxml_html.HtmlElement) -> None:
    for severity, words in (("error", "× 错误"), ("warning", "! 提醒"), ("info", "· 提示")):
        cards = [card for card in tree.find_class("card") if card.get("data-severity") == severity]
        assert cards and all(text_of(card).startswith(words) for card in cards)


def test_report_without_findings_has_no_tools() -> None:
    source = page(sample.EMPTY)
    assert "没有发现问题" in source and 'id="tools"' not in source


def test_nothing_handed_in_is_no_pass() -> None:
    source = page(sample.NOTHING)
    assert "没有检查任何材料" in source and "未发现问题" not in source


def test_same_report_gives_the_same_bytes() -> None:
    assert html.render(sample.REPORT) == html.render(sample.REPORT)


@pytest.mark.parametrize("report", [sample.REPORT, sample.EMPTY, sample.NOTHING], ids=["full", "empty", "nothing"])
def test_page_is_html_without_a_parse_error(report: Report) -> None:
    """html5lib follows the standard and stops at the first error in it."""
    html5lib.HTMLParser(strict=True).parse(page(report))


def test_page_is_well_formed(source: str) -> None:
    parser = etree.HTMLParser(recover=False)
    etree.fromstring(source.encode(), parser)
    # libxml2 knows HTML 4 only: elements of HTML 5 are no errors.
    assert [error for error in parser.error_log if "invalid" not in error.message] == []


def test_coverage_picture_tells_each_level_in_words_and_signs(tree: lxml_html.HtmlElement) -> None:
    summary = tree.find_class("paper")[0]
    bands = {text_of(band.find("dt")): band for band in summary.find_class("band")}
    assert list(bands) == [
        *("未写到 1项", "有段落 1项", "有专门部分 3项"),
        *("未写到 5项", "只是提到 3项", "有实质内容 5项", "不适用 1项"),
    ]
    signs = {name: {text_of(chip)[0] for chip in band.find_class("chip")} for name, band in bands.items()}
    assert signs["未写到 5项"] == {"×"} and signs["只是提到 3项"] == {"△"} and signs["有实质内容 5项"] == {"✓"}
    assert "本单位不承担这项职责" in text_of(bands["不适用 1项"])


def test_name_in_the_picture_leads_to_its_words_or_to_what_is_said_of_it(tree: lxml_html.HtmlElement) -> None:
    chips = {text_of(chip): chip for chip in tree.xpath("//a[@class='chip']")}
    words = tree.get_element_by_id(chips["✓ 安全生产"].get("href")[1:])
    assert words.text_content() == "全年未发生安全生产责任事故"
    said = tree.get_element_by_id(chips["× 人才工作"].get("href")[1:])
    assert "没有写到“人才工作”" in said.text_content()


def test_bands_of_a_bar_fill_it(tree: lxml_html.HtmlElement) -> None:
    for bar in tree.find_class("shares"):
        widths = [float(share.get("width", "").rstrip("%")) for share in bar.find_class("share")]
        assert sum(widths) == pytest.approx(100, abs=0.1)


def test_every_piece_of_evidence_has_a_jump_and_lights_up_whole(tree: lxml_html.HtmlElement) -> None:
    (row,) = [r for r in tree.xpath("//table[@class='levels']//tr") if "理论学习" in r.text_content()]
    for target, words in zip(row.xpath(".//a/@href"), ("组织理论学习中心组学习14次", "开展专题研讨6次"), strict=True):
        pieces = tree.xpath(f"//*[contains(concat(' ', @data-for, ' '), ' {target[1:]} ')]")
        assert "".join(piece.text_content() for piece in pieces) == words


def test_gauge_draws_the_limit_and_what_is_beyond_it(tree: lxml_html.HtmlElement) -> None:
    over, within = (bar for bar in tree.find_class("bar"))
    assert text_of(over) == "上限3500字" and text_of(within) == "上限3000字"
    assert over.find_class("beyond") and not within.find_class("beyond")


def test_text_of_a_paper_in_order_is_folded_away(tree: lxml_html.HtmlElement) -> None:
    for paper in tree.find_class("paper"):
        assert bool(paper.find_class("card")) != bool(paper.find_class("whole"))


def test_place_in_a_paper_that_is_not_of_the_set_says_so() -> None:
    other = replace(sample.FEATURES, path="去年/特色工作清单.docx")
    finding = replace(sample.FINDINGS[0], related=(sample.Place(other, Span(0, 6)),))
    tree = lxml_html.document_fromstring(page(replace(sample.REPORT, findings=(finding,))))
    (related,) = tree.find_class("related")
    assert "特色工作清单" in text_of(related) and "不在这套材料里" in text_of(related)
    assert not related.xpath(".//a")


def boxed(page_of_second: int) -> Document:
    boxes = (Box(0, 2, 0, 0, 9, (0, 1), (1, 2)), Box(3, 5, page_of_second, 0, 9, (0, 1), (1, 2)))
    blocks = (Block("paragraph", Span(0, 2)), Block("paragraph", Span(3, 5)))
    return Document(
        "扫描.pdf", "pdf", "甲乙\n丙丁", blocks, (), Reading(recognised=(0,)), kind="team-summary", boxes=boxes
    )


@pytest.mark.parametrize(("second", "shown", "note"), [(0, 2, "以下文字"), (1, 1, "左边有点线的段落")])
def test_recognised_text_is_told_apart(second: int, shown: int, note: str) -> None:
    """A scan among pages with text of their own: the note says which paragraphs may be misread."""
    document = boxed(second)
    finding = replace(sample.FINDINGS[0], document=document, span=Span(3, 5), related=())
    tree = lxml_html.document_fromstring(page(replace(sample.NOTHING, findings=(finding,))))
    assert len(tree.find_class("recognised")) == shown
    (told,) = tree.find_class("note")
    assert note in text_of(told)
    assert f"第{second + 1}页" in text_of(tree.find_class("card")[0])


def test_accepted_finding_no_longer_looks_like_a_fault() -> None:
    """It keeps its card and its words in the text, under a sign of its own; the paper is not called clean."""
    decision = Decision("list-empty", "f", "已核实", "审核人", "2020-12-20", "checked", "accept")
    finding = next(found for found in sample.FINDINGS if found.rule == "list-empty")
    report = replace(sample.REPORT, findings=(replace(finding, accepted=decision),))
    tree = lxml_html.document_fromstring(page(report))
    assert [mark.get("class") for mark in tree.iter("mark")] == ["accepted"]
    assert text_of(tree.find_class("ref")[0]) == "√1"
    assert tree.find_class("card")[0].get("data-look") == "accepted"
    assert tree.xpath("//input/@value") == ["error", "warning", "info", "accepted"]
    tallies = [text_of(tally) for tally in tree.find_class("tally")]
    assert tallies.count("√ 已有处理意见1") == 1


def test_what_the_script_takes_hold_of_is_there(tree: lxml_html.HtmlElement) -> None:
    idents = set(re.findall(r'getElementById\("([a-z]+)"\)', tree.findtext(".//script", "")))
    assert idents and idents <= set(tree.xpath("//@id"))


def one(text: str, *blocks: Block, marks: tuple[Mark, ...] = ()) -> tuple[Document, tuple[Paragraph | Table, ...]]:
    document = Document("a.txt", "txt", text, blocks)
    return document, body(document, marks)[0]


def test_text_that_no_block_holds_is_shown() -> None:
    _, shown = one("前面\n中间\n后面", Block("paragraph", Span(3, 5)))
    assert ["".join(p.text for p in item.pieces).strip() for item in shown if isinstance(item, Paragraph)] == [
        "前面",
        "中间",
        "后面",
    ]


def test_mark_between_blocks_or_out_of_range_still_has_a_place() -> None:
    document = Document("a.txt", "txt", "甲\n乙", (Block("paragraph", Span(0, 1)), Block("paragraph", Span(2, 3))))
    finding = replace(sample.FINDINGS[0], document=document, span=Span(1, 2), related=())
    far = replace(finding, span=Span(50, 90), message="远", fingerprint="f")
    report = replace(sample.EMPTY, submission=replace(sample.EMPTY.submission, documents=(document,)), coverage=())
    tree = lxml_html.document_fromstring(page(replace(report, findings=(finding, far))))
    assert {"t1", "t2"} <= set(tree.xpath("//@id"))


def test_paper_without_text_still_shows_its_findings() -> None:
    document = Document("a.txt", "txt", "", ())
    finding = replace(sample.FINDINGS[0], document=document, span=None, related=())
    report = replace(sample.NOTHING, findings=(finding,))
    tree = lxml_html.document_fromstring(page(report))
    assert tree.get_element_by_id("t1") is not None


def test_any_marks_keep_the_text_and_cover_their_words() -> None:
    """Two hundred papers of random blocks and marks, empty and overlapping ones among them."""
    chance = random.Random(2020)
    for _ in range(200):
        text = "".join(chance.choice("甲乙丙 \n") for _ in range(chance.randint(1, 60)))
        cuts = sorted({0, len(text), *(chance.randint(0, len(text)) for _ in range(4))})
        blocks = tuple(Block("paragraph", Span(*pair)) for pair in pairwise(cuts))
        ends = [sorted(chance.choices(range(len(text) + 1), k=2)) for _ in range(8)]
        marks = tuple(Mark(f"t{n}", Span(*pair), n) for n, pair in enumerate(ends, 1))
        shown = [item for item in one(text, *blocks, marks=marks)[1] if isinstance(item, Paragraph)]
        pieces = [piece for paragraph in shown for piece in paragraph.pieces]
        assert squeezed("".join(piece.text for piece in pieces)) == squeezed(text)
        pinned = [mark for paragraph in shown for mark in paragraph.pins]
        begun = [mark for piece in pieces for mark in piece.begins]
        for mark in marks:
            words = "".join(piece.text for piece in pieces if mark in piece.over)
            assert mark in pinned or squeezed(words) == squeezed(text[slice(*mark.span)])
            assert [*begun, *pinned].count(mark) == 1


def test_sparse_table_is_not_blown_up() -> None:
    size = 300
    rows = [(Cell(0, number, number), "格") for number in range(size)]
    document = sample.document("a.txt", rows, Reading())
    (table,) = body(document, ())[0]
    assert isinstance(table, Table) and sum(len(row) for row in table.rows) == size


def test_files_of_the_same_name_are_told_apart() -> None:
    first, second = (replace(sample.FEATURES, path=f"{folder}/清单.docx") for folder in ("甲", "乙"))
    report = replace(sample.EMPTY, submission=replace(sample.EMPTY.submission, documents=(first, second)), coverage=())
    assert "甲/清单.docx" in page(report) and "乙/清单.docx" in page(report)
