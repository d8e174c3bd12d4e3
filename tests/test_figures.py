"""Figures and claims, held against cases/figures.yml; and that spaCy is only imported where figures disagree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from loaders import document, every_lexicon, load_cases

from checker.language import claims, figures, lexicon
from checker.language.paper import Context, Paper

CASES = load_cases("figures.yml")


def paper(text: str) -> Paper:
    return Paper(document(text), every_lexicon(), Context(2020))


def cases(part: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in CASES[part].items()]


@pytest.mark.parametrize("case", cases("figures"))
def test_figures(case: Mapping[str, Any]) -> None:
    """The figures of a text, in their base units; or whether they are exact."""
    found = figures.figures(paper(case["text"]))
    if "exact" in case:
        assert [figure.exact for figure in found] == case["exact"]
        return
    assert [(round(figure.value, 6), figure.unit) for figure in found] == [tuple(pair) for pair in case["figures"]]


@pytest.mark.parametrize("case", cases("claims"))
def test_claims(case: Mapping[str, Any]) -> None:
    """The claims of a text, each with what the case says of it."""
    found = claims.claims(paper(case["text"]))
    assert [
        {name: getattr(claim, name) for name in wanted} for claim, wanted in zip(found, case["claims"], strict=True)
    ] == case["claims"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("28.63亿元", "28.6亿元", True),
        ("28.69亿元", "28.6亿元", True),
        ("28.63亿元", "28.5亿元", False),
        ("28.6亿元", "28.7亿元", False),
        ("2863万元", "0.2863亿元", True),
        ("2864万元", "0.2863亿元", False),
        ("6280人", "6200余人", True),
        ("6280人", "9000余人", False),
        ("7986条", "8000条", True),
        ("73件", "37件", False),
    ],
)
def test_agreement(one: str, other: str, same: bool) -> None:
    """Two figures agree where one is the other rounded, cut off, or told in another unit."""
    first, second = figures.figures(paper(f"{one}，{other}"))
    assert figures.agree(first, second) is same
    assert figures.agree(second, first) is same


def test_spacy_waits_for_figures_that_disagree() -> None:
    """Loading the notice and checking a paper without such figures imports no spaCy; one with them does."""
    script = (
        "import sys, checker\n"
        "from checker.readers import read\n"
        "from checker.papers import recognise\n"
        "from checker import engine\n"
        "from checker.submission import Submission\n"
        "notice = checker.load_notice()\n"
        "def run(text):\n"
        "    papers = recognise(read('a.txt', text.encode()), 'team-summary')\n"
        "    found = engine.run(notice, Submission(papers)).findings\n"
        "    return [finding.rule for finding in found if finding.rule == 'figure-conflict']\n"
        "assert not run('生产总值268.4亿元，增长3.1%。财政收入13.62亿元。')\n"
        "assert 'spacy' not in sys.modules\n"
        "assert run('生产总值增长3.1%。\\n生产总值增长3.6%。')\n"
        "assert 'spacy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_words_stand_on_one_list_only() -> None:
    """No word of `words.yml` stands twice, and none is written so that it could never be found."""
    lists = yaml.safe_load(lexicon.table(claims.WORDS))
    del lists[claims.GENERIC]
    words: list[str] = []
    for group in lists.values():
        for listed in group.values() if isinstance(group, dict) else [group]:
            assert all(isinstance(word, str) for word in listed), listed
            words.extend(listed)
    assert sorted(word for word in set(words) if words.count(word) > 1) == []
    assert all(not set(word) & set(" “”‘’「」") for word in words)


def test_indicators_have_one_name_each() -> None:
    """No wording belongs to two indicators, none stands twice."""
    found = lexicon.load(figures.INDICATORS)
    assert found is not None
    wordings = [wording for line in found.terms for wording in line.split("=")]
    assert sorted(wording for wording in set(wordings) if wordings.count(wording) > 1) == []
    assert all(wordings)


def test_units_lead_to_units() -> None:
    """Each unit that is told in another one is told in one that the table holds."""
    found = lexicon.load(figures.UNITS)
    assert found is not None
    names = {line.partition("=")[0] for line in found.terms}
    assert {line.partition("=")[2].lstrip("0123456789.") for line in found.terms if "=" in line} <= names
