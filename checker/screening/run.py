"""One screening from beginning to end: read, group, look for copies, check, write the results.

Every step keeps what it has done in the store, so that a run that is stopped, however hard, goes on where it was.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from checker import __version__, decisions, engine
from checker import notice as notices
from checker.document import PAPER_KINDS
from checker.errors import KaoheError, UsageError
from checker.language.wide_figures import Mention
from checker.papers import kind_by_name
from checker.report import Decision, Problem
from checker.roster import Due, Roster
from checker.screening import copies, earlier, figures, grouping, pins, results, roster_file, rounds
from checker.screening.batch import Batch, Facts, Member
from checker.screening.cards import Assignment
from checker.screening.checking import check_unit
from checker.screening.copies import Shares, Subject
from checker.screening.discover import Found, Item, walk
from checker.screening.handouts import PAGE
from checker.screening.intake import LOST, Intake, Reader, unread_card
from checker.screening.plan import Plan
from checker.screening.pool import Failure, LocalPool, Pool
from checker.screening.progress import Progress
from checker.screening.reading import warm
from checker.screening.result import Screening, UnitLine
from checker.screening.store import FOLDER, Store, StoredUnit
from checker.screening.unit_task import Common, UnitOutcome, UnitTask
from checker.writing import write_whole

_PRELOAD = (
    "checker.screening.checking",
    "checker.screening.reading",
    "checker.language.claims",
    "checker.language.similarity",
    "checker.readers.docx",
)
"""What workers share: loaded once in the process that they are forked from."""
_SPOOL = "spool"
_OTHERS = "比对材料"
_TELL_SECONDS = 60.0
"""Enough to say of a unit that it could not be checked, however short the user's patience."""
_MENTIONS = msgspec.msgpack.Decoder(tuple[Mention, ...])
_LINE = msgspec.msgpack.Decoder(UnitLine)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: the results, how many files there were, how many were known, how many units were checked."""

    screening: Screening
    files: int
    kept: int
    checked: int


def screen(plan: Plan, progress: Progress) -> Outcome:
    """Run the whole of it and write all results.

    KaoheError where the plan cannot be carried out; what single files do is told in the results.
    """
    _refuse(plan)
    run = _Run(plan, progress)
    with contextlib.closing(Store(plan.output)) as store, _pools(plan) as (pool, local):
        try:
            return run.screen(store, pool, local)
        finally:
            store.commit()


def _refuse(plan: Plan) -> None:
    """What cannot be meant."""
    for root in (*plan.roots, *plan.against):
        if not root.exists():
            raise UsageError(f"找不到 {root}，请核对路径。", "not-found")
    output = plan.output.resolve()
    if plan.output.exists() and not plan.output.is_dir():
        raise UsageError(f"{plan.output} 不是文件夹，请用 -o 给一个文件夹。", "bad-output")
    if any(root.resolve() == output for root in (*plan.roots, *plan.against)):
        raise UsageError("结果不能写到材料文件夹本身，请用 -o 另给一个文件夹。", "bad-output")
    if plan.output.is_dir() and not (plan.output / FOLDER).is_dir() and any(plan.output.iterdir()):
        raise UsageError(f"{plan.output} 里已有别的文件，不是审查结果；请用 -o 给一个新的或空的文件夹。", "bad-output")
    if plan.previous is not None and plan.previous.resolve() == output:
        raise UsageError("--previous 要给上一轮的结果，不能与 -o 是同一个文件夹。", "bad-previous")


@contextlib.contextmanager
def _pools(plan: Plan) -> Iterator[tuple[Pool, LocalPool]]:
    """Where files are read and units checked, and where archives are unpacked: always on this machine."""
    with LocalPool(plan.jobs, plan.limits.memory, partial(warm, plan.notice), _PRELOAD) as local:
        if not plan.cluster:
            yield local, local
            return
        from checker.screening.cluster import ClusterPool

        with ClusterPool(plan.cluster, plan.limits.memory, partial(warm, plan.notice), _PRELOAD) as pool:
            yield pool, local


class _Run:
    """One run, stage by stage."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self._plan = plan
        self._progress = progress
        self._notice = notices.load(plan.notice)
        self._roster, self._bad_rows = self._read_roster()
        self._dues: tuple[Due, ...] = engine.dues(self._notice, self._roster) if self._roster is not None else ()
        self._pins = pins.load(plan.pins) if plan.pins is not None else pins.Pins()
        self._previous = rounds.previous(plan.previous) if plan.previous is not None else None

    def _read_roster(self) -> tuple[Roster | None, tuple[str, ...]]:
        if self._plan.roster is None:
            return None, ()
        return roster_file.load(self._plan.roster, self._notice)

    def screen(self, store: Store, pool: Pool, local: LocalPool) -> Outcome:
        """All stages, one after the other."""
        plan = self._plan
        spool = plan.output / FOLDER / _SPOOL
        shutil.rmtree(spool, ignore_errors=True)
        try:
            reader = Reader(store, pool, local, plan.limits, plan.timeout, self._notice.year, self._progress)
            found = self._walk(plan.roots)
            intake = self._intake(reader, found, spool / "batch", "读取材料")
            outside = self._intake(reader, _apart(self._walk(plan.against)), spool / "against", "读取比对材料")
            store.commit()
            given = self._grouped(intake)
            subjects = [*self._subjects(given.members), *_outside(outside)]
            shares = self._shares(store, subjects)
            batch = self._batch(store, given, subjects, shares, self._decided(found, given))
            checked = self._check(store, pool, batch)
            screening = self._screening(store, batch, found, intake, given, subjects, shares)
            self._write(store, batch, screening, local)
        finally:
            shutil.rmtree(spool, ignore_errors=True)
        return Outcome(screening, intake.files, intake.kept, checked)

    # ── reading and grouping ──────────────────────────────────────────

    def _walk(self, roots: Sequence[Path]) -> Found:
        plan = self._plan
        named = (plan.roster, plan.pins, plan.accept, Path(plan.template) if plan.template else None)
        return walk(roots, decisions.FILE_NAME, {path.resolve() for path in named if path is not None})

    def _intake(self, reader: Reader, found: Found, spool: Path, stage: str) -> Intake:
        if not found.items and stage != "读取材料":
            return Intake()
        self._progress.stage(stage, len(found.items))
        intake = reader.read(found.items, spool)
        intake.problems.extend(found.problems)
        return intake

    def _grouped(self, intake: Intake) -> _Given:
        cards = [taken.card for taken in intake.papers]
        unread = {
            problem.path: unread_card(problem, kind_by_name(problem.path) or "other") for problem in intake.problems
        }
        assigned = {
            assignment.key: assignment
            for assignment in grouping.group([*cards, *unread.values()], self._roster, self._pins)
        }
        members = [Member(taken, assigned[taken.card.key]) for taken in intake.papers]
        problems = [(problem, assigned[unread[problem.path].key]) for problem in intake.problems]
        return _Given(
            [it for it in members if it.assignment.unit and it.assignment.instead is None],
            [it for it in problems if it[1].unit],
            tuple(assigned[key] for key in sorted(assigned)),
        )

    def _subjects(self, members: Iterable[Member]) -> Iterator[Subject]:
        for member in members:
            it = member.assignment
            yield Subject(member.taken.card, member.taken.stored, it.kind, it.unit, it.person)

    def _shares(self, store: Store, subjects: Sequence[Subject]) -> Shares:
        params = copies.params_of(self._notice)
        if params is None or len(subjects) < 2:
            return Shares()
        self._progress.stage("比对雷同", len(subjects))
        return copies.find(store, subjects, params, self._progress.step)

    # ── checking ──────────────────────────────────────────────────────

    def _batch(
        self,
        store: Store,
        given: _Given,
        subjects: Sequence[Subject],
        shares: Shares,
        decided: tuple[tuple[str, Decision], ...],
    ) -> Batch:
        plan = self._plan
        common = Common(
            plan.notice,
            self._notice.digest,
            self._roster.entries if self._roster is not None else (),
            plan.limits,
            plan.grades,
            plan.copies_for,
            plan.cover,
            plan.suggest,
            plan.template,
            plan.turn,
        )
        compared = earlier.Compared(self._previous, store) if self._previous is not None else None
        facts = Facts(
            common,
            self._roster,
            self._dues,
            plan.not_applicable,
            decided,
            compared,
            {unit: tuple(decisions.load(path)) for unit, path in plan.accept_of.items()},
        )
        set_aside = [it for it in given.assignments if it.instead is not None]
        return Batch(store, facts, given.members, given.unread, set_aside, subjects, shares.pairs, bool(plan.cluster))

    def _decided(self, found: Found, given: _Given) -> tuple[tuple[str, Decision], ...]:
        """The decisions written down in the batch, each for its folder and below, and those given for all of it."""
        plan = self._plan
        names = {str(Path(member.taken.item.place).resolve()): member.taken.item.name for member in given.members}

        def of(path: Path, folder: str) -> Iterator[tuple[str, Decision]]:
            for decision in decisions.load(path):
                if not decision.file:
                    yield folder, decision
                elif (name := names.get(str(Path(decision.file).resolve()))) is not None:
                    yield folder, replace(decision, file=name)

        held = [entry for item in found.decisions for entry in of(Path(item.place), _folder_of(item))]
        return (*held, *(of(plan.accept, "") if plan.accept is not None else ()))

    def _check(self, store: Store, pool: Pool, batch: Batch) -> int:
        """Check every unit whose result is not known; how many there were."""
        self._progress.stage("逐个单位检查", len(batch.names))
        keys: dict[str, bytes] = {}
        again: list[tuple[str, str]] = []
        for task, outcome in pool.run(check_unit, self._tasks(store, batch, keys), self._seconds):
            if isinstance(outcome, UnitOutcome):
                self._keep(store, batch, task.unit, keys[task.unit], outcome)
                self._progress.step(fault=outcome.line.verdict == "error")
            elif isinstance(outcome, KaoheError):
                # No fault of the papers: every unit would go the same way.
                raise outcome
            else:
                again.append((task.unit, _why(outcome, self._seconds(task))))
        for name, why in again:
            # Without a key: what went wrong may go better the next time.
            self._keep(store, batch, name, b"", self._rescued(pool, batch, name, why))
            self._progress.step(fault=True)
        store.commit()
        return len(keys)

    def _seconds(self, task: UnitTask) -> float:
        return self._plan.timeout * max(1, len(task.papers))

    def _tasks(self, store: Store, batch: Batch, keys: dict[str, bytes]) -> Iterator[UnitTask]:
        """The units to be checked; of the others the results are there already, also as files."""
        for name in batch.names:
            key = batch.key(name)
            known = store.unit(name)
            if known is not None and known.key == key and self._lies_there(known):
                self._progress.step(kept=True, fault=_LINE.decode(known.line).verdict == "error")
                continue
            keys[name] = key
            yield batch.task(name)

    def _lies_there(self, known: StoredUnit) -> bool:
        return all((self._plan.output / file).is_file() for file in known.files)

    def _rescued(self, pool: Pool, batch: Batch, name: str, why: str) -> UnitOutcome:
        """The unit without the files that the check comes to no end with, each looked for by checking it alone."""
        task = batch.task(name)
        files = list(dict.fromkeys(handed.paper.card.key.name for handed in task.papers))
        alone = [_only(task, {file}) for file in files]
        bad = {
            one.papers[0].paper.card.key.name: _why(outcome, self._seconds(one))
            for one, outcome in pool.run(check_unit, alone, self._seconds)
            if isinstance(outcome, Failure)
        }
        for lost in (bad, dict.fromkeys(files, why)):
            rest = _only(task, set(files) - set(lost))
            problems = tuple(Problem(file, "check-failed", message) for file, message in sorted(lost.items()))
            told = replace(rest, problems=(*rest.problems, *problems))
            for _, outcome in pool.run(check_unit, [told], max(self._seconds(told), _TELL_SECONDS)):
                if isinstance(outcome, UnitOutcome):
                    return outcome
        raise KaoheError(
            "check-failed", f"检查{name}时程序反复出错，没有完成；已完成的部分都在，请把这个单位的材料移开后重试。"
        )

    def _keep(self, store: Store, batch: Batch, name: str, key: bytes, outcome: UnitOutcome) -> None:
        """Write the files of a unit, take away those of the last time, and remember that it is done."""
        folder = batch.folders[name]
        before = store.unit(name)
        files = tuple(f"{folder}/{file}" for file, _ in outcome.files)
        for file, (_, data) in zip(files, outcome.files, strict=True):
            write_whole(self._plan.output / file, data)
        self._take_away(set(before.files) - set(files) if before is not None else ())
        store.put_unit(name, StoredUnit(key, msgspec.msgpack.encode(outcome.line), files), outcome.record)

    def _take_away(self, files: Iterable[str]) -> None:
        for file in files:
            path = self._plan.output / file
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                path.parent.rmdir()

    # ── results ───────────────────────────────────────────────────────

    def _screening(
        self,
        store: Store,
        batch: Batch,
        found: Found,
        intake: Intake,
        given: _Given,
        subjects: Sequence[Subject],
        shares: Shares,
    ) -> Screening:
        unread = {problem.path for problem in intake.problems}
        copied = results.Copied(store, subjects, batch.folders)
        lines = results.in_order(self._lines(store, batch.names))
        return Screening(
            title=self._notice.title,
            notice=self._notice.number,
            year=self._notice.year,
            version=__version__,
            made=datetime.now(),
            roster=self._roster is not None,
            units=lines,
            topics=results.columns(self._notice, "topics"),
            facets=results.columns(self._notice, "facets"),
            copies=copied.pairs(shares.pairs),
            clusters=copied.clusters(shares.clusters),
            figures=figures.conflicts(self._told(given.members, batch.folders)),
            nobody=tuple(it for it in given.assignments if not it.unit and it.key.name not in unread),
            set_aside=tuple(it for it in given.assignments if it.instead is not None),
            guesses=given.assignments,
            unread=tuple(intake.problems),
            skipped=found.skipped,
            bad_rows=self._bad_rows,
            not_checked=tuple(self._nowhere(subjects)),
            previous=str(self._plan.previous or ""),
        )

    def _told(self, members: Sequence[Member], folders: Mapping[str, str]) -> Iterator[figures.Told]:
        """What each paper tells of larger wholes."""
        types = {unit.name: unit.unit_type for unit in self._roster.units} if self._roster is not None else {}
        for member in members:
            it = member.assignment
            mentions = _MENTIONS.decode(member.taken.mentions)
            if mentions:
                page = f"{folders[it.unit]}/{PAGE}"
                yield figures.Told(it.key.name, it.unit, types.get(it.unit, ""), it.person, it.kind, mentions, page)

    def _nowhere(self, subjects: Sequence[Subject]) -> Iterator[tuple[str, str]]:
        """What could not be checked for any unit, and why; what single units lack stands on their pages."""
        kinds = {subject.kind for subject in subjects}
        for rule in self._notice.rules:
            if not kinds & set(rule.applies_to) and rule.kind.overall is None:
                yield rule.name, "没有收到适用的材料"
        if self._roster is None:
            return
        for due in self._dues:
            if due.owed == "owed" and self._roster.unit(due.unit) is None:
                yield f"{due.person}的{PAPER_KINDS[due.kind]}", f"应由{due.unit}提供，这个单位不在花名册里，请人工核对"

    def _lines(self, store: Store, names: Iterable[str]) -> Iterator[UnitLine]:
        for name in names:
            stored = store.unit(name)
            assert stored is not None, name
            yield _LINE.decode(stored.line)

    def _write(self, store: Store, batch: Batch, screening: Screening, local: LocalPool) -> None:
        self._progress.stage("写出结果", 1)
        for name in store.unit_names():
            if name not in batch.folders:
                gone = store.unit(name)
                self._take_away(gone.files if gone is not None else ())
                store.drop_unit(name)
        records = (store.record(unit.name) for unit in screening.units)
        results.write(screening, records, self._plan.output, local)
        store.forget_unused()
        self._progress.step()


@dataclass(frozen=True, slots=True)
class _Given:
    """Whose papers are whose: those to be checked, the files of known units that could not be read, everything."""

    members: list[Member]
    unread: list[tuple[Problem, Assignment]]
    assignments: tuple[Assignment, ...]


def _apart(found: Found) -> Found:
    """Under names of their own: last year's files are often called as this year's."""
    return replace(found, items=tuple(replace(item, name=f"{_OTHERS}/{item.name}") for item in found.items))


def _outside(intake: Intake) -> Iterator[Subject]:
    for taken in intake.papers:
        yield Subject(taken.card, taken.stored, taken.card.kind, "", "", outside=True)


def _folder_of(item: Item) -> str:
    head, found, _ = item.name.rpartition("/")
    return head + found


def _only(task: UnitTask, files: set[str]) -> UnitTask:
    """The unit with those of its files alone; what its papers share with others is left out."""
    papers = tuple(handed for handed in task.papers if handed.paper.card.key.name in files)
    return replace(task, papers=papers, partners=(), copies=())


def _why(outcome: Failure, seconds: float) -> str:
    return LOST[outcome.cause].replace("读取", "检查").format(seconds=seconds, detail=outcome.detail)
