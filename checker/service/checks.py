"""Checks of single submissions: a bounded queue, and threads that each lead one limited child process.

Whoever comes to a full queue is told at once. Clients take turns, and none of them can hold all processes: while all
are busy with something slow, spare ones look after the others.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from checker.errors import KaoheError
from checker.readers.isolated import refusal
from checker.readers.limits import Limits
from checker.report import Problem
from checker.service.check_task import CheckAnswer, CheckTask, Handed, distinct, probe, run_check, warm
from checker.service.problems import ProblemError
from checker.service.settings import ServiceSettings
from checker.workers import TaskLost, Worker

_LOG = logging.getLogger("kaohe.checks")
_PRELOAD = ("checker.service.warmed",)
_SLOW = 2.0
"""Seconds: a check that runs for longer is slow, and one that has waited for so long needs a spare process."""
_SPARE_IDLE = 30.0
_LOOK = 0.5
_CLIENTS = 1000
"""Clients whose turn is remembered."""
_PATIENCE = 2
"""A check with a file that ends its process may take so many more time limits until it is known which file it was."""


@dataclass(slots=True, eq=False)
class _Job:
    task: CheckTask
    client: str
    future: Future[CheckAnswer] = field(default_factory=Future)
    came: float = field(default_factory=time.monotonic)
    began: float = 0.0


class Checks:
    """Runs checks. `submit` from the event loop, everything else from any thread."""

    def __init__(
        self,
        settings: ServiceSettings,
        work: Callable[[CheckTask], CheckAnswer] = run_check,
        ready: Callable[[str, str], object] = warm,
        look: Callable[[Handed, Limits], object] = probe,
    ) -> None:
        """What the child processes do: `work` is a check, `ready` comes before the first, `look` tries one file.

        Tests put something else there.
        """
        self._settings = settings
        self._work = work
        self._ready = ready
        self._look = look
        self._waiting: list[_Job] = []
        self._running: list[_Job] = []
        self._served: dict[str, float] = {}
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._workers: list[Worker] = []
        self._warm = 0
        self._closed = False
        self._mean = 0.05
        self.outcomes: Counter[str] = Counter()
        """How many checks ended how: done, refused (queue full), error, lost-timeout, lost-died, …"""
        self.on_end: Callable[[str, float, float, CheckAnswer | KaoheError | None], None] | None = None
        """Told of each check that ended: how, seconds waited, seconds run, and its answer or error; for the metrics."""

    # ---- what others look at --------------------------------------------------------------------------------

    @property
    def jobs(self) -> int:
        """Processes for everyday."""
        return self._settings.jobs

    @property
    def waiting(self) -> int:
        """Checks in the queue."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Checks that are worked on."""
        return len(self._running)

    @property
    def ready(self) -> bool:
        """Whether a check would be answered as fast as usual."""
        return self._warm > 0 and not self._closed and self.waiting < self._settings.queue

    def pids(self) -> list[int]:
        """The child processes that live now."""
        return [pid for worker in list(self._workers) if (pid := worker.pid) is not None]

    # ---- beginning and end ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads; each makes its process ready before the first check comes."""
        for number in range(2 * self.jobs):
            spare = number >= self.jobs
            target = self._run_spare if spare else self._run
            thread = threading.Thread(target=target, name=f"kaohe-check-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Take nothing more. What waits is told; what runs is ended."""
        with self._changed:
            self._closed = True
            left, self._waiting = self._waiting, []
            self._changed.notify_all()
        for job in left:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(_stopping())
        for worker in list(self._workers):
            worker.close()
        for thread in self._threads:
            thread.join(10)

    # ---- checking ---------------------------------------------------------------------------------------------

    async def submit(self, task: CheckTask, client: str = "") -> CheckAnswer:
        """The answer to a check. ProblemError 503 at once where too many wait; KaoheError where it makes no sense.

        Cancelling it takes it out of the queue; what runs already runs to its end.
        """
        return await asyncio.wrap_future(self.put(task, client))

    def put(self, task: CheckTask, client: str = "") -> Future[CheckAnswer]:
        """Queue a check; see `submit`."""
        job = _Job(replace(task, files=distinct(task.files)), client)
        with self._changed:
            if self._closed:
                raise _stopping()
            if self._is_full(client):
                self.outcomes["refused"] += 1
                wait = math.ceil(len(self._waiting) * self._mean / self.jobs)
                raise ProblemError(
                    503, "busy", "正在检查的人太多，这一次没有受理，请稍后再试。", retry_after=min(60, max(1, wait))
                )
            self._waiting.append(job)
            self._changed.notify_all()
        return job.future

    def _is_full(self, client: str) -> bool:
        """Whether there is no place; who has nothing in the queue finds one where another client has filled it."""
        self._waiting = [job for job in self._waiting if not job.future.cancelled()]
        free = max(0, self.jobs - len(self._running))
        if len(self._waiting) < self._settings.queue + free:
            return False
        own = any(job.client == client for job in self._waiting)
        return own or not self._waiting or len(self._waiting) >= 2 * self._settings.queue + free

    def _run(self) -> None:
        worker = self._worker()
        with suppress(TaskLost, KaoheError):
            worker.call(int, timeout=None)
        with self._changed:
            self._warm += 1
        while (job := self._take()) is not None:
            self._do(worker, job)
        worker.close()

    def _run_spare(self) -> None:
        """Help out while all others are at something slow; without a process as long as there is no need."""
        worker: Worker | None = None
        idle = time.monotonic()
        while True:
            with self._changed:
                if self._closed:
                    break
                job = self._next() if self._needs_help() else None
                if job is None:
                    self._changed.wait(_LOOK if self._waiting else None if worker is None else _SPARE_IDLE)
            if job is not None:
                worker = worker or self._worker()
                self._do(worker, job)
                idle = time.monotonic()
            elif worker is not None and time.monotonic() - idle > _SPARE_IDLE:
                self._drop(worker)
                worker = None
        if worker is not None:
            worker.close()

    def _worker(self) -> Worker:
        settings = self._settings
        ready = partial(self._ready, settings.notice, str(settings.temporary))
        worker = Worker(settings.limits.memory, ready, _PRELOAD)
        self._workers.append(worker)
        if self._closed:
            worker.close()
        return worker

    def _drop(self, worker: Worker) -> None:
        worker.close()
        self._workers.remove(worker)

    def _take(self) -> _Job | None:
        """The next job, waiting for one; None at the end."""
        with self._changed:
            while not self._closed:
                job = self._next()
                if job is not None:
                    return job
                self._changed.wait()
        return None

    def _next(self) -> _Job | None:
        """The job whose turn it is: of the client that runs least and was served longest ago. The lock is held."""
        running = Counter(job.client for job in self._running)
        fit = [job for job in self._waiting if running[job.client] < self.jobs]
        for job in sorted(fit, key=lambda it: (running[it.client], self._served.get(it.client, 0.0), it.came)):
            self._waiting.remove(job)
            if job.future.set_running_or_notify_cancel():
                job.began = self._served[job.client] = time.monotonic()
                if len(self._served) > _CLIENTS:
                    self._served = {it.client: self._served.get(it.client, 0.0) for it in (*self._waiting, job)}
                self._running.append(job)
                return job
        return None

    def _needs_help(self) -> bool:
        now = time.monotonic()
        slow = sum(now - job.began > _SLOW for job in self._running)
        return slow >= self.jobs and any(now - job.came > _SLOW for job in self._waiting)

    def _do(self, worker: Worker, job: _Job) -> None:
        try:
            answer = self._answer(worker, job.task)
        except KaoheError as error:
            self._ended(job, "error", error)
            job.future.set_exception(error)
        except ProblemError as problem:
            self._ended(job, problem.code)
            job.future.set_exception(problem)
        except BaseException as error:
            self._ended(job, "failed")
            _LOG.error("check failed: %s", type(error).__name__)
            job.future.set_exception(_failed())
        else:
            self._ended(job, "done", answer)
            job.future.set_result(answer)

    def _ended(self, job: _Job, how: str, outcome: CheckAnswer | KaoheError | None = None) -> None:
        took = time.monotonic() - job.began
        if self.on_end is not None:
            self.on_end(how, job.began - job.came, took, outcome)
        with self._changed:
            self._running.remove(job)
            self.outcomes[how] += 1
            self._mean += 0.1 * (took - self._mean)
            # A client at its bound may have another one waiting.
            self._changed.notify_all()

    # ---- files that end the process ---------------------------------------------------------------------------

    def _answer(self, worker: Worker, task: CheckTask) -> CheckAnswer:
        """The answer, also where a file ends the process: then it is told as a file that could not be read."""
        until = time.monotonic() + (1 + _PATIENCE) * self._settings.timeout
        try:
            return self._call(worker, task)
        except TaskLost as lost:
            if self._closed:
                raise _stopping() from None
            first = lost
        if len(task.files) == 1:
            return self._without(worker, task, {task.files[0]: first})
        bad: dict[Handed, TaskLost] = {}
        for handed in task.files:
            left = until - time.monotonic()
            if left <= 0:
                bad[handed] = first
                continue
            try:
                worker.call(self._look, handed, task.limits, timeout=min(self._settings.timeout, left))
            except TaskLost as lost:
                bad[handed] = lost
        try:
            return self._without(worker, task, bad)
        except TaskLost:
            return self._without(worker, task, {handed: bad.get(handed, first) for handed in task.files})

    def _call(self, worker: Worker, task: CheckTask) -> CheckAnswer:
        """Once more where the process was ended from outside: that says nothing of the task."""
        for last in (False, True):
            try:
                return worker.call(self._work, task, timeout=self._settings.timeout)
            except TaskLost as lost:
                self.outcomes[f"lost-{lost.cause}"] += 1
                _LOG.warning("check lost: %s %s", lost.cause, lost.detail)
                if last or lost.cause != "died" or self._closed:
                    raise
        raise AssertionError

    def _without(self, worker: Worker, task: CheckTask, bad: dict[Handed, TaskLost]) -> CheckAnswer:
        """The answer for the files that are left, with what is to be said of the others."""
        limits, timeout = task.limits, self._settings.timeout
        problems = tuple(
            Problem(handed.name, error.code, error.message)
            for handed, lost in bad.items()
            for error in (refusal(lost.cause, limits, timeout),)
        )
        files = tuple(handed for handed in task.files if handed not in bad)
        return self._call(worker, replace(task, files=files, problems=problems))


def _stopping() -> ProblemError:
    return ProblemError(503, "stopping", "服务正在停止，这一次没有检查，请稍后再试。", retry_after=10)


def _failed() -> ProblemError:
    return ProblemError(500, "internal-error", "检查时程序内部出错，这次没有完成，请联系管理员。")
