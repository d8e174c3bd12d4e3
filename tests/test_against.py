"""`--against` and `against=`: papers that are only compared with, from the way in to what a report shows of them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

import checker
from checker.render import renderer
from checker.report import Finding, Report

PASSAGE = (
    "牵头建起村级水管员队伍，把七十三名水管员的巡渠记录做成一张随手能看的台账，谁家渠段堵了、几时疏通、用了多少工，"
    "村民扫码就能查到，入冬前把三年没浇上水的尾梢田全部浇了一遍，老支书说这是头一回不用半夜抢水。"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A paper in 今年, and in 往年 an older one with the same passage and the same file name."""
    for name, lines in (("今年", "新修泵站两座。"), ("往年", "新修水闸一座。\n加固堤防。")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "工作总结.txt").write_text(f"某局领导班子工作总结\n{lines}\n{PASSAGE}\n", "utf-8")
    return tmp_path


def copied(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == "copied-text"]


def test_a_folder_to_compare_with(folder: Path) -> None:
    """The passage is found in last year's paper, which itself is not checked."""
    report = checker.check(folder / "今年", against=folder / "往年")
    [finding] = copied(report)
    assert finding.quote == PASSAGE
    assert finding.facts["other"] == "往年/工作总结.txt"
    [place] = finding.related
    assert place.document.slice(place.span) == PASSAGE
    assert [Path(paper.path).parent.name for paper in report.submission.documents] == ["今年"]
    assert [Path(paper.path).parent.name for paper in report.submission.against] == ["往年"]


def test_the_papers_themselves_are_not_compared_with(folder: Path) -> None:
    """A folder that holds the papers handed in as well compares them with the others only."""
    [finding] = copied(checker.check(folder / "今年", against=[folder, folder / "往年"]))
    assert finding.facts["other"] == "往年/工作总结.txt"
    assert copied(checker.check(folder / "今年", against=folder / "今年")) == []


def test_nothing_to_compare_with_is_told(folder: Path) -> None:
    """A single paper with nothing beside it has not been compared, and the report says how to have it done."""
    reasons = {entry.rule: entry.reason for entry in checker.check(folder / "今年").not_checked}
    assert "--against" in reasons["copied-text"]
    told = checker.check(folder / "今年", against=folder / "往年").not_checked
    assert "copied-text" not in [entry.rule for entry in told]


def test_what_cannot_be_read_is_told(folder: Path) -> None:
    """A file to compare with that is not there or broken is an input that was not checked."""
    (folder / "往年" / "坏.docx").write_bytes(b"PK\x03\x04")
    report = checker.check(folder / "今年", against=[folder / "往年", folder / "无"])
    assert [Path(problem.path).name for problem in report.errors] == ["坏.docx", "无"]
    assert len(copied(report)) == 1


@pytest.mark.parametrize("name", ["text", "html", "json", "docx"])
def test_every_output_shows_the_other_paper(folder: Path, name: str) -> None:
    """The words of a paper that is not part of the submission stand in the report, with the name of their file."""
    report = checker.check(folder / "今年", against=folder / "往年")
    [output] = [it for it in renderer(name)(report, {}) if it.data]
    data = output.data
    if name == "docx":
        data = zipfile.ZipFile(io.BytesIO(data)).read("word/comments.xml")
    shown = "".join(data.decode().split()).replace("\\/", "/")
    assert "往年/工作总结.txt" in shown
    assert shown.count(PASSAGE[:12]) >= 2 if name != "docx" else PASSAGE[:12] in shown


def test_json_places_the_other_passage(folder: Path) -> None:
    """The related place names the file and its offsets there."""
    report = checker.check(folder / "今年", against=folder / "往年")
    data = json.loads(renderer("json")(report, {})[0].data)
    [found] = [it for it in data["documents"][0]["findings"] if it["rule"] == "copied-text"]
    [place] = found["related"]
    text = (folder / "往年" / "工作总结.txt").read_text("utf-8")
    assert Path(place["path"]).parent.name == "往年"
    assert text[place["location"]["start"] : place["location"]["end"]] == place["quote"] == PASSAGE
