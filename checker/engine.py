"""The only loop over rules: a notice and a submission in, a report out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import PurePath

from checker import certainty, rules
from checker import papers as recognition
from checker.document import FLAGS, Document, Span, Submission
from checker.language.names import identify
from checker.language.paper import Context, Paper
from checker.notice import Notice, Rule
from checker.readers import read
from checker.report import EVERY_RULE, Count, Coverage, Finding, Level, NotChecked, Problem, Report
from checker.roster import Due, Roster
from checker.rules.base import Hit

_TITLE_MAX = 60
_LONG = 12
_NEAR = 4
"""Words that are not long are told from the same words elsewhere by so many characters on each side."""
_PAGES_SHOWN = 10
_NEXT_PAPER = "\n---\n"
"""Divides the papers of an example that has more than one; the first is of the kind that its rule is for."""
_Levels = dict[str, dict[str, Level]]

COUNT_SCOPE = "计正文、表格、文本框、脚注尾注和已插入的修订；不计删除的修订、隐藏文字、批注、页眉页脚和自动编号"


def run(notice: Notice, submission: Submission, errors: Sequence[Problem] = ()) -> Report:
    """Hold every rule of `notice` against `submission`.

    `errors` are the inputs that could not be read. A rule that fails on its own is told in `not_checked` and in the
    errors, so that it never passes for a clean paper.
    """
    context = Context(notice.year, submission)
    papers = [Paper(document, notice.lexicons_for(document.kind), context) for document in submission.documents]
    findings: list[Finding] = []
    not_checked: list[NotChecked] = []
    problems = list(errors)
    levels: dict[Document, _Levels] = {document: {"facets": {}, "topics": {}} for document in submission.documents}
    for rule in notice.rules:
        reason = _why_not(rule, submission)
        if reason:
            not_checked.append(NotChecked(rule.id, reason))
            continue
        chosen = [paper for paper in papers if _concerns(rule, paper.document, submission)]
        try:
            found = [_finding(rule, hit, submission) for hit in _hits(rule, chosen, submission)]
            for paper in chosen:
                _note_levels(rule, paper, levels[paper.document], submission.not_applicable)
        except Exception as error:
            not_checked.append(NotChecked(rule.id, "检查时程序出错"))
            problems.append(
                Problem("", "internal-error", f"规则 {rule.id} 检查时程序出错（{type(error).__name__}），这一条没有查")
            )
            continue
        findings.extend(finding for finding in found if not _excused(rule, finding, submission))
    not_checked.extend(_unrecognised(submission))
    problems.extend(_unread(submission))
    coverage = tuple(_coverage(notice, paper, levels[paper.document]) for paper in papers)
    ordered = _in_order(_distinct(findings), submission.documents)
    return Report(submission, notice, tuple(ordered), coverage, tuple(not_checked), tuple(problems))


def dues(notice: Notice, known: Roster) -> tuple[Due, ...]:
    """What the units of a roster owe under this notice; nothing where it has no rule that says so."""
    owing = (rule for rule in notice.rules if rule.kind.dues is not None)
    return tuple(due for rule in owing if rule.kind.dues for due in rule.kind.dues(rule.params, known, notice.year))


def try_examples(notice: Notice, rule: Rule) -> str:
    """What is wrong with the rule's own examples, in one sentence; empty where they hold."""
    if rule.examples is None:
        return ""
    if rule.examples.roster and not any(other.kind.dues for other in notice.rules):
        return ""  # a notice without the rule that says who owes what cannot show what rests on it
    lexicons = notice.lexicons.only(rules.lexicons(rule.kind, rule.examples.params))
    against: tuple[Document, ...] = ()
    if rule.examples.against:
        against = recognition.recognise(read(f"{rule.id}-against", rule.examples.against.encode()))
    for name, text, wanted in (("bad", rule.examples.bad, True), ("good", rule.examples.good, False)):
        documents = tuple(
            part
            for number, paper in enumerate(text.split(_NEXT_PAPER))
            for part in recognition.recognise(
                read(f"{rule.id}-{name}", paper.encode()), kind=None if number else rule.applies_to[0]
            )
        )
        submission = _rostered(notice, rule, Submission(documents, against=against, grades=rule.examples.grades))
        context = Context(notice.year, submission)
        papers = [Paper(part, lexicons, context) for part in submission.documents if part.kind in rule.applies_to]
        hits = list(rule.kind.check(rule.examples.params, papers))
        if bool(hits) != wanted:
            return "没有查出自己的 bad 例子" if wanted else f"误报了自己的 good 例子（{dict(hits[0].facts)}）"
    return ""


def _rostered(notice: Notice, rule: Rule, submission: Submission) -> Submission:
    """The submission of an example as that of the first unit on the example's roster, if it has one."""
    if rule.examples is None or not rule.examples.roster:
        return submission
    known = Roster.gathered(rule.examples.roster)
    unit = known.units[0].name
    own_dues = rule.kind.dues
    owed = own_dues(rule.examples.params, known, notice.year) if own_dues is not None else dues(notice, known)
    documents = tuple(
        replace(document, person=persons[0].name) if (persons := identify(document).persons) else document
        for document in submission.documents
    )
    own = tuple(due for due in owed if due.unit == unit)
    return replace(submission, documents=documents, unit=unit, roster=known.entries, dues=own)


def _why_not(rule: Rule, submission: Submission) -> str:
    """Why a rule cannot run on this submission; empty where it can."""
    if rule.kind.name == rules.PENDING:
        return str(rule.params.reason)
    if rule.kind.overall is not None:
        return rule.kind.idle(rule.params, submission) if rule.kind.idle is not None else ""
    if not any(document.kind in rule.applies_to for document in submission.documents):
        return "没有收到适用的材料"
    if not any(_concerns(rule, document, submission) for document in submission.documents):
        return f"只适用于{FLAGS[rule.only_for]}；本人属于这种情况的，请加 --{rule.only_for}"
    return rule.kind.idle(rule.params, submission) if rule.kind.idle is not None else ""


def _hits(rule: Rule, chosen: Sequence[Paper], submission: Submission) -> Iterator[Hit]:
    if rule.kind.overall is not None:
        return rule.kind.overall(rule.params, submission)
    return rule.kind.check(rule.params, chosen)


def _concerns(rule: Rule, document: Document, submission: Submission) -> bool:
    """Whether the rule holds for papers of this kind and, where it holds for some persons only, for who wrote it."""
    if document.kind not in rule.applies_to:
        return False
    return not rule.only_for or rule.only_for in submission.flags_of(document)


def _unrecognised(submission: Submission) -> Iterator[NotChecked]:
    """An entry for each paper that was taken for none of the kinds: hardly any rule applies to it."""
    for document in submission.documents:
        if document.kind == "other" and document.kind_source == "detected":
            name = PurePath(document.path).name
            reason = f"{name} 认不出是哪一种考核材料，只查了占位符和规范用语；是考核材料的，请用 --kind 指明后单独检查"
            yield NotChecked(EVERY_RULE, reason)


def _unread(submission: Submission) -> Iterator[Problem]:
    """An error for each file with pages that could not be read: what stands on them was not checked."""
    from checker.readers.scans import INSTALL  # nearly no paper has such pages

    for path, reading in {document.path: document.reading for document in submission.documents}.items():
        pages = reading.unread
        if not pages:
            continue
        shown = "、".join(str(page + 1) for page in pages[:_PAGES_SHOWN]) + ("等" if len(pages) > _PAGES_SHOWN else "")
        message = f"有{len(pages)}页读不到文字（第{shown}页），没有检查，请提供 .docx 文字稿。"
        scans = any(note.what == "scanned" for note in reading.not_read)
        yield Problem(path, "pages-not-read", message + (INSTALL if scans else ""))


def _excused(rule: Rule, finding: Finding, submission: Submission) -> bool:
    """Whether the finding is about a topic that the unit declared not its business."""
    topic = finding.facts.get("topic") or getattr(rule.params, "topic", "")
    return topic in submission.not_applicable


def _finding(rule: Rule, hit: Hit, submission: Submission) -> Finding:
    wording = rule.wording(hit.case)
    facts = {**_settings(rule), **hit.facts}
    caveat = certainty.caveat(hit, submission)
    return Finding(
        rule=rule.id,
        case=hit.case,
        severity=certainty.weighed(wording.severity, hit, caveat),
        clause=hit.clause or rule.clause,
        message=wording.message.format_map(facts) + caveat,
        suggestion=wording.suggestion.format_map(facts),
        document=hit.document,
        span=hit.span,
        at=hit.at,
        facts=hit.facts,
        related=hit.related,
        fingerprint=_fingerprint(rule, hit),
        recognised=caveat == certainty.RECOGNISED,
    )


def _settings(rule: Rule) -> dict[str, object]:
    """The plain parameters of a rule, for its messages ({max})."""
    values = {field.name: getattr(rule.params, field.name) for field in fields(rule.params)}
    return {name: value for name, value in values.items() if isinstance(value, (str, int, float))}


def _fingerprint(rule: Rule, hit: Hit) -> str:
    """16 hex digits that stay the same while the words found, or the thing absent, stay the same."""
    # The title tells two papers of one kind apart (two cadres' reports), and stays when the file gets another name.
    paper = hit.document.kind + _short_title(hit.document) if hit.document else ""
    words = ""
    # A level found by name only keeps its identity however the sentence around it is edited.
    if hit.document is not None and hit.span is not None and not hit.subject and rule.kind.name != "length":
        words = _in_context(hit.document, hit.span)
    # Whether some sentence may be meant comes and goes with its wording; what is wanting stays the same.
    case = "absent" if hit.case == "unsure" else hit.case
    key = "\n".join((rule.id, case, re.sub(r"\s+", "", paper), hit.subject, words))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _in_context(document: Document, span: Span) -> str:
    """The words of `span`; short ones with a few characters of their paragraph on each side.

    The same placeholder may stand in a paper ten times. Whoever accepts one of them has not accepted the others, also
    when that one is gone and another is now the first; a number would say just that.
    """
    words = re.sub(r"\s+", "", document.slice(span))
    if len(words) >= _LONG:
        return words
    first, last = document.block_at(span.start), document.block_at(max(span.end - 1, span.start))
    if first is None or last is None:
        return words
    before = re.sub(r"\s+", "", document.slice(Span(first.span.start, span.start)))
    after = re.sub(r"\s+", "", document.slice(Span(span.end, max(last.span.end, span.end))))
    return "\n".join((before[-_NEAR:], words, after[:_NEAR]))


def _short_title(document: Document) -> str:
    """The title; empty where the paper begins with body text, which is edited like any other."""
    title = document.title
    return document.slice(title) if title is not None and title.end - title.start <= _TITLE_MAX else ""


def _distinct(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings with fingerprints made distinct where the same words are found more than once in a paper."""
    seen: dict[str, int] = {}
    for finding in findings:
        number = seen.get(finding.fingerprint, 0)
        seen[finding.fingerprint] = number + 1
        if number == 0:
            yield finding
        else:
            yield _renumbered(finding, number)


def _renumbered(finding: Finding, number: int) -> Finding:
    key = f"{finding.fingerprint}\n{number}"
    return replace(finding, fingerprint=hashlib.sha256(key.encode()).hexdigest()[:16])


def _in_order(findings: Iterator[Finding], documents: Sequence[Document]) -> list[Finding]:
    """By paper, then by place; things absent come where they belong, those on the whole submission first."""
    number = {id(document): index for index, document in enumerate(documents)}

    def key(finding: Finding) -> tuple[int, int, int]:
        if finding.document is None:
            return -1, 0, 0
        place = finding.place
        return number[id(finding.document)], place.start if place else 0, place.end if place else 0

    return sorted(findings, key=key)


def _note_levels(rule: Rule, paper: Paper, levels: _Levels, excuses: Mapping[str, str]) -> None:
    """Add what the rule says of the paper's facets or topics; of two rules on the same topic the first one counts."""
    if rule.kind.cover is None:
        return
    for level in rule.kind.cover(rule.params, paper):
        excused = replace(level, not_applicable=excuses.get(level.id, ""))
        levels[rule.kind.covers].setdefault(level.id, excused)


def _coverage(notice: Notice, paper: Paper, levels: _Levels) -> Coverage:
    kind = paper.document.kind
    limits = [rule.params.max for rule in notice.rules if rule.kind.name == "length" and kind in rule.applies_to]
    return Coverage(
        paper.document,
        Count(paper.words, min(limits, default=None), COUNT_SCOPE, paper.document.recognised()),
        tuple(levels["facets"].values()),
        tuple(levels["topics"].values()),
    )
