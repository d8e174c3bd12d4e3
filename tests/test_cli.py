"""The command line as a user and a script meet it: exit codes, settings, results, and what it says when it cannot."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from loaders import SAMPLES

from checker.commands import run
from checker.document import PAPER_KINDS
from checker.notice import load

FAULTY = "某局领导班子工作总结\n一、总体情况\n全年修路XX公里，架桥12座。\n"
LIST = "某局问题清单\n1. 高层次人才引进数量不足，专业结构不优。\n"
CLEAN = sorted(map(str, (SAMPLES / "clean-county").glob("*.docx")))


class Result(NamedTuple):
    code: int
    out: str
    err: str


class Kaohe:
    """Runs the command in this process, in a folder of its own and without the user's settings."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Result:
        with self._monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            if stdin is not None:
                patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            code = run(list(arguments))
        captured = self._capsys.readouterr()
        return Result(code, captured.out, captured.err)

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return name


@pytest.fixture
def kaohe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kaohe:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("KAOHE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.chdir(folder)
    made = Kaohe(folder, monkeypatch, capsys)
    made.write("总结.txt", FAULTY)
    made.write("问题.txt", LIST)
    return made


def sentence(result: Result) -> str:
    """The one Chinese sentence that says why nothing was done."""
    assert (result.code, result.out) == (2, "")
    [line] = result.err.strip().splitlines()
    assert line.startswith("kaohe：")
    assert "Traceback" not in line
    assert "程序内部出错" not in line
    assert re.search("[\u4e00-\u9fff]{2}", line)
    return line


def findings(result: Result) -> list[dict[str, object]]:
    data = json.loads(result.out)
    return [*data["findings"], *(entry for paper in data["documents"] for entry in paper["findings"])]


# ── exit codes ────────────────────────────────────────────────────────


def test_nothing_found_is_0(kaohe: Kaohe) -> None:
    """Papers in order leave with 0, whatever level is asked to fail on."""
    for level in ("error", "warning", "info", "never"):
        assert kaohe("check", *CLEAN, "--party-chief", "--fail-on", level).code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--fail-on", "error"], 0),
        (["--fail-on", "warning"], 0),
        (["--fail-on", "info"], 1),
        (["--fail-on", "never"], 0),
        (["--fail-on", "info", "--min-level", "error"], 1),
    ],
)
def test_fail_on(kaohe: Kaohe, arguments: Sequence[str], code: int) -> None:
    """Remarks below --fail-on do not fail the run; what --min-level hides still does."""
    own = kaohe.write("own.yml", "id: own\nextends: puyang-2020\ndisable: [lists-present, problem-list-content]\n")
    assert kaohe("check", "问题.txt", "--notice", own, *arguments).code == code


def test_errors_found_are_1(kaohe: Kaohe) -> None:
    """An error leaves with 1, and with 0 only where never was asked for."""
    assert kaohe("check", "总结.txt").code == 1
    assert kaohe("check", "总结.txt", "--min-level", "error").code == 1
    assert kaohe("check", "总结.txt", "--fail-on", "never").code == 0


def test_an_unread_file_is_2(kaohe: Kaohe) -> None:
    """A file that could not be read leaves with 2, even beside sound papers and with --fail-on never."""
    (kaohe.folder / "坏.docx").write_bytes(b"PK\x03\x04")
    for arguments in (["无.docx"], ["坏.docx"], [*CLEAN, "坏.docx", "--party-chief", "--fail-on", "never"]):
        assert kaohe("check", *arguments).code == 2


def test_nothing_checked_is_never_0(kaohe: Kaohe) -> None:
    """An empty folder, and files that are none of the papers, leave with 2."""
    (kaohe.folder / "空").mkdir()
    kaohe.write("通知.txt", "会议通知\n定于周五开会。\n")
    assert kaohe("check", "空").code == 2
    assert kaohe("check", "通知.txt").code == 2


def test_output_does_not_change_the_code(kaohe: Kaohe) -> None:
    """Writing the result to a file leaves with the same code as showing it."""
    assert kaohe("check", "总结.txt", "--format", "json", "-o", "结果.json").code == 1


# ── mistakes ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check"], "材料"),
        (["chek"], "chek"),
        (["check", "--nosuch", "总结.txt"], "--nosuch"),
        (["check", "总结.txt", "--kind", "summary"], "team-summary"),
        (["check", "总结.txt", "--unit-type", "city"], "county"),
        (["check", "总结.txt", "--format", "word"], "word"),
        (["check", "总结.txt", "--fail-on", "fatal"], "warning"),
        (["check", "总结.txt", "--min-level", "never"], "warning"),
        (["check", "总结.txt", "--jobs", "many"], "--jobs"),
        (["check", "总结.txt", "--jobs", "0"], "jobs"),
        (["check", "总结.txt", "--timeout", "-1"], "timeout"),
        (["check", "总结.txt", "-o"], "-o"),
        (["check", "总结.txt", "--not-applicable", "religion"], "事项=理由"),
        (["check", "总结.txt", "--not-applicable", "religon=无"], "religon"),
        (["check", "总结.txt", "--notice", "nosuch"], "puyang-2020"),
        (["check", "总结.txt", "--config", "nosuch.toml"], "nosuch.toml"),
        (["explain"], "规则"),
        (["explain", "nosuch"], "summary-length"),
        (["explain", "placeholder", "extra"], "extra"),
        (["rules", "--notice", "nosuch"], "puyang-2020"),
    ],
)
def test_a_mistake_is_one_sentence(kaohe: Kaohe, arguments: Sequence[str], says: str) -> None:
    """Whatever is wrong with the call is told in one Chinese sentence that names it."""
    assert says in sentence(kaohe(*arguments))


def test_a_flag_takes_no_value(kaohe: Kaohe) -> None:
    """A flag that is given a value is not told to want one."""
    line = sentence(kaohe("check", "总结.txt", "--party-chief=yes"))
    assert "--party-chief" in line
    assert "要带一个值" not in line


def test_a_flag_from_the_environment(kaohe: Kaohe) -> None:
    """A bad value in the environment is told in Chinese too."""
    line = sentence(kaohe("check", "总结.txt", env={"KAOHE_PARTY_CHIEF": "maybe"}))
    assert "boolean" not in line


def test_a_fault_of_the_program_is_one_sentence(kaohe: Kaohe, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is told in Chinese with exit 2; KAOHE_DEBUG shows the traceback."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("checker.engine.run", broken)
    result = kaohe("check", "总结.txt")
    assert result.code == 2
    assert "程序内部出错（RuntimeError）" in result.err
    with pytest.raises(RuntimeError):
        kaohe("check", "总结.txt", env={"KAOHE_DEBUG": "1"})


# ── formats and output ────────────────────────────────────────────────


def test_text_goes_to_the_screen(kaohe: Kaohe) -> None:
    """Without options the report is shown, and nothing is written."""
    before = sorted(kaohe.folder.iterdir())
    result = kaohe("check", "总结.txt")
    assert "结论：需要修改后再报" in result.out
    assert sorted(kaohe.folder.iterdir()) == before


def test_json_on_standard_output_is_json_alone(kaohe: Kaohe) -> None:
    """A machine format on standard output is not mixed with words for people."""
    result = kaohe("check", "总结.txt", "--format", "json")
    assert json.loads(result.out)["verdict"] == "return"
    assert result.err == ""


@pytest.mark.parametrize("arguments", [["--format", "json,html"], ["--format", "json", "--format", "html"]])
def test_several_formats_go_to_a_folder(kaohe: Kaohe, arguments: Sequence[str]) -> None:
    """Several formats, listed or repeated, are written side by side under names of their own."""
    result = kaohe("check", "总结.txt", *arguments, "-o", "结果")
    written = sorted((kaohe.folder / "结果").iterdir())
    assert sorted(path.suffix for path in written) == [".html", ".json"]
    assert result.out == ""
    assert all(path.name in result.err for path in written)


def test_one_format_to_one_file(kaohe: Kaohe) -> None:
    """One format goes to the file named, whose folder is made; an existing folder takes it under its usual name."""
    assert kaohe("check", "总结.txt", "--format", "json", "-o", "深/处/结果.json").code == 1
    assert json.loads((kaohe.folder / "深/处/结果.json").read_bytes())["verdict"] == "return"
    kaohe("check", "总结.txt", "--format", "html", "-o", "深")
    assert [path.suffix for path in (kaohe.folder / "深").iterdir() if path.is_file()] == [".html"]


def test_marked_copies_go_beside_their_papers(kaohe: Kaohe) -> None:
    """Without -o a marked-up copy stands beside the paper, under a name that says what it is."""
    source = kaohe.folder / "材料" / "工作总结.docx"
    source.parent.mkdir()
    original = (SAMPLES / "placeholders" / "工作总结.docx").read_bytes()
    source.write_bytes(original)
    assert kaohe("check", "材料", "--format", "docx").code == 1
    assert {path.name for path in source.parent.iterdir()} == {"工作总结.docx", "工作总结（审查批注）.docx"}
    assert source.read_bytes() == original
    assert kaohe("check", "材料", "--format", "json").out.count('"path": "材料') == 1


@pytest.mark.parametrize("name", ["总结.txt", "./总结.txt", "别/../总结.txt"])
def test_a_paper_is_never_written_over(kaohe: Kaohe, name: str) -> None:
    """-o on a paper under check, however it is spelled, writes nothing and says so."""
    (kaohe.folder / "别").mkdir()
    result = kaohe("check", "总结.txt", "--format", "json", "-o", name)
    assert "原材料" in sentence(result)
    assert (kaohe.folder / "总结.txt").read_text("utf-8") == FAULTY


def test_an_unread_paper_is_never_written_over(kaohe: Kaohe) -> None:
    """A file that could not be read is the user's all the same."""
    (kaohe.folder / "坏.docx").write_bytes(b"garbage")
    result = kaohe("check", "坏.docx", "总结.txt", "--format", "json", "-o", "坏.docx")
    assert "原材料" in sentence(result)
    assert (kaohe.folder / "坏.docx").read_bytes() == b"garbage"


def test_a_result_is_whole_or_not_there(kaohe: Kaohe, monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing fails half-way the old result stays, no piece is left behind, and a sentence says why."""
    (kaohe.folder / "结果.json").write_text("old", "utf-8")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = kaohe("check", "总结.txt", "--format", "json", "-o", "结果.json")
    assert "磁盘已满" in sentence(result)
    assert (kaohe.folder / "结果.json").read_text("utf-8") == "old"
    assert sorted(path.name for path in kaohe.folder.iterdir()) == sorted(["总结.txt", "问题.txt", "结果.json"])


def test_a_folder_in_the_way(kaohe: Kaohe) -> None:
    """A path through a file is told in Chinese."""
    assert "总结.txt" in sentence(kaohe("check", "问题.txt", "--format", "json", "-o", "总结.txt/结果.json"))


# ── standard input ────────────────────────────────────────────────────


def test_standard_input(kaohe: Kaohe) -> None:
    """A paper from standard input bears the name given, and is checked like a file."""
    result = kaohe("check", "-", "--stdin-filename", "某局工作总结.txt", "--format", "json", stdin=FAULTY.encode())
    data = json.loads(result.out)
    assert [(paper["path"], paper["kind"]) for paper in data["documents"]] == [("某局工作总结.txt", "team-summary")]
    assert result.code == 1
    assert "XX" in [finding["quote"] for finding in findings(result)]


def test_standard_input_beside_files(kaohe: Kaohe) -> None:
    """- may stand beside paths: all are one submission."""
    result = kaohe("check", "问题.txt", "-", "--format", "json", stdin=FAULTY.encode())
    assert {paper["kind"] for paper in json.loads(result.out)["documents"]} == {"problem-list", "team-summary"}


def test_empty_standard_input_is_2(kaohe: Kaohe) -> None:
    """Nothing on standard input is an error, named after the stream."""
    result = kaohe("check", "-", stdin=b"")
    assert result.code == 2
    assert "标准输入" in result.out


# ── settings ──────────────────────────────────────────────────────────


def level_shown(result: Result) -> str:
    """The lowest severity that a JSON report still shows."""
    shown = {finding["severity"] for finding in findings(result)}
    return next(level for level in ("info", "warning", "error") if level in shown)


def test_settings_file(kaohe: Kaohe) -> None:
    """kaohe.toml here holds for a check; keys are the long names of the flags."""
    kaohe.write("kaohe.toml", 'format = "json"\nmin-level = "warning"\nfail-on = "never"\nunit = "某局"\n')
    result = kaohe("check", "总结.txt")
    assert (result.code, level_shown(result)) == (0, "warning")
    assert json.loads(result.out)["submission"]["unit"] == "某局"


def test_settings_file_above(kaohe: Kaohe, monkeypatch: pytest.MonkeyPatch) -> None:
    """kaohe.toml is looked for upwards."""
    kaohe.write("kaohe.toml", 'fail-on = "never"\n')
    (kaohe.folder / "里").mkdir()
    monkeypatch.chdir(kaohe.folder / "里")
    assert kaohe("check", "../总结.txt").code == 0


def test_the_nearer_setting_wins(kaohe: Kaohe) -> None:
    """Flag before environment before --config before KAOHE_CONFIG before kaohe.toml before the user's own file."""
    own = Path(os.environ["XDG_CONFIG_HOME"]) / "kaohe" / "kaohe.toml"
    own.parent.mkdir(parents=True)
    own.write_text('format = "json"\nmin-level = "error"\n', "utf-8")
    named = kaohe.write("named.toml", 'format = "json"\nmin-level = "info"\n')
    other = kaohe.write("other.toml", 'format = "json"\nmin-level = "error"\n')
    assert level_shown(kaohe("check", "总结.txt")) == "error"
    kaohe.write("kaohe.toml", 'format = "json"\nmin-level = "warning"\n')
    assert level_shown(kaohe("check", "总结.txt")) == "warning"
    assert level_shown(kaohe("check", "总结.txt", env={"KAOHE_CONFIG": named})) == "info"
    assert level_shown(kaohe("check", "总结.txt", "--config", other, env={"KAOHE_CONFIG": named})) == "error"
    by_env = {"KAOHE_MIN_LEVEL": "warning", "KAOHE_CONFIG": named}
    assert level_shown(kaohe("check", "总结.txt", "--config", other, env=by_env)) == "warning"
    assert level_shown(kaohe("check", "总结.txt", "--config", other, "--min-level", "info", env=by_env)) == "info"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAOHE_FAIL_ON", "never"),
        ("KAOHE_KIND", "other"),
        ("KAOHE_MIN_LEVEL", "error"),
        ("KAOHE_UNIT", "某局"),
        ("KAOHE_UNIT_TYPE", "county"),
        ("KAOHE_PERSON", "某"),
        ("KAOHE_PARTY_CHIEF", "1"),
        ("KAOHE_NON_PARTY", "1"),
        ("KAOHE_NOT_APPLICABLE", "religion=无"),
    ],
)
def test_the_environment_mirrors_the_flags(kaohe: Kaohe, name: str, value: str) -> None:
    """A variable does the same as its flag."""
    flag = "--" + name.removeprefix("KAOHE_").lower().replace("_", "-")
    by_flag = [flag] if value == "1" else [flag, value]
    report = kaohe.write("述职.txt", "某局局长述职述廉述学报告\n一年来，我修路86公里。\n")
    wanted = kaohe("check", "总结.txt", report, "--format", "json", *by_flag)
    assert kaohe("check", "总结.txt", report, "--format", "json", env={name: value}) == wanted
    assert kaohe("check", "总结.txt", report, "--format", "json") != wanted


def test_format_from_the_environment(kaohe: Kaohe) -> None:
    """KAOHE_FORMAT chooses the format."""
    assert json.loads(kaohe("check", "总结.txt", env={"KAOHE_FORMAT": "json"}).out)["verdict"] == "return"


def test_excuses_of_file_and_flag_add_up(kaohe: Kaohe) -> None:
    """[not-applicable] of the settings file and --not-applicable both hold; the flag's reason wins."""
    kaohe.write("kaohe.toml", '[not-applicable]\nreligion = "无此职能"\nminors = "无此职能"\n')
    result = kaohe("check", "总结.txt", "--format", "json", "--not-applicable", "minors=另有单位负责")
    assert json.loads(result.out)["submission"]["not_applicable"] == {
        "religion": "无此职能",
        "minors": "另有单位负责",
    }


@pytest.mark.parametrize(
    "text",
    [
        "fial-on = 1\n",
        'fail-on = "fatal"\n',
        'kind = "summary"\n',
        'format = "word"\n',
        "format = 5\n",
        'jobs = "many"\n',
        "jobs = 0\n",
        'timeout = "5"\n',
        "timeout = -1\n",
        "notice = 5\n",
        "unit = 5\n",
        'party-chief = "yes"\n',
        "output = 5\n",
        'not-applicable = "religion"\n',
        "[not-applicable]\nreligion = 5\n",
        '[not-applicable]\nreligion = ""\n',
        '[not-applicable]\nreligon = "无"\n',
        '[limits]\nfile-size = "big"\n',
        "[limits]\nfile-syze = 5\n",
        "[grades]\nexcellent = 20\n",
        "[grades]\nexcellent-city = 0.2\n",
        '[grades]\nexcellent = "20%"\n',
        "not toml\n",
    ],
)
def test_bad_settings_are_one_sentence(kaohe: Kaohe, text: str) -> None:
    """A setting that means nothing stops the check with a sentence instead of being passed over."""
    kaohe.write("kaohe.toml", text)
    sentence(kaohe("check", "总结.txt"))


def test_output_from_the_settings_file(kaohe: Kaohe) -> None:
    """output in kaohe.toml does what -o does."""
    kaohe.write("kaohe.toml", 'format = "json"\noutput = "结果.json"\n')
    assert kaohe("check", "总结.txt").code == 1
    assert json.loads((kaohe.folder / "结果.json").read_bytes())["verdict"] == "return"


def test_limits_from_the_settings_file(kaohe: Kaohe) -> None:
    """[limits] holds for reading."""
    kaohe.write("kaohe.toml", "[limits]\nfile-size = 10\n")
    result = kaohe("check", "总结.txt")
    assert result.code == 2
    assert "上限" in result.out


# ── help, rules, explain ──────────────────────────────────────────────

# Latin words that belong in a Chinese help page: names of commands, flags, formats, keys.
ENGLISH = re.compile(r"(?<![-\w./])(?:Usage|Options?|Commands?|Arguments?|Show|Exit|Error|Try|default|required|INTEGER|TEXT|PATH|FLOAT|RANGE|OPTIONS|COMMAND|ARGS)(?![-\w])")  # fmt: skip # noqa: E501


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["check", "-h"], ["rules", "-h"], ["explain", "-h"]])
def test_help_is_chinese(kaohe: Kaohe, arguments: Sequence[str]) -> None:
    """Help pages hold no words of click's own."""
    result = kaohe(*arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("用法：kaohe")
    assert "选项：" in result.out
    assert ENGLISH.findall(result.out) == []


def test_version(kaohe: Kaohe) -> None:
    """--version says name and number."""
    assert re.fullmatch(r"kaohe \d+\.\d+\.\d+\n", kaohe("--version").out)


def test_rules(kaohe: Kaohe) -> None:
    """`kaohe rules` lists every rule and every kind of paper, once each."""
    result = kaohe("rules")
    assert result.code == 0
    listed = re.findall(r"^  (\S+)", result.out, re.M)
    assert listed == [*(rule.id for rule in load().rules), *PAPER_KINDS]


def test_explain(kaohe: Kaohe) -> None:
    """`kaohe explain` says of every rule what it checks, on what clause, in which words, with its examples."""
    for rule in load().rules:
        result = kaohe("explain", rule.id)
        assert result.code == 0
        assert result.out.startswith(f"{rule.id}  {rule.name}\n")
        assert rule.clause in result.out
        assert rule.kind.manual.strip().splitlines()[0] in result.out
        for wording in rule.wordings.values():
            assert wording.message in result.out
        if rule.examples is not None:
            assert rule.examples.bad.strip().splitlines()[0] in result.out
            assert rule.examples.good.strip().splitlines()[-1] in result.out


# ── as a program ──────────────────────────────────────────────────────


@pytest.mark.parametrize("program", [["-m", "checker"], [str(SAMPLES.parent / "cli.py")]])
def test_as_a_program(tmp_path: Path, program: Sequence[str]) -> None:
    """`python -m checker` and cli.py are the command itself, also where files are read in child processes."""
    (tmp_path / "总结.txt").write_text(FAULTY, "utf-8")
    done = subprocess.run(
        [sys.executable, *program, "check", "总结.txt", "--format", "json", "--timeout", "60", "--jobs", "2"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr.decode()
    assert json.loads(done.stdout)["verdict"] == "return"


def test_chinese_output_without_a_chinese_locale(tmp_path: Path) -> None:
    """In a C locale the report is still UTF-8 and nothing fails."""
    (tmp_path / "总结.txt").write_text(FAULTY, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "checker", "check", "总结.txt"],
        cwd=tmp_path, capture_output=True, check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "", "PYTHONCOERCECLOCALE": "0"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr.decode()
    assert "结论" in done.stdout.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is there on Linux alone")
def test_a_device_is_written_to_and_not_replaced(kaohe: Kaohe) -> None:
    """What is no file stays what it is; that it takes nothing is told in one sentence."""
    result = kaohe("check", str(SAMPLES / "clean-zone"), "--format", "json", "-o", "/dev/full")
    assert result.code == 2
    assert "磁盘已满" in result.err
    assert Path("/dev/full").is_char_device()
