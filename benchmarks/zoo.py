"""Every file under a folder through `kaohe check --format jsonl`, each in a process of its own with hard limits.

    python -m benchmarks.zoo FOLDER [--timeout 20] [--memory 2048] [--jobs 2] [--list]

One row a format (by suffix): read, refused and with which code, crashed, over the time limit, the slowest file, peak
memory. Needs a system that can fork.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

# Loaded before the first fork, so that each child begins where a running service would be.
from checker import readers, submission  # noqa: F401
from checker.commands import run
from checker.notice import DEFAULT, load

MEGABYTE = 1024 * 1024
_NOT_REFUSALS = frozenset({"unknown-kind"})


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one file: "read", the code of the refusal, "crashed", or "over time"."""

    path: Path
    outcome: str
    seconds: float
    memory: float
    said: str = ""


@dataclass(slots=True)
class Row:
    """The visits to the files of one format, added up."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: Visit | None = None
    memory: float = 0.0

    def add(self, visit: Visit) -> None:
        self.files += 1
        self.outcomes[visit.outcome] += 1
        self.memory = max(self.memory, visit.memory)
        if self.slowest is None or visit.seconds > self.slowest.seconds:
            self.slowest = visit


@dataclass(slots=True)
class Child:
    """A process at work on one file, and where it writes."""

    path: Path
    pid: int
    began: float
    out: IO[bytes]
    err: IO[bytes]


def visit_all(files: Sequence[Path], jobs: int, timeout: float, memory: int) -> Iterator[Visit]:
    """Check each file in a child process, `jobs` at a time. No threads: a process that has some must not fork."""
    waiting = list(reversed(files))
    working: list[Child] = []
    while waiting or working:
        while waiting and len(working) < jobs:
            working.append(_start(waiting.pop(), memory))
        ended = [(child, visit) for child in working if (visit := _ended(child, timeout)) is not None]
        for child, visit in ended:
            working.remove(child)
            yield visit
        if not ended:
            time.sleep(0.002)


def _start(path: Path, memory: int) -> Child:
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  (closed when the child has ended)
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        _work(path, memory, out.fileno(), err.fileno())
    return Child(path, pid, began, out, err)


def _ended(child: Child, timeout: float) -> Visit | None:
    """What came of a child, or None while it is still at work within its time."""
    done, status, usage = os.wait4(child.pid, os.WNOHANG)
    code = os.waitstatus_to_exitcode(status) if done else None
    if not done:
        if time.perf_counter() - child.began < timeout:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        _, _, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - child.began
    with child.out as out, child.err as err:
        out.seek(0)
        err.seek(0)
        outcome, said = _outcome(code, out.read(), err.read().decode("utf-8", "replace"))
    return Visit(child.path, outcome, seconds, usage.ru_maxrss / 1024, said)


def _work(path: Path, memory: int, out: int, err: int) -> None:
    """The child: never comes back."""
    code = 70
    try:
        os.setsid()
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (memory * MEGABYTE, hard))
        code = run(["check", str(path), "--format", "jsonl", "--fail-on", "never"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _outcome(code: int | None, out: bytes, err: str) -> tuple[str, str]:
    if code is None:
        return "over time", ""
    if code not in (0, 1, 2) or not out:
        return "crashed", f"exit {code}: {err[-300:]}"
    errors = [error for error in json.loads(out)["errors"] if error["code"] not in _NOT_REFUSALS]
    if any(error["code"] == "internal-error" for error in errors):
        return "crashed", errors[0]["message"]
    return (errors[0]["code"], errors[0]["message"]) if errors else ("read", "")


def table(visits: Iterable[Visit]) -> str:
    """The visits by format, as a Markdown table."""
    rows: dict[str, Row] = defaultdict(Row)
    for seen in visits:
        for key in (seen.path.suffix.lower().lstrip(".") or "(none)", "all"):
            rows[key].add(seen)
    lines = [
        "| format | files | read | refused | crashed | over time | slowest | peak memory |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in sorted(rows, key=lambda name: (name == "all", name)):
        row = rows[name]
        others = {code: n for code, n in row.outcomes.most_common() if code not in ("read", "crashed", "over time")}
        refused = "、".join(f"{code} {n}" for code, n in others.items()) or "0"
        assert row.slowest is not None
        lines.append(
            f"| {name} | {row.files} | {row.outcomes['read']} | {refused} | {row.outcomes['crashed']} "
            f"| {row.outcomes['over time']} | {row.slowest.seconds:.2f} s {row.slowest.path.name} "
            f"| {row.memory:.0f} MB |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds a file")
    parser.add_argument("--memory", type=int, default=2048, help="megabytes a file")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="name every file that was not read")
    given = parser.parse_args(arguments)
    files = sorted(file for folder in given.folders for file in folder.rglob("*") if file.is_file())
    if not files:
        print("no files there", file=sys.stderr)
        return 2
    load(DEFAULT)
    visits = sorted(visit_all(files, given.jobs, given.timeout, given.memory), key=lambda seen: seen.path)
    bad = [seen for seen in visits if seen.outcome in ("crashed", "over time")]
    for seen in visits if given.list else bad:
        if seen.outcome != "read":
            print(f"{seen.outcome}\t{seen.path}\t{seen.said}")
    print(table(visits))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
