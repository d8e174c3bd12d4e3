"""What a child process with limits costs, against other libraries, and what each does about a hostile task.

    python -m benchmarks.workers [--tasks N] [--jobs N]

pebble (LGPL) and billiard (BSD) are only compared with, where they are installed; concurrent.futures knows no limits.
The hostile parts run each library in a program of its own, which is given up after 30 seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

SIZE = 100_000
WORK = 0.005
MEMORY = 1 << 30
LIMIT = 1.0
GIVEN_UP = 30

Rate = Callable[[int, int], None]


def work(data: bytes) -> bytes:
    """About 5 ms of the processor, 100 KB in and out."""
    end = time.thread_time() + WORK
    while time.thread_time() < end:
        pass
    return data[::-1]


def hostile(task: tuple[str, int]) -> int:
    """One of a batch: `die`, `hang` or `eat`, else a number."""
    what, number = task
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        time.sleep(3600)
    if what == "eat":
        bytearray(8 << 30)
    time.sleep(0.002)
    return number


def confine() -> None:
    """The memory limit that ours sets, for the libraries that leave it to the user."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))


def data(number: int) -> Iterable[bytes]:
    """Tasks one after another, as a real source gives them."""
    return (os.urandom(SIZE) for _ in range(number))


# ── the contestants: run `function` over `tasks`, give back how many came to a result and how many were told lost ──


def ours(function: Callable[..., object], tasks: Iterable[object], jobs: int) -> tuple[int, int]:
    from checker.screening.pool import Failure, LocalPool

    with LocalPool(jobs, MEMORY) as pool:
        outcomes = [isinstance(outcome, Failure) for _, outcome in pool.run(function, tasks, LIMIT)]
    return outcomes.count(False), outcomes.count(True)


def futures(function: Callable[..., object], tasks: Iterable[object], jobs: int) -> tuple[int, int]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=confine) as pool:
        return _count(pool.submit(function, task).result for task in list(tasks))


def pebble(function: Callable[..., object], tasks: Iterable[object], jobs: int) -> tuple[int, int]:
    import multiprocessing

    from pebble import ProcessPool

    context = multiprocessing.get_context("forkserver")
    with ProcessPool(jobs, initializer=confine, context=context) as pool:
        return _count([pool.schedule(function, args=(task,), timeout=LIMIT).result for task in tasks])


def billiard(function: Callable[..., object], tasks: Iterable[object], jobs: int) -> tuple[int, int]:
    import billiard

    pool = billiard.Pool(jobs, initializer=confine, lost_worker_timeout=2.0)
    try:
        return _count([pool.apply_async(function, (task,), timeout=LIMIT).get for task in tasks])
    finally:
        pool.terminate()


WAYS = {"kaohe": ours, "concurrent.futures": futures, "pebble": pebble, "billiard": billiard}


def _count(results: Iterable[Callable[[], object]]) -> tuple[int, int]:
    done = lost = 0
    for result in list(results):
        try:
            result()
            done += 1
        except Exception:
            lost += 1
    return done, lost


# ── the tables ────────────────────────────────────────────────────────


def rates(tasks: int, jobs: int) -> None:
    """Tasks a second in a run without faults, the best of five, the ways in turn."""
    best: dict[str, float] = {}
    begin = time.perf_counter()
    for one in data(tasks):
        work(one)
    alone = time.perf_counter() - begin
    for _ in range(5):
        for name, way in WAYS.items():
            begin = time.perf_counter()
            done, _ = way(work, data(tasks), jobs)
            assert done == tasks, (name, done)
            best[name] = min(best.get(name, 1e9), time.perf_counter() - begin)
    print(f"{tasks} tasks of {WORK * 1000:g} ms, {SIZE // 1000} KB in and out, {jobs} jobs, start of the pool included")
    print(f"{'in this process, one job':28} {tasks / alone:8.0f} /s")
    for name, spent in best.items():
        extra = (spent * jobs - alone) / tasks * 1e3
        print(
            f"{name:28} {tasks / spent:8.0f} /s   {extra:6.2f} ms more a task and job   {alone / spent:5.2f} x one job"
        )


def faults(jobs: int) -> None:
    """200 tasks, the tenth of which dies, hangs or eats memory; limits 1 s and 1 GB."""
    print(f"\n200 tasks, one of them hostile, {jobs} jobs, limits {LIMIT:g} s and 1 GB: results, told lost, seconds")
    for name in WAYS:
        cells = []
        for what in ("die", "hang", "eat"):
            command = [sys.executable, "-m", "benchmarks.workers", "--hostile", name, what, "--jobs", str(jobs)]
            begin = time.perf_counter()
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
            ) as one:
                try:
                    out = one.communicate(timeout=GIVEN_UP)[0].decode().strip() or f"exit {one.returncode}"
                except subprocess.TimeoutExpired:
                    out = "never ends"
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(one.pid, signal.SIGKILL)
            cells.append(f"{what}: {out} {time.perf_counter() - begin:.1f} s")
        print(f"{name:20} " + "   ".join(cells))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--hostile", nargs=2)
    chosen = parser.parse_args()
    if chosen.hostile:
        name, what = chosen.hostile
        batch = [(what if number == 10 else "", number) for number in range(200)]
        done, lost = WAYS[name](hostile, batch, chosen.jobs)
        print(done, lost)
        return
    for name in ("pebble", "billiard"):
        try:
            __import__(name)
        except ImportError:
            del WAYS[name]
    rates(chosen.tasks, chosen.jobs)
    faults(chosen.jobs)


if __name__ == "__main__":
    # Tasks are found under the name by which a child imports them.
    from benchmarks import workers

    workers.main()
