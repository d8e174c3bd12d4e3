"""The result of a screening as one page, index.html: whom to look at first, and why. It stands alone, without network.

All rows travel as JSON in the page; its script draws those in view, so that 10,000 papers open and scroll at once. What
stands in the template besides is for a browser without scripts, and the head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment
from markupsafe import Markup

from checker.document import PAPER_KINDS, UNIT_TYPES
from checker.render import page as pages
from checker.render import phrases as say
from checker.report import SEVERITY_NAMES, VERDICT_NAMES

if TYPE_CHECKING:
    from checker.screening.cards import Assignment, Key
    from checker.screening.result import CopyLine, DueLine, FigureLine, PaperLine, Screening, Side, UnitLine

FIRST = 300
"""So many units are shown where no script runs."""
QUOTE = 400
RUN = 3
"""Fewer equal characters in a row are no shared words: any two Chinese texts have them."""
VERDICT_SIGNS: Mapping[str, str] = {"error": "？", "return": "×", "remarks": "!", "pass": "✓"}
VERDICTS = tuple(VERDICT_SIGNS)
LETTERS: Mapping[str, str] = {
    "absent": "x",
    "named": "n",
    "passage": "p",
    "section": "c",
    "substantive": "s",
    "not-applicable": "-",
}
LEVELS: Mapping[str, tuple[str, str, str]] = {
    "x": ("absent", "×", "未写到"),
    "n": ("named", "△", "只是提到"),
    "p": ("passage", "△", "有段落"),
    "c": ("section", "✓", "有专门部分"),
    "s": ("substantive", "✓", "有实质内容"),
    "-": ("not-applicable", "－", "不适用"),
}
"""By letter, a level as the heat map shows it: id, sign, name."""
OWED = ("missing", "surplus", "none", "special")
"""The sorts of rows among the papers that are owed."""
FILES = ("unread", "nobody", "guess", "older", "same")
"""The sorts of rows among the files."""


@dataclass(frozen=True, slots=True)
class Total:
    """One figure of the head. `view` is the part of the page that tells more, `verdict` what to show of it."""

    name: str
    value: int
    view: str
    bad: bool
    verdict: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A unit as the table without scripts shows it."""

    line: UnitLine
    type_name: str
    sign: str
    verdict_name: str
    missing: int
    page: str
    form: str


def render(screening: Screening) -> bytes:
    """The page of a whole screening."""
    css, script = pages.asset("base.css") + pages.asset("worklist.css"), pages.asset("worklist.js")
    shown = [_row(line) for line in screening.units[:FIRST]]
    html = (
        _environment()
        .get_template("worklist.html.j2")
        .render(
            screening=screening,
            css=Markup(css),
            script=Markup(script),
            policy=pages.policy(css, script),
            data=Markup(_json(_Data(screening).whole())),
            facts=_facts(screening),
            shares=list(_shares(screening.units)),
            totals=[total for total in _totals(screening) if total.value or total.view == "list"],
            rows=shown,
            turns=bool(screening.previous),
            reasons=_by_reason(screening.not_checked),
            severity_names=SEVERITY_NAMES,
            version=say.version(),
        )
    )
    return html.encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return pages.environment()


def _facts(screening: Screening) -> list[tuple[str, str]]:
    roster = "已按花名册核对应交材料" if screening.roster else "没有给花名册，应交材料没有核对"
    facts = [
        ("依据", screening.notice),
        ("考核年度", f"{screening.year}年"),
        ("审查时间", f"{screening.made:%Y-%m-%d %H:%M}"),
        ("花名册", roster),
        ("上一轮", screening.previous),
    ]
    return [(name, say.one_line(value)) for name, value in facts if value]


def _shares(units: tuple[UnitLine, ...]) -> Iterator[tuple[str, str, str, int, float, float]]:
    """The verdicts as a bar: id, sign, name, number of units, and where the stretch begins and how long it is."""
    left = 0.0
    for verdict, sign in VERDICT_SIGNS.items():
        count = sum(line.verdict == verdict for line in units)
        width = 100 * count / len(units) if units else 0.0
        yield verdict, sign, VERDICT_NAMES[verdict], count, round(left, 2), round(width, 2)
        left += width


def _totals(screening: Screening) -> Iterator[Total]:
    papers = [paper for line in screening.units for paper in line.papers]
    missing = sum(due.missing for line in screening.units for due in line.dues)
    guesses = sum(one.certainty == "guess" for one in screening.guesses)
    yield Total("个单位", len(screening.units), "list", bad=False)
    yield Total("份材料", len(papers), "list", bad=False)
    yield Total("份应交没交", missing, "owed", bad=True, sort="missing")
    yield Total("份超过字数", sum(paper.over for paper in papers), "words", bad=True)
    yield Total("个文件没有读成", len(screening.unread), "files", bad=True, sort="unread")
    yield Total("份不知道是谁的", len(screening.nobody), "files", bad=True, sort="nobody")
    yield Total("份归属要确认", guesses, "files", bad=True, sort="guess")
    yield Total("对雷同", len(screening.copies), "copies", bad=True)
    yield Total("个数据说法不一", len(screening.figures), "figures", bad=True)


def _row(line: UnitLine) -> Row:
    return Row(
        line=line,
        type_name=UNIT_TYPES.get(line.unit_type, line.unit_type),
        sign=VERDICT_SIGNS[line.verdict],
        verdict_name=VERDICT_NAMES[line.verdict],
        missing=sum(due.missing for due in line.dues),
        page=pages.url(line.page),
        form=pages.url(line.form),
    )


def _by_reason(entries: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Rules that could run nowhere, by the reason why."""
    reasons: dict[str, list[str]] = {}
    for rule, reason in entries:
        reasons.setdefault(say.one_line(reason), []).append(say.one_line(rule))
    return reasons


def _path(path: str) -> str:
    """A path of which the script makes a link: most are shorter as they are."""
    return path if say.visible(path) == path and not path.startswith("./") else pages.url(path)


def _json(data: object) -> str:
    """JSON that can stand in a script element."""
    return json.dumps(_shown(data), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _shown(value: Any) -> Any:
    """Every string in `value` made visible, so none can be forgotten."""
    if isinstance(value, str):
        return say.visible(value)
    if isinstance(value, Mapping):
        return {key: _shown(member) for key, member in value.items()}
    return [_shown(member) for member in value] if isinstance(value, list | tuple) else value


class _Table:
    """Strings that stand in many rows: each once, and its number in the rows."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def whole(self) -> list[str]:
        return list(self._numbers)


class _Data:
    """All rows of the page, as short lists. The head of worklist.js names what stands where in them."""

    def __init__(self, screening: Screening) -> None:
        self.screening = screening
        self.units = {line.name: number for number, line in enumerate(screening.units)}
        self.columns = [
            *(("facet", ident, name) for ident, name in screening.facets),
            *(("topic", ident, name) for ident, name in screening.topics),
        ]
        self.texts = _Table()

    def whole(self) -> dict[str, Any]:
        """Everything that the script draws."""
        units = self.screening.units
        return {
            "key": _digest(self.screening.title, self.screening.notice, self.screening.previous),
            "verdicts": [[name, VERDICT_SIGNS[name], VERDICT_NAMES[name]] for name in VERDICTS],
            "levels": LEVELS,
            "columns": [[name, group] for group, _, name in self.columns],
            "turns": bool(self.screening.previous),
            "units": [self._unit(line) for line in units],
            "papers": [self._paper(number, paper) for number, line in enumerate(units) for paper in line.papers],
            "owed": [row for number, line in enumerate(units) for row in self._owed(number, line)],
            "copies": [self._copy(copy) for copy in sorted(self.screening.copies, key=lambda it: -it.words)],
            "figures": [self._figure(figure) for figure in self.screening.figures],
            "files": list(self._files()),
            "texts": self.texts.whole(),
        }

    def _unit(self, line: UnitLine) -> list[Any]:
        turn = line.round
        return [
            line.name,
            self.texts(UNIT_TYPES.get(line.unit_type, line.unit_type)),
            int(line.known or not self.screening.roster),
            VERDICTS.index(line.verdict),
            [line.errors, line.warnings, line.infos],
            line.accepted,
            sum(due.missing for due in line.dues),
            [[problem.path, problem.message] for problem in line.problems],
            _path(line.page),
            _path(line.form),
            "".join(LETTERS.get(self._level(line, *column[:2]), " ") for column in self.columns).rstrip(),
            [len(turn.mended), len(turn.remaining), len(turn.new), int(turn.missing)] if turn else 0,
            _state(line),
        ]

    def _level(self, line: UnitLine, group: str, ident: str) -> str:
        return (line.facets if group == "facet" else line.topics).get(ident, "")

    def _paper(self, unit: int, paper: PaperLine) -> list[Any]:
        return [
            unit,
            paper.name,
            paper.part,
            paper.person,
            self.texts(_kind(paper.kind)),
            paper.words,
            paper.limit or 0,
            int(paper.over),
            int(paper.recognised),
            [paper.errors, paper.warnings, paper.infos],
            _path(paper.copy),
        ]

    def _owed(self, unit: int, line: UnitLine) -> Iterator[list[Any]]:
        for due in line.dues:
            if due.missing or due.due.owed != "owed":
                yield [unit, OWED.index(_sort(due)), due.due.person, self.texts(_kind(due.due.kind)), *self._why(due)]
        for name in line.surplus:
            yield [unit, OWED.index("surplus"), "", self.texts(""), self.texts(""), self.texts(""), name]

    def _why(self, due: DueLine) -> tuple[int, int, str]:
        reason = due.due.reason + (f"等次：{due.due.grade}。" if due.due.grade else "")
        return self.texts(say.clause_name(due.due.clause)), self.texts(reason), "；".join(due.received)

    def _copy(self, copy: CopyLine) -> list[Any]:
        first, second = _shared(say.shorten(copy.first.quote, QUOTE), say.shorten(copy.second.quote, QUOTE))
        facts = [copy.words, copy.share, copy.passages, int(copy.same)]
        return [*facts, [*self._side(copy.first), first], [*self._side(copy.second), second]]

    def _figure(self, figure: FigureLine) -> list[Any]:
        values = [
            [value, [[*self._side(side), say.shorten(side.quote, QUOTE)] for side in sides]]
            for value, sides in figure.values
        ]
        return [figure.indicator, figure.period, values]

    def _side(self, side: Side) -> list[Any]:
        """The unit by its number, or its name where it is none of ours."""
        return [
            self.units.get(side.unit, side.unit),
            side.person,
            side.name,
            self.texts(_kind(side.kind)),
            _path(side.page),
        ]

    def _files(self) -> Iterator[list[Any]]:
        owner = {problem.path: line.name for line in self.screening.units for problem in line.problems}
        for problem in self.screening.unread:
            yield self._file("unread", problem.path, owner.get(problem.path, ""), "", problem.message)
        for one in self.screening.nobody:
            yield self._assigned("nobody", one)
        for one in self.screening.guesses:
            if one.certainty == "guess":
                yield self._assigned("guess", one)
        for one in self.screening.set_aside:
            yield self._assigned("older" if one.why == "older" else "same", one)

    def _assigned(self, sort: str, one: Assignment) -> list[Any]:
        instead = f"只检查「{_file_name(one.instead)}」。" if one.instead else ""
        return self._file(sort, _file_name(one.key), one.unit, one.person, instead + one.how, _kind(one.kind))

    def _file(self, sort: str, name: str, unit: str, person: str, reason: str, kind: str = "") -> list[Any]:
        return [self.units.get(unit, unit), FILES.index(sort), person, self.texts(kind), name, self.texts(reason)]


def _sort(due: DueLine) -> str:
    return "missing" if due.missing else due.due.owed


def _kind(kind: str) -> str:
    return PAPER_KINDS.get(kind, kind)


def _file_name(key: Key) -> str:
    """How one paper of a file is called."""
    return f"{key.name}（第{key.part + 1}份）" if key.part else key.name


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:12]


def _state(line: UnitLine) -> str:
    """Another one as soon as anything about the unit changes: a reviewer who was through with it has to know."""
    return _digest(
        line.verdict,
        *sorted(finding.fingerprint for finding in line.findings),
        *sorted(f"{paper.name}/{paper.part}/{paper.words}" for paper in line.papers),
        *sorted(problem.path for problem in line.problems),
        str(sum(due.missing for due in line.dues)),
    )[:8]


def _shared(first: str, second: str) -> tuple[list[str], list[str]]:
    """Two quotes, each cut into pieces: what stands in it alone and what both share take turns, the former first."""
    from rapidfuzz.distance import Indel  # not at the top: most pages of results have no copies

    blocks = (_whole_numbers(first, second, *block) for block in Indel.opcodes(first, second).as_matching_blocks())
    runs = [(start, other, size) for start, other, size in blocks if size >= RUN]
    return (
        _cut(first, [(start, size) for start, _, size in runs]),
        _cut(second, [(other, size) for _, other, size in runs]),
    )


def _whole_numbers(first: str, second: str, start: int, other: int, size: int) -> tuple[int, int, int]:
    """An equal stretch without digits at its ends that belong to numbers which differ: 8次 of 58次 and 48次."""

    def digit(text: str, at: int) -> bool:
        return 0 <= at < len(text) and text[at].isdigit()

    while size and digit(first, start) and (digit(first, start - 1) or digit(second, other - 1)):
        start, other, size = start + 1, other + 1, size - 1
    while size and digit(first, start + size - 1) and (digit(first, start + size) or digit(second, other + size)):
        size -= 1
    return start, other, size


def _cut(text: str, runs: list[tuple[int, int]]) -> list[str]:
    pieces: list[str] = []
    end = 0
    for start, size in runs:
        pieces += [text[end:start], text[start : start + size]]
        end = start + size
    return [*pieces, text[end:]]
