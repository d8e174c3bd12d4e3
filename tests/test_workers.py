"""Child processes with limits: whatever a task does costs that task alone, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pool_tasks as tasks
import pytest

from checker.errors import KaoheError, NoticeError, ReadError, UsageError
from checker.screening.pool import Failure, LocalPool
from checker.workers import TaskLost, Worker

MEMORY = 1024 * tasks.MEGABYTE
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and bounds the memory of a process")
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(MEMORY, tasks.warm) as made:
        yield made


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    with LocalPool(2, MEMORY) as made:
        yield made


def lost(worker: Worker, function: Callable[..., Any], *arguments: Any, timeout: float = 60) -> tuple[str, str]:
    with pytest.raises(TaskLost) as caught:
        worker.call(function, *arguments, timeout=timeout)
    return caught.value.cause, caught.value.detail


def gone(process: int, within: float = 5) -> bool:
    """Whether the process ends in time; one that nobody has waited for yet counts as ended."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# ── one worker ────────────────────────────────────────────────────────


def test_results_come_back_from_one_process(worker: Worker) -> None:
    """One process does several tasks, warmed once, and it is not ours."""
    first = worker.call(tasks.own_id, timeout=60)
    assert worker.call(tasks.double, 21, timeout=None) == 42
    assert worker.call(tasks.was_warmed, timeout=60) == ["yes"]
    assert worker.call(tasks.own_id, timeout=60) == first != os.getpid()


@pytest.mark.parametrize("size", [0, 1, 70_000, 9_000_000])
def test_tasks_and_results_of_any_size(worker: Worker, size: int) -> None:
    """Also such as do not fit into the pipe at once."""
    data = os.urandom(size)
    assert worker.call(tasks.sized, data, timeout=60) == data[::-1]


@pytest.mark.parametrize(
    ("function", "cause", "detail"),
    [
        (tasks.die, "died", "exit -9"),
        (tasks.leave, "failed", "SystemExit (pool_tasks.py:"),
        (tasks.fail, "failed", "ZeroDivisionError (pool_tasks.py:"),
        (tasks.cannot_be_sent, "failed", "result: "),
        (tasks.poisoned, "failed", "ValueError"),
        pytest.param(tasks.eat, "out-of-memory", "", marks=LINUX),
    ],
)
def test_a_task_that_goes_wrong_costs_itself_alone(
    worker: Worker, function: Callable[..., Any], cause: str, detail: str
) -> None:
    """It is told why, and the next task is done as ever."""
    found = lost(worker, function)
    assert found[0] == cause
    assert found[1].startswith(detail)
    assert worker.call(tasks.double, 4, timeout=60) == 8


@pytest.mark.parametrize("function", [lambda: tasks.sleep, lambda: tasks.hold_the_interpreter])
def test_a_task_is_ended_at_its_time_limit(worker: Worker, function: Callable[[], Any]) -> None:
    """Also one that lets no other thread of its process run."""
    worker.call(tasks.own_id, timeout=60)
    begin = time.monotonic()
    assert lost(worker, function(), 60, timeout=0.3) == ("timeout", "")
    assert 0.25 < time.monotonic() - begin < 3
    assert worker.call(tasks.double, 4, timeout=60) == 8


@LINUX
def test_a_process_that_takes_nothing_in_is_ended_at_the_time_limit(worker: Worker) -> None:
    """The limit holds for sending as well: a stopped process never empties the pipe."""
    process = worker.call(tasks.own_id, timeout=60)
    os.kill(process, signal.SIGSTOP)
    begin = time.monotonic()
    assert lost(worker, tasks.sized, bytes(9_000_000), timeout=0.5) == ("timeout", "")
    assert time.monotonic() - begin < 3
    assert gone(process)


@LINUX
def test_a_process_that_was_killed_between_tasks_costs_none(worker: Worker) -> None:
    """The system may end an idle process (want of memory): the next task gets a new one."""
    process = worker.call(tasks.own_id, timeout=60)
    os.kill(process, signal.SIGKILL)
    assert gone(process)
    time.sleep(0.1)
    assert worker.call(tasks.double, 4, timeout=60) == 8


@pytest.mark.parametrize(
    ("what", "kind", "code", "message"),
    [
        ("read", ReadError, "not-docx", "读不了。"),
        ("notice", NoticeError, "bad-notice", "a.yml:3 不对。"),
        ("usage", UsageError, "bad-config", "用法不对。"),
    ],
)
def test_errors_of_ours_come_back_whole(
    worker: Worker, what: str, kind: type[KaoheError], code: str, message: str
) -> None:
    """Kind, code and sentence, whatever their constructors take; the process lives on."""
    process = worker.call(tasks.own_id, timeout=60)
    with pytest.raises(kind) as caught:
        worker.call(tasks.refuse, what, timeout=60)
    assert (type(caught.value), caught.value.code, caught.value.message, str(caught.value)) == (
        kind,
        code,
        message,
        message,
    )
    assert worker.call(tasks.own_id, timeout=60) == process


def test_arguments_that_arrive_broken(worker: Worker) -> None:
    """What cannot be taken out in the child costs that task alone; what cannot be packed is the caller's error."""
    assert lost(worker, tasks.take, tasks.Poisoned())[0] == "failed"
    with pytest.raises(Exception, match="pickle"):
        worker.call(tasks.take, lambda: None, timeout=60)
    assert worker.call(tasks.double, 4, timeout=60) == 8


def test_what_a_task_prints_is_not_seen(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    """A report on standard output stays whole."""
    assert worker.call(tasks.chatter, timeout=60) == "said"
    assert capfd.readouterr() == ("", "")


@LINUX
def test_a_process_that_has_grown_is_replaced() -> None:
    """It did its task, and the next gets a new one; so does the task after a certain number of them."""
    with Worker(MEMORY) as worker:
        first = worker.call(tasks.keep, 1, timeout=60)
        assert worker.call(tasks.keep, 200, timeout=60) == first
        assert worker.call(tasks.keep, 1, timeout=60) != first
        assert gone(first)
    with Worker(MEMORY, pause=2) as worker:
        ids = [worker.call(tasks.own_id, timeout=60) for _ in range(4)]
    assert ids[0] == ids[1] != ids[2] == ids[3]


@LINUX
def test_what_a_task_started_ends_with_it(worker: Worker) -> None:
    """A converter does not outlive the task that started it."""
    assert lost(worker, tasks.start_a_program, timeout=0.5)[0] == "timeout"
    time.sleep(0.2)
    running = subprocess.run(["pgrep", "-f", "sleep 300.25"], capture_output=True, check=False)
    assert running.stdout == b""


def test_close_ends_a_task_in_the_middle() -> None:
    """From another thread; afterwards the worker takes nothing more."""
    worker = Worker(MEMORY)
    worker.call(tasks.own_id, timeout=60)
    threading.Timer(0.3, worker.close).start()
    begin = time.monotonic()
    assert lost(worker, tasks.sleep, 60)[0] == "died"
    assert time.monotonic() - begin < 3
    assert lost(worker, tasks.double, 1) == ("died", "closed")


# ── the pool ──────────────────────────────────────────────────────────


def test_every_task_has_its_outcome(pool: LocalPool) -> None:
    """Hostile tasks among others: each gets what came of it, the others their results."""
    hostile = {"die": "died", "sleep": "timeout", "eat": "out-of-memory", "fail": "failed", "refuse": "not-docx"}
    batch = [(what, number) for number in range(20) for what in ("double", "double", *(hostile if number == 7 else ()))]
    limits = {"sleep": 0.5}
    found = dict(pool.run(tasks.mixed, batch, lambda task: limits.get(task[0], 60)))
    assert set(found) == set(batch)
    for (what, number), outcome in found.items():
        if what == "double":
            assert outcome == 2 * number
        elif what == "refuse":
            assert isinstance(outcome, KaoheError)
            assert outcome.code == "not-docx"
        elif what != "eat" or sys.platform == "linux":
            assert isinstance(outcome, Failure)
            assert outcome.cause == hostile[what]


def test_tasks_that_cannot_be_sent(pool: LocalPool) -> None:
    """They fail each for itself; the run goes on."""
    odd = lambda: None  # noqa: E731
    found = list(pool.run(tasks.take, [odd, 1, None], 60))
    assert sorted(str(outcome) for _, outcome in found if isinstance(outcome, str)) == ["taken", "taken"]
    assert [outcome.cause for _, outcome in found if isinstance(outcome, Failure)] == ["failed"]


def test_tasks_are_taken_as_results_are(pool: LocalPool) -> None:
    """An endless source of tasks is no trouble, and a run that is broken off leaves the pool fit for the next."""
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        for number in count():
            taken += 1
            yield number

    results = pool.run(tasks.double, source(), 60)
    for _ in range(10):
        next(results)
    assert taken <= 10 + 4
    results.close()  # type: ignore[attr-defined]
    assert sorted(outcome for _, outcome in pool.run(tasks.double, range(5), 60)) == [0, 2, 4, 6, 8]  # type: ignore[type-var]


def test_no_tasks_no_results(pool: LocalPool) -> None:
    """An empty batch ends at once."""
    assert list(pool.run(tasks.double, [], 60)) == []


def test_an_error_in_the_source_of_tasks_reaches_the_caller(pool: LocalPool) -> None:
    """And ends the run."""

    def source() -> Iterator[int]:
        yield 1
        raise ValueError("source")

    with pytest.raises(ValueError, match="source"):
        list(pool.run(tasks.double, source(), 60))


@LINUX
def test_closing_a_run_ends_what_it_works_on(tmp_path: Path) -> None:
    """At once, and no process is left."""
    with LocalPool(2, MEMORY) as pool:
        results = pool.run(tasks.mixed, [("double", 1), ("sleep", 1), ("sleep", 2), ("sleep", 3)], 60)
        assert next(results) == (("double", 1), 2)
        begin = time.monotonic()
        results.close()  # type: ignore[attr-defined]
        assert time.monotonic() - begin < 3


# ── the whole program ─────────────────────────────────────────────────

_PROGRAM = """
import sys
sys.path[:0] = {path!r}
import pool_tasks as tasks
from checker.screening.pool import LocalPool
print("begun", flush=True)
with LocalPool(2, 1 << 30) as pool:
    try:
        for outcome in pool.run(tasks.{task}, [{folder!r}] * 3, {limit}):
            print(outcome, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def start(tmp_path: Path, task: str, limit: float = 600) -> tuple[subprocess.Popen[str], list[int]]:
    """A program without a guard around its main part, and the ids of its two processes at work."""
    script = tmp_path / "program.py"
    started = tmp_path / "started"
    started.mkdir()
    script.write_text(
        _PROGRAM.format(path=[str(TESTS), str(TESTS.parent)], task=task, folder=str(started), limit=limit), "utf-8"
    )
    program = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 60
    while len(found := list(started.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    return program, [int(path.name) for path in found]


@LINUX
@pytest.mark.parametrize("to_all", [False, True])
def test_ctrl_c_ends_everything(tmp_path: Path, to_all: bool) -> None:
    """Whether the signal goes to the program or to its whole group; a script is not run again in the children."""
    program, children = start(tmp_path, "tell_and_sleep")
    begin = time.monotonic()
    (os.killpg if to_all else os.kill)(program.pid, signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert (out, err) == ("begun\ninterrupted\n", "")
    assert len(children) == 2
    assert all(gone(child) for child in children)


@LINUX
def test_nothing_is_loaded_from_the_current_folder(tmp_path: Path) -> None:
    """A folder of papers may hold anything, also a `checker` or a `signal.py`; the environment is as it was."""
    for name in ("checker", "signal", "socket", "pool_tasks"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'a').write('{name} ')\n", "utf-8")
    script = tmp_path / "elsewhere" / "program.py"
    script.parent.mkdir()
    script.write_text(
        f"import sys\nsys.path[:0] = {[str(TESTS), str(TESTS.parent)]!r}\n"
        "import os\nimport pool_tasks as tasks\nfrom checker.workers import Worker\n"
        "with Worker(1 << 30, preload=('checker.errors', 'pool_tasks')) as worker:\n"
        "    print(worker.call(tasks.double, 4, timeout=60), worker.call(tasks.environment, timeout=60))\n",
        "utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    run = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert (run.stdout, run.stderr) == ("8 []\n", "")
    assert not (tmp_path / "loaded").exists()


@LINUX
@pytest.mark.parametrize(("task", "limit"), [("tell_and_sleep", 600), ("tell_and_hold", 2)])
def test_children_end_when_the_program_was_killed(tmp_path: Path, task: str, limit: float) -> None:
    """kill -9 gives it no time to end them: they see that it is gone, or the system's alarm ends them soon after their
    time limit."""
    program, children = start(tmp_path, task, limit)
    program.kill()
    program.communicate(timeout=30)
    assert len(children) == 2
    assert all(gone(child) for child in children)
