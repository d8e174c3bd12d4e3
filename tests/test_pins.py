"""The table of assignments: written, changed by hand, read back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from checker.document import PAPER_KINDS
from checker.errors import UsageError
from checker.screening.cards import Assignment, Card, Key
from checker.screening.grouping import group
from checker.screening.pins import COLUMNS, NOBODY, Pin, Pins, load, rows

HEAD = ",".join(COLUMNS[:6])


def table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A .csv of these lines."""
    path = folder / "归属表.csv"
    path.write_text("\n".join(lines), encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_of_any_encoding(tmp_path: Path, encoding: str) -> None:
    """A .csv of Excel, of WPS or of an editor gives the same pins; an empty cell pins nothing."""
    path = table(tmp_path, HEAD, "渡槽局/总结.docx,,渡槽局,,,", "a.docx,2,,闻 小川,问题清单,否", "", encoding=encoding)
    assert load(path).pins == (
        Pin("渡槽局/总结.docx", None, "渡槽局", None, None, None, 2),
        Pin("a.docx", 1, None, "闻小川", "problem-list", False, 3),
    )


def test_a_workbook_with_its_columns_in_another_order(tmp_path: Path) -> None:
    """An .xlsx is read by the names of its columns, wherever they stand and whatever stands over them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("说明：只改要改的格",), ("采用", "文件", "备注", "单位", "第几份"), ("是", "a.docx", "x", "无", 3)):
        sheet.append(row)
    book.save(tmp_path / "pins.xlsx")
    assert load(tmp_path / "pins.xlsx").pins == (Pin("a.docx", 2, "", None, None, True, 3),)


def test_what_makes_no_sense_is_told_by_row(tmp_path: Path) -> None:
    """Every bad row is told with its number; an unknown kind lists those there are."""
    path = table(tmp_path, HEAD, ",,渡槽局,,,", "a.docx,零,,,,", "a.docx,,,,报告书,", "a.docx,,,,,也许", "b.docx,,,,,")
    with pytest.raises(UsageError) as caught:
        load(path)
    assert caught.value.code == "bad-pins"
    for said in (
        "第 2 行：「文件」是空的",
        "第 3 行：「第几份」",
        "第 4 行：不认识材料种类「报告书」",
        "第 5 行：「采用」",
    ):
        assert said in caught.value.message
    assert all(name in caught.value.message for name in PAPER_KINDS.values())
    assert "第 6 行" not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0broken", b"text"])
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".csv"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    """A file that is no table, or holds none of ours, ends in one sentence."""
    path = tmp_path / f"pins{suffix}"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        load(path)
    with pytest.raises(UsageError):
        load(tmp_path / f"missing{suffix}")


def test_the_nearest_row_goes_first() -> None:
    """What is said of one paper goes before its file, that before wildcards, a longer one of them first."""
    pins = Pins(
        [Pin("*", unit="甲", person="a"), Pin("渡槽局/*", unit="乙"), Pin("渡槽局/x.docx", kind="other"),
         Pin("渡槽局/x.docx", 1, unit="丙")]
    )  # fmt: skip
    found = pins.of(Key("渡槽局/x.docx", 1))
    assert found is not None
    assert (found.unit, found.person, found.kind) == ("丙", "a", "other")
    found = pins.of(Key("渡槽局/x.docx", 0))
    assert found is not None
    assert (found.unit, found.person) == ("乙", "a")
    assert Pins().of(Key("x", 0)) is None


def test_a_table_given_back_as_it_was_changes_nothing(tmp_path: Path) -> None:
    """The table that a screening wrote, read back unchanged, pins nothing at all."""
    cards = [
        Card(Key(name, part), kind, "detected", "", units, (), 900, f"{name}{part}", "", 0.0)
        for name, part, kind, units in (
            ("渡槽局/总结初稿.docx", 0, "team-summary", ("渡槽局",)),
            ("渡槽局/总结定稿.docx", 0, "team-summary", ()),
            ("渡槽局/[新]清单.docx", 0, "problem-list", ()),
            ("渡槽局/[新]清单.docx", 1, "feature-list", ()),
            ("x.docx", 0, "other", ()),
        )
    ]
    before = group(cards, None, Pins())
    lines = [",".join(map(str, row)) for row in rows(before)]
    assert group(cards, None, load(table(tmp_path, ",".join(COLUMNS), *lines))) == before


def test_rows() -> None:
    """A row says the paper, its number from 1, whose it is, whether it counts and why."""
    key = Key("渡槽局/总结.docx", 0)
    it = Assignment(key, "渡槽局", "", "team-summary", "sure", "文件夹名", Key("b.docx", 0), "older")
    assert [*rows([it])] == [("渡槽局/总结.docx", 1, "渡槽局", "", "领导班子工作总结", "否", "确定", "文件夹名")]
    assert len(COLUMNS) == 8
    assert NOBODY == "无"
