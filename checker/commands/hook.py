"""kaohe hook: for pre-commit and scripts. One line a finding, nothing where nothing is found, and an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from checker import config, notice
from checker.alone import without_the_set
from checker.commands import whose
from checker.commands.base import Command
from checker.commands.check import STDIN, decided_in, exit_code, options, reasons, refuse_unknown_topics
from checker.document import PAPER_KINDS
from checker.errors import KaoheError, ReadError, UsageError
from checker.render import machine
from checker.render import phrases as say
from checker.report import SEVERITIES, SEVERITY_NAMES, severity

if TYPE_CHECKING:
    from checker.client import Client
    from checker.notice import Notice
    from checker.report import Report

FORMATS = ("line", "json")
UNREAD = "unread"
"""Stands for the severity in a line on what could not be checked."""
_LEVELS: Mapping[str, str] = {**SEVERITY_NAMES, UNREAD: "未检查"}
_STDIN_NAME = "标准输入"
_QUOTE = 24
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
# What these would change is known on this machine only, and the service knows nothing of it.
_ONLY_HERE = ("against", "accept", "baseline")
_CHECK_TIMEOUT = 120.0
_ALONE = "逐份检查，没有核对成套材料是否齐全；几份是一套的，请加 --together"


class Part(NamedTuple):
    """Files that are checked as one submission. `single`: a file by itself, which is no whole submission."""

    paths: tuple[str, ...]
    single: bool


class Done(NamedTuple):
    """What came of one part: plain data of its lines, and its exit code."""

    entries: list[dict[str, Any]]
    code: int


@click.command(cls=Command, options_metavar="[选项]", context_settings={"auto_envvar_prefix": "KAOHE"})
@click.argument("paths", nargs=-1, metavar="材料或文件夹...")
@click.option("--paths-from", metavar="清单", help="从这个文件读材料的路径，一行一个（写 - 是从标准输入读）")
@click.option("--name", metavar="文件名", help="材料从标准输入读入（路径写 -）时的文件名")
@click.option("--together", is_flag=True, help="给出的所有文件算一个单位的一套材料；不写就逐份检查")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="line",
    envvar="KAOHE_HOOK_FORMAT",
    metavar="格式",
    help="line 一个问题一行（默认）；json 一个问题一行 JSON",
)
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, config.NEVER]),
    metavar="级别",
    help="查出这一级以上的问题时退出码为 1：error、warning、info、never（默认 error）",
)
@click.option(
    "--min-level",
    type=click.Choice(SEVERITIES),
    metavar="级别",
    help="只列出这一级以上的问题：error、warning、info（默认 info）",
)
@click.option("--notice", metavar="通知", help=f"用哪份考核通知：内置的编号或 YAML 文件（默认 {notice.DEFAULT}）")
@click.option(
    "--kind", type=click.Choice(list(PAPER_KINDS)), metavar="种类", help="指定材料种类，不再自动识别；见 kaohe rules"
)
@click.option("--unit", metavar="单位", help="单位名称")
@whose.unit_type
@whose.person
@whose.party_chief
@whose.non_party
@click.option(
    "--not-applicable",
    multiple=True,
    callback=reasons,
    metavar="事项=理由",
    help="与本单位无关的事项和理由，可以写多次",
)
@click.option("--accept", metavar="文件", help="处理意见文件")
@click.option("--baseline", metavar="文件", help="基线文件：其中列出的老问题不再计入")
@click.option("--timeout", type=float, metavar="秒", help="一个文件最多读多久；用 --service 时是等答复多久")
@click.option("--service", metavar="网址", help="不在本机检查，交给这个 kaohe serve 服务，例如 http://10.1.1.5:8910")
@click.option("--token-file", metavar="文件", help="登录服务用的令牌所在的文件（文件里只有令牌）")
@click.option("--config", "config_file", metavar="文件", help="配置文件，同 kaohe check")
def hook(
    paths: tuple[str, ...],
    paths_from: str | None,
    name: str | None,
    together: bool,
    format_: str,
    service: str | None,
    token_file: str | None,
    config_file: str | None,
    **flags: Any,
) -> int:
    """给脚本和 pre-commit 用：一个问题一行，没有问题不出声。

    每行是“路径:段落: 级别 规则 信息”。段落是从 1 数起的第几段，0 表示针对整份材料。
    文件逐份检查；给文件夹时，一个文件夹算一套材料。路径写 - 就从标准输入读材料。

    退出码：0 没有问题；1 有问题；2 有材料没能检查，或用法不对。
    """
    given = {key: value for key, value in flags.items() if value not in (None, (), {})}
    settings = config.settings(config_file, given)
    parts = _parts(_named(paths, paths_from), together)
    if token_file and not service:
        raise UsageError("--token-file 要和 --service 一起用。")
    code = 0
    outcomes = (
        _by_service(parts, settings, given, name, service, token_file) if service else _here(parts, settings, name)
    )
    shown = {UNREAD, *SEVERITIES[: SEVERITIES.index(severity(settings.min_level)) + 1]}
    for done in outcomes:
        for entry in done.entries:
            if entry["severity"] in shown:
                click.echo(_shown(entry, format_))
        code = max(code, done.code)
    return code


# ── what is to be checked ─────────────────────────────────────────────


def _named(paths: Sequence[str], paths_from: str | None) -> list[str]:
    """The paths given, and those of the list; a list may be empty, as when a commit holds no paper."""
    if not paths and paths_from is None:
        raise UsageError("请给出要检查的材料，例如：kaohe hook 工作总结.docx；路径多时可以用 --paths-from。")
    if paths_from is None:
        return list(dict.fromkeys(paths))
    if paths_from == STDIN and STDIN in paths:
        raise UsageError("标准输入只能用一次：要么是材料（-），要么是路径清单（--paths-from -）。")
    return list(dict.fromkeys([*paths, *_listed(_list(paths_from))]))


def _list(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"读不了路径清单 {name}，请核对路径。") from error


def _listed(data: bytes) -> Iterator[str]:
    """The paths of a list: one a line, quoted as git does it; or divided by NUL, as git -z and find -print0 do."""
    if b"\0" in data:
        yield from (os.fsdecode(path) for path in data.split(b"\0") if path)
        return
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        if not line.strip():
            continue
        quoted = _QUOTED.fullmatch(line.strip())
        yield os.fsdecode(_ESCAPED.sub(_unescaped, quoted[1]) if quoted else line)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _LETTERS.get(code, code)


def _parts(paths: Sequence[str], together: bool) -> list[Part]:
    if together and paths:
        return [Part(tuple(paths), single=False)]
    return [Part((path,), single=path == STDIN or not Path(path).is_dir()) for path in paths]


# ── on this machine ───────────────────────────────────────────────────


def _here(parts: Iterable[Part], settings: config.Settings, name: str | None) -> Iterator[Done]:
    loaded: Notice | None = None
    for part in parts:
        try:
            loaded = loaded or _notice(settings)
            report = _checked(part, settings, loaded, name)
        except KaoheError:  # a bad notice, bad decisions: no other file would fare better
            raise
        except Exception as error:
            if os.environ.get("KAOHE_DEBUG"):
                raise
            said = f"程序内部出错（{type(error).__name__}），没有完成检查"
            yield Done([_unread(part.paths[0], "internal-error", said)], 2)
            continue
        yield Done(_entries(_as_data(report)), exit_code(report, settings.fail_on))


def _notice(settings: config.Settings) -> Notice:
    loaded = notice.load(settings.notice)
    refuse_unknown_topics(settings, loaded)
    return loaded


def _checked(part: Part, settings: config.Settings, loaded: Notice, name: str | None) -> Report:
    from checker import decisions, engine
    from checker.submission import collect

    streams = {name or _STDIN_NAME: sys.stdin.buffer.read()} if STDIN in part.paths else {}
    files = [Path(path) for path in part.paths if path != STDIN]
    submission, problems = collect(files, options(settings), streams)
    report = decisions.decide(engine.run(loaded, submission, problems), *decided_in(settings))
    # An archive is one file too, but may hold a whole submission.
    if part.single and len({document.path for document in submission.documents}) <= 1:
        return without_the_set(report, loaded, _ALONE)
    return report


def _as_data(report: Report) -> dict[str, Any]:
    from checker.render import json

    return json.as_data(report)


# ── by a service ──────────────────────────────────────────────────────


def _by_service(
    parts: Iterable[Part],
    settings: config.Settings,
    given: Mapping[str, Any],
    name: str | None,
    url: str,
    token_file: str | None,
) -> Iterator[Done]:
    from checker.client import Client, ServiceError

    for key in _ONLY_HERE:
        if key in given:
            raise UsageError(f"--{key} 只能在本机检查时用，不能和 --service 一起用。")
    with Client(url, token=_token(token_file), timeout=settings.timeout or _CHECK_TIMEOUT) as client:
        for part in parts:
            try:
                yield _asked(client, part, settings, given, name)
            except ServiceError as error:
                if error.concerns_all:  # not let in, not reached: the next file would fare no better
                    raise
                yield Done([_unread(part.paths[0], error.code, error.detail)], 2)


def _asked(client: Client, part: Part, settings: config.Settings, given: Mapping[str, Any], name: str | None) -> Done:
    files: list[tuple[str, bytes]] = []
    unread: list[dict[str, Any]] = []
    for path in part.paths:
        try:
            files += _loaded(path, settings, name)
        except ReadError as error:
            unread.append(_unread(path, error.code, error.message))
    if not files:
        return Done(unread, 2)
    sent = _by_bare_name(files)
    chosen = (("party-chief", settings.party_chief), ("non-party", settings.non_party))
    answer = client.check(
        [(bare, data) for bare, (_, data) in sent.items()],
        # Which notice is the usual one is for the service to say.
        notice=settings.notice if "notice" in given or settings.notice != notice.DEFAULT else "",
        kind=settings.kind or "",
        unit=settings.unit,
        unit_type=settings.unit_type,
        person=settings.person,
        flags=tuple(flag for flag, on in chosen if on),
        not_applicable=settings.not_applicable,
        fail_on=settings.fail_on,
        whole=not part.single,
    )
    code = 2 if unread or answer.verdict == "error" else 0 if answer.passed else 1
    entries = _entries(answer.report)
    for entry in entries:
        bare, _, inside = entry["path"].partition("/")
        if bare in sent:
            entry["path"] = sent[bare][0] + (f"/{inside}" if inside else "")
    return Done(unread + entries, code)


def _by_bare_name(files: Iterable[tuple[str, bytes]]) -> dict[str, tuple[str, bytes]]:
    """Each file by the name that the service is told: where it lies here is nobody's business, but names differ."""
    found: dict[str, tuple[str, bytes]] = {}
    for path, data in files:
        bare, number = PurePath(path).name or path, 1
        while bare in found:
            number += 1
            bare = f"{PurePath(path).stem}（{number}）{PurePath(path).suffix}"
        found[bare] = (path, data)
    return found


def _loaded(path: str, settings: config.Settings, name: str | None) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the files that a path stands for."""
    from checker.readers import load
    from checker.submission import is_paper

    limits = settings.reading_limits()
    if path == STDIN:
        yield name or _STDIN_NAME, sys.stdin.buffer.read()
        return
    if not Path(path).is_dir():
        yield path, load(Path(path), limits)
        return
    found = [file for file in sorted(Path(path).rglob("*")) if file.is_file() and is_paper(file)]
    if not found:
        raise ReadError("empty-folder", "文件夹里没有材料文件，请核对路径。")
    for file in found:
        yield str(file), load(file, limits)


def _token(path: str | None) -> str:
    if path is None:
        return ""
    try:
        token = Path(path).read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"读不了令牌文件 {path}，请核对路径和权限。") from error
    if not re.fullmatch(r"[!-~]+", token):
        raise UsageError(f"令牌文件 {path} 里应当只有一个令牌，不能有别的内容。")
    return token


# ── what is told ──────────────────────────────────────────────────────


def _entries(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of a report in JSON (kaohe/report/1): what was not read, then the findings in the order of the text.

    What a person accepted is left out.
    """
    papers = report["documents"]
    entries = [_unread(problem["path"], problem["code"], problem["message"]) for problem in report["errors"]]
    for paper in papers:
        found = (_entry(finding, paper["path"], paper["kind"]) for finding in paper["findings"])
        entries += sorted((entry for entry in found if entry), key=lambda entry: entry["paragraph"])
    first = papers[0]["path"] if papers else ""
    entries += [entry for finding in report["findings"] if (entry := _entry(finding, first, ""))]
    return entries


def _entry(finding: Mapping[str, Any], path: str, kind: str) -> dict[str, Any] | None:
    if finding["accepted"] is not None:
        return None
    place = finding["location"] or {}
    return {
        "path": path,
        "paragraph": place.get("paragraph") or 0,
        "page": place.get("page"),
        "severity": finding["severity"],
        "rule": finding["rule"],
        "message": finding["message"],
        "quote": finding["quote"],
        "suggestion": finding["suggestion"],
        "clause": finding["basis"]["clause"],
        "kind": kind,
        "fingerprint": finding["fingerprint"],
    }


def _unread(path: str, code: str, message: str) -> dict[str, Any]:
    empty = dict.fromkeys(("quote", "suggestion", "clause", "kind", "fingerprint"), "")
    shown = {"path": path, "paragraph": 0, "page": None, "severity": UNREAD, "rule": code, "message": message}
    return {**shown, **empty}


def _shown(entry: Mapping[str, Any], format_: str) -> str:
    if format_ == "json":
        from checker.render import json

        return json.encode(entry).decode()
    path = say.one_line(machine.file_path(entry["path"])) or "-"
    level, message = _LEVELS[entry["severity"]], say.one_line(entry["message"])
    words = say.shorten(entry["quote"], _QUOTE)
    if words and words not in message:
        message = f"{message.rstrip('。')}：「{words}」"
    return f"{path}:{entry['paragraph']}: {level} {say.one_line(entry['rule'])} {message}"
