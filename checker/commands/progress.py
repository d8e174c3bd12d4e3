"""How far a screening is: a bar on a terminal, a plain line now and then elsewhere; always on standard error."""

from __future__ import annotations

import sys
import time
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

_LINE_EVERY = 10.0


class Bar:
    """A bar with rate, time left and faults so far."""

    def __init__(self, stream: IO[str]) -> None:
        self._shown = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[rate]}"),
            TextColumn("还要"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[faults]}"),
            console=Console(file=stream),
        )
        self._task: TaskID | None = None
        self._tally = _Tally()

    def __enter__(self) -> Bar:
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def stage(self, name: str, total: int) -> None:
        """A new bar; the one before stays as it is."""
        self._tally = _Tally(total)
        self._task = self._shown.add_task(name, total=total, rate="", faults="")

    def grow(self, more: int) -> None:
        """There is more to do than was known."""
        self._tally.total += more
        if self._task is not None:
            self._shown.update(self._task, total=self._tally.total)

    def step(self, *, fault: bool = False, kept: bool = False) -> None:
        """One step is done."""
        self._tally.step(fault=fault, kept=kept)
        if self._task is not None:
            self._shown.update(self._task, advance=1, rate=self._tally.rate(), faults=self._tally.remarks())


class Lines:
    """A line when a stage begins and ends, and every ten seconds between."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._name = ""
        self._tally = _Tally()
        self._told = 0.0

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._close()

    def stage(self, name: str, total: int) -> None:
        """The stage before has ended, this one begins."""
        self._close()
        self._name, self._tally, self._told = name, _Tally(total), time.monotonic()

    def grow(self, more: int) -> None:
        """There is more to do than was known."""
        self._tally.total += more

    def step(self, *, fault: bool = False, kept: bool = False) -> None:
        """One step is done."""
        self._tally.step(fault=fault, kept=kept)
        if time.monotonic() - self._told >= _LINE_EVERY:
            self._told = time.monotonic()
            self._say(f"{self._tally.done}/{self._tally.total}", self._tally.rate(), self._tally.left())

    def _close(self) -> None:
        if self._name:
            self._say(f"完成 {self._tally.done}", self._tally.took())
            self._name = ""

    def _say(self, *pieces: str) -> None:
        shown = "，".join(piece for piece in (*pieces, self._tally.remarks()) if piece)
        print(f"{self._name}：{shown}", file=self._stream, flush=True)


class _Tally:
    """What was done in a stage."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self.done = 0
        self._faults = 0
        self._kept = 0
        self._since = time.monotonic()

    def step(self, *, fault: bool, kept: bool) -> None:
        self.done += 1
        self._faults += fault
        self._kept += kept

    def rate(self) -> str:
        """Steps a second, those that were known from before left out."""
        took = time.monotonic() - self._since
        worked = self.done - self._kept
        return f"每秒 {worked / took:.0f}" if took > 1 and worked else ""

    def left(self) -> str:
        took = time.monotonic() - self._since
        worked = self.done - self._kept
        return f"还要约 {took / worked * (self.total - self.done):.0f} 秒" if worked and took > 1 else ""

    def took(self) -> str:
        return f"用时 {time.monotonic() - self._since:.1f} 秒"

    def remarks(self) -> str:
        """Faults, and what was known from before."""
        told = ((self._kept, f"沿用 {self._kept}"), (self._faults, f"出错 {self._faults}"))
        return "，".join(text for count, text in told if count)


def shown() -> Bar | Lines:
    """The way that fits standard error."""
    return Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)
