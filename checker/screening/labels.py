"""What the path of a paper says: the folders and the file name taken apart into units, persons and the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from checker.file_names import Marks, marks_of
from checker.language.names import is_name, without_posts
from checker.screening.unit_names import Index, Match, plain

_ARCHIVE = re.compile(r"\.(?:zip|rar|7z|tar|gz)$", re.IGNORECASE)
_NUMBERING = re.compile(
    r"^(?:[（(\[【]?\s*(?:\d{1,4}|[一二三四五六七八九十]{1,3})\s*[）)\]】、.．,，_\-—\s]+|\d{1,3}(?=[\u4e00-\u9fff])(?!\d*年|月)"
    r"|附件?(?:材料)?[一二三四五六七八九十\d]*[：:、.．\-\s]*)+"
)
_YEAR = re.compile(r"(?:20\d\d|二[〇○零]二[〇○零一二三四五六])(?:\s*年度?)?")
_COUNT = re.compile(r"[（(【\[]?\s*共?(?:\d{1,4}|[一二三四五六七八九十]{1,3})\s*[份个人篇]\s*[）)】\]]?")
# What the path says of the paper and of the errand, not of its owner. Longest first where one begins another.
_NOISE = re.compile(
    r"^关于|^中共(?=$)|(?:个人)?(?:述[职学廉德法]){1,5}(?:情况)?(?:报告|材料|总结)?|(?:党政|领导)*班子(?:成员)?|领导干部|副?县级(?:以上)?(?:领导)?干部|"
    r"(?:个人)?(?:年度|全年|年终|年)?(?:考核)?(?:工作)?(?:情况)?(?:总结|汇报)(?:报告|材料)?|工作报告|个人报告|"
    r"(?:工作|主要|重点|存在|突出)?(?:实绩|特色工作|特色|问题|建议|[四三两4]个)清单|清单|(?:年度)?考核等次(?:建议)?表?|等次建议|"
    r"一报告两评议|试用期(?:满)?|任现职|原任职情况|派出单位|接收单位|意见|年终考核|年度考核|考核|年度|年终|"
    r"(?:相关|有关|上报|报送|全部|所有|支撑|其[他它])?(?:材料|资料|文件夹|文件|文档|附件)|报送|上报|提交|汇总|打包|压缩包|新建|合集|合并|"
    r"电子版|纸质版|盖章版|扫描件|扫描版|签字版|发送版|邮件|微信|下载|转来|退回|"
    r"整理|补充|补报|更正|最新|修改后|修改|已改|改后|终审|审核|核对|待审|已审|完整|干部|个人|附表|封面|报告|^的$"
)
# Folders that sort and name nobody.
_SORTING = re.compile(
    r"^(?:各|全[市县]|市直|县直|县区|各县区?|乡镇|其[他它]|未分类|待分类|单位|部门|机关|领导|科级|县级|正职|副职|主要|党政|两委)*"
    r"(?:单位|部门|机关|县区|县市区|开发区?们|乡镇|局委|委局|委办局|群团|党群|政府口|口|组|部门单位|直属)?$"
)
_PIECES = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9·]+")
_ORGAN_ENDS = frozenset("乡镇道局委办部院会社队台站馆室处心司团校学府协联县区市旗大地园厅所区")
_INSIDE = re.compile(r"^[\u4e00-\u9fff]{2,12}?(?:局|委(?!员|书记)|办|中心|院|会|大队|支队|站|公司|所|学校)(?!长|主任)")
_PART = re.compile(
    r"[（(【\[_\-]?(?:(?P<side>[上中下])(?:册|篇|部分)?(?=[）)】\]]|$)|第(?P<number>[一二三四五\d])(?:部分|册|篇)|之(?P<which>[一二三四五\d])(?=$|[）)]))"
)
_POSSIBLE_UNIT = re.compile(
    r"^[\u4e00-\u9fff]{2,25}?(?:局|委|委员会|办|办公室|部|院|会|社|队|台|站|馆|校|中学|小学|处|中心|公司|集团|学院|大学|政府|政协|人大|联|[县区乡镇]|街道|开发区|示范区|基地|园区|新区)$"
)


UNMARKED_NAME = Marks()


@dataclass(frozen=True, slots=True)
class Label:
    """One folder or file name. `match` are the units it may mean, by the words `unit`; `persons` those on the roster.

    `maybe` are words that may be a name nobody knows, `rest` what is left, `possible` a word that looks like a unit.
    """

    text: str
    match: Match | None = None
    unit: str = ""
    persons: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    possible: str = ""
    year: str = ""
    part: str = ""
    marks: Marks = UNMARKED_NAME


def stem_of(name: str) -> str:
    """The name of a file without its suffix, also where a suffix stands twice (总结.docx.docx)."""
    return re.sub(r"(?:\.[A-Za-z]{2,5}){1,2}$", "", PurePosixPath(name).name)


def level_of(folder: str) -> str:
    """The name of a folder; a packed one is one."""
    return _ARCHIVE.sub("", folder)


def sorts(folder: str) -> bool:
    """Whether a folder is named after what lies in it (问题清单, 述职报告), and not after whose it is."""
    return not _NOISE.sub("", plain(_without(folder))) or _SORTING.match(plain(folder)) is not None


class Reader:
    """Takes names apart against one roster; the same name is taken apart once."""

    def __init__(self, index: Index, persons: Mapping[str, object]) -> None:
        self.index = index
        self.persons = persons
        self._seen: dict[tuple[str, str], Label] = {}

    def read(self, text: str, place: str = "") -> Label:
        """What `text`, a folder or the stem of a file, says under the folder of a county `place`."""
        key = text, place
        if key not in self._seen:
            self._seen[key] = self._label(text, place)
        return self._seen[key]

    def _label(self, text: str, place: str) -> Label:
        bare, marks = marks_of(unicodedata.normalize("NFKC", text).strip())
        year = _YEAR.search(bare)
        found = _Found(self.index, self.persons, place)
        part = _PART.search(bare)
        for piece in _PIECES.split(_without(bare)):
            found.take(piece)
        return Label(
            text,
            found.match,
            found.unit,
            tuple(found.persons),
            tuple(found.maybe),
            tuple(found.rest),
            found.possible,
            _digits(year.group()) if year else "",
            next(filter(None, part.groups())) if part else "",
            marks,
        )


def _digits(year: str) -> str:
    return re.sub("年度?", "", year).translate(str.maketrans("〇○零一二三四五六", "000123456")).strip()


def year_of(title: str) -> str:
    """The year that a title speaks of, or an empty word."""
    found = re.findall(r"(20\d\d)\s*年", unicodedata.normalize("NFKC", title))
    return found[0] if len(set(found)) == 1 else ""


@lru_cache(maxsize=1 << 16)
def _without(text: str) -> str:
    """`text` without numbering, years and counts; what stands in brackets becomes a piece of its own."""
    text = _COUNT.sub(" ", _YEAR.sub(" ", text)).strip()
    return _NUMBERING.sub("", text).strip()


class _Found:
    """What the pieces of one name add up to."""

    def __init__(self, index: Index, persons: Mapping[str, object], place: str) -> None:
        self.index, self.known, self.place = index, persons, place
        self.match: Match | None = None
        self.unit = ""
        self.possible = ""
        self.persons: list[str] = []
        self.maybe: list[str] = []
        self.rest: list[str] = []

    def take(self, piece: str) -> None:
        """One piece between marks and blanks."""
        piece = _NUMBERING.sub("", piece)
        if not piece or _SORTING.match(piece):
            return
        if piece in self.known:
            self.persons.append(piece)
            return
        person = self._person_first(piece)
        if person:
            self.persons.append(person)
            piece = piece[len(person) :]
        after = self._take_unit(piece)
        if after is None:
            # 关于报送市财政局…: the unit may stand behind words of the errand.
            for part in _NOISE.sub(" ", piece).split():
                inner = self._take_unit(part) if part != piece else None
                self._take_rest(part if inner is None else inner)
            return
        for part in _NOISE.sub(" ", after).split():
            self._take_rest(part)

    def _person_first(self, piece: str) -> str:
        """张三述职报告, 张三（财政局）: a name of the roster that the piece begins with, and no unit does."""
        for size in (5, 4, 3, 2):
            name, after = piece[:size], piece[size:]
            if name in self.known and (size > 2 or not after or _NOISE.match(after) or without_posts(after)[:1] == " "):
                return name
        return ""

    def _take_unit(self, piece: str) -> str | None:
        """What follows the unit that the piece begins with; None where it begins with none."""
        found = self._unit_of(plain(piece))
        if found is None:
            return None
        match, unit = found
        after = plain(piece)[len(unit) :]
        if _INSIDE.match(after) and not self._is_person(after) and not _NOISE.match(after):
            match = Match(match.units, "weak")
        if self.match is None:
            self.match, self.unit = match, unit
        elif common := self.match.units & match.units:
            self.match = Match(common, self.match.quality)
        else:
            self.rest.append(unit)
        return after

    def _unit_of(self, piece: str) -> tuple[Match, str] | None:
        said = _NOISE.search(piece)
        longest = min(said.start() if said else len(piece), 30)
        tried = [
            piece[:end]
            for end in range(min(len(piece), 30), 1, -1)
            if end == longest
            or (piece[end - 1] in _ORGAN_ENDS and piece[end - 2] != "副")
            or self.index.starts(piece[:end])
        ]
        plainly = next(((match, text) for text in tried if (match := self.index.exact(text, self.place))), None)
        if plainly is not None:
            tried = [text for text in tried if len(text) > len(plainly[1]) and self.index.inside(text)] + [plainly[1]]
        found = [(match, text) for text in tried if (match := self.index.find(text, self.place)) is not None]
        # A longer name beats a shorter one (禾渡县财政局 is not 禾渡县); a slip of the pen never beats a plain name.
        firm = [pair for pair in found if pair[0].quality != "weak"]
        weak = [
            pair
            for pair in found
            if pair[0].quality == "weak" and pair[1][-1] in _ORGAN_ENDS and not _NOISE.search(pair[1])
        ]
        if firm and weak and len(weak[0][1]) > len(firm[0][1]) and self.index.inside(weak[0][1]):
            return weak[0]
        return firm[0] if firm else weak[0] if weak else None

    def _is_person(self, text: str) -> bool:
        return text in self.known or without_posts(text).strip() in self.known

    def _take_rest(self, part: str) -> None:
        """Words that are neither unit nor errand: a person, with or without a post, or something we do not know."""
        for word in without_posts(part).split():
            name = self._person_in(word)
            if name:
                self.persons.append(name)
            elif len(word) in (2, 3, 4) and is_name(word) and not _POSSIBLE_UNIT.match(word):
                self.maybe.append(word)
            else:
                if not self.possible and _POSSIBLE_UNIT.match(word):
                    self.possible = word
                self.rest.append(word)

    def _person_in(self, word: str) -> str:
        if word in self.known:
            return word
        for size in (4, 3):
            for name in (word[-size:], word[:size]):
                if len(word) > size and name in self.known:
                    return name
        return ""
