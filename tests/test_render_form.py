"""The return form: every finding in a row, read back with a second library; any template, or one clear sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest
import sample_report as sample
from docx.table import Table
from loaders import SAMPLES

from checker.commands import run
from checker.errors import UsageError
from checker.render import docx_template, form, listing
from checker.report import Decision, Report
from tools import form_template

NAMES = ["序号", "位置", "问题", "通知依据", "修改建议", "严重程度"]


def made(report: Report = sample.REPORT, **choices: object) -> bytes:
    (rendered,) = form.render(report, None, **choices)  # type: ignore[arg-type]
    return rendered.data


def opened(data: bytes) -> tuple[list[str], list[list[list[str]]]]:
    """Paragraphs and tables as python-docx reads them."""
    word = docx.Document(io.BytesIO(data))
    return [it.text for it in word.paragraphs], [cells(table) for table in word.tables]


def cells(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def template(tmp_path: Path, build: Callable[[docx.document.Document], object], name: str = "模板.docx") -> str:
    word = docx.Document()
    build(word)
    path = tmp_path / name
    word.save(str(path))
    return str(path)


def rows(*texts: str) -> Callable[[docx.document.Document], None]:
    """A template that is one table with one row of these texts under a header."""

    def build(word: docx.document.Document) -> None:
        table = word.add_table(2, len(texts))
        for at, text in enumerate(texts):
            table.cell(0, at).text, table.cell(1, at).text = "表头", text

    return build


def test_facts_of_the_report_stand_in_their_places() -> None:
    facts = {row[at]: row[at + 1] for row in opened(made(turn=3))[1][0] for at in (0, 2)}
    assert facts["单位"] == "示例单位" and facts["述职人"] == "张某" and facts["轮次"] == "第3轮"
    assert facts["依据"] == "关于示例市年度考核工作的通知（示例〔2020〕1号）"
    assert facts["结论"].startswith("有材料未能检查（错误6处，提醒11处，提示6处）")
    assert "问题清单" in facts["材料"]


def test_every_open_finding_is_in_the_table_the_gravest_first() -> None:
    table = opened(made())[1][1]
    assert table[0] == NAMES
    assert [row[0] for row in table[1:]] == [str(number) for number in range(1, len(table))]
    order = [("错误", "提醒", "提示").index(row[5]) for row in table[1:]]
    assert order == sorted(order)
    told = "\n".join(row[2] for row in table)
    for name in ("人才工作", "党建带团建", "占位文字“XX”没有替换", "缺少建议清单", "述职报告<张某>&“终稿”.txt"):
        assert name in told
    place = next(row[1] for row in table if "占位文字" in row[2])
    assert place == "领导班子工作总结\n“（一）项目建设”部分\n「XX」"


def test_what_was_read_and_what_was_not_is_told_for_every_file() -> None:
    paragraphs, tables = opened(made())
    read = {(row[0], row[1]): row for row in tables[2]}
    assert "图片3张" in read["示例单位2020年度总结及清单.docx", "领导班子工作总结"][4]
    assert "有密码" in next(row[4] for row in tables[2] if row[1] == "没有检查")
    assert any("没有花名册" in it and it.startswith("没有检查的规则") for it in paragraphs)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (sample.EMPTY, "没有发现问题"),
        (sample.NOTHING, "没有检查任何材料"),
        (replace(sample.EMPTY, errors=sample.REPORT.errors), "已检查的材料中没有发现问题"),
    ],
)
def test_form_without_findings_says_why_it_is_empty(report: Report, said: str) -> None:
    table = opened(made(report))[1][1]
    assert len(table) == 2 and table[1][2] == said


def test_accepted_findings_are_counted_and_not_listed() -> None:
    decision = Decision("placeholder", "", "已核", "李某", "", "checked", "reply")
    found = tuple(replace(it, accepted=decision) if it.rule == "placeholder" else it for it in sample.FINDINGS)
    report = replace(sample.REPORT, findings=found)
    paragraphs, tables = opened(made(report))
    assert not any("占位文字" in row[2] for row in tables[1])
    assert "已有处理意见的问题：1处，没有列在表中" in paragraphs


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("总结.docx",), "第　轮"),
        (("总结（审查批注）.docx",), "第2轮"),
        (("清单.docx", "总结（审查批注3）.docx"), "第4轮"),
    ],
)
def test_round_follows_from_the_names_of_marked_copies(names: Sequence[str], said: str) -> None:
    papers = tuple(replace(sample.FEATURES, path=name) for name in names)
    submission = replace(sample.REPORT.submission, documents=papers)
    report = Report(submission, sample.NOTICE, (), (), ())
    assert opened(made(report))[1][0][0][3] == said


@pytest.mark.parametrize("unit", ["示例单位", "", '甲/乙\\丙:*?\n"丁"', "很长的名称" * 50, "..", "\u202e倒"])
def test_name_of_the_form_can_be_written_anywhere(unit: str) -> None:
    report = replace(sample.EMPTY, submission=replace(sample.EMPTY.submission, unit=unit))
    (rendered,) = form.render(report)
    assert rendered.name.endswith("审查意见表.docx") and not set('/\\:*?"<>|\n\u202e') & set(rendered.name)
    assert len(rendered.name.encode()) < 200


def test_header_is_repeated_and_no_row_is_broken_over_pages() -> None:
    word = docx.Document(io.BytesIO(made()))
    for table in word.tables:
        assert all(row._tr.trPr is not None and row._tr.trPr.find("{*}cantSplit") is not None for row in table.rows)
    for table in word.tables[1:]:
        assert table.rows[0]._tr.trPr.find("{*}tblHeader") is not None


def test_layout_is_that_of_official_papers() -> None:
    word = docx.Document(io.BytesIO(made()))
    (section,) = word.sections
    sides = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(side.mm) for side in sides if side is not None] == [37, 35, 28, 26]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)  # type: ignore[union-attr]
    fonts = {style.style_id: style.element.xml for style in word.styles}
    for style, face in {
        "Title": "方正小标宋简体",
        "Normal": "仿宋_GB2312",
        "Heading1": "黑体",
        "TableNote": "楷体_GB2312",
    }.items():
        assert f'w:eastAsia="{face}"' in fonts[style]


def test_template_that_ships_is_the_one_that_the_script_builds() -> None:
    with zipfile.ZipFile(form.TEMPLATE) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == form_template.parts()


# ---- templates of others --------------------------------------------------------------------------------------


def test_template_of_a_department_takes_the_place_of_ours(tmp_path: Path) -> None:
    def build(word: docx.document.Document) -> None:
        word.sections[0].header.paragraphs[0].text = "某部 {{ 单位 }}"
        paragraph = word.add_paragraph("致")
        for piece in ("{", "{单", "位}", "}：结论｛｛结论｝｝。"):  # as Word cuts what is typed
            paragraph.add_run(piece).bold = piece == "{"
        rows("{{序号}}", "{{问题}}（{{严重程度}}）", "单位：{{单位}}")(word)
        word.add_paragraph("{{序号}}、{{位置}}")
        word.add_paragraph("　　{{修改建议}}")
        word.add_paragraph("完")

    data = made(template=template(tmp_path, build))
    word = docx.Document(io.BytesIO(data))
    paragraphs, tables = opened(data)
    count = len(listing.items(sample.REPORT, sample.REPORT.submission.documents))
    assert word.sections[0].header.paragraphs[0].text == "某部 示例单位"
    assert paragraphs[0] == "致示例单位：结论有材料未能检查。"
    assert next(run for run in word.paragraphs[0].runs if run.text == "示例单位").bold
    assert len(tables[0]) == count + 1 and {row[2] for row in tables[0][1:]} == {"单位：示例单位"}
    # Neighbouring paragraphs are repeated together, not one after the other.
    assert paragraphs[1].startswith("1、全部材料") and paragraphs[2].startswith("　　补报建议清单")
    assert paragraphs[3].startswith("2、") and paragraphs[-1] == "完" and len(paragraphs) == 2 + 2 * count


def test_words_of_a_paper_are_never_taken_for_a_name_of_the_template(tmp_path: Path) -> None:
    finding = replace(sample.FINDINGS[0], message="{{单位}}{{没有}}{{问题}}", document=None, span=None)
    report = Report(replace(sample.REPORT.submission, unit="{{问题}}{{结论}}"), sample.NOTICE, (finding,), (), ())
    path = template(tmp_path, lambda word: (rows("{{问题}}")(word), word.add_paragraph("{{单位}}")))
    paragraphs, tables = opened(made(report, template=path))
    assert tables[0][1] == ["{{单位}}{{没有}}{{问题}}"] and paragraphs == ["{{问题}}{{结论}}"]


def _nested(word: docx.document.Document) -> None:
    table = word.add_table(1, 1)
    table.cell(0, 0).text = "{{问题}}"
    table.cell(0, 0).add_table(1, 1).cell(0, 0).text = "{{文件}}"


BAD: dict[str, tuple[Callable[[docx.document.Document], object], str]] = {
    "unknown name": (rows("{{问题}}", "{{领导批示}}"), "不认识 {{领导批示}}，可用的有 单位、"),
    "no findings": (lambda word: word.add_paragraph("{{单位}}"), "没有 {{问题}}"),
    "empty": (lambda word: word.add_paragraph("没有占位"), "没有 {{问题}}"),
    "not closed": (rows("{{问题}}", "{{单位}"), "里的 {{ 没有配对"),
    "other language": (rows("{{问题}}", "{% for x in y %}"), "没有配对"),
    "two listings": (rows("{{问题}}", "{{文件}}"), "请分成两个表"),
    "nested": (_nested, "请去掉里层的表"),
}


@pytest.mark.parametrize("name", BAD)
def test_faulty_template_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    build, said = BAD[name]
    with pytest.raises(UsageError) as raised:
        made(template=template(tmp_path, build))
    assert said in raised.value.message and raised.value.code == "bad-template"
    assert raised.value.message.endswith("。") and "\n" not in raised.value.message


def _renamed(data: bytes, old: str, new: str) -> bytes:
    """The package with `old` replaced in its content types."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old.encode(), new.encode()) if name.startswith("[") else content)
    return out.getvalue()


_OURS = form.TEMPLATE.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的"),
        (b"\x00\x01\x02\x03" * 99, "不是能用的 Word 文件"),
        ("{{问题}}".encode(), "纯文本文件"),
        (b"%PDF-1.7\n", "PDF 文件"),
        (b"{\\rtf1 {{\\'ce}}}", "RTF"),
        (_OURS[:3000], "损坏"),
        (_renamed(_OURS, "document.main+xml", "document.macroEnabled.main+xml"), "文件带有宏"),
    ],
)
def test_file_that_is_no_template_is_refused_in_one_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "模板.docx"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        made(template=str(path))
    assert said in raised.value.message and raised.value.message.endswith("。")


@pytest.mark.parametrize("name", ["没有.docx", ".", "名" * 400, "a\x00b"])
def test_template_that_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="读不了审查意见表的模板"):
        made(template=str(tmp_path / name))


def test_word_template_becomes_a_document(tmp_path: Path) -> None:
    path = tmp_path / "模板.dotx"
    path.write_bytes(_renamed(_OURS, "wordprocessingml.document.main", "wordprocessingml.template.main"))
    assert opened(made(template=str(path)))[1][1][0] == NAMES


def test_repeated_rows_do_not_repeat_what_may_stand_once() -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    row = '<w:bookmarkStart w:id="1" w:name="a"/><w:r><w:t>{{问题}}</w:t></w:r><w:bookmarkEnd w:id="1"/>'
    parts = form_template.parts()
    parts["word/document.xml"] = (
        f'<w:document xmlns:w="{space}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w:body>'
        f'<w:tbl><w:tr><w:tc><w:p w14:paraId="00000001">{row}</w:p></w:tc></w:tr></w:tbl><w:p/></w:body></w:document>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    records = [{"问题": "甲"}, {"问题": "乙\n丙"}]
    filled = docx_template.fill(out.getvalue(), {}, [docx_template.Rows(("问题",), records)], "问题")
    with zipfile.ZipFile(io.BytesIO(filled)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    assert [cell[0] for cell in opened(filled)[1][0]] == ["甲", "乙\n丙"]
    assert len(list(root.iter(f"{{{space}}}bookmarkStart"))) == 1
    assert sum(any(key.endswith("paraId") for key in it.attrib) for it in root.iter()) == 1


# ---- from the command line ------------------------------------------------------------------------------------

PAPERS = str(SAMPLES / "placeholders")


def check(*arguments: str) -> int:
    return run(["check", PAPERS, "--fail-on", "never", "--format", "form", *arguments])


def test_form_comes_from_the_command_line(tmp_path: Path) -> None:
    assert check("--unit", "禾渡县", "--round", "2", "-o", str(tmp_path)) == 0
    facts = opened((tmp_path / "禾渡县审查意见表.docx").read_bytes())[1][0]
    assert facts[0] == ["单位", "禾渡县", "轮次", "第2轮"]


def test_form_is_not_thrown_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 2
    said = capsys.readouterr()
    assert "请用 -o 指明" in said.err and not said.out


@pytest.mark.parametrize("turn", ["0", "100", "二"])
def test_round_that_is_none_is_refused(turn: str, tmp_path: Path) -> None:
    assert check("--round", turn, "-o", str(tmp_path)) == 2
    assert not list(tmp_path.iterdir())


def test_form_never_replaces_its_template(tmp_path: Path) -> None:
    path = template(tmp_path, rows("{{问题}}"))
    before = Path(path).read_bytes()
    assert check("--form-template", path, "-o", path) == 2
    assert Path(path).read_bytes() == before


def test_faulty_template_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = template(tmp_path, rows("{{问题}}", "{{无此项}}")), tmp_path / "结果"
    assert check("--form-template", path, "-o", str(out / "表.docx")) == 2
    assert "不认识 {{无此项}}" in capsys.readouterr().err and not out.exists()
