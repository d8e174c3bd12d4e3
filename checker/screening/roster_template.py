"""The empty roster to fill in: a sheet for the persons, one for the units, one that explains the columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from checker.document import UNIT_TYPES
from checker.screening.roster_file import COLUMNS, EXAMPLE, UNIT_COLUMNS, UNIT_SHEET

_ROWS = 3000
"""So many rows get the drop-downs."""
_YES_NO = ("是", "否")
_TYPES = tuple(UNIT_TYPES.values())
_POLITICS = (
    "中共党员", "民革党员", "民盟盟员", "民建会员", "民进会员", "农工党党员", "致公党党员", "九三学社社员", "台盟盟员",
    "无党派人士", "群众",
)  # fmt: skip
_FONT = "微软雅黑"


class _Column(NamedTuple):
    """A column of the template: what it is called, how wide, what the example row says, what is explained of it."""

    key: str
    width: int
    example: str
    meaning: str
    choices: tuple[str, ...] = ()


_PERSONS: tuple[_Column, ...] = (
    _Column("unit", 26, "示例市示例局", "必填。写单位全称；同一单位的人员可以合并单元格，也可以只在第一行写。"),
    _Column("name", 14, EXAMPLE, "必填。一人一行；一人在几个单位任职的，每个单位各写一行。"),
    _Column("post", 26, "党组成员、副局长", "现任职务。县（区）委书记、派驻纪检监察组组长可以由职务认出，不必另写。"),
    _Column("level", 14, "副县级", "职级或者级别，只作显示。"),
    _Column("unit_type", 12, "市直单位", f"{'、'.join(_TYPES)}；不写的按单位名称判断。", _TYPES),
    _Column(
        "politics", 14, "中共党员", "民主党派、无党派人士、群众是党外干部，述职报告要写参政议政、合作共事。", _POLITICS
    ),
    _Column("party_chief", 16, "否", "县（区）党委主要领导写「是」；不写的按职务判断。", _YES_NO),
    _Column("inspector", 18, "否", "派驻纪检监察组组长写「是」，其考核另有办法；不写的按职务判断。", _YES_NO),
    _Column("main_unit", 22, "", "一·1：担任多项职务的，写承担主要工作职责的单位；只有一个职务的不写。"),
    _Column("appointed", 14, "2020年7月", "一·2：任现职的时间，写到月。本年度新任现职的，按现任职务考核。"),
    _Column("former_unit", 22, "", "一·3：交流任职的写原单位，由原单位提供交流任职前的情况。"),
    _Column("transferred", 14, "", "一·3：交流任职的时间，写到月。"),
    _Column("seconded_to", 22, "", "一·4：挂职锻炼的写挂职单位；在派出单位一行写。"),
    _Column(
        "seconded_months",
        12,
        "",
        "一·4：本年度在挂职单位工作了几个月，写数字。也可以改用「挂职开始时间」「挂职结束时间」两列。",
    ),
    _Column("leave_days", 12, "", "一·5：本年度病假、事假累计天数，写数字；写「7个月」也可以。"),
    _Column("retired", 14, "", "一·6：办理退休手续的时间，写到日最好。"),
    _Column("case", 24, "", "一·7：立案审查调查尚未结案、受党纪政务处分或者组织处理的，写明情况；没有的不写。"),
    _Column("probation_end", 14, "2021年7月", "二·3：试用期满的时间，写到月。"),
    _Column("note", 24, "", "备注，只作显示。"),
)
_UNITS: tuple[_Column, ...] = (
    _Column("unit", 26, "示例市示例局", "单位全称，与「花名册」表一致。没有个人的单位也可以列在这里。"),
    _Column("aliases", 30, "市示例局、示例局", "材料和文件夹里用的简称，几个简称用顿号隔开。"),
    _Column("unit_type", 12, "市直单位", f"{'、'.join(_TYPES)}；不写的按单位名称判断。", _TYPES),
    _Column(
        "not_applicable", 46, f"宗教工作=没有这项职能（{EXAMPLE}）",
        "与本单位职能无关的事项，写成 事项=理由，几项用分号隔开；事项的名称见 kaohe explain summary-topics。",
    ),
)  # fmt: skip
_HEADINGS = {
    **{key: wordings[0] for key, wordings in (*COLUMNS.items(), *UNIT_COLUMNS.items())},
    "party_chief": "是否党委主要领导",
    "inspector": "是否纪检监察组组长",
    "case": "立案/处分情况",
}


def template() -> bytes:
    """The workbook."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": "年度考核花名册"})
        base = {"font_name": _FONT, "font_size": 11, "valign": "vcenter"}
        formats = {
            "head": book.add_format({**base, "bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True}),
            "needed": book.add_format({**base, "bold": True, "bg_color": "#F8CBAD", "border": 1, "text_wrap": True}),
            "example": book.add_format({**base, "italic": True, "font_color": "#808080", "num_format": "@"}),
            "cell": book.add_format({**base, "num_format": "@"}),
            "plain": book.add_format({**base, "text_wrap": True, "valign": "top"}),
            "title": book.add_format({**base, "bold": True, "font_size": 14}),
        }
        _sheet(book, "花名册", _PERSONS, ("unit", "name"), formats)
        _sheet(book, UNIT_SHEET, _UNITS, ("unit",), formats)
        _explanation(book, formats)
    return out.getvalue()


def _sheet(book: Any, name: str, columns: Sequence[_Column], needed: Sequence[str], formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, len(needed))
    sheet.set_row(0, 32)
    for place, column in enumerate(columns):
        # Text keeps 2020.10 as it was typed; as a number it would become 2020.1.
        sheet.set_column(place, place, column.width, formats["cell"])
        sheet.write(0, place, _HEADINGS[column.key], formats["needed" if column.key in needed else "head"])
        sheet.write(1, place, column.example, formats["example"])
        options: dict[str, object] = {"validate": "any", "input_title": _HEADINGS[column.key]}
        if column.choices:
            options |= {
                "validate": "list", "source": list(column.choices), "error_title": "请从列表里选",
                "error_message": f"请选：{'、'.join(column.choices)}"[:250], "error_type": "warning",
            }  # fmt: skip
        sheet.data_validation(1, place, _ROWS, place, options | {"input_message": column.meaning[:250]})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _explanation(book: Any, formats: dict[str, Any]) -> None:
    """The third sheet: the columns one under the other, so that it is never taken for the roster itself."""
    sheet = book.add_worksheet("填写说明")
    sheet.set_column(0, 0, 12, formats["plain"])
    sheet.set_column(1, 1, 22, formats["plain"])
    sheet.set_column(2, 2, 84, formats["plain"])
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write(0, 0, "花名册填写说明", formats["title"])
    notes = (
        "「花名册」表一人一行，只有「单位」和「姓名」两列必填，其余没有的留空；不需要的列可以删去，列的次序可以改。",
        f"灰色的一行是示例，检查时不计入；写有「{EXAMPLE}」的行都不计入。",
        "时间写成 2020年7月、2020.07、2020-07-01 都可以，最好写到日。",
        "填好后先用 kaohe roster check 花名册.xlsx 核对，看不懂的会逐行指出，并列出每个单位、每个人应交什么、为什么。",
    )
    for row, note in enumerate(notes, 1):
        sheet.merge_range(row, 0, row, 2, note, formats["plain"])
        sheet.set_row(row, 20)
    row = len(notes) + 2
    for place, heading in enumerate(("表", "列", "怎样填")):
        sheet.write(row, place, heading, formats["head"])
    rows = [("花名册", column) for column in _PERSONS] + [(UNIT_SHEET, column) for column in _UNITS]
    for number, (name, column) in enumerate(rows, row + 1):
        sheet.write(number, 0, name, formats["plain"])
        sheet.write(number, 1, _HEADINGS[column.key], formats["plain"])
        sheet.write(number, 2, column.meaning, formats["plain"])
