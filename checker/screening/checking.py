"""The work on one unit: all of its papers held against the notice together. Run in a worker, here or elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import msgspec

from checker import decisions, engine, notice
from checker.document import Copies, Document, Submission
from checker.errors import KaoheError
from checker.notice import Notice
from checker.screening.handouts import Handouts
from checker.screening.unit_task import Common, Handed, UnitOutcome, UnitTask


def check_unit(task: UnitTask) -> UnitOutcome:
    """Check all papers of one unit together, and write what is to be said of them."""
    common = _common(task.common)
    loaded = _notice(common.notice, common.notice_digest)
    papers = [_document(handed) for handed in task.papers]
    everyone = [*papers, *(_document(handed) for handed in task.partners)]
    submission = Submission(
        tuple(papers),
        task.unit,
        task.unit_type,
        not_applicable=task.not_applicable,
        roster=common.roster,
        limits=common.limits,
        grades=common.grades,
        dues=task.dues,
        unread=task.unread,
        copies=tuple(
            Copies(everyone[shared.first], everyone[shared.second], shared.passages, shared.same)
            for shared in task.copies
        ),
    )
    report = engine.run(loaded, submission, task.problems)
    report = decisions.apply(report, [*decisions.replied(report, beside=False), *task.decided])
    return Handouts(task, common, report).outcome()


@lru_cache(maxsize=2)
def _common(packed: bytes) -> Common:
    return msgspec.msgpack.decode(packed, type=Common)


@lru_cache(maxsize=2)
def _notice(name: str, digest: str) -> Notice:
    # Its examples were tried by whoever sent the task.
    loaded = notice.load(name, verify="never")
    if loaded.digest != digest:
        raise KaoheError("other-notice", f"这台机器上的通知 {name} 与发起审查的机器上的不一样，请统一版本后重试。")
    return loaded


def warm(name: str) -> None:
    """What a process needs for every task, done once when it starts."""
    notice.load(name, verify="never")


def _document(handed: Handed) -> Document:
    document = handed.paper.document()
    if handed.kind != document.kind:
        document = replace(document, kind=handed.kind, kind_source="given", kind_reason="由使用者指定")
    return replace(document, person=handed.person, flags=handed.flags)
