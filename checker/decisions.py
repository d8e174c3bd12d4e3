"""What people decided about findings: read from replies to our comments, from kaohe-accept.toml, from a baseline.

A decision names its finding by rule and fingerprint. A finding that it fits is accepted: still shown, with the reason
and who gave it, but it no longer fails the check. A decision that fits none is told as stale, never dropped in silence.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from checker.copies import is_marked, unmarked_stem
from checker.document import Reply
from checker.errors import ReadError, UsageError
from checker.readers import Limits
from checker.readers import load as load_file
from checker.readers.docx_replies import replies_in
from checker.report import EVERY_RULE, Decision, Finding, Report, Stale, Verb
from checker.typed import TypedError, convert

FILE_NAME = "kaohe-accept.toml"
_TABLE = "accept"
_WORD = frozenset({".docx", ".docm", ".dotx", ".dotm"})
_VERBS: Mapping[str, Verb] = {"忽略": "ignored", "已核": "checked"}
# A soft hyphen, zero-width characters and a byte order mark come along with text that was copied from elsewhere.
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_SAID = re.compile(r"^\s*[「『“\"]?\s*(忽略|已核)\s*[：:﹕︰]\s*(.*)$", re.DOTALL)
_BARE = re.compile(r"^\s*[「『“\"]?\s*(忽略|已核)\s*[」』”\"。.！!]*\s*$")
_CLOSING = re.compile(r"[」』”\"]\s*$")
_OPENING = re.compile(r"^\s*[「『“\"]")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_BASELINE_REASON = "建立基线时已有的问题"

GONE = "对应的问题已不存在，或者那里的文字已改"
NO_REASON = "没有写理由，没有采纳；请写成“忽略：理由”或“已核：理由”"
UNCLEAR = "分不清回复的是哪一条批注，没有采纳；请直接回复那一条批注"
NOT_RUN = "这条规则这次没有检查，不知道问题还在不在"


# ---- deciding -------------------------------------------------------------------------------------------------


def decide(report: Report, accept: Path | None = None, baseline: Path | None = None) -> Report:
    """The report with every finding that a person accepted marked so, and the decisions that no longer hold.

    Without `accept` the file of decisions is looked for beside the papers and upwards. UsageError where a file of
    decisions cannot be read.
    """
    paths = [Path(path) for path in dict.fromkeys(document.path for document in report.submission.documents)]
    sidecars = (
        [accept] if accept is not None else _beside([*paths, *(Path(it.path) for it in report.errors if it.path)])
    )
    stored = [entry for path in sidecars for entry in load(path)]
    if baseline is not None:
        stored += load(baseline, baseline=True)
    return apply(report, [*replied(report), *_in_scope(stored, paths)])


def apply(report: Report, decisions: Sequence[Decision]) -> Report:
    """The report with the findings accepted that `decisions` name; those that name none of them are told as stale."""
    if not decisions:
        return report
    by_print: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_print.setdefault(decision.fingerprint, []).append(decision)
    used: set[int] = set()
    findings = tuple(_decided(finding, by_print.get(finding.fingerprint, ()), used) for finding in report.findings)
    left = [decision for decision in decisions if id(decision) not in used]
    stale = tuple(Stale(decision, _why(decision, report)) for decision in left)
    # The verdict is judged anew; what is stale leads to no other verdict.
    return replace(report, findings=findings, stale=stale, verdict="")  # type: ignore[arg-type]


def _decided(finding: Finding, decisions: Iterable[Decision], used: set[int]) -> Finding:
    """The finding with the first decision that fits: replies come before files, files before the baseline."""
    fitting = [decision for decision in decisions if _fits(decision, finding)]
    used.update(map(id, fitting))
    return replace(finding, accepted=fitting[0]) if fitting else finding


def _fits(decision: Decision, finding: Finding) -> bool:
    if not decision.reason or (decision.rule and decision.rule != finding.rule):
        return False
    if not decision.file or finding.document is None:
        return True
    return _same_paper(Path(decision.file), Path(finding.document.path))


def _why(decision: Decision, report: Report) -> str:
    if not decision.reason:
        return NO_REASON
    if not decision.fingerprint:
        return UNCLEAR
    idle = {entry.rule for entry in report.not_checked}
    return NOT_RUN if decision.rule in idle or EVERY_RULE in idle else GONE


# ---- replies --------------------------------------------------------------------------------------------------


def replied(report: Report, *, beside: bool = True) -> Iterator[Decision]:
    """The decisions in the replies of all files; of several replies to one comment the last decision counts.

    `beside`: also those in the marked-up copies that lie beside the papers.
    """
    limits = report.submission.limits or Limits()
    own = {document.path: document.replies for document in report.submission.documents}
    for path, replies in own.items():
        entries = (*(_from_copies(Path(path), own, limits) if beside else ()), *replies)
        last: dict[object, Decision] = {}
        for number, reply in enumerate(entries):
            decision = said(reply, path)
            if decision is None:
                continue
            key: object = decision.fingerprint or number
            # A reply without a reason does not undo one that has one.
            if decision.reason or key not in last:
                last[key] = decision
        yield from last.values()


def _from_copies(paper: Path, read: Iterable[str], limits: Limits) -> Iterator[Reply]:
    """The replies in the marked-up copies that lie beside a paper: who checks the paper again means them too."""
    if is_marked(paper.stem) or not paper.parent.is_dir():
        return
    known = {Path(path).resolve() for path in read}
    copies = [
        file
        for file in paper.parent.iterdir()
        if file.suffix.lower() in _WORD and is_marked(file.stem) and unmarked_stem(file.stem) == paper.stem
    ]
    for file in sorted(copies, key=lambda it: (len(it.stem), it.stem)):
        if file.resolve() not in known:
            try:
                yield from replies_in(load_file(file, limits), limits)
            except ReadError:
                continue


def said(reply: Reply, path: str = "") -> Decision | None:
    """The decision that a reply says; with an empty reason where it gives none; None where it says something else."""
    lines = _UNSEEN.sub("", reply.text).replace("\r", "\n").split("\n")
    for number, line in enumerate(lines):
        bare = _BARE.match(line)
        found = _SAID.match("\n".join(lines[number:]))
        if found is None and bare is None:
            continue
        reason = "" if found is None else _tidy(found[2], quoted=bool(_OPENING.match(line)))
        verb = _VERBS[(found or bare)[1]]  # type: ignore[index]  # one of them is there
        return Decision(reply.rule, reply.fingerprint, reason, reply.author, reply.date, verb, "reply", path)
    return None


def _tidy(reason: str, *, quoted: bool) -> str:
    """A reason on one line, without the quotation marks that the whole reply was put in."""
    line = " ".join(reason.split())
    return _CLOSING.sub("", line).strip() if quoted else line


# ---- files of decisions ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `[[accept]]` of a file; `file` is the paper that it holds for, as seen from the file's own folder."""

    rule: str
    fingerprint: str
    reason: str
    by: str
    date: date
    file: str = ""


_KEYS = tuple(entry.name for entry in fields(_Entry))


def load(path: Path, *, baseline: bool = False) -> list[Decision]:
    """The decisions of one file. Loading is strict: UsageError says what is wrong in which line."""
    name = "基线文件" if baseline else "处理意见文件"
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"读不了{name} {path}，请核对路径。", "bad-decisions") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} {path} 要用 UTF-8 编码保存。", "bad-decisions") from error
    lines = _Lines(path, text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise lines.error(line, "不合 TOML 的写法，请检查引号、等号和方括号") from error
    for key in data:
        if key != _TABLE:
            raise lines.error(lines.of(key), f"不认识的键 {key}；每条意见写在一个 [[{_TABLE}]] 下面")
    entries = data.get(_TABLE, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise lines.error(lines.of(_TABLE), f"每条意见要写在一个 [[{_TABLE}]] 下面")
    seen: dict[tuple[str, str, str], int] = {}
    return [_decision(path, lines, number, entry, seen, baseline) for number, entry in enumerate(entries)]


def _decision(
    path: Path,
    lines: _Lines,
    number: int,
    raw: Mapping[str, Any],
    seen: dict[tuple[str, str, str], int],
    baseline: bool,
) -> Decision:
    for key in raw:
        if key not in _KEYS:
            raise lines.error(lines.of(key, number), f"不认识的键 {key}；可用的有 {'、'.join(_KEYS)}")
    try:
        entry = convert(raw, _Entry)
    except TypedError as error:
        key = str(error.path[0]) if error.path else ""
        reason = " ".join(error.reason.replace("`", " ").split())
        raise lines.error(lines.of(key, number), f"{key} 的值不对：{reason}" if key else reason) from error
    assert isinstance(entry, _Entry)
    reason = " ".join(entry.reason.split())
    spoken = _SAID.match(reason)
    for key in ("rule", "reason", "by"):
        if not getattr(entry, key).strip():
            raise lines.error(lines.of(key, number), f"{key} 不能是空的")
    if not _FINGERPRINT.fullmatch(entry.fingerprint):
        told = "应为报告中 fingerprint 的 16 位数字和小写字母 a 到 f"
        raise lines.error(lines.of("fingerprint", number), f"fingerprint 的值不对：{told}")
    first = seen.setdefault((entry.rule, entry.fingerprint, entry.file), lines.of("", number))
    if first != lines.of("", number):
        raise lines.error(lines.of("", number), f"与第 {first} 行的意见重复")
    return Decision(
        entry.rule,
        entry.fingerprint,
        spoken[2].strip() if spoken and spoken[2].strip() else reason,
        " ".join(entry.by.split()),
        entry.date.isoformat(),
        "baseline" if baseline else _VERBS[spoken[1]] if spoken else "ignored",
        "baseline" if baseline else "accept",
        str(path.parent / entry.file) if entry.file else "",
    )


class _Lines:
    """On which line of a file each key stands, for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        # What stands inside a string of several lines is no key.
        quiet = re.sub(r'"""(?:\\.|.)*?"""|\'\'\'.*?\'\'\'', lambda it: "\n" * it[0].count("\n"), text, flags=re.DOTALL)
        self._lines = quiet.split("\n")
        heads = [at for at, line in enumerate(self._lines) if re.match(rf"\s*\[\[\s*{_TABLE}\s*\]\]", line)]
        self._heads = heads

    def of(self, key: str, number: int | None = None) -> int:
        """The line, from 1, of `key` in the table of that `number`, or anywhere; the head of the table for no key."""
        first, end = 0, len(self._lines)
        if number is not None and number < len(self._heads):
            first = self._heads[number]
            end = self._heads[number + 1] if number + 1 < len(self._heads) else end
        if key:
            wanted = re.compile(rf"[\s\[\"']*{re.escape(key)}[\s\]\"']*(=|\.|$)")
            return next((at for at in range(first, end) if wanted.match(self._lines[at])), first) + 1
        return first + 1

    def error(self, line: int, reason: str) -> UsageError:
        """A sentence that begins with file:line."""
        return UsageError(f"{self._path}:{line}: {reason}。", "bad-decisions")


def _beside(papers: Sequence[Path]) -> list[Path]:
    """For each paper the nearest file of decisions: in its own folder or in one above it."""
    found: dict[Path, Path] = {}
    looked: set[Path] = set()
    for paper in papers:
        folder = paper.resolve().parent
        for above in (folder, *folder.parents):
            if above in looked:
                break
            looked.add(above)
            if (above / FILE_NAME).is_file():
                found.setdefault(above / FILE_NAME, _shown(above / FILE_NAME))
                break
    return list(found.values())


def _shown(path: Path) -> Path:
    """The path as a user would write it: relative where it lies below the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _in_scope(decisions: Iterable[Decision], papers: Sequence[Path]) -> Iterator[Decision]:
    """Those that hold for a paper of this check; what was decided about others is neither used nor stale here."""
    for decision in decisions:
        if not decision.file or any(_same_paper(Path(decision.file), paper) for paper in papers):
            yield decision


def _same_paper(one: Path, other: Path) -> bool:
    """Whether two paths name one paper; a marked-up copy beside its paper counts as the paper."""
    return _plain(one) == _plain(other)


def _plain(path: Path) -> str:
    whole = path.resolve()
    return os.path.normcase(whole.with_name(unmarked_stem(whole.stem) + whole.suffix) if whole.name else whole)


# ---- baselines ------------------------------------------------------------------------------------------------


def baseline(report: Report, path: Path, today: date) -> bytes:
    """A baseline file that accepts all that is open in `report`; what a former baseline accepted stays in it."""
    names = {rule.id: rule.name for rule in report.notice.rules}
    lines = [
        "# 基线：列出的是建立基线时已有的问题，以后检查只算新增的。由 kaohe check --write-baseline 写出。",
        "# 改好的问题会在报告里列为“已不存在”，可以从这里删去。",
    ]
    for finding in report.findings:
        accepted = finding.accepted
        if accepted is not None and accepted.source != "baseline":
            continue
        entry = {
            "rule": finding.rule,
            "fingerprint": finding.fingerprint,
            "reason": accepted.reason if accepted else _BASELINE_REASON,
            "by": accepted.by if accepted else "基线",
        }
        if finding.document is not None:
            entry["file"] = _relative(finding.document.path, path.parent)
        told = f"{names.get(finding.rule, finding.rule)}：{finding.message}"
        lines += ["", f"# {_comment(told)}", f"[[{_TABLE}]]"]
        lines += [f"{key} = {_quoted(value)}" for key, value in entry.items()]
        lines.append(f"date = {accepted.date if accepted else today.isoformat()}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _relative(paper: str, folder: Path) -> str:
    """The paper as seen from the folder of the baseline, so that both can move together."""
    whole = Path(paper).resolve()
    whole = whole.with_name(unmarked_stem(whole.stem) + whole.suffix)
    try:
        return PurePath(os.path.relpath(whole, folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return whole.as_posix()


def _comment(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", text).split())


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda it: f"\\u{ord(it[0]):04x}", escaped) + '"'
