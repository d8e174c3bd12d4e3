"""The private folder of one screening: what was handed in, what is asked of it, how far it is, what came out.

    papers/        what was uploaded, as it came            request.json  what the next run is to do
    inputs/        roster, pins, decisions, by their names  progress.jsonl  events, one a line, only ever appended to
    against/       what is only compared with               outcome.json  what the last run came to
    accepted/      accepted findings, one file a unit       units.json    where each unit stands in the results
    previous/      results.jsonl of the round before        results/      what is shown, and the store in .kaohe
    hook.secret    what webhooks are signed with

Everything in it is confidential. The folder itself is closed to others (0700), so what lies in it is too.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from checker.readers.limits import Limits
from checker.screening.plan import CopiesFor, Plan
from checker.service.private import create
from checker.writing import write_whole

INCOMING = "incoming"
"""Lies in a folder until the database knows of it: what has it after a crash belongs to nobody."""
RESULTS = "results.jsonl"
UNITS = "单位"
_SHOWN = frozenset({"index.html", "汇总表.xlsx", "归属表.xlsx", RESULTS})
_LAST_BYTES = 64 * 1024
_NAME_BYTES = 255
"""Longer names are none of any file, and the system would complain."""
_ID = re.compile(r"[0-9a-f]{16}")


def is_id(text: str) -> bool:
    """Whether `text` has the form of the id of a screening."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Request:
    """What one run is to do: plain values, read by the process of the run."""

    notice: str
    roster: str = ""
    pins: str = ""
    accept: str = ""
    accepted: Mapping[str, str] = field(default_factory=dict)
    previous: str = ""
    copies: CopiesFor = "return"
    cover: bool = False
    suggest: bool = False
    round: int | None = None
    jobs: int = 1
    timeout: float = 60.0
    grades: Mapping[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


class UnitEntry(msgspec.Struct, frozen=True):
    """One unit in the results. `start` and `size` lead to its line in results.jsonl."""

    name: str
    unit_type: str
    known: bool
    verdict: str
    error: int
    warning: int
    info: int
    accepted: int
    papers: int
    missing: int
    page: str
    form: str
    start: int
    size: int

    @property
    def folder(self) -> str:
        """Its folder within the results; empty where it has none."""
        head, _, _ = (self.page or self.form).rpartition("/")
        return head

    @property
    def counts(self) -> dict[str, int]:
        """What is counted of it."""
        names = ("error", "warning", "info", "accepted", "papers", "missing")
        return {name: getattr(self, name) for name in names}


class Outcome(msgspec.Struct, frozen=True):
    """What a run came to: an error with its sentence, or what was counted."""

    code: str = ""
    message: str = ""
    counts: dict[str, Any] = msgspec.field(default_factory=dict)
    year: int | None = None


class Event(NamedTuple):
    """One line of progress.jsonl. `id` is where the next one begins, so that whoever has it can go on there."""

    id: int
    kind: str
    data: Mapping[str, Any]


class Folder:
    """The folder of one screening."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.papers = path / "papers"
        self.inputs = path / "inputs"
        self.against = path / "against"
        self.results = path / "results"
        self.request = path / "request.json"
        self.outcome = path / "outcome.json"
        self.events = path / "progress.jsonl"

    def make(self) -> None:
        """Make it, private, with the mark of one that nobody knows of yet."""
        for folder in (self.path, self.papers, self.inputs, self.against):
            folder.mkdir(mode=0o700, parents=True)
        (self.path / INCOMING).touch(0o600)

    def known(self) -> None:
        """The database knows of it."""
        (self.path / INCOMING).unlink(missing_ok=True)

    def take(self, content: bytes | Path, into: Path, name: str) -> str:
        """Move an uploaded file to `into`; the name that it has there."""
        free, number = name, 1
        while (into / free).exists():
            number += 1
            stem, dot, ending = name.rpartition(".")
            free = f"{stem}（{number}）{dot}{ending}" if stem else f"{name}（{number}）"
        place = into / free
        if isinstance(content, Path):
            content.replace(place)
        else:
            with create(place) as file:
                file.write(content)
        return free

    # ── what is asked ─────────────────────────────────────────────────

    def ask(self, request: Request) -> None:
        """Write down what the next run is to do."""
        self.outcome.unlink(missing_ok=True)
        _write(self.request, json.dumps(asdict(request), ensure_ascii=False).encode())

    def plan(self) -> Plan:
        """What the run is to do, as the checker takes it."""
        asked = msgspec.json.decode(self.request.read_bytes(), type=Request)
        return Plan(
            roots=(self.papers,),
            output=self.results,
            roster=self._input(asked.roster),
            pins=self._input(asked.pins),
            against=(self.against,) if any(self.against.iterdir()) else (),
            previous=Path(asked.previous) if asked.previous else None,
            accept=self._input(asked.accept),
            accept_of={unit: self.path / file for unit, file in asked.accepted.items()},
            notice=asked.notice,
            grades=asked.grades,
            limits=asked.limits,
            jobs=asked.jobs,
            timeout=asked.timeout,
            copies_for=asked.copies,
            cover=asked.cover,
            suggest=asked.suggest,
            turn=asked.round,
        )

    def _input(self, name: str) -> Path | None:
        return self.inputs / name if name else None

    def accept(self, decided: Mapping[str, Sequence[Accepted]]) -> Mapping[str, str]:
        """Write the accepted findings of each unit as a file of decisions; what `Request.accepted` says."""
        folder = self.path / "accepted"
        shutil.rmtree(folder, ignore_errors=True)
        found: dict[str, str] = {}
        for number, (unit, entries) in enumerate(sorted(decided.items())):
            name = f"accepted/{number}/kaohe-accept.toml"
            _write(self.path / name, accept_file(unit, entries))
            found[unit] = name
        return found

    def remember_previous(self, earlier: Folder) -> None:
        """Keep the findings of the round before: that screening may be removed while this one is not."""
        place = self.path / "previous"
        place.mkdir(mode=0o700)
        shutil.copyfile(earlier.results / RESULTS, place / RESULTS)
        (place / RESULTS).chmod(0o600)

    # ── what came out ─────────────────────────────────────────────────

    def units(self) -> tuple[UnitEntry, ...]:
        """The units in the order of the worklist; none before there are results."""
        try:
            return msgspec.json.decode((self.path / "units.json").read_bytes(), type=tuple[UnitEntry, ...])
        except (OSError, msgspec.MsgspecError):
            return ()

    def unit(self, name: str) -> UnitEntry | None:
        """One unit."""
        return next((entry for entry in self.units() if entry.name == name), None)

    def put_units(self, entries: Iterable[UnitEntry]) -> None:
        """Write down where each unit stands."""
        _write(self.path / "units.json", msgspec.json.encode(tuple(entries)))

    def record(self, unit: str) -> bytes | None:
        """The line of results.jsonl on a unit; None where there is none."""
        entry = self.unit(unit)
        if entry is None:
            return None
        try:
            with (self.results / RESULTS).open("rb") as stream:
                stream.seek(entry.start)
                line = stream.read(entry.size)
                if _is_on(line, unit):
                    return line
                stream.seek(0)  # a new run has just written them anew
                return next((line for line in stream if _is_on(line, unit)), None)
        except OSError:
            return None

    def result(self, path: str, only: str | None = None) -> Path | None:
        """The file of the results at `path`; None where there is none that may be shown.

        `only` is the unit whose folder alone is shown (None: everything that a screening writes for people).
        """
        steps = path.split("/")
        if any(step in ("", ".", "..") or step.startswith(".") or _unfit(step) for step in steps):
            return None
        if steps[0] == UNITS and len(steps) == 3:
            if only is not None:
                entry = self.unit(only)
                if entry is None or entry.folder != "/".join(steps[:2]):
                    return None
        elif only is not None or path not in _SHOWN:
            return None
        place = self.results.joinpath(*steps)
        # Whatever the names are: what is handed out lies in the results, and no link leads out of them.
        inside = place.resolve().is_relative_to(self.results.resolve())
        return place if inside and place.is_file() and not place.is_symlink() else None

    def files(self) -> Iterator[tuple[str, Path]]:
        """All results, each with its name: what the archive holds."""
        for path in sorted(self.results.rglob("*")):
            name = path.relative_to(self.results).as_posix()
            if self.result(name) is not None:
                yield name, path

    def last(self) -> Outcome | None:
        """What the last run came to; None where it did not get so far as to say."""
        try:
            return msgspec.json.decode(self.outcome.read_bytes(), type=Outcome)
        except (OSError, msgspec.MsgspecError):
            return None

    # ── events ────────────────────────────────────────────────────────

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append an event."""
        with self.appending() as stream:
            put_event(stream, kind, data)

    @contextlib.contextmanager
    def appending(self) -> Iterator[IO[bytes]]:
        """The file of events, to be appended to; a line that a killed process left torn is ended first."""
        handle = os.open(self.events, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as stream:
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(size - 1)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")
            yield stream

    def read_events(self, after: int) -> list[Event]:
        """The events after the one with the id `after` (0: from the first one on)."""
        try:
            with self.events.open("rb") as stream:
                stream.seek(after)
                return list(_events(stream.read(), after))
        except OSError:
            return []

    def latest(self) -> list[Event]:
        """The last event of each kind, in order: what somebody who comes anew has to know."""
        try:
            size = self.events.stat().st_size
        except OSError:
            return []
        start = max(0, size - _LAST_BYTES)
        found = {event.kind: event for event in current(self.read_events(start))}
        return sorted(found.values(), key=lambda event: event.id)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that was accepted: which, why, by whom, when."""

    rule: str
    fingerprint: str
    reason: str
    by: str
    at: datetime


def accept_file(unit: str, entries: Iterable[Accepted]) -> bytes:
    """A file of decisions (kaohe-accept.toml) as `checker.decisions` reads it."""
    lines = [f"# {' '.join(unit.split())}：在审查页上接受的问题。"]
    for entry in entries:
        lines += ["", "[[accept]]"]
        values = {"rule": entry.rule, "fingerprint": entry.fingerprint, "reason": entry.reason, "by": entry.by}
        lines += [f"{key} = {_quoted(value)}" for key, value in values.items()]
        lines.append(f"date = {entry.at.astimezone().date().isoformat()}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def current(events: Sequence[Event]) -> list[Event]:
    """Those of the latest run: after an end that was followed by another run, only what came after it."""
    ends = [number for number, event in enumerate(events[:-1]) if event.kind == "end"]
    return list(events[ends[-1] + 1 :] if ends else events)


def put_event(stream: IO[bytes], kind: str, data: Mapping[str, Any]) -> None:
    """One line, written in one piece."""
    stream.write(json.dumps({"event": kind, "at": round(time.time(), 3), **data}, ensure_ascii=False).encode() + b"\n")


def _events(data: bytes, start: int) -> Iterator[Event]:
    at = start
    for line in data.splitlines(keepends=True):
        at += len(line)
        if not line.endswith(b"\n"):
            return  # it is still being written
        with contextlib.suppress(ValueError, KeyError, TypeError):
            values: dict[str, Any] = json.loads(line)
            yield Event(at, str(values.pop("event")), values)


def _write(path: Path, data: bytes) -> None:
    write_whole(path, data)
    path.chmod(0o600)


def _is_on(line: bytes, unit: str) -> bool:
    try:
        return bool(msgspec.json.decode(line, type=_Line).unit.name == unit)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False


class _Named(msgspec.Struct):
    name: str


class _Line(msgspec.Struct):
    unit: _Named


def _unfit(step: str) -> bool:
    if len(step.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
        return True
    return any(character in "\\:\0" or not character.isprintable() for character in step)


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", escaped) + '"'
