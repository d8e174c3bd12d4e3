"""`python -m benchmarks.load`: a whole made-up batch screened, what was found held against what was planted.

    load     the batch: time, papers a second, memory of all processes together, every known fault found, none besides
    hostile  the same with one hostile file in a hundred: nothing else may change
    kill     the batch, killed three times with kill -9 and started again: the same results as without
    same     a tenth of it with one job, with two and on a Dask cluster: the same results

Memory is the proportional set size (PSS) of the command and all its children, from /proc: what they share counts once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from time import perf_counter, sleep

import openpyxl
import psutil

from benchmarks.batch import FOLDER, ROSTER, TRUTH, Known, generate

SECONDS, MEGABYTES, PAPERS, JOBS = 120, 1024, 10_000, 2
"""The budget: so many papers on two cores in so many seconds with so much memory."""
HOSTILE = 0.01
_EVERY = 0.2
_KILLS = 3
_STAGE = re.compile(r"(\S+)：完成 (\d+)(?:，用时 ([\d.]+) 秒)?")
_KEPT = re.compile(r"沿用上次的 (\d+) 份")


@dataclass
class Ran:
    """One run of the command."""

    seconds: float
    code: int
    told: str
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Seconds, and MB at most, of each stage."""

    @property
    def peak(self) -> float:
        """MB at most."""
        return max((most for _, most in self.stages.values()), default=0.0)

    @property
    def kept(self) -> int:
        """Papers known from the run before."""
        found = _KEPT.search(self.told)
        return int(found[1]) if found else 0


class Watch:
    """The memory of a process and all its descendants, and which stage it is in, until it ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._stages: list[str] = []
        self._peaks: Counter[int] = Counter()
        self.told: list[str] = []
        self._threads = [
            threading.Thread(target=target, daemon=True)
            for target in (self._listen_err, self._listen_out, self._measure)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Until all is said."""
        for thread in self._threads:
            thread.join()

    def stages(self) -> dict[str, tuple[float, float]]:
        """Seconds and MB of each stage."""
        found: dict[str, tuple[float, float]] = {}
        for number, line in enumerate(self._stages):
            match = _STAGE.match(line)
            assert match is not None
            found[match[1]] = float(match[3] or 0), self._peaks[number] / 1024
        # Between the last stage and the end.
        found["收尾"] = 0.0, self._peaks[len(self._stages)] / 1024
        return found

    def _listen_err(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.told.append(line)
            if _STAGE.match(line):
                self._stages.append(line)

    def _listen_out(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.told.append(line)

    def _measure(self) -> None:
        main = psutil.Process(self._process.pid)
        while self._process.poll() is None:
            number = len(self._stages)
            self._peaks[number] = max(self._peaks[number], sum(map(_pss, tree(main))))
            sleep(_EVERY)


def tree(main: psutil.Process) -> list[psutil.Process]:
    """The process and all its descendants."""
    try:
        return [main, *main.children(recursive=True)]
    except psutil.Error:
        return []


def _pss(process: psutil.Process) -> int:
    """Its memory in kB, what it shares divided by those who share it; 0 once it is gone."""
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def command(batch: Path, output: Path, *more: str) -> list[str]:
    """The command that screens a batch."""
    source = [str(batch / FOLDER), "--roster", str(batch / ROSTER), "-o", str(output)]
    return [sys.executable, "-m", "checker", "screen", *source, *more]


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """The command in a session of its own, so that it can be killed whole."""
    surroundings = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=surroundings,
        start_new_session=True,
    )


def run(batch: Path, output: Path, *more: str) -> Ran:
    """Screen a batch to the end."""
    began = perf_counter()
    process = start(command(batch, output, *more))
    watch = Watch(process)
    watch.wait()
    return Ran(perf_counter() - began, process.wait(), "".join(watch.told), watch.stages())


@dataclass(frozen=True)
class Seen:
    """Something that a screening tells: at warning level or above, or about a file or a missing paper.

    `asked`: it is told as a question on a sentence that may speak to the topic; that finds what is absent as well, and
    is nothing besides where nothing is.
    """

    unit: str
    rule: str
    subject: str
    file: str
    words: str
    asked: bool = False


def seen(output: Path) -> Iterator[Seen]:
    """What the results tell: those of the units from results.jsonl, those of no unit from the workbook."""
    with (output / "results.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield from _of_unit(json.loads(line))
    unread: set[str] = set()
    book = openpyxl.load_workbook(output / "汇总表.xlsx", read_only=True)
    for row in book["文件"].iter_rows(min_row=2, values_only=True):
        state, file, _, unit = (str(cell or "") for cell in row[:4])
        # A file that could not be read belongs to nobody as well, and those of known units were told with them.
        if state == "没有检查" and not unit:
            unread.add(file)
            yield Seen("", "unread", "", file, state)
        elif state == "没有归属" and file not in unread:
            yield Seen("", "nobody", "", file, state)


def _of_unit(data: dict[str, object]) -> Iterator[Seen]:
    name = data["unit"]["name"]  # type: ignore[index]
    report = data["report"] or {"findings": [], "documents": []}
    held = [("", report["findings"]), *((entry["path"], entry["findings"]) for entry in report["documents"])]  # type: ignore[index]
    for path, findings in held:
        for finding in findings:
            # What is owed is told once more under `missing`.
            if finding["rule"] == "roster" or (finding["severity"] == "info" and finding["case"] != "unsure"):
                continue
            facts = finding["facts"]
            subject = str(facts.get("topic") or facts.get("kind") or "")
            asked = finding["severity"] == "info"
            yield Seen(name, finding["rule"], subject, path, finding["message"], asked)
    for entry in data["missing"]:  # type: ignore[attr-defined]
        yield Seen(name, "missing-paper", f"{entry['kind']} {entry['person']}".strip(), "", "missing")
    for path in data["surplus"]:  # type: ignore[attr-defined]
        yield Seen(name, "surplus", "", path, "surplus")
    for entry in data["set_aside"]:  # type: ignore[attr-defined]
        yield Seen(name, entry["why"], entry["person"], entry["path"], entry["how"])
    for entry in data["errors"]:  # type: ignore[attr-defined]
        yield Seen(name, "unread", entry["code"], entry["path"], entry["message"])


def shows(known: Known, entry: Seen) -> bool:
    """Whether `entry` is what was planted."""
    if known.rule == "lists-present" and entry.rule == "missing-paper":
        return entry.unit == known.unit and entry.subject == known.what
    if entry.rule != known.rule:
        return False
    if known.fault == "hostile":
        return any(same_name(entry.file, file) for file in known.files)
    if known.rule == "copied-text":
        return entry.file in known.files
    if known.unit and entry.unit != known.unit:
        return False
    if known.rule == "missing-paper":
        return entry.subject == f"{known.what} {known.person}".strip()
    if known.what and entry.subject and entry.subject != known.what:
        return False
    return not known.files or entry.file in known.files


_ODD = re.compile(r"[^\w./-]")


def same_name(shown: str, real: str) -> bool:
    """Whether a file is meant, whose name may be shown without what cannot be shown; what lies in it counts as it."""
    shown, real = (_ODD.sub("", name) for name in (shown, real))
    return shown == real or shown.startswith(real + "/")


@dataclass(frozen=True)
class Verdict:
    """What was found of what was planted."""

    found: Counter[str]
    planted: Counter[str]
    missed: list[Known]
    extra: list[Seen]

    @property
    def whole(self) -> bool:
        """Everything, and nothing besides."""
        return not self.missed and not self.extra


def judge(truth: Sequence[Known], told: Iterable[Seen]) -> Verdict:
    """Hold what a screening tells against what was planted. A copied passage has to be told, wherever it is told."""
    by_rule: dict[str, list[Known]] = defaultdict(list)
    for known in truth:
        by_rule[known.rule].append(known)
    found: set[int] = set()
    extra = []
    for entry in told:
        candidates = by_rule[entry.rule] + (by_rule["lists-present"] if entry.rule == "missing-paper" else [])
        hits = [known for known in candidates if shows(known, entry)]
        found.update(map(id, hits))
        if not hits and not entry.asked:
            extra.append(entry)
    wanted = [known for known in truth if known.rule != "passed"]
    return Verdict(
        Counter(_sort(known) for known in wanted if id(known) in found),
        Counter(map(_sort, wanted)),
        [known for known in wanted if id(known) not in found],
        extra,
    )


def _sort(known: Known) -> str:
    return f"hostile: {known.what}" if known.fault == "hostile" else known.fault


def read_truth(batch: Path) -> list[Known]:
    """What was planted in a batch."""
    lines = (batch / TRUTH).read_text("utf-8").splitlines()
    return [Known(**{**(data := json.loads(line)), "files": tuple(data["files"])}) for line in lines]


def show_run(ran: Ran, papers: int, jobs: int, budget: bool) -> bool:
    """Time and memory by stage; whether the budget was kept."""
    print(f"  {ran.seconds:.1f} s, {papers / ran.seconds / jobs:.1f} papers a second per core, exit code {ran.code}")
    for name, (seconds, most) in ran.stages.items():
        print(f"    {name:<10} {seconds:7.1f} s  {most:6.0f} MB")
    if not budget:
        print(f"  memory at most {ran.peak:.0f} MB")
        return True
    kept = ran.seconds <= SECONDS, ran.peak <= MEGABYTES
    for what, value, limit, good in zip(
        ("time", "memory"),
        (f"{ran.seconds:.0f} s", f"{ran.peak:.0f} MB"),
        (f"{SECONDS} s", f"{MEGABYTES} MB"),
        kept,
        strict=True,
    ):
        print(f"  {what} {value} (budget {limit}): {'kept' if good else 'MISSED'}")
    return all(kept)


def show_verdict(verdict: Verdict) -> bool:
    """The faults by sort, what was missed and what is told besides."""
    found, planted = verdict.found.total(), verdict.planted.total()
    print(f"  known faults found: {found} of {planted}, told besides: {len(verdict.extra)}")
    for sort, number in sorted(verdict.planted.items()):
        print(f"    {sort:<45} {verdict.found[sort]:>4} of {number}")
    for known in verdict.missed[:10]:
        print(f"    MISSED {known}")
    for entry in verdict.extra[:10]:
        print(f"    BESIDES {entry}")
    return verdict.whole


def records(output: Path) -> list[str]:
    """The lines of results.jsonl."""
    return (output / "results.jsonl").read_text("utf-8").splitlines()


def same(first: Path, second: Path, what: str) -> bool:
    """Whether two outputs hold the same lines in the same order."""
    different = [
        number for number, (one, other) in enumerate(zip_longest(records(first), records(second)), 1) if one != other
    ]
    print(f"  {what}: " + ("the same" if not different else f"DIFFERENT in lines {different[:10]}"))
    return not different


def load(work: Path, given: argparse.Namespace, share: float = 0.0) -> bool:
    """The batch, with a share of hostile files."""
    batch, output = work / f"batch-{share}", work / f"results-{share}"
    truth, papers = made(batch, given.papers, given.seed, share)
    ran = run(batch, output, "--jobs", str(given.jobs))
    full = given.papers >= PAPERS and given.jobs == JOBS and not share
    (work / f"{output.name}.seconds").write_text(str(ran.seconds), "utf-8")
    kept = show_run(ran, papers, given.jobs, full)
    if not (output / "results.jsonl").exists():
        print(f"  NO RESULTS: {ran.told[-400:]}")
        return False
    return show_verdict(judge(truth, seen(output))) and kept


def made(batch: Path, papers: int, seed: int, share: float = 0.0) -> tuple[list[Known], int]:
    """The batch, made if it is not there; what was planted, and how many papers there are."""
    if not batch.exists():
        began = perf_counter()
        generate(batch, papers, seed, share)
        print(f"  made in {perf_counter() - began:.1f} s")
    return read_truth(batch), papers


def kill(work: Path, given: argparse.Namespace) -> bool:
    """Killed in the middle and started again: the results are those of a run that was left in peace."""
    batch, whole, broken = work / "batch-0.0", work / "results-0.0", work / "results-killed"
    made(batch, given.papers, given.seed)
    more = ("--jobs", str(given.jobs))
    clock = work / "results-0.0.seconds"
    if not clock.exists():
        clock.write_text(str(run(batch, whole, *more).seconds), "utf-8")
    lasts = float(clock.read_text("utf-8"))
    chance = random.Random(f"{given.seed}/kill")
    good = True
    for number in range(_KILLS):
        process = start(command(batch, broken, *more))
        moment = chance.uniform(0.3, 0.8) * lasts
        watch = Watch(process)
        sleep(moment)
        if process.poll() is not None:
            print(f"  ended before it was to be killed at {moment:.1f} s")
            break
        family = tree(psutil.Process(process.pid))
        # Once the command alone, once all that it started: orphans have to leave by themselves.
        alone = number % 2 == 0
        for member in family[:1] if alone else family:
            _shoot(member)
        watch.wait()
        left = _left(family)
        print(f"  killed at {moment:.1f} s ({'the command' if alone else 'all processes'}), {left} processes left")
        good = good and not left
    ran = run(batch, broken, *more)
    if not (broken / "results.jsonl").exists():
        print(f"  NO RESULTS: {ran.told[-400:]}")
        return False
    print(f"  then to the end in {ran.seconds:.1f} s, {ran.kept} files known from before, exit code {ran.code}")
    return same(whole, broken, "results after three kills") and good


def _shoot(process: psutil.Process) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


def _left(family: Sequence[psutil.Process]) -> int:
    """How many of them still run after ten seconds."""
    _, alive = psutil.wait_procs(list(family), timeout=10)
    return sum(process.status() != psutil.STATUS_ZOMBIE for process in alive if process.is_running())


def alike(work: Path, given: argparse.Namespace) -> bool:
    """One job, two jobs, a cluster: the same results."""
    papers = max(100, given.papers // 10)
    batch = work / f"batch-{papers}"
    made(batch, papers, given.seed)
    first = work / "results-1-job"
    print(f"  1 job: {run(batch, first, '--jobs', '1').seconds:.1f} s for {papers} papers")
    good = True
    second = work / "results-2-jobs"
    print(f"  2 jobs: {run(batch, second, '--jobs', '2').seconds:.1f} s")
    good = same(first, second, "1 job and 2 jobs") and good
    third = work / "results-cluster"
    with cluster() as address:
        print(f"  cluster: {run(batch, third, '--cluster', address).seconds:.1f} s")
    return same(first, third, "1 job and the cluster") and good


@contextmanager
def cluster() -> Iterator[str]:
    """A Dask cluster of two worker processes on this machine; its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made_cluster:
        yield made_cluster.scheduler_address


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--only", choices=("load", "hostile", "kill", "same"), action="append")
    parser.add_argument("--work", type=Path, help="a folder that is kept; batches that lie there are used again")
    given = parser.parse_args(arguments)
    chosen = given.only or ["load", "hostile", "kill", "same"]
    work = given.work or Path(tempfile.mkdtemp(prefix="kaohe-load-"))
    work.mkdir(parents=True, exist_ok=True)
    for old in work.glob("results-*"):
        old.unlink() if old.is_file() else shutil.rmtree(old)
    good = True
    try:
        for name in chosen:
            print(f"{name}:", flush=True)
            if name in ("load", "hostile"):
                good = load(work, given, HOSTILE if name == "hostile" else 0.0) and good
            else:
                good = (kill if name == "kill" else alike)(work, given) and good
    finally:
        if given.work is None:
            shutil.rmtree(work, ignore_errors=True)
    print("all as it should be" if good else "NOT as it should be")
    return 0 if good else 1


if __name__ == "__main__":
    # What is printed is seen at once, also through a pipe.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.exit(main())
