"""What the papers of a made-up unit say: sentences of the labelled samples, and tales that no two papers share.

Everything is drawn by a generator that is seeded by the batch, the unit and the person, so that a paper is the same
whenever and in whatever order it is made. A figure depends on the unit and the sentence alone: whoever of a unit tells
of the same thing gives the same figure.
"""

from __future__ import annotations

import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks import batch_words as words

YEAR = 2020
_LIGHT = 39
_FEWEST = 5
_MEANT = 0.18
"""As many sentences as this share of the others are understood by the classifier alone: five topics of a paper."""
_POOL = Path(__file__).with_name("batch_sentences.tsv")
_FIGURE = re.compile(r"(?<![\d.])[1-9]\d{0,3}(?![\d.]|[年月日点时号%％倍分成期届折级]|个月|小时)")
_ANY_FIGURE = re.compile(r"\d+")

Role = Literal["title", "byline", "heading", "body", "list", "table"]


class Block(NamedTuple):
    """A paragraph, or a row of a table (cells divided by tabs)."""

    role: Role
    text: str


Text = list[Block]


@dataclass(frozen=True)
class House:
    """A made-up unit: what it is called where."""

    name: str
    stem: str
    unit_type: Literal["county", "zone", "municipal"]
    seed: int
    variety: tuple[int, int] = (99, 99)
    """Among how many sentences on a topic its summary and its reports choose."""

    @property
    def committee(self) -> str:
        """How it signs."""
        if self.unit_type == "county":
            return f"中共{self.name}委"
        return f"中共{self.name}" + ("工作委员会" if self.unit_type == "zone" else "党组")

    @property
    def headline(self) -> str:
        """What its titles begin with."""
        return self.name if self.unit_type == "municipal" else self.committee

    @property
    def slots(self) -> dict[str, str]:
        """What it calls itself in a sentence."""
        party, we, everybody = {
            "county": ("县委", "我县", "全县"),
            "zone": ("党工委", "我区", "全区"),
            "municipal": ("局党组", "我局", "全局"),
        }[self.unit_type]
        return {"party": party, "we": we, "all": everybody}

    def chance(self, *what: object) -> random.Random:
        """A generator for one thing of this unit."""
        return random.Random("/".join(map(str, (self.seed, self.name, *what))))

    def figure(self, *what: object) -> float:
        """A number from 0 to 1 that belongs to this thing of this unit."""
        return zlib.crc32("/".join(map(str, (self.seed, self.name, *what))).encode()) / 2**32

    @property
    def revenue(self) -> str:
        """一般公共预算收入 of the year, in 亿元."""
        return f"{5 + 20 * self.figure('revenue'):.2f}"


@dataclass(frozen=True)
class Changes:
    """What is wrong with a paper, on purpose. `drop` is a topic that it must not touch; `lines` are further sentences;
    `size` is how many characters it has to have at least; `told` stands in place of a figure of the lists."""

    drop: str = ""
    lines: tuple[str, ...] = ()
    tale: str = ""
    size: int = 0
    year: int = YEAR
    empty: str = ""
    without: str = ""
    told: str = ""


NOTHING = Changes()


@dataclass(frozen=True)
class Sentence:
    """A sentence of the pool, and all the topics that it touches."""

    topic: str
    touches: frozenset[str]
    text: str


@cache
def pool() -> dict[tuple[str, str], tuple[Sentence, ...]]:
    """The sentences by topic and by S (summary) or R (report)."""
    found: dict[tuple[str, str], list[Sentence]] = defaultdict(list)
    for line in _POOL.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        topic, kinds, touches, text = line.split("\t")
        for kind in kinds:
            found[topic, kind].append(Sentence(topic, frozenset(touches.split(",")), text))
    return {key: tuple(sentences) for key, sentences in found.items()}


class Draw(dict[str, str]):
    """The values of slots: a word is drawn when it is asked for, a figure belongs to the unit and the template."""

    def __init__(self, chance: random.Random, house: House, template: str) -> None:
        super().__init__(house.slots)
        self._chance, self._house, self._template = chance, house, template

    def __missing__(self, name: str) -> str:
        kind = name.rstrip("2")
        value = str(self._figure(kind)) if kind in _FIGURES else self._word(kind)
        self[name] = value
        return value

    def _word(self, kind: str) -> str:
        if kind == "place":
            return village(self._chance)
        return self._chance.choice(_WORDS[kind])

    def _figure(self, name: str) -> int:
        least, most = _FIGURES[name]
        return least + int((most - least) * self._house.figure(name, self._template))


_WORDS: dict[str, Sequence[str]] = {
    "time": words.TIMES,
    "verb": words.VERBS,
    "thing": words.THINGS,
    "who": words.WHO,
    "tool": words.TOOLS,
    "flaw": words.FLAWS,
    "path": words.PATHS,
    "measure": words.MEASURES,
}
_FIGURES = {"n": (12, 98), "m": (6, 19), "k": (3, 9)}


def village(chance: random.Random) -> str:
    """A name for a village: invented, like that of its unit."""
    return chance.choice(words.FIRST) + chance.choice(words.SECOND) + chance.choice(words.VILLAGE)


def fill(template: str, chance: random.Random, house: House) -> str:
    """The template with its slots filled."""
    return template.format_map(Draw(chance, house, template))


def tale(chance: random.Random, house: House, clauses: int) -> str:
    """A passage that no other paper has; it ends with a full stop."""
    drawn = [fill(template, chance, house) for template in _no_twice(chance, words.TALE, clauses)]
    text = ""
    for at, clause in enumerate(drawn, 1):
        text += clause + ("。" if at % 3 == 0 or at == len(drawn) else "，")
    return text


def _no_twice(chance: random.Random, templates: Sequence[str], count: int) -> list[str]:
    """`count` templates, each as often as any other."""
    found: list[str] = []
    while len(found) < count:
        found += chance.sample(templates, len(templates))
    return found[:count]


def _on(topics: Iterable[str], letter: str, chance: random.Random, house: House, drop: str) -> list[str]:
    """A sentence on each topic, none of which touches `drop`."""
    found = []
    for topic in topics:
        if topic == drop:
            continue
        choice = _short(topic, letter, house.variety[letter == "R"])
        if drop:
            choice = tuple(sentence for sentence in choice if drop not in sentence.touches)
        found.append(_spoken(chance.choice(choice).text, house))
    return found


@cache
def _short(topic: str, letter: str, variety: int) -> tuple[Sentence, ...]:
    """Those of the pool of which two together are no copied passage; of a topic that has too few, the shortest.

    At most `variety` of them, and besides a few that name their topic by no word that stands for it.
    """
    every = sorted(pool()[topic, letter], key=lambda sentence: _weight(sentence.text))
    named, meant = ([one for one in every if ("~" in one.touches) is hidden] for hidden in (False, True))
    found = _lightest(named, variety)
    return (*found, *_lightest(meant, max(1, round(_MEANT * len(found)))))


def _lightest(sentences: list[Sentence], most: int) -> list[Sentence]:
    light = [sentence for sentence in sentences if _weight(sentence.text) <= _LIGHT]
    return (light if len(light) >= min(most, _FEWEST) else sentences[:_FEWEST])[:most]


def _weight(sentence: str) -> int:
    """How many characters count when two papers share it."""
    return len(re.sub(r"[\W_]", "", re.sub(r"\d+", "0", sentence.replace("{party}", "党工委"))))


def _spoken(template: str, house: House) -> str:
    """As this unit says it. Only a figure that stands alone is changed: several may depend on each other."""
    text = template.format_map(house.slots)
    if len(_ANY_FIGURE.findall(text)) != 1:
        return text
    return _FIGURE.sub(lambda found: str(max(2, round(int(found[0]) * (0.6 + 0.8 * house.figure(template))))), text)


def _section(sentences: Sequence[str], chance: random.Random, house: House) -> Text:
    """The sentences in another order, a few to a paragraph.

    Two papers may choose the same sentence, and the same one beside it. Where that would be much, and at the end of
    each section, a tale stands between, longer than what the search for copies looks across.
    """
    light = [sentence for sentence in sentences if _weight(sentence) <= _LIGHT]
    heavy = [sentence for sentence in sentences if _weight(sentence) > _LIGHT]
    mixed = chance.sample(light, len(light))
    found: Text = []
    while mixed:
        size = chance.randint(3, 6)
        found.append(Block("body", "".join(mixed[:size])))
        del mixed[:size]
    if not found:
        found.append(Block("body", ""))
    for sentence in chance.sample(heavy, len(heavy)):
        found[-1] = Block("body", found[-1].text + _apart(chance, house))
        found.append(Block("body", sentence))
    found[-1] = Block("body", found[-1].text + _apart(chance, house))
    return found


def _apart(chance: random.Random, house: House) -> str:
    return tale(chance, house, 4)


def _lengthened(text: Text, at: int, size: int, chance: random.Random, house: House) -> None:
    """Put further tales into `text` until it has `size` characters."""
    while sum(len(block.text) for block in text) < size:
        text.insert(at, Block("body", tale(chance, house, 9)))


def _fits(text: Text, size: int, changes: Changes) -> bool:
    """Whether a paper that is not meant to be too long has at most `size` characters; else it is drawn again."""
    return changes.size > 0 or sum(len(block.text) for block in text) <= size


_SUMMARY = (
    (
        ("政治思想建设", "政治思想建设方面", "旗帜鲜明讲政治，加强政治思想建设"),
        (
            "party-leadership party-line four-consciousnesses four-confidences political-discipline "
            "political-building ideology"
        ),
    ),
    (
        ("领导能力", "领导能力建设", "提升领导能力"),
        "rule-of-law-methods personnel talent united-front people-congress-cppcc rule-of-law",
    ),
    (
        ("工作实绩", "主要工作实绩", "全力以赴抓工作实绩"),
        (
            "new-development-concept high-quality-development key-targets four-strategies epidemic-control economy "
            "projects investment business-environment poverty-alleviation anti-gang environment work-safety petitions "
            "civility peace religion drug-control fire-safety women-children minors youth-league military-support "
            "grassroots-party"
        ),
    ),
    (("党风廉政建设", "党风廉政建设方面", "抓实党风廉政建设"), "strict-governance clean-government"),
    (("作风建设", "作风建设方面", "持续改进作风建设"), "eight-rules"),
)
_NUMERALS = "一二三四五六七八九"


def summary(house: House, seed: object = "", changes: Changes = NOTHING) -> Text:
    """领导班子工作总结."""
    chance = house.chance("summary", seed)
    when = f"{changes.year}年12月{chance.randint(20, 31)}日"
    text = [
        Block("title", f"{house.headline}领导班子{changes.year}年度工作总结"),
        Block("byline", f"（{when}）"),
        Block("body", fill(chance.choice(words.INTRO_SUMMARY), chance, house) + _apart(chance, house)),
    ]
    style = chance.randrange(3)
    for number, (names, topics) in enumerate(_SUMMARY):
        sentences = _on(topics.split(), "S", chance, house, changes.drop)
        text.append(Block("heading", f"{_NUMERALS[number]}、{names[style]}"))
        if number == 1:
            sentences += [fill(line, chance, house) for line in chance.sample(words.LEADERSHIP, 3)]
        elif number == 2:
            own = [fill(chance.choice(words.STRATEGIES), chance, house), words.REVENUE.format(value=house.revenue)]
            sentences += [*own, *changes.lines, tale(chance, house, 7)]
        elif number == 4:
            sentences += [fill(line, chance, house) for line in chance.sample(words.CONDUCT, 2)]
        text += _section(sentences, chance, house)
    text.append(Block("body", chance.choice(words.SHORT_SUMMARY)))
    party = house.slots["party"]
    text.append(Block("body", f"本总结及“四个清单”经{when}{party}会议集体研究审定。"))
    text += [Block("byline", house.committee), Block("byline", when)]
    _lengthened(text, 3, changes.size, chance, house)
    return text if _fits(text, 3380, changes) else summary(house, f"{seed} again", changes)


_REPORT = (
    ("德", "political-discipline unity-with-centre theory-study moral-code"),
    ("能", "emergencies"),
    ("勤", "struggle-spirit three-stricts devotion"),
    (
        "绩",
        (
            "grassroots-party ideology urgent-tasks major-tests rule-of-law-methods epidemic-control economy "
            "poverty-alleviation anti-gang environment work-safety petitions civility peace religion drug-control "
            "fire-safety women-children minors youth-league military-support"
        ),
    ),
    ("廉", "dual-responsibility integrity-rules eight-rules"),
)
_FACET = ("关于“{}”", "{}的方面", "“{}”的方面", "{}")


@dataclass(frozen=True)
class Person:
    """Somebody who hands in a report."""

    name: str
    post: str
    chief: bool = False
    non_party: bool = False


def report(house: House, person: Person, seed: object = "", changes: Changes = NOTHING) -> Text:
    """述职述廉述学报告. `seed` in place of the person's name: whoever copies a report gives that of the other."""
    chance = random.Random(f"{house.seed}/{seed}") if seed else house.chance("report", person.name)
    when = f"{changes.year}年12月{chance.randint(20, 31)}日"
    text = [
        Block("title", f"{changes.year}年度述职述廉述学报告" if chance.random() < 0.5 else "述职述廉述学报告"),
        Block("byline", f"{person.post}　{person.name}"),
        Block("byline", f"（{when}）"),
        Block("body", chance.choice(words.INTRO_REPORT) + _apart(chance, house)),
    ]
    style = chance.choice(_FACET)
    for number, (name, topics) in enumerate(_REPORT):
        text.append(Block("heading", f"{_NUMERALS[number]}、{style.format(name)}"))
        sentences = _on(topics.split(), "R", chance, house, changes.drop)
        if name == "绩":
            text += _events(chance, house, changes)
        if name == "绩" and person.chief:
            sentences += _on(["party-chief-rule-of-law"], "R", chance, house, changes.drop)
        text += _section([*sentences, *changes.lines] if name == "绩" else sentences, chance, house)
    text.append(Block("heading", "六、" + style.format("学")))
    study = (words.STUDY_CONTENT, words.STUDY_METHOD, words.STUDY_EFFECT)
    learned = [fill(chance.choice(lines), chance, house) for lines in study]
    text.append(Block("body", learned[0] + _apart(chance, house) + learned[1] + learned[2] + _apart(chance, house)))
    if person.non_party:
        text.append(Block("heading", "七、作为党外干部"))
        own = _on(["political-participation", "cooperation"], "R", chance, house, changes.drop)
        text += [block for sentence in own for block in _section([sentence], chance, house)]
    text.append(Block("body", chance.choice(words.SHORT_REPORT)))
    text.append(Block("body", f"本报告已经{house.slots['party']}主要负责人审定。"))
    text += [Block("byline", f"述职人：{person.name}"), Block("byline", when)]
    _lengthened(text, 4, changes.size, chance, house)
    # A report that two persons hand in is drawn by the seed given, whatever its length: both have to be the same.
    if _fits(text, 2900, changes) or (seed and not str(seed).endswith("+")):
        return text
    return report(house, person, f"{seed or f'{house.name}/{person.name}'}+", changes)


def _events(chance: random.Random, house: House, changes: Changes) -> Text:
    """The two things that mattered: each a tale of its own."""
    found = [Block("body", chance.choice(words.OPENERS))]
    for at, head in enumerate(("第一件", "第二件")):
        name = fill(chance.choice(words.PROJECTS), chance, house)
        charge = chance.choice(words.CHARGES)
        told = tale(chance, house, 5 if at == 0 else 3)
        if at == 0 and changes.tale:
            told = changes.tale
        found.append(Block("body", f"{head}，{name}。{charge}，{told}"))
    return found


LISTS = {"achievement-list": "实绩", "feature-list": "特色工作", "problem-list": "问题", "suggestion-list": "建议"}


def lists(house: House, changes: Changes = NOTHING) -> dict[str, Text]:
    """The four lists, each without a title of its own; `changes.without` names one that is left out."""
    chance = house.chance("lists")
    made: dict[str, Text] = {
        "achievement-list": _achievements(chance, house, changes.told or house.revenue),
        "feature-list": _items(chance, house, words.FEATURES, 3),
        "problem-list": _items(chance, house, words.PROBLEMS, 5),
        "suggestion-list": [
            *_items(chance, house, words.OWN_STEPS, 3),
            *_items(chance, house, words.SUPPORTS, 2, 4),
        ],
    }
    if changes.empty:
        made[changes.empty] = [Block("body", "无")]
    return {kind: text for kind, text in made.items() if kind != changes.without}


def _items(chance: random.Random, house: House, templates: Sequence[str], count: int, first: int = 1) -> Text:
    drawn = chance.sample(templates, count)
    return [
        Block("list", f"{at}. {fill(template, chance, house)}{tale(chance, house, 2)}")
        for at, template in enumerate(drawn, first)
    ]


def _achievements(chance: random.Random, house: House, revenue: str) -> Text:
    text = [Block("table", "序号\t指标名称\t年度目标\t实际完成")]
    goal = f"{float(house.revenue) * 0.97:.2f}"
    text.append(Block("table", f"1\t一般公共预算收入\t{goal}亿元\t{revenue}亿元"))
    for at, (name, unit, usual) in enumerate(chance.sample(words.INDICATORS, 5), 2):
        aim = usual + int(usual * 0.4 * house.figure(name))
        done = aim + max(1, int(aim * 0.06 * house.figure(name, "done")))
        text.append(Block("table", f"{at}\t{name}\t{aim}{unit}\t{done}{unit}"))
    for award, giver in chance.sample(words.AWARDS, 2):
        text.append(Block("list", f"获评{award}（{giver}授予）。"))
    return text


def list_title(house: House, kind: str, year: int = YEAR) -> str:
    """The title of one list that stands in a file of its own."""
    return f"{house.headline}领导班子{year}年度{LISTS[kind]}清单"


def approved(house: House) -> Text:
    """What stands under the lists."""
    when = f"2020年12月{house.chance('approved').randint(20, 31)}日"
    return [
        Block("body", f"“四个清单”经{when}{house.slots['party']}会议集体研究审定。"),
        Block("byline", house.committee),
        Block("byline", when),
    ]


def four_lists(house: House, changes: Changes = NOTHING) -> Text:
    """All lists in one text."""
    text = [Block("title", f"{house.headline}领导班子2020年度“四个清单”")]
    for number, (kind, items) in enumerate(lists(house, changes).items()):
        text += [Block("heading", f"{_NUMERALS[number]}、{LISTS[kind]}清单"), *items]
    return text + approved(house)


def note(house: House) -> tuple[str, Text]:
    """A file that is none of the papers asked for: its name and what it says."""
    chance = house.chance("note")
    title, template = chance.choice(words.NOTES)
    return title, [Block("title", title), Block("body", fill(template, chance, house))]


@dataclass
class Names:
    """Gives each unit a name that no place in the gazetteer has, and no other unit."""

    seed: int
    taken: set[str] = field(default_factory=set)

    def stems(self, count: int) -> list[str]:
        """`count` names of places, each two characters."""
        real = real_places()
        every = [one + two for one in words.FIRST for two in words.SECOND if one + two not in real]
        if count > len(every):
            raise SystemExit(f"at most {len(every)} units can be named")
        return random.Random(f"{self.seed}/stems").sample(every, count)


@cache
def real_places() -> frozenset[str]:
    """The first two characters of every place that the checker knows."""
    folder = Path(__file__).parents[1] / "lexicons" / "places"
    lines = [line.strip() for path in sorted(folder.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    return frozenset(line[:2] for line in lines if line and not line.startswith("#"))
