"""A watched folder: what arrives or changes is checked once it rests, and the results are written beside it.

Events only say when to look; what is to be done follows from the sizes and times of the files alone. So an event that
the system drops, or a network drive that sends none, costs some seconds and no file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import html
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker import __version__, decisions, engine, notice
from checker.alone import without_the_set
from checker.copies import is_marked, unmarked_stem
from checker.document import Submission
from checker.errors import KaoheError, ReadError, UsageError, WriteError
from checker.readers.isolated import refusal
from checker.render import Choices, renderer
from checker.render import phrases as say
from checker.report import VERDICT_NAMES, Problem, Report, Severity, Verdict
from checker.submission import Options, collect, is_paper
from checker.workers import TaskLost, Worker
from checker.writing import write_whole

if TYPE_CHECKING:
    from checker.notice import Notice

FOLDER_REPORT = "考核材料检查报告.html"
_REPORT = "检查报告.html"
_IN_ARCHIVE = "·"
_TIMEOUT = 300.0
_REST = 1.5
"""Seconds for which size and time of a file must rest: Word, WPS and Explorer write in steps."""
_EMPTY_REST = 10.0
"""The same for an empty file: some programs make it first and fill it later."""
_EVERY = 20.0
"""Seconds after which the folder is looked through without any event."""
_TICK = 400
_POLL = 1000
_TEMPORARY = frozenset({".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".bak", ".swp"})
_WORD = frozenset({"docx", "doc", "wps"})
_STAMP = re.compile(rb'<meta name="kaohe-watch" content="([0-9a-f]+)">')
_HEAD = b'<meta charset="utf-8">'
_ALONE = "逐份检查，没有核对成套材料是否齐全；一个单位一个文件夹的，请加 --folders"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each file. `folders`: each folder directly below is one unit's submission.

    `poll`: look for changes at short intervals instead of waiting for events. `once`: end when nothing is left to do.
    """

    root: Path
    options: Options
    notice: str
    accept: str | None = None
    baseline: str | None = None
    min_level: Severity = "info"
    choices: Choices = field(default_factory=Choices)
    folders: bool = False
    poll: bool = False
    once: bool = False

    @property
    def timeout(self) -> float:
        """Seconds that one file, or one folder, may take."""
        return self.options.timeout or _TIMEOUT


class Job(NamedTuple):
    """One file to be checked, or one folder with its files."""

    path: Path
    folder: bool
    files: tuple[Path, ...]
    plan: Plan


class Output(NamedTuple):
    """A file to be written."""

    path: Path
    data: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job. `problems` are the sentences on what could not be read."""

    verdict: Verdict
    verdict_name: str
    counts: Mapping[Severity, int]
    problems: tuple[str, ...]
    outputs: tuple[Output, ...]


class Line(NamedTuple):
    """What is told of one file: when, which, what came of it (None: only `note`)."""

    at: float
    name: str
    done: Done | None
    note: str = ""


# ── in the child process ──────────────────────────────────────────────


def check_job(job: Job) -> Done:
    """Check one file or folder; what is to be written comes back as bytes."""
    plan = job.plan
    loaded = _notice(plan.notice)
    options = dataclasses.replace(plan.options, timeout=None, jobs=1)  # this process is the one with the limits
    submission, problems = collect(job.files, options)
    files = (Path(name) if name else None for name in (plan.accept, plan.baseline))
    report = decisions.decide(engine.run(loaded, submission, problems), *files)
    if not job.folder and len({document.path for document in submission.documents}) <= 1:
        report = without_the_set(report, loaded, _ALONE)
    return _done(job, report)


def refuse_job(job: Job, problem: Problem) -> Done:
    """The report on a file whose check had to be given up."""
    report = engine.run(_notice(job.plan.notice), Submission(()), [problem])
    return _done(job, report)


def warm(name: str) -> None:
    """Load what every check needs."""
    _notice(name)


@cache
def _notice(name: str) -> Notice:
    return notice.load(name)


def _done(job: Job, report: Report) -> Done:
    problems = tuple(f"{_inside(problem.path, job.path)}{problem.message}" for problem in report.errors)
    shown = report.from_level(job.plan.min_level)
    return Done(report.verdict, say.verdict_name(report), report.counts(), problems, tuple(_outputs(job, shown)))


def _inside(path: str, unit: Path) -> str:
    """The name of a file within the folder or archive that was checked, as the beginning of a sentence."""
    name = os.path.relpath(path, unit) if Path(path) != unit else ""
    return f"{name}：" if name and not name.startswith("..") else ""


def _outputs(job: Job, report: Report) -> Iterator[Output]:
    (page,) = renderer("html")(report, None)
    yield Output(report_path(job.path, job.folder), page.data)
    formats = {document.path: document.format for document in report.submission.documents}
    for name, wanted in (("docx", _WORD), ("pdf", frozenset({"pdf"}))):
        if not any(found in wanted for found in formats.values()):
            continue
        for copy in renderer(name, job.plan.choices)(report, None):
            if formats.get(copy.source) in wanted:
                yield Output(_beside(copy.source, copy.name, job), copy.data)


def _beside(source: str, name: str, job: Job) -> Path:
    """Where the copy of a paper goes: beside it, or beside the archive that it lies in, whose name tells it apart."""
    path = Path(source)
    if path.parent.is_dir():
        return path.parent / name
    archive = next(parent for parent in path.parents if parent.is_file())
    return archive.parent / f"{archive.stem}{_IN_ARCHIVE}{name}"


def report_path(path: Path, folder: bool) -> Path:
    """Where the report on a file or folder goes. Two files that differ in their endings alone get two reports."""
    if folder:
        return path / FOLDER_REPORT
    kind = path.suffix.lstrip(".").lower()
    return path.with_name(f"{path.stem}{'' if kind in ('docx', '') else f'（{kind}）'}{_REPORT}")


# ── what lies in the folder ───────────────────────────────────────────

Signature = tuple[tuple[str, int, int], ...]
"""Name, size and time of each file that belongs to a job."""


def units(plan: Plan) -> tuple[dict[Path, Signature], set[Path]]:
    """Every file below the folder, or every folder directly below it, that is to be checked, with its state.

    Besides, the marked-up copies of papers that are not there: they may have been handed in like this.
    """
    found: dict[Path, list[tuple[str, int, int]]] = {}
    copies: list[Path] = []
    papers: set[tuple[Path, str]] = set()
    for path, size, changed in _files(plan.root):
        if is_marked(path.stem):
            copies.append(path)
        if not _is_watched(path):
            continue
        below = path.relative_to(plan.root).parts
        unit = plan.root / below[0] if plan.folders and len(below) > 1 else path
        found.setdefault(unit, []).append((str(path), size, changed))
        papers.add((path.parent, path.stem))
    strays = {path for path in copies if is_paper(path) and not _is_copy_of(path, papers)}
    return {unit: tuple(sorted(files)) for unit, files in sorted(found.items())}, strays


def _is_copy_of(copy: Path, papers: set[tuple[Path, str]]) -> bool:
    """Whether the paper of a copy is there, or the archive whose name we put before it."""
    stem = unmarked_stem(copy.stem)
    return (copy.parent, stem) in papers or (copy.parent, stem.partition(_IN_ARCHIVE)[0]) in papers


def _files(folder: Path) -> Iterator[tuple[Path, int, int]]:
    """Files below `folder`; hidden folders and the results of a screening are left alone."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == ".kaohe" for entry in entries):
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith((".", "~$")) and entry.name != "__MACOSX":
                    yield from _files(Path(entry.path))
            elif entry.is_file():
                state = entry.stat()
                yield Path(entry.path), state.st_size, state.st_mtime_ns
        except OSError:  # gone meanwhile
            continue


def _is_watched(path: Path) -> bool:
    if path.name.startswith("~") or path.suffix.lower() in _TEMPORARY or is_marked(path.stem):
        return False
    return is_paper(path)


# ── watching ──────────────────────────────────────────────────────────


class Watcher:
    """Looks at the folder, checks what rests, tells what came of it."""

    def __init__(self, plan: Plan, tell: Callable[[Line], None]) -> None:
        if not plan.root.is_dir():
            raise UsageError(f"找不到文件夹 {plan.root}，请核对路径。", "not-found")
        self._plan = plan
        self._tell = tell
        self._digest = _digest(plan)
        self._seen: dict[Path, Signature] = {}
        self._moving: dict[Path, tuple[Signature, float]] = {}
        self._known_copies: set[Path] = set()
        self._looked = 0.0
        self._worker = Worker(plan.options.limits.memory, partial(warm, plan.notice), ("checker.watching",))
        self.verdicts: Counter[Verdict] = Counter()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()

    def begin(self) -> tuple[int, int]:
        """How many files (or folders) there are, and how many of them have their report already."""
        there, strays = units(self._plan)
        self._seen = {unit: state for unit, state in there.items() if self._is_done(unit, state)}
        now = time.monotonic()
        self._look(now, there, strays)
        fresh = time.time_ns() - int(2 * _EMPTY_REST * 1e9)
        for unit, (state, _) in self._moving.items():
            if all(changed < fresh for _, _, changed in state):  # at rest for long: no need to wait
                self._moving[unit] = (state, now - _EMPTY_REST)
        return len(there), len(self._seen)

    def run(self) -> None:
        """Until Ctrl-C (KeyboardInterrupt), or with `once` until nothing is left to do."""
        if self._plan.once:
            while self.step(changed=True) or self._moving:
                time.sleep(_TICK / 1000)
            return
        for changed in self._ticks():
            self.step(changed=changed)

    def step(self, *, changed: bool) -> int:
        """Look if there is reason to, check what rests; how many were checked."""
        now = time.monotonic()
        if not self._plan.root.is_dir():
            raise KaoheError("folder-gone", f"文件夹 {self._plan.root} 不见了（已移走或网络断开），已停止。")
        if not changed and not self._moving and now - self._looked < _EVERY:
            return 0
        self._look(now, *units(self._plan))
        ready = [unit for unit, (state, since) in self._moving.items() if now - since >= _rest_of(state)]
        return sum(self._check(unit) for unit in ready)

    def _look(self, now: float, there: Mapping[Path, Signature], strays: set[Path]) -> None:
        """Take note of what is new or changed; what is gone is forgotten."""
        self._looked = now
        self._seen = {unit: state for unit, state in self._seen.items() if unit in there}
        moving = {unit: state for unit, state in there.items() if self._seen.get(unit) != state}
        before = self._moving
        self._moving = {
            unit: before[unit] if unit in before and before[unit][0] == state else (state, now)
            for unit, state in moving.items()
        }
        for path in sorted(strays - self._known_copies):
            self._known_copies.add(path)
            note = "是批注副本，没有检查；如果是重新报送的材料，请改回原来的文件名。"
            self._tell(Line(time.time(), self._name(path), None, note))

    def _check(self, unit: Path) -> bool:
        state, _ = self._moving[unit]
        if _now(state) != state or not all(_can_be_opened(Path(name)) for name, _, _ in state):
            return False
        job = Job(unit, self._is_folder(unit), tuple(Path(name) for name, _, _ in state), self._plan)
        stamp = self._stamp(unit, state)
        done = self._outcome(job)
        del self._moving[unit]
        if done is None:
            return False
        self._seen[unit] = state
        self.verdicts[done.verdict] += 1
        self._tell(Line(time.time(), self._name(unit), done, self._write(done, stamp)))
        return True

    def _outcome(self, job: Job) -> Done | None:
        """None: it is gone."""
        try:
            return self._worker.call(check_job, job, timeout=self._plan.timeout)
        except TaskLost as lost:
            error: KaoheError = refusal(lost.cause, self._plan.options.limits, self._plan.timeout)
        except (ReadError, WriteError) as refused:
            error = refused
        if not job.path.exists():
            return None
        problem = Problem(str(job.path), error.code, error.message)
        try:
            return self._worker.call(refuse_job, job, problem, timeout=_TIMEOUT)
        except (TaskLost, KaoheError):  # not even the page that says so
            return Done("error", VERDICT_NAMES["error"], {}, (error.message,), ())

    def _write(self, done: Done, stamp: str) -> str:
        """Write the results; what went wrong, or nothing."""
        try:
            for output in done.outputs:
                page = output.path.suffix == ".html"
                self._known_copies.add(output.path)
                write_whole(output.path, _stamped(output.data, stamp) if page else output.data)
        except WriteError as error:
            return error.message
        return ""

    def _is_done(self, unit: Path, state: Signature) -> bool:
        """Whether the report that lies there is on exactly these files, by this notice and these settings."""
        report = report_path(unit, self._is_folder(unit))
        try:
            with report.open("rb") as file:
                found = _STAMP.search(file.read(4096))
            return found is not None and found[1].decode() == self._stamp(unit, state)
        except OSError:
            return False

    def _stamp(self, unit: Path, state: Signature) -> str:
        digest = hashlib.sha256(self._digest.encode())
        for name, _, _ in state:
            digest.update(f"\0{os.path.relpath(name, unit)}\0".encode("utf-8", "surrogateescape"))
            try:
                with Path(name).open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            except OSError:
                digest.update(b"unreadable")
        return digest.hexdigest()[:32]

    def _is_folder(self, unit: Path) -> bool:
        return self._plan.folders and unit.is_dir()

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._plan.root))

    def _ticks(self) -> Iterator[bool]:
        """Whether something changed, again and again. Where the system cannot tell, we look ourselves."""
        import watchfiles

        poll = self._plan.poll
        while True:
            try:
                for changes in watchfiles.watch(
                    self._plan.root,
                    watch_filter=None,
                    debounce=_TICK,
                    step=100,
                    rust_timeout=_TICK,
                    yield_on_timeout=True,
                    force_polling=poll or None,
                    poll_delay_ms=_POLL,
                    ignore_permission_denied=True,
                ):
                    yield bool(changes)
            except (OSError, RuntimeError):
                if poll or not self._plan.root.is_dir():
                    yield True  # says that the folder is gone
                    raise
                note = "系统不能通知文件变化，改为每隔几秒查看一次。"
                self._tell(Line(time.time(), "", None, note))
                poll = True


def _digest(plan: Plan) -> str:
    """Of all that decides a report besides the files themselves; NoticeError where the notice is bad."""
    loaded = notice.load(plan.notice)
    options = dataclasses.replace(plan.options, timeout=None, jobs=1)
    decided = [Path(name).read_bytes() for name in (plan.accept, plan.baseline) if name and Path(name).is_file()]
    return f"{__version__} {loaded.digest} {options!r} {decided!r} {plan.min_level} {plan.choices!r} {plan.folders}"


def _stamped(page: bytes, stamp: str) -> bytes:
    return page.replace(_HEAD, _HEAD + f'\n<meta name="kaohe-watch" content="{html.escape(stamp)}">'.encode(), 1)


def _rest_of(state: Signature) -> float:
    return _EMPTY_REST if any(size == 0 for _, size, _ in state) else _REST


def _now(state: Signature) -> Signature:
    """The same files as they are now."""
    found = []
    for name, _, _ in state:
        try:
            stat = Path(name).stat()
        except OSError:
            continue
        found.append((name, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _can_be_opened(path: Path) -> bool:
    """On Windows a program that still writes a file may keep others from it."""
    try:
        with path.open("rb"):
            return True
    except PermissionError:
        return os.name != "nt"
    except OSError:
        return True
