"""The screenings of the service: handed in, waiting, running one at a time, kept until somebody removes them.

Each run is a process of its own (`screening_worker`), so that cancelling ends it whatever it does, and nothing that it
does can reach the service. What is waiting and running stands in the database: a service that was killed goes on with
it at its next start, and the store in the folder of the results lets the run go on where it was.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import checker
from checker import notice as notices
from checker.render import page as rendering
from checker.screening.plan import CopiesFor
from checker.service import screening_input
from checker.service.api import Offered
from checker.service.api import notices as offered_notices
from checker.service.models import Decision, IdempotencyKey, Screening, ScreeningUnit, now
from checker.service.problems import ProblemError
from checker.service.screening_folder import INCOMING, Accepted, Folder, Outcome, Request, UnitEntry, is_id
from checker.service.uploads import Upload
from checker.service.webhooks import Webhooks

if TYPE_CHECKING:
    from checker.service.access import Principal
    from checker.service.service import Service

_LOG = logging.getLogger("kaohe.service")

ENDED = frozenset({"done", "failed", "cancelled"})
OPEN = frozenset({"waiting", "running"})
Verb = Literal["accept", "return", "undo"]
"""`undo` takes back what was decided on a finding before: nobody has decided on it then."""
_WAITING_MOST = 20
"""So many may wait: more are refused, so that nobody fills the disk."""
_SWEEP = 600.0
"""Seconds between two looks for what was kept long enough."""
_ANSWERS_KEPT = timedelta(hours=24)
_STOPPING = 10.0
_AGAIN = 5.0
"""Seconds until a database that was away is asked again."""
_DIED = Outcome("died", "审查进程意外退出，可能是内存不足；已完成的部分都在，可以重新运行接着做。")
_LOST = Outcome("lost", "这次审查的文件已不在数据文件夹里，请删除它，重新上传。")
_PAGES = ((("base.css", "worklist.css"), "worklist.js"), (("base.css", "report.css", "batch.css"), "report.js"))
"""The styles and the script of the pages among the results; a test holds them against the pages themselves."""
NAME_MOST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller may choose for a screening."""

    name: str = ""
    notice: str = ""
    previous: str = ""
    copies: CopiesFor = "return"
    cover: bool = False
    suggest: bool = False
    round: int | None = None
    webhook: str = ""
    webhook_secret: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was uploaded: the papers, and what else belongs to them."""

    papers: Sequence[Upload]
    roster: Upload | None = None
    pins: Upload | None = None
    accept: Upload | None = None
    against: Sequence[Upload] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which screenings a list shows: of a unit (a part of its name; `own`: exactly this one), of a year, in a state."""

    unit: str = ""
    own: str | None = None
    year: int | None = None
    state: str = ""


class Screenings:
    """See the head of this file. May be used from any thread; nothing here is for the event loop."""

    def __init__(self, service: Service, at_once: int = 1) -> None:
        self._settings = service.settings
        self._database = service.database
        self._root = service.settings.data / "screenings"
        self._at_once = at_once
        self.webhooks = Webhooks(service.database, service.settings.hooks, self._secret)
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()
        self._running: dict[str, subprocess.Popen[bytes] | None] = {}
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    # ── the service's own life ────────────────────────────────────────

    def start(self) -> None:
        """Take up what was waiting or running when the service ended, and begin to work."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in self._root.iterdir():
            if (folder / INCOMING).exists():
                self._settle(folder)
        with self._database.session() as session:
            again = session.scalars(select(Screening).where(Screening.state.in_(OPEN)).order_by(Screening.created))
            for row in again:
                row.state = "waiting"
                self._queue.append(row.id)
        works = [self._work] * self._at_once + [self._sweep]
        self._threads = [
            threading.Thread(target=work, name=f"kaohe-{work.__name__.strip('_')}", daemon=True) for work in works
        ]
        for thread in self._threads:
            thread.start()
        self.webhooks.start()

    def _settle(self, folder: Path) -> None:
        """A folder that a crash left between its making and its entry in the database."""
        with self._database.session() as session:
            known = session.get(Screening, folder.name) is not None
        if known:
            Folder(folder).known()
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """End what runs; it goes on at the next start."""
        with self._changed:
            self._stopping.set()
            for process in self._running.values():
                _kill(process)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_STOPPING)
        self.webhooks.stop()

    # ── handing in, ending, removing ──────────────────────────────────

    def create(self, handed: Handed, asked: Asked, principal: Principal) -> Screening:
        """Take in a screening; it runs as soon as those before it have ended. ProblemError says what is wrong."""
        notice = self._notice(asked.notice)
        screening_input.look_at_names(handed.papers, handed.roster, handed.pins, handed.accept)
        earlier = self._earlier(asked.previous)
        self.webhooks.refuse_foreign(asked.webhook, asked.webhook_secret)
        self._refuse_too_many()
        ident = secrets.token_hex(8)
        folder = Folder(self._root / ident)
        folder.make()
        try:
            options = self._filled(folder, handed, asked, notice)
            if earlier is not None:
                folder.remember_previous(earlier)
            row = self._put(ident, asked, notice, options, principal)
        except OSError:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise ProblemError(
                503, "no-space", "服务器的磁盘写不进去，请稍后再试或联系管理员。", retry_after=60
            ) from None
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        folder.known()
        self._enqueue(ident)
        return row

    def _filled(self, folder: Folder, handed: Handed, asked: Asked, notice: Offered) -> dict[str, Any]:
        """Put the uploads where they belong; what the screening is to do, as the database keeps it."""
        for upload in handed.papers:
            folder.take(upload.content, folder.papers, upload.name)
        for upload in handed.against:
            folder.take(upload.content, folder.against, upload.name)
        options: dict[str, Any] = {"notice": notice.id, "previous": asked.previous, "copies": asked.copies}
        options |= {"cover": asked.cover, "suggest": asked.suggest, "round": asked.round, "webhook": asked.webhook}
        options["papers"] = [upload.name for upload in handed.papers]
        for key in ("roster", "pins", "accept"):
            upload = getattr(handed, key)
            options[key] = folder.take(upload.content, folder.inputs, upload.name) if upload is not None else ""
        inputs = {key: str(folder.inputs / options[key]) for key in ("roster", "pins", "accept") if options[key]}
        screening_input.look_inside(inputs, _source(notice), self._settings.limits)
        if asked.webhook:
            place = folder.path / "hook.secret"
            place.touch(0o600)
            place.write_text(asked.webhook_secret, "utf-8")
        return options

    def _put(
        self, ident: str, asked: Asked, notice: Offered, options: dict[str, Any], principal: Principal
    ) -> Screening:
        name = " ".join(asked.name.split())[:NAME_MOST] or options["papers"][0][:NAME_MOST]
        row = Screening(
            id=ident, name=name, year=notice.year, state="waiting", by=principal.name, options=options, folder=ident,
            created=now(), counts={}, error="", unit="",
        )  # fmt: skip
        with self._database.session() as session:
            session.add(row)
            session.flush()
            if asked.previous:
                # What was accepted stays so in the next round, also when the round before is removed.
                for it in _effective(session, asked.previous):
                    session.add(_decision(ident, it.unit, it.rule, it.fingerprint, it.verb, it.reason, it.by, it.at))
        return row

    def _earlier(self, ident: str) -> Folder | None:
        if not ident:
            return None
        row = self.get(ident)
        folder = self.folder(ident)
        if row.state != "done" or not (folder.results / "results.jsonl").is_file():
            raise ProblemError(422, "bad-previous", "上一轮审查还没有完成，没有可以对照的结果；请等它完成。")
        return folder

    def _refuse_too_many(self) -> None:
        with self._changed:
            full = len(self._queue) >= _WAITING_MOST
        if full:
            raise ProblemError(
                503, "queue-full", f"等候的批次已有 {_WAITING_MOST} 个，请等前面的做完再上传。", retry_after=120
            )

    def _enqueue(self, ident: str) -> None:
        self.folder(ident).tell("state", {"state": "waiting"})
        with self._changed:
            self._queue.append(ident)
            self._changed.notify_all()

    def cancel(self, ident: str) -> Screening:
        """End a screening that waits or runs. What was done stays, and a new run goes on from there."""
        row = self.get(ident)
        if row.state not in OPEN:
            raise ProblemError(409, "already-ended", "这次审查已经结束，不用取消。")
        self._end(ident)
        return self.get(ident)

    def _end(self, ident: str) -> None:
        """End it, and wait until it has ended."""
        with self._changed:
            if ident in self._queue:
                self._queue.remove(ident)
                waiting = True
            elif ident in self._running:
                waiting = False
                self._cancelled.add(ident)
                _kill(self._running[ident])
            else:
                return
        if waiting:
            self._finish(ident, "cancelled", Outcome())
            return
        with self._changed:
            ended = self._changed.wait_for(lambda: ident not in self._running, _STOPPING)
        if not ended:
            raise ProblemError(503, "busy", "这次审查还没有停下，请过几秒再试。")

    def rerun(self, ident: str) -> Screening:
        """Run it again, with what was decided since. What did not change is not checked again."""
        row = self.get(ident)
        if row.state in OPEN:
            raise ProblemError(409, "still-running", "这次审查还没有结束，请等它结束，或先取消。")
        self._refuse_too_many()
        with self._database.session() as session:
            # Two who ask at the same time: one of them is told that it runs.
            changed = session.execute(
                update(Screening)
                .where(Screening.id == ident, Screening.state.in_(ENDED))
                .values(state="waiting", ended=None, error="")
            )
            if not cast(Any, changed).rowcount:
                raise ProblemError(409, "still-running", "这次审查还没有结束，请等它结束，或先取消。")
        self._enqueue(ident)
        return self.get(ident)

    def delete(self, ident: str) -> None:
        """Remove a screening with all its papers, results and decisions."""
        self.get(ident)
        self._end(ident)
        remove(self._settings.data, self._database.session, ident)

    # ── looking ───────────────────────────────────────────────────────

    def get(self, ident: str, only: str | None = None) -> Screening:
        """One screening; ProblemError 404 where there is none, or none with results of the unit `only`."""
        if is_id(ident):
            with self._database.session() as session:
                row = session.get(Screening, ident)
                if row is not None and (only is None or session.get(ScreeningUnit, (ident, only)) is not None):
                    return row
        raise ProblemError(404, "no-screening", "没有这次审查，它可能已被删除；请核对网址。")

    def folder(self, ident: str) -> Folder:
        """Its folder."""
        return Folder(self._root / ident)

    def ahead(self, ident: str) -> int | None:
        """How many go before one that waits; None where it does not wait."""
        with self._changed:
            return self._queue.index(ident) + len(self._running) if ident in self._queue else None

    def states(self) -> Mapping[str, int]:
        """How many screenings there are in each state."""
        with self._database.session() as session:
            rows = session.execute(select(Screening.state, func.count()).group_by(Screening.state))
            return {str(state): int(count) for state, count in rows}

    def list(self, wanted: Wanted, page: int = 1, size: int = 20) -> tuple[Sequence[Screening], int]:
        """A page of screenings, the newest first, and how many there are."""
        query = select(Screening)
        if wanted.own is not None or wanted.unit:
            units = select(ScreeningUnit.screening_id)
            if wanted.own is not None:
                units = units.where(ScreeningUnit.unit == wanted.own)
            if wanted.unit:
                units = units.where(ScreeningUnit.unit.contains(wanted.unit, autoescape=True))
            query = query.where(Screening.id.in_(units))
        if wanted.year is not None:
            query = query.where(Screening.year == wanted.year)
        if wanted.state:
            query = query.where(Screening.state == wanted.state)
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            ordered = query.order_by(Screening.created.desc(), Screening.id).limit(size).offset((page - 1) * size)
            return session.scalars(ordered).all(), total

    def units_of(self, idents: Sequence[str], wanted: Wanted) -> Mapping[str, Sequence[ScreeningUnit]]:
        """For each screening the units that a list asked for: its history of a unit."""
        if not idents or (wanted.own is None and not wanted.unit):
            return {}
        query = select(ScreeningUnit).where(ScreeningUnit.screening_id.in_(idents)).order_by(ScreeningUnit.unit)
        if wanted.own is not None:
            query = query.where(ScreeningUnit.unit == wanted.own)
        else:
            query = query.where(ScreeningUnit.unit.contains(wanted.unit, autoescape=True))
        found: dict[str, list[ScreeningUnit]] = {}
        with self._database.session() as session:
            for row in session.scalars(query):
                found.setdefault(row.screening_id, []).append(row)
        return found

    # ── decisions ─────────────────────────────────────────────────────

    def decide(
        self, ident: str, unit: str, rule: str, fingerprint: str, verb: Verb, reason: str, principal: Principal
    ) -> Decision:
        """Accept a finding, or return it to the unit after all. It shows in the results of the next run."""
        row = self.get(ident)
        reason = " ".join(reason.split())
        if not reason and verb != "undo":
            raise ProblemError(422, "no-reason", "请写明理由。")
        if not _has_finding(self.folder(ident).record(unit), rule, fingerprint):
            raise ProblemError(404, "no-finding", "这次审查的结果里没有这个问题，可能已被新的结果取代；请刷新后重试。")
        made = _decision(row.id, unit, rule, fingerprint, verb, reason, principal.name, now())
        with self._database.session() as session:
            session.add(made)
        return made

    def decisions(self, ident: str, only: str | None = None) -> Sequence[Decision]:
        """What was decided, the oldest first; the newest on a finding counts."""
        query = select(Decision).where(Decision.screening_id == ident).order_by(Decision.id)
        if only is not None:
            query = query.where(Decision.unit == only)
        with self._database.session() as session:
            return session.scalars(query).all()

    # ── running ───────────────────────────────────────────────────────

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping.is_set())
                if self._stopping.is_set():
                    return
                ident = self._queue.popleft()
                self._running[ident] = None
            try:
                self._run(ident)
            except Exception as error:
                # The papers are not to blame; what it says may be words of one.
                _LOG.error("screening %s: %s", ident, type(error).__name__)
                with contextlib.suppress(Exception):
                    self._finish(ident, "failed", Outcome("internal-error", "服务内部出错，没有审查完，可以重新运行。"))
            finally:
                with self._changed:
                    self._running.pop(ident, None)
                    self._cancelled.discard(ident)
                    self._changed.notify_all()

    def _run(self, ident: str) -> None:
        folder = self.folder(ident)
        with self._database.session() as session:
            row = session.get(Screening, ident)
            if row is None or row.state != "waiting":
                return
            row.state, row.started, row.ended, row.error = "running", now(), None, ""
            row.options = {**row.options, "policy": page_policy()}
        if not folder.path.is_dir():
            self._finish(ident, "failed", _LOST)
            return
        folder.ask(self._request(row, folder))
        folder.tell("state", {"state": "running"})
        process = self._process(ident, folder)
        if process is not None:
            process.wait()
            _close(process)
        if ident in self._cancelled:
            self._finish(ident, "cancelled", Outcome())
        elif not self._stopping.is_set():
            outcome = folder.last() or _DIED
            self._finish(ident, "failed" if outcome.code else "done", outcome)
        # Else the service stops: the row still says that it runs, and the next start goes on with it.

    def _process(self, ident: str, folder: Folder) -> subprocess.Popen[bytes] | None:
        """The process of a run; None where it was cancelled before it began."""
        with self._changed:
            if ident in self._cancelled or self._stopping.is_set():
                return None
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "checker.service.screening_worker", str(folder.path.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder.path,
                env=_environment(self._settings.temporary),
                start_new_session=True,
            )
            self._running[ident] = process
            return process

    def _request(self, row: Screening, folder: Folder) -> Request:
        options, settings = row.options, self._settings
        with self._database.session() as session:
            accepted: dict[str, list[Accepted]] = {}
            for one in _effective(session, row.id):
                if one.verb == "accept":
                    entry = Accepted(one.rule, one.fingerprint, one.reason, one.by, one.at)
                    accepted.setdefault(one.unit, []).append(entry)
        return Request(
            notice=_source(self._notice(options["notice"])),
            roster=options["roster"],
            pins=options["pins"],
            accept=options["accept"],
            accepted=folder.accept(accepted),
            previous=self._previous(options["previous"], folder),
            copies=options["copies"],
            cover=options["cover"],
            suggest=options["suggest"],
            round=options["round"],
            jobs=settings.jobs,
            timeout=settings.timeout,
            grades=dict(settings.grades),
            limits=settings.limits,
        )

    def _previous(self, ident: str, folder: Folder) -> str:
        """The results of the round before; where it was removed, the findings that were kept of it."""
        if not ident:
            return ""
        results = self.folder(ident).results
        there = (results / "results.jsonl").is_file()
        return str((results if there else folder.path / "previous").absolute())

    def _finish(self, ident: str, state: str, outcome: Outcome) -> None:
        """Write down how it ended, and tell those who wait for it."""
        folder = self.folder(ident)
        while True:
            try:
                self._write_down(ident, state, outcome, folder)
                break
            except SQLAlchemyError as error:
                # The database is away for a moment. What was done must not be lost for that.
                _LOG.warning("screening %s: %s", ident, type(error).__name__)
                if self._stopping.wait(_AGAIN):
                    return
        with contextlib.suppress(OSError):
            folder.tell("end", {"state": state, "error": outcome.message, "counts": outcome.counts})
        self.webhooks.wake()

    def _write_down(self, ident: str, state: str, outcome: Outcome, folder: Folder) -> None:
        moment = now()
        with self._database.session() as session:
            row = session.get(Screening, ident)
            if row is None:
                return
            row.state, row.ended, row.error = state, moment, outcome.message
            if state == "done":
                row.counts = outcome.counts
                row.year = outcome.year if outcome.year is not None else row.year
                _put_units(session, ident, folder.units())
            verdicts = outcome.counts.get("verdicts", {})
            if row.options.get("webhook"):
                self.webhooks.put(session, ident, row.options["webhook"], state, verdicts, moment)

    # ── keeping ───────────────────────────────────────────────────────

    def _sweep(self) -> None:
        """From time to time, remove what was kept long enough."""
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError, ProblemError):
                self.remove_old()
            if self._stopping.wait(_SWEEP):
                return

    def remove_old(self) -> Sequence[str]:
        """Remove screenings that ended longer ago than they are kept, and old answers; which screenings it were."""
        moment = now()
        with self._database.session() as session:
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created < moment - _ANSWERS_KEPT))
        if self._settings.keep is None:
            return ()
        old = older_than(self._database.session, moment - self._settings.keep)
        for ident in old:
            self.delete(ident)
        return old

    # ── notices and secrets ───────────────────────────────────────────

    def _notice(self, wanted: str) -> Offered:
        """The notice with the id `wanted`: nobody names a file of this machine from outside."""
        offered = offered_notices(self._settings)
        found = offered.get(wanted) if wanted else next(iter(offered.values()))
        if found is None:
            known = "、".join(offered)
            raise ProblemError(
                422, "unknown-notice", f"没有 {wanted[:40]} 这份考核通知；可用的有 {known}。", more={"field": "notice"}
            )
        return found

    def _secret(self, ident: str) -> bytes | None:
        try:
            return (self.folder(ident).path / "hook.secret").read_bytes()
        except OSError:
            return None


@functools.lru_cache(maxsize=1)
def page_policy() -> str:
    """The policy of the pages that a run of this version writes: our own scripts and styles, and nothing else at all.

    It is kept with the run, so that what is written later into a page, by whatever hand, does not run. The pages have
    the origin of the service, or their links would come without its cookie (SameSite=Strict); but they may send
    nothing, load nothing, open nothing, and the cookie is not for scripts.
    """
    made = [rendering.policy("".join(map(rendering.asset, css)), rendering.asset(script)) for css, script in _PAGES]
    hashes = {kind: " ".join(re.findall(rf"{kind}-src ([^;]+)", "; ".join(made))) for kind in ("style", "script")}
    return (
        "sandbox allow-same-origin allow-scripts allow-downloads; default-src 'none'; "
        f"style-src {hashes['style']}; script-src {hashes['script']}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def older_than(session_of: Callable[[], contextlib.AbstractContextManager[Session]], moment: datetime) -> list[str]:
    """The screenings that ended before `moment`; where it is not known when, those handed in before it."""
    when = func.coalesce(Screening.ended, Screening.created)
    with session_of() as session:
        query = select(Screening.id).where(Screening.state.in_(ENDED), when < moment).order_by(Screening.created)
        return list(session.scalars(query))


def remove(data: Path, session_of: Callable[[], contextlib.AbstractContextManager[Session]], ident: str) -> None:
    """Remove a screening that does not run. What a crash leaves of it lies in the temporary folder."""
    gone = data / "tmp" / f"removed-{ident}-{secrets.token_hex(4)}"
    gone.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (data / "screenings" / ident).replace(gone)
    with session_of() as session:
        row = session.get(Screening, ident)
        if row is not None:
            session.delete(row)
    shutil.rmtree(gone, ignore_errors=True)


def _effective(session: Session, ident: str) -> list[Decision]:
    """The decision that counts on each finding: the newest."""
    rows = session.scalars(select(Decision).where(Decision.screening_id == ident).order_by(Decision.id))
    return list({(row.unit, row.rule, row.fingerprint): row for row in rows}.values())


def _decision(
    ident: str, unit: str, rule: str, fingerprint: str, verb: str, reason: str, by: str, at: datetime
) -> Decision:
    return Decision(
        screening_id=ident, unit=unit, rule=rule, fingerprint=fingerprint, verb=verb, reason=reason, by=by, at=at
    )


def _put_units(session: Session, ident: str, entries: Sequence[UnitEntry]) -> None:
    session.execute(delete(ScreeningUnit).where(ScreeningUnit.screening_id == ident))
    rows = {entry.name[:NAME_MOST]: entry for entry in entries}
    session.add_all(
        ScreeningUnit(screening_id=ident, unit=name, verdict=entry.verdict, counts=entry.counts)
        for name, entry in rows.items()
    )


def _has_finding(record: bytes | None, rule: str, fingerprint: str) -> bool:
    found = screening_input.findings(record) if record is not None else ()
    return (rule, fingerprint) in found


def _source(notice: Offered) -> str:
    """What loads a notice from any folder."""
    return notice.source if notice.source in notices.shipped() else str(Path(notice.source).absolute())


def _environment(temporary: Path) -> Mapping[str, str]:
    """The environment of a run: it finds the package where we found it, and its temporary files are private too."""
    home = str(Path(checker.__file__).resolve().parent.parent)
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    inner = {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "TMPDIR": str(temporary), "PYTHONUTF8": "1"}
    return {**os.environ, **inner}


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    """End a run and all that it started."""
    if process is None or process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
