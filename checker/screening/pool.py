"""Many tasks at once, on this machine: results as they are done, a few tasks in flight, nothing left behind."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from checker.errors import KaoheError
from checker.workers import Cause, TaskLost, Worker

T = TypeVar("T")
R = TypeVar("R")

Timeout = float | Callable[[T], float]

PER_JOB = 2
"""Tasks in flight a job: one that is worked on, one that waits so that no job is ever idle."""
_LOOK = 0.5
"""Seconds after which a wait looks up: on Windows Ctrl-C does not end a wait without an end."""


class Failure(NamedTuple):
    """Why a task has no result."""

    cause: Cause
    detail: str = ""


class Pool(Protocol):
    """Runs tasks under limits, wherever that is."""

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], timeout: Timeout[T]
    ) -> Iterator[tuple[T, R | Failure | KaoheError]]:
        """Each task with its result, with the KaoheError that it raised, or with why it has none; as they are done.

        `function` can be imported by name, tasks and results can be pickled. `tasks` is taken from as results are
        taken, by the thread that takes them. Closing the iterator gives up what is being worked on.
        """
        ...


class LocalPool:
    """`jobs` threads, each with a child process under a limit of time and memory. Use as a context manager."""

    def __init__(
        self, jobs: int, memory: int, warm: Callable[[], object] | None = None, preload: Sequence[str] = ()
    ) -> None:
        """`memory` in bytes a process; `warm` and `preload` as for `Worker`."""
        self._memory, self._warm, self._preload = memory, warm, preload
        self._workers = [self._worker() for _ in range(jobs)]

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.close()

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], timeout: Timeout[T]
    ) -> Iterator[tuple[T, R | Failure | KaoheError]]:
        """See `Pool.run`. Only one run at a time."""
        waiting: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[T, R | Failure | KaoheError]] = queue.SimpleQueue()

        def work(worker: Worker) -> None:
            while (item := waiting.get()) is not None:
                done.put((item[0], attempt(worker, function, item[0], timeout)))

        threads = [
            threading.Thread(target=work, args=(worker,), name="kaohe-job", daemon=True) for worker in self._workers
        ]
        whole = False
        try:
            for thread in threads:
                thread.start()
            yield from _feed(iter(tasks), waiting, done, PER_JOB * len(threads))
            whole = True
        finally:
            self._finish(threads, waiting, whole)

    def _worker(self) -> Worker:
        return Worker(self._memory, self._warm, self._preload)

    def _finish(
        self, threads: list[threading.Thread], waiting: queue.SimpleQueue[tuple[T] | None], whole: bool
    ) -> None:
        """End the threads; a run that was broken off ends the processes too, and the next run gets new ones."""
        if not whole:
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.get_nowait()
            for worker in self._workers:
                worker.close()
        for _ in threads:
            waiting.put(None)
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        if not whole:
            self._workers = [self._worker() for _ in self._workers]


def attempt(worker: Worker, function: Callable[[T], R], task: T, timeout: Timeout[T]) -> R | Failure | KaoheError:
    """The outcome of one task in the process of `worker`; nothing is raised."""
    try:
        return worker.call(function, task, timeout=timeout(task) if callable(timeout) else timeout)
    except KaoheError as error:
        return error
    except TaskLost as lost:
        return Failure(lost.cause, lost.detail)
    except Exception as error:  # the task itself cannot be sent
        return Failure("failed", type(error).__name__)


def _feed(
    tasks: Iterator[T],
    waiting: queue.SimpleQueue[tuple[T] | None],
    done: queue.SimpleQueue[tuple[T, R | Failure | KaoheError]],
    most: int,
) -> Iterator[tuple[T, R | Failure | KaoheError]]:
    """Keep at most `most` tasks in flight, and give out what is done."""
    flying = 0
    more = True
    while True:
        while more and flying < most:
            try:
                waiting.put((next(tasks),))
            except StopIteration:
                more = False
                break
            flying += 1
        if not flying:
            return
        yield next_of(done)
        flying -= 1


def next_of(done: queue.SimpleQueue[T]) -> T:
    """What is done next, waiting for it; Ctrl-C gets through."""
    while True:
        with contextlib.suppress(queue.Empty):
            return done.get(timeout=_LOOK)
