"""A child process that does one task after another, each held to limits of time and memory whatever the data do to it.

A task that takes too long, takes too much or kills the process costs that task alone: the next gets a new process.
Where the system can fork, children come from a server process that has loaded the modules named in `preload` already.
Children never load the main module of the program, so a script needs no `if __name__ == "__main__"`; what they are
asked to call lives in a module that can be imported.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, Literal, NamedTuple, NoReturn, TypeVar

from checker.errors import KaoheError

T = TypeVar("T")

Cause = Literal["timeout", "out-of-memory", "died", "failed"]

_PER_PROCESS = 2_000
"""A process is replaced after so many tasks, and earlier where it has grown by `_GROWTH` bytes: nothing that leaks
grows without end."""
_GROWTH = 128 * 1024 * 1024
_GRACE = 2.0
"""Seconds after its time limit at which a task is ended by the system itself, should nobody be there to do it."""
_START = 120.0
"""Seconds that a new process may take until it is ready; they do not count as time of the task."""
_STARTING = threading.Lock()
_OF_PYTHON = ("PYTHONPATH", "PYTHONSAFEPATH")


class TaskLost(Exception):
    """A task that came to no end of its own. `cause` says why; `failed`: it raised what no caller expects."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        super().__init__(f"{cause} {detail}".strip())
        self.cause = cause
        self.detail = detail


class _Reply(NamedTuple):
    """What a child answers: `value` is a result, a KaoheError, or cause and detail. `spent`: it is to be replaced."""

    kind: Literal["done", "error", "lost"]
    value: Any
    spent: bool


class Worker:
    """One child process at a time, started at the first task. One thread uses it; `close` may come from any."""

    def __init__(
        self,
        memory: int,
        warm: Callable[[], object] | None = None,
        preload: Sequence[str] = (),
        pause: int = _PER_PROCESS,
    ) -> None:
        """`memory` in bytes, where the system can hold a process to it; `warm` is called once in each new process.

        `preload` counts only for the first worker of the program; a new process is made after `pause` tasks.
        """
        self._memory = memory
        self._warm = warm
        self._preload = list(preload)
        self._pause = pause
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._done = 0
        self._lock = threading.Lock()
        self._closed = self._busy = self._late = False

    def call(self, function: Callable[..., T], *arguments: Any, timeout: float | None) -> T:
        """The result of `function(*arguments)`, both of which can be pickled, or the KaoheError that it raised.

        TaskLost where the task was given up after `timeout` seconds (None: no limit), took too much memory, died or
        raised any other error, or where its result cannot be pickled.
        """
        task = pickle.dumps((function, arguments, timeout), pickle.HIGHEST_PROTOCOL)
        try:
            pipe = self._ready()
            with _CLOCK.limit(self, timeout):
                pipe.send_bytes(task)
                answer = pipe.recv_bytes()
        except (EOFError, OSError):
            self._lost("timeout" if self._late else "died")
        except BaseException:
            self._stop()
            raise
        finally:
            self._busy = False
        self._done += 1
        try:
            reply: _Reply = pickle.loads(answer)
        except Exception as error:
            self._stop()
            raise TaskLost("failed", type(error).__name__) from None
        if reply.spent or self._late or self._closed or self._done >= self._pause:
            self._stop()
        if reply.kind == "lost":
            raise TaskLost(*reply.value)
        if reply.kind == "error":
            raise reply.value
        return reply.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process, also in the middle of a task."""
        with self._lock:
            self._closed = True
            busy = self._busy
            if busy:  # the thread that waits for the answer sees the end, and clears up
                _kill(self._child)
        if not busy:
            self._stop()

    @property
    def pid(self) -> int | None:
        """The process that there is now, if there is one."""
        child = self._child
        try:
            return None if child is None else child.pid
        except ValueError:  # it was just closed
            return None

    def expire(self) -> None:
        """End the process because its task has come to its time limit."""
        with self._lock:
            self._late = True
            _kill(self._child)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> Connection:
        """The pipe to a process that waits for a task."""
        if self._child is not None and not self._child.is_alive():
            self._stop()
        with self._lock:
            if self._closed:
                raise TaskLost("died", "closed")
            self._busy, self._late = True, False
            if self._pipe is not None:
                return self._pipe
            self._child, self._pipe = _start(self._memory, self._warm, self._preload)
            self._done = 0
            pipe = self._pipe
        if not pipe.poll(_START):
            raise TaskLost("died", "start")
        pipe.recv_bytes()
        return pipe

    def _lost(self, cause: Cause) -> NoReturn:
        detail = ""
        if cause == "died" and (child := self._child) is not None:
            child.join(1)
            detail = f"exit {child.exitcode}"
        self._stop()
        raise TaskLost(cause, detail) from None

    def _stop(self) -> None:
        with self._lock:
            child, pipe = self._child, self._pipe
            self._child = self._pipe = None
        if child is None or pipe is None:
            return
        _kill(child)
        child.join()
        with _STARTING:  # the list of its children that multiprocessing keeps is not made for threads
            child.close()
        pipe.close()


class _Clock:
    """Ends the tasks that come to their time limits: one thread for all workers.

    Not the thread that waits for the answer, because sending to a child that hangs, and receiving from it, hang too.
    """

    def __init__(self) -> None:
        self._due: dict[Worker, float] = {}
        self._changed = threading.Condition()
        self._wakes = 0.0
        self._runs = False

    @contextlib.contextmanager
    def limit(self, worker: Worker, timeout: float | None) -> Iterator[None]:
        """Let the process of `worker` be ended if the block takes longer than `timeout` seconds."""
        if timeout is None:
            yield
            return
        due = time.monotonic() + timeout
        with self._changed:
            self._due[worker] = due
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="kaohe-clock", daemon=True).start()
            elif due < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(worker, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for worker in [worker for worker, due in self._due.items() if due <= now]:
                    del self._due[worker]
                    worker.expire()
                self._wakes = min(self._due.values(), default=now + 60)
                self._changed.wait(self._wakes - now)


_CLOCK = _Clock()


def _context() -> SpawnContext | ForkServerContext:
    """Children of a server process that was forked early and has no threads; Windows has only spawn."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("forkserver")


def _start(memory: int, warm: Callable[[], object] | None, preload: list[str]) -> tuple[BaseProcess, Connection]:
    context = _context()
    before = {name: os.environ.get(name) for name in _OF_PYTHON}
    with _STARTING, _without_main():
        if sys.platform != "win32":
            context.set_forkserver_preload(preload)
            from multiprocessing import forkserver  # there is none on Windows

            with _same_modules():
                forkserver.ensure_running()
        ours, theirs = context.Pipe()
        try:
            child = context.Process(target=_work, args=(theirs, memory, warm, before), daemon=True)
            with _same_modules() if sys.platform == "win32" else contextlib.nullcontext():
                child.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
    return child, ours


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module: multiprocessing would load it in each child, and so run a script of the user again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _same_modules() -> Iterator[None]:
    """Let a new Python find the modules that this one finds, and none in the current folder, which may hold anything.

    multiprocessing tells a child where modules lie only after the child, or the server it comes from, has loaded some.
    """
    before = {name: os.environ.get(name) for name in _OF_PYTHON}
    places = [place for place in sys.path if place and os.pathsep not in place]
    os.environ.update(PYTHONPATH=os.pathsep.join(places), PYTHONSAFEPATH="1")
    try:
        yield
    finally:
        _restore(before)


def _restore(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _kill(child: BaseProcess | None) -> None:
    """End the child together with what it started (an office program that converts a file)."""
    if child is None:
        return
    if sys.platform != "win32" and child.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _work(
    pipe: Connection, memory: int, warm: Callable[[], object] | None, environment: Mapping[str, str | None]
) -> None:
    """What the child does until nobody wants it any more."""
    _restore(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _confine(memory)
    _silence()
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if warm is not None:
        with contextlib.suppress(Exception):
            warm()
    full = _resident() + _GROWTH
    pipe.send_bytes(b"ready")
    while True:
        try:
            task = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        pipe.send_bytes(_answer(task, full))


def _answer(task: bytes, full: int) -> bytes:
    """The reply to a task, ready to be sent; one that cannot be sent is told as a failure."""
    try:
        return pickle.dumps(_outcome(task, full), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        reply = _Reply("lost", ("out-of-memory",), True)
    except Exception as error:
        reply = _Reply("lost", ("failed", f"result: {type(error).__name__}"), False)
    return pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)


def _outcome(task: bytes, full: int) -> _Reply:
    try:
        function, arguments, timeout = pickle.loads(task)
        with _alarm(timeout):
            value = function(*arguments)
        return _Reply("done", value, _resident() > full)
    except KaoheError as error:
        return _Reply("error", error, _resident() > full)
    except MemoryError:
        return _Reply("lost", ("out-of-memory",), True)
    except BaseException as error:  # also the panics of libraries in Rust, and exit()
        return _Reply("lost", ("failed", _named(error)), True)


def _named(error: BaseException) -> str:
    """The kind of error and where it came from: what a developer needs, and the same on every machine."""
    frames = extract_tb(error.__traceback__)
    return f"{type(error).__name__} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"


@contextlib.contextmanager
def _alarm(timeout: float | None) -> Iterator[None]:
    """The system's own alarm ends a task that neither we nor a parent that was killed can end any more.

    A loop in C code lets no other thread run, so `_leave_with_parent` would not see that the parent is gone.
    """
    if sys.platform == "win32" or timeout is None:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, timeout + _GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _leave_with_parent() -> None:
    """Leave when the parent is gone, however it went: in the middle of a task nobody else would end this process."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    if sys.platform != "win32":
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _silence() -> None:
    """What a library prints must not stand between our results; KAOHE_DEBUG lets errors through."""
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1) if os.environ.get("KAOHE_DEBUG") else (0, 1, 2):
            os.dup2(null, stream)
        os.close(null)


def _resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  (after every task)
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _confine(memory: int) -> None:
    """A process group of its own, and no more memory than `memory`, where the system knows such bounds.

    Only the soft bound is set, so that a converter that is started from here can be given one of its own.
    """
    if sys.platform == "win32":
        return
    import resource

    os.setsid()
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, hard))
