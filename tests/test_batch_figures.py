"""Figures on a larger whole across a batch, against cases/batch_figures.yml: what is read, and what contradicts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from loaders import document, load_cases

from checker.language import wide_figures
from checker.language.wide_figures import Mention, mentions
from checker.screening.figures import Told, conflicts
from checker.screening.result import FigureLine

CASES = load_cases("batch_figures.yml")


def cases(part: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in CASES[part].items()]


def told(unit: str, text: str, name: str = "", year: int = 2020) -> Told:
    found = mentions(document(text), year)
    unit_type = "county" if unit.endswith(("县", "川市")) else "municipal"
    return Told(name or f"{unit}.docx", unit, unit_type, "", "team-summary", found)


def shown(line: FigureLine) -> list[Any]:
    return [line.indicator, line.period, {value: [side.unit for side in sides] for value, sides in line.values}]


@pytest.mark.parametrize("case", cases("mentions"))
def test_mentions(case: Mapping[str, Any]) -> None:
    """The figures on a larger whole that a text tells beyond doubt, and none else."""
    found = [
        [mention.scope, mention.indicator, mention.measure, mention.period, mention.written]
        for mention in mentions(document(case["text"]), 2020)
    ]
    assert found == case.get("found", [])


@pytest.mark.parametrize("case", cases("conflicts"))
def test_conflicts(case: Mapping[str, Any]) -> None:
    """The lines that come of papers of several units, the value told by most units first."""
    papers = [told(unit, text) for unit, text in case["papers"].items()]
    assert all(paper.mentions for paper in papers)
    assert [shown(line) for line in conflicts(papers)] == case.get("lines", [])
    assert [line.indicator for line in conflicts(reversed(papers))] == [line[0] for line in case.get("lines", [])]


def test_a_line_names_papers_and_their_words() -> None:
    """Each side has unit, file and the words around the figure; a paper that says it twice stands there once."""
    papers = [
        told("甲局", "2020年，全市生产总值增长3.2%。今年全市生产总值同比增长3.2%。", "总结.docx"),
        told("乙局", "全市生产总值增长2.3%，成绩来之不易。"),
    ]
    [line] = conflicts(papers)
    quotes = {side.name: side.quote for _, sides in line.values for side in sides}
    assert quotes == {"总结.docx": "全市生产总值增长3.2%", "乙局.docx": "全市生产总值增长2.3%，成绩来之不易"}
    assert [len(sides) for _, sides in line.values] == [1, 1]


def test_papers_that_belong_to_nobody_are_left_out() -> None:
    """Without a unit nobody knows which city a paper means."""
    assert conflicts([told("甲局", "全市生产总值增长3.2%。"), told("", "全市生产总值增长2.3%。", "a.docx")]) == ()


def test_two_units_that_are_cities_leave_the_others_unclear() -> None:
    """In a province's batch a county's 全市 is not known to be one city or the other; 全省 is one for all."""
    texts = {"郑州市": "甲", "开封市": "乙", "汀原县": "全市生产总值增长3.2%。", "青禾县": "全市生产总值增长2.3%。"}
    papers = [told(unit, "全省生产总值增长1.3%。" + text) for unit, text in texts.items()]
    assert conflicts(papers) == ()
    assert len(conflicts(papers[2:])) == 1


def test_without_a_year_only_years_written_out_count() -> None:
    """Where the year under assessment is not known, 今年 says nothing."""
    found = mentions(document("今年，全市生产总值增长3.2%。全市生产总值增长3.2%。2020年，全市生产总值增长3.2%。"), 0)
    assert [mention.period for mention in found] == ["2020"]


def test_a_mention_leads_back_to_its_place() -> None:
    """The offsets are those of the indicator and its figure."""
    text = "一年来，\n全市规上工业增加值比上年增长 4.5%。"
    [mention] = mentions(document(text), 2020)
    assert text[mention.start : mention.end] == "规上工业增加值比上年增长 4.5%"


def test_mentions_can_be_stored() -> None:
    """They come back from MessagePack as they were."""
    found = mentions(document("2020年，全市生产总值完成1650.2亿元，增长3.2%。"), 2020)
    assert len(found) == 2
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=tuple[Mention, ...]) == found


def test_nothing_heavy_is_imported() -> None:
    """Reading such figures needs neither spaCy nor numpy."""
    code = (
        "import sys\n"
        "from checker.language.wide_figures import mentions\n"
        "from checker.readers import read\n"
        "found = mentions(read('a.txt', '2020年，全市生产总值增长3.2%。'.encode()), 2020)\n"
        "print(len(found), 'spacy' in sys.modules, 'numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]


def test_a_paper_without_such_figures_is_not_read_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """One search tells that there is nothing to read."""
    monkeypatch.setattr(wide_figures, "_Reading", None)
    assert mentions(document("全市政法工作会议召开。全县生产总值增长3.1%。" + "学习全市经验。" * 50), 2020) == ()
