"""foreign-name：该写本单位、本县区、本人的地方，写成了别的单位、别的县区、别人的名字。

本单位取自送检时填写的单位、标题、署名；别处的名称要在地名词表或花名册里，并且是做这项工作的人，才报。
学习、考察、签约、结对、交界、籍贯、任职经历里提到别处的，不报；市直单位提到各县区的，不报。
参数：province、city 通知所在的省、市；counties、cities、provinces、zones、units 地名和单位名词表。
情形：signature 署名与标题不是一个单位；unit 标题与送检时填写的单位不同；led-by 在别处党委的领导下；
actor 别的县区或单位做了本单位的工作；self 自称不对（县里的材料自称「我区」）；person 报告人的姓名前后不同。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language.names import Identity, Owner, identify, name_before, place_of, same_unit
from checker.language.paper import Paper
from checker.report import Place
from checker.rules.base import Hit

_SENTENCE_END = "。！？!?；;\n"
CASES = ("signature", "unit", "led-by", "actor", "self", "person")

_TITLE_MAX = 60
# How far a sentence is looked at: no sentence of a paper is longer, and no odd text keeps the rule busy.
_REACH = 300
# What may follow the name of a place where that place, or its committee, does something.
_ORGAN = r"(?:委(?![员托派屈任])|人民政府|政府|人大常委会|人大(?!代表)|政协(?!委员))"
_LEVEL = re.compile(
    rf"[县区旗市省州](?:{_ORGAN}|(?:20\d\d年|今年|全年)?(?:上下|全县|全区|全市|广大|地区生产总值|生产总值|现辖|总人口|位于)|全年|20\d\d年)"
)
_ZONE_ORGAN = re.compile(r"[区地](?=党工委|管委会)")
_OUR_PLACE = re.compile(r"(?<![自忘本])我们?([\u4e00-\u9fff]{2,6})")
_LED = re.compile(r"[^。；：\n]{0,24}?(?:坚强|正确|统一|集中)*(?:领导|指挥)下")
_LEADS_IN = re.compile(
    r"(?:^|[，,：、.．）)])(?:我们?|我[县区局市院校]|[县区局]委|[局县区]?党[组委]|(?:领导)?班子|全[县区局市](?:上下)?|本人|20\d\d年|一年来|今年|始终|坚持)?"
    r"在(?:中共|党中央[^，。；]{0,12}[、和]|省委[^，。；]{0,8}[、和]|市委[^，。；]{0,8}[、和])?(?:中共)?$"
)
_OPENING = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、])?"
    r"(?:(?:一年来|20\d\d年(?:以来)?|今年(?:以来)?|全年|年初|年内|年底|\d{1,2}月(?:份|\d{1,2}日)?|疫情[^，]{0,6}|同时|为此|期间)[，,])?(?:中共)?"
)
_OTHERS_BUSINESS = re.compile(
    r"学习|借鉴|考察|交流|签约|签订(?![^，。；]{0,12}(?:责任|承诺|目标))|签署|结对|结为|合作|协作|联合|携手|共建|对口|支援|援助|援建|帮扶|捐|毗邻|相邻|邻|交界|接壤|跨界|跨县|联防|共治|兄弟"
    r"|据此|进驻|派驻|派来|先进经验|经验|做法|移交|协查|来访|来我|到我|赴|参观|观摩|对接|籍|出生|毕业|原任|曾|时任|调任|调到|任职|挂职|交流到|分别|等[县地]|等[三四五六七八九]?[个县市区]"
    r"|与|同我|和我|对我|向我|给我|为我|以案|案例|通报|典型|教训|警示|起诉|诉讼|判决|高速|铁路|历史|党史|烈士|战役|相比|比我|高于|低于|排名"
)
# Who does something for us, or beside us, is rightly another: 市财政局党组听取我局汇报.
_TO_US = re.compile(r"我(?:县(?![丞令])|区(?![分别间])|局(?![限部面势促])|委|办(?!理)|院(?![落墙士])|校)")
# 「我区」 in a county's paper. 我区分, 我局限于 and the like are other words.
_SELF = re.compile(
    r"(?<![自忘本])我(?P<type>县(?![丞令])|区(?![分别间])|局(?![限部面势促])|校(?![对准正验])|院(?![落墙士])|馆)"
)


@dataclass(frozen=True, slots=True)
class Params:
    """The notice's own province and city, and the lexicons of names."""

    province: str = ""
    city: str = ""
    counties: str = "places/counties"
    cities: str = "places/cities"
    provinces: str = "places/provinces"
    zones: str = "places/zones"
    units: str = "places/municipal-units"


def lexicons(params: Params) -> Iterator[str]:
    """The gazetteers and the table of units."""
    yield from (params.counties, params.cities, params.provinces, params.zones, params.units)


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """Hits on the names that do not belong."""
    identities = [identify(paper.document) for paper in papers]
    for paper, identity in zip(papers, identities, strict=True):
        yield from _title_against_given(paper, identity)
        yield from _signatures(paper, identity)
        yield from _persons(paper, identity)
        own = _own(paper, identity, identities)
        if own is not None:
            yield from _Names(paper, params, own, identity).hits()


def _own(paper: Paper, identity: Identity, others: Sequence[Identity]) -> Owner | None:
    """Whose paper it is: by its own head, else its signature, else as given, else as the other papers agree."""
    given = paper.context.submission.unit
    said = [*identity.heads, *identity.signatures, *([place_of(given)] if given else [])]
    owners = said or _agreed([owner for other in others for owner in other.heads])
    if not owners:
        return None
    own = next((owner for owner in owners if owner.county or owner.zone), owners[0])
    city = next((owner.city for owner in owners if owner.city and not _differ(owner, own)), "")
    return own._replace(city=own.city or city)


def _agreed(owners: list[Owner]) -> list[Owner]:
    """The owners, or none where two of them surely differ: then the papers are not one unit's."""
    return owners if not any(_differ(owners[0], owner) for owner in owners) else []


def _hit(paper: Paper, case: str, span: Span, own: str, related: tuple[Place, ...] = ()) -> Hit:
    found = paper.document.slice(span)
    return Hit(paper.document, span, case, {"found": found, "own": own}, related=related)


# ── head, signature, person ───────────────────────────────────────────


def _differ(one: Owner, other: Owner) -> bool:
    """Whether two names surely mean two units."""
    if one.county or other.county:
        return bool(one.county and other.county) and one.county != other.county
    if one.zone or other.zone:
        return bool(one.zone and other.zone) and not same_unit(one.zone, other.zone)
    if one.city and other.city and one.city != other.city:
        return True
    return not same_unit(one.core, other.core)


def _title_against_given(paper: Paper, identity: Identity) -> Iterator[Hit]:
    given = paper.context.submission.unit
    if given and identity.heads and _differ(place_of(given), identity.heads[0]):
        yield _hit(paper, "unit", identity.heads[0].span, given)


def _signatures(paper: Paper, identity: Identity) -> Iterator[Hit]:
    if not identity.heads:
        return
    head = identity.heads[0]
    for owner in identity.signatures:
        if all(_differ(own, owner) for own in identity.heads):
            yield _hit(paper, "signature", owner.span, head.unit, (Place(paper.document, head.span),))
            return


def _persons(paper: Paper, identity: Identity) -> Iterator[Hit]:
    given = paper.context.submission.person
    reports = sum(document.kind == "cadre-report" for document in paper.context.submission.documents)
    if not identity.persons:
        return
    first = identity.persons[0]
    if given and reports == 1 and first.name != re.sub(r"[\s　]", "", given):
        yield _hit(paper, "person", first.span, given)
        return
    if identity.heads and _of_another_unit(paper, first.name, identity.heads[0]):
        yield _hit(paper, "person", first.span, "花名册里本单位的人员")
        return
    for person in identity.persons[1:]:
        if person.name != first.name:
            yield _hit(paper, "person", person.span, first.name, (Place(paper.document, first.span),))
            return


def _rostered(paper: Paper) -> list[Owner]:
    """The units that the roster names."""
    entries = paper.context.submission.roster
    return [place_of(unit) for unit in dict.fromkeys(entry.unit for entry in entries) if unit]


def _with(names: frozenset[str], more: set[str]) -> frozenset[str]:
    return names | more if more else names


def _of_another_unit(paper: Paper, name: str, own: Owner) -> bool:
    """Whether the roster knows somebody of that name, and only in other units."""
    units = [entry.unit for entry in paper.context.submission.roster if entry.name == name]
    return bool(units) and all(unit and _differ(place_of(unit), own) for unit in units)


# ── the text ──────────────────────────────────────────────────────────


class _Names:
    """One paper of a known owner, read for names of other places and units that act in its stead."""

    def __init__(self, paper: Paper, params: Params, own: Owner, identity: Identity) -> None:
        self.paper = paper
        self.document = paper.document
        self.text = paper.document.text
        self.own = own
        self.params = params
        self.rostered = _rostered(paper)
        self.counties = _with(paper.wording(params.counties), {owner.county for owner in self.rostered if owner.county})
        self.cities = paper.wording(params.cities)
        self.provinces = paper.wording(params.provinces)
        of_province = any(own.unit.startswith(name) for name in self.provinces)
        self.city = "" if of_province else own.city if own.city in self.cities else params.city
        self.province = params.province if self.city == params.city else ""
        title = self.document.title
        self.body = title.end if title is not None and title.end - title.start <= _TITLE_MAX else 0
        self.signatures = [owner.span for owner in identity.signatures]

    def hits(self) -> Iterator[Hit]:
        yield from self._places()
        yield from self._zones()
        yield from self._units()
        yield from self._selves()

    def _found(self, case: str, span: Span) -> Hit:
        return _hit(self.paper, case, span, self.own.unit)

    def _places(self) -> Iterator[Hit]:
        for match in _LEVEL.finditer(self.text, self.body):
            end = match.start() + 1
            name = name_before(self.text, end, self.counties) or name_before(self.text, end, self.cities)
            name = name or name_before(self.text, end, self.provinces)
            if not name and self.text[end - 2 : end] == "县县":  # 范县县委 is as common as 范县委
                end -= 1
                name = name_before(self.text, end, self.counties)
            if not name:
                name = self._unlisted(end)
            if name and self._foreign(name):
                case = self._case(Span(end - len(name), end), match.end(), county=self._is_county(name))
                if case:
                    yield self._found(case, Span(end - len(name), end))
        for match in _OUR_PLACE.finditer(self.text, self.body):
            name = next((name for size in (5, 4, 3, 2) if (name := match[1][:size]) in self.counties), "")
            if name and self._foreign(name) and not self._quoted(Span(*match.span())):
                yield self._found("actor", Span(match.start(1), match.start(1) + len(name)))

    def _unlisted(self, end: int) -> str:
        """A county that no gazetteer holds, where its name stands between 中共 and 县委."""
        start = self.text.rfind("中共", max(0, end - 8), end)
        name = self.text[start + 2 : end] if start >= 0 else ""
        return name if 2 <= len(name) <= 5 and name[-1] in "县区旗" and name[-2] not in "市各全发园范" else ""

    def _is_county(self, name: str) -> bool:
        return name not in self.cities and name not in self.provinces

    def _foreign(self, name: str) -> bool:
        # What the head of the paper names belongs to it, even where it is no unit of a shape that we know.
        if name in self.own.unit or name in self.own.city or name in self.text[: self.body]:
            return False
        if name in self.provinces:
            return bool(self.province) and name != self.province
        if name in self.cities:
            return bool(self.city) and name != self.city and not self.city.startswith(name[:-1])
        return True

    def _case(self, span: Span, end: int, *, county: bool) -> str:
        if any(signature.overlaps(span) for signature in self.signatures):
            return ""
        before = self._before(span.start)
        if _LEADS_IN.search(before) and _LED.match(self.text, end) and not self._elsewhere(before):
            return "led-by"
        if county and not self.own.county:
            return ""  # a municipal unit rightly speaks of all the counties
        if not _OPENING.fullmatch(before) or self._quoted(span):
            return ""
        sentence = before + self._rest(span.start)
        others = _OTHERS_BUSINESS.search(sentence) or _TO_US.search(sentence) or self._listed(span)
        return "" if others else "actor"

    def _elsewhere(self, before: str) -> bool:
        return bool(re.search(r"原|曾|任|期间|工作时|时候|援|医疗队|派驻|挂职", before))

    def _listed(self, span: Span) -> bool:
        """Whether another county stands beside the name: 台前县、范县…."""
        return "、" in self.text[span.end : span.end + 8] and any(
            name_before(self.text, place + 1, self.counties)
            for place in range(span.end, min(span.end + 10, len(self.text)))
            if self.text[place] in "县区市"
        )

    def _zones(self) -> Iterator[Hit]:
        zones = self.paper.wording(self.params.zones)
        for match in _ZONE_ORGAN.finditer(self.text, self.body):
            name = name_before(self.text, match.end(), zones, 14)
            if not name or not (self.own.zone or self.own.county) or (self.own.zone and same_unit(name, self.own.zone)):
                continue
            case = self._case(Span(match.end() - len(name), match.end()), match.end() + 3, county=True)
            if case and (self.own.zone or case == "led-by"):
                yield self._found(case, Span(match.end() - len(name), match.end()))

    def _units(self) -> Iterator[Hit]:
        """Another unit of the city, or the like office of another city, as the one that acts."""
        if self.own.county or self.own.zone or len(self.own.core) < 3:
            return
        units = _with(self.paper.wording(self.params.units), {owner.core for owner in self.rostered})
        pattern = re.compile(
            r"市(?P<unit>[\u4e00-\u9fff]{2,14}?)(?P<group>党组(?!织)|党委(?!会)|领导班子)(?!书记|成员|副书记)"
        )
        for match in pattern.finditer(self.text, self.body):
            unit = match["unit"]
            city = name_before(self.text, match.start() + 1, self.cities)
            other_city = bool(city and self.city and city != self.city)
            if not (unit in units or (other_city and unit == self.own.core)):
                continue
            if not other_city and (same_unit(unit, self.own.core) or unit in self.own.unit):
                continue
            start = match.start() + 1 - max(len(city), 1)
            case = self._case(Span(start, match.end("unit")), match.end(), county=False)
            if case:
                yield self._found(case, Span(start, match.end("unit")))

    def _selves(self) -> Iterator[Hit]:
        """The first 「我区」 of a county's paper, 「我县」 of a district's, 「我院」 of an office's."""
        wrong = self._wrong_types()
        if not wrong:
            return
        for match in _SELF.finditer(self.text, self.body):
            if match["type"][0] in wrong and not self._quoted(Span(*match.span())):
                yield self._found("self", Span(*match.span()))
                return

    def _wrong_types(self) -> str:
        """The types by which this unit does not call itself."""
        own = self.own
        if own.county.endswith("县") and own.unit.removeprefix(own.city).startswith(own.county):
            inner = own.unit.removeprefix(own.city).removeprefix(own.county)
            return "区校院馆局" if re.fullmatch(r"委|人民政府|政府|", inner) else "区"
        if own.county.endswith("区"):
            return "县"
        if own.county or own.zone:
            return ""
        return "县区院校馆" if own.core.endswith("局") else ""

    def _quoted(self, span: Span) -> bool:
        """Whether the name stands inside “…” or 《…》, as what somebody else said or wrote."""
        block = self.document.block_at(span.start)
        if block is None:
            return True
        low = max(block.span.start, span.start - _REACH)

        def last(*marks: str) -> int:
            return max(self.text.rfind(mark, low, span.start) for mark in marks)

        return last("“", "「") > last("”", "」") or last("《") > last("》")

    def _before(self, offset: int) -> str:
        low = max(0, offset - _REACH)
        start = max(self.text.rfind(mark, low, offset) for mark in _SENTENCE_END) + 1
        return self.text[max(start, low) : offset].strip()

    def _rest(self, offset: int) -> str:
        match = re.compile(rf"[^{_SENTENCE_END}]{{0,{_REACH}}}").match(self.text, offset)
        return match.group() if match else ""
