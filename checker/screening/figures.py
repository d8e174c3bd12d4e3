"""Figures on the same larger whole that units tell differently: 全市生产总值 of one and of the other.

Told only where it can hardly be anything else; a reviewer looks at it, nobody is sent back for it. What the whole is
for a unit is worked out here: a county-level city that says 全市 speaks of itself, and papers of several cities do not
speak of the same one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from checker.language import figures, lexicon
from checker.language.wide_figures import Mention
from checker.screening.result import FigureLine, Side

_RATIO = 0.3
"""Amounts of which one is not even so much of the other are hardly meant for the same."""
_MOST = 0.5
"""Of three values or more, one has to be told by so many of the units; else the matter itself is not clear."""
_ONE_PLACE = 0.8
"""So many of the units that name their city have to name the same one for the others to be taken for its own."""
_LEVELS: Mapping[str, tuple[str, ...]] = {"市": ("places/cities", "places/counties"), "省": ("places/provinces",)}
_OFFICES = re.compile(r"(?:中共)?(.+?)(?:领导班子|委员会|人民政府|政府|党委|委)*$")
_NO_CITY = re.compile(r"[和与及、房]|城市$|上市$|超市$|门市$|股市$")


@dataclass(frozen=True, slots=True)
class Told:
    """What one paper says of larger wholes, and whose paper it is."""

    name: str
    unit: str
    unit_type: str
    person: str
    kind: str
    mentions: tuple[Mention, ...]
    page: str = ""


class _Saying(NamedTuple):
    """One mention with the paper that it stands in."""

    mention: Mention
    told: Told

    @property
    def side(self) -> Side:
        """The paper, as one side of a contradiction."""
        told = self.told
        return Side(told.unit, told.person, told.name, told.kind, self.mention.quote, told.page)


def conflicts(papers: Iterable[Told]) -> tuple[FigureLine, ...]:
    """The figures that at least two units tell differently, in the order of scope, indicator and period."""
    told = [paper for paper in papers if paper.mentions and paper.unit]
    places = {level: _places({(paper.unit, paper.unit_type) for paper in told}, level) for level in _LEVELS}
    matters: dict[tuple[str, ...], list[_Saying]] = defaultdict(list)
    for paper in told:
        for mention in paper.mentions:
            place = mention.scope
            if place != "全国":
                level = place[-1]
                place = places[level].get(paper.unit, "") if place.startswith("全") else place
            if place:
                key = (place, mention.indicator, mention.period, mention.measure, mention.unit)
                matters[key].append(_Saying(mention, paper))
    return tuple(line for _, sayings in sorted(matters.items()) for line in _lines(sayings))


def _places(units: Iterable[tuple[str, str]], level: str) -> Mapping[str, str]:
    """For each unit, the city (`level` 市) or province that it means by 全市 or 全省; none where that is not clear."""
    named = {unit: _named(unit, level) for unit, _ in units}
    counts = Counter(place for unit, place in named.items() if place and not _is_itself(unit, level))
    itself = {unit for unit, _ in units if _is_itself(unit, level)}
    known = _known(level)
    several = sum(unit in known for unit in itself) > 1
    most, count = counts.most_common(1)[0] if counts else ("全" + level, 0)
    one = not several and count >= _ONE_PLACE * counts.total()
    return {unit: place or (most if one else "") for unit, place in named.items() if unit not in itself}


def _named(unit: str, level: str) -> str:
    """The city or province that a unit names at its head: 禾渡市教育局 names one, 市教育局 and 城市管理局 do not."""
    for match in re.finditer(level, unit):
        place = unit[: match.end()]
        if 3 <= len(place) <= 5 and match.end() < len(unit) and not _NO_CITY.search(place):
            return place
    return next((name for name in _known(level) if unit.startswith(name) and unit != name), "")


def _is_itself(unit: str, level: str) -> bool:
    """Whether the unit is a city (province) of its own: what it calls 全市 is not the city above it."""
    match = _OFFICES.match(unit)
    return match is not None and match[1].endswith(level) and not _NO_CITY.search(match[1])


@lru_cache(maxsize=2)
def _known(level: str) -> frozenset[str]:
    return frozenset(name for names in _LEVELS[level] for name in lexicon.terms(names) if name.endswith(level))


def _lines(sayings: Sequence[_Saying]) -> Iterator[FigureLine]:
    """One line where the units fall apart over this matter."""
    values = _values([own for own in _by_unit(sayings).values() if _agreed(own)])
    if len(values) < 2:
        return
    first = values[0][0].mention
    values = [
        values[0],
        *(value for value in values[1:] if figures.near(first.figure, value[0].mention.figure, _RATIO)),
    ]
    sizes = [len({saying.told.unit for saying in value}) for value in values]
    if len(values) < 2 or (len(values) > 2 and sizes[0] < _MOST * sum(sizes)):
        return
    name = first.scope + first.indicator + ("增速" if first.measure == "growth" else "")
    told = tuple((value[0].mention.written, tuple(_sides(value))) for value in values)
    yield FigureLine(name, f"{first.period}年", told)


def _by_unit(sayings: Iterable[_Saying]) -> Mapping[str, list[_Saying]]:
    units: dict[str, list[_Saying]] = defaultdict(list)
    for saying in sayings:
        units[saying.told.unit].append(saying)
    return units


def _agreed(sayings: Sequence[_Saying]) -> bool:
    """Whether a unit is at one with itself; if not, that is told among its own findings."""
    first = sayings[0].mention.figure
    return all(figures.agree(first, saying.mention.figure) for saying in sayings[1:])


def _values(units: Iterable[Sequence[_Saying]]) -> list[list[_Saying]]:
    """The sayings by value, that of most units first. What is told most exactly comes first: 28.6 then joins 28.63."""
    found: list[list[_Saying]] = []
    sayings = [saying for unit in units for saying in unit]
    for saying in sorted(sayings, key=lambda saying: saying.mention.grain):
        for value in found:
            if figures.agree(value[0].mention.figure, saying.mention.figure):
                value.append(saying)
                break
        else:
            found.append([saying])
    return sorted(found, key=lambda value: -len({saying.told.unit for saying in value}))


def _sides(sayings: Iterable[_Saying]) -> Iterator[Side]:
    """Each paper once."""
    seen: set[tuple[str, str]] = set()
    for saying in sayings:
        key = (saying.told.unit, saying.told.name)
        if key not in seen:
            seen.add(key)
            yield saying.side
