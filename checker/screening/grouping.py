"""Whose paper is it? What a paper names, the folders it lies in, its file name, its neighbours and the roster decide.

Every paper is looked at by itself first, so that the order in which they come does not matter. `sure` is said only
where nothing speaks against it; whatever was weighed stands in `how`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from checker.language.names import same_unit
from checker.roster import Entry, Roster, Unit
from checker.screening import labels, versions
from checker.screening.cards import Assignment, Card, Certainty
from checker.screening.labels import Label
from checker.screening.pins import Pin, Pins
from checker.screening.unit_names import MAIN, Index, alike, home_of, is_short, known_organs, parse, plain

_REPORT = "cadre-report"
_NOTES = frozenset({"prior-post-note", "secondment-opinion"})
_PERSONAL = frozenset({_REPORT, "probation-summary"}) | _NOTES
_TEAM = frozenset(
    {"team-summary", "achievement-list", "feature-list", "problem-list", "suggestion-list", "selection-report",
     "grade-proposal"}
)  # fmt: skip
_NEVER = "，请核对"


@dataclass(frozen=True, slots=True)
class _Voice:
    """What speaks for a unit: the words, where they stand, the units they may mean."""

    units: frozenset[int]
    firm: bool
    said: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that one paper and its path say. `foreign` is a unit it names that nobody knows."""

    card: Card
    folders: tuple[Label, ...]
    file: Label
    paper: _Voice | None
    folder: _Voice | None
    name: _Voice | None
    foreign: str
    split: str = ""
    persons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Guess:
    """A decision on the unit: its number (None: nobody's), how sure, why."""

    unit: int | None
    sure: bool
    how: str


def group(cards: Sequence[Card], roster: Roster | None, pins: Pins) -> tuple[Assignment, ...]:
    """Whose paper each card is, in the order of the cards; duplicates and older versions name the paper that counts."""
    ordered = sorted(cards, key=lambda card: card.key)
    book = _Book(ordered, roster)
    seen = [book.look(card) for card in ordered]
    guesses = _by_neighbours(seen, _by_file(seen, [book.unit_of(it) for it in seen], book), book)
    found = [book.assign(it, guess) for it, guess in zip(seen, guesses, strict=True)]
    fixed = [_pinned(it, pins.of(it.key), book) for it in found]
    compared = [
        versions.Paper(it.card, assignment, it.file, it.folders, book.key_of(it), pinned)
        for it, (assignment, pinned) in zip(seen, fixed, strict=True)
    ]
    by_key = {assignment.key: assignment for assignment in versions.settle(compared)}
    return tuple(by_key[card.key] for card in cards)


class _Book:
    """The units and persons that papers are held against: those of the roster, or those that the papers name."""

    def __init__(self, cards: Sequence[Card], roster: Roster | None) -> None:
        self.listed = roster is not None
        self.units = roster.units if roster is not None else tuple(_named_units(cards))
        self.index = Index([(unit.name, unit.aliases) for unit in self.units])
        numbers = {unit.name: number for number, unit in enumerate(self.units)}
        self.entries: dict[int, list[Entry]] = defaultdict(list)
        self.persons: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
        for entry in roster.entries if roster is not None else ():
            number = numbers.get(entry.unit)
            if number is not None:
                self.entries[number].append(entry)
                self.persons[_bare(entry.name)].append((number, entry))
        self.persons.default_factory = None
        self.reader = labels.Reader(self.index, self.persons)
        self._folders: dict[str, tuple[tuple[Label, ...], _Voice | None, str, str]] = {}
        self._papers: dict[tuple[tuple[str, ...], str], tuple[_Voice | None, str]] = {}

    # ---- what is said -----------------------------------------------------------------------------------------

    def look(self, card: Card) -> _Seen:
        """What one card says."""
        path = PurePosixPath(card.key.name)
        folders, folder, place, split = self._folder(str(path.parent))
        file = self.reader.read(labels.stem_of(path.name), place)
        paper, foreign = self._paper(card.units, card.title if not card.units else "", place)
        name = None
        if file.match is not None:
            name = _Voice(file.match.units, file.match.quality != "weak", f"文件名里的「{file.unit}」")
        elif file.possible and not foreign and not card.units:
            foreign = file.possible
        strange = self._strange(folders)
        if strange and not foreign and paper is None and name is None and folder is None:
            foreign = strange
        if strange and not split:
            split = f"文件夹名「{strange}」不在名单上"
        return _Seen(card, folders, file, paper, folder, name, foreign, split, self._persons(card, folders, file))

    def _strange(self, folders: Sequence[Label]) -> str:
        """A folder of an office that nobody knows, if no folder in it is of one that is known."""
        for label in reversed(folders):
            if label.match is not None:
                return ""
            possible = label.possible
            if possible and (self.index.placed(possible) or parse(possible, self.index.home).organ in known_organs()):
                return possible
        return ""

    def _folder(self, parent: str) -> tuple[tuple[Label, ...], _Voice | None, str, str]:
        """The labels of the folders, what they say together, the county they lie in, and whether they disagree."""
        if parent not in self._folders:
            self._folders[parent] = self._read_folders([level for level in PurePosixPath(parent).parts if level != "."])
        return self._folders[parent]

    def _read_folders(self, levels: Sequence[str]) -> tuple[tuple[Label, ...], _Voice | None, str, str]:
        found: list[Label] = []
        place, split, voice = "", "", None
        for level in levels:
            label = self.reader.read(labels.level_of(level), place)
            found.append(label)
            if label.match is None:
                continue
            place = self.index.place(label.unit) or place
            units, firm = label.match.units, label.match.quality != "weak"
            if voice is not None:
                common = voice.units & units
                if not firm and voice.firm and not common:
                    continue
                split = "" if common or self._within(voice.units, units) else f"{voice.said}与「{label.unit}」不一致"
                units = common or units
            voice = _Voice(units, firm, f"文件夹名「{label.unit}」")
        return tuple(found), voice, place, split

    def _within(self, outer: frozenset[int], inner: frozenset[int]) -> bool:
        """Whether the inner folder is that of an office of the county whose folder the outer one is."""
        places = [{parse(self.units[unit].name, self.index.home).place for unit in units} for units in (outer, inner)]
        return places[0] == places[1] and places[0] != {""}

    def _paper(self, named: tuple[str, ...], title: str, place: str) -> tuple[_Voice | None, str]:
        """What the paper says of itself, and the unit it names if nobody knows that one."""
        key = named, title, place
        if key not in self._papers:  # type: ignore[comparison-overlap]
            self._papers[key] = self._read_paper(named, title, place)  # type: ignore[index]
        return self._papers[key]  # type: ignore[index]

    def _read_paper(self, named: tuple[str, ...], title: str, place: str) -> tuple[_Voice | None, str]:
        found = [(unit, self.index.find(unit, place)) for unit in named]
        if title and not named:
            label = self.reader.read(title, place)
            found = [(label.unit, label.match)] if label.match is not None else []
        known = [(unit, match) for unit, match in found if match is not None]
        if not known:
            return None, named[0] if named else ""
        firm = [pair for pair in known if pair[1].quality != "weak"] or known
        unit, match = firm[0]
        units = match.units
        for _, other in firm[1:]:
            units = units & other.units or units
        foreign = named[0] if named and found[0][1] is None and not self._alike(named[0], units) else ""
        return _Voice(units, match.quality != "weak", f"材料自称「{unit}」"), foreign

    def _alike(self, name: str, units: frozenset[int]) -> bool:
        """Whether a name that is not found may still mean one of `units`: in doubt it does."""
        theirs = [parse(self.units[unit].name, self.index.home) for unit in units]
        own = parse(name, self.index.home)
        if own.place and not any(own.place == other.place for other in theirs):
            return False
        if own.organ in known_organs() and not any(own.place for other in theirs if other.place):
            return any(own.organ == other.organ for other in theirs)
        return any(own.place == other.place != "" or same_unit(own.organ, other.organ) for other in theirs)

    def _persons(self, card: Card, folders: Sequence[Label], file: Label) -> tuple[tuple[str, str], ...]:
        """Names and where they stand, the surest first."""
        if card.kind in _TEAM:
            return ()
        found = [(_bare(name), "材料署名") for name in card.persons]
        title = self.reader.read(card.title) if card.title and not card.persons else Label("")
        found += [(name, "标题") for name in title.persons]
        found += [(name, "文件名") for name in file.persons]
        found += [(name, "文件夹名") for label in reversed(folders) for name in label.persons]
        if card.kind in _PERSONAL:
            found += [(name, "文件名") for name in file.maybe if _whole(file, name)]
            found += [(name, "文件夹名") for label in folders[-1:] for name in label.maybe if not label.unit]
        return tuple(dict.fromkeys((name, where) for name, where in found if name))

    # ---- the unit ---------------------------------------------------------------------------------------------

    def unit_of(self, seen: _Seen) -> _Guess:
        """The unit of one paper, by what it and its path say."""
        listed = [(name, where) for name, where in seen.persons if name in self.persons]
        person = self._voice_of(listed[0]) if listed else None
        if seen.card.kind in _NOTES and seen.paper is not None and len(seen.paper.units) == 1:
            # The unit that gives the note hands it in, also where it lies with the papers of the other one.
            return self._one(seen.paper, seen.paper.firm, seen.paper.said)
        label = seen.folder or seen.name
        if label is None:
            return self._without_label(seen, person)
        return self._with_label(seen, label, person)

    def _with_label(self, seen: _Seen, label: _Voice, person: _Voice | None) -> _Guess:
        """A folder, or else the file name, names the unit; the other voices agree or do not."""
        inside = seen.name if label is seen.folder else None
        voices = [voice for voice in (seen.paper, inside, person) if voice is not None]
        units, told, against = label.units, [label.said], []
        for voice in voices:
            if common := units & voice.units:
                units = common
                told.append(voice.said)
            else:
                against.append(voice)
        firm = label.firm or any(voice.firm for voice in voices if voice not in against)
        if against:
            return self._contradicted(seen, label, person, units, against)
        if len(units) > 1:
            return self._several(units, told)
        guess = self._one(_Voice(units, firm, ""), firm, "、".join(told))
        doubt = seen.split or (self._doubt(seen, units) if seen.foreign and not seen.paper else "")
        if seen.paper is not None and seen.foreign:
            doubt = f"材料里还写着「{seen.foreign}」"
        elif seen.paper is not None and label.firm and not seen.paper.firm:
            doubt = "材料写的像是它的下属单位，或者单位名称有误"
        if doubt:
            return replace(guess, sure=False, how=f"{guess.how}；{doubt}{_NEVER}")
        if not self.listed and guess.sure and not seen.paper and not self._usual(units):
            return replace(guess, sure=False, how=f"{guess.how}；没有材料写明这个单位{_NEVER}")
        return guess

    def _usual(self, units: frozenset[int]) -> bool:
        """Whether papers name the unit themselves, or it is one that every city has."""
        unit = self.units[next(iter(units))]
        return unit.row > 0 or parse(unit.name, self.index.home).organ in known_organs()

    def _doubt(self, seen: _Seen, units: frozenset[int]) -> str:
        if self._alike(seen.foreign, units):
            return ""
        return f"材料自称「{seen.foreign}」，与此不一致"

    def _contradicted(
        self, seen: _Seen, label: _Voice, person: _Voice | None, units: frozenset[int], against: Sequence[_Voice]
    ) -> _Guess:
        """The path says one unit, something in the paper another. The folder stands, as its sender put it there,
        unless both the title and the person speak for another unit; so does a title against a mere file name."""
        paper = seen.paper
        other = "、".join(voice.said for voice in against)
        if paper in against and person in against and paper is not None and person is not None:
            both = paper.units & person.units
            if both:
                return self._one(
                    _Voice(both, False, ""), False, f"{paper.said}、{person.said}；{label.said}与此不一致{_NEVER}"
                )
        if paper in against and paper is not None and paper.firm and label is seen.name:
            return self._one(paper, False, f"{paper.said}；{label.said}与此不一致{_NEVER}")
        if person in against and person is not None and len(against) == 1 and paper is None and len(person.units) == 1:
            return self._one(person, False, f"{person.said}；{label.said}与此不一致{_NEVER}")
        if paper in against and paper is not None and paper.firm and not label.firm:
            return self._one(paper, False, f"{paper.said}；{label.said}与此不一致{_NEVER}")
        return self._one(_Voice(units, False, ""), False, f"{label.said}；{other}，与此不一致{_NEVER}")

    def _without_label(self, seen: _Seen, person: _Voice | None) -> _Guess:
        paper = seen.paper
        if paper is None and person is None:
            told = f"「{seen.foreign}」不在花名册上" if seen.foreign and self.listed else ""
            told = told and (f"材料自称{told}" if seen.foreign in seen.card.units else f"文件名、文件夹名里的{told}")
            return _Guess(None, False, told or "文件夹、文件名和材料都没有写明单位")
        if paper is None and person is not None:
            foreign = f"；材料自称「{seen.foreign}」，不在花名册上，可能是同名的人{_NEVER}" if seen.foreign else ""
            if foreign:
                own = [unit for unit in sorted(person.units) if self._alike(seen.foreign, frozenset({unit}))]
                foreign = "" if len(own) == 1 and own == sorted(person.units) else foreign
            if len(person.units) > 1:
                return self._namesakes(person, seen)
            return self._one(person, not foreign, f"{person.said}{foreign}")
        assert paper is not None
        if person is None:
            guess = self._several(paper.units, [paper.said]) if len(paper.units) > 1 else None
            guess = guess or self._one(paper, paper.firm, paper.said)
        elif common := paper.units & person.units:
            if len(common) > 1:
                return self._several(common, [paper.said, person.said])
            guess = self._one(_Voice(common, True, ""), True, f"{paper.said}、{person.said}")
        else:
            guess = self._one(paper, False, f"{paper.said}；{person.said}，与此不一致{_NEVER}")
        doubt = f"材料里还写着「{seen.foreign}」" if seen.foreign else seen.split
        return replace(guess, sure=False, how=f"{guess.how}；{doubt}{_NEVER}") if doubt and guess.sure else guess

    def _one(self, voice: _Voice, sure: bool, how: str) -> _Guess:
        if len(voice.units) != 1:
            return self._several(voice.units, [how])
        if not sure and not how.endswith(_NEVER):
            how = f"{how}，像是下属单位，或者名称有误{_NEVER}"
        return _Guess(next(iter(voice.units)), sure, how)

    def _several(self, units: frozenset[int], told: Sequence[str]) -> _Guess:
        """More than one unit fits, and nothing tells which."""
        names = [self.units[unit].name for unit in sorted(units)]
        shown = "、".join(names[:4]) + ("等" if len(names) > 4 else "")
        return _Guess(None, False, f"{'、'.join(told)}，可能是{shown}，分不清{_NEVER}")

    def _namesakes(self, person: _Voice, seen: _Seen) -> _Guess:
        """A name that several units have, and nothing else: the main post if it is one person in two posts."""
        name = seen.persons[0][0]
        rows = [(unit, entry) for unit, entry in self.persons.get(name, ()) if unit in person.units]
        mains = {entry.main_unit for _, entry in rows if entry.main_unit}
        chosen = [unit for unit, entry in rows if self.units[unit].name in mains] or [unit for unit, _ in rows]
        names = "、".join(self.units[unit].name for unit in sorted(person.units))
        return _Guess(
            min(chosen),
            False,
            f"{person.said}，花名册上{names}都有「{name}」，暂归{self.units[min(chosen)].name}{_NEVER}",
        )

    def _voice_of(self, person: tuple[str, str]) -> _Voice:
        name, where = person
        return _Voice(frozenset(unit for unit, _ in self.persons[name]), True, f"{where}「{name}」在花名册上")

    # ---- the person -------------------------------------------------------------------------------------------

    def assign(self, seen: _Seen, guess: _Guess) -> Assignment:
        """The unit with the person of the paper."""
        card = seen.card
        if guess.unit is None:
            person = seen.persons[0][0] if seen.persons and card.kind in _PERSONAL else ""
            return Assignment(card.key, "", person, card.kind, "none", guess.how)
        unit = self.units[guess.unit].name
        if card.kind in _TEAM:
            return Assignment(card.key, unit, "", card.kind, _certainty(guess.sure), guess.how)
        person, sure, how = self._person(seen, guess.unit)
        told = "；".join(filter(None, (guess.how, how)))
        return Assignment(card.key, unit, person, card.kind, _certainty(guess.sure and sure), told)

    def _person(self, seen: _Seen, unit: int) -> tuple[str, bool, str]:
        kind = seen.card.kind
        own = {_bare(entry.name): entry.name for entry in self.entries.get(unit, ())}
        named = list(dict.fromkeys(name for name, _ in seen.persons))
        here = [name for name in named if name in own]
        if kind not in _PERSONAL:
            return (own[here[0]], True, "") if len(here) == 1 else ("", True, "")
        if not named:
            return self._by_post(seen, unit)
        if not self.listed:
            agree = len(named) == 1 or named[0] in {name for name, where in seen.persons if where != "材料署名"}
            signed = seen.persons[0][1] == "材料署名"
            if signed and agree:
                return named[0], True, ""
            return named[0], False, f"姓名取自{seen.persons[0][1]}{_NEVER}"
        if kind in _NOTES:
            known = [name for name in named if name in self.persons]
            return (self.persons[known[0]][0][1].name, len(known) == 1, "") if known else ("", False, "没有写明是谁的")
        if not here:
            return self._stranger(named[0], seen.persons[0][1], unit)
        first = own[here[0]]
        others = [name for name in named if name != here[0] and (name in self.persons or name == named[0])]
        if others:
            return first, False, f"同时写着「{'」「'.join(others)}」，按「{first}」算{_NEVER}"
        return first, True, ""

    def _stranger(self, name: str, where: str, unit: int) -> tuple[str, bool, str]:
        """A name that the unit's part of the roster does not have: a slip of the pen, or somebody else."""
        near = [entry.name for entry in self.entries.get(unit, ()) if _near(name, _bare(entry.name))]
        if len(set(near)) == 1:
            return near[0], False, f"{where}是「{name}」，与花名册上的「{near[0]}」只差一个字{_NEVER}"
        elsewhere = self.persons.get(name)
        if elsewhere:
            return name, False, f"「{name}」在花名册上是{self.units[elsewhere[0][0]].name}的{_NEVER}"
        if self.entries:
            return name, False, f"花名册上{self.units[unit].name}没有「{name}」{_NEVER}"
        return name, True, ""

    def _by_post(self, seen: _Seen, unit: int) -> tuple[str, bool, str]:
        """A report that names nobody: 局长述职报告 is that of the only 局长."""
        said = f"{seen.card.title} {seen.file.text} {seen.folders[-1].text if seen.folders else ''}"
        found = [
            (entry.name, post)
            for entry in self.entries.get(unit, ())
            for post in re.split("[、,，;；/ ]", entry.post)
            if len(post) >= 2 and re.search(rf"(?<!副){re.escape(post)}", said)
        ]
        longest = max((len(post) for _, post in found), default=0)
        names = {name for name, post in found if len(post) == longest}
        if len(names) == 1:
            name = names.pop()
            return name, False, f"没有写明姓名，按职务算「{name}」的{_NEVER}"
        return "", False, f"认不出是谁的{_NEVER}"

    # ---- what stands beside it --------------------------------------------------------------------------------

    def key_of(self, seen: _Seen) -> str:
        """Which organ the paper, or else its name, speaks of: papers of 县委 and 县政府 are no versions."""
        named = seen.card.units[0] if seen.card.units else seen.file.unit
        if not named:
            return ""
        parsed = parse(named, self.index.home)
        return f"{parsed.place}{parsed.organ}"


def _by_file(seen: Sequence[_Seen], guesses: Sequence[_Guess], book: _Book) -> list[_Guess]:
    """The further papers of a file that names its unit once."""
    known: dict[str, set[int]] = defaultdict(set)
    sure: dict[str, bool] = defaultdict(lambda: True)
    for it, guess in zip(seen, guesses, strict=True):
        if guess.unit is not None:
            known[it.card.key.name].add(guess.unit)
            sure[it.card.key.name] &= guess.sure
    return [
        _Guess(next(iter(known[it.card.key.name])), sure[it.card.key.name], "同一文件里的其他材料写明了单位")
        if guess.unit is None and not _says(it) and len(known[it.card.key.name]) == 1
        else guess
        for it, guess in zip(seen, guesses, strict=True)
    ]


def _says(seen: _Seen) -> bool:
    """Whether a paper says whose it is, though nobody knows that unit, or cannot tell it from others."""
    return bool(seen.foreign)


def _by_neighbours(seen: Sequence[_Seen], guesses: Sequence[_Guess], book: _Book) -> list[_Guess]:
    """Papers that name nobody, in a folder where all others are one unit's."""
    below: dict[str, Counter[int]] = defaultdict(Counter)
    for it, guess in zip(seen, guesses, strict=True):
        if guess.unit is not None:
            for parent in PurePosixPath(it.card.key.name).parents:
                below[str(parent)][guess.unit] += 1
    return [
        guess if guess.unit is not None or _says(it) else _beside(it, guess, below, book)
        for it, guess in zip(seen, guesses, strict=True)
    ]


def _beside(seen: _Seen, guess: _Guess, below: Mapping[str, Counter[int]], book: _Book) -> _Guess:
    voice = seen.folder or seen.name or seen.paper
    for parent in PurePosixPath(seen.card.key.name).parents:
        units = below.get(str(parent))
        if not units or (parent.name and labels.sorts(labels.level_of(parent.name))):
            continue
        if len(units) == 1 and (voice is None or next(iter(units)) in voice.units):
            unit = next(iter(units))
            return _Guess(unit, False, f"同一文件夹的其他材料都是{book.units[unit].name}的{_NEVER}")
        return guess
    return guess


def _pinned(guess: Assignment, pin: Pin | None, book: _Book) -> tuple[Assignment, bool | None]:
    """The assignment with what a person fixed, where that differs; and whether the paper is to count."""
    if pin is None:
        return guess, None
    unit, note = _pinned_unit(pin, guess, book)
    person = guess.person if pin.person is None else pin.person
    kind = pin.kind or guess.kind
    if unit != guess.unit and not unit:
        person = ""
    changed = [
        name
        for name, new, old in (
            ("单位", unit, guess.unit),
            ("姓名", person, guess.person),
            ("材料种类", kind, guess.kind),
        )
        if new != old
    ]
    if not changed:
        return guess, pin.used
    how = f"归属表第{pin.row}行指定了{'、'.join(changed)}{note}"
    return Assignment(guess.key, unit, person, kind, "pinned", how), pin.used


def _pinned_unit(pin: Pin, guess: Assignment, book: _Book) -> tuple[str, str]:
    if not pin.unit:
        return (guess.unit if pin.unit is None else ""), ""
    match = book.index.find(pin.unit)
    if match is not None and len(match.units) == 1 and match.quality != "weak":
        return book.units[next(iter(match.units))].name, ""
    return pin.unit, "；花名册上没有这个单位" if book.listed else ""


def _certainty(sure: bool) -> Certainty:
    return "sure" if sure else "guess"


def _bare(name: str) -> str:
    return re.sub(r"\s", "", name)


def _whole(label: Label, name: str) -> bool:
    """Whether a word that may be a name is all that a file name says besides the unit and the errand."""
    return len(label.maybe) == 1 and not label.rest and name not in known_organs()


def _near(one: str, other: str) -> bool:
    """闻小川 and 闻晓川: one character, and it sounds alike; of three or more characters any one."""
    if len(one) != len(other) or one == other:
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and alike(*differing[0])


# ---- without a roster -----------------------------------------------------------------------------------------


def _named_units(cards: Sequence[Card]) -> Iterator[Unit]:
    """The units that papers name, then those that folders and file names add; one unit in several wordings is one.

    `row` is 1 for those that a paper names itself.
    """
    named = Counter(plain(card.units[0]) for card in cards if card.units)
    home = home_of(named) or home_of(_more(cards, [], ""))
    counties = _county_folders(cards, home)
    wordings = Counter({name: count for name, count in named.items() if not _inside(name, home, counties)})
    units = _merged(wordings, home, 1)
    yield from units
    yield from _merged(_more(cards, units, home), home, 0)


def _more(cards: Sequence[Card], units: Sequence[Unit], home: str) -> Counter[str]:
    """What looks like a unit in folders and file names and is none of `units`."""
    reader = labels.Reader(Index([(unit.name, unit.aliases) for unit in units], home), {})
    found = (reader.read(text) for text in {text for card in cards for text in _levels(card)})
    return Counter(plain(label.possible) for label in found if label.match is None and label.possible)


def _levels(card: Card) -> Iterator[str]:
    path = PurePosixPath(card.key.name)
    yield from (labels.level_of(level) for level in path.parent.parts if level != ".")
    yield labels.stem_of(path.name)


def _county_folders(cards: Sequence[Card], home: str) -> frozenset[str]:
    """The counties that have a folder of their own: what lies in it is theirs, whichever office it names."""
    reader = labels.Reader(Index([], home), {})
    texts = {level for card in cards for level in list(_levels(card))[:-1]}
    found = {parse(label.possible, home) for text in texts if (label := reader.read(text)).possible}
    return frozenset(name.place for name in found if name.place and not name.organ)


def _inside(name: str, home: str, counties: frozenset[str]) -> bool:
    parsed = parse(name, home)
    return parsed.place in counties and bool(parsed.organ)


def _merged(wordings: Counter[str], home: str, row: int) -> list[Unit]:
    """One unit for all wordings that mean the same, called as most papers call it."""
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for name, count in sorted(wordings.items()):
        parsed = parse(name, home)
        organ = "" if parsed.place and parsed.organ in MAIN else parsed.organ
        groups[parsed.place, organ][name] += count
    for place, organ in sorted(groups, key=lambda key: (len(key[1]), key)):
        longer = [key for key in groups if key[0] == place and is_short(organ, key[1])]
        if len(longer) == 1:
            groups[longer[0]].update(groups.pop((place, organ)))
    found = []
    for (place, organ), names in sorted(groups.items()):
        best = max(names, key=lambda name: (names[name], len(name), name))
        if place and not organ and "·" not in place:
            best = place
        found.append(Unit(best, aliases=tuple(sorted(set(names) - {best})), row=row))
    return found
