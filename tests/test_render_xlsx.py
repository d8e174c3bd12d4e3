"""The workbook, read back with openpyxl: every finding, level and paper is there, as text, to filter and to follow."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from loaders import SAMPLES
from openpyxl.cell.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from other_systems import EVERYTHING
from sample_report import CADRE, COMBINED, EMPTY, NOTHING, REPORT, SUMMARY, finding

from checker.commands import run
from checker.render import xlsx
from checker.report import Report

SHEETS = ["结论", "问题", "覆盖情况", "材料", "没有检查"]
REPORTS: Mapping[str, Report] = {"sample": REPORT, "everything": EVERYTHING, "empty": EMPTY, "nothing": NOTHING}


def book(report: Report, links: Mapping[str, str] | None = None) -> Workbook:
    [rendered] = xlsx.render(report, None, links)
    assert rendered.name == "考核材料检查报告.xlsx"
    return openpyxl.load_workbook(io.BytesIO(rendered.data))


def rows(sheet: Worksheet) -> list[dict[str, Cell]]:
    header, *rest = sheet.iter_rows()
    return [{str(head.value): cell for head, cell in zip(header, row, strict=True)} for row in rest]


def values(sheet: Worksheet, column: str) -> list[object]:
    return [row[column].value for row in rows(sheet)]


@pytest.mark.parametrize("name", REPORTS)
def test_tables(name: str) -> None:
    """Every sheet but the first is a table with a filter over all its rows and a header that stays in sight."""
    made = book(REPORTS[name])
    assert made.sheetnames == SHEETS
    for sheet in made.worksheets[1:]:
        assert sheet.freeze_panes is not None
        assert sheet[sheet.freeze_panes].row == 2
        assert sheet.print_title_rows == "$1:$1"
        last = max(2, sheet.max_row)
        assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}{last}"


def test_findings() -> None:
    """Every finding has a row: level, what is wrong, what to do, and by which fingerprint it is known."""
    found = rows(book(EVERYTHING)["问题"])
    told = {(row["规则编号"].value, row["指纹"].value, row["级别"].value) for row in found}
    signs = {"error": "× 错误", "warning": "! 提醒", "info": "· 提示"}
    assert told == {(it.rule, it.fingerprint, signs[it.severity]) for it in EVERYTHING.findings}
    assert len(found) == len(EVERYTHING.findings)
    assert [row["序号"].value for row in found] == list(range(1, len(found) + 1))
    [confidence] = [row for row in found if row["原文"].value == "“三个自信”"]
    assert (confidence["修改建议"].value, confidence["所在标题"].value) == ("改为“四个自信”。", "一、政治思想建设")
    [accepted] = [row for row in found if row["处理"].value != "待处理"]
    assert (accepted["处理"].value, "已另行报送" in str(accepted["处理理由"].value)) == ("√ 已忽略", True)


def test_coverage() -> None:
    """Every facet and topic has a row with its level in words and the words it rests on."""
    found = rows(book(REPORT)["覆盖情况"])
    wanted = [level.name for item in REPORT.coverage for level in (*item.facets, *item.topics)]
    assert [row["内容"].value for row in found] == wanted
    by_name = {row["内容"].value: row for row in found}
    assert by_name["宗教"]["程度"].value == "只是提到"
    assert by_name["党风廉政建设"]["程度"].value == "未写到"
    assert by_name["营商环境"]["怎样判断"].value == "按句意判断"
    assert by_name["妇女儿童"]["不适用的理由"].value == "本单位不承担这项职责"
    assert "14次" in str(by_name["理论学习"]["原文"].value)


def test_papers() -> None:
    """Every paper has a row with its 字数 as numbers, and a file that was not read has one too."""
    found = rows(book(REPORT)["材料"])
    assert len(found) == len(REPORT.submission.documents) + len(REPORT.errors)
    first, last = found[0], found[-1]
    assert [first[name].value for name in ("字数", "上限", "超出", "错误")] == [3612, 3500, 112, 4]
    assert (last["材料"].value, "有密码" in str(last["怎样认定"].value)) == ("没有检查", True)


def test_what_was_not_checked() -> None:
    """Rules and files that were not checked, and decisions that no longer hold, are listed with the reason."""
    reasons = values(book(EVERYTHING)["没有检查"], "原因")
    assert [entry.reason for entry in REPORT.not_checked] == reasons[1:-1]
    assert "有密码" in str(reasons[0])
    assert "对应的问题已不存在" in str(reasons[-1])


@pytest.mark.parametrize(("name", "verdict"), [("sample", "有材料未能检查"), ("empty", "未发现问题"), ("nothing", "没有检查任何材料")])  # fmt: skip # noqa: E501
def test_verdict_comes_first(name: str, verdict: str) -> None:
    """Who opens the workbook sees the verdict."""
    made = book(REPORTS[name])
    assert made.active is made["结论"]
    assert made["结论"]["B1"].value == verdict


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://example.invalid","x")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    "{=1}",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_is_a_formula(text: str) -> None:
    """Whatever a paper, a file name or a unit begins with stands in the cell as text, and stays text when edited."""
    paper = replace(SUMMARY, path=f"{text}.docx")
    report = replace(
        EMPTY,
        submission=replace(EMPTY.submission, documents=(paper,), unit=text),
        findings=(
            replace(finding("placeholder", "error", text, paper, "XX", suggestion=text), rule=text, clause=text),
        ),
        errors=(replace(REPORT.errors[0], message=text),),
    )
    made = book(report, {paper.path: "copy.docx"})
    cells = [cell for sheet in made.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    message = rows(made["问题"])[0]["问题"]
    assert message.value == text.replace("\t", "\t")
    assert message.quotePrefix is (text[0] in "=+-@\t")


def test_no_formulas_in_the_file() -> None:
    """The parts of the file hold no formula at all."""
    [rendered] = xlsx.render(EVERYTHING)
    with zipfile.ZipFile(io.BytesIO(rendered.data)) as package:
        sheets = [package.read(name) for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(SHEETS)
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


NAMES = [
    "总结（审查批注）.docx",
    "a b#c%41?.docx",
    "100%完成.docx",
    '‘引号’"x" [1]^{2}.docx',
    "长" * 200 + ".docx",
    "&<>'.docx",
]


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_the_very_file(name: str) -> None:
    """A link gives the name of the marked-up file back, whatever stands in it."""
    made = book(REPORT, {COMBINED: name})
    links = {
        cell.hyperlink.target for cell in (row["文件"] for row in rows(made["问题"])) if cell.hyperlink is not None
    }
    assert {unquote(target or "") for target in links} == {name}
    assert {row["文件"].value for row in rows(made["材料"]) if row["文件"].hyperlink} == {
        "示例单位2020年度总结及清单.docx"
    }


@pytest.mark.parametrize("target", ["", "坏\udcff.docx", "响\x07铃.docx", "很" * 1200 + ".docx"])
def test_no_dead_links(target: str) -> None:
    """Where a link cannot be written, the name stands without one."""
    made = book(REPORT, {CADRE: target})
    assert not any(cell.hyperlink for sheet in made.worksheets for row in sheet.iter_rows() for cell in row)


def test_long_text_fits() -> None:
    """Text beyond what a cell holds is cut, not dropped."""
    made = book(replace(REPORT, findings=(finding("placeholder", "error", "长" * 40_000),)))
    message = str(rows(made["问题"])[0]["问题"].value)
    assert message.startswith("长长")
    assert message.endswith("…")


def test_beside_marked_up_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written with marked-up copies the table leads to them; alone it leads to the papers themselves."""
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "材料" / "工作 总结#1.docx"
    source.parent.mkdir()
    source.write_bytes((SAMPLES / "placeholders" / "工作总结.docx").read_bytes())
    assert run(["check", "材料", "--format", "html,docx,json,xlsx", "-o", "结果"]) == 1
    assert run(["check", "材料", "--format", "xlsx", "-o", "别处/表.xlsx"]) == 1
    for table, wanted in (
        ("结果/考核材料检查报告.xlsx", "结果/工作 总结#1（审查批注）.docx"),
        ("别处/表.xlsx", "材料/工作 总结#1.docx"),
    ):
        sheet = openpyxl.load_workbook(tmp_path / table)["问题"]
        targets = {row["文件"].hyperlink.target or "" for row in rows(sheet) if row["文件"].hyperlink is not None}
        [target] = {unquote(target).replace("\\", "/") for target in targets}
        assert ((tmp_path / table).parent / target).resolve() == (tmp_path / wanted).resolve()
        assert (tmp_path / wanted).is_file()


def test_not_on_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:  # fmt: skip # noqa: E501
    """A workbook is not poured over a screen: one sentence says what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "总结.txt").write_text("某局领导班子工作总结\n修路XX公里。\n", "utf-8")
    assert run(["check", "总结.txt", "--format", "xlsx"]) == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert "-o" in err.decode()
