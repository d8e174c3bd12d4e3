"""Rounds: what was mended, remains, is new or was not seen again, on lines as data and on real samples edited."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from loaders import SAMPLES

import checker
from checker.errors import UsageError
from checker.render import screening_json
from checker.screening.lines import unit_line
from checker.screening.result import FindingLine, Round, UnitLine
from checker.screening.rounds import Earlier, Paper, compare, previous, same_share, turn

SUMMARY, REPORT = "team-summary", "cadre-report"


def line(
    rule: str, fingerprint: str = "f1", *, paper: str = "总结.docx", kind: str = SUMMARY, person: str = "", **more: str
) -> FindingLine:
    given = {"severity": "error", "message": f"{rule}。", "quote": "", "clause": "四"} | more
    return FindingLine(rule, fingerprint, paper=paper, kind=kind, person=person, **given)


def told(found: Round) -> dict[str, list[str]]:
    """The rules told under each heading that holds any."""
    headings = ("mended", "remaining", "new", "unseen", "accepted")
    return {name: [one.rule for one in getattr(found, name)] for name in headings if getattr(found, name)}


HERE = (Paper(SUMMARY, "", "总结.docx"),)
TWO = (Paper(REPORT, "示例甲", "甲.docx"), Paper(REPORT, "示例乙", "乙.docx"))
NAMELESS = (Paper(REPORT, "", "甲.docx"), Paper(REPORT, "", "乙.docx"))


def report_of(person: str, fingerprint: str, **more: str) -> FindingLine:
    paper = f"{more.pop('stem', person.removeprefix('示例') or '甲')}.docx"
    return line("topics", fingerprint, paper=paper, kind=REPORT, person=person, subject="fire", case="absent", **more)


CASES: Mapping[
    str, tuple[Sequence[FindingLine], Sequence[FindingLine], Mapping[str, object], Mapping[str, list[str]]]
] = {
    "the same": ([line("a")], [line("a")], {}, {"remaining": ["a"]}),
    "mended": ([line("a"), line("b", "f2")], [line("b", "f2")], {}, {"mended": ["a"], "remaining": ["b"]}),
    "new": ([line("a")], [line("a"), line("b", "f2")], {}, {"remaining": ["a"], "new": ["b"]}),
    "another severity": ([line("a")], [line("a", severity="info")], {}, {"remaining": ["a"]}),
    "another name of the file": ([line("a")], [line("a", paper="总结（审查批注）.docx")], {}, {"remaining": ["a"]}),
    "the paper did not come": ([line("a")], [], {"came": ()}, {"unseen": ["a"]}),
    "the paper did not come, another did": (
        [line("a")],
        [],
        {"came": (Paper("problem-list", "", "清单.docx"),)},
        {"unseen": ["a"]},
    ),
    "on the unit as a whole": ([line("a", paper="")], [], {"came": ()}, {"mended": ["a"]}),
    "the rule did not run": ([line("a")], [], {"not_run": {"a"}}, {"unseen": ["a"]}),
    "accepted since": ([line("a")], [line("a", accepted="已核")], {}, {"accepted": ["a"]}),
    "accepted then, gone now": ([line("a", accepted="已核")], [], {}, {}),
    "accepted then, open now": ([line("a", accepted="已核")], [line("a")], {}, {"remaining": ["a"]}),
    "new and accepted": ([], [line("a", accepted="已核")], {}, {"accepted": ["a"]}),
    "another title, the same words": (
        [line("a", quote="三个自信"), line("b", "f2", quote="2019年")],
        [line("a", "f8", quote="三个 自信")],
        {},
        {"mended": ["b"], "remaining": ["a"]},
    ),
    "another title, one of three alike is mended": (
        [line("a", f"f{n}", quote="XX") for n in range(3)],
        [line("a", f"g{n}", quote="XX") for n in range(2)],
        {},
        {"mended": ["a"], "remaining": ["a", "a"]},
    ),
    "another title and another count": (
        [line("a", case="over", message="全文3820字。")],
        [line("a", "f9", case="over", message="全文3610字。")],
        {},
        {"remaining": ["a"]},
    ),
    "a topic that was absent is named now": (
        [line("a", subject="fire", case="absent"), line("a", "f2", subject="flood", case="absent")],
        [line("a", "f9", subject="fire", case="named", quote="消防")],
        {},
        {"mended": ["a"], "remaining": ["a"]},
    ),
    "words at fault a little edited": (
        [line("a", quote="我们坚决服从组织安排并认真落实")],
        [line("a", "f9", quote="我们坚决服从组织安排并抓好落实")],
        {},
        {"remaining": ["a"]},
    ),
    "other words at fault": (
        [line("a", quote="我们坚决服从组织安排并认真落实")],
        [line("a", "f9", quote="群众反映的难题一件一件有着落")],
        {},
        {"mended": ["a"], "new": ["a"]},
    ),
    "of two persons the other one": (
        [report_of("示例甲", "f1")],
        [report_of("示例乙", "f2")],
        {"had": TWO, "came": TWO},
        {"mended": ["topics"], "new": ["topics"]},
    ),
    "two persons under one title": (  # the engine tells the second of two same fingerprints by another one
        [report_of("示例甲", "f1"), report_of("示例乙", "f1-2")],
        [report_of("示例乙", "f1")],
        {"had": TWO, "came": TWO},
        {"mended": ["topics"], "remaining": ["topics"]},
    ),
    "only one of two persons came": (
        [report_of("示例甲", "f1"), report_of("示例乙", "f2")],
        [report_of("示例乙", "f2")],
        {"had": TWO, "came": TWO[1:]},
        {"remaining": ["topics"], "unseen": ["topics"]},
    ),
    "who it is was not known then": (
        [report_of("", "f1")],
        [report_of("示例甲", "f1")],
        {"had": NAMELESS[:1], "came": TWO[:1]},
        {"remaining": ["topics"]},
    ),
    "nobody known, told by the file": (
        [report_of("", "f1", stem="甲"), report_of("", "f2", stem="乙")],
        [report_of("", "f9", stem="乙")],
        {"had": NAMELESS, "came": NAMELESS},
        {"mended": ["topics"], "remaining": ["topics"]},
    ),
    "nobody known, one of two came": (
        [report_of("", "f1", stem="甲"), report_of("", "f2", stem="乙")],
        [],
        {"had": NAMELESS, "came": NAMELESS[1:]},
        {"mended": ["topics"], "unseen": ["topics"]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_comparing(name: str) -> None:
    """Each finding of then and now is told exactly once, under the right heading."""
    before, after, given, wanted = CASES[name]
    found = compare(before, after, **({"had": HERE, "came": HERE} | dict(given)))  # type: ignore[arg-type]
    assert told(found) == wanted


def test_which_person_mended() -> None:
    """Of two persons under one title it is told who mended and whose fault remains."""
    before, after, given, _ = CASES["two persons under one title"]
    found = compare(before, after, **given)  # type: ignore[arg-type]
    assert [one.person for one in found.mended] == ["示例甲"]
    assert [one.person for one in found.remaining] == ["示例乙"]


def test_nothing_comes_any_more() -> None:
    """A unit that had papers and has none now is missing; one that never had any is not."""
    assert compare([line("a")], [], had=HERE).missing
    assert not compare([], [], had=()).missing
    assert not compare([], [], had=HERE, came=HERE).missing


# ---- real samples ---------------------------------------------------------------------------------------------


def check(folder: Path) -> UnitLine:
    return unit_line(checker.check(folder))


def against(before: UnitLine, after: UnitLine) -> Round:
    papers = tuple(Paper(it.kind, it.person, it.name, it.part) for it in before.papers)
    return turn(Earlier(before.name, papers, before.findings), after)


def sample(name: str, folder: Path) -> Path:
    shutil.copytree(SAMPLES / name, folder / name)
    return folder / name


def edit(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Change the paragraphs of every paper; those beyond the new ones are emptied."""
    for path in folder.glob("*.docx"):
        document = docx.Document(str(path))
        texts = [paragraph.text for paragraph in document.paragraphs]
        for paragraph, old, new in zip(document.paragraphs, texts, change(texts), strict=True):
            if old != new:
                paragraph.text = new
        document.save(str(path))


def retitled(texts: list[str]) -> list[str]:
    """The same paragraphs with the year in the title written out."""
    return [text.replace("2020年", "二〇二〇年") if number < 3 else text for number, text in enumerate(texts)]


def test_a_paper_with_another_title(tmp_path: Path) -> None:
    """With another title the fingerprints of a paper are others; nothing is told as mended or as new for that."""
    folder = sample("placeholders", tmp_path)
    before = check(folder)
    edit(folder, retitled)
    after = check(folder)
    prints = {one.fingerprint for one in after.findings}
    assert sum(one.fingerprint not in prints for one in before.findings) >= 5
    found = against(before, after)
    assert (len(found.remaining), found.mended, found.new) == (len(before.findings), (), ())


@pytest.mark.parametrize("title", [False, True], ids=["same title", "another title"])
def test_one_fault_mended(title: bool, tmp_path: Path) -> None:
    """One placeholder filled in is one finding mended, the others remain; also where the title is another too."""
    folder = sample("placeholders", tmp_path)
    before = check(folder)
    gone = next(one for one in before.findings if one.rule == "placeholder")

    def mend(texts: list[str]) -> list[str]:
        number = next((n for n, text in enumerate(texts) if gone.quote in text), None)
        mended = [text.replace(gone.quote, "三", 1) if n == number else text for n, text in enumerate(texts)]
        return retitled(mended) if title else mended

    edit(folder, mend)
    found = against(before, check(folder))
    assert [one.rule for one in found.mended] == ["placeholder"]
    assert [one.quote for one in found.mended] == [gone.quote]
    assert len(found.remaining) == len(before.findings) - 1
    assert found.new == ()


def test_a_marked_up_copy_handed_in_again(tmp_path: Path) -> None:
    """What comes back as the marked-up file is the same paper: nothing is mended, nothing new."""
    folder = sample("thin-report", tmp_path)
    before = check(folder)
    for path in folder.glob("*.docx"):
        path.rename(path.with_stem(f"{path.stem}（审查批注）"))
    found = against(before, check(folder))
    assert (len(found.remaining), found.mended, found.new) == (len(before.findings), (), ())


def test_a_paper_that_does_not_come_again(tmp_path: Path) -> None:
    """Findings on a paper that is not handed in again are not mended."""
    folder = sample("honesty", tmp_path)
    before = check(folder)
    gone = folder / "工作总结.docx"
    gone.unlink()
    found = against(before, check(folder))
    on_it = [one for one in before.findings if one.paper == str(gone)]
    assert on_it
    assert [one.fingerprint for one in found.unseen if one.paper == str(gone)] == [one.fingerprint for one in on_it]
    assert not any(one.paper == str(gone) for one in found.mended)


# ---- text -----------------------------------------------------------------------------------------------------


def test_share_that_stays() -> None:
    """The same is 1, another paper next to nothing, a moved half all, and one clause of four a quarter less."""
    first, other = (
        checker.read(SAMPLES / name).text for name in ("clean-county/领导班子工作总结.docx", "clean-zone/工作总结.docx")
    )
    paragraphs = first.split("\n")
    half = len(paragraphs) // 2
    assert same_share(first, first.replace("，", " ， ")) == 1
    assert same_share(first, other) < 0.1
    assert same_share(first, "\n".join([*paragraphs[half:], *paragraphs[:half]])) == 1
    assert same_share("修路三条，建桥两座；植树八亩。清淤一里", "修路三条，建桥两座；植树八亩。打井九眼") == 0.75
    assert same_share(first, "") == 0
    assert same_share("", "") == 1


# ---- the results before ---------------------------------------------------------------------------------------


def results(folder: Path, *lines: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "results.jsonl").write_bytes(b"".join(lines))
    return folder


def bare(name: str) -> UnitLine:
    return UnitLine(name, "county", True, "pass", 0, 0, 0, 0, (), (), (), (), (), {}, {})


def unit(name: str) -> bytes:
    return screening_json.line(bare(name))


def test_units_of_the_round_before(tmp_path: Path) -> None:
    """Units are found by name, width and spaces aside; those that are not among the present ones are named."""
    found = previous(results(tmp_path / "前", unit("禾渡县"), unit("汀 原 县"), b"\n"))
    assert found.names == ("禾渡县", "汀 原 县")
    assert found.problems == ()
    earlier = found.unit("汀原县")
    assert earlier is not None and (earlier.name, earlier.papers, earlier.findings) == ("汀 原 县", (), ())
    assert found.unit("云台县") is None
    assert found.absent(["汀　原县", "云台县"]) == ("禾渡县",)


BROKEN = {
    "cut off": unit("云台县")[:-20] + b"\n",
    "no object": b"[1]\n",
    "not UTF-8": b'{"schema": "\xff"}\n',
    "no unit": b'{"schema": "kaohe/screening/1"}\n',
    "unit of another shape": b'{"schema": "kaohe/screening/1", "unit": 3}\n',
    "papers of another shape": b'{"schema": "kaohe/screening/1", "unit": {"name": "x"}, "papers": 3}\n',
    "schema of another shape": b'{"schema": 3, "unit": {"name": "x"}}\n',
    "deep": b"[" * 100_000 + b"\n",
    "no schema": b'{"unit": {"name": "x"}}\n',
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_lines(name: str, tmp_path: Path) -> None:
    """A broken line is told by its number; the other units are still compared."""
    found = previous(results(tmp_path / "前", unit("禾渡县"), BROKEN[name], unit("汀原县")))
    assert found.names == ("禾渡县", "汀原县")
    [problem] = found.problems
    assert "第2行" in problem
    assert found.unit("汀原县") is not None


def test_the_same_unit_twice(tmp_path: Path) -> None:
    """Of two lines on one unit the later counts, and that is told."""
    found = previous(results(tmp_path / "前", unit("禾渡县"), unit("禾渡 县")))
    assert (found.names, len(found.problems)) == (("禾渡 县",), 1)


REFUSED = {
    "another version": (b'{"schema": "kaohe/screening/2", "unit": {"name": "x"}}\n', "版本"),
    "a report": (b'{"schema": "kaohe/report/1"}\n', "kaohe/report/1"),
    "nothing of ours": (b"hello\n", "没有一行"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_results_of_ours(name: str, tmp_path: Path) -> None:
    """What is no result of a screening, or of another version, is refused with a sentence."""
    data, words = REFUSED[name]
    with pytest.raises(UsageError) as caught:
        previous(results(tmp_path / "前", data))
    assert caught.value.code == "bad-previous"
    assert words in caught.value.message


def test_no_folder_of_results(tmp_path: Path) -> None:
    """A folder that is not there, or without results, is refused with a sentence that names it."""
    for folder in (tmp_path / "没有", tmp_path):
        with pytest.raises(UsageError) as caught:
            previous(folder)
        assert str(folder) in caught.value.message


def test_empty_results(tmp_path: Path) -> None:
    """A round in which no unit handed anything in is one that can be compared with."""
    found = previous(results(tmp_path / "前"))
    assert (found.names, found.unit("禾渡县")) == ((), None)


def test_results_taken_away_meanwhile(tmp_path: Path) -> None:
    """Results that are gone when a unit is asked for end in a sentence."""
    found = previous(results(tmp_path / "前", unit("禾渡县")))
    (tmp_path / "前" / "results.jsonl").unlink()
    with pytest.raises(UsageError):
        found.unit("禾渡县")


def test_only_places_are_held(tmp_path: Path) -> None:
    """What is held of a unit does not grow with its findings: they are read when they are asked for."""
    many = [line("a", f"{number:016x}", quote="长" * 100) for number in range(500)]
    told_all = replace(bare("禾渡县"), round=Round(new=tuple(many)))
    data = screening_json.line(told_all)
    found = previous(results(tmp_path / "前", data))
    assert len(data) > 100_000
    assert sum(sys.getsizeof(part) for place in found._places.values() for part in place) < 500
