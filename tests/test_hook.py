"""kaohe hook: one line a finding for scripts, and the entry for pre-commit."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from loaders import SAMPLES

from checker.commands import run
from checker.commands.hook import hook

ROOT = Path(__file__).parent.parent
LIST = "某局问题清单\n1. 高层次人才引进数量不足，专业结构不优。\n"
LINE = re.compile(
    r"(?P<path>[^:]+):(?P<paragraph>\d+): (?P<level>错误|提醒|提示|未检查) (?P<rule>[a-z-]+) (?P<message>.+)"
)
HOLE = SAMPLES / "placeholders" / "工作总结.docx"
CLEAN = SAMPLES / "clean-county" / "领导班子工作总结.docx"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, str]]:
        """The lines, each taken apart; one that has another form fails the test."""
        found = []
        for line in self.out.splitlines():
            match = LINE.fullmatch(line)
            assert match, line
            found.append(match.groupdict())
        return found


class Hook:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        with self._monkeypatch.context() as patch:
            if stdin is not None:
                patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            code = run(["hook", *arguments])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)


@pytest.fixture
def kaohe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hook:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("KAOHE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.chdir(folder)
    shutil.copy(HOLE, folder / "工作总结.docx")
    shutil.copy(CLEAN, folder / "好的工作总结.docx")
    (folder / "问题清单.txt").write_text(LIST, "utf-8")
    return Hook(folder, monkeypatch, capsys)


def test_one_line_a_finding(kaohe: Hook) -> None:
    """Each line says path, paragraph, level, rule and what is wrong with which words."""
    result = kaohe("工作总结.docx")
    holes = [line for line in result.lines if line["rule"] == "placeholder"]
    assert result.code == 1
    assert [(line["path"], line["level"]) for line in holes] == [("工作总结.docx", "错误")] * 3
    assert all(re.search("：「.+」$", line["message"]) for line in holes)
    places = [int(line["paragraph"]) for line in result.lines]
    assert places == sorted(places)
    assert max(places) > 1


def test_nothing_found_says_nothing(kaohe: Hook) -> None:
    """A paper in order leaves with 0 and without a word."""
    assert kaohe("好的工作总结.docx") == Result(0, "", "")


def test_each_file_by_itself(kaohe: Hook) -> None:
    """That the lists are wanting is told of a set (a folder, --together), never of one file."""
    assert kaohe("好的工作总结.docx", "问题清单.txt", "--fail-on", "error").code == 0
    for arguments in (["好的工作总结.docx", "--together"], ["."]):
        result = kaohe(*arguments)
        assert result.code == 1
        assert "lists-present" in {line["rule"] for line in result.lines}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["问题清单.txt"], 0),
        (["问题清单.txt", "--fail-on", "info"], 1),
        (["问题清单.txt", "--fail-on", "info", "--min-level", "error"], 1),
        (["工作总结.docx", "--fail-on", "never"], 0),
        (["工作总结.docx", "无.docx", "--fail-on", "never"], 2),
        (["无.docx", "好的工作总结.docx"], 2),
    ],
)
def test_exit_code(kaohe: Hook, arguments: Sequence[str], code: int) -> None:
    """1 by --fail-on whatever is shown, and 2 as soon as one file could not be checked."""
    assert kaohe(*arguments).code == code


def test_min_level_hides_lines(kaohe: Hook) -> None:
    """Below --min-level nothing is listed."""
    assert {line["level"] for line in kaohe("工作总结.docx").lines} > {"错误"}
    assert {line["level"] for line in kaohe("工作总结.docx", "--min-level", "error").lines} == {"错误"}


def test_an_unread_file_has_its_line(kaohe: Hook) -> None:
    """What could not be checked is a line too, with the code of the error, and the others are still checked."""
    (kaohe.folder / "坏.docx").write_bytes(b"PK\x03\x04")
    lines = kaohe("坏.docx", "工作总结.docx", "--min-level", "error").lines
    assert (lines[0]["path"], lines[0]["paragraph"], lines[0]["level"]) == ("坏.docx", "0", "未检查")
    assert {line["path"] for line in lines[1:]} == {"工作总结.docx"}


def test_json_lines(kaohe: Hook) -> None:
    """--format json gives the same findings, each as one line of JSON with all there is to say."""
    plain = kaohe("工作总结.docx").lines
    found = [json.loads(line) for line in kaohe("工作总结.docx", "--format", "json").out.splitlines()]
    assert [(it["path"], str(it["paragraph"]), it["rule"]) for it in found] == [
        (line["path"], line["paragraph"], line["rule"]) for line in plain
    ]
    keys = {"path", "paragraph", "page", "severity", "rule", "message", "quote", "suggestion", "clause", "kind"}
    assert all(it.keys() == keys | {"fingerprint"} for it in found)
    assert {it["severity"] for it in found} <= {"error", "warning", "info"}


def test_from_standard_input(kaohe: Hook) -> None:
    """A paper on standard input is called as --name says."""
    result = kaohe("-", "--name", "送审稿.docx", stdin=HOLE.read_bytes())
    assert result.code == 1
    assert {line["path"] for line in result.lines} == {"送审稿.docx"}


def test_a_name_with_a_line_break(kaohe: Hook) -> None:
    """No name of a file makes two lines of one."""
    assert {line["path"] for line in kaohe("-", "--name", "甲\n乙.docx", stdin=HOLE.read_bytes()).lines} == {
        "甲 乙.docx"
    }


@pytest.mark.parametrize(
    "listed",
    [
        "问题清单.txt\n工作总结.docx\n",
        "\ufeff问题清单.txt\r\n\r\n工作总结.docx",
        "问题清单.txt\0工作总结.docx\0",
        "".join(
            '"' + "".join(f"\\{byte:03o}" if byte > 127 else chr(byte) for byte in name.encode()) + '"\n'
            for name in ("问题清单.txt", "工作总结.docx")
        ),
    ],
    ids=["lines", "windows", "nul", "git-quoted"],
)
def test_paths_from_standard_input(kaohe: Hook, listed: str) -> None:
    """A list of paths is read as find, git and Windows write one."""
    result = kaohe("--paths-from", "-", stdin=listed.encode())
    assert result.code == 1
    assert list(dict.fromkeys(line["path"] for line in result.lines)) == ["问题清单.txt", "工作总结.docx"]


def test_an_empty_list_is_in_order(kaohe: Hook) -> None:
    """A commit without papers passes; a call without anything does not."""
    assert kaohe("--paths-from", "-", stdin=b"") == Result(0, "", "")
    assert kaohe().code == 2


def test_accepted_findings_are_silent(kaohe: Hook) -> None:
    """What a person accepted is neither listed nor counted."""
    [found] = [
        json.loads(line)
        for line in kaohe("问题清单.txt", "--fail-on", "info", "--format", "json").out.splitlines()
        if "lists-approval" in line
    ]
    rest = kaohe("问题清单.txt").lines
    accept = (
        f'[[accept]]\nrule = "{found["rule"]}"\nfingerprint = "{found["fingerprint"]}"\nreason = "已审定"\nby = "某"\n'
    )
    (kaohe.folder / "kaohe-accept.toml").write_text(accept, "utf-8")
    assert [line for line in rest if line["rule"] != "lists-approval"] == kaohe("问题清单.txt").lines
    assert len(rest) > len(kaohe("问题清单.txt").lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["工作总结.docx", "--format", "docx"],
        ["工作总结.docx", "--fail-on", "bad"],
        ["工作总结.docx", "--notice", "no-such-notice"],
        ["工作总结.docx", "--not-applicable", "no-such-topic=理由"],
        ["工作总结.docx", "--token-file", "t"],
        ["--paths-from", "no-such-list"],
        ["-", "--paths-from", "-"],
    ],
)
def test_wrong_use_is_one_sentence(kaohe: Hook, arguments: Sequence[str]) -> None:
    """Wrong use leaves with 2 and one Chinese sentence, and nothing on standard output."""
    result = kaohe(*arguments, stdin=b"")
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch("kaohe：.*[\u4e00-\u9fff]{2}.*\n", result.err)
    assert "程序内部出错" not in result.err


def test_a_fault_of_ours_costs_one_file(kaohe: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody expected is a line without traceback, and the next file is still checked."""
    import checker.submission

    collect = checker.submission.collect

    def broken(paths: Sequence[Path], *rest: Any) -> Any:
        if "问题" in str(paths[0]):
            raise RuntimeError("secret words")
        return collect(paths, *rest)

    monkeypatch.setattr(checker.submission, "collect", broken)
    result = kaohe("问题清单.txt", "工作总结.docx")
    assert result.code == 2
    assert (result.lines[0]["level"], result.lines[0]["rule"]) == ("未检查", "internal-error")
    assert "secret" not in result.out
    assert len(result.lines) > 1


# ── pre-commit ────────────────────────────────────────────────────────

[ENTRY] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def test_pre_commit_keys() -> None:
    """The manifest has what pre-commit asks for, and runs the hook once, not several at a time."""
    assert ENTRY["id"] == "kaohe"
    assert (ENTRY["language"], ENTRY["require_serial"], ENTRY["types"]) == ("python", True, ["file"])
    assert re.search("[\u4e00-\u9fff]", ENTRY["name"])
    assert shlex.split(ENTRY["entry"]) == ["kaohe", hook.name]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("领导班子工作总结.docx", True),
        ("某局/2020年工作总结（定稿）.DOCX", True),
        ("张某述职述廉述学报告.wps", True),
        ("材料/附件：四个清单.pdf", True),
        ("实绩清单.ofd", True),
        ("问题清单.txt", True),
        ("物资清单.xlsx", False),
        ("工作总结/照片.jpg", False),
        ("工作总结/说明.docx", False),
        ("工作总结.py", False),
        ("工作总结（审查批注）.docx", False),
        ("工作总结（审查批注2）.docx", False),
        ("工作总结检查报告.html", False),
        ("工作总结审查意见表.docx", False),
        ("~$工作总结.docx", False),
        ("材料/~$述职报告.docx", False),
    ],
)
def test_pre_commit_names(name: str, taken: bool) -> None:
    """Papers are told by their names; what kaohe and Word write beside them is left out."""
    found = re.search(ENTRY["files"], name) is not None and re.search(ENTRY["exclude"], name) is None
    assert found is taken


def test_pre_commit_itself(kaohe: Hook) -> None:
    """The real pre-commit takes the manifest, and stops a commit with a fault and no other."""
    program = shutil.which("pre-commit")
    if program is None or shutil.which("git") is None:
        pytest.skip("needs pre-commit and git")
    local = {**ENTRY, "language": "system", "entry": f"{sys.executable} -m checker hook"}
    Path(".pre-commit-config.yaml").write_text(
        yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]}, allow_unicode=True), "utf-8"
    )
    environment = {**os.environ, "PRE_COMMIT_HOME": str(kaohe.folder.parent / "pc"), "PYTHONPATH": str(ROOT)}

    def commits(*names: str) -> subprocess.CompletedProcess[str]:
        subprocess.run(["git", "add", *names], check=True)
        return subprocess.run([program, "run"], env=environment, capture_output=True, text=True, check=False)

    subprocess.run([program, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True, env=environment)
    subprocess.run(["git", "init", "-q"], check=True)
    assert commits(".pre-commit-config.yaml", "好的工作总结.docx").returncode == 0
    stopped = commits("工作总结.docx")
    assert stopped.returncode == 1
    assert "工作总结.docx:16: 错误 placeholder" in stopped.stdout
