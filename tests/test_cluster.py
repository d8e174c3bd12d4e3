"""The pool on a Dask cluster: the same results as here, whatever happens to the workers and the scheduler."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pool_tasks as tasks
import pytest

from checker.errors import KaoheError, UsageError
from checker.screening import cluster
from checker.screening.cluster import ClusterPool
from checker.screening.pool import Failure, LocalPool

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are killed and looked at as on Linux"),
    # distributed's own sockets and event loops, closed by the garbage collector.
    pytest.mark.filterwarnings("ignore"),
]

MEMORY = 1024 * tasks.MEGABYTE
HOSTILE = {"die": "died", "sleep": "timeout", "eat": "out-of-memory", "fail": "failed", "refuse": "not-docx"}
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A real cluster: two workers, each a process of its own under a nanny that starts it again."""
    os.environ["PYTHONPATH"] = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield made.scheduler_address
    del os.environ["PYTHONPATH"]


def shown(outcome: Any) -> object:
    """What two pools must agree on."""
    if isinstance(outcome, KaoheError):
        return type(outcome), outcome.code, outcome.message
    return outcome


def everything(pool: LocalPool | ClusterPool, batch: list[tuple[str, int]]) -> dict[tuple[str, int], object]:
    found = [(task, shown(outcome)) for task, outcome in pool.run(tasks.mixed, batch, limit)]
    assert len(found) == len(batch), "a task was answered twice or not at all"
    return dict(found)


def limit(task: tuple[str, int]) -> float:
    return 0.5 if task[0] == "sleep" else 60


def dask_workers(address: str) -> list[int]:
    with distributed.Client(address, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


def children_of(process: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] != "Z":
            found.add(int(stat.parent.name))
            found |= children_of(int(stat.parent.name))
    return found


def test_the_same_results_as_here(address: str) -> None:
    """Hostile tasks included: limits hold on the workers as well, and cost only the task itself."""
    batch = [(what, number) for number in range(20) for what in ("double", *(HOSTILE if number == 7 else ()))]
    with LocalPool(2, MEMORY) as here, ClusterPool(address, MEMORY) as there:
        local, remote = everything(here, batch), everything(there, batch)
    assert remote == local
    assert local["double", 19] == 38
    for what, cause in HOSTILE.items():
        outcome = local[what, 7]
        assert (outcome.cause if isinstance(outcome, Failure) else outcome[1]) == cause  # type: ignore[index]


def test_a_worker_killed_in_the_middle_costs_no_result(address: str) -> None:
    """Its tasks are done elsewhere; every task has its result, once."""
    batch = [("nap", number) for number in range(40)]
    first = dask_workers(address)[0]
    with ClusterPool(address, MEMORY) as pool:
        found = []
        for task, outcome in pool.run(tasks.mixed, batch, 60):
            found.append((task, outcome))
            if len(found) == 8:
                orphans = children_of(first)
                os.kill(first, signal.SIGKILL)
    assert sorted(found) == [(task, 2 * task[1]) for task in batch]
    assert orphans
    end = time.monotonic() + 10
    while (left := [one for one in orphans if Path(f"/proc/{one}").exists()]) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def test_a_task_that_loses_one_worker_after_another_is_given_up(address: str) -> None:
    """It is not done for ever again."""
    over = threading.Event()

    def kill_again_and_again() -> None:
        while not over.wait(0.5):
            for process in dask_workers(address):
                if children_of(process):
                    os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill_again_and_again)
    try:
        with ClusterPool(address, MEMORY) as pool:
            results = pool.run(tasks.mixed, [("sleep", 1)], 600)
            killer.start()
            assert next(results) == (("sleep", 1), Failure("died", "KilledWorker"))
    finally:
        over.set()
        killer.join()


def test_closing_ends_the_tasks_on_the_workers(address: str) -> None:
    """At once, and the workers keep no process of ours."""
    with ClusterPool(address, MEMORY) as pool:
        results = pool.run(tasks.mixed, [("double", 1), *(("sleep", number) for number in range(9))], 60)
        assert next(results) == (("double", 1), 2)
        begin = time.monotonic()
        results.close()  # type: ignore[attr-defined]
        assert [outcome for _, outcome in pool.run(tasks.mixed, [("double", 4)], 60)] == [8]
    assert time.monotonic() - begin < 10
    for process in dask_workers(address):
        commands = [Path(f"/proc/{one}/cmdline").read_bytes() for one in children_of(process)]
        # The server that starts them stays, and so does its keeper of shared memory.
        assert len(commands) <= 2


def test_tasks_that_cannot_be_sent(address: str) -> None:
    """They fail each for itself, as here."""
    odd = lambda: None  # noqa: E731
    with ClusterPool(address, MEMORY) as pool:
        found = list(pool.run(tasks.take, [odd, 1, None], 60))
    assert sorted(outcome for _, outcome in found if isinstance(outcome, str)) == ["taken", "taken"]
    assert [outcome.cause for _, outcome in found if isinstance(outcome, Failure)] == ["failed"]


# ── clusters that cannot be used ──────────────────────────────────────


def refusal(address: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        ClusterPool(address, MEMORY)
    return caught.value.code, caught.value.message


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the address."""
    monkeypatch.setattr(cluster, "_CONNECT", 1.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, message = refusal(f"tcp://127.0.0.1:{port}")
    assert code == "no-cluster"
    assert str(port) in message


def test_an_address_that_is_none() -> None:
    """One sentence that shows how an address looks."""
    assert "tcp://" in refusal("nonsense://x")[1]


def test_another_version_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with both versions; the same number with other contents is refused too."""
    ours = cluster.edition()
    monkeypatch.setattr(cluster, "edition", lambda: "9.9.9+000000000000")
    monkeypatch.setattr(cluster, "__version__", "9.9.9")
    code, message = refusal(address)
    assert code == "cluster-version"
    assert "9.9.9" in message
    assert ours.split("+")[0] in message
    monkeypatch.setattr(cluster, "edition", lambda: ours[:-1] + "x")
    monkeypatch.setattr(cluster, "__version__", ours.split("+")[0])
    assert "内容与本机不同" in refusal(address)[1]


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler in a process of its own, without workers."""
    file = tmp_path / "scheduler.json"
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--no-dashboard", "--scheduler-file", str(file)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _address(file), program
    finally:
        program.kill()
        program.wait()


def _address(file: Path) -> str:
    import json

    end = time.monotonic() + 60
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()).endswith("}"):
            return str(json.loads(text)["address"])
        time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


def test_a_cluster_without_workers(
    scheduler: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence that says what to start."""
    monkeypatch.setattr(cluster, "_FIRST", 2.0)
    code, message = refusal(scheduler[0])
    assert code == "no-workers"
    assert "dask worker" in message


def test_the_scheduler_dies_in_the_middle(
    scheduler: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done was given out before; then one sentence, and the worker keeps no process of ours."""
    monkeypatch.setattr(cluster, "_CONNECT", 5.0)
    monkeypatch.setattr(cluster, "_FIRST", 60.0)
    address, program = scheduler
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"),
            *("--no-dashboard", "--death-timeout", "5"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        pool = ClusterPool(address, MEMORY)
        found = []
        begin = 0.0
        with pool, pytest.raises(KaoheError) as caught:
            for task, outcome in pool.run(tasks.mixed, [("nap", number) for number in range(60)], 60):
                found.append((task, outcome))
                if len(found) == 5:
                    program.kill()
                    begin = time.monotonic()
        assert time.monotonic() - begin < 20
        assert caught.value.code == "cluster-lost"
        assert caught.value.message.endswith("。")
        assert found[:5] == [(("nap", number), 2 * number) for number in range(5)]
    finally:
        worker.terminate()
        worker.wait(timeout=20)
