"""Spreadsheets: each filled cell with its place, what is hidden told, and hostile files refused before the parser."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date

import openpyxl
import pytest
from build_docx import docx, paragraphs, zipped
from build_sheets import xls, xlsx
from loaders import shown

from checker.document import Document
from checker.errors import ReadError
from checker.papers import recognise
from checker.readers import Limits, read
from checker.readers.sniff import sniff

TABLE = [["序号", "姓名", "等次"], [1, "赵一", "优秀"], [2.0, "钱 二", None]]
TITLED = [["某局2020年度考核等次建议表"], ["单位：某局"], *TABLE]
BOTH = pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])


def made(name: str, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> bytes:
    return xlsx(sheets, hidden=hidden) if name.endswith("x") else xls(sheets, hidden)


def blocks(document: Document) -> list[object]:
    return [shown(document, block) for block in document.blocks]


def rewritten(data: bytes, **parts: tuple[str, str]) -> bytes:
    """A workbook with one string replaced in each of the parts (sheet1, sharedStrings, workbook)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            change = parts.get(info.filename.rpartition("/")[2].removesuffix(".xml"))
            if change is not None:
                assert change[0].encode() in content
                content = content.replace(change[0].encode(), change[1].encode())
            target.writestr(info.filename, content)
    return out.getvalue()


@BOTH
def test_each_filled_cell_is_a_block(name: str) -> None:
    """Cells are read row by row with their places; titles above the table are no cells; numbers have no .0."""
    document = read(name, made(name, {"干部": TITLED}))
    assert document.format == name.removeprefix("a.")
    assert blocks(document) == [
        {"title": "某局2020年度考核等次建议表"},
        "单位：某局",
        {"cell": "序号", "at": [0, 2, 0]},
        {"cell": "姓名", "at": [0, 2, 1]},
        {"cell": "等次", "at": [0, 2, 2]},
        {"cell": "1", "at": [0, 3, 0]},
        {"cell": "赵一", "at": [0, 3, 1]},
        {"cell": "优秀", "at": [0, 3, 2]},
        {"cell": "2", "at": [0, 4, 0]},
        {"cell": "钱 二", "at": [0, 4, 1]},
    ]
    assert document.text == "\n".join(document.slice(block.span) for block in document.blocks)
    assert (document.anchors, document.boxes) == ((), ())


@BOTH
def test_values_are_as_they_are_shown(name: str) -> None:
    """Dates as dates, fractions without their binary tail, truth as Excel writes it, line breaks kept."""
    values: list[object] = [date(2020, 12, 25), 0.1 + 0.2, 1234567, -3.5, True, "上\n下", " "]
    document = read(name, made(name, {"a": [["x", "y"], values]}))
    shown_values = [document.slice(block.span) for block in document.blocks][2:]
    assert shown_values == ["2020-12-25", "0.3", "1234567", "-3.5", "TRUE", "上\n下"]


@BOTH
def test_names_of_sheets(name: str) -> None:
    """Sheets are headed by their names where several hold anything; each is a table of its own."""
    document = read(name, made(name, {"干部": TITLED, "空": [], "班子": [["单位", "等次"]]}))
    assert blocks(document)[:4] == [
        {"title": "某局2020年度考核等次建议表"},
        "单位：某局",
        {"heading": "干部", "level": 1},
        {"cell": "序号", "at": [0, 2, 0]},
    ]
    assert blocks(document)[-3:] == [
        {"heading": "班子", "level": 1},
        {"cell": "单位", "at": [1, 0, 0]},
        {"cell": "等次", "at": [1, 0, 1]},
    ]


@BOTH
def test_hidden_sheets_are_left_out_and_told(name: str) -> None:
    """A sheet that nobody sees is not handed in; a file with nothing else is refused."""
    document = read(name, made(name, {"干部": TABLE, "旧": [["秘密"]]}, hidden=("旧",)))
    assert "秘密" not in document.text
    assert [(note.what, note.count) for note in document.reading.not_read] == [("hidden-sheets", 1)]
    with pytest.raises(ReadError) as raised:
        read(name, made(name, {"空": [], "旧": [["秘密"]]}, hidden=("旧",)))
    assert raised.value.code == "no-text"


def test_hidden_rows_and_columns_are_read_and_told() -> None:
    """Rows that a filter hides belong to the table; the statement says that there are some."""
    document = read("a.xlsx", xlsx({"干部": TABLE}, rows=(1,), columns=(0,)))
    assert "赵一" in document.text and "序号" in document.text
    told = {note.what: note.count for note in document.reading.read}
    assert (told["hidden-rows"], told["hidden-columns"], told["cells"]) == (1, 1, 8)


def test_formulas_show_their_stored_results() -> None:
    """The result that Excel stored is read; a formula without one is told as not read."""
    with_result = rewritten(xlsx({"a": [["优秀", 2, "=1+1"]]}), sheet1=("<f>1+1</f><v>0</v>", "<f>1+1</f><v>2</v>"))
    document = read("a.xlsx", with_result)
    assert document.text.split("\n") == ["优秀", "2", "2"]
    assert ("formulas", 1) in [(note.what, note.count) for note in document.reading.read]
    without = rewritten(with_result, sheet1=("<f>1+1</f><v>2</v>", "<f>1+1</f>"))
    assert ("formulas-empty", 1) in [(note.what, note.count) for note in read("a.xlsx", without).reading.not_read]


def test_what_stands_beside_the_cells_is_told() -> None:
    """Comments and charts are no cells; merged cells hold their text once."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", "等次"])
    sheet.append(["赵一", "优秀"])
    sheet["A2"].comment = openpyxl.comments.Comment("请核", "某")
    sheet.merge_cells("B2:B3")
    sheet.add_chart(openpyxl.chart.BarChart(), "E5")
    out = io.BytesIO()
    book.save(out)
    document = read("a.xlsx", out.getvalue())
    assert document.text == "姓名\n等次\n赵一\n优秀"
    assert [(note.what, note.count) for note in document.reading.not_read] == [("comments", 1), ("charts", 1)]


def test_a_workbook_is_told_from_other_packages() -> None:
    """Word files, also those with a workbook in them, and archives of a folder called word are what they were."""
    book = xlsx({"a": TABLE})
    assert sniff(book) == "xlsx"
    word = zipfile.ZipFile(io.BytesIO(docx(paragraphs("正文"))))
    parts: dict[str, str | bytes] = {name: word.read(name) for name in word.namelist()}
    assert sniff(zipped({**parts, "word/embeddings/a.xlsx": book})) == "docx"
    assert sniff(zipped({"word/总结.docx": docx(paragraphs("正文"))})) == "zip"
    assert sniff(zipped({"表.xlsx": book})) == "zip"
    assert read("等次建议.docx", book).format == "xlsx"


# ── hostile files ─────────────────────────────────────────────────────

FAR = rewritten(xlsx({"a": TABLE}), sheet1=('r="C2"', 'r="XFD1048576"'))
NOWHERE = rewritten(xlsx({"a": TABLE}), sheet1=('r="C2"', 'r="C4294967295"'))
FAR_ROW = rewritten(xlsx({"a": TABLE}), sheet1=('<row r="2"', '<row r="99999999999"'))
COUNTED = rewritten(xlsx({"a": TABLE}), sharedStrings=('uniqueCount="', 'uniqueCount="21474836'))
DOCTYPE = rewritten(xlsx({"a": TABLE}), sheet1=("<worksheet", "<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet"))
BINARY = zipped(
    {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
            'Type="http://x/officeDocument" Target="xl/workbook.bin"/></Relationships>'
        ),
        "xl/workbook.bin": b"\x00",
    }
)
OLD = xls({"a": TABLE})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(FAR, "too-large", id="cells far apart"),
        pytest.param(NOWHERE, "damaged", id="a cell where no sheet has one"),
        pytest.param(FAR_ROW, "damaged", id="a row where no sheet has one"),
        pytest.param(COUNTED, "damaged", id="more strings than memory"),
        pytest.param(DOCTYPE, "damaged", id="a document type"),
        pytest.param(BINARY, "unsupported-format", id="xlsb"),
        pytest.param(OLD.replace(b"\x09\x08\x10\x00", bytes(4)), "damaged", id="an old one that is broken"),
        pytest.param(xlsx({"a": [["甲"] * 200] * 200}), "too-large", id="more cells than a paper has"),
        pytest.param(xlsx({"a": []}), "no-text", id="empty"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted", id="locked"
        ),
    ],
)
def test_bad_files(data: bytes, code: str) -> None:
    """Each ends in one sentence, and none in memory taken on a file's word."""
    with pytest.raises(ReadError) as raised:
        read("a.xlsx", data)
    assert raised.value.code == code
    assert raised.value.message.endswith("。") and "Word" not in raised.value.message


def test_a_bomb_is_not_unpacked() -> None:
    """A sheet that unpacks to far more than any table is refused by the limits of a package."""
    big = rewritten(xlsx({"a": TABLE}), sheet1=("<sheetData>", "<sheetData>" + " " * 40_000_000))
    with pytest.raises(ReadError) as raised:
        read("a.xlsx", big)
    assert raised.value.code == "too-large"


def test_an_old_workbook_with_a_password() -> None:
    """The record that says so ends the reading with the same sentence as for other formats."""
    data = xls({"a": TABLE})
    # The first record after the head of the stream becomes FILEPASS.
    at = data.index(b"\x09\x08\x10\x00") + 20
    locked = data[:at] + b"\x2f\x00" + data[at + 2 :]
    with pytest.raises(ReadError) as raised:
        read("a.xls", locked)
    assert raised.value.code == "encrypted"


def test_limits_hold_for_sheets() -> None:
    """The figures of the user count: so many tags, so many characters."""
    data = xlsx({"a": TABLE})
    for limits in (Limits(tags=20), Limits(characters=8), Limits(paragraphs=5), Limits(file_size=100)):
        with pytest.raises(ReadError) as raised:
            read("a.xlsx", data, limits)
        assert raised.value.code == "too-large"


def test_the_parsers_are_loaded_for_spreadsheets_only() -> None:
    """A Word file is read without them."""
    code = (
        "import sys; from checker.readers import read; read('a.txt', '正文'.encode());"
        "print([name for name in ('python_calamine', 'xlrd') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ── what it is, and what becomes of it ────────────────────────────────


@pytest.mark.parametrize(
    ("name", "rows", "kind"),
    [
        pytest.param("1.xlsx", TITLED, "grade-proposal", id="by its title"),
        pytest.param("某局考核等次建议.xlsx", [["甲", "乙"]], "grade-proposal", id="by the name of the file"),
        pytest.param("1.xlsx", TABLE, "grade-proposal", id="by the headings"),
        pytest.param("花名册.xlsx", [["单位", "姓名", "考核等次"], ["某局", "赵一", "优秀"]], "other", id="a roster"),
        pytest.param("1.xlsx", [["姓名", "职务"], ["赵一", "局长"]], "other", id="names without grades"),
        pytest.param("1.xlsx", [["姓名", "上年度考核等次"], ["赵一", "优秀"]], "other", id="grades of last year"),
        pytest.param("问题清单.xlsx", [["问题清单"], ["序号", "问题"], [1, "人才不足"]], "other", id="a list"),
    ],
)
def test_which_paper_a_spreadsheet_is(name: str, rows: list[list[object]], kind: str) -> None:
    """Only proposals of grades come as spreadsheets; anything else is told as unknown, with the way out."""
    [paper] = recognise(read(name, xlsx({"Sheet1": rows})))
    assert paper.kind == kind
    assert kind != "other" or "Word" in paper.kind_reason


def test_a_table_of_proposals_in_word_is_known_by_its_headings() -> None:
    """A Word file without a title is known by the table in it."""
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row) + "</w:tr>"
        for row in (["姓名", "建议等次"], ["赵一", "优秀"])
    )
    [paper] = recognise(read("1.docx", docx(f"<w:tbl>{rows}</w:tbl>")))
    assert (paper.kind, paper.kind_reason) == ("grade-proposal", "表里写着姓名和等次")
