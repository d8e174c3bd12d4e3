"""汇总表.xlsx and 归属表.xlsx, read back with openpyxl: everything of a screening is there, as text, to filter."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from sample_screening import EMPTY, FACETS, NO_FIRE, PLACEHOLDER, SCREENING, TOPICS, finding, unit

from checker.document import PAPER_KINDS
from checker.render import sheets, workbook
from checker.render.phrases import visible
from checker.screening import pins
from checker.screening.cards import Assignment, Key
from checker.screening.result import ClusterLine, Round, Screening

SHEETS = ["单位", "材料", "问题", "整改", "应交材料", "雷同", "数字", "事项", "文件", "说明"]
TABLES = SHEETS[:-1]


def book(screening: Screening = SCREENING) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook.render(screening)))


MADE = book()


def rows(sheet: Worksheet) -> list[dict[str, Cell]]:
    header, *rest = sheet.iter_rows()
    return [{str(head.value): cell for head, cell in zip(header, row, strict=True)} for row in rest]


def told(sheet: Worksheet, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column].value for column in columns) for row in rows(sheet)]


def leads_to(cell: Cell) -> str:
    """Where a cell leads; the file has the separators of Windows, which every spreadsheet understands."""
    assert cell.hyperlink is not None
    return unquote(cell.hyperlink.target or "").replace("\\", "/")


def facts(made: Workbook) -> list[tuple[object, object]]:
    return [(row[0].value, row[1].value) for row in made["说明"].iter_rows()]


@pytest.mark.parametrize("name", ["sample", "empty"])
def test_tables(name: str) -> None:
    """Every sheet but the last is a table with a filter over all rows, a header that stays and prints on every page."""
    made = {"sample": MADE, "empty": book(EMPTY)}[name]
    assert made.sheetnames == (SHEETS if name == "sample" else [it for it in SHEETS if it != "整改"])
    for sheet in made.worksheets[:-1]:
        assert sheet.freeze_panes is not None
        assert sheet[sheet.freeze_panes].row == 2
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}{max(2, sheet.max_row)}"
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)


def test_units() -> None:
    """The worklist stands in its order, with verdicts in words, what is missing as a number, and links that work."""
    found = rows(MADE["单位"])
    assert [row["单位"].value for row in found] == [visible(line.name).strip() for line in SCREENING.units]
    for row, line in zip(found, SCREENING.units, strict=True):
        assert (row["错误"].value or 0, row["提醒"].value or 0) == (line.errors, line.warnings)
        assert (row["缺交"].value or 0) == sum(due.missing for due in line.dues)
        assert bool(row["花名册"].value) is not line.known
    heron = next(row for row in found if row["单位"].value == "禾渡县")
    assert (heron["结论"].value, heron["字数超限"].value, heron["事项未写到"].value) == ("需要修改后再报", 2, 2)
    assert [heron[name].value for name in ("已改好", "仍存在", "新出现", "没看到")] == [1, 2, 1, None]
    assert leads_to(heron["单位"]) == "单位/禾渡县/考核材料检查报告.html"
    assert leads_to(heron["审查意见表"]) == "单位/禾渡县/禾渡县审查意见表.docx"
    assert heron["缺交"].fill.start_color.rgb != heron["错误"].fill.start_color.rgb


def test_nothing_handed_in_is_no_pass() -> None:
    """A unit from which nothing came is not shown as one without faults."""
    made = book(replace(SCREENING, units=(unit("市示例局", "pass"),)))
    assert told(made["单位"], "结论") == [("没有收到材料",)]


def test_papers() -> None:
    """Every paper has a row with 字数 against the limit, and leads to its page and its marked-up copy."""
    papers = [paper for line in SCREENING.units for paper in line.papers]
    found = rows(MADE["材料"])
    assert [(row["字数"].value, row["上限"].value) for row in found] == [(it.words, it.limit) for it in papers]
    assert [row["第几份"].value for row in found] == [it.part + 1 for it in papers]
    for row, paper in zip(found, papers, strict=True):
        assert (row["超出"].value is not None) is paper.over
        reached = bool(sheets.escaped(paper.copy))
        assert (row["批注稿"].hyperlink is not None, row["批注稿"].value is not None) == (reached, reached)
        assert row["材料"].value == PAPER_KINDS[paper.kind]


def test_findings() -> None:
    """Every finding has a row; against the round before it is told as remaining or new."""
    found = rows(MADE["问题"])
    wanted = [(line.name, one) for line in SCREENING.units for one in line.findings]
    assert [row["指纹"].value for row in found] == [visible(one.fingerprint) for _, one in wanted]
    assert [row["问题"].value for row in found] == [visible(one.message) for _, one in wanted]
    assert [row["级别"].value[2:] for row in found[1:4]] == ["错误"] * 3
    compared = {(row["单位"].value, row["指纹"].value): row["与上一轮比"].value for row in found}
    assert compared["禾渡县", PLACEHOLDER.fingerprint] == "新出现"
    assert compared["禾渡县", NO_FIRE.fingerprint] == "仍存在"
    assert compared["青塬开发区", NO_FIRE.fingerprint] is None


def test_accepted_findings_are_told() -> None:
    """A finding that a person left as it is says so and by whom."""
    accepted = replace(NO_FIRE, accepted="已另行报送（示例甲，批注回复）")
    made = book(replace(SCREENING, units=(unit("禾渡县", "pass", findings=(accepted, PLACEHOLDER)),)))
    [[first], [second]] = told(made["问题"], "处理")
    assert "已另行报送" in str(first)
    assert second is None


def test_rounds() -> None:
    """What was mended, remains, is new or was not seen again is listed by unit; so are changed texts."""
    turn = Round(mended=(NO_FIRE,), unseen=(PLACEHOLDER,), changed={"禾渡县/总结.docx": 0.999}, missing=True)
    made = book(replace(SCREENING, units=(unit("禾渡县", "pass", turn=turn),)))
    found = dict(told(made["整改"], "情况", "问题"))
    assert found["已改好"] == NO_FIRE.message
    assert found["没看到"] == PLACEHOLDER.message
    assert "99%" in str(found["材料有改动"])
    assert "没有收到" in str(found["这一轮没有材料"])


def test_dues() -> None:
    """Every duty says whether it is owed, why, by which clause, and what came of it."""
    found = rows(MADE["应交材料"])
    assert len(found) == sum(len(line.dues) for line in SCREENING.units)
    assert {row["应交"].value for row in found} == {"应交", "不交", "按有关规定"}
    missing = [(row["单位"].value, row["材料"].value) for row in found if row["结果"].value == "缺交"]
    wanted = [(line.name, PAPER_KINDS[due.due.kind]) for line in SCREENING.units for due in line.dues if due.missing]
    assert missing == wanted
    assert ("不确定等次", "通知一·3") in told(MADE["应交材料"], "等次", "依据")


def test_copies_and_figures() -> None:
    """Pairs stand with both passages side by side; figures with everyone who gives them."""
    pair = rows(MADE["雷同"])[0]
    assert "126次" in pair["甲：原文"].value
    assert "98次" in pair["乙：原文"].value
    assert (pair["甲：单位"].value, pair["乙：单位"].value) == ("柳溪县", "青塬开发区")
    assert told(MADE["雷同"], "备注")[-1] == ("完全相同",)
    assert told(MADE["数字"], "写法", "单位") == [("3.2%", "禾渡县"), ("3.2%", "柳溪县"), ("3.5%", "临榆县")]


def test_passages_of_very_many() -> None:
    """A passage that very many papers share has a row that names some of them and how many there are."""
    papers = tuple(replace(SCREENING.copies[0].first, unit=f"示例{n}局") for n in range(30))
    made = book(replace(SCREENING, clusters=(ClusterLine("一年来，", 40, papers, 900, 30),)))
    [row] = rows(made["多家雷同"])
    assert (row["原文"].value, row["材料份数"].value, row["单位个数"].value) == ("一年来，", 900, 30)
    assert row["哪些单位"].value.endswith("……共30个")


def test_topics() -> None:
    """Units stand against topics with the level in words; colours follow the words."""
    sheet = MADE["事项"]
    found = {row["单位"].value: row for row in rows(sheet)}
    assert [cell.value for cell in sheet[1]][3:] == [name for _, name in (*FACETS, *TOPICS)]
    assert [found["禾渡县"][name].value for _, name in TOPICS] == ["有实质内容", "有实质内容", "只是提到", "未写到", "未写到"]  # fmt: skip # noqa: E501
    assert found["汀原县"]["备注"].value == "没有工作总结"
    assert "不适用" in [cell.value for row in sheet.iter_rows() for cell in row]
    rules = [rule.formula for ranges in sheet.conditional_formatting for rule in ranges.rules]
    assert {'"未写到"', '"只是提到"'} <= {formula for formulas in rules for formula in formulas}


def test_files() -> None:
    """Each file that was not checked, is nobody's, was set aside or not asked for is there once, with the reason."""
    found = told(MADE["文件"], "情况", "文件")
    assert found.count(("没有检查", "汀原县/加密的总结.docx")) == 1
    assert {state for state, _ in found} == {"没有检查", "没有归属", "旧版本", "重复", "多交", "花名册"}
    [older] = [row for row in rows(MADE["文件"]) if row["情况"].value == "旧版本"]
    assert older["以哪份为准"].value == "禾渡县/领导班子工作总结.docx"


def test_notes() -> None:
    """The last sheet says by which notice, of what, and what was not checked."""
    found = dict(facts(MADE))
    assert found["通知"] == SCREENING.notice
    assert "2个" in str(found["没有检查的文件"])
    assert "copied-text" in str(found["没有查的规则"])
    assert found["上一轮"] == SCREENING.previous
    assert "没有给花名册" in str(dict(facts(book(EMPTY)))["花名册"])


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.invalid","x")', "＝1+1", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_is_a_formula(text: str) -> None:
    """Whatever a unit, person, file or message begins with stands as text, and stays text when somebody edits it."""
    line = replace(unit(text, "return", findings=(finding("x", "error", text, text, text),)), page="页.html")
    guess = Assignment(Key(text, 0), text, text, "other", "guess", text)
    screening = replace(SCREENING, units=(line,), nobody=(guess,), guesses=(guess,), title=text)
    for data in (workbook.render(screening), workbook.assignments(screening)):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = [package.read(name) for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any(b"<f>" in part or b"<f " in part for part in parts)
        made = openpyxl.load_workbook(io.BytesIO(data))
        cells = [
            cell for sheet in made.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None
        ]
        assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
        [*given] = [cell for cell in cells if cell.value == text]
        assert len(given) >= 3
        assert all(cell.quotePrefix for cell in given)


def test_beyond_what_a_sheet_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and links that no longer fit are counted and told; links become plain text."""
    monkeypatch.setattr(sheets, "ROWS_MAX", 6)
    monkeypatch.setattr(sheets, "LINKS_MAX", 2)
    made = book()
    assert made["单位"].max_row == 6
    assert sum(cell.hyperlink is not None for row in made["问题"].iter_rows() for cell in row) == 2
    notes = [str(value) for name, value in facts(made) if name == "放不下的"]
    assert any(f"「单位」表放不下{len(SCREENING.units) - 5}行" in note for note in notes)
    assert any("「问题」表有" in note and "没有链接" in note for note in notes)
    assert len(told(made["材料"], "文件")) == 5


def test_long_text_fits() -> None:
    """Text beyond what a cell holds is cut, not dropped."""
    made = book(replace(SCREENING, units=(unit("禾渡县", "return", findings=(finding("x", "error", "长" * 40_000),)),)))
    [[message]] = told(made["问题"], "问题")
    assert str(message).startswith("长长")
    assert str(message).endswith("…")


# ---- 归属表 ----------------------------------------------------------------------------------------------------


def table() -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(workbook.assignments(SCREENING))).worksheets[0]


def test_what_is_doubtful_comes_first() -> None:
    """Every paper has a row under the columns that are read back: the unknown first, then guesses, then the rest."""
    found = rows(table())
    assert [cell.value for cell in table()[1]] == list(pins.COLUMNS)
    assert len(found) == len(SCREENING.guesses)
    assert [row["把握"].value for row in found[:3]] == ["认不出", "推测", "确定"]
    assert {row["把握"].value for row in found[2:]} == {"确定"}
    aside = {one.key.name for one in SCREENING.set_aside}
    assert {row["文件"].value for row in found if row["采用"].value == "否"} == aside


def test_choices() -> None:
    """The kind of paper and whether it counts are chosen from a list, in every row."""
    sheet = table()
    lists: Mapping[str, list[str]] = {
        str(rule.sqref): str(rule.formula1).strip('"').split(",") for rule in sheet.data_validations.dataValidation
    }
    last = sheet.max_row
    assert lists == {f"E2:E{last}": list(PAPER_KINDS.values()), f"F2:F{last}": ["是", "否"]}


def test_given_back_as_it_is_written(tmp_path: Path) -> None:
    """The table is read back by who reads pins: every row, with the file, the number and the unit it names."""
    path = tmp_path / workbook.ASSIGNMENTS_NAME
    path.write_bytes(workbook.assignments(SCREENING))
    read = {(pin.name, pin.part): pin for pin in pins.load(path).pins}
    for one in SCREENING.guesses:
        pin = read[visible(one.key.name).strip(), one.key.part]
        assert pin.unit == (visible(one.unit).strip() or None)
        assert (pin.kind, pin.used) == (one.kind, not one.why)
