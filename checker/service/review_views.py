"""What the reviewer's pages show, worked out of the database and of the results: nothing here knows of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import msgspec

from checker.document import PAPER_KINDS
from checker.render import phrases as say
from checker.render.worklist import VERDICT_SIGNS
from checker.report import SEVERITIES, SEVERITY_NAMES, VERDICT_NAMES
from checker.service.api import Offered
from checker.service.models import Decision, Screening, ScreeningUnit
from checker.service.screening_folder import Event, UnitEntry

QUOTE = 300
LIVE = frozenset({"waiting", "running"})


@dataclass(frozen=True, slots=True)
class Look:
    """A state, a verdict or a severity as people see it: a sign and a word, so that none is told by colour alone."""

    key: str
    sign: str
    name: str


STATES: Mapping[str, Look] = {
    "waiting": Look("waiting", "…", "排队中"),
    "running": Look("running", "▶", "正在审查"),
    "done": Look("done", "✓", "已完成"),
    "cancelled": Look("cancelled", "■", "已取消"),
    "failed": Look("failed", "×", "没有做完"),
}
VERDICTS: Mapping[str, Look] = {name: Look(name, sign, VERDICT_NAMES[name]) for name, sign in VERDICT_SIGNS.items()}
_SEVERITIES: Mapping[str, Look] = {
    name: Look(name, say.SEVERITY_SIGNS[name], SEVERITY_NAMES[name]) for name in SEVERITIES
}
_VERBS: Mapping[str, str] = {"accept": "已接受", "return": "已退回"}
_TURNS: Mapping[str, str] = {
    "new": "新出现的",
    "remaining": "还在的",
    "mended": "改好了的",
    "unseen": "说不准的（这次没有交那份材料，或者没有查这一项）",
}


def state(key: str) -> Look:
    """How a state looks."""
    return STATES.get(key) or Look(key, "·", key)


def verdict(key: str) -> Look:
    """How a verdict looks."""
    return VERDICTS.get(key) or Look(key, "·", key or "没有结论")


def moment(at: datetime | None) -> str:
    """A moment on the clock of this machine, to the minute."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at is not None else ""


def name_of(row: Screening, *, whole: bool) -> str:
    """What a screening is called; its own name may tell of other units, so an author sees another (not `whole`)."""
    return say.one_line(row.name) if whole else f"{f'{row.year}年度' if row.year else ''}审查（{moment(row.created)}）"


# ---- screenings -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A screening in a list; `verdict` is that of the reader's own unit, for one who sees no other."""

    name: str
    link: str
    year: int | None
    state: Look
    created: str
    by: str
    units: int
    verdicts: tuple[tuple[Look, int], ...]
    verdict: Look | None = None


def listed(row: Screening, root: str, own: ScreeningUnit | None = None, *, whole: bool = True) -> Listed:
    """A row of the list; `whole`: the reader sees the counts of all units."""
    counts = row.counts if whole else {}
    found = counts.get("verdicts") or {}
    return Listed(
        name_of(row, whole=whole),
        f"{root}/screenings/{row.id}",
        row.year,
        state(row.state),
        moment(row.created),
        row.by if whole else "",
        int(counts.get("units", 0)),
        tuple((look, int(found[key])) for key, look in VERDICTS.items() if found.get(key)),
        verdict(own.verdict) if own is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A screening on its own page."""

    id: str
    name: str
    link: str
    results: str
    state: Look
    live: bool
    facts: tuple[tuple[str, str], ...]
    error: str
    bad_rows: tuple[str, ...]
    has_results: bool
    totals: tuple[tuple[str, int, bool], ...]
    forms: int
    previous: str = ""
    previous_link: str = ""


_TOTALS = (
    ("units", "个单位", False),
    ("papers", "份材料", False),
    ("missing", "份应交没交", True),
    ("unread", "个文件没有读成", True),
    ("nobody", "份不知道是谁的", True),
    ("set_aside", "份重复或旧版本", False),
    ("copies", "对雷同", True),
)


def shown(
    row: Screening,
    root: str,
    entries: Sequence[UnitEntry],
    offered: Mapping[str, Offered],
    earlier: Screening | None = None,
    *,
    whole: bool = True,
) -> Shown:
    """The head of the page; `whole`: the reader sees what concerns all units."""
    counts = row.counts or {}
    verdicts = counts.get("verdicts") or {}
    totals = [
        *((look.name, int(verdicts.get(key, 0)), key in ("error", "return")) for key, look in VERDICTS.items()),
        *((name, int(counts.get(key, 0)), bad) for key, name, bad in _TOTALS),
    ]
    notice = offered.get(str(row.options.get("notice", "")))
    facts = {
        "依据": f"{notice.title}（{notice.number}）" if notice is not None else "",
        "考核年度": f"{row.year}年" if row.year else "",
        "材料": _files(row.options.get("papers", ())) if whole else "",
        "花名册": (str(row.options.get("roster") or "") or "没有给，应交没交没有核对") if whole else "",
        "谁做的": row.by if whole else "",
        "交上": moment(row.created),
        "做完" if row.state == "done" else "停下": moment(row.ended),
    }
    previous = str(row.options.get("previous") or "")
    return Shown(
        row.id,
        name_of(row, whole=whole),
        f"{root}/screenings/{row.id}",
        f"{root}/api/v1/screenings/{row.id}/results/",
        state(row.state),
        row.state in LIVE,
        tuple((name, say.one_line(value)) for name, value in facts.items() if value),
        row.error,
        tuple(counts.get("bad_rows") or ()) if whole else (),
        bool(entries),
        tuple((name, value, bad and value > 0) for name, value, bad in totals if value),
        sum(bool(entry.form) for entry in entries),
        ("" if not previous else earlier.name if earlier is not None else "已删除，它的问题清单还留着")
        if whole
        else "",
        f"{root}/screenings/{previous}" if earlier is not None else "",
    )


def _files(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 个文件" if len(names) > 3 else ""
    return "、".join(names[:3]) + more


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; all zero before it tells."""

    stage: str = ""
    done: int = 0
    total: int = 0
    faults: int = 0
    kept: int = 0


def progress(events: Iterable[Event]) -> Progress:
    """What the events since the last start come to."""
    latest = Progress()
    for event in events:
        if event.kind == "state":
            latest = Progress()
        elif event.kind == "progress":
            numbers = {name: int(event.data.get(name, 0)) for name in ("done", "total", "faults", "kept")}
            latest = Progress(str(event.data.get("stage", "")), **numbers)
    return latest


# ---- decisions ------------------------------------------------------------------------------------------------

Key = tuple[str, str]
"""Rule and fingerprint."""


def standing(decisions: Iterable[Decision]) -> dict[str, dict[Key, Decision]]:
    """Unit → finding → the decision that stands: the newest, unless that took back what was decided before."""
    found: dict[str, dict[Key, Decision]] = {}
    for one in sorted(decisions, key=lambda it: it.id):
        of_unit = found.setdefault(one.unit, {})
        if one.verb in _VERBS:
            of_unit[one.rule, one.fingerprint] = one
        else:
            of_unit.pop((one.rule, one.fingerprint), None)
    return found


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the table of a screening."""

    name: str
    link: str
    known: bool
    verdict: Look
    error: int
    warning: int
    info: int
    accepted: int
    missing: int
    took: int
    gave_back: int
    page: str
    form: str


def unit_row(entry: UnitEntry, it: Shown, decided: Mapping[Key, Decision]) -> UnitRow:
    """A row of that table."""
    verbs = [one.verb for one in decided.values()]
    return UnitRow(
        say.one_line(entry.name),
        unit_link(it.link, entry.name),
        entry.known,
        verdict(entry.verdict),
        entry.error,
        entry.warning,
        entry.info,
        entry.accepted,
        entry.missing,
        verbs.count("accept"),
        verbs.count("return"),
        file_link(it.results, entry.page),
        file_link(it.results, entry.form),
    )


def unit_link(screening: str, unit: str) -> str:
    """The page of a unit, whatever its name is."""
    return f"{screening}/units/{quote(unit, safe='')}"


def file_link(results: str, path: str) -> str:
    """A file of the results; empty where there is none."""
    return results + quote(path, safe="/") if path else ""


# ---- one unit -------------------------------------------------------------------------------------------------


class _Location(msgspec.Struct):
    part: str = ""
    heading: tuple[str, ...] = ()
    paragraph: int | None = None
    page: int | None = None


class _Accepted(msgspec.Struct):
    reason: str = ""
    by: str = ""
    date: str = ""


class _Basis(msgspec.Struct):
    clause: str = ""


class _Finding(msgspec.Struct):
    rule: str
    fingerprint: str
    severity: str
    message: str
    quote: str = ""
    suggestion: str = ""
    basis: _Basis = msgspec.field(default_factory=_Basis)
    location: _Location | None = None
    accepted: _Accepted | None = None


class _Document(msgspec.Struct):
    path: str
    kind: str
    person: str = ""
    findings: tuple[_Finding, ...] = ()


class _Notice(msgspec.Struct):
    id: str = ""


class _Report(msgspec.Struct):
    notice: _Notice = msgspec.field(default_factory=_Notice)
    documents: tuple[_Document, ...] = ()
    findings: tuple[_Finding, ...] = ()


class _Paper(msgspec.Struct):
    path: str
    part: int = 0
    person: str = ""
    kind: str = ""
    words: int = 0
    limit: int | None = None
    over: bool = False
    copy: str = ""


class _Owed(msgspec.Struct):
    kind: str
    person: str = ""


class Problem(msgspec.Struct):
    """A file that could not be checked, and why."""

    path: str
    message: str


class Turned(msgspec.Struct):
    """A finding in the comparison with the round before."""

    message: str
    path: str = ""


class _Round(msgspec.Struct):
    missing: bool = False
    mended: tuple[Turned, ...] = ()
    remaining: tuple[Turned, ...] = ()
    new: tuple[Turned, ...] = ()
    unseen: tuple[Turned, ...] = ()


class Record(msgspec.Struct):
    """A line of results.jsonl, as much of it as the pages show."""

    papers: tuple[_Paper, ...] = ()
    missing: tuple[_Owed, ...] = ()
    errors: tuple[Problem, ...] = ()
    round: _Round | None = None
    report: _Report | None = None


_RECORD = msgspec.json.Decoder(Record)


def record(line: bytes) -> Record:
    """The line, read."""
    return _RECORD.decode(line)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with what was decided on it. `counted`: the verdict knows of the decision already."""

    ident: str
    rule: str
    fingerprint: str
    look: Look
    message: str
    quote: str
    suggestion: str
    clause: str
    where: str
    verb: str = ""
    verb_name: str = ""
    reason: str = ""
    by: str = ""
    at: str = ""
    counted: bool = False
    undoable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule."""

    rule: str
    name: str
    findings: tuple[Found, ...]

    @property
    def open(self) -> int:
        """How many nobody has decided on: those that one decision for all of them would be for."""
        return len({(found.rule, found.fingerprint) for found in self.findings if not found.verb})


@dataclass(frozen=True, slots=True)
class Turn:
    """How many findings were mended, remain, are new."""

    mended: int
    remaining: int
    new: int
    missing: bool


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper that came."""

    name: str
    kind: str
    person: str
    words: int
    limit: int | None
    over: bool
    copy: str


@dataclass(frozen=True, slots=True)
class UnitShown:
    """A unit on its own page."""

    name: str
    link: str
    history: str
    verdict: Look
    error: int
    warning: int
    info: int
    accepted: int
    page: str
    form: str
    waiting: int
    total: int
    missing: tuple[str, ...] = ()
    errors: tuple[Problem, ...] = ()
    papers: tuple[PaperRow, ...] = ()
    turn: Turn | None = None
    turned: tuple[tuple[str, tuple[Turned, ...]], ...] = ()
    groups: tuple[Group, ...] = ()


def turn(of: Record | None) -> Turn | None:
    """The comparison with the round before, in figures; None where there was none."""
    if of is None or of.round is None:
        return None
    it = of.round
    return Turn(len(it.mended), len(it.remaining), len(it.new), it.missing)


def unit_shown(
    entry: UnitEntry,
    read: Record,
    it: Shown,
    root: str,
    decisions: Sequence[Decision],
    offered: Mapping[str, Offered],
) -> UnitShown:
    """The page of a unit, with the decisions on it."""
    decided = standing(decisions).get(entry.name, {})
    touched = {(one.rule, one.fingerprint) for one in decisions if one.unit == entry.name}
    found = tuple(_findings(read, decided, touched))
    notice = offered.get(read.report.notice.id) if read.report is not None else None
    return UnitShown(
        name=say.one_line(entry.name),
        link=unit_link(it.link, entry.name),
        history=f"{root}/history?unit={quote(entry.name, safe='')}",
        verdict=verdict(entry.verdict),
        error=entry.error,
        warning=entry.warning,
        info=entry.info,
        accepted=entry.accepted,
        page=file_link(it.results, entry.page),
        form=file_link(it.results, entry.form),
        waiting=changes(read, decided, touched),
        total=len(found),
        missing=tuple(f"{_kind(owed.kind)}{f'（{owed.person}）' if owed.person else ''}" for owed in read.missing),
        errors=read.errors,
        papers=tuple(_paper(paper, it.results, entry.name) for paper in read.papers),
        turn=turn(read),
        turned=tuple((title, entries) for title, entries in _turned(read) if entries),
        groups=tuple(_groups(found, dict(notice.rules) if notice is not None else {})),
    )


def undecided(read: Record, rule: str, decisions: Sequence[Decision], unit: str) -> list[str]:
    """The fingerprints of the findings of a rule that nobody has decided on."""
    decided = standing(decisions).get(unit, {})
    touched = {(one.rule, one.fingerprint) for one in decisions if one.unit == unit}
    found = (one for one in _findings(read, decided, touched) if one.rule == rule and not one.verb)
    return list(dict.fromkeys(one.fingerprint for one in found))


def changes(read: Record, decided: Mapping[Key, Decision], touched: Set[Key]) -> int:
    """How many findings the results count otherwise than was decided: until the next run."""
    if read.report is None:
        return 0
    every = [*read.report.findings, *(finding for document in read.report.documents for finding in document.findings)]
    counted = {(finding.rule, finding.fingerprint): finding.accepted is not None for finding in every}
    wanted = {key: key in decided and decided[key].verb == "accept" for key in touched}
    return sum(accepts != counted[key] for key, accepts in wanted.items() if key in counted)


def _turned(read: Record) -> Iterator[tuple[str, tuple[Turned, ...]]]:
    for key, title in _TURNS.items():
        yield title, getattr(read.round, key, ())


def _findings(read: Record, decided: Mapping[Key, Decision], touched: Set[Key]) -> Iterator[Found]:
    if read.report is None:
        return
    number = 0
    for finding in read.report.findings:
        number += 1
        yield _found(number, finding, "整套材料", decided, touched)
    for document in read.report.documents:
        person = f"，{document.person}" if document.person else ""
        of = f"{_name(document.path)}（{_kind(document.kind)}{person}）"
        for finding in document.findings:
            number += 1
            yield _found(number, finding, of, decided, touched)


def _found(number: int, finding: _Finding, of: str, decided: Mapping[Key, Decision], touched: Set[Key]) -> Found:
    made = decided.get((finding.rule, finding.fingerprint))
    taken = finding.accepted
    common = Found(
        ident=f"finding-{number}",
        rule=finding.rule,
        fingerprint=finding.fingerprint,
        look=_SEVERITIES.get(finding.severity) or Look(finding.severity, "·", finding.severity),
        message=say.one_line(finding.message),
        quote=say.shorten(finding.quote, QUOTE),
        suggestion=say.one_line(finding.suggestion),
        clause=say.clause_name(finding.basis.clause) if finding.basis.clause else "",
        where=of + _where(finding.location),
    )
    if made is not None:
        # What was sent back counts as it did; what was accepted counts no more, once a run knows of it.
        counted = (made.verb == "accept") == (taken is not None)
        return _with(common, made.verb, made.reason, made.by, moment(made.at), counted, True)
    if taken is not None and (finding.rule, finding.fingerprint) not in touched:
        # Accepted in a reply in the paper, or in a file that came with it.
        return _with(common, "accept", taken.reason, taken.by or "未署名", taken.date, True, False)
    return common


def _with(found: Found, verb: str, reason: str, by: str, at: str, counted: bool, undoable: bool) -> Found:
    return replace(
        found, verb=verb, verb_name=_VERBS[verb], reason=say.one_line(reason), by=by, at=at, counted=counted,
        undoable=undoable,
    )  # fmt: skip


def _where(location: _Location | None) -> str:
    if location is None:
        return ""
    steps = []
    if location.page is not None:
        steps.append(f"第{location.page}页")
    if location.paragraph is not None:
        steps.append(f"第{location.paragraph}段")
    if location.heading:
        steps.append(say.shorten(location.heading[-1], 40))
    return "，" + "，".join(steps) if steps else ""


def _groups(found: Sequence[Found], names: Mapping[str, str]) -> Iterator[Group]:
    order: Mapping[str, int] = {name: number for number, name in enumerate(SEVERITIES)}
    by_rule: dict[str, list[Found]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    worst = {rule: min(order.get(one.look.key, 9) for one in entries) for rule, entries in by_rule.items()}
    for rule in sorted(by_rule, key=lambda it: (worst[it], -len(by_rule[it]))):
        entries = sorted(by_rule[rule], key=lambda one: order.get(one.look.key, 9))
        yield Group(rule, names.get(rule, rule), tuple(entries))


def _paper(paper: _Paper, results: str, unit: str) -> PaperRow:
    part = f"（第{paper.part + 1}份）" if paper.part else ""
    return PaperRow(
        say.one_line(_below(paper.path, unit)) + part,
        _kind(paper.kind),
        paper.person,
        paper.words,
        paper.limit,
        paper.over,
        file_link(results, paper.copy),
    )


def _below(path: str, unit: str) -> str:
    """The path from the unit's own folder on."""
    _, found, rest = f"/{path}".partition(f"/{unit}/")
    return rest if found else path


def _kind(kind: str) -> str:
    return PAPER_KINDS.get(kind, kind)


def _name(path: str) -> str:
    return say.one_line(re.split(r"[/\\]", path)[-1] or path)


# ---- history --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """A unit in one screening."""

    unit: str
    link: str
    year: int | None
    screening: str
    screening_link: str
    at: str
    verdict: Look
    error: int
    warning: int
    info: int
    accepted: int
    missing: int
    turn: Turn | None


def past(row: Screening, of: ScreeningUnit, root: str, read: Record | None, *, whole: bool = True) -> Past:
    """What a screening said of a unit."""
    link = f"{root}/screenings/{row.id}"
    count = {name: int(of.counts.get(name, 0)) for name in ("error", "warning", "info", "accepted", "missing")}
    return Past(
        unit=say.one_line(of.unit),
        link=unit_link(link, of.unit),
        year=row.year,
        screening=name_of(row, whole=whole),
        screening_link=link,
        at=moment(row.ended or row.created),
        verdict=verdict(of.verdict),
        turn=turn(read),
        **count,
    )
