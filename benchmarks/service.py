"""The service under load: `make load-service`.

    python -m benchmarks.service [--seconds 60] [--strict] [--json FILE] [--stage steady] …

A real `kaohe serve` with two workers, and clients in processes of their own on the same machine. Stages: one client
that asks for one paper after the other; many at once; the same with 5 % hostile files; with kill -9 of a worker every
five seconds; with more clients than the queue holds. Every answer is held against what a direct `checker.check` says.
Memory is that of the server and all its descendants, what they share counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

import checker
from benchmarks import hostile
from benchmarks.papers import papers
from benchmarks.service_client import Case, Order, Outcome
from checker.render.json import as_data, encode
from checker.submission import Options, collect

WARM_BUDGET = 0.025
"""Seconds: the median of one paper through HTTP, one client."""
REFUSED_BUDGET = 0.5
"""Seconds in which 95 of 100 clients hear that the queue is full, on a machine whose cores are all taken."""
GROWTH_BUDGET = 1.10
"""Memory in the last sixth of the steady stage, as a multiple of that in the second sixth."""
AFTER_BUDGET = 1.25
"""Memory at rest after all stages, as a multiple of that after the steady stage."""
WORKERS = 2
QUEUE = 16
CLIENTS = 8
CROWD = 48
"""Clients at once that over-fill the queue; the service takes in 64 uploads at a time."""
HOSTILE_SHARE = 0.05
KILL_EVERY = 5.0
TIMEOUT = 10
_REST = 45.0
"""Seconds until spare processes are gone."""
_BOUNDARY = "kaohe-load-2f1b7c"
_NO_FILES = frozenset({"pipe", "device", "link to itself", "link to the batch", "nobody may read it"})
_DEAR = frozenset({"eight million characters", "140,000 tables", "zips in zips in zips", "blanks of 200 MB"})
_GIVEN_UP = frozenset({"timeout", "out-of-memory", "reader-died"})


@dataclass
class Stage:
    """What one stage came to."""

    name: str
    outcome: Outcome
    memory: list[float] = field(default_factory=list)
    killed: int = 0


class Server:
    """`kaohe serve`, and its memory second by second."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "checker", "serve", "--port", "0", "--data", str(folder / "data")]
        command += ["--jobs", str(WORKERS), "--queue", str(QUEUE), "--timeout", str(TIMEOUT), "--rate", "0"]
        self.log = folder / "serve.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, "PYTHONUTF8": "1"}
            )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        found = re.search(r"http://\S+?/", told)
        if found is None:
            sys.exit(f"服务没有启动：{told}{self.log.read_text('utf-8')}")
        self.url = found[0]
        self._main = psutil.Process(self._process.pid)
        self.memory: list[float] = []
        threading.Thread(target=self._measure, daemon=True).start()
        self._until_ready()

    def descendants(self) -> list[psutil.Process]:
        """All processes below the server."""
        with suppress(psutil.Error):
            return self._main.children(recursive=True)
        return []

    def workers(self) -> list[psutil.Process]:
        """The processes that check: children of the server that forks them."""
        found = []
        for process in self.descendants():
            with suppress(psutil.Error):
                if process.ppid() != self._process.pid:
                    found.append(process)
        return found

    def resident(self) -> float:
        """MB of the whole tree."""
        return sum(_pss(process.pid) for process in (self._main, *self.descendants())) / 1024

    def alive(self) -> bool:
        """Whether the server itself still runs."""
        return self._process.poll() is None

    def stop(self) -> tuple[int, float]:
        """Ask it to stop: its exit code and the seconds it took."""
        began = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return code, time.perf_counter() - began

    def _until_ready(self) -> None:
        for _ in range(300):
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}readyz", trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        sys.exit("服务没有就绪")

    def _measure(self) -> None:
        while self.alive():
            self.memory.append(self.resident())
            time.sleep(1)


def _pss(pid: int) -> int:
    """kB of a process; 0 once it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def paper_cases(folder: Path) -> tuple[Case, ...]:
    """The samples of full length, and what a direct check says of each."""
    cases = []
    for number, source in enumerate(papers()):
        path = folder / f"{number:02}-{source.name}"
        shutil.copyfile(source, path)
        with _inside(folder):
            report = checker.check(path.name)
        cases.append(Case(path.name, _form(path.name, path.read_bytes()), json.loads(encode(as_data(report)))))
    return tuple(cases)


def hostile_cases(folder: Path) -> tuple[Case, ...]:
    """Hostile files that can be uploaded, and what reading each by itself says."""
    cases = []
    for bad in hostile.SORTS:
        if bad.outcome != "unread" or bad.sort in _NO_FILES:
            continue
        path = folder / bad.name.format(n="").replace("\n", "")
        bad.make(path)
        with _inside(folder):
            _, problems = collect([Path(path.name)], Options(timeout=TIMEOUT))
        codes = frozenset(problem.code for problem in problems)
        dear = bad.sort in _DEAR or bool(codes & _GIVEN_UP) or not codes
        # Which of its bounds such a file meets first depends on the machine; that it meets one does not.
        expected = codes | _GIVEN_UP if dear else codes
        cases.append(Case(bad.sort, _form(path.name, path.read_bytes()), codes=expected, dear=dear))
    return tuple(cases)


def _form(name: str, data: bytes) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
    return (
        head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
    )


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def one_by_one(server: Server, cases: Sequence[Case], rounds: int = 300) -> list[float]:
    """Seconds of each check by one client that waits for every answer; the first 30 warm up."""
    times = []
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    with httpx.Client(trust_env=False, timeout=60) as http:
        for number in range(rounds + 30):
            case = cases[number % len(cases)]
            began = time.perf_counter()
            answer = http.post(f"{server.url}api/v1/checks", content=case.body, headers=headers)
            took = time.perf_counter() - began
            if answer.status_code != 200:
                sys.exit(f"单个检查失败：{answer.status_code} {answer.text}")
            if number >= 30:
                times.append(took)
    return times


def crowd(server: Server, name: str, order: Order, kill: bool = False) -> Stage:
    """Send an order from a process of its own and, where wanted, kill workers meanwhile."""
    start = len(server.memory)
    client = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.service_client"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    over = threading.Event()
    stage = Stage(name, Outcome())
    killer = threading.Thread(target=_kill, args=(server, stage, over), daemon=True)
    if kill:
        killer.start()
    told, _ = client.communicate(pickle.dumps(order))
    over.set()
    if client.returncode:
        sys.exit("客户端进程失败")
    stage.outcome = pickle.loads(told)
    stage.memory = server.memory[start:]
    return stage


def _kill(server: Server, stage: Stage, over: threading.Event) -> None:
    chance = random.Random(9)
    while not over.wait(KILL_EVERY):
        workers = server.workers()
        if workers:
            with suppress(psutil.Error):
                chance.choice(workers).kill()
                stage.killed += 1


class Judge:
    """Prints figures against their budgets, and remembers what was missed."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        self.figures: dict[str, Any] = {}

    def hold(self, what: str, kept: bool, shown: str) -> None:
        """One budget."""
        print(f"  {'kept  ' if kept else 'MISSED'}  {what}: {shown}")
        self.figures[what] = {"kept": kept, "shown": shown}
        if not kept:
            self.missed.append(what)

    def stage(self, stage: Stage, server: Server) -> None:
        """The figures of a stage, and what holds for all of them."""
        out = stage.outcome
        print(f"\n{stage.name}")
        rate = (len(out.answered) + len(out.hostile)) / out.seconds
        print(f"  {rate:.0f} checks/s over {out.seconds:.0f} s; {_spread(out.answered)}")
        if out.hostile:
            print(f"  hostile files: {len(out.hostile)}; {_spread(out.hostile)}")
        if out.refused:
            print(f"  sent away (503): {len(out.refused)}; {_spread(out.refused)}")
        if stage.killed:
            print(f"  workers killed: {stage.killed}")
        print(f"  memory (PSS of the tree): {stage.memory[0]:.0f} MB at first, {max(stage.memory):.0f} MB at most, "
              f"{stage.memory[-1]:.0f} MB at last")  # fmt: skip
        self.figures[stage.name] = {"rate": rate, "statuses": dict(out.statuses), "memory": stage.memory}
        self.hold(f"{stage.name}: no lost answer", not out.lost and server.alive(), _few(out.lost))
        self.hold(f"{stage.name}: no wrong answer", not out.wrong, _few(out.wrong))


def _spread(times: Sequence[float]) -> str:
    if len(times) < 2:
        return "too few to tell"
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"


def _few(faults: Sequence[str]) -> str:
    return "0" if not faults else f"{len(faults)}, for example {'; '.join(sorted(set(faults))[:3])}"


def _flat(memory: Sequence[float]) -> tuple[float, float]:
    """Memory in the second and in the last sixth."""
    sixth = max(1, len(memory) // 6)
    return statistics.median(memory[sixth : 2 * sixth]), statistics.median(memory[-sixth:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages. 1 with --strict where a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--stage", action="append", choices=["single", "steady", "hostile", "kill", "full"])
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--log", type=Path, help="keep the log of the service")
    given = parser.parse_args(arguments)
    stages = given.stage or ["single", "steady", "hostile", "kill", "full"]
    judge = Judge()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores, {WORKERS} workers")
    with tempfile.TemporaryDirectory(prefix="kaohe-load-") as place:
        folder = Path(place)
        (folder / "papers").mkdir()
        cases = paper_cases(folder / "papers")
        bad = hostile_cases(folder / "papers") if "hostile" in stages else ()
        print(f"{len(cases)} papers of 2,500 to 3,700 字, {len(bad)} sorts of hostile files")
        server = Server(folder)
        try:
            _stages(server, judge, stages, cases, bad, given.seconds)
        finally:
            code, took = server.stop()
            if given.log:
                shutil.copyfile(server.log, given.log)
        judge.hold("stops in order", code == 0 and took < 10, f"exit code {code} after {took:.1f} s")
        left = list((folder / "data").glob("tmp/*"))
        judge.hold("nothing left in the folder of temporary files", not left, f"{len(left)} files")
    if given.json:
        given.json.write_text(json.dumps(judge.figures, ensure_ascii=False, indent=1), "utf-8")
    return 1 if given.strict and judge.missed else 0


def _stages(
    server: Server, judge: Judge, stages: Sequence[str], cases: tuple[Case, ...], bad: tuple[Case, ...], seconds: float
) -> None:
    order = Order(f"{server.url}api/v1/checks", _BOUNDARY, cases, clients=CLIENTS, seconds=seconds)
    base = 0.0
    if "single" in stages:
        times = one_by_one(server, cases)
        print(f"\none client, one paper after the other: {_spread(times)}")
        middle = statistics.median(times)
        judge.hold("warm check of one paper, p50", middle <= WARM_BUDGET, f"{middle * 1000:.1f} ms (at most 25 ms)")
    if "steady" in stages:
        stage = crowd(server, f"{CLIENTS} clients at once", order)
        judge.stage(stage, server)
        early, late = _flat(stage.memory)
        judge.hold("memory flat", late <= early * GROWTH_BUDGET, f"{early:.0f} MB early, {late:.0f} MB late")
        judge.hold(
            "nobody sent away below the queue's length", not stage.outcome.refused, str(len(stage.outcome.refused))
        )
        base = late
    if "hostile" in stages:
        share = Order(**{**vars(order), "hostile": bad, "share": HOSTILE_SHARE})
        judge.stage(crowd(server, "with 5 % hostile files", share), server)
    if "kill" in stages:
        judge.stage(crowd(server, f"with kill -9 of a worker every {KILL_EVERY:.0f} s", order, kill=True), server)
    if "full" in stages:
        many = Order(**{**vars(order), "clients": CROWD})
        stage = crowd(server, f"queue over-filled by {CROWD} clients", many)
        judge.stage(stage, server)
        refused = sorted(stage.outcome.refused)
        judge.hold("the queue was over-filled", bool(refused), f"{len(refused)} sent away")
        if refused:
            late = refused[int(len(refused) * 0.95)]
            judge.hold("sent away at once, p95", late <= REFUSED_BUDGET, f"{late * 1000:.0f} ms (at most 500 ms)")
    if base and len(stages) > 2:
        time.sleep(_REST)
        after = server.resident()
        judge.hold(
            "memory at rest after all that", after <= base * AFTER_BUDGET, f"{after:.0f} MB ({base:.0f} MB before)"
        )
    text = server.log.read_text("utf-8", "replace")
    words = [name for case in (*cases, *bad) for name in (case.name,) if case.report is not None and name in text]
    judge.hold("no name of a file in the log", not words, _few(words))


if __name__ == "__main__":
    sys.exit(main())
