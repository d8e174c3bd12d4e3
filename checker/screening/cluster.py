"""The same tasks on other machines: a pool that hands them to the workers of a Dask cluster.

Nothing but bytes travels, so the machines need no folder in common. On each of them a task runs in a child process of
its own under the same limits as here. A machine that goes away costs no result: Dask gives its tasks to the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import pickle
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from checker import __version__
from checker.errors import KaoheError, UsageError
from checker.screening.edition import edition
from checker.screening.pool import PER_JOB, Failure, Timeout, attempt
from checker.workers import Worker

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

_CONNECT = 10.0
"""Seconds to reach the scheduler, and to reach it again where the connection broke."""
_FIRST = 20.0
"""Seconds to wait for a first worker."""
_WORKERS = 60.0
"""Seconds to wait for a worker to come back when all are gone."""
_LOOK = 0.5
_ASK = 5.0
"""Seconds between two looks at how many workers there are."""
_AGAIN = object()
_LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "distributed.batched")


class ClusterPool:
    """The workers of the Dask cluster whose scheduler is at `address`. Use as a context manager."""

    def __init__(
        self, address: str, memory: int, warm: Callable[[], object] | None = None, preload: Sequence[str] = ()
    ) -> None:
        """`memory`, `warm` and `preload` as for `Worker`. UsageError where the cluster cannot be used."""
        self._address = address
        self._token = uuid.uuid4().hex
        self._asked, self._known = 0.0, 0
        self._limits = (memory, warm, tuple(preload))
        self._client = _connect(address)
        try:
            self._await_workers()
            self._compare_versions()
        except BaseException:
            self._client.close(timeout=1)
            raise

    def __enter__(self) -> ClusterPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is being worked on, and end our processes on all machines."""
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.run(_end, self._token, on_error="ignore")
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], timeout: Timeout[T]
    ) -> Iterator[tuple[T, R | Failure | KaoheError]]:
        """See `Pool.run`. A KaoheError is raised where the cluster itself is lost."""
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        flying: dict[str, tuple[T, Future]] = {}
        source = iter(tasks)
        more = True
        try:
            while True:
                while more and len(flying) < self._most():
                    try:
                        task = next(source)
                    except StopIteration:
                        more = False
                        break
                    try:
                        future = self._submit(function, task, timeout)
                    except _Unsendable as error:
                        yield task, Failure("failed", str(error))
                        continue
                    flying[future.key] = (task, future)
                    future.add_done_callback(done.put)
                if not flying:
                    return
                future = self._next(done)
                outcome = self._outcome(future)
                if outcome is _AGAIN:
                    future.add_done_callback(done.put)
                    continue
                task, _ = flying.pop(future.key)
                yield task, outcome
        finally:
            self._drop([future for _, future in flying.values()])

    def _submit(self, function: Callable[[T], R], task: T, timeout: Timeout[T]) -> Future:
        try:
            packed = pickle.dumps((function, task), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise _Unsendable(type(error).__name__) from None
        seconds = timeout(task) if callable(timeout) else timeout
        order = pickle.dumps((self._token, self._limits, seconds), pickle.HIGHEST_PROTOCOL)
        self._check()
        return self._client.submit(_remote, edition(), order, packed, pure=False, key=f"kaohe-{uuid.uuid4().hex}")

    def _outcome(self, future: Future) -> Any:
        """What came of a task; raises where it says that the cluster cannot be used."""
        try:
            return pickle.loads(future.result(timeout=_WORKERS))
        except UsageError:
            raise
        except ImportError:
            raise _not_installed(self._address) from None
        except TimeoutError:  # it was done, and lost with its worker before it reached us: it is done again
            return _AGAIN
        except asyncio.CancelledError:
            raise self._lost() from None
        except Exception as error:
            self._check()
            # KilledWorker: several machines went away over it, one after another.
            name = type(error).__name__
            return Failure("died" if name == "KilledWorker" else "failed", name)

    def _next(self, done: queue.SimpleQueue[Future]) -> Future:
        """The future that is done next. Whether there still is a cluster is looked at now and then."""
        alone_since: float | None = None
        while True:
            with contextlib.suppress(queue.Empty):
                return done.get(timeout=_LOOK)
            self._check()
            if self._jobs():
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > _WORKERS:
                raise KaoheError(
                    "cluster-lost",
                    f"集群 {self._address} 上已经没有工作进程，任务做不下去；"
                    "已完成的结果都已保存，请启动工作进程后重新运行，会接着做。",
                )

    def _most(self) -> int:
        return max(PER_JOB * self._jobs() + 1, 2)

    def _jobs(self) -> int:
        """How many tasks the cluster can work on at a time; asked for now and then."""
        now = time.monotonic()
        if now - self._asked > _ASK:
            self._asked = now
            with contextlib.suppress(Exception):
                self._known = sum(self._client.nthreads().values())
        return self._known

    def _check(self) -> None:
        if self._client.status not in {"running", "connecting"}:
            raise self._lost()

    def _lost(self) -> KaoheError:
        return KaoheError(
            "cluster-lost",
            f"与集群 {self._address} 的连接断了；已完成的结果都已保存，请检查调度程序后重新运行，会接着做。",
        )

    def _drop(self, futures: list[Future]) -> None:
        """Give up what is in flight: what waits is never begun, what is worked on is ended."""
        if not futures or self._client.status != "running":
            return
        with contextlib.suppress(Exception):
            self._client.cancel(futures, force=True)
            self._client.run(_end, self._token, on_error="ignore")
        self._token = uuid.uuid4().hex

    def _await_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_FIRST)
        except TimeoutError:
            raise UsageError(
                f"集群 {self._address} 上还没有工作进程；请先在各台机器上运行 dask worker {self._address}。",
                "no-workers",
            ) from None

    def _compare_versions(self) -> None:
        """All machines must have the same kaohe: else the results would depend on who did the work."""
        try:
            editions = self._client.run(_edition_here)
        except ImportError:
            raise _not_installed(self._address) from None
        except Exception:
            # A worker that is too old to know the question, or that went away meanwhile; the tasks ask again.
            return
        for where, theirs in editions.items():
            if theirs != edition():
                raise _other_edition(where, theirs)


class _Unsendable(Exception):
    pass


def _connect(address: str) -> Client:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "要用 --cluster，请先安装分布式组件：pip install 'kaohe-checker[cluster]'。", "no-distributed"
        ) from None
    for name in _LOGGERS:  # our own sentences say it; its tracebacks would only hide them
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=_CONNECT, set_as_default=False, name="kaohe")
    except (OSError, TimeoutError):
        raise UsageError(f"连不上集群 {address}；请核对地址，并确认 dask scheduler 已经启动。", "no-cluster") from None
    except (ValueError, TypeError, RuntimeError):
        raise UsageError(f"集群地址 {address} 不对；应写成 tcp://主机:端口，例如 tcp://10.0.0.5:8786。") from None


def _not_installed(address: str) -> UsageError:
    return UsageError(
        f"集群 {address} 的工作进程里没有安装 kaohe；请在每台机器上安装同一版本（{__version__}）后重试。",
        "cluster-version",
    )


def _other_edition(where: str, theirs: str) -> UsageError:
    if theirs.split("+")[0] != __version__:
        found = f"版本是 {theirs.split('+')[0]}，本机是 {__version__}"
    else:
        found = f"版本号同为 {__version__}，但程序或词库的内容与本机不同"
    return UsageError(f"集群里 {where} 的 kaohe {found}；请在每台机器上安装同一版本后重试。", "cluster-version")


# ── what runs on the other machines ───────────────────────────────────


class _Session:
    """The child processes that one client has in this Dask worker: as many as it has threads."""

    def __init__(self) -> None:
        self.idle: list[Worker] = []
        self.busy: set[Worker] = set()
        self.used = time.monotonic()


_SESSIONS: dict[str, _Session] = {}
_ENDED: deque[str] = deque(maxlen=1000)
_LOCK = threading.Lock()
_FORGOTTEN = 900.0
"""Seconds after which the idle processes of a client that never said that it is done are ended."""


def _edition_here() -> str:
    return edition()


def _remote(client_edition: str, order: bytes, packed: bytes) -> bytes:
    """One task, in a child process of this Dask worker; the outcome is pickled, so that Dask need not look into it."""
    if client_edition != edition():
        raise _other_edition("一台机器上", edition())
    token, limits, timeout = pickle.loads(order)
    worker = _take(token, *limits)
    if worker is None:
        return pickle.dumps(Failure("died", "closed"))
    try:
        function, task = pickle.loads(packed)
        return pickle.dumps(attempt(worker, function, task, timeout), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return pickle.dumps(Failure("failed", type(error).__name__))
    finally:
        _give_back(token, worker)


def _take(token: str, memory: int, warm: Callable[[], object] | None, preload: Sequence[str]) -> Worker | None:
    _may_have_children()
    _end_forgotten()
    with _LOCK:
        if token in _ENDED:
            return None
        session = _SESSIONS.setdefault(token, _Session())
        session.used = time.monotonic()
        worker = session.idle.pop() if session.idle else Worker(memory, warm, preload)
        session.busy.add(worker)
        return worker


def _give_back(token: str, worker: Worker) -> None:
    with _LOCK:
        session = _SESSIONS.get(token)
        if session is not None:
            session.busy.discard(worker)
            session.idle.append(worker)
            session.used = time.monotonic()
            return
    worker.close()


def _end(token: str) -> None:
    """End the processes of a client, also in the middle of a task."""
    with _LOCK:
        _ENDED.append(token)
        session = _SESSIONS.pop(token, None)
        workers = [*session.idle, *session.busy] if session is not None else []
    for worker in workers:
        worker.close()


def _end_forgotten() -> None:
    """A client that was killed cannot say that it is done."""
    now = time.monotonic()
    with _LOCK:
        old = [token for token, one in _SESSIONS.items() if not one.busy and now - one.used > _FORGOTTEN]
    for token in old:
        _end(token)


def _may_have_children() -> None:
    """A Dask worker under a nanny is a daemon in the sense of multiprocessing, which may have no children.

    The mark says only that the nanny ends it when it ends itself. Our children end with the Dask worker by themselves
    (see `workers`), so nothing is lost by taking it off.
    """
    process = multiprocessing.current_process()
    if process.daemon:
        process.daemon = False
