"""What is kept of an answer for half an hour: the report as a page, the files to be fetched, and how to compare it.

It lies with the `Handouts`, for the browser that asked and for no other. The papers themselves are not kept.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import msgspec
from fastapi import Request
from fastapi.responses import Response

from checker.copies import unmarked_stem
from checker.report import SEVERITY_NAMES
from checker.screening import rounds
from checker.service import pages
from checker.service.access import Principal
from checker.service.check_task import CheckAnswer, Made
from checker.service.handouts import KEPT
from checker.service.problems import ProblemError
from checker.service.service import service_of

_VISIT = "kaohe_visit"
_REPORT, BODY, _META, ALL = "report", "body", "meta", "all"
COPIES = ("docx", "pdf")
_WORDS: Mapping[str, str] = {"html": "网页报告", "form": "审查意见表", "docx": "批注副本", "pdf": "批注 PDF"}
PLAIN: Mapping[str, str] = {
    "可用 --not-applicable 说明理由": "可在“与本单位无关的事项”里写明理由",
    "请用 --kind 指明，例如 --kind team-summary": "请在“材料种类”里选定后再检查",
    "请用 --kind 指明后单独检查": "请在“材料种类”里选定，单独检查",
    "要与往年的、别的单位的材料比对，请用 --against 指明文件或文件夹": "这里只比对一起交上来的材料",
    "批量审查（kaohe screen）可以用 --roster 给出花名册": "批量审查时可以给出花名册",
}
"""What the checker says to those who use it on the command line, and what it means on this page."""


class Filled(msgspec.Struct, frozen=True):
    """What the form was filled in with, but for the files."""

    unit_type: str = ""
    unit: str = ""
    person: str = ""
    flags: tuple[str, ...] = ()
    kind: str = ""
    notice: str = ""
    text: str = ""
    not_applicable: dict[str, str] = {}


class Download(msgspec.Struct, frozen=True):
    """One file to be fetched: its key among the handouts, its name, and what the link to it says."""

    key: str
    name: str
    words: str
    format: str = ""


class Meta(msgspec.Struct, frozen=True):
    """What is known of an answer besides its files. Nothing of the text."""

    at: str
    until: str
    summary: str
    filled: Filled
    downloads: tuple[Download, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """The answer that a new one is compared with."""

    ident: str
    meta: Meta
    report: bytes


class Visitor:
    """The handouts of one browser. The id of an answer is of no use in another."""

    def __init__(self, request: Request, principal: Principal) -> None:
        self.secret = request.cookies.get(_VISIT) or secrets.token_urlsafe(18)
        self._owner = f"{principal.via}/{principal.token_id or principal.name}/{self.secret}"
        self._handouts = service_of(request).handouts

    def put(self, files: Mapping[str, bytes]) -> str:
        return self._handouts.put(self._owner, files)

    def get(self, ident: str, key: str) -> bytes | None:
        return self._handouts.get(self._owner, ident, key)

    def meta(self, ident: str) -> Meta | None:
        data = self.get(ident, _META)
        return None if data is None else msgspec.json.decode(data, type=Meta)

    def before(self, ident: str) -> Before | None:
        """The earlier answer `ident`; None where there is none, or none any more."""
        meta = self.meta(ident) if ident else None
        report = self.get(ident, _REPORT) if meta else None
        return None if meta is None or report is None else Before(ident, meta, report)

    def remember(self, request: Request, response: Response) -> None:
        """Let the browser be known again: until it is closed."""
        secure = service_of(request).settings.secure_cookie
        path = pages.root(request) or "/"
        response.set_cookie(_VISIT, self.secret, path=path, httponly=True, samesite="strict", secure=secure)


def packed(visitor: Visitor, ident: str, names: Mapping[str, str]) -> bytes | None:
    """All files of an answer in one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, name in names.items():
            data = visitor.get(ident, key)
            if data is None:
                return None
            archive.writestr(name, data)
    return packed.getvalue()


class _Problem(msgspec.Struct):
    path: str
    message: str


class _Outcome(msgspec.Struct):
    """As much of a report as says whether anything was read, and which rules did not run."""

    documents: tuple[msgspec.Raw, ...] = ()
    errors: tuple[_Problem, ...] = ()
    not_checked: tuple[dict[str, str], ...] = ()


def refuse_unreadable(result: CheckAnswer) -> None:
    """Where nothing could be read there is no report to look at: better to choose another file at once."""
    outcome = msgspec.json.decode(result.report, type=_Outcome)
    if outcome.documents or not outcome.errors:
        return
    told = [f"{entry.path}：{_plain(entry.message)}" for entry in outcome.errors]
    what = "这个文件没能检查，请换一个再试。" if len(told) == 1 else "这些文件都没能检查，请换了再试。"
    raise ProblemError(422, "unreadable", what, more={"problems": told})


def keep(visitor: Visitor, result: CheckAnswer, filled: Filled, before: Before | None) -> str:
    now = datetime.now()
    made = (*result.files, Made("html", "考核材料检查报告.html", result.html))
    downloads = tuple(
        Download(f"file-{number}", file.name, _words(file), file.format) for number, file in enumerate(made)
    )
    counts = [f"{SEVERITY_NAMES[name]}{count}处" for name, count in result.counts.items() if count]
    meta = Meta(
        at=f"{now:%H:%M}",
        until=f"{now + timedelta(seconds=KEPT):%H:%M}",
        summary="，".join(counts) or "没有发现问题",
        filled=msgspec.structs.replace(filled, text=""),
        downloads=downloads,
        failures=tuple(_failures(result)),
    )
    files = {entry.key: file.data for entry, file in zip(downloads, made, strict=True)}
    body = _body(result.html.decode(), _turn(before, result.report) if before else "")
    return visitor.put({_META: msgspec.json.encode(meta), BODY: body.encode(), _REPORT: result.report, **files})


def _failures(result: CheckAnswer) -> Iterator[str]:
    """What could not be made; a copy that these papers need not have is no failure."""
    from checker.render.docx import ONLY_SHEETS  # what these need is large, and most services run for days
    from checker.render.pdf import NO_PDF

    yield from (sentence for _, sentence in result.failures if sentence not in (NO_PDF, ONLY_SHEETS))


def _words(made: Made) -> str:
    """What the link to a file says."""
    words = _WORDS.get(made.format, made.name)
    if made.format not in COPIES:
        return words
    return f"{words}：{unmarked_stem(PurePosixPath(made.name).stem)}"


def _body(html: str, turn: str) -> str:
    """The body of the report: its heading can be jumped to, and what has changed stands under it.

    Its style, script and policy stay behind: those of the page it is put into are the same, and stricter.
    """
    body = html.partition("<body>")[2].rpartition("<script>")[0]
    head, heading, rest = _plain(body).partition("</h1>")
    return head.replace("<h1>", '<h1 id="answer" tabindex="-1">', 1) + heading + turn + rest


def _turn(before: Before, report: bytes) -> str:
    """What was mended, what remains, what is new against the answer before."""
    earlier, now = rounds.of_report(before.report), rounds.of_report(report)
    not_run = {entry["rule"] for entry in msgspec.json.decode(report, type=_Outcome).not_checked}
    turn = rounds.compare(earlier.findings, now.findings, had=earlier.papers, came=now.papers, not_run=not_run)
    return _plain(pages.fragment("turn.html.j2", turn=turn, at=before.meta.at, severity_names=SEVERITY_NAMES))


def _plain(text: str) -> str:
    """The same for people who never saw a command line."""
    for words, plain in PLAIN.items():
        text = text.replace(words, plain)
    return text
