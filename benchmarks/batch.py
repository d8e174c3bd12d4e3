"""A made-up batch: the folder that a department gets from some hundred units, the roster, and what is wrong in it.

    python -m benchmarks.batch FOLDER --papers 1000 --seed 1 --hostile 0.01

writes FOLDER/材料/, FOLDER/花名册.xlsx and FOLDER/truth.jsonl. A unit hands in a summary, the lists (one file, four
files, or an annex of the summary) and a report of each of its cadres; some send a zip, some leave files of the system
behind. Four units of ten have one known fault each, which stands in truth.jsonl; nothing else is wrong.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import isqrt
from pathlib import Path
from time import perf_counter

from benchmarks import batch_words as words
from benchmarks import hostile as bad
from benchmarks.batch_files import Computer, moulds
from benchmarks.batch_text import (
    LISTS,
    NOTHING,
    Block,
    Changes,
    House,
    Names,
    Person,
    Text,
    approved,
    four_lists,
    list_title,
    lists,
    note,
    report,
    summary,
    tale,
)

FOLDER, ROSTER, TRUTH = "材料", "花名册.xlsx", "truth.jsonl"
PER_UNIT = 13.7
_FAULTY = 0.4
# 2021-01-04, when the papers came in: an older version lies a day back.
_CAME = 1_609_725_600
_DAY = 86_400

TOPICS_SUMMARY = (
    "drug-control",
    "military-support",
    "minors",
    "talent",
    "religion",
    "anti-gang",
    "people-congress-cppcc",
)
TOPICS_REPORT = ("drug-control", "military-support", "minors", "religion", "anti-gang", "three-stricts")


@dataclass(frozen=True)
class Known:
    """One known fault: `rule` is that of the notice, or one of missing-paper, surplus, older, same, nobody, unread.

    `files` are those one of which (for copies: each of which) shows it, as seen from the batch; empty for a fault of
    the unit as a whole. `what` says which: a topic, a list, a kind of paper.
    """

    fault: str
    unit: str
    person: str
    rule: str
    what: str = ""
    files: tuple[str, ...] = ()


@dataclass
class Plan:
    """What one unit hands in."""

    house: House
    people: list[Person]
    way: str
    mould: int
    fault: str = ""
    topic: str = ""
    summary: Changes = NOTHING
    lists: Changes = NOTHING
    reports: dict[str, Changes] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    strangers: list[Person] = field(default_factory=list)
    twice: str = ""
    older: str = ""
    subject: str = ""
    others: list[str] = field(default_factory=list)

    def chance(self, what: str) -> random.Random:
        """A generator for this unit."""
        return self.house.chance("plan", what)


@dataclass(frozen=True)
class File:
    """One file of a unit: its name within the unit's folder, what it is (a kind, or a person's name), its bytes."""

    name: str
    what: str
    data: bytes
    modified: float = _CAME


def plans(count: int, seed: int) -> list[Plan]:
    """`count` units; four of ten have a fault, each sort as often as any other."""
    chance = random.Random(f"{seed}/plans")
    stems = Names(seed).stems(count)
    variety = (_variety(count, count), _variety(count, 10 * count))
    made = [_plan(stem, seed, number, variety) for number, stem in enumerate(stems)]
    faulty = chance.sample(made, int(count * _FAULTY) // len(FAULTS) * len(FAULTS) or min(count // 2, len(FAULTS)))
    sound = [plan for plan in made if plan not in faulty]
    for number, plan in enumerate(faulty):
        plan.fault = list(FAULTS)[number % len(FAULTS)]
        plan.subject = plan.chance("subject").choice(plan.people[1:]).name
        FAULTS[plan.fault](plan, sound)
    return made


def _variety(units: int, texts: int) -> int:
    """Among how many sentences on a topic `texts` papers choose: so few that each is common language, as a set phrase
    is, but in a batch so small that nothing is."""
    many = max(10, isqrt(int(units * 17)) // 2)
    return 99 if texts < 4 * many else max(2, int(texts / (1.6 * many)))


def _plan(stem: str, seed: int, number: int, variety: tuple[int, int]) -> Plan:
    chance = random.Random(f"{seed}/{stem}")
    kind = chance.choices(("county", "zone", "municipal"), (5, 2, 3))[0]
    name = {"county": f"{stem}县", "zone": f"{stem}开发区", "municipal": f"濮阳市{stem}渠务局"}[kind]
    house = House(name, stem, kind, seed, variety)  # type: ignore[arg-type]
    people = [_person(house, at, chance) for at in range(chance.randint(9, 12))]
    while len({person.name for person in people}) < len(people):
        people = [_person(house, at, chance) for at in range(len(people))]
    return Plan(house, people, chance.choice(("one", "one", "four", "annex")), number % len(moulds()))


def _person(house: House, at: int, chance: random.Random) -> Person:
    name = chance.choice(words.SURNAMES) + "".join(chance.sample(words.GIVEN, chance.choice((1, 2, 2, 2))))
    if house.unit_type == "county":
        posts = (f"中共{house.name}委书记", f"{house.name}委副书记、县长", f"{house.name}委副书记")
        post = posts[at] if at < 3 else f"{house.name}委常委、副县长" if at < 8 else f"{house.name}人民政府副县长"
    elif house.unit_type == "zone":
        posts = (f"{house.name}党工委书记", f"{house.name}党工委副书记、管委会主任")
        post = posts[at] if at < 2 else f"{house.name}党工委委员、管委会副主任"
    else:
        post = f"{house.name}" + ("党组书记、局长" if at == 0 else "党组成员、副局长")
    non_party = at > 7 and chance.random() < 0.3
    if non_party:
        post = (
            f"{house.name}"
            + {"county": "人民政府副县长", "zone": "管委会副主任", "municipal": "副局长"}[house.unit_type]
        )
    return Person(name, post, chief=at == 0 and house.unit_type == "county", non_party=non_party)


# Each fault changes the plan of a unit; the second argument are the units without one, for those that need a partner.
def _long_summary(plan: Plan, sound: list[Plan]) -> None:
    plan.summary = replace(plan.summary, size=4300)


def _long_report(plan: Plan, sound: list[Plan]) -> None:
    plan.reports[plan.subject] = Changes(size=3800)


def _no_list(plan: Plan, sound: list[Plan]) -> None:
    plan.topic = plan.chance("list").choice(list(LISTS))
    plan.lists = Changes(without=plan.topic)


def _empty_list(plan: Plan, sound: list[Plan]) -> None:
    plan.topic = plan.chance("list").choice(list(LISTS))
    plan.lists = Changes(empty=plan.topic)


def _placeholder(plan: Plan, sound: list[Plan]) -> None:
    plan.reports[plan.subject] = Changes(lines=("全年督办重点任务【此处填写】件。",))


def _no_topic_in_summary(plan: Plan, sound: list[Plan]) -> None:
    plan.topic = plan.chance("topic").choice(TOPICS_SUMMARY)
    plan.summary = Changes(drop=plan.topic)


def _no_topic_in_report(plan: Plan, sound: list[Plan]) -> None:
    plan.topic = plan.chance("topic").choice(TOPICS_REPORT)
    plan.reports[plan.subject] = Changes(drop=plan.topic)


def _figures(plan: Plan, sound: list[Plan]) -> None:
    plan.lists = Changes(told=f"{float(plan.house.revenue) + 1.37:.2f}")


def _expression(plan: Plan, sound: list[Plan]) -> None:
    plan.summary = Changes(lines=("增强“四个意识”（政治意识、大局意识、核心意识、服务意识）。",))


def _no_report(plan: Plan, sound: list[Plan]) -> None:
    plan.absent.add(plan.subject)


def _no_summary(plan: Plan, sound: list[Plan]) -> None:
    plan.way = "one"
    plan.absent.add("team-summary")


def _surplus(plan: Plan, sound: list[Plan]) -> None:
    stranger = _person(plan.house, 5, plan.chance("stranger"))
    plan.strangers.append(replace(stranger, name="欧阳" + stranger.name[1:]))
    plan.subject = plan.strangers[0].name


def _passage(plan: Plan, sound: list[Plan]) -> None:
    partner = sound.pop()
    partner.fault = "-"
    source = partner.people[-1]
    plan.others = [partner.house.name, source.name]
    shared = tale(plan.chance("copied"), partner.house, 18)
    plan.reports[plan.subject] = Changes(tale=shared)
    partner.reports[source.name] = Changes(tale=shared)


def _whole(plan: Plan, sound: list[Plan]) -> None:
    partner = sound.pop()
    partner.fault = "-"
    source = next(person for person in partner.people[1:] if not person.non_party)
    plan.subject = next(person.name for person in plan.people[1:] if not person.non_party)
    plan.others = [partner.house.name, source.name]
    plan.seeds[plan.subject] = partner.seeds[source.name] = f"{partner.house.name}/{source.name}"


def _foreign(plan: Plan, sound: list[Plan]) -> None:
    other = next(one.house for one in sound if one.house.unit_type == "county" and one is not plan)
    plan.summary = Changes(lines=(f"一年来，在{other.name}委的坚强领导下，新建高标准农田8万亩。",))


def _year(plan: Plan, sound: list[Plan]) -> None:
    plan.summary = Changes(year=2019)


def _older(plan: Plan, sound: list[Plan]) -> None:
    plan.older = plan.subject


def _twice(plan: Plan, sound: list[Plan]) -> None:
    plan.twice = plan.subject


def _nobody(plan: Plan, sound: list[Plan]) -> None:
    plan.subject = ""


FAULTS: dict[str, Callable[[Plan, list[Plan]], None]] = {
    "summary too long": _long_summary,
    "report too long": _long_report,
    "list missing": _no_list,
    "list empty": _empty_list,
    "placeholder": _placeholder,
    "topic missing in the summary": _no_topic_in_summary,
    "topic missing in a report": _no_topic_in_report,
    "figures that disagree": _figures,
    "set phrase misquoted": _expression,
    "report missing": _no_report,
    "summary missing": _no_summary,
    "report of a stranger": _surplus,
    "passage copied from another unit": _passage,
    "report copied from another unit": _whole,
    "name of another unit": _foreign,
    "wrong year": _year,
    "older version beside the last": _older,
    "paper handed in twice": _twice,
    "file of nobody": _nobody,
}


def files(plan: Plan) -> list[File]:
    """The files of one unit."""
    house, chance = plan.house, plan.chance("files")
    word = moulds()[plan.mould].of(f"u{house.figure('styles'):.9f}".replace(".", ""))
    made = [*_team(plan, word, chance)]
    below = chance.choice(("", "", "述职报告/", "个人材料/"))
    pattern = chance.choice(_REPORT_NAMES)
    last = chance.choice(("定稿", "最终稿"))
    for at, person in enumerate([*plan.people, *plan.strangers], 1):
        if person.name in plan.absent:
            continue
        name = below + pattern.format(name=person.name, at=at)
        changes, seed = plan.reports.get(person.name, NOTHING), plan.seeds.get(person.name, "")
        data = word.docx(report(house, person, seed, changes))
        if person.name == plan.older:
            # The last version has another closing section: so much is changed between two versions.
            before = report(house, person, seed, replace(changes, lines=("这件事还在办。",)))
            made.append(File(f"{name}（修改稿）.docx", "older", word.docx(before), _CAME - _DAY))
            name += f"（{last}）"
        made.append(File(f"{name}.docx", person.name, data))
        if person.name == plan.twice:
            made.append(File(f"{name} - 副本.docx", "same", data))
    return made


_REPORT_NAMES = (
    "{name}述职述廉述学报告",
    "述职述廉述学报告（{name}）",
    "{at:02}{name}",
    "{name}2020年度述职报告",
    "述职报告{at}",
)
_SUMMARY_NAMES = ("领导班子工作总结", "{unit}领导班子2020年度工作总结", "工作总结（定稿）", "2020年工作总结")


def _team(plan: Plan, word: Computer, chance: random.Random) -> Iterator[File]:
    house = plan.house
    told = summary(house, changes=plan.summary)
    name = chance.choice(_SUMMARY_NAMES).format(unit=house.name)
    wanted = "team-summary" not in plan.absent
    if plan.way == "annex" and wanted:
        yield File(f"{name}（含四个清单）.docx", "team-summary", word.docx(told + _annex(plan)))
        return
    if wanted:
        yield File(f"{name}.docx", "team-summary", word.docx(told))
    if plan.way != "four":
        yield File("四个清单.docx", "lists", word.docx(four_lists(house, plan.lists)))
        return
    for kind, items in lists(house, plan.lists).items():
        text: Text = [Block("title", list_title(house, kind)), *items, *approved(house)]
        yield File(f"{LISTS[kind]}清单.docx", kind, word.docx(text))


def _annex(plan: Plan) -> Text:
    return [Block("body", "附件"), *four_lists(plan.house, plan.lists)]


def known(plan: Plan, where: dict[str, str]) -> Iterator[Known]:
    """What is wrong with a unit's papers; `where` leads from what a file is to its name in the batch."""
    if not plan.fault or plan.fault == "-":
        return
    unit, person = plan.house.name, plan.subject

    def fault(rule: str, who: str = "", what: str = "", *files: str) -> Known:
        return Known(plan.fault, unit, who, rule, what, tuple(where[file] for file in files if file in where))

    # A list stands in its own file, among the four, or behind the summary.
    revenue = "achievement-list" if plan.way == "four" else "lists" if plan.way == "one" else "team-summary"
    empty = plan.topic if plan.way == "four" else revenue
    table: dict[str, Known] = {
        "summary too long": fault("summary-length", "", "", "team-summary"),
        "report too long": fault("report-length", person, "", person),
        "list missing": fault("lists-present", "", plan.topic),
        "list empty": fault("list-empty", "", plan.topic, empty),
        "placeholder": fault("placeholder", person, "", person),
        "topic missing in the summary": fault("summary-topics", "", plan.topic, "team-summary"),
        "topic missing in a report": fault("report-topics", person, plan.topic, person),
        "figures that disagree": fault("figure-conflict", "", "", revenue, "team-summary"),
        "set phrase misquoted": fault("fixed-expression", "", "", "team-summary"),
        "report missing": fault("missing-paper", person, "cadre-report"),
        "summary missing": fault("missing-paper", "", "team-summary"),
        "report of a stranger": fault("surplus", person, "", person),
        "passage copied from another unit": fault("copied-text", person, "/".join(plan.others), person),
        "report copied from another unit": fault("copied-text", person, "/".join(plan.others), person),
        "name of another unit": fault("foreign-name", "", "", "team-summary"),
        "wrong year": fault("wrong-period", "", "", "team-summary"),
        "older version beside the last": fault("older", person, "", "older"),
        "paper handed in twice": fault("same", person, "", "same"),
        "file of nobody": fault("nobody", "", "", "nobody"),
    }
    found = table[plan.fault]
    yield replace(found, unit="") if found.rule == "nobody" else found


def generate(folder: Path, papers: int, seed: int, hostile: float = 0.0) -> list[Known]:
    """Write a batch of `papers` .docx (to within one unit) to `folder`, with a share of hostile files besides."""
    root = folder / FOLDER
    root.mkdir(parents=True)
    made, found, total = [], [], 0
    where: dict[tuple[str, str], str] = {}
    every = plans(max(3, round(papers / PER_UNIT)), seed)
    for plan in every:
        unit_files = files(plan)
        total += len(unit_files)
        names = _put(root, plan, unit_files)
        where.update(((plan.house.name, what), name) for what, name in names.items())
        if plan.fault == "file of nobody":
            names["nobody"] = _stray(root, plan)
            total += 1
        found += known(plan, names)
        made.append(plan)
    found = [_both_sides(entry, where) for entry in found]
    if hostile:
        found += [
            Known("hostile", "", "", one.outcome, one.sort, (one.name,))
            for one in bad.plant(root, max(1, int(papers * hostile)), seed)
        ]
    roster(folder / ROSTER, made)
    lines = [json.dumps({**vars(entry)}, ensure_ascii=False) for entry in found]
    (folder / TRUTH).write_text("\n".join(lines) + "\n", "utf-8")
    return found


def _both_sides(entry: Known, where: dict[tuple[str, str], str]) -> Known:
    if entry.rule != "copied-text":
        return entry
    unit, person = entry.what.split("/")
    return replace(entry, files=(*entry.files, where[unit, person]))


def _put(root: Path, plan: Plan, made: Sequence[File]) -> dict[str, str]:
    """Write a unit's files as a folder, a zip or a zip in a zip; what each is, and its name in the batch."""
    chance = plan.chance("put")
    folder, pick = plan.house.name, chance.random()
    if pick < 0.88:
        _as_folder(root / folder, made, chance)
        inside = folder
    elif pick < 0.96:
        (root / f"{folder}.zip").write_bytes(_zip(made, f"{folder}/"))
        inside = f"{folder}.zip/{folder}"
    else:
        inner = File(f"{folder}.zip", "", _zip(made, ""))
        (root / f"{folder}报送材料.zip").write_bytes(_zip([inner], ""))
        inside = f"{folder}报送材料.zip/{folder}.zip"
    return {file.what: f"{inside}/{file.name}" for file in made}


def _as_folder(folder: Path, made: Sequence[File], chance: random.Random) -> None:
    for file in made:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        os.utime(path, (file.modified, file.modified))
    if chance.random() < 0.1:
        (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(60))
    if chance.random() < 0.1:
        (folder / f"~${made[0].name[2:]}").write_bytes(bytes(162))
    if chance.random() < 0.05:
        (folder / "__MACOSX").mkdir()
        (folder / "__MACOSX" / f"._{Path(made[0].name).name}").write_bytes(bytes(120))
    if chance.random() < 0.05:
        (folder / ".DS_Store").write_bytes(bytes(60))


def _zip(made: Sequence[File], inside: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in made:
            day = 3 if file.modified < _CAME else 4
            archive.writestr(zipfile.ZipInfo(inside + file.name, (2021, 1, day, 10, 0, 0)), file.data)
    return out.getvalue()


def _stray(root: Path, plan: Plan) -> str:
    title, text = note(plan.house)
    number = int(10_000 * plan.house.figure("stray"))
    name = f"其他/{title}{number}.docx"
    (root / "其他").mkdir(exist_ok=True)
    (root / name).write_bytes(moulds()[0].of("note").docx(text))
    return name


def roster(path: Path, made: Sequence[Plan]) -> None:
    """The roster as a clerk would keep it."""
    import xlsxwriter

    kinds = {"county": "县（区）", "zone": "开发区", "municipal": "市直单位"}
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("花名册")
        sheet.write_row(0, 0, ["序号", "单位", "单位类别", "姓名", "职务", "党外干部", "备注"])
        row = 0
        for plan in made:
            for person in plan.people:
                row += 1
                party = "是" if person.non_party else "否"
                sheet.write_row(
                    row, 0, [row, plan.house.name, kinds[plan.house.unit_type], person.name, person.post, party, ""]
                )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a batch and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", type=float, default=0.0)
    given = parser.parse_args(arguments)
    start = perf_counter()
    found = generate(given.folder, given.papers, given.seed, given.hostile)
    print(f"{given.folder}: {len(found)} known faults, {perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
