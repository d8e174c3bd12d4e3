"""kaohe watch as a real process: what arrives is checked once it rests, and its results lie beside it."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.copies import is_report
from checker.submission import Options
from checker.watching import Plan, report_path, units

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "corpus_samples"
SUMMARY = SAMPLES / "missing-topics" / "工作总结.docx"
REPORT = SAMPLES / "clean-bureau" / "副局长（党外）述职述廉述学报告.docx"
BOTH = SAMPLES / "clean-bureau" / "工作总结（含四个清单）.docx"
LINE = re.compile(r"\d\d:\d\d:\d\d  (\S+) +错误 +(\S+)  提醒 +(\S+)  提示 +(\S+)  (.+)")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


class Watching:
    """A running `kaohe watch` and what it has told."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), "watch", str(folder), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            cwd=folder.parent,
        )
        self.told: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def wait(self, wanted: Callable[[str], bool], within: float = 60) -> str:
        """The next line that is `wanted`; all that comes is kept in `told`."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            self.told.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"not told within {within} s; told: {self.told}")

    def checked(self, name: str, within: float = 60) -> tuple[str, ...]:
        """Verdict and counts of the next check of the file `name`."""
        line = self.wait(lambda told: (found := LINE.fullmatch(told)) is not None and found[5] == name, within)
        found = LINE.fullmatch(line)
        assert found is not None
        return found.groups()[:4]

    def quiet(self, seconds: float) -> list[str]:
        """What is told in so many seconds."""
        time.sleep(seconds)
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        self.told += lines
        return lines

    def end(self) -> tuple[int, str]:
        """Ctrl-C: exit code and last line."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=20)
        time.sleep(0.1)
        self.quiet(0.1)
        assert self.process.stderr is not None
        assert self.process.stderr.read() == ""
        return code, self.told[-1]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    """Starts `kaohe watch` on a folder and waits until it watches."""
    started: list[Watching] = []

    def start(folder: Path, *options: str) -> Watching:
        folder.mkdir(exist_ok=True)
        made = Watching(folder, *options)
        started.append(made)
        made.wait(lambda line: line.startswith("现有"))
        return made

    yield start
    for made in started:
        made.process.kill()
        made.process.wait()
        made.listener.join()
        for stream in (made.process.stdout, made.process.stderr):
            assert stream is not None
            stream.close()


def once(folder: Path, *options: str) -> tuple[int, list[str]]:
    """Exit code and lines of `kaohe watch --once`."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "watch", str(folder), "--once", *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run.returncode, (run.stdout + run.stderr).splitlines()


def checks(lines: list[str]) -> dict[str, str]:
    """The verdict on each file."""
    return {found[5]: found[1] for line in lines if (found := LINE.fullmatch(line))}


def write_in_steps(source: Path, target: Path) -> None:
    """As over a slow network: piece by piece."""
    data = source.read_bytes()
    with target.open("wb") as file:
        for start in range(0, len(data), len(data) // 5 + 1):
            file.write(data[start : start + len(data) // 5 + 1])
            file.flush()
            time.sleep(0.5)


def save_as_word(source: Path, target: Path) -> None:
    """As Word saves: a lock file, a new file under a temporary name, then the names change."""
    lock = target.with_name("~$" + target.name[2:])
    lock.write_bytes(b"\x05user")
    new, old = target.with_name("~WRD0001.tmp"), target.with_name("~WRL0002.tmp")
    shutil.copyfile(source, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    old.unlink(missing_ok=True)
    lock.unlink()


@POSIX
def test_from_arrival_to_ctrl_c(tmp_path: Path, watching: Callable[..., Watching]) -> None:
    """A life in one run: arrival in steps, a save as by Word, a broken file, a deleted one, our own results."""
    folder = tmp_path / "收件"
    told = watching(folder)

    write_in_steps(SUMMARY, folder / "工作总结.docx")
    assert told.checked("工作总结.docx") == ("需要修改后再报", "1", "6", "6")
    assert (folder / "工作总结检查报告.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert zipfile.is_zipfile(folder / "工作总结（审查批注）.docx")

    save_as_word(BOTH, folder / "工作总结.docx")
    assert told.checked("工作总结.docx")[0] == "未发现问题"

    (folder / "禾渡县水利局").mkdir()
    (folder / "禾渡县水利局" / "坏.docx").write_bytes(REPORT.read_bytes()[:4000])
    assert told.checked("禾渡县水利局/坏.docx") == ("有材料未能检查", "-", "-", "-")
    assert "文件已损坏" in told.wait(lambda line: "└" in line)
    assert (folder / "禾渡县水利局" / "坏检查报告.html").exists()

    shutil.copyfile(REPORT, folder / "匆匆.docx")
    (folder / "匆匆.docx").unlink()
    (folder / "禾渡县水利局" / "坏.docx").unlink()
    assert told.quiet(5) == []  # neither those nor our own results are told of

    code, last = told.end()
    assert code == 0
    assert last.startswith("已结束，这次共检查 3 份次：未发现问题 1，需要修改后再报 1，有材料未能检查 1")
    assert len(checks(told.told)) == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "工作总结.docx",
        "工作总结检查报告.html",
        "工作总结（审查批注）.docx",
        "禾渡县水利局",
    ]


@POSIX
def test_by_polling(tmp_path: Path, watching: Callable[..., Watching]) -> None:
    """Without events of the system, as on a network drive."""
    folder = tmp_path / "收件"
    told = watching(folder, "--poll")
    shutil.copyfile(REPORT, folder / "报告.docx")
    assert told.checked("报告.docx")[0] == "未发现问题"


@POSIX
def test_a_burst(tmp_path: Path, watching: Callable[..., Watching]) -> None:
    """Many files at once: each is checked, once."""
    folder = tmp_path / "收件"
    told = watching(folder)
    for number in range(12):
        shutil.copyfile(REPORT, folder / f"报告{number}.docx")
    for _ in range(12):
        told.wait(lambda line: LINE.fullmatch(line) is not None)
    assert told.quiet(3) == []
    assert len(checks(told.told)) == 12


@POSIX
def test_the_folder_goes_away(tmp_path: Path, watching: Callable[..., Watching]) -> None:
    """It is told in a sentence, and the program ends."""
    folder = tmp_path / "收件"
    told = watching(folder)
    folder.rmdir()
    assert told.process.wait(timeout=20) == 2
    assert told.process.stderr is not None
    assert "不见了" in told.process.stderr.read()


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    """A second run finds the reports; what changed, also to an older time, and another notice make it check again."""
    folder = tmp_path / "收件"
    folder.mkdir()
    shutil.copyfile(SUMMARY, folder / "总结.docx")
    shutil.copyfile(REPORT, folder / "报告.docx")
    code, lines = once(folder)
    assert (code, checks(lines)) == (1, {"总结.docx": "需要修改后再报", "报告.docx": "未发现问题"})
    assert checks(once(folder)[1]) == {}
    shutil.copyfile(BOTH, folder / "总结.docx")
    os.utime(folder / "总结.docx", (1_500_000_000, 1_500_000_000))
    assert checks(once(folder)[1]) == {"总结.docx": "未发现问题"}
    (folder / "报告检查报告.html").unlink()
    assert checks(once(folder)[1]) == {"报告.docx": "未发现问题"}
    other = tmp_path / "other.yml"
    other.write_text("id: other\nextends: puyang-2020\n", "utf-8")
    assert set(checks(once(folder, "--notice", str(other))[1])) == {"总结.docx", "报告.docx"}


def test_a_folder_for_each_unit(tmp_path: Path) -> None:
    """The papers of a unit are judged together: a summary lacks its lists there, but not by itself."""
    unit = tmp_path / "收件" / "禾渡县水利局"
    unit.mkdir(parents=True)
    shutil.copyfile(SUMMARY, unit / "工作总结.docx")
    shutil.copyfile(SAMPLES / "missing-topics" / "四个清单.docx", unit / "四个清单.docx")
    shutil.copyfile(REPORT, unit.parent / "单独的报告.docx")
    assert set(checks(once(unit.parent, "--folders")[1])) == {"禾渡县水利局", "单独的报告.docx"}
    assert (unit / "考核材料检查报告.html").exists()
    assert (unit / "四个清单（审查批注）.docx").exists()
    assert "没有找到「实绩清单」" not in (unit / "考核材料检查报告.html").read_text("utf-8")
    (unit / "四个清单.docx").unlink()
    assert set(checks(once(unit.parent, "--folders")[1])) == {"禾渡县水利局"}
    assert "没有找到「实绩清单」" in (unit / "考核材料检查报告.html").read_text("utf-8")
    once(unit.parent)
    alone = (unit / "工作总结检查报告.html").read_text("utf-8")
    assert "没有找到「实绩清单」" not in alone
    assert "没有核对成套材料是否齐全" in alone


def test_a_file_that_takes_too_long(tmp_path: Path) -> None:
    """It is told, has a page that says so, and the run goes on."""
    folder = tmp_path / "收件"
    folder.mkdir()
    shutil.copyfile(SUMMARY, folder / "总结.docx")
    code, lines = once(folder, "--timeout", "0.001")
    assert code == 2
    assert checks(lines) == {"总结.docx": "有材料未能检查"}
    assert any("超过 0.001 秒" in line for line in lines)
    assert "超过 0.001 秒" in (folder / "总结检查报告.html").read_text("utf-8")


def test_an_archive(tmp_path: Path) -> None:
    """Its papers are one submission; the copies lie beside it under its name."""
    folder = tmp_path / "收件"
    folder.mkdir()
    with zipfile.ZipFile(folder / "水利局.zip", "w") as archive:
        archive.write(SUMMARY, "材料/工作总结.docx")
        archive.write(REPORT, "材料/报告.docx")
    assert set(checks(once(folder)[1])) == {"水利局.zip"}
    assert sorted(path.name for path in folder.iterdir()) == [
        "水利局.zip",
        "水利局·工作总结（审查批注）.docx",
        "水利局·报告（审查批注）.docx",
        "水利局（zip）检查报告.html",
    ]
    assert once(folder)[1][1:] == [
        "现有 1 份材料，其中 1 份已有报告、没有改过，不再重查。",
        "已结束，这次没有检查材料。",
    ]


def test_a_marked_copy_of_nothing_is_told(tmp_path: Path) -> None:
    """Somebody may have handed in the copy that we made: it is not passed over in silence."""
    folder = tmp_path / "收件"
    folder.mkdir()
    shutil.copyfile(SUMMARY, folder / "总结（审查批注）.docx")
    lines = once(folder)[1]
    assert any("总结（审查批注）.docx：是批注副本，没有检查" in line for line in lines)
    assert [path.name for path in folder.iterdir()] == ["总结（审查批注）.docx"]


IGNORED = [
    "~$工作总结.docx",
    "~WRL0001.tmp",
    "下载.crdownload",
    "Thumbs.db",
    ".DS_Store",
    ".kaohe-abc",
    "kaohe.toml",
    "工作总结检查报告.html",
    "考核材料检查报告.html",
    "工作总结（审查批注）.docx",
    "工作总结（审查批注2）.docx",
    "某局审查意见表.docx",
    ".git/工作总结.docx",
    "__MACOSX/工作总结.docx",
    "审查结果/汇总表.xlsx",
]


def test_what_is_never_reacted_to(tmp_path: Path) -> None:
    """Files of the system, of programs at work, and our own; a folder with the results of a screening."""
    for name in (*IGNORED, "审查结果/.kaohe/store.sqlite", "工作总结.docx", "单位/检查报告.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"x")
    found, _ = units(Plan(tmp_path, Options(), "puyang-2020"))
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["单位/检查报告.docx", "工作总结.docx"]


@pytest.mark.parametrize(
    ("name", "folder", "wanted"),
    [
        ("工作总结.docx", False, "工作总结检查报告.html"),
        ("工作总结.PDF", False, "工作总结（pdf）检查报告.html"),
        ("v1.2 总结.doc", False, "v1.2 总结（doc）检查报告.html"),
        ("水利局", True, "考核材料检查报告.html"),
    ],
)
def test_names_of_reports(name: str, folder: bool, wanted: str) -> None:
    """Each has its own, and all are known as ours."""
    found = report_path(Path(name), folder)
    assert found.name == wanted
    assert is_report(found.name)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """One sentence, exit code 2."""
    code, lines = once(tmp_path / "没有")
    assert code == 2
    assert lines == [f"kaohe：找不到文件夹 {tmp_path / '没有'}，请核对路径。"]
