"""Rounds: what a unit mended since the screening before, what remains, what is new, and what nobody can tell.

Findings of two rounds belong together by rule and fingerprint, of one paper: its kind and whose it is. A fingerprint
holds the title, so with another title every fingerprint of a paper is another; what fits by none is then held together
by what it says: the same thing absent, the same words at fault, the same words a little edited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import msgspec

from checker.copies import is_marked, unmarked_stem
from checker.errors import UsageError
from checker.render.screening_json import SCHEMA
from checker.roster import plain_name
from checker.screening.lines import finding_quote, subject
from checker.screening.result import FindingLine, Round, UnitLine

RESULTS = "results.jsonl"
_SCHEMAS = "kaohe/screening/"
_SHOWN = 5
_LONG = 6
"""Words that are as long can be told to be others a little edited."""
_LIKE = 60.0
"""How alike, of 100, they must be for that."""
_PAIRS_MAX = 250_000
"""Of so many findings that fit nothing it is not asked whether their words were edited: that would take too long."""


class Paper(NamedTuple):
    """A paper of a round. `sha256` is empty where it is not known."""

    kind: str
    person: str
    name: str
    part: int = 0
    sha256: str = ""


# ---- comparing ------------------------------------------------------------------------------------------------


def compare(
    before: Sequence[FindingLine],
    after: Sequence[FindingLine],
    *,
    had: Sequence[Paper] = (),
    came: Sequence[Paper] = (),
    not_run: Collection[str] = (),
    changed: Mapping[str, float] | None = None,
) -> Round:
    """One unit in two rounds: its findings of then and now, the papers it `had` then and those that `came` now.

    `not_run` are the rules that could not run this time, `changed` is handed on.
    """
    pairs, gone, fresh = _paired(before, after, _Papers(had), _Papers(came))
    remaining = [new for _, new in pairs if not new.accepted]
    known = [new for _, new in pairs if new.accepted]
    unseen = {id(line) for line in gone if line.rule in not_run or not _seen(line, had, came)}
    open_gone = [line for line in gone if not line.accepted]
    return Round(
        mended=tuple(line for line in open_gone if id(line) not in unseen),
        remaining=_as_in(after, remaining),
        new=tuple(line for line in fresh if not line.accepted),
        missing=bool(had) and not came,
        changed=dict(changed or {}),
        unseen=tuple(line for line in open_gone if id(line) in unseen),
        accepted=_as_in(after, [*known, *(line for line in fresh if line.accepted)]),
    )


def turn(
    earlier: Earlier | None, unit: UnitLine, not_run: Collection[str] = (), changed: Mapping[str, float] | None = None
) -> Round:
    """One unit against what it had in the round before; without any, all is new."""
    had = () if earlier is None else earlier.papers
    came = tuple(Paper(paper.kind, paper.person, paper.name, paper.part) for paper in unit.papers)
    before = () if earlier is None else earlier.findings
    return compare(before, unit.findings, had=had, came=came, not_run=not_run, changed=changed)


def _as_in(order: Sequence[FindingLine], lines: Iterable[FindingLine]) -> tuple[FindingLine, ...]:
    chosen = {id(line) for line in lines}
    return tuple(line for line in order if id(line) in chosen)


def _seen(line: FindingLine, had: Sequence[Paper], came: Sequence[Paper]) -> bool:
    """Whether the paper of an earlier finding came this time, so that the finding is gone because it was mended."""
    if not line.paper:
        return True
    now = [paper for paper in came if paper.kind == line.kind and _same_person(paper.person, line.person)]
    if not now or line.person:
        return bool(now)
    then = [paper for paper in had if paper.kind == line.kind and not paper.person]
    return len(now) >= len(then) or any(_plain(paper.name) == _plain(line.paper) for paper in now)


def _same_person(first: str, second: str) -> bool:
    """Whether two findings may be about the same person: who is not known may be anybody."""
    return not first or not second or plain_name(first) == plain_name(second)


class _Papers:
    """Whether the papers of a round can be told by kind and person alone."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._counts = Counter((paper.kind, plain_name(paper.person)) for paper in papers)

    def single(self, line: FindingLine) -> bool:
        return self._counts[line.kind, plain_name(line.person)] <= 1


_Key = Callable[[FindingLine], Hashable]


def _paired(
    before: Sequence[FindingLine], after: Sequence[FindingLine], had: _Papers, came: _Papers
) -> tuple[list[tuple[FindingLine, FindingLine]], list[FindingLine], list[FindingLine]]:
    """The findings that belong together, those only of then, those only of now."""
    pairs: list[tuple[FindingLine, FindingLine]] = []
    left, right = list(before), list(after)

    def take(key: _Key, *, apart: bool) -> None:
        """Pair what has the same key; `apart`: and stands in papers that kind and person tell."""
        waiting: dict[Hashable, list[FindingLine]] = {}
        for line in right:
            if not apart or came.single(line):
                waiting.setdefault(key(line), []).append(line)
        rest, used = [], set()
        for line in left:
            others = waiting.get(key(line), []) if not apart or had.single(line) else []
            other = next((one for one in others if _same_person(one.person, line.person)), None)
            if other is None:
                rest.append(line)
                continue
            others.remove(other)
            used.add(id(other))
            pairs.append((line, other))
        left[:] = rest
        right[:] = [line for line in right if id(line) not in used]

    for key, apart in _KEYS:
        if not left or not right:
            break
        take(key, apart=apart)
    pairs.extend(_edited(left, right))
    return pairs, left, right


_SIGNS = re.compile(r"[\W_]+")


def _fold(text: str) -> str:
    return _SIGNS.sub("", text).lower()


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """The name of a file without its folder and ending, and without what marks our own copies."""
    return _unmarked(PurePosixPath(name).stem)


@lru_cache(maxsize=4096)
def _unmarked(text: str) -> str:
    path = PurePosixPath(text)
    return unmarked_stem(path.stem) if is_marked(path.stem) else path.stem


def _of(line: FindingLine) -> tuple[str, str]:
    return line.kind, plain_name(line.person)


def _what(line: FindingLine) -> tuple[str, ...]:
    """What a finding is about, whatever the paper is called."""
    # Whether some sentence may be meant comes and goes with its wording; what is wanting stays the same.
    case = "absent" if line.case == "unsure" else line.case
    return line.rule, line.kind, case, _unmarked(line.subject), _fold("" if line.subject else line.quote)


def _by_subject(line: FindingLine) -> Hashable:
    # A topic that was absent and is only named now is still the same topic.
    return (line.rule, *_of(line), _unmarked(line.subject)) if line.subject else id(line)


# The surest first. `True`: only where kind and person tell the paper.
_KEYS: Sequence[tuple[_Key, bool]] = (
    (lambda line: (line.rule, line.fingerprint, *_of(line)), False),
    (lambda line: (line.rule, line.fingerprint, line.kind), False),
    (lambda line: (*_what(line), line.message, _plain(line.paper), plain_name(line.person)), False),
    (lambda line: (*_what(line), _plain(line.paper), plain_name(line.person)), False),
    (lambda line: (*_what(line), line.message, plain_name(line.person)), True),
    (lambda line: (*_what(line), plain_name(line.person)), True),
    (_by_subject, True),
    (lambda line: _what(line), True),
)


def _alike(line: FindingLine) -> Hashable:
    return line.rule, line.case, _unmarked(line.subject), *_of(line)


def _edited(left: list[FindingLine], right: list[FindingLine]) -> Iterator[tuple[FindingLine, FindingLine]]:
    """Long words at fault that are at fault still, a little edited; takes what belongs together out of both."""
    from rapidfuzz import fuzz  # most rounds come to an end without it

    if len(left) * len(right) > _PAIRS_MAX:
        return
    groups: dict[Hashable, list[FindingLine]] = {}
    for line in right:
        if len(line.quote) >= _LONG:
            groups.setdefault(_alike(line), []).append(line)
    for line in list(left):
        others = groups.get(_alike(line), []) if len(line.quote) >= _LONG else []
        alike = [(fuzz.ratio(_fold(line.quote), _fold(other.quote)), other) for other in others]
        score, best = max(alike, key=lambda entry: entry[0], default=(0.0, None))
        if best is None or score < _LIKE:
            continue
        others.remove(best)
        left[:] = [one for one in left if one is not line]
        right[:] = [one for one in right if one is not best]
        yield line, best


# ---- text -----------------------------------------------------------------------------------------------------

_PIECES = re.compile(r"[，。；：、！？,;:!?\n]+")


def same_share(old: str, new: str) -> float:
    """What share of the longer text stands in both (0 to 1), in whole clauses, wherever they have moved to.

    Not by characters: of two papers that have nothing in common a third of the characters agree in order.
    """
    first, second = _clauses(old), _clauses(new)
    longest = max(first.total(), second.total())
    return 1.0 if not longest else (first & second).total() / longest


def _clauses(text: str) -> Counter[str]:
    """Each clause with the number of its characters, as often as it stands there."""
    found: Counter[str] = Counter()
    for piece in _PIECES.split(text):
        folded = _fold(piece)
        found[folded] += len(folded)
    return found


# ---- the results before ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Earlier:
    """One unit as it was in the round before."""

    name: str
    papers: tuple[Paper, ...]
    findings: tuple[FindingLine, ...]


class _Unit(msgspec.Struct):
    name: str


class _Paper(msgspec.Struct):
    path: str
    part: int = 0
    person: str = ""
    kind: str = ""


class _Basis(msgspec.Struct):
    clause: str = ""


class _Accepted(msgspec.Struct):
    reason: str = ""
    by: str = ""


class _Finding(msgspec.Struct):
    rule: str
    fingerprint: str
    severity: str
    message: str
    case: str = ""
    quote: str = ""
    basis: _Basis = msgspec.field(default_factory=_Basis)
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    accepted: _Accepted | None = None


class _Document(msgspec.Struct):
    path: str
    kind: str
    person: str = ""
    sha256: str = ""
    findings: tuple[_Finding, ...] = ()


class _Report(msgspec.Struct):
    documents: tuple[_Document, ...] = ()
    findings: tuple[_Finding, ...] = ()


class _Line(msgspec.Struct):
    unit: _Unit
    papers: tuple[_Paper, ...] = ()
    report: _Report | None = None


@dataclass(frozen=True, slots=True)
class Previous:
    """The results of the round before. Only where each unit stands is held; it is read when it is asked for.

    `problems` says which lines could not be used.
    """

    folder: Path
    problems: tuple[str, ...]
    _places: Mapping[str, tuple[str, int, int]]

    @property
    def names(self) -> tuple[str, ...]:
        """The units, by the names they had."""
        return tuple(name for name, _, _ in self._places.values())

    def absent(self, units: Iterable[str]) -> tuple[str, ...]:
        """The units of then that are not among those of now."""
        now = {plain_name(name) for name in units}
        return tuple(name for plain, (name, _, _) in self._places.items() if plain not in now)

    def unit(self, name: str) -> Earlier | None:
        """The unit of that name, spaces and width aside; None where it was not in the round before."""
        place = self._places.get(plain_name(name))
        if place is None:
            return None
        _, start, size = place
        path = self.folder / RESULTS
        try:
            with path.open("rb") as stream:
                stream.seek(start)
                return _earlier(msgspec.json.decode(stream.read(size), type=_Line))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"上一轮的结果 {path} 在检查中途被改动或移走，请恢复后重新运行。", "bad-previous"
            ) from error


def previous(folder: Path) -> Previous:
    """The results in `folder`, which an earlier screening wrote; UsageError where they are none of ours."""
    path = folder / RESULTS
    if not folder.is_dir():
        raise UsageError(f"找不到上一轮的结果文件夹 {folder}，请核对路径。", "bad-previous")
    if not path.is_file():
        raise UsageError(
            f"{folder} 不是筛查结果文件夹（里面没有 {RESULTS}），请给出上一轮筛查时 -o 指定的文件夹。", "bad-previous"
        )
    places: dict[str, tuple[str, int, int]] = {}
    problems: list[str] = []
    bad: list[int] = []
    start = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                size, begin = len(line), start
                start += size
                if not line.strip():
                    continue
                name = _checked(line, path)
                if name is None:
                    bad.append(number)
                    continue
                if plain_name(name) in places:
                    problems.append(f"上一轮的结果第{number}行又是“{name}”，以这一行为准。")
                places[plain_name(name)] = (name, begin, size)
    except OSError as error:
        raise UsageError(f"读不了上一轮的结果 {path}，请检查权限和磁盘。", "bad-previous") from error
    if bad and not places:
        raise UsageError(f"{path} 里没有一行是筛查结果，请核对是不是上一轮的结果文件夹。", "bad-previous")
    return Previous(folder, (*_bad_lines(bad), *problems), places)


def _bad_lines(numbers: Sequence[int]) -> Iterator[str]:
    if numbers:
        shown = "、".join(map(str, numbers[:_SHOWN])) + ("等" if len(numbers) > _SHOWN else "")
        yield f"上一轮的结果有{len(numbers)}行残缺（第{shown}行），这些单位没有同上一轮比较。"


def _checked(line: bytes, path: Path) -> str | None:
    """The unit that a line is about; None where the line is broken. UsageError where it is of another make."""
    try:
        schema = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get("schema")
        named = "" if schema is None else msgspec.json.decode(schema, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if named.startswith(_SCHEMAS) and named != SCHEMA:
        raise UsageError(
            f"{path} 由别的版本的程序写成（{named}，本程序认得的是 {SCHEMA}），请用同一版本重做上一轮，或者升级程序。",
            "bad-previous",
        )
    if named and named != SCHEMA:
        raise UsageError(f"{path} 不是筛查结果（内容是 {named}），请给出上一轮筛查时 -o 指定的文件夹。", "bad-previous")
    try:
        found = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found.unit.name if named else None


def of_report(report: bytes) -> Earlier:
    """The findings of one report, from its JSON, to be compared with those of another."""
    return _earlier(_Line(_Unit(""), (), msgspec.json.decode(report, type=_Report)))


def _earlier(line: _Line) -> Earlier:
    documents = line.report.documents if line.report is not None else ()
    # The papers of a line are those of its report, one by one.
    parts = [paper.part for paper in line.papers] if len(line.papers) == len(documents) else [0] * len(documents)
    papers = tuple(
        Paper(document.kind, document.person, document.path, part, document.sha256)
        for document, part in zip(documents, parts, strict=True)
    )
    findings = [_finding(found, None) for found in (line.report.findings if line.report is not None else ())]
    for document, paper in zip(documents, papers, strict=True):
        findings += [_finding(found, paper) for found in document.findings]
    return Earlier(line.unit.name, papers, tuple(findings))


def _finding(found: _Finding, paper: Paper | None) -> FindingLine:
    """A finding as `lines.finding_line` makes it, but for the place."""
    accepted = found.accepted
    return FindingLine(
        rule=found.rule,
        fingerprint=found.fingerprint,
        severity=found.severity,
        message=found.message,
        quote=finding_quote(found.quote),
        clause=found.basis.clause,
        paper="" if paper is None else paper.name,
        kind=str(found.facts.get("kind", "")) if paper is None else paper.kind,
        person=str(found.facts.get("person", "")) if paper is None else paper.person,
        part=0 if paper is None else paper.part,
        case=found.case,
        subject=subject(found.facts),
        accepted="" if accepted is None else f"{accepted.reason}（{accepted.by or '未署名'}）",
    )
