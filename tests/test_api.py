"""The Python API: what `import checker` offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from loaders import SAMPLES

import checker
from checker.copies import marked_stem
from checker.errors import NoticeError, ReadError
from checker.notice import Notice
from checker.readers import Limits
from checker.report import Report

TEXT = "某局领导班子工作总结\n一、总体情况\n全年修路XX公里，架桥12座。\n"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "材料.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_check_takes_one_path_or_many(paper: Path) -> None:
    """A path, its text, and a list of paths mean the same."""
    reports = [checker.check(paper), checker.check(str(paper)), checker.check([paper]), checker.check(iter([paper]))]
    assert all(isinstance(report, Report) for report in reports)
    assert len({tuple(finding.fingerprint for finding in report.findings) for report in reports}) == 1
    assert [document.kind for document in reports[0].submission.documents] == ["team-summary"]


def test_check_takes_a_folder(paper: Path) -> None:
    """A folder means all files in it, but system files, lock files and our own marked-up copies."""
    for name in ("~$材料.docx", ".hidden", "Thumbs.db", "材料（审查批注）.txt"):
        (paper.parent / name).write_bytes(b"x")
    report = checker.check(paper.parent)
    assert {document.path for document in report.submission.documents} == {str(paper)}
    assert report.errors == ()


def test_the_same_file_counts_once(paper: Path) -> None:
    """A file that is named twice, or named and found in its folder, is one paper."""
    report = checker.check([paper, paper.parent, paper.parent / "." / paper.name])
    assert len(report.submission.documents) == 1


def test_what_is_known_of_the_submission(paper: Path) -> None:
    """Unit, person, flags and excuses reach the report as given."""
    report = checker.check(
        paper,
        unit="某局",
        unit_type="municipal",
        person="某",
        party_chief=True,
        not_applicable={"religion": "无此职能"},
    )
    given = report.submission
    assert (given.unit, given.unit_type, given.person) == ("某局", "municipal", "某")
    assert given.flags == {"party-chief"}
    assert given.not_applicable == {"religion": "无此职能"}


def test_the_kind_can_be_given(paper: Path) -> None:
    """`kind` overrides recognition, and the report says that it was given."""
    report = checker.check(paper, kind="cadre-report")
    assert [(entry.kind, entry.kind_source) for entry in report.submission.documents] == [("cadre-report", "given")]


def test_a_notice_by_id_path_or_loaded(paper: Path, tmp_path: Path) -> None:
    """A notice may be named, given as a file, or loaded before."""
    own = tmp_path / "own.yml"
    own.write_text("id: own\nextends: puyang-2020\n", "utf-8")
    loaded = checker.load_notice()
    assert isinstance(loaded, Notice)
    ids = [checker.check(paper, notice=given).notice.id for given in ("puyang-2020", own, str(own), loaded)]
    assert ids == ["puyang-2020", "own", "own", "puyang-2020"]


def test_a_bad_notice_raises(paper: Path) -> None:
    """Only a bad notice raises."""
    with pytest.raises(NoticeError):
        checker.check(paper, notice="nosuch")
    with pytest.raises(NoticeError):
        checker.load_notice("nosuch")


def test_what_cannot_be_read_is_told(paper: Path, tmp_path: Path) -> None:
    """A file that is missing or damaged is an error of the report; the other papers are checked."""
    damaged = tmp_path / "坏.docx"
    damaged.write_bytes(b"PK\x03\x04 nothing")
    report = checker.check([paper, damaged, tmp_path / "无.docx"])
    assert [(problem.path, problem.code) for problem in report.errors] == [
        (str(damaged), report.errors[0].code),
        (str(tmp_path / "无.docx"), "not-found"),
    ]
    assert report.verdict == "error"
    assert any(finding.rule == "placeholder" for finding in report.findings)


def test_nothing_recognised_is_no_pass(tmp_path: Path) -> None:
    """A file that is no paper of the notice is told as such instead of passing."""
    path = tmp_path / "通知.txt"
    path.write_text("会议通知\n定于周五开会。\n", "utf-8")
    report = checker.check(path)
    assert [(problem.path, problem.code) for problem in report.errors] == [(str(path), "unknown-kind")]
    assert report.verdict == "error"


def test_an_empty_folder_is_no_pass(tmp_path: Path) -> None:
    """A folder without papers is an error."""
    report = checker.check(tmp_path)
    assert [problem.code for problem in report.errors] == ["empty-folder"]


def test_read() -> None:
    """`read` gives one file as text with its places, or a ReadError with a code and a sentence."""
    path = next(SAMPLES.glob("*/*.docx"))
    document = checker.read(path)
    assert document.text.strip()
    assert document.path == str(path)
    with pytest.raises(ReadError) as caught:
        checker.read(SAMPLES / "nosuch.docx")
    assert caught.value.code == "not-found"
    assert caught.value.message.endswith("。")


def test_limits(paper: Path) -> None:
    """Limits may be tightened."""
    report = checker.check(paper, limits=Limits(file_size=10))
    assert [problem.code for problem in report.errors] == ["too-large"]


def test_everything_announced_is_there() -> None:
    """What `__all__` names exists."""
    assert [name for name in checker.__all__ if not hasattr(checker, name)] == []


def test_marked_copies_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    """Walking a folder leaves out the marked-up copies of files that are there, wherever they lie, and no others."""
    (tmp_path / "结果").mkdir()
    for stem in ("工作总结", "工作总结（审查批注）", "结果/工作总结（审查批注2）", "四个清单（审查批注）"):
        (tmp_path / f"{stem}.txt").write_text("某局领导班子2020年度工作总结\n全年修路三条。", "utf-8")
    report = checker.check(tmp_path)
    read = sorted(Path(document.path).name for document in report.submission.documents)
    assert read == ["四个清单（审查批注）.txt", "工作总结.txt"]


@pytest.mark.parametrize(
    ("stem", "marked"),
    [
        ("总结", "总结（审查批注）"),
        ("总结（审查批注）", "总结（审查批注2）"),
        ("总结（审查批注9）", "总结（审查批注10）"),
    ],
)
def test_a_marked_copy_of_a_marked_copy_counts_on(stem: str, marked: str) -> None:
    """The name of a marked-up copy never repeats the words that an earlier copy already carries."""
    assert marked_stem(stem) == marked
