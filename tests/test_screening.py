"""A whole batch through `kaohe screen`: what comes out, and that nothing is lost whatever happens on the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.errors import KaoheError
from checker.screening import run as running
from checker.screening.plan import Plan
from checker.screening.progress import Silent
from checker.screening.run import Outcome, screen

SAMPLES = Path(__file__).parent.parent / "corpus_samples"
ROSTER = (
    "单位,姓名,职务\n"
    "禾渡县,楚岚,县委书记\n"
    "濮阳市渠务局,叶澄,党组书记、局长\n"
    "濮阳市渠务局,言川,副局长\n"
    "濮阳市桑榆局,岑野,局长\n"
)


def batch(folder: Path) -> Path:
    """Three units: one in a folder, one in a zip inside a zip, one that is not on any roster; and files of no use."""
    shutil.copytree(SAMPLES / "placeholders", folder / "禾渡县", ignore=shutil.ignore_patterns("expected.txt"))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for file in sorted((SAMPLES / "clean-bureau").glob("*.docx")):
            archive.write(file, f"濮阳市渠务局/{file.name}")
    with zipfile.ZipFile(folder / "各单位.zip", "w") as archive:
        archive.writestr("市直单位.zip", inner.getvalue())
    (folder / "沐野县").mkdir()
    shutil.copy(next((SAMPLES / "missing-lists").glob("*.docx")), folder / "沐野县" / "领导班子工作总结.docx")
    (folder / "沐野县" / "~$工作总结.docx").write_bytes(b"lock")
    (folder / "沐野县" / "述职述廉述学报告.docx").write_bytes(b"PK\x03\x04 cut off")
    return folder


def plan(root: Path, output: Path, **more: Any) -> Plan:
    return Plan(roots=(root,), output=output, jobs=more.pop("jobs", 2), **more)


def run(root: Path, output: Path, **more: Any) -> Outcome:
    return screen(plan(root, output, **more), Silent())


def records(output: Path) -> dict[str, dict[str, Any]]:
    lines = (output / "results.jsonl").read_text("utf-8").splitlines()
    return {entry["unit"]["name"]: entry for entry in map(json.loads, lines)}


def contents(output: Path) -> Mapping[str, bytes]:
    """All result files; in what is compressed, and in pages, stands the time of the run."""
    kept = (output / "results.jsonl", *sorted((output / "单位").rglob("*.html")))
    return {str(file.relative_to(output)): file.read_bytes() for file in kept}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return batch(tmp_path_factory.mktemp("batch"))


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The results on that batch, and what the run said."""
    output = tmp_path_factory.mktemp("results") / "审查结果"
    return output, run(root, output)


def test_every_paper_comes_to_its_unit(done: tuple[Path, Outcome]) -> None:
    """Papers in folders and in a zip inside a zip are checked as those of their units."""
    found = records(done[0])
    assert set(found) == {"禾渡县", "濮阳市渠务局", "沐野县"}
    assert found["禾渡县"]["verdict"] == "return"
    assert found["濮阳市渠务局"]["verdict"] == "pass"
    assert all(paper["path"].startswith("各单位.zip/市直单位.zip/") for paper in found["濮阳市渠务局"]["papers"])


def test_what_is_written(done: tuple[Path, Outcome]) -> None:
    """The worklist, the workbook, the table of whose paper is whose, a page for each unit, and what is sent back."""
    output, _ = done
    assert {file.name for file in output.iterdir()} == {
        "index.html", "汇总表.xlsx", "归属表.xlsx", "results.jsonl", "单位", ".kaohe",
    }  # fmt: skip
    sent_back = {file.name for file in (output / "单位" / "禾渡县").iterdir()}
    assert {"考核材料检查报告.html", "禾渡县审查意见表.docx", "工作总结（审查批注）.docx"} <= sent_back
    assert [file.name for file in (output / "单位" / "濮阳市渠务局").iterdir()] == ["考核材料检查报告.html"]
    assert not (output / ".kaohe" / "spool").exists()


def test_a_file_that_cannot_be_read_is_told(done: tuple[Path, Outcome]) -> None:
    """A broken file makes its unit one that could not be checked wholly; the unit's other papers are checked."""
    unit = records(done[0])["沐野县"]
    assert unit["verdict"] == "error"
    assert [(entry["path"], entry["code"]) for entry in unit["errors"]] == [("沐野县/述职述廉述学报告.docx", "damaged")]
    assert [paper["kind"] for paper in unit["papers"]] == ["team-summary"]


def test_results_do_not_depend_on_the_jobs(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """One process gives, byte for byte, the records that two give."""
    run(root, tmp_path / "one", jobs=1)
    assert (tmp_path / "one" / "results.jsonl").read_bytes() == (done[0] / "results.jsonl").read_bytes()


def test_nothing_is_done_twice(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """A second run reads and checks nothing; when one paper is replaced it reads that and checks its unit."""
    folder, output = tmp_path / "batch", tmp_path / "results"
    shutil.copytree(root, folder)
    shutil.copytree(done[0], output)
    again = run(folder, output)
    # The archives have to be opened to know what is in them.
    assert (again.files - again.kept, again.checked) == (0, 0)
    shutil.copy(SAMPLES / "clean-county" / "领导班子工作总结.docx", folder / "沐野县" / "领导班子工作总结.docx")
    changed = run(folder, output)
    assert (changed.files - changed.kept, changed.checked) == (1, 1)
    assert records(output)["濮阳市渠务局"] == records(done[0])["濮阳市渠务局"]


def test_what_was_taken_back_leaves_nothing(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """The results and the stored text of a unit whose papers are gone go as well."""
    folder, output = tmp_path / "batch", tmp_path / "results"
    shutil.copytree(root, folder)
    shutil.copytree(done[0], output)
    shutil.rmtree(folder / "禾渡县")
    run(folder, output)
    assert "禾渡县" not in records(output)
    assert not (output / "单位" / "禾渡县").exists()
    with sqlite3.connect(output / ".kaohe" / "store.sqlite") as store:
        assert not [card for (card,) in store.execute("SELECT card FROM papers") if "禾渡县/".encode() in card]


def test_a_roster_says_who_owes_what(root: Path, tmp_path: Path) -> None:
    """With a roster a unit without any paper stands on the list, and papers of a unit it does not know are nobody's."""
    roster = tmp_path / "花名册.csv"
    roster.write_text(ROSTER, "utf-8")
    outcome = run(root, tmp_path / "results", roster=roster)
    found = records(tmp_path / "results")
    assert found["濮阳市桑榆局"]["verdict"] == "return"
    assert {(due["person"], due["kind"]) for due in found["濮阳市桑榆局"]["missing"]} >= {
        ("", "team-summary"), ("", "problem-list"), ("岑野", "cadre-report"),
    }  # fmt: skip
    assert [it.key.name for it in outcome.screening.nobody] == ["沐野县/领导班子工作总结.docx"]
    assert [problem.path for problem in outcome.screening.unread] == ["沐野县/述职述廉述学报告.docx"]


def test_decisions_in_the_batch_count(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """A finding that kaohe-accept.toml beside the papers accepts no longer counts, and leaves the other units alone."""
    folder = tmp_path / "batch"
    shutil.copytree(root, folder)
    before = records(done[0])["禾渡县"]
    chosen = next(
        finding
        for document in before["report"]["documents"]
        for finding in document["findings"]
        if finding["severity"] == "error"
    )
    named = f'rule = "{chosen["rule"]}"\nfingerprint = "{chosen["fingerprint"]}"\n'
    accept = f'[[accept]]\n{named}reason = "已当面核实"\nby = "审核人"\ndate = 2020-12-28\n'
    (folder / "禾渡县" / "kaohe-accept.toml").write_text(accept, "utf-8")
    run(folder, tmp_path / "results")
    after = records(tmp_path / "results")
    assert after["禾渡县"]["counts"]["error"] == before["counts"]["error"] - 1
    assert after["禾渡县"]["counts"]["accepted"] == 1
    assert after["沐野县"]["report"]["stale"] == []


def test_a_round_after_a_round(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """Against the results of the round before a mended paper shows what was mended, and its text is no copy."""
    folder = tmp_path / "batch"
    shutil.copytree(root, folder)
    shutil.copy(SAMPLES / "clean-county" / "领导班子工作总结.docx", folder / "禾渡县" / "工作总结.docx")
    outcome = run(folder, tmp_path / "results", previous=done[0])
    turn = records(tmp_path / "results")["禾渡县"]["round"]
    assert len(turn["mended"]) > 0
    assert not any(finding["rule"] == "copied-text" for finding in turn["new"])
    assert outcome.screening.previous


def test_last_years_paper_of_the_same_name(tmp_path: Path) -> None:
    """A paper that repeats one it is compared with is told under that one's name, also where both are called alike."""
    for folder in ("今年", "去年"):
        (tmp_path / folder / "沐野县").mkdir(parents=True)
        shutil.copy(SAMPLES / "clean-county" / "领导班子工作总结.docx", tmp_path / folder / "沐野县" / "工作总结.docx")
    outcome = run(tmp_path / "今年", tmp_path / "results", against=(tmp_path / "去年",), jobs=1)
    copies = [line for unit in outcome.screening.units for line in unit.findings if line.rule == "copied-text"]
    assert len(copies) == 1
    assert "比对材料" in copies[0].message or "沐野县/工作总结.docx" in copies[0].message
    assert "同一文件" not in copies[0].message
    assert [line.second.name for line in outcome.screening.copies] == ["比对材料/沐野县/工作总结.docx"]


def test_killed_and_started_again(root: Path, done: tuple[Path, Outcome], tmp_path: Path) -> None:
    """A run that is killed again and again comes, started once more, to the very results of one left alone."""
    output = tmp_path / "results"
    command = [sys.executable, "-m", "checker", "screen", str(root), "-o", str(output), "--jobs", "2"]
    for seconds in (1.0, 2.0, 3.0):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(seconds)
            raise subprocess.TimeoutExpired(command, seconds)  # it was quicker than the axe: as good
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    run(root, output)
    assert contents(output)["results.jsonl"] == contents(done[0])["results.jsonl"]
    assert set(contents(output)) == set(contents(done[0]))


def test_what_takes_too_long_is_told(tmp_path: Path) -> None:
    """With a limit that nothing can keep every file is named, and the run still comes to its end."""
    folder = tmp_path / "batch" / "沐野县"
    folder.mkdir(parents=True)
    shutil.copy(next((SAMPLES / "missing-lists").glob("*.docx")), folder / "工作总结.docx")
    outcome = screen(replace(plan(folder.parent, tmp_path / "results", jobs=1), timeout=0.001), Silent())
    told = [(problem.path, problem.code) for problem in outcome.screening.unread]
    assert told == [("沐野县/工作总结.docx", "timeout")]


REFUSED = {
    "nothing there": (lambda root, out: plan(root / "没有", out), "not-found"),
    "into the papers": (lambda root, out: plan(root, root), "bad-output"),
    "into a folder of others": (lambda root, out: plan(root, SAMPLES), "bad-output"),
    "previous is no result": (lambda root, out: plan(root, out, previous=SAMPLES), "bad-previous"),
    "previous is the output": (lambda root, out: plan(root, out, previous=out), "bad-previous"),
    "no roster there": (lambda root, out: plan(root, out, roster=root / "没有.xlsx"), "not-found"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_plan_that_cannot_be_meant_is_refused(case: str, root: Path, tmp_path: Path) -> None:
    """A slip in the options gives a code and leaves nothing behind."""
    made, code = REFUSED[case]
    with pytest.raises(KaoheError) as caught:
        screen(made(root, tmp_path / "out"), Silent())
    assert caught.value.code == code
    assert not (tmp_path / "out" / "index.html").exists()


def test_two_runs_do_not_write_into_one_folder(root: Path, tmp_path: Path) -> None:
    """While a run is under way another one on the same results is refused."""
    store = running.Store(tmp_path / "out")
    try:
        with pytest.raises(KaoheError) as caught:
            run(root, tmp_path / "out")
        assert caught.value.code == "busy"
    finally:
        store.close()


def test_interrupted(root: Path, tmp_path: Path) -> None:
    """Ctrl-C ends a run within seconds, with a sentence that says how to go on and no process left."""
    command = [sys.executable, "-m", "checker", "screen", str(root), "-o", str(tmp_path / "out"), "--jobs", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, encoding="utf-8")
    for _ in range(200):
        if (tmp_path / "out" / ".kaohe").exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (130, 0, 1, 2)
    if process.returncode == 130:
        assert "接着做" in said
