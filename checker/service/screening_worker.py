"""The process of one run: `python -m checker.service.screening_worker <folder>`.

It is a session of its own, so that ending it ends all that it started. The service holds the other end of its standard
input: when that closes, however the service came to its end, the run ends too, and its store lets the next one go on.
It writes nothing to its outputs: what a library may say there could be words of a paper.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import msgspec

from checker.errors import KaoheError
from checker.screening.run import Outcome as Ran
from checker.screening.run import screen
from checker.service.screening_folder import RESULTS, Folder, Outcome, UnitEntry, put_event
from checker.writing import write_whole

_EVERY = 0.25
"""Seconds between two lines of progress."""
_BUSY_SECONDS = 20.0
"""So long the store may still be held by a run that is being ended."""
_NICENESS = 5
"""A batch lets those go first who wait for the answer on one paper."""

_SOCKETS = "sockets"


class Lines:
    """Progress, as events: a line for each stage, and some while it goes on."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._told = 0.0
        self._now: dict[str, str | int] = {}

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self.flush()
        self._now = {"stage": name, "done": 0, "total": total, "faults": 0, "kept": 0}
        self._tell()

    def grow(self, more: int) -> None:
        """The stage has so many steps more."""
        self._count("total", more)

    def step(self, *, fault: bool = False, kept: bool = False) -> None:
        """One step is done."""
        self._count("done", 1)
        self._count("faults", int(fault))
        self._count("kept", int(kept))
        if time.monotonic() - self._told >= _EVERY:
            self._tell()

    def flush(self) -> None:
        """Tell where the stage came to."""
        if self._now:
            self._tell()

    def _count(self, name: str, more: int) -> None:
        self._now[name] = int(self._now.get(name, 0)) + more

    def _tell(self) -> None:
        self._told = time.monotonic()
        put_event(self._stream, "progress", self._now)


def run(folder: Folder) -> Outcome:
    """Do what the folder asks; what went wrong is told, not raised."""
    try:
        with folder.appending() as stream:
            lines = Lines(stream)
            ran = _screened(folder, lines)
            lines.flush()
        folder.put_units(_entries(folder, ran))
        return Outcome(counts=_counts(ran), year=ran.screening.year)
    except KaoheError as error:
        return Outcome(error.code, _without_paths(error.message, folder))
    except Exception as error:
        # Only its kind: what it says may be words of a paper.
        return Outcome("internal-error", f"审查时程序内部出错（{type(error).__name__}），可以重新运行接着做。")


def _screened(folder: Folder, lines: Lines) -> Ran:
    plan = folder.plan()
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return screen(plan, lines)
        except KaoheError as error:
            if error.code != "busy" or time.monotonic() > until:
                raise
            time.sleep(0.3)


def _entries(folder: Folder, ran: Ran) -> Iterator[UnitEntry]:
    start = 0
    with (folder.results / RESULTS).open("rb") as stream:
        for unit, line in zip(ran.screening.units, stream, strict=True):
            yield UnitEntry(
                unit.name,
                unit.unit_type,
                unit.known,
                unit.verdict,
                unit.errors,
                unit.warnings,
                unit.infos,
                unit.accepted,
                len(unit.papers),
                sum(due.missing for due in unit.dues),
                unit.page,
                unit.form,
                start,
                len(line),
            )
            start += len(line)


def _counts(ran: Ran) -> dict[str, object]:
    screening = ran.screening
    verdicts = [unit.verdict for unit in screening.units]
    return {
        "units": len(screening.units),
        "verdicts": {name: verdicts.count(name) for name in ("error", "return", "remarks", "pass")},
        "files": ran.files,
        "papers": sum(len(unit.papers) for unit in screening.units),
        "missing": sum(due.missing for unit in screening.units for due in unit.dues),
        "unread": len(screening.unread),
        "nobody": len({it.key.name for it in screening.nobody}),
        "set_aside": len(screening.set_aside),
        "copies": len(screening.copies),
        "bad_rows": list(screening.bad_rows[:50]),
        "checked": ran.checked,
    }


def _without_paths(message: str, folder: Folder) -> str:
    """The sentence without where things lie on the server."""
    for place in (folder.inputs, folder.results, folder.papers, folder.against, folder.path):
        message = message.replace(f"{place}{os.sep}", "").replace(str(place), place.name)
    return message


def _end_with_the_service() -> None:
    """End this process and all that it started as soon as nobody holds the other end of the input."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        _end_all()

    threading.Thread(target=wait, name="kaohe-parent", daemon=True).start()


def _meet_in(folder: Folder) -> None:
    """Where the processes of the pool meet: in the folder, by a name as seen from there.

    The name of a socket may have a hundred characters and no more, and wherever it is killed nothing is left outside.
    """
    os.chdir(folder.path)
    shutil.rmtree(_SOCKETS, ignore_errors=True)
    Path(_SOCKETS).mkdir(mode=0o700)
    current: Any = multiprocessing.current_process()
    current._config["tempdir"] = _SOCKETS


def _end_all() -> NoReturn:
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Run in the folder that is named on the command line."""
    folder = Folder(Path(sys.argv[1]).absolute())
    os.umask(0o077)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    _end_with_the_service()
    _meet_in(folder)
    outcome = run(folder)
    write_whole(folder.outcome, msgspec.json.encode(outcome))
    shutil.rmtree(_SOCKETS, ignore_errors=True)
    # The thread that waits for the service would never end by itself.
    os._exit(0)


if __name__ == "__main__":
    main()
