"""What the name of a file says besides whose paper it is: which version (总结（定稿3）), of which day, a copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# How far a paper has come, from the first draft to the last word. A name without any of these stands at `UNMARKED`.
_STAGES = (
    ("作废", 0), ("旧版", 0), ("旧稿", 0), ("草稿", 0), ("原稿", 1), ("初稿", 1), ("讨论稿", 2), ("征求意见稿", 2),
    ("修改稿", 4), ("修订稿", 4), ("修改版", 4), ("修订版", 4), ("修改后", 4), ("改后", 4),
    ("送审稿", 5), ("审核稿", 5), ("审定稿", 6), ("定稿版", 6), ("定稿", 6), ("报送稿", 7), ("上报稿", 7),
    ("正式稿", 7), ("正式版", 7), ("最终稿", 8), ("最终版", 8), ("最终定稿", 8),
    ("终稿", 8), ("终版", 8), ("最终", 8), ("最新版", 8), ("最新", 8),
)  # fmt: skip
UNMARKED = 3
_OLD = frozenset({"旧", "旧的", "原来", "原来的", "备份", "以前", "之前"})
_DIGITS = "零一二三四五六七八九十"
_NUMBER = rf"(?:\d{{1,2}}|[{_DIGITS[1:]}])"
_STAGE_WORDS = "|".join(sorted((word for word, _ in _STAGES), key=len, reverse=True))
_OPEN, _CLOSE = r"[\s（(【\[_\-—－]*", r"[）)】\]]*"
_STAGE = re.compile(
    rf"{_OPEN}(?P<word>{_STAGE_WORDS})[\s（(]*(?P<number>\d{{1,2}}(?![\d.月])|[{_DIGITS[1:]}])?{_CLOSE}"
)
# 与会版 says what a version is for, not how new it is.
_MEETING = re.compile(rf"{_OPEN}(?:与会|会议|上会|存档|打印|盖章|签字|扫描|电子|公示)[版稿件]{_CLOSE}")
_CHANGED = re.compile(rf"[（(【\[]\s*(?:已?改|改)(?P<number>{_NUMBER})?\s*[）)】\]]|[_\-—－]改(?P<other>{_NUMBER})?$")
_COPY = re.compile(r"[\s_\-—－]*(?:的?副本|复件|[\s_\-]copy)[\s_]*(?:[（(]?(?P<number>\d{1,2})[）)]?)?(?=$|[\s_\-（(])")
_VERSION = re.compile(
    rf"{_OPEN}(?:(?<![A-Za-z])[vV](?P<v>\d{{1,2}}(?:\.\d{{1,2}})*)|第?(?P<n>{_NUMBER})[稿版](?!本))版?{_CLOSE}"
)
_DATE = re.compile(
    rf"{_OPEN}(?:(?P<y>20\d\d)(?:(?P<m>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])(?!\d)"
    rf"|[-.年/_](?P<m1>1[0-2]|0?[1-9])[-.月/_](?P<d1>[0-2]\d|3[01]|[1-9])(?!\d)[日号]?)"
    rf"|(?<!\d)(?P<m2>1[0-2]|0?[1-9])月(?P<d2>3[01]|[0-2]?\d)[日号]"
    rf"|(?<![\d.])(?<!^)(?P<m3>1[0-2]|0?[1-9])\.(?P<d3>31|[123]0|[0-2]?[1-9])(?=$|[修改）)】\]\s_\-])"
    rf"|(?<!\d)(?P<m4>0[1-9]|1[0-2])(?P<d4>[0-2]\d|3[01])(?=$|[）)】\]]))(?:修改|改|更新)?[版稿]?{_CLOSE}"
)
_AGAIN = re.compile(r"[\s_]*[（(【\[]\s*(?P<number>\d{1,2})\s*[）)】\]]\s*$")
_LEADING = re.compile(r"^[（(]\s*\d{1,3}\s*[）)]")


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a version. `said` are their words as written.

    `stage` is how far the paper has come (None: nothing said) and `number` the number at it; `version` is 2.1 of v2.1,
    `date` year (0: not said), month and day, `again` the number of a second download, `copy` that it is a copy.
    """

    stage: int | None = None
    number: int = 0
    version: tuple[int, ...] = ()
    date: tuple[int, int, int] | None = None
    again: int = 0
    copy: bool = False
    meeting: bool = False
    said: str = ""

    @property
    def any(self) -> bool:
        """Whether the name bears a mark at all."""
        return bool(self.said)


@lru_cache(maxsize=1 << 16)
def marks_of(stem: str) -> tuple[str, Marks]:
    """The name of a file (without its suffix) rid of the marks of a version, and these marks."""
    said: list[str] = []
    found: dict[str, object] = {}
    stages = dict(_STAGES)

    def took(match: re.Match[str]) -> str:
        said.append(re.sub(r"[（()）【】\[\]_]", "", match.group()).strip(" 　-—－"))
        return " "

    def date(match: re.Match[str]) -> str:
        year = int(match["y"] or 0)
        month, day = (int(next(filter(None, match.group(*names)))) for names in (_MONTHS, _DAYS))
        found["date"] = (year, month, day)
        return took(match)

    def stage(match: re.Match[str]) -> str:
        found["stage"] = max(stages[match["word"]], _whole(found.get("stage", 0)))
        found["number"] = _count(match["number"])
        return took(match)

    def changed(match: re.Match[str]) -> str:
        found.setdefault("stage", stages["修改稿"])
        found.setdefault("number", _count(match["number"] or match["other"]))
        return took(match)

    def version(match: re.Match[str]) -> str:
        parts = match["v"].split(".") if match["v"] else [match["n"]]
        found["version"] = tuple(_count(part) for part in parts)
        return took(match)

    def copy(match: re.Match[str]) -> str:
        found["copy"] = True
        return took(match)

    def meeting(match: re.Match[str]) -> str:
        found["meeting"] = True
        return took(match)

    def again(match: re.Match[str]) -> str:
        found["again"] = int(match["number"])
        return took(match)

    if stem.strip() in _OLD:
        return "", Marks(stage=0, said=stem.strip())
    text = stem
    head = _LEADING.match(text)
    start = head.group() if head else ""
    text = text[len(start) :]
    for pattern, take in (
        (_COPY, copy), (_DATE, date), (_STAGE, stage), (_MEETING, meeting), (_CHANGED, changed), (_VERSION, version),
    ):  # fmt: skip
        text = pattern.sub(take, text)
    # 述职报告(1)(2): a download of a download.
    while _AGAIN.search(text):
        text = _AGAIN.sub(again, text)
    bare = re.sub(r"[\s_\-—－]+$", "", start + text)
    return bare, Marks(said="、".join(word for word in said if word), **found)  # type: ignore[arg-type]


_MONTHS, _DAYS = ("m", "m1", "m2", "m3", "m4"), ("d", "d1", "d2", "d3", "d4")


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _count(text: str | None) -> int:
    if not text:
        return 0
    return int(text) if text.isdecimal() else _DIGITS.index(text)


def bare(stem: str) -> str:
    """The name of a file without the marks of a version: 述职报告 for 述职报告-修改稿（1）."""
    return marks_of(stem)[0]
