"""The queue of checks and the processes behind it, under good and bad tasks."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from loaders import SAMPLES
from service_parts import by_name, nothing, until

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from checker.readers import Limits
from checker.service.check_task import Before, CheckAnswer, CheckTask, Handed, compare, distinct, probe, run_check
from checker.service.checks import Checks
from checker.service.problems import ProblemError
from checker.service.settings import ServiceSettings

PAPER = next((SAMPLES / "clean-zone").glob("工作总结.docx"))


def task(*names: str, content: bytes = b"") -> CheckTask:
    return CheckTask(tuple(Handed(f"{name}.txt", content) for name in names), "puyang-2020")


@contextmanager
def checking(
    tmp_path: Path,
    work: Callable[[CheckTask], CheckAnswer] = by_name,
    look: Callable[[Handed, Limits], object] = probe,
    **more: object,
) -> Iterator[Checks]:
    values = {"jobs": 1, "queue": 2, "timeout": 20.0, **more}
    checks = Checks(ServiceSettings(data=tmp_path, **values), work, nothing, look)  # type: ignore[arg-type]
    checks.start()
    try:
        until(lambda: checks.ready)
        yield checks
    finally:
        checks.stop()


def errors(answer: CheckAnswer) -> dict[str, str]:
    return {entry["path"]: entry["code"] for entry in msgspec.json.decode(answer.report)["errors"]}


def test_the_answer_of_a_check_is_that_of_the_command_line(tmp_path: Path) -> None:
    import checker
    from checker.render.json import as_data

    answer = run_check(CheckTask((Handed(str(PAPER), PAPER.read_bytes()),), "puyang-2020"))
    wanted = as_data(checker.check(PAPER))
    assert msgspec.json.decode(answer.report) == msgspec.json.decode(msgspec.json.encode(wanted))
    assert answer.verdict == wanted["verdict"]


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(tmp_path: Path) -> None:
    with checking(tmp_path) as checks:
        waiting = [checks.put(task("sleep", content=b"1")) for _ in range(3)]
        began = time.monotonic()
        with pytest.raises(ProblemError) as refused:
            checks.put(task("good"))
        assert time.monotonic() - began < 0.2
        assert (refused.value.status, refused.value.code) == (503, "busy")
        assert int(refused.value.headers["Retry-After"]) >= 1
        assert [future.result(20).verdict for future in waiting] == ["pass"] * 3
        assert checks.put(task("good")).result(20).verdict == "pass"
        assert checks.outcomes["refused"] == 1


def test_who_fills_the_queue_leaves_room_for_others_and_they_take_turns(tmp_path: Path) -> None:
    order: list[str] = []
    with checking(tmp_path) as checks:
        for number in range(3):
            checks.put(task("sleep", content=b"0.3"), "甲").add_done_callback(
                lambda _, number=number: order.append(f"甲{number}")  # type: ignore[misc]
            )
        with pytest.raises(ProblemError):
            checks.put(task("good"), "甲")
        other = checks.put(task("good"), "乙")
        other.add_done_callback(lambda _: order.append("乙"))
        assert other.result(20).verdict == "pass"
        until(lambda: len(order) == 4)
    assert order.index("乙") < order.index("甲2")


def test_slow_checks_of_one_client_do_not_hold_up_another(tmp_path: Path) -> None:
    with checking(tmp_path, queue=4) as checks:
        slow = [checks.put(task("sleep", content=b"8"), "甲") for _ in range(3)]
        began = time.monotonic()
        assert checks.put(task("good"), "乙").result(20).verdict == "pass"
        assert time.monotonic() - began < 6
        assert not slow[0].done()


def test_what_is_given_up_while_it_waits_is_never_begun(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    with checking(tmp_path) as checks:
        first = checks.put(task("sleep", content=b"0.5"))
        second = checks.put(task("die-once", content=str(mark).encode()))
        assert second.cancel()
        first.result(20)
        checks.put(task("good")).result(20)
    assert not mark.exists()


def test_a_worker_killed_from_outside_costs_no_answer(tmp_path: Path) -> None:
    with checking(tmp_path) as checks:
        future = checks.put(task("sleep", content=b"1"))
        until(lambda: checks.running and checks.pids())
        time.sleep(0.2)
        os.kill(checks.pids()[0], signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        assert future.result(20).verdict == "pass"
        assert checks.outcomes["lost-died"] == 1


@pytest.mark.parametrize(("name", "wanted"), [("hang", "timeout"), ("die", "reader-died"), ("eat", "out-of-memory")])
def test_a_file_that_ends_its_process_is_told_as_one_that_was_not_read(tmp_path: Path, name: str, wanted: str) -> None:
    if name == "eat" and sys.platform == "win32":
        pytest.skip("Windows holds no process to a bound of memory")
    with checking(tmp_path, work=hostile, timeout=3.0) as checks:
        answer = checks.put(task(name)).result(60)
        assert answer.verdict == "error"
        assert not answer.passed
        assert errors(answer) == {f"{name}.txt": wanted}
        assert errors(checks.put(task("good", content="文字".encode())).result(60)) == {"good.txt": "unknown-kind"}


def test_one_bad_file_costs_the_others_nothing(tmp_path: Path) -> None:
    with checking(tmp_path, work=hostile, look=look, timeout=3.0) as checks:
        files = (Handed("工作总结.docx", PAPER.read_bytes()), Handed("die.txt", b""), Handed("hang.txt", b""))
        report = msgspec.json.decode(checks.put(CheckTask(files, "puyang-2020")).result(60).report)
    assert [document["path"] for document in report["documents"]] == ["工作总结.docx"]
    assert {entry["path"]: entry["code"] for entry in report["errors"]} == {
        "die.txt": "reader-died",
        "hang.txt": "timeout",
    }


def test_files_that_only_together_end_a_process_are_all_told(tmp_path: Path) -> None:
    with checking(tmp_path, work=hostile, timeout=3.0) as checks:
        files = (Handed("工作总结.docx", PAPER.read_bytes()), Handed("die.txt", b""))
        answer = checks.put(CheckTask(files, "puyang-2020")).result(60)
    assert errors(answer) == {"工作总结.docx": "reader-died", "die.txt": "reader-died"}


def look(handed: Handed, limits: Limits) -> None:
    """Reading that ends where the name says so."""
    by_name(CheckTask((handed,), ""))


def hostile(given: CheckTask) -> CheckAnswer:
    """The real check, but for names that say otherwise."""
    by_name(given)
    return run_check(given)


def test_an_error_of_ours_is_no_pass_and_tells_no_word_of_the_paper(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with checking(tmp_path, work=hostile) as checks:
        answer = checks.put(task("wrong")).result(20)
    assert (answer.verdict, answer.passed) == ("error", False)
    assert errors(answer) == {"wrong.txt": "reader-died"}
    assert "check lost: failed RuntimeError" in caplog.text
    assert "机密" not in caplog.text + answer.report.decode()


def test_at_the_end_what_waits_is_told(tmp_path: Path) -> None:
    with checking(tmp_path) as checks:
        futures: list[Future[CheckAnswer]] = [checks.put(task("sleep", content=b"30")) for _ in range(3)]
        until(lambda: checks.running)
    for future in futures:
        with pytest.raises(ProblemError) as ended:
            future.result(20)
        assert ended.value.code == "stopping"
    with pytest.raises(ProblemError):
        checks.put(task("good"))


def test_files_of_one_name_are_told_apart() -> None:
    files = (Handed("总结.docx", b"1"), Handed("总结.docx", b"2"), Handed("总结", b"3"), Handed("总结", b"4"))
    assert [handed.name for handed in distinct(files)] == ["总结.docx", "总结（2）.docx", "总结", "总结（2）"]


def test_what_changed_counts_the_same_fault_twice() -> None:
    a, b = Before("rule", "a"), Before("rule", "b")
    changed = compare((a, a, b), (a, Before("rule", "c")))
    assert (changed.same, changed.new, changed.gone) == ((a,), (Before("rule", "c"),), (a, b))


def test_nothing_beside_the_bytes_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kaohe-accept.toml").write_text("this is no TOML =", "utf-8")
    (tmp_path / PAPER.name).write_bytes(b"not the paper")
    answer = run_check(CheckTask((Handed(PAPER.name, PAPER.read_bytes()),), "puyang-2020", formats=("docx",)))
    assert errors(answer) == {}
    assert [made.format for made in answer.files] == ["docx"]


def test_an_output_that_cannot_be_made_costs_no_other(tmp_path: Path) -> None:
    answer = run_check(CheckTask((Handed(PAPER.name, PAPER.read_bytes()),), "puyang-2020", formats=("pdf", "form")))
    assert [made.format for made in answer.files] == ["form"]
    assert [format_ for format_, _ in answer.failures] == ["pdf"]
