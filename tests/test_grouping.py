"""Whose paper each one is: trees of files as they come, with what is found in each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from loaders import document, load_cases

from checker.document import PAPER_KINDS
from checker.language.names import identify
from checker.roster import Entry, Roster
from checker.screening.cards import Assignment, Card, Key
from checker.screening.grouping import group
from checker.screening.pins import Pin, Pins
from checker.screening.unit_names import Index, alike, is_short, known_organs

CASES: Mapping[str, Any] = load_cases("grouping.yml")
TREES = [pytest.param(tree, id=name) for name, tree in CASES["trees"].items()]
KINDS = {
    "s": "team-summary", "r": "cadre-report", "a": "achievement-list", "f": "feature-list", "p": "problem-list",
    "g": "suggestion-list", "o": "other", "n": "prior-post-note", "d": "grade-proposal",
}  # fmt: skip
CERTAINTIES = {"=": "sure", "?": "guess", "-": "none"}


class Line(NamedTuple):
    """One paper of a tree with what is to come of it."""

    card: Card
    unit: str
    person: str
    certainty: str
    instead: str
    why: str
    doubt: bool


def roster(name: str) -> Roster:
    """A roster of the cases."""
    rows = [(unit, *person.split()) for unit, persons in CASES["rosters"][name].items() for person in persons]
    return Roster.gathered(Entry(unit, person, post) for unit, person, post in rows)


def lines(tree: Mapping[str, Any]) -> Iterator[Line]:
    """The papers of a tree."""
    for row in tree["files"].splitlines():
        name, kind, head, unit, person, certainty, *more = (cell.strip() for cell in row.split("|"))
        words = dict(word.partition("=")[::2] for word in (more[0].split() if more else []) if "=" in word)
        said = more[0].split() if more else []
        why, _, instead = next((word.partition(">") for word in said if ">" in word), ("", "", ""))
        part = next((int(word[1:]) for word in said if word.startswith("#")), 0)
        yield Line(
            card(name, part, KINDS[kind], head, words.get("text", ""), float(words.get("at", 0))),
            unit,
            person,
            CERTAINTIES[certainty],
            instead,
            why,
            "doubt" in said,
        )


def card(name: str, part: int, kind: str, head: str, text: str = "", modified: float = 0.0) -> Card:
    """A paper with these lines at its head, as grouping sees it."""
    assert kind in PAPER_KINDS
    lines, _, signed = head.partition("//")
    body = "一年来修路三条，架桥两座，群众出行更加方便。\n" * 5
    paper = document(f"{lines}\n{body}{signed}".replace("/", "\n"), kind)
    identity = identify(paper)
    units = tuple(dict.fromkeys(owner.unit for owner in (*identity.heads, *identity.signatures)))
    persons = tuple(dict.fromkeys(person.name for person in identity.persons))
    digest = text or f"{name}#{part}"
    title = head.split("/")[0]
    return Card(Key(name, part), kind, "detected", title, units, persons, 1000, digest, digest, modified)


def told(it: Assignment) -> tuple[object, ...]:
    instead = it.instead.name if it.instead else ""
    return it.key.name, it.unit, it.person, it.certainty, instead, it.why, "像是两个版本" in it.how


@pytest.mark.parametrize("tree", TREES)
def test_tree(tree: Mapping[str, Any]) -> None:
    """Each paper of a tree gets its unit and person, is sure or a guess, counts or gives way to another."""
    wanted = list(lines(tree))
    found = group([line.card for line in wanted], roster(tree["roster"]), Pins())
    assert [told(it) for it in found] == [(line.card.key.name, *line[1:]) for line in wanted]


def test_without_a_roster() -> None:
    """Units that papers and folders name are found without a roster as well, and nothing that is sure is wrong."""
    counts: Counter[str] = Counter()
    for tree in CASES["trees"].values():
        if "without" in tree:
            continue
        wanted = list(lines(tree))
        units = roster(tree["roster"]).units
        index = Index([(unit.name, unit.aliases) for unit in units])
        for line, it in zip(wanted, group([line.card for line in wanted], None, Pins()), strict=True):
            match = index.find(it.unit) if it.unit else None
            found = {units[number].name for number in match.units} if match else set()
            right = line.unit in found if line.unit else not found
            counts[f"{it.certainty} {'right' if right else 'wrong'}"] += 1
    assert counts["sure wrong"] == 0
    assert counts["sure right"] >= 80
    assert counts["guess right"] >= 130
    assert counts["guess wrong"] <= 6
    assert counts["none wrong"] <= 12


def test_the_order_of_the_papers_does_not_matter() -> None:
    """The same papers in any order get the same, with a roster and without."""
    for tree in CASES["trees"].values():
        cards = [line.card for line in lines(tree)]
        mixed = cards[:]
        random.Random(6).shuffle(mixed)
        for listed in (roster(tree["roster"]), None):
            found = {it.key: it for it in group(cards, listed, Pins())}
            assert {it.key: it for it in group(mixed, listed, Pins())} == found


def test_papers_that_give_way_name_one_that_counts() -> None:
    """What is set aside names a paper of the same unit that is not set aside itself."""
    for tree in CASES["trees"].values():
        found = {it.key: it for it in group([line.card for line in lines(tree)], roster(tree["roster"]), Pins())}
        for it in found.values():
            assert bool(it.why) == (it.instead is not None)
            if it.instead is not None:
                other = found[it.instead]
                assert (other.why, other.unit, other.kind, other.person) == ("", it.unit, it.kind, it.person)


def test_no_office_of_a_city_is_another_one() -> None:
    """Of all usual offices, each looked up among all the others, none is taken for another but by its short name."""
    organs = sorted(known_organs())
    for organ in organs:
        others = [other for other in organs if other != organ]
        match = Index([(other, ()) for other in others]).find(organ)
        for number in match.units if match else ():
            assert is_short(organ, others[number]) or is_short(others[number], organ), (organ, others[number])


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("政", "证", True),
        ("槽", "草", True),
        ("渡", "度", True),
        ("晓", "小", True),
        ("财", "民", False),
        ("渡", "原", False),
    ],
)
def test_characters_that_sound_alike(one: str, other: str, wanted: bool) -> None:
    """Slips of the input method sound alike, other characters do not."""
    assert alike(one, other) is wanted


def test_a_pin_decides() -> None:
    """A pinned unit, person and kind stand, the pin says so, and a pin that says what was guessed changes nothing."""
    cards = [card("渡槽局/报告.docx", 0, "cadre-report", "述职述廉述学报告"), card("x.docx", 0, "other", "说明")]
    first, second = group(cards, roster("city"), Pins([Pin("渡槽局/报告.docx", person="丛溪", unit="渡槽局", row=2)]))
    assert (first.unit, first.person, first.certainty) == ("沄阳市渡槽局", "丛溪", "pinned")
    assert "第2行" in first.how
    assert "姓名" in first.how
    assert "单位" not in first.how.split("，")[0]
    first, second = group(cards, roster("city"), Pins([Pin("x.docx", 0, "北岸局", None, "team-summary", None, 3)]))
    assert (first.certainty, second.unit, second.kind) == ("guess", "北岸局", "team-summary")
    assert "花名册上没有" in second.how
    (only,) = group(cards[:1], roster("city"), Pins([Pin("渡槽局/*", unit="", row=2)]))
    assert (only.unit, only.certainty) == ("", "pinned")


def test_a_pin_decides_which_version_counts() -> None:
    """是 keeps an older version beside the newer one, 否 sets aside what would count."""
    cards = [
        card("渡槽局/总结初稿.docx", 0, "team-summary", "领导班子总结"),
        card("渡槽局/总结定稿.docx", 0, "team-summary", "领导班子总结"),
    ]
    assert [it.why for it in group(cards, roster("city"), Pins())] == ["older", ""]
    both = group(cards, roster("city"), Pins([Pin("渡槽局/总结初稿.docx", used=True, row=2)]))
    assert [(it.why, it.certainty) for it in both] == [("", "pinned"), ("", "sure")]
    turned = Pins([Pin("渡槽局/总结初稿.docx", used=True, row=2), Pin("渡槽局/总结定稿.docx", used=False, row=3)])
    first, second = group(cards, roster("city"), turned)
    assert (first.why, second.why, second.instead) == ("", "older", first.key)
