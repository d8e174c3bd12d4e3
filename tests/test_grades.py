"""Grade proposals from the file to the report: in every format a unit may hand them in, with and without settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_docx import docx, paragraphs
from build_ofd import Text, ofd, table
from build_sheets import xls, xlsx
from loaders import the_notice

import checker
from checker.commands import run
from checker.document import Submission
from checker.engine import run as check
from checker.language import lexicon
from checker.language.grades import Wordings, holds_proposals, proposals
from checker.papers import recognise
from checker.readers import read
from checker.render import renderer
from checker.report import Finding, Report

TITLE = "禾渡县水务局2020年度考核等次建议表"
ROWS = [
    ["姓名", "职务", "建议等次"],
    ["闻小川", "局长", "优秀"],
    ["柏大河", "副局长", "良好"],
    ["云在山", "副局长", "优秀"],
]


def _word() -> bytes:
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row) + "</w:tr>"
        for row in ROWS
    )
    return docx(paragraphs(TITLE) + f"<w:tbl>{rows}</w:tbl>")


FILES = {
    "a.xlsx": xlsx({"Sheet1": [[TITLE], *ROWS]}),
    "a.xls": xls({"Sheet1": [[TITLE], *ROWS]}),
    "a.docx": _word(),
    "a.ofd": ofd([[Text(TITLE, 40, 40, 7.76), *table(28, 80, ROWS)]]),
    "a.txt": "\n".join([TITLE, *map("\t".join, ROWS)]).encode("gb18030"),
    "a.html": (
        f"<html><head><meta charset='utf-8'></head><body><p>{TITLE}</p><table>"
        + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
        + "</table></body></html>"
    ).encode(),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "等次建议.xlsx").write_bytes(FILES["a.xlsx"])
    return tmp_path


def told(report: Report) -> list[tuple[str, str, str]]:
    found = [finding for finding in report.findings if finding.rule.startswith("grade")]
    return [(finding.rule, finding.case, finding.quote) for finding in found]


def why(report: Report) -> dict[str, str]:
    return {entry.rule: entry.reason for entry in report.not_checked}


@pytest.mark.parametrize("name", FILES)
def test_the_same_table_in_every_format(name: str) -> None:
    """Whatever the file, the table gives the same persons and grades, and the same findings."""
    [paper] = recognise(read(name, FILES[name]))
    assert paper.kind == "grade-proposal"
    assert [(it.person, it.grade) for it in proposals(paper)] == [
        ("闻小川", "优秀"), ("柏大河", "良好"), ("云在山", "优秀"),
    ]  # fmt: skip
    assert [paper.slice(it.place) for it in proposals(paper)] == ["优秀", "良好", "优秀"]
    report = check(the_notice(), Submission((paper,), grades={"excellent": 0.4}))
    assert told(report) == [("grade-proposal", "unknown", "良好"), ("grade-ratio", "over", "优秀")]


def test_a_single_file_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ratio comes from kaohe.toml; without it the report says that it was not looked at, and how to set it."""
    assert run(["check", "等次建议.xlsx"]) == 0
    said = "".join(capsys.readouterr().out.split())
    assert "没有设定优秀比例，没有核对" in said and "没有花名册" in said
    (folder / "kaohe.toml").write_text("[grades]\nexcellent = 0.2\n", "utf-8")
    assert run(["check", "等次建议.xlsx"]) == 0
    said = "".join(capsys.readouterr().out.split())
    assert "参加考核3人（其中不确定等次0人），建议优秀2人，占66.7%；按设定的20%最多0人，超出2人" in said
    assert "没有设定优秀比例" not in said


def test_the_ratio_by_the_api(folder: Path) -> None:
    """checker.check takes the same ratios as kaohe.toml."""
    report = checker.check(
        folder / "等次建议.xlsx", unit_type="county", grades={"excellent": 0.9, "excellent-county": 0.4}
    )
    assert ("grade-ratio", "over", "优秀") in told(report)


def test_what_was_not_looked_at_is_told(folder: Path) -> None:
    """Neither ratio nor roster: both stand in the report as not checked, the table itself was."""
    reasons = why(checker.check(folder / "等次建议.xlsx"))
    assert "kaohe.toml" in reasons["grade-ratio"] and "--roster" in reasons["grade-roster"]
    assert "grade-proposal" not in reasons


@pytest.mark.parametrize(
    "text",
    [
        "姓名\t职务\t上年度考核等次\n赵一\t局长\t优秀\n",
        "姓名\t赵一\t考核等次\t优秀\n职务\t局长\t学历\t大学\n",
        "姓名\t优秀\t称职\n赵一\t32\t3\n",
        "指标\t等次\n招商引资\t优秀\n",
    ],
    ids=["last year's grades", "the form of one person", "votes", "grades of something else"],
)
def test_tables_that_are_no_proposals(text: str) -> None:
    """Tables with a grade in them are not taken for proposals."""
    known = Wordings(lexicon.terms("cues/grades"))
    assert not holds_proposals(read("a.txt", text.encode()), known)
    assert holds_proposals(read("a.txt", "姓名\t等次\n赵一\t优秀\n".encode()), known)


def test_marked_up_copies_leave_spreadsheets_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside papers a spreadsheet gets no copy; alone it gets one sentence, and the other outputs show it."""
    assert run(["check", "等次建议.xlsx", "--format", "docx", "-o", "a.docx"]) == 2
    assert "只有表格文件" in capsys.readouterr().err
    (folder / "a.txt").write_text("某局领导班子2020年度工作总结\n修路三条。\n", "utf-8")
    run(["check", "等次建议.xlsx", "a.txt", "--format", "docx", "-o", "结果"])
    assert [path.name for path in (folder / "结果").iterdir()] == ["a（审查批注）.docx"]
    report = checker.check(folder / "等次建议.xlsx")
    for name in ("html", "json", "xlsx", "form", "sarif", "junit", "text"):
        assert renderer(name)(report, {})[0].data


def test_a_finding_is_about_one_person() -> None:
    """Its fingerprint stays when rows are added and other faults mended; the same fault of another is another one."""

    def prints(rows: list[list[str]]) -> dict[str, str]:
        [paper] = recognise(read("a.xlsx", xlsx({"a": [[TITLE], *rows]})))
        findings: tuple[Finding, ...] = check(the_notice(), Submission((paper,))).findings
        return {str(finding.facts["person"]): finding.fingerprint for finding in findings if "person" in finding.facts}

    before = prints([*ROWS, ["江远帆", "副局长", "良好"]])
    after = prints([ROWS[0], ["石磊", "局长", "称职"], ROWS[1], ["江远帆", "副局长", "良好"]])
    assert set(before) == {"柏大河", "江远帆"}
    assert after == {"江远帆": before["江远帆"]}
    assert before["柏大河"] != before["江远帆"]
