"""What the outputs for people share: safe text, short quotes, the order and grouping of findings, and set phrases.

Nothing here knows a format. Whatever comes from a file (text, names, paths) passes through `visible` before it is
shown: a control character could steer a terminal, hide words or break an XML file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.document import PAPER_KINDS, Document, Note, Span
from checker.report import (
    EVERY_RULE,
    SEVERITIES,
    SOURCE_NAMES,
    VERB_NAMES,
    VERDICT_NAMES,
    Count,
    Decision,
    Finding,
    Level,
    NotChecked,
    Report,
    Severity,
    Stale,
)

SEVERITY_SIGNS: Mapping[Severity, str] = {"error": "×", "warning": "!", "info": "·"}
"""A sign beside the word for each severity, so that no level is told by colour alone."""

FACET_LEVELS: Mapping[str, str] = {"absent": "未写到", "passage": "有段落", "section": "有专门部分"}
TOPIC_LEVELS: Mapping[str, str] = {"absent": "未写到", "named": "只是提到", "substantive": "有实质内容"}
LEVEL_ORDER: tuple[str, ...] = ("absent", "named", "passage", "section", "substantive")
"""From what has to be looked at to what is in order."""

# Controls except tab and line feed, the bidi controls that reorder what is seen, surrogates and noncharacters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NUMERAL = re.compile("[一二三四五六七八九十]+")
_SPACE = re.compile(r"\s+")


def visible(text: str) -> str:
    """The same text with every character that is dangerous to show replaced by “�”.

    The length stays the same, so offsets still hold.
    """
    return _UNSAFE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Safe text on one line: every stretch of white space becomes one space."""
    return _SPACE.sub(" ", visible(text)).strip()


def shorten(text: str, limit: int) -> str:
    """`text` on one line and at most `limit` characters long, cut in the middle: both ends help to find the place."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    tail = (limit - 1) // 3
    return f"{line[: limit - 1 - tail]}…{line[len(line) - tail :]}"


def joined(texts: Iterable[str]) -> str:
    """Sentences or phrases as one sentence without its full stop."""
    return "；".join(one_line(text).rstrip("。；") for text in texts)


def notes(entries: Sequence[Note]) -> str:
    """One part of the reading statement."""
    return joined(note.text for note in entries)


def file_names(paths: Iterable[str]) -> dict[str, str]:
    """How each file is called in a report: by its name, or by its whole path where two files share the name."""
    unique = list(dict.fromkeys(paths))
    names = [re.split(r"[/\\]", path)[-1] or path for path in unique]
    return {path: one_line(path if names.count(name) > 1 else name) for path, name in zip(unique, names, strict=True)}


def report_names(report: Report) -> dict[str, str]:
    """`file_names` of every file that a report speaks of."""
    related = (place.document.path for finding in report.findings for place in finding.related)
    return file_names(
        [*(document.path for document in documents(report)), *(problem.path for problem in report.errors), *related]
    )


def documents(report: Report) -> tuple[Document, ...]:
    """Every paper of the report: those handed in, and any other that coverage or a finding speaks of."""
    found: dict[int, Document] = {}
    named = (finding.document for finding in report.findings if finding.document is not None)
    for document in (*report.submission.documents, *(item.document for item in report.coverage), *named):
        found.setdefault(id(document), document)
    return tuple(found.values())


def by_file(report: Report) -> dict[str, list[Document]]:
    """The papers of each file, in the order in which they stand in it."""
    files: dict[str, list[Document]] = {}
    for document in documents(report):
        files.setdefault(document.path, []).append(document)
    return files


def kind_name(document: Document) -> str:
    """What sort of paper it is, in Chinese."""
    return PAPER_KINDS.get(document.kind, one_line(document.kind))


def whereabouts(finding: Finding, document: Document, names: Mapping[str, str]) -> str:
    """How a related place is named, as seen from the paper that the finding is on."""
    if document is finding.document:
        return "本材料"
    if finding.document is not None and document.path == finding.document.path:
        return kind_name(document)
    return f"{names.get(document.path, one_line(document.path))}，{kind_name(document)}"


def rule_names(report: Report) -> dict[str, str]:
    """Chinese name of each rule of the notice."""
    return {**{rule.id: one_line(rule.name) for rule in report.notice.rules}, EVERY_RULE: "各文种的规则"}


def recognition(document: Document) -> str:
    """Why a paper was taken for what it is."""
    reason = one_line(document.kind_reason)
    if document.kind_source == "given":
        return "由使用者指定"
    return f"系统识别，{reason}" if reason else "系统识别"


def nothing_found(document: Document, *, checked: bool) -> str:
    """What to say where a paper has no findings: a paper that no rule knows must not look clean."""
    if not checked:
        return "没有检查结果"
    if document.kind == "other" and document.kind_source == "detected":
        return "认不出是哪一种考核材料，只查了占位符和规范用语"
    return "没有发现问题" + ("（文字由识别得来，仍请核对原件）" if document.recognised() else "")


def clause_name(clause: str) -> str:
    """How a clause of the notice is cited."""
    name = one_line(clause)
    if not name:
        return ""
    # A bare numeral reads oddly behind the word: the notice calls such a clause by its part.
    return f"通知第{name}部分" if _NUMERAL.fullmatch(name) else f"通知{name}"


def clamp(document: Document, span: Span) -> Span:
    """`span` inside the text, whatever a rule made of it."""
    start = min(max(span.start, 0), len(document.text))
    return Span(start, min(max(span.end, start), len(document.text)))


@dataclass(frozen=True, slots=True)
class Group:
    """Findings to be told together: one, or several that say the same of the same place with different names."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """What the findings of the group share: rule, case, severity, clause and suggestion."""
        return self.findings[0]


def _place_order(finding: Finding) -> tuple[int, int]:
    place = finding.place
    return (-1, 0) if place is None else (place.start, -place.end)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order of the text; of two that begin together the longer comes first."""
    return sorted(findings, key=_place_order)


def _grouped(findings: Iterable[Finding], place: Callable[[Finding], object]) -> tuple[Group, ...]:
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        decided = finding.accepted and decision_phrase(finding.accepted)
        key = (
            finding.rule,
            finding.case,
            finding.severity,
            finding.clause,
            finding.suggestion,
            place(finding),
            decided,
        )
        # Places in other papers have to be told one by one.
        groups.setdefault(id(finding) if finding.related else key, []).append(finding)
    return tuple(Group(tuple(members)) for members in groups.values())


def by_place(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Groups in the order of the text: what one rule says of one paragraph, or misses in one place."""

    def place(finding: Finding) -> object:
        if finding.document is None or finding.span is None:
            return finding.at
        return finding.document.block_index(finding.span.start)

    return _grouped(in_order(findings), place)


def by_rule(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Groups by severity, then in the order of the text: all that one rule says of a paper in the same words.

    Those that a person accepted come last.
    """
    ordered = sorted(
        in_order(findings), key=lambda finding: (finding.accepted is not None, SEVERITIES.index(finding.severity))
    )
    return _grouped(ordered, lambda finding: finding.span is None)


def accepted_name(decision: Decision) -> str:
    """What became of a finding that a person accepted, in two or three characters."""
    return {"ignored": "已忽略", "checked": "已核实", "baseline": "基线"}[decision.verb]


def decision_phrase(decision: Decision) -> str:
    """The reason of a decision, and whose it is."""
    who = one_line(decision.by) or "未署名"
    where = SOURCE_NAMES[decision.source]
    given = "，".join(part for part in (who, one_line(decision.date), where) if part)
    return f"{one_line(decision.reason) or '（没有理由）'}（{given}）"


def stale_phrase(stale: Stale, names: Mapping[str, str]) -> str:
    """A decision that holds for nothing any more: what it was about, what it said, and why it does not hold."""
    rule = names.get(stale.decision.rule, one_line(stale.decision.rule)) or "没有写明规则"
    return f"{rule}，{VERB_NAMES[stale.decision.verb]}：{decision_phrase(stale.decision)}。{stale.why}"


def count_phrase(count: Count) -> str:
    """字数 and its limit in one phrase."""
    value = f"约{count.value}字（文字由识别得来）" if count.recognised else f"{count.value}字"
    if count.limit is None:
        return f"{value}，通知没有规定上限"
    if count.value > count.limit:
        return f"{value}，上限{count.limit}字，超出{count.value - count.limit}字"
    return f"{value}，上限{count.limit}字"


def level_name(level: Level, names: Mapping[str, str]) -> str:
    """The level of a facet or topic in Chinese."""
    return "不适用" if level.not_applicable else names.get(level.level, one_line(level.level))


def how_found(level: Level) -> str:
    """What to add to a level that rests on the meaning of a sentence and not on the topic's terms; else nothing."""
    if level.by == "terms" or level.not_applicable:
        return ""
    return "（可能是这一句）" if level.level == "absent" else "（按句意判断）"


def by_level(levels: Sequence[Level]) -> Iterator[tuple[str, list[Level]]]:
    """Levels that occur, from what has to be looked at to what is in order; `not-applicable` comes last."""
    sorted_levels: dict[str, list[Level]] = {name: [] for name in LEVEL_ORDER}
    for level in levels:
        sorted_levels.setdefault("not-applicable" if level.not_applicable else level.level, []).append(level)
    last = sorted_levels.pop("not-applicable", [])
    yield from ((name, members) for name, members in sorted_levels.items() if members)
    if last:
        yield "not-applicable", last


def by_reason(entries: Sequence[NotChecked], names: Mapping[str, str]) -> dict[str, list[str]]:
    """Names of the rules that could not run, by the reason why."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        rules = reasons.setdefault(one_line(entry.reason), [])
        name = names.get(entry.rule, one_line(entry.rule))
        if name not in rules:
            rules.append(name)
    return reasons


def counts_phrase(report: Report) -> str:
    """How many findings there are of each severity, in words."""
    counts = report.counts()
    return f"错误{counts['error']}处，提醒{counts['warning']}处，提示{counts['info']}处"


def advice(report: Report) -> str:
    """What the verdict means for the person who hands the papers in."""
    counts = report.counts()
    if report.errors:
        rest = f"；已检查的材料中有错误{counts['error']}处" if counts["error"] else ""
        return f"有{len(report.errors)}个文件没有检查，结果不完整{rest}。请先解决读不了的文件，再检查一遍。"
    if counts["error"]:
        settled = f"另有{len(report.accepted)}处已有处理意见，不再计入。" if report.accepted else ""
        return f"有{counts['error']}处不符合通知要求，请改好后再报。{settled}"
    if nothing_checked(report):
        return "没有收到任何材料，什么也没有检查。"
    skipped = f"另有{len(report.not_checked)}项没有检查，见文末。" if report.not_checked else ""
    settled = f"另有{len(report.accepted)}处已有处理意见，不再计入。" if report.accepted else ""
    if report.open:
        return f"没有必须修改的错误；有{len(report.open)}处请人工核对。{settled}{skipped}"
    if report.accepted:
        return f"查出的{len(report.accepted)}处都已有处理意见，没有别的问题。{skipped}"
    return f"按本通知的规则没有发现问题。{skipped}"


def nothing_checked(report: Report) -> bool:
    """Whether there was nothing to check: silence must not look like a pass."""
    return not (documents(report) or report.errors or report.findings)


def verdict_name(report: Report) -> str:
    """The verdict in one phrase."""
    if report.verdict == "pass" and report.accepted:
        return "没有待处理的问题"
    return "没有检查任何材料" if nothing_checked(report) else VERDICT_NAMES[report.verdict]


def heading_of(document: Document, span: Span) -> str:
    """The heading (or title) under which `span` stands; empty where there is none above it."""
    last = bisect_right(document.blocks, span.start, key=lambda block: block.span.start)
    for block in reversed(document.blocks[:last]):
        words = document.slice(block.span)
        if block.kind in ("title", "heading") and words.strip():
            return one_line(block.label + words)
    return ""


def version() -> str:
    """Version of the checker, for the foot of a report."""
    import checker  # not at the top: the package itself imports the renderers

    return str(getattr(checker, "__version__", ""))
