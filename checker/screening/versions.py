"""Duplicates and older versions among the papers of one unit, kind and person.

A paper is set aside only where its text is that of another one, or where something says that it is the older of two
versions. Papers that differ in what they are about (another year, 上 and 下, 县委 and 县政府, 述职 and 述廉) are no
versions of each other, and where nothing tells which of two is newer both count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from checker.document import LIST_KINDS, PAPER_KINDS
from checker.file_names import UNMARKED, Marks
from checker.screening.cards import Assignment, Card, Key
from checker.screening.labels import Label, year_of

_ONE_EACH = frozenset({"team-summary", "cadre-report", "probation-summary", *LIST_KINDS})
_PERSONAL = frozenset({"cadre-report", "probation-summary"})
_TOLD = "像是两个版本，建议核对"
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper with what its path says. `organ` is the office it speaks of, `used` what a person decided or None."""

    card: Card
    assignment: Assignment
    file: Label
    folders: tuple[Label, ...]
    organ: str
    used: bool | None = None

    @property
    def name(self) -> str:
        """The name of the file alone."""
        return PurePosixPath(self.card.key.name).name


def settle(papers: Sequence[Paper]) -> list[Assignment]:
    """The assignments, with those set aside that are duplicates or older."""
    groups: dict[tuple[str, str, str], list[Paper]] = defaultdict(list)
    found: list[Assignment] = []
    for paper in papers:
        it = paper.assignment
        if it.unit:
            groups[it.unit, it.kind, it.person].append(paper)
        else:
            found.append(_refused(paper, ()) if paper.used is False else it)
    for group in groups.values():
        found += _settled(sorted(group, key=lambda paper: paper.card.key))
    return found


def _settled(group: Sequence[Paper]) -> list[Assignment]:
    """What a person took out of the count (采用：否) does not make others older.

    A 否 at a paper that gives way anyway decides nothing, so a table given back as it was written changes nothing.
    """
    refused: set[Key] = set()
    while True:
        done = _compared([paper for paper in group if paper.card.key not in refused])
        more = {key for paper in group if paper.used is False and not done.get(key := paper.card.key, _GONE).why}
        if not more:
            break
        refused |= more
    counting = [paper for paper in group if paper.card.key in done and (paper.used or not done[paper.card.key].why)]
    return [
        _refused(paper, counting) if paper.card.key in refused else _decided(paper, done[paper.card.key])
        for paper in group
    ]


_GONE = Assignment(Key("", 0), "", "", "other", "none", "", why="older")


def _compared(group: Sequence[Paper]) -> dict[Key, Assignment]:
    done: dict[Key, Assignment] = {}
    left = _without_duplicates(group, done)
    for family in _families(left):
        _by_age(family, done)
    return done


def _refused(paper: Paper, counting: Sequence[Paper]) -> Assignment:
    """A paper that a person took out of the count; where nothing counts in its place it names itself."""
    key = paper.card.key
    near = next((other.card.key for other in counting if other.name == paper.name), None)
    instead = near or next((other.card.key for other in counting), key)
    how = f"{paper.assignment.how}；归属表指定不采用"
    return replace(paper.assignment, certainty="pinned", how=how, instead=instead, why="older")


def _decided(paper: Paper, found: Assignment) -> Assignment:
    """A paper that a person wants counted counts, whatever was found."""
    if not paper.used or not found.why:
        return found
    other = f"{_shown(found.instead, found.key)}与它{'内容相同' if found.why == 'same' else '像是两个版本'}"
    how = f"{paper.assignment.how}；归属表指定采用（{other}）"
    return replace(paper.assignment, certainty="pinned", how=how)


def _shown(key: Key | None, beside: Key | None = None) -> str:
    """A file as it is told, with its folder where the one `beside` it is called the same."""
    if key is None:
        return ""
    path = PurePosixPath(key.name)
    same = beside is not None and PurePosixPath(beside.name).name == path.name
    return f"《{'/'.join(path.parts[-2:]) if same else path.name}》"


# ---- the same text --------------------------------------------------------------------------------------------


def _without_duplicates(group: Sequence[Paper], done: dict[Key, Assignment]) -> list[Paper]:
    """The papers of `group`, one for each text; the others are done with."""
    texts: dict[str, list[Paper]] = defaultdict(list)
    for paper in group:
        alone = not paper.card.text or not paper.card.words
        texts[f"{paper.card.key}" if alone else paper.card.text].append(paper)
    left = []
    for same in texts.values():
        best = min(same, key=_as_kept)
        left.append(best)
        for paper in same:
            if paper is not best:
                how = f"{paper.assignment.how}；与{_shown(best.card.key, paper.card.key)}内容相同，不再重复检查"
                done[paper.card.key] = replace(paper.assignment, how=how, instead=best.card.key, why="same")
    return sorted(left, key=lambda paper: paper.card.key)


_FORMATS = (".docx", ".docm", ".doc", ".wps", ".odt", ".rtf", ".txt", ".html", ".pdf", ".ofd")


def _as_kept(paper: Paper) -> tuple[object, ...]:
    """Of the same text the best is kept: what a person chose, the furthest version, no copy, a Word file."""
    marks = _marks(paper)
    suffix = PurePosixPath(paper.name).suffix.lower()
    return (
        paper.used is not True,
        paper.used is False,
        -(marks.stage if marks.stage is not None else UNMARKED),
        -marks.number,
        tuple(-number for number in marks.version),
        marks.copy,
        marks.again,
        _FORMATS.index(suffix) if suffix in _FORMATS else len(_FORMATS),
        len(paper.card.key.name),
        paper.card.key,
    )


# ---- versions -------------------------------------------------------------------------------------------------


def _families(papers: Sequence[Paper]) -> list[list[Paper]]:
    """Papers that may be versions of one: nothing that their names and titles say of the subject differs.

    Where one says nothing, it goes with the others if those agree among themselves.
    """
    if len(papers) < 2:
        return [list(papers)]
    filled = []
    for aspect in _ASPECTS:
        values = [aspect(paper) for paper in papers]
        said = {value for value in values if value}
        only = next(iter(said)) if len(said) == 1 else ""
        filled.append([value or only for value in values])
    families: dict[tuple[str, ...], list[Paper]] = defaultdict(list)
    for paper, *key in zip(papers, *filled, strict=True):
        families[tuple(key)].append(paper)
    return list(families.values())


def _year(paper: Paper) -> str:
    return year_of(paper.card.title) or paper.file.year


def _organ(paper: Paper) -> str:
    return paper.organ


def _part(paper: Paper) -> str:
    return paper.file.part or "-"


def _rest(paper: Paper) -> str:
    """What the name says besides, 党建 of 党建工作总结; a name that says nothing more is the plain one."""
    words = [word for word in (*paper.file.rest, *paper.file.maybe) if word != paper.assignment.person]
    inner = [word for label in paper.folders if label.match is None for word in (*label.rest, *label.maybe)]
    said = {word for word in (*words, *inner) if not re.fullmatch("[0-9A-Za-z]+", word)}
    return "·".join(sorted(said - {paper.assignment.person})) or "-"


def _duty(paper: Paper) -> str:
    """述职, 述廉 and 述学 may be told in papers of their own; 述职 with others is the whole."""
    if paper.card.kind not in _PERSONAL:
        return "-"
    said = set(re.findall("述([职学廉德法])", paper.card.title) or re.findall("述([职学廉德法])", paper.name))
    said |= {letter for run in re.findall("述[职学廉德法述]+", paper.card.title) for letter in run} - {"述"}
    return "" if not said else "职" if "职" in said else "".join(sorted(said))


def _several(paper: Paper) -> str:
    """四个清单 in one file, or one list alone."""
    return "together" if re.search("[四三两4]个清单", paper.name) or paper.card.key.part else "-"


_ASPECTS: tuple[Callable[[Paper], str], ...] = (_year, _organ, _part, _rest, _duty, _several)


def _by_age(family: Sequence[Paper], done: dict[Key, Assignment]) -> None:
    """Those that another one of the family is newer than are set aside; where nothing tells, both stay and say so."""
    older: dict[Key, tuple[Paper, str]] = {}
    for paper in family:
        for other in family:
            reason = _newer(other, paper)
            if reason and paper.card.key not in older:
                older[paper.card.key] = other, reason
    top = [paper for paper in family if paper.card.key not in older]
    if not top:  # marks that contradict one another in a circle
        older, top = {}, list(family)
    names = {paper.card.key for paper in top}
    for paper in family:
        key = paper.card.key
        if key in names:
            done[key] = _kept(paper, [other for other in top if other.card.key.name != key.name])
            continue
        better, reason = _last(paper, older)
        how = f"{paper.assignment.how}；较旧：{reason}，以{_shown(better.card.key, key)}为准"
        done[key] = replace(paper.assignment, how=how, instead=better.card.key, why="older")


def _last(paper: Paper, older: dict[Key, tuple[Paper, str]]) -> tuple[Paper, str]:
    """The version that counts in the end, and why: 定稿3 for 初稿, also where 定稿2 lies between."""
    better, reason = older[paper.card.key]
    seen = {paper.card.key}
    while better.card.key in older and better.card.key not in seen:
        seen.add(better.card.key)
        better = older[better.card.key][0]
    return better, _newer(better, paper) or reason


def _kept(paper: Paper, others: Sequence[Paper]) -> Assignment:
    it = paper.assignment
    if not others or it.kind not in _ONE_EACH or not paper.card.words:
        return it
    if _nameless(paper) and not any(_marks(it).any for it in (paper, *others)):
        return it
    if all(not other.card.words for other in others):
        return it
    names = "".join(_shown(other.card.key, paper.card.key) for other in others[:3])
    certainty = "guess" if it.certainty == "sure" else it.certainty
    kind = PAPER_KINDS.get(it.kind, it.kind)
    return replace(it, certainty=certainty, how=f"{it.how}；另有{names}也是{kind}，{_TOLD}")


def _marks(paper: Paper) -> Marks:
    """The marks of the file; where it has none those of its nearest folder (修改后/, 定稿/)."""
    own = paper.file.marks
    if own.stage is not None or own.version or own.date:
        return own
    folder = next((label.marks for label in reversed(paper.folders) if label.marks.any), None)
    if folder is None or folder.copy:
        return own
    return replace(folder, again=own.again, copy=own.copy)


def _newer(one: Paper, other: Paper) -> str:
    """Why `one` is a newer version than `other`; empty where it is not, or nothing tells."""
    if one is other or one.card.key.name == other.card.key.name:
        return ""
    if not one.card.words or not other.card.words or _nameless(one):
        return ""
    first, second = _marks(one), _marks(other)
    signs = [*_by_stage(first, second), *_by_count(first, second), *_by_date(first, second)]
    ways = {way for way, _ in signs}
    if ways == {1}:
        return signs[0][1]
    if ways:
        return ""
    if first.meeting != second.meeting or first.copy or second.copy:
        return _by_time(one, other) if first.copy or second.copy else ""
    if _again(one, other, first, second):
        return f"文件名末尾是（{first.again}），是后来的一份"
    if first.again or second.again:
        return ""
    return _by_time(one, other)


def _by_stage(first: Marks, second: Marks) -> Iterable[tuple[int, str]]:
    if first.stage is None and second.stage is None:
        return
    stages = [UNMARKED if marks.stage is None else marks.stage for marks in (first, second)]
    if stages[0] != stages[1]:
        better, worse = (first, second) if stages[0] > stages[1] else (second, first)
        told = f"另一份的文件名写着「{better.said}」" if better.stage is not None else f"文件名写着「{worse.said}」"
        yield (1 if better is first else -1), told
    elif first.number != second.number:
        yield (1 if first.number > second.number else -1), f"另一份的文件名写着「{first.said}」"


def _by_count(first: Marks, second: Marks) -> Iterable[tuple[int, str]]:
    if first.version and second.version and first.version != second.version:
        yield (1 if first.version > second.version else -1), f"另一份的文件名写着「{first.said}」"
    elif bool(first.version) != bool(second.version) and (first.version or second.version) > (1,):
        yield (1 if first.version else -1), f"另一份的文件名写着「{first.said}」"


def _by_date(first: Marks, second: Marks) -> Iterable[tuple[int, str]]:
    if first.date is None or second.date is None:
        return
    dates = [_day(marks.date, with_year=bool(first.date[0] and second.date[0])) for marks in (first, second)]
    if dates[0] != dates[1]:
        yield (1 if dates[0] > dates[1] else -1), f"另一份的文件名写着「{first.said}」"


def _day(date: tuple[int, int, int] | None, *, with_year: bool) -> tuple[int, int, int]:
    """A date that compares; without its year, January to June follow the December before them."""
    assert date is not None
    year, month, day = date
    return (year, month, day) if with_year else (int(month <= 6), month, day)


def _again(one: Paper, other: Paper, first: Marks, second: Marks) -> bool:
    """总结(2) was downloaded after 总结(1). Lists (1) and (2) may as well be two parts of one."""
    if first.again <= second.again:
        return False
    return second.again == 0 or one.card.kind not in LIST_KINDS


def _by_time(one: Paper, other: Paper) -> str:
    """The time of the files, where they are of one name and one format; a list of another time may be a further one."""
    if one.card.kind in LIST_KINDS or one.card.kind not in _ONE_EACH:
        return ""
    if not one.card.modified or not other.card.modified or one.card.modified - other.card.modified < _MINUTE:
        return ""
    if _form(one) != _form(other):
        return ""
    return "文件的修改时间较早"


def _nameless(paper: Paper) -> bool:
    """A report that names nobody: another one of the kind may well be somebody else's."""
    return paper.card.kind in _PERSONAL and not paper.assignment.person


def _form(paper: Paper) -> str:
    """Word, or pages: a scan of the signed paper is no newer version of it."""
    return "pages" if PurePosixPath(paper.name).suffix.lower() in (".pdf", ".ofd", ".jpg", ".png", ".tif") else "flow"
