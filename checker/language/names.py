"""Whose paper is it? The unit and the person that a paper names as its own, and places told by a gazetteer.

A paper names its own unit in the title (中共某县委领导班子…总结), in the line under it (某局副局长　某人) and in the
signature. Only lines of one of these shapes count; a paper that has none belongs to nobody we know.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from checker.document import Block, Document, Span

_LINE_MAX = 45
_HEAD_BLOCKS = 5
_TAIL_BLOCKS = 5

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余顾孟黄穆萧尹姚邵汪祁毛狄米贝明臧计成戴宋庞熊纪舒屈项祝董"
    "梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房裘缪解应宗丁宣邓郁单洪包左石崔吉龚"
    "程邢裴陆荣翁荀惠曲封储靳段焦谷侯全班秋仲宁栾甘厉戎武符刘景詹龙叶司黎薄印白蒲从索赖卓屠蒙池乔阴苍闻党翟谭姬申冉桑桂"
    "牛寿边燕尚温庄晏柴瞿阎连习容向古易廖居衡耿满匡文寇东欧沃关隆师巩聂辛简饶曾沙丰巢查付肖闫覃岳代佘逯兰涂楚闪鞠仝晁芦邸原"
)
_COMPOUND = "欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|司徒|东方|端木|令狐"
_GIVEN = r"[\u4e00-\u9fff]"
_NAME = rf"(?:(?:{_COMPOUND})[\s　]{{0,4}}{_GIVEN}{{1,2}}|[{_SURNAMES}](?:[\s　]{{1,4}}{_GIVEN}|{_GIVEN}{{1,2}}))"

_POSTS = (
    r"(?:书记|主任|局长|县长|区长|市长|部长|院长|检察长|校长|馆长|会长|站长|主席|社长|所长|处长|科长|台长|理事长|秘书长|总经理|董事长"
    r"|经理|主编|总编辑|支队长|大队长|队长|参谋长|政委|委员(?!会)|常委(?!会)|成员|调研员|巡视员|总工程师|工程师|总经济师|总会计师)"
)
_NO_NAME = re.compile(r"谢谢|成[绩效果都]|方[案面]|时[间任]|计划|经验|于|[^\n]+[人员长生师年]$")
_DATE_LINE = re.compile(r"\s*[（(]?(?:\d{4}|[〇○零一二三四五六七八九]{4})年.{2,9}\s*")

_CUT = re.compile(
    r"(?:党政)?(?:领导)?班子|党组|党委|党工委|党支部|(?:19|20)\d\d|二[〇○]|述[职学廉]|年度|[\s　]|工作总结|"
    r"(?:实绩|特色|问题|建议|四个)|[“（(《]"
    rf"|副?{_POSTS}"
)
_ORGAN_END = re.compile(
    r"(?:委员会|常委会|局|委|办公室|办|中心|部|院|大学|学校|中学|公司|集团|馆|站|校|会|社|队|台|室|处|政府|政协|人大|[县区旗市]|基地|园)$"
)
_PREFIX = re.compile(r"^(?:附件?\d*[：:.．、]?|中国共产党|中共|共青团|[一二三四五六七八九十\d]+[、.．])+")
_ZONE = re.compile(
    r"[\u4e00-\u9fff]{2,14}?(?:开发区|示范区|工业园区|产业园区|园区|新区|集聚区|高新区|经开区|化工基地|管理区)"
)
_COUNTY = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,8}?[市州盟])?([\u4e00-\u9fff]{1,8}?(?:自治县|县|(?<![社园景灌库小校辖片军牧])区(?=$|委|人|政|纪|[\u4e00-\u9fff]{2,}[局办院会])))"
)
_CITY = re.compile(r"^(?!市|城市)([\u4e00-\u9fff]{2,9}?(?:市|自治州|州|地区|盟))")


_NOWHERE = Span(0, 0)


class _Patterns(NamedTuple):
    """Where a paper names a person."""

    by_line: re.Pattern[str]
    in_title: re.Pattern[str]
    signer: re.Pattern[str]
    myself: re.Pattern[str]
    whole_name: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Made when the first report of a cadre comes: a class of 400 surnames in each takes 17 ms of a start."""
    return _Patterns(
        by_line=re.compile(
            rf"^.{{2,40}}{_POSTS}(?:[（(][^）)]{{1,12}}[）)])?[\s　]+({_NAME})\s*(?:[（(][^）)]{{1,20}}[）)])?\s*$"
        ),
        in_title=re.compile(rf"{_POSTS}({_NAME})(?:同志)?(?:的)?(?=20\d\d|二[〇○]|年度|述[职学廉])"),
        signer=re.compile(
            rf"^\s*(?:述[职学廉]|报告|汇报)人(?:姓名)?(?:签[名字])?[：:\s　]\s*({_NAME})\s*(?:$|[（(\s　])"
        ),
        myself=re.compile(
            rf"(?:^|[，。；])[^\S\n]*+(?:(?:本人|我是)({_NAME})[，,]?(?=现任|男[，,]|女[，,]|系)|我叫({_NAME})(?=[，。,]))",
            re.MULTILINE,
        ),
        whole_name=re.compile(rf"\s*({_NAME})\s*(?:[（(][^）)]{{1,20}}[）)])?\s*"),
    )


class Owner(NamedTuple):
    """A unit as a paper names it at `span`; its city, and its county or zone, as far as its name holds them."""

    unit: str
    span: Span
    city: str = ""
    county: str = ""
    zone: str = ""

    @property
    def core(self) -> str:
        """The unit without the city before it: 渠务局 for 濮阳市渠务局."""
        bare = self.unit.removeprefix(self.city)
        return bare.removeprefix("市") if not self.county and not self.zone else bare


class Person(NamedTuple):
    """A name and where it stands."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Identity:
    """What a paper says of itself: its units in the head and in the signature, and the persons that report."""

    heads: tuple[Owner, ...] = ()
    signatures: tuple[Owner, ...] = ()
    persons: tuple[Person, ...] = ()


def identify(document: Document) -> Identity:
    """The units and the persons that the first and the last lines of a paper, and 「我叫某某」, name as its own."""
    filled = [block for block in document.blocks if block.cell is None and document.slice(block.span).strip()]
    head, tail = filled[:_HEAD_BLOCKS], filled[_HEAD_BLOCKS:][-_TAIL_BLOCKS:]
    heads = (_head(document, block) for block in head if _is_line(document, block))
    signatures = (_signature(document, block) for block in tail if _is_line(document, block))
    persons = _persons(document, head, tail) if document.kind == "cadre-report" else ()
    return Identity(
        tuple(owner for owner in heads if owner is not None),
        tuple(owner for owner in signatures if owner is not None),
        tuple(persons),
    )


def _is_line(document: Document, block: Block) -> bool:
    line = document.slice(block.span).strip()
    return block.kind != "heading" and len(line) <= _LINE_MAX and line[-1] not in "。；，：、" and "，" not in line


def _head(document: Document, block: Block) -> Owner | None:
    """The unit of a title line: it says that it is one, or something besides the unit (a post, a year, 党组)."""
    line = document.slice(block.span)
    if block.kind == "title" or _CUT.search(line) or "中共" in line:
        return owner_of(document, block.span)
    return None


def owner_of(document: Document, span: Span) -> Owner | None:
    """The unit that a line begins with, or None."""
    line = document.slice(span)
    lead = len(line) - len(line.lstrip(" 　（("))
    prefix = _PREFIX.match(line[lead:])
    start = lead + (prefix.end() if prefix else 0)
    cut = _CUT.search(line, start)
    end = cut.start() if cut else len(line.rstrip())
    unit = line[start:end]
    if not 3 <= len(unit) <= 25 or not re.fullmatch(r"[\u4e00-\u9fff]+", unit):
        return None
    if not _ORGAN_END.search(unit):
        return None
    return place_of(unit, Span(span.start + start, span.start + end))


def place_of(unit: str, span: Span = _NOWHERE) -> Owner:
    """A unit with the city, county or zone that its name begins with."""
    unit = _PREFIX.sub("", unit)
    county, city = _COUNTY.match(unit), _CITY.match(unit)
    zone = _ZONE.match(unit, city.end() if city else 0)
    if zone is not None:
        return Owner(unit, span, city=city[1] if city else "", zone=zone.group())
    if county is not None and not county[1].startswith(("市", "全", "各", "本", "我")):
        before = unit[: county.start(1)]
        return Owner(unit, span, city=before, county=county[1])
    return Owner(unit, span, city=city[1] if city else "")


def _signature(document: Document, block: Block) -> Owner | None:
    """The unit that a line at the end consists of: a signature names nothing besides, but for the date."""
    line = document.slice(block.span).strip()
    if not re.fullmatch(r"[\u4e00-\u9fff]{3,28}(?:[\s　]*(?:\d{4}|[〇○零一二三四五六七八九]{4})年.*)?", line):
        return None
    return owner_of(document, block.span)


def _persons(document: Document, head: list[Block], tail: list[Block]) -> Iterator[Person]:
    blocks, patterns = [*head, *tail], _patterns()
    for number, block in enumerate(blocks):
        if not _is_line(document, block):
            continue
        line = document.slice(block.span)
        found = (pattern.search(line) for pattern in (patterns.by_line, patterns.in_title, patterns.signer))
        match = next((match for match in found if match is not None), None) or _standing_alone(document, blocks, number)
        if match is not None:
            yield _person(match, block.span.start)
    for match in patterns.myself.finditer(document.text):
        if not _NO_NAME.match(match[1] or match[2]):
            yield _person(match, 0)


def _standing_alone(document: Document, blocks: list[Block], number: int) -> re.Match[str] | None:
    """A line that is a name and nothing else, under a title or over a date."""
    match = _patterns().whole_name.fullmatch(document.slice(blocks[number].span))
    if match is None or _NO_NAME.match(match[1]):
        return None
    before = document.slice(blocks[number - 1].span) if number else ""
    after = document.slice(blocks[number + 1].span) if number + 1 < len(blocks) else ""
    return match if "述职" in before[:_LINE_MAX] or _DATE_LINE.fullmatch(after) else None


def _person(match: re.Match[str], base: int) -> Person:
    group = next(index for index, name in enumerate(match.groups(), 1) if name)
    return Person(re.sub(r"[\s　]", "", match[group]), Span(*match.span(group)).shift(base))


def same_unit(one: str, other: str) -> bool:
    """Whether two names may mean one unit: 市发改委 is short for 濮阳市发展和改革委员会, 渠务局 is not 水利局."""
    short, long = sorted((one, other), key=len)
    if _is_subsequence(short, long):
        return True
    bare = [
        re.sub(
            r"发展(?!和?改革)|服务|管理|(?:委员会|管理局|事务局|工作局|办公室|中心|局|委|办|部|会|院|处|室|馆)$",
            "",
            name,
        )
        for name in (short, long)
    ]
    return bool(_pairs(bare[0]) & _pairs(bare[1])) or min(map(len, bare)) < 2


def _is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _pairs(name: str) -> set[str]:
    return {name[index : index + 2] for index in range(len(name) - 1)}


def is_name(text: str) -> bool:
    """Whether the whole of `text` looks like the name of a person."""
    return _patterns().whole_name.fullmatch(text) is not None and not _NO_NAME.match(text)


def without_posts(text: str) -> str:
    """`text` with a blank for each post in it."""
    return re.sub(rf"(?:党组|党委|党工委|常务|第一)*副?{_POSTS}|同志", " ", text)


def name_before(text: str, end: int, names: Collection[str], longest: int = 9) -> str:
    """The longest of `names` that ends at `end`, or ""."""
    for size in range(min(longest, end), 1, -1):
        if text[end - size : end] in names:
            return text[end - size : end]
    return ""
