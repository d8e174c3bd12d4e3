"""The roster: how its file is read, what is told of it, and what each unit and person owes by it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from build_sheets import xls
from loaders import entries, params, the_notice

from checker import engine
from checker.commands import run
from checker.document import LIST_KINDS
from checker.errors import NoticeError, ReadError
from checker.notice import load as load_notice
from checker.roster import Entry, Roster, Unit
from checker.screening.roster_file import COLUMNS, EXAMPLE, load
from checker.screening.roster_template import template

MARKS = {"owed": "owed", "none": "none", "special": "special"}


def roster(case: Mapping[str, Any]) -> Roster:
    units = (Unit(given["name"], aliases=tuple(given["aliases"])) for given in case.get("units", ()))
    return Roster.gathered(entries(case["roster"]), units)


# ── who owes what ─────────────────────────────────────────────────────


@pytest.mark.parametrize("case", params("roster-dues.yml"))
def test_dues(case: Mapping[str, Any]) -> None:
    """Exactly these papers are owed, or not, by these persons, under the clause of their case, for these reasons."""
    found = [due for due in engine.dues(the_notice(), roster(case)) if due.person]
    told = [[due.unit, due.person, due.kind, MARKS[due.owed] + "?" * (not due.certain), due.clause] for due in found]
    assert told == [wanted[:5] for wanted in case["owes"]]
    for due, wanted in zip(found, case["owes"], strict=True):
        assert [piece for piece in wanted[5] if piece not in due.reason] == [], due.reason
        assert due.grade == (wanted[6] if len(wanted) > 6 else "")


def test_what_is_open_says_so() -> None:
    """A due that the roster leaves open asks for a check in its reason, and one that is certain does not."""
    cases = [param.values[0] for param in params("roster-dues.yml")]
    for due in (due for case in cases for due in engine.dues(the_notice(), roster(case))):
        if not due.certain:
            assert "建议核对" in due.reason
        assert not due.reason.endswith("。")


def test_a_team_owes_its_summary_and_the_four_lists() -> None:
    """Each unit of the roster owes the five papers of its team, under their own clauses."""
    known = Roster.gathered([Entry("示例局", "闻小川")], [Unit("示例局"), Unit("样本办")])
    for unit in ("示例局", "样本办"):
        found = [due for due in engine.dues(the_notice(), known) if due.unit == unit and not due.person]
        assert [(due.kind, due.owed) for due in found] == [(kind, "owed") for kind in ("team-summary", *LIST_KINDS)]
        assert [due.clause for due in found] == ["三（二）1·第2段", *["三（二）1·第3段"] * 4]


def test_a_group_of_inspectors_owes_no_summary() -> None:
    """A unit of which the roster names nobody but inspectors is assessed by other rules."""
    known = Roster.gathered([Entry("派驻示例局纪检监察组", "闻小川", inspector=True)])
    team = [due for due in engine.dues(the_notice(), known) if not due.person]
    assert [(due.kind, due.owed, due.clause) for due in team] == [("team-summary", "none", "一")]


def test_clauses_and_half_a_year_come_from_the_notice(tmp_path: Path) -> None:
    """Another city's notice words its clauses otherwise and takes another measure of half a year."""
    clauses = {case: f"第{number}条" for number, case in enumerate(the_notice().rule("roster").params.clauses)}
    own = tmp_path / "own.yml"
    listed = "".join(f"      {case}: {clause}\n" for case, clause in clauses.items())
    own.write_text(
        f"id: own\nextends: puyang-2020\nrules:\n  - id: roster\n    days: 100\n    clauses:\n{listed}", "utf-8"
    )
    known = Roster.gathered([Entry("示例局", "闻小川", leave_days=120)])
    report = next(due for due in engine.dues(load_notice(own), known) if due.person)
    assert (report.clause, report.grade) == (clauses["leave"], "不确定等次")


@pytest.mark.parametrize(("change", "says"), [("{}", "team"), ("{nosuch: 一}", "nosuch")])
def test_clauses_that_are_wrong(tmp_path: Path, change: str, says: str) -> None:
    """A notice that leaves out the clause of a case, or names a case that is none, does not load."""
    own = tmp_path / "own.yml"
    own.write_text(f"id: own\nextends: puyang-2020\nrules:\n  - id: roster\n    clauses: {change}\n", "utf-8")
    with pytest.raises(NoticeError, match=says):
        load_notice(own)


def test_a_notice_without_the_rule_asks_for_nothing(tmp_path: Path) -> None:
    """Where a notice leaves the rule out nothing is owed, and nothing else of it breaks."""
    own = tmp_path / "own.yml"
    own.write_text("id: own\nextends: puyang-2020\ndisable: [roster]\n", "utf-8")
    assert engine.dues(load_notice(own), Roster.gathered([Entry("示例局", "闻小川")])) == ()


@pytest.mark.parametrize(
    ("row", "says"),
    [("{unit: 甲, nmae: 乙}", "nmae"), ("{unit: 甲}", "name"), ("{unit: 甲, name: 乙, row: x}", "整数")],
)
def test_a_roster_of_an_example_that_is_wrong(tmp_path: Path, row: str, says: str) -> None:
    """A row of an example's roster that cannot be used stops the loading with the place."""
    own = tmp_path / "own.yml"
    examples = f"examples: {{bad: 甲, good: 乙, roster: [{row}]}}"
    own.write_text(f"id: own\nextends: puyang-2020\nrules:\n  - id: roster\n    {examples}\n", "utf-8")
    with pytest.raises(NoticeError, match=rf"own\.yml:5.*{says}"):
        load_notice(own)


# ── files ─────────────────────────────────────────────────────────────


def workbook(case: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, rows in (("人员", case["rows"]), ("单位", case.get("units"))):
            if rows is None:
                continue
            sheet = book.add_worksheet(name)
            for place in case.get("merge", ()) if name == "人员" else ():
                sheet.merge_range(place, "")
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    # A merged cell is written twice: blank by merge_range, then with what it says.
                    if value != "":
                        sheet.write(at, column, value if isinstance(value, (int, float)) else str(value))
    return out.getvalue()


def write(case: Mapping[str, Any], folder: Path) -> Path:
    if "csv" in case:
        path = folder / "花名册.csv"
        path.write_bytes(case["csv"].encode(case.get("encoding", "utf-8")))
        return path
    path = folder / "花名册.xlsx"
    path.write_bytes(workbook(case))
    return path


@pytest.mark.parametrize("case", params("roster-files.yml"))
def test_files(case: Mapping[str, Any], tmp_path: Path) -> None:
    """A roster is read as its writer meant it; every row and cell that cannot be used is told by its number."""
    known, told = load(write(case, tmp_path), the_notice())
    assert len(known.entries) == len(case["entries"])
    for entry, wanted in zip(known.entries, case["entries"], strict=True):
        said = {key: tuple(value) if isinstance(value, list) else value for key, value in wanted.items()}
        assert {key: asdict(entry)[key] for key in said} == said
    assert len(told) == len(case.get("told", ())), told
    for sentence, pieces in zip(told, case.get("told", ()), strict=True):
        assert [piece for piece in pieces if piece not in sentence] == [], sentence
    for key in ("types", "aliases", "not_applicable"):
        field = {"types": "unit_type"}.get(key, key)
        for name, value in case.get(key, {}).items():
            found = getattr(known.unit(name), field)
            assert (
                dict(found) if isinstance(value, dict) else list(found) if isinstance(value, list) else found
            ) == value


def test_an_old_workbook(tmp_path: Path) -> None:
    """An .xls is read like an .xlsx."""
    path = tmp_path / "花名册.xls"
    path.write_bytes(xls({"Sheet1": [["单位", "姓名", "任现职时间"], ["示例局", "闻小川", "2020年7月"]]}))
    known, told = load(path, the_notice())
    assert [(entry.name, str(entry.appointed)) for entry in known.entries] == [("闻小川", "2020-07-01")]
    assert told == ()


def test_several_sheets_of_persons(tmp_path: Path) -> None:
    """Every sheet with the two columns counts, rows are told with their sheet, and one without a unit is named."""
    path = tmp_path / "花名册.xls"
    heading = ["单位", "姓名"]
    sheets = {
        "县区": [heading, ["禾渡县", "闻小川"]],
        "市直": [heading, ["示例局", "柏大河"], ["禾渡县", "闻小川"], ["示例局", ""]],
        "退休": [["姓名", "职务"], ["方青禾", "局长"]],
        "空表": [],
    }
    path.write_bytes(xls(sheets))
    known, told = load(path, the_notice())
    assert [(entry.unit, entry.name) for entry in known.entries] == [("禾渡县", "闻小川"), ("示例局", "柏大河")]
    assert [sentence[:14] for sentence in told[:2]] == ["「市直」表第3行：禾渡县的闻", "「市直」表第4行：没有写姓名"]
    assert "与「县区」表第2行重复" in told[0]
    assert told[2:] == ("「退休」表没有「单位」这一列，整张表没有用上。",)


def sheet(rows: Sequence[Sequence[Any]]) -> bytes:
    return workbook({"rows": rows})


REFUSED: Mapping[str, tuple[bytes, str, str]] = {
    "no column of names": (sheet([["单位", "职务"], ["示例局", "局长"]]), "roster-columns", "姓名、名字"),
    "no column of units": (sheet([["姓名", "职务"], ["闻小川", "局长"]]), "roster-columns", "所在单位"),
    "neither": (sheet([["甲", "乙"]]), "roster-columns", "kaohe roster template"),
    "nobody in it": (sheet([["单位", "姓名"]]), "empty-roster", "没有一个可以用的人员"),
    "nothing but bad rows": (sheet([["单位", "姓名"], ["示例局", "1"]]), "empty-roster", "第2行"),
    "empty": (b"", "empty", "空文件"),
    "cut off": (sheet([["单位", "姓名"], ["示例局", "闻小川"]])[:2000], "not-a-table", "不是能读的表格"),
    "broken": (
        sheet([["单位", "姓名"]]).replace(b"xl/workbook.xml", b"xl/worksome.xml"), "not-a-table", "不是能读的表格",
    ),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "not-a-table", "不是能读的表格"),
    "with a password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted", "密码",
    ),
    "an old one that is broken": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"), "damaged", "损坏",
    ),
    "bytes of nothing": (bytes(range(256)) * 8, "not-a-table", "不是能读的表格"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    """A file that is no roster is refused with a code and one sentence that names the file."""
    data, code, says = REFUSED[name]
    path = tmp_path / "花名册.xlsx"
    path.write_bytes(data)
    with pytest.raises(ReadError) as caught:
        load(path, the_notice())
    assert caught.value.code == code
    assert says in caught.value.message
    assert path.name in caught.value.message


def test_no_file(tmp_path: Path) -> None:
    """A roster that is not there, or is a folder, is told as such."""
    for path, code in ((tmp_path / "没有.xlsx", "not-found"), (tmp_path, "not-a-file")):
        with pytest.raises(ReadError) as caught:
            load(path, the_notice())
        assert caught.value.code == code


def test_every_wording_leads_to_one_column() -> None:
    """No wording of a heading is that of two columns."""
    wordings = [wording for known in COLUMNS.values() for wording in known]
    assert sorted(wordings) == sorted(set(wordings))


# ── the template and the commands ─────────────────────────────────────


def test_template_as_it_is_holds_nobody(tmp_path: Path) -> None:
    """The example rows of the template are left out: without any other there is no roster."""
    path = tmp_path / "花名册.xlsx"
    path.write_bytes(template())
    with pytest.raises(ReadError) as caught:
        load(path, the_notice())
    assert caught.value.code == "empty-roster"


def test_template_filled_in_is_read_whole(tmp_path: Path) -> None:
    """Every column of the template is known, what stands in it is read, and its drop-downs hold what can be read."""
    book = openpyxl.load_workbook(io.BytesIO(template()))
    assert book.sheetnames == ["花名册", "单位", "填写说明"]
    persons = book["花名册"]
    assert persons["B2"].value == EXAMPLE
    filled = {"单位": "示例局", "姓名": "闻小川", "挂职单位": "样本办", "挂职月数": "8", "退休时间": "2020.10"}
    headings = [cell.value for cell in persons[1]]
    for heading, value in filled.items():
        persons.cell(3, headings.index(heading) + 1, value)
    choices = [rule for rule in persons.data_validations.dataValidation if rule.type == "list"]
    row = 4
    for rule in choices:
        for choice in rule.formula1.strip('"').split(","):
            persons.cell(row, 1, "示例局")
            persons.cell(row, 2, "柏大" + chr(0x4E00 + row))
            persons.cell(row, next(iter(rule.sqref.ranges)).min_col, choice)
            row += 1
    assert row == 4 + 3 + 11 + 2 + 2
    book["单位"].append(["示例局", "市示例局", "市直单位", "宗教工作=没有这项职能"])
    path = tmp_path / "花名册.xlsx"
    book.save(path)
    known, told = load(path, the_notice())
    first = known.entries[0]
    assert (first.seconded_to, first.seconded_months, str(first.retired)) == ("样本办", 8, "2020-10-31")
    assert [unit.not_applicable for unit in known.units] == [{"religion": "没有这项职能"}]
    assert [sentence for sentence in told if "单位类型" not in sentence] == []


def test_template_command_never_writes_over_a_filled_roster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`kaohe roster template` writes a workbook once, and refuses where a file is already there."""
    path = tmp_path / "花名册.xlsx"
    assert run(["roster", "template", "-o", str(path)]) == 0
    before = path.read_bytes()
    assert run(["roster", "template", "-o", str(path)]) == 2
    assert "已经有了" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert run(["roster", "template", "-o", str(tmp_path / "花名册.csv")]) == 2


def test_check_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`kaohe roster check` prints what is owed and why; its exit code says whether all could be understood."""
    path = tmp_path / "花名册.xlsx"
    path.write_bytes(sheet([["单位", "姓名", "请假天数"], ["示例局", "闻小川", 200]]))
    assert run(["roster", "check", str(path)]) == 0
    out = "".join(capsys.readouterr().out.split()).replace("│", "")
    assert "1个单位，1人" in out
    assert "不确定等次" in out
    path.write_bytes(sheet([["单位", "姓名"], ["示例局", "闻小川"], ["示例局", "[red]9"]]))
    assert run(["roster", "check", str(path)]) == 1
    assert "第3行：姓名「[red]9」" in capsys.readouterr().out
    assert run(["roster", "check", str(tmp_path / "没有.xlsx")]) == 2
    assert "找不到花名册" in capsys.readouterr().err
