"""Which unit does a name mean? 市财政局, 财政局 and 濮阳市财政局 are one; 财政局 and 民政局 are two; 发改委 is short.

A name is taken apart into the place (a county or zone, or nothing for the city itself) and the organ, both in a fixed
spelling. Names that agree in both are the same. Only where none does, a short name (人社局) and then a slip of the pen
(财证局) are tried, and only where exactly one unit can be meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from checker.language import lexicon
from checker.language.names import place_of

Quality = Literal["exact", "short", "weak"]

# Characters of offices and posts that older systems still write in the traditional way.
_SIMPLE = str.maketrans(
    "財縣區黨會務辦廳員長農業業衛統計電廣體環護應學術貿電網機構證銀監與規發開國總聯僑協資產運輸馬陳張劉黃趙吳楊",
    "财县区党会务办厅员长农业业卫统计电广体环护应学术贸电网机构证银监与规发开国总联侨协资产运输马陈张刘黄赵吴杨",
)
_UNWRITTEN = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9]+")
_TEAM = re.compile(r"(?:(?:党政)?(?:领导)?班子(?:成员)?|党组|党总支|党支部|机关党委|机关)$")
# Longest first: what one office is called in full and in short.
_SPELLINGS = (
    ("人民代表大会常务委员会", "人大"), ("人民代表大会", "人大"), ("人大常务委员会", "人大"), ("人大常委会", "人大"),
    ("政治协商会议", "政协"), ("政协委员会", "政协"), ("人民政府", "政府"), ("人民检察院", "检察院"),
    ("中级人民法院", "法院"), ("人民法院", "法院"), ("中级法院", "法院"), ("中院", "法院"),
    ("纪律检查委员会", "纪委"), ("监察委员会", "监委"), ("纪委监委", "纪委"), ("纪检监察委", "纪委"),
    ("妇女联合会", "妇联"), ("科学技术协会", "科协"), ("文学艺术界联合会", "文联"), ("工商业联合会", "工商联"),
    ("残疾人联合会", "残联"), ("归国华侨联合会", "侨联"), ("社会科学界联合会", "社科联"), ("总工会", "工会"),
    ("委员会", "委"), ("办公室", "办"), ("工作领导小组", "领导小组"),
)  # fmt: skip
_ZONE = re.compile(
    r"^(?P<stem>[\u4e00-\u9fff]{0,12}?)(?P<type>经济技术|经济|高新技术产业|高新技术|高新|产业|工业|经开|城乡一体化|新型化工|化工)?"
    r"(?P<form>开发区|示范区|园区|新区|集聚区|管理区|基地|区)(?P<rest>.*)$"
)
_ZONE_TYPES = {"高新技术产业": "高新", "高新技术": "高新", "新型化工": "化工", "经济技术": "", "经济": "", "经开": ""}
_FORM = "开发区"
_ZONE_MAIN = re.compile(r"^(?:党工委|党工委管委会|工委|工作委|管委会|管理委|管委|党委|委)?$")
MAIN = frozenset({"", "委", "政府", "委政府", "人大", "政协", "纪委", "监委", "四大班子"})
"""The organs of a county that are the county itself, unless the roster lists them apart."""
_GENERIC = re.compile(r"^(?:市(?!场|政(?![府协法]))|县|区(?!域|划))(?=[\u4e00-\u9fff]{2})")
_YOUTH = re.compile(r"^(?:共青团|团)([\u4e00-\u9fff]{0,8}[市县区旗])委(?:员会)?$")
_CONSULT = re.compile(r"^政协([\u4e00-\u9fff]{0,8}[市县区旗])(?:委员会)?$")
_ORGAN_TAIL = re.compile(r"(?:局|委|办|部|院|会|社|队|台|站|馆|室|处|中心|公司|集团|学校|大学)$")
_ORDINALS = frozenset("一二三四五六七八九十东西南北中上下新老大小前后男女")


class Name(NamedTuple):
    """The place and the organ of a name, in a fixed spelling. `level` is a 市, 县 or 区 that no place is said of."""

    place: str
    organ: str
    level: str = ""


class Match(NamedTuple):
    """The units that a name may mean, by their numbers. `weak`: a slip of the pen, or an office of a listed county."""

    units: frozenset[int]
    quality: Quality


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """A name without blanks and marks, in half width and in simplified characters."""
    return _UNWRITTEN.sub("", unicodedata.normalize("NFKC", text).translate(_SIMPLE))


@lru_cache(maxsize=1 << 16)
def parse(text: str, home: str = "") -> Name:
    """`text` taken apart; `home` is the city or county whose own offices bear no place."""
    name = re.sub("^(?:中国共产党|中共|中国人民(?=政治协商|政协))", "", plain(text))
    name = _CONSULT.sub(r"\1政协", _YOUTH.sub(r"\1团委", name.replace("政治协商会议", "政协", 1)))
    name = _TEAM.sub("", name) or name
    owner = place_of(name)
    stem = home.removesuffix("市")
    zone = _zone(name.removeprefix(owner.city), stem)
    if zone is not None and (
        owner.zone or not owner.county or zone.place == f"·{_FORM}" or not zone.place.endswith(f"·{_FORM}")
    ):
        return zone
    place, rest = owner.county, name[name.find(owner.county) + len(owner.county) :] if owner.county else name
    if not place:
        place, rest = owner.city, name.removeprefix(owner.city)
    if place and (place == home or (home.endswith("市") and place == stem)):
        place = ""
    level = ""
    if not owner.county and not owner.city and (generic := _GENERIC.match(rest)):
        level, rest = generic.group(), rest[1:]
    return Name(place, _organ(rest, place), level)


def _zone(name: str, home: str) -> Name | None:
    found = _ZONE.match(name)
    if found is None or (found["form"] == "区" and found["type"] not in ("高新", "经开", "化工", "产业", "工业")):
        return None
    stem = found["stem"].removeprefix(home) if home else found["stem"]
    stem = "" if stem == "市" else stem.removeprefix("市") if len(stem) > 2 else stem
    kind = found["type"] or ""
    form = "" if found["form"] in ("开发区", "区") else found["form"]
    place = f"{stem}·{_ZONE_TYPES.get(kind, kind)}{form}{_FORM}"
    rest = _spelled(found["rest"])
    return Name(place, "" if _ZONE_MAIN.match(rest) else _organ(rest, place))


def _spelled(text: str) -> str:
    for long, short in _SPELLINGS:
        text = text.replace(long, short)
    return text


def _organ(rest: str, place: str) -> str:
    organ = _spelled(rest)
    organ = re.sub("(?<=.)[和与及](?=.)", "", organ)
    if place:
        organ = re.sub("^(?:县|区|市)(?=委|政府|人大|政协|纪委)", "", organ)
        organ = re.sub("^委(?:县|区|市)政府$", "委政府", organ)
        if organ == "党委":
            return "委"
    elif organ.endswith("党委") and len(organ) > 3:
        organ = organ.removesuffix("党委")
    organ = re.sub("(?<=镇|乡)(?:党委|委|政府)$|(?<=街道)(?:党工委|工委|工作委|办事处|办)$", "", organ)
    # 委组织部 is 组织部; 委办 is the office of the committee and no other.
    if organ.startswith("委") and len(_ORGAN_TAIL.sub("", organ[1:])) >= 1 and organ != "委政府":
        organ = organ[1:]
    return organ


class Index:
    """The units that names are looked up among."""

    def __init__(self, names: Sequence[tuple[str, Iterable[str]]], home: str | None = None) -> None:
        """`names` are each unit's name with its aliases; their numbers are what is found."""
        self.home = home if home is not None else home_of(name for name, _ in names)
        self.names = tuple(name for name, _ in names)
        self._written: dict[str, set[int]] = defaultdict(set)
        self._parsed: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._places: dict[str, set[int]] = defaultdict(set)
        self._organs: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._levels: dict[int, str] = {}
        for number, (name, aliases) in enumerate(names):
            self._add(number, name, own=True)
            for alias in aliases:
                self._add(number, alias, own=False)
        self._stems = self._short_places()
        self._by_ends: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
        for place, organs in self._organs.items():
            for organ in organs:
                self._by_ends[place][_ends(organ)].append(organ)
        self._known: dict[str, Match | None] = {}

    def _add(self, number: int, name: str, *, own: bool) -> None:
        parsed = parse(name, self.home)
        self._written[plain(name)].add(number)
        if own:
            self._levels[number] = parsed.level or (self.home[-1] if self.home and self.home in plain(name) else "")
        if not parsed.place and not parsed.organ:
            return
        if own or parsed.organ:
            self._parsed[parsed.place, parsed.organ].add(number)
            self._organs[parsed.place][parsed.organ].add(number)
        if own and parsed.place:
            self._places[parsed.place].add(number)

    def _short_places(self) -> dict[str, set[int]]:
        """禾渡 for 禾渡县: what folders call a county whose papers they hold."""
        stems: dict[str, set[int]] = defaultdict(set)
        for place in self._places:
            stem = re.sub(r"(?:自治县|[县区市旗])$", "", place)
            if len(stem) >= 2 and stem != place and "·" not in place:
                stems[stem] |= self._mains(place)
        return stems

    def _mains(self, place: str) -> set[int]:
        """The units that are the place itself: one for all of its organs, or each of those that the roster lists."""
        organs = self._organs.get(place, {})
        return set().union(*(units for organ, units in organs.items() if organ in MAIN))

    def place(self, text: str) -> str:
        """The place that `text` names, if the roster knows it, else an empty word."""
        parsed = parse(text, self.home).place
        if parsed in self._places:
            return parsed
        return next((place for place in self._places if re.sub("[县区市旗]$", "", place) == plain(text)), "")

    def placed(self, text: str) -> bool:
        """Whether `text` says of which county, zone or city it is."""
        return bool(parse(text, self.home).place)

    def inside(self, text: str) -> bool:
        """Whether `text` names an office of a county or zone of the roster, and not the place itself."""
        parsed = parse(text, self.home)
        return parsed.place in self._places and parsed.organ not in MAIN

    def starts(self, text: str) -> bool:
        """Whether `text`, as it is, is a name or an alias."""
        return text in self._written

    def exact(self, text: str, place: str = "") -> Match | None:
        """The units that `text` means without any doubt about the spelling; quick where there is none."""
        name = parse(text, self.home)
        places = (place, "") if place and not name.place else (name.place,)
        organs = (_organ(re.sub("^[县区市]", "", plain(text)), place), name.organ) if len(places) > 1 else (name.organ,)
        known = text in self._written or any(pair in self._parsed for pair in zip(places, organs, strict=True))
        found = self.find(text, place) if known or (name.place and name.organ in MAIN) else None
        return found if found is not None and found.quality == "exact" else None

    def find(self, text: str, place: str = "") -> Match | None:
        """The units that `text` means; a bare 财政局 under `place` is that of the place, if it has one."""
        if place and not self.placed(text):
            organ = _organ(re.sub("^[县区市]", "", plain(text)), place)
            key = f"{place}/{organ}"
            if key not in self._known:
                self._known[key] = self._look_for(Name(place, organ)) if len(organ) >= 1 else None
            if self._known[key] is not None:
                return self._known[key]
        return self._find(plain(text))

    def _find(self, text: str) -> Match | None:
        if text not in self._known:
            self._known[text] = self._look(text)
        return self._known[text]

    def _look(self, text: str) -> Match | None:
        if len(text) < 2:
            return None
        if text in self._written:
            return Match(frozenset(self._written[text]), "exact")
        if self._stems.get(text):
            return Match(frozenset(self._stems[text]), "short")
        return self._look_for(parse(text, self.home))

    def _look_for(self, name: Name) -> Match | None:
        if name.place and not self._organs.get(name.place):
            return self._elsewhere(name)
        units = self._fitting(self._parsed.get((name.place, name.organ), set()), name)
        if units:
            return Match(frozenset(units), "exact")
        if name.place and name.organ in MAIN:
            mains = self._mains(name.place)
            whole = self._parsed.get((name.place, ""), set())
            chosen = whole or (mains if not name.organ or len(mains) == 1 else set())
            return Match(frozenset(chosen), "exact") if chosen else None
        if len(name.organ) < 2:
            return None
        return self._near(name) or self._office(name)

    def _fitting(self, units: set[int], name: Name) -> set[int]:
        """Without those of another level: 县财政局 is not 市财政局."""
        if not name.level:
            return units
        return {unit for unit in units if self._levels.get(unit, "") in ("", name.level)}

    def _elsewhere(self, name: Name) -> Match | None:
        """A place that the roster does not know: another one, or this one in short or with a slip of the pen."""
        if name.place.startswith("·"):  # 开发区, and the city has one
            zones = [place for place in self._places if place.endswith(name.place)]
            return self._look_for(name._replace(place=zones[0])) if len(zones) == 1 else None
        places = [
            place
            for place in self._places
            if place[-1] == name.place[-1] and _distance(place, name.place) == 1 and _slip(place, name.place)
        ]
        if len(places) != 1 or name.place in lexicon_places():
            return None
        found = self._look_for(name._replace(place=places[0]))
        return found and Match(found.units, "weak")

    def _near(self, name: Name) -> Match | None:
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import extract

        organs = self._organs.get(name.place, {})
        alike = self._by_ends[name.place].get(_ends(name.organ), ())
        short = [organ for organ in alike if is_short(name.organ, organ) or is_short(organ, name.organ)]
        units = self._fitting(set().union(*(organs[organ] for organ in short)), name)
        if len(units) == 1:
            return Match(frozenset(units), "short")
        if short or name.organ in known_organs():
            return None
        close = extract(name.organ, organs.keys(), scorer=Levenshtein.distance, score_cutoff=1, limit=None)
        slips = [organ for organ, _, _ in close if _slip(name.organ, organ)]
        units = self._fitting(set().union(*(organs[organ] for organ in slips)), name)
        return Match(frozenset(units), "weak") if len(units) == 1 else None

    def _office(self, name: Name) -> Match | None:
        """An office of a county of which the roster lists nothing but the county."""
        whole = self._mains(name.place) if name.place else set()
        listed = set(self._organs.get(name.place, {})) - MAIN
        return Match(frozenset(whole), "weak") if whole and not listed else None


def home_of(names: Iterable[str]) -> str:
    """The city, or county, that most offices among `names` belong to."""
    places: Counter[str] = Counter()
    for name in names:
        parsed = parse(name)
        if parsed.place and parsed.organ not in MAIN and not parsed.place.endswith("开发区"):
            places[parsed.place] += 1
    if not places:
        return ""
    best, count = max(places.items(), key=lambda item: (item[1], item[0]))
    return best if count > 1 or len(places) == 1 else ""


@lru_cache(maxsize=1)
def known_organs() -> frozenset[str]:
    """Offices that every city has: such a name is never another one's with a slip of the pen."""
    found = lexicon.load("places/municipal-units")
    return frozenset(parse(term).organ for term in (found.terms if found else ()))


@lru_cache(maxsize=1)
def lexicon_places() -> frozenset[str]:
    """The counties there are: such a name is never another one's with a slip of the pen."""
    found = lexicon.load("places/counties")
    return frozenset(found.terms if found else ())


def _ends(organ: str) -> tuple[str, str]:
    """What a short name has in common with the long one: the kind of office and the first character."""
    tail = _ORGAN_TAIL.search(organ)
    return organ[:1], tail.group() if tail else ""


def is_short(short: str, long: str) -> bool:
    """Whether an organ is called `short` for `long`: 发改委 for 发展改革委, 人社局 for 人力资源社会保障局.

    It has the same kind of office at its end, begins with the same character and takes two or more from the rest.
    """
    if len(short) >= len(long) or long.startswith(short):
        return False
    tails = _ORGAN_TAIL.search(short), _ORGAN_TAIL.search(long)
    if tails[0] is None or tails[1] is None or tails[0].group() != tails[1].group():
        return False
    head, body = short[: tails[0].start()], long[: tails[1].start()]
    if len(head) < 2 or head[0] != body[0] or any(character in _ORDINALS for character in set(body) - set(head)):
        return False
    letters = iter(body)
    return all(character in letters for character in head)


def _distance(one: str, other: str) -> int:
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(one, other, score_cutoff=1)


def _slip(one: str, other: str) -> bool:
    """Whether two names of distance 1 differ as a slip of the pen or of the input method makes it."""
    if one == other:
        return False
    if min(len(one), len(other)) < 3:
        return False
    here = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), -1)
    if len(one) == len(other):
        return not {one[here], other[here]} & _ORDINALS and alike(one[here], other[here])
    # Which of two neighbours is taken for the other must not hang on a number or a side of the sky.
    return max(one, other, key=len)[here] not in _ORDINALS


def alike(one: str, other: str) -> bool:
    """Whether two characters sound alike: the common characters stand in GB 2312 in the order of their sound."""
    first, second = _sound(one), _sound(other)
    return first >= 0 and second >= 0 and abs(first - second) <= _NEIGHBOURS


_NEIGHBOURS = 20
"""A syllable has 9 common characters on average, the fullest (yi, ji, zhi) about 50."""
_COMMON = 3755


def _sound(character: str) -> int:
    try:
        high, low = character.encode("gb2312")
    except (UnicodeEncodeError, ValueError):
        return -1
    place = (high - 0xB0) * 94 + low - 0xA1
    return place if 0 <= place < _COMMON else -1
