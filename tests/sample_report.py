"""One report for every renderer to show: built by hand, so that no reader, rule or notice can change it.

Two files were read and one was not. The first file holds the summary and three lists, cut into papers; the second holds
a cadre's report with everything a hostile or broken file may contain. All units and people are placeholders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from checker.document import Anchor, Block, BlockKind, Cell, Document, Note, Reading, Span, Submission
from checker.report import Count, Coverage, Finding, Level, NotChecked, Place, Problem, Report, Severity

if TYPE_CHECKING:
    from checker.notice import Notice

COMBINED = "材料/示例单位2020年度总结及清单.docx"
CADRE = "材料/述职报告<张某>&“终稿”.txt"
UNREADABLE = "材料/<img src=x onerror=alert(1)>\udcff加密.doc"

SCRIPT = "<script>alert(1)</script>"
CONTROLS = "夹带\x07响铃\x1b[31m转义\x00空字符\x85与\u202e反向\u2066隔离\ud800孤立代理"
LONG_WORD = "https://example.invalid/" + "a" * 600
LONG_LINE = "没有标点的超长段落" * 120


@dataclass(frozen=True)
class SampleRule:
    """As much of a rule as a renderer may use."""

    id: str
    name: str
    clause: str
    severity: Severity


@dataclass(frozen=True)
class SampleNotice:
    """As much of a notice as a renderer may use."""

    id: str
    title: str
    number: str
    year: int
    rules: tuple[SampleRule, ...]


SECOND = "三（二）1·第2段"
THIRD = "三（二）1·第3段"
FOURTH = "三（二）1·第4段"

RULES = (
    SampleRule("summary-length", "领导班子工作总结字数", SECOND, "error"),
    SampleRule("summary-facets", "领导班子工作总结五个方面", SECOND, "error"),
    SampleRule("summary-topics", "领导班子工作总结应写事项", SECOND, "warning"),
    SampleRule("summary-approval", "集体研究审定", THIRD, "info"),
    SampleRule("lists-present", "四个清单齐全", THIRD, "error"),
    SampleRule("list-empty", "清单内容为空", THIRD, "error"),
    SampleRule("report-length", "述职报告字数", FOURTH, "error"),
    SampleRule("report-study", "述学", FOURTH, "warning"),
    SampleRule("report-topics", "述职报告应写事项", FOURTH, "warning"),
    SampleRule("figure-conflict", "数据前后不一致", "四", "error"),
    SampleRule("figure-arithmetic", "数据计算有误", "四", "warning"),
    SampleRule("placeholder", "占位文字未替换", "四", "error"),
    SampleRule("fixed-expression", "规范用语", "四", "warning"),
    SampleRule("copied-text", "与其他材料雷同", "四", "warning"),
    SampleRule("foreign-name", "他单位名称", "四", "warning"),
)

NOTICE = cast(
    "Notice",
    SampleNotice("sample-2020", "关于示例市年度考核工作的通知", "示例〔2020〕1号", 2020, RULES),
)

Row = tuple[BlockKind, str] | tuple[BlockKind, str, int] | tuple[BlockKind, str, int, str]


def document(path: str, rows: Sequence[Row | tuple[Cell, str]], reading: Reading) -> Document:
    """A document of one block a row: (kind, text[, level[, label]]), or (cell, text) inside a table."""
    blocks: list[Block] = []
    anchors: list[Anchor] = []
    parts: list[str] = []
    offset = 0
    for row in rows:
        kind, text = row[0], row[1]
        span = Span(offset, offset + len(text))
        if isinstance(kind, Cell):
            blocks.append(Block("cell", span, cell=kind))
        else:
            level = row[2] if len(row) > 2 else 0
            blocks.append(Block(kind, span, level, row[3] if len(row) > 3 else ""))
        if text:
            anchors.append(Anchor(span.start, span.end, "word/document.xml", len(anchors), 0))
        parts.append(text)
        offset = span.end + 1
    text = "\n".join(parts)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Document(path, path.rpartition(".")[2], text, tuple(blocks), tuple(anchors), reading, digest)


def at(paper: Document, words: str) -> Span:
    """Where `words` stand for the first time."""
    start = paper.text.index(words)
    return Span(start, start + len(words))


_COMBINED_ROWS: tuple[Row | tuple[Cell, str], ...] = (
    ("title", "示例单位领导班子"),
    ("title", "2020年度工作总结"),
    (
        "paragraph",
        "2020年，示例单位领导班子围绕年度目标任务开展工作，全年完成投资12.5亿元，办结群众来信86件，"
        "现将有关情况总结如下。",
    ),
    ("heading", "政治思想建设", 1, "一、"),
    (
        "paragraph",
        "增强“四个意识”，坚定“三个自信”，组织理论学习中心组学习14次，开展专题研讨6次，撰写调研报告9篇。"
        "统筹推进宗教、禁毒、消防等工作。",
    ),
    ("heading", "领导能力和工作实绩", 1, "二、"),
    ("heading", "项目建设", 2, "（一）"),
    ("list-item", "新开工项目8个，竣工5个，其中XX项目进度过半；完成投资13.2亿元，同比增长6%。", 1, "1."),
    ("list-item", "下放审批事项23项，平均办理时限由7天压缩到3天，\n企业满意率为103%。", 1, "2."),
    ("paragraph", ""),
    (Cell(0, 0, 0), "指标"),
    (Cell(0, 0, 1), "目标"),
    (Cell(0, 0, 2), "完成"),
    (Cell(0, 1, 0), "完成投资"),
    (Cell(0, 1, 1), "12亿元"),
    (Cell(0, 1, 2), "13.2亿元"),
    (Cell(0, 2, 0), "企业满意率"),
    (Cell(0, 2, 2), "98%"),
    (Cell(0, 2, 2), "（第三方测评）"),
    ("heading", "作风建设", 1, "三、"),
    ("paragraph", "精简会议三成，班子成员下沉一线调研120人次，解决具体困难47个。"),
    ("textbox", "文本框：全年未发生安全生产责任事故。"),
    ("footnote", "数据截至2020年12月15日。", 0, "1"),
    ("title", "实绩清单"),
    ("list-item", "完成投资13.2亿元，为年度目标12亿元的110%。", 1, "1."),
    ("list-item", "获得全市考评先进单位。", 1, "2."),
    ("title", "特色工作清单"),
    ("list-item", "“一窗通办”在全市推广，办理时限压缩到3天。", 1, "1."),
    ("title", "问题清单"),
    ("paragraph", "暂无"),
)

_CADRE_ROWS: tuple[Row | tuple[Cell, str], ...] = (
    ("title", "2020年度述职述廉述学报告"),
    ("paragraph", f"示例单位 张某 {SCRIPT} 全年参加集中学习12次。"),
    ("heading", "德 & 能 <b>勤</b>", 1),
    ("paragraph", "办结群众来信68件，包联3个村，推动12户困难家庭增收。"),
    ("paragraph", CONTROLS),
    ("paragraph", LONG_WORD),
    ("paragraph", LONG_LINE),
)

WHOLE = document(
    COMBINED,
    _COMBINED_ROWS,
    Reading(
        (
            Note("paragraphs", 20, "正文20段"),
            Note("tables", 1, "表格1个"),
            Note("inserted", 2, "修订插入2处，按接受计"),
        ),
        (Note("pictures", 3, "图片3张，其中的文字没有读"), Note("comments", 1, "批注1条，不算正文")),
    ),
)
CADRE_REPORT_WHOLE = document(CADRE, _CADRE_ROWS, Reading((Note("paragraphs", 7, "正文7段"),)))


def _cut(kind: str, first: str, until: str | None) -> Document:
    start = WHOLE.text.index(first)
    end = len(WHOLE.text) if until is None else WHOLE.text.index(until, start) - 1
    return WHOLE.part(Span(start, end), kind, f"标题为“{first}”")


SUMMARY = _cut("team-summary", "示例单位领导班子", "实绩清单")
ACHIEVEMENTS = _cut("achievement-list", "实绩清单", "特色工作清单")
FEATURES = _cut("feature-list", "特色工作清单", "问题清单")
PROBLEMS = _cut("problem-list", "问题清单", None)
CADRE_REPORT = CADRE_REPORT_WHOLE.part(
    Span(0, len(CADRE_REPORT_WHOLE.text)), "cadre-report", "标题为“述职述廉述学报告”"
)

_SUGGEST_TOPIC = "补充本单位在这方面的做法和结果；确与本单位职责无关的，在参数中说明原因。"


def finding(
    rule: str,
    severity: Severity,
    message: str,
    paper: Document | None = None,
    words: str | Span | None = None,
    *,
    case: str = "",
    suggestion: str = "",
    at_: Span | None = None,
    facts: Mapping[str, object] | None = None,
    related: tuple[Place, ...] = (),
) -> Finding:
    """A finding on `words` (a stretch, or the first place where that string stands) of `paper`."""
    clause = next(known.clause for known in RULES if known.id == rule)
    span = at(paper, words) if paper is not None and isinstance(words, str) else words
    fingerprint = hashlib.sha256(f"{rule}|{case}|{message}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Finding(
        rule,
        case,
        severity,
        clause,
        message,
        suggestion,
        paper,
        span if isinstance(span, Span) else None,
        at_,
        facts or {},
        related,
        fingerprint,
    )


def _absent(topic: str) -> Finding:
    return finding(
        "summary-topics",
        "warning",
        f"没有写到“{topic}”",
        SUMMARY,
        case="absent",
        suggestion=_SUGGEST_TOPIC,
        at_=SUMMARY.title,
        facts={"topic": topic},
    )


_ABSENT = ("人才工作", "意识形态工作责任", "统一战线（含宗教工作）", "双拥工作", "党建带团建")
_NAMED = ("宗教", "禁毒", "消防")
_OVER = Span(at(SUMMARY, "精简会议").start, len(SUMMARY.text))
_ACROSS = Span(at(SUMMARY, "其中XX项目").start, at(SUMMARY, "下放审批事项23项").end)

FINDINGS: tuple[Finding, ...] = (
    finding(
        "summary-length",
        "error",
        "全文3612字，超过3500字上限112字",
        SUMMARY,
        _OVER,
        suggestion="压缩到3500字以内。",
        facts={"count": 3612, "max": 3500, "over": 112},
    ),
    finding(
        "summary-facets",
        "error",
        "没有写到“党风廉政建设”方面",
        SUMMARY,
        case="absent",
        suggestion="增加这方面的内容，可单列一个部分。",
        at_=SUMMARY.title,
        facts={"facet": "党风廉政建设"},
    ),
    *(_absent(topic) for topic in _ABSENT),
    *(
        finding(
            "summary-topics",
            "info",
            f"“{topic}”只在列举中提到，没有写具体做法或结果",
            SUMMARY,
            topic,
            case="named",
            suggestion=_SUGGEST_TOPIC,
            facts={"topic": topic},
        )
        for topic in _NAMED
    ),
    finding(
        "fixed-expression",
        "warning",
        "“三个自信”应为“四个自信”",
        SUMMARY,
        "“三个自信”",
        suggestion="改为“四个自信”。",
    ),
    finding("placeholder", "error", "占位文字“XX”没有替换", SUMMARY, "XX", suggestion="写明具体名称。"),
    finding(
        "figure-conflict",
        "warning",
        "“完成投资”前后不一致：12.5亿元、13.2亿元",
        SUMMARY,
        "完成投资12.5亿元",
        suggestion="核对后统一。",
        related=(
            Place(SUMMARY, at(SUMMARY, "完成投资13.2亿元")),
            Place(ACHIEVEMENTS, at(ACHIEVEMENTS, "完成投资13.2亿元")),
        ),
    ),
    finding(
        "figure-conflict",
        "error",
        "“办结群众来信”在两份材料中不一致：86件、68件",
        SUMMARY,
        "办结群众来信86件",
        case="across",
        suggestion="核对后统一。",
        related=(Place(CADRE_REPORT, at(CADRE_REPORT, "办结群众来信68件")),),
    ),
    finding("figure-arithmetic", "warning", "比例超过100%", SUMMARY, "企业满意率为103%", suggestion="核对后更正。"),
    finding(
        "copied-text", "warning", "与另一份材料有较长的相同文字", SUMMARY, _ACROSS, suggestion="用本单位的事实改写。"
    ),
    finding("foreign-name", "info", "建议核对：这里是不是本单位的项目", SUMMARY, "XX项目进度过半"),
    finding(
        "summary-approval",
        "info",
        "没有看到党委（党组）集体研究审定的说明",
        SUMMARY,
        suggestion="报送前注明审定情况。",
        at_=at(SUMMARY, "作风建设"),
    ),
    finding("list-empty", "error", "问题清单只写了“暂无”", PROBLEMS, "暂无", suggestion="梳理主要问题和不足。"),
    finding(
        "report-study",
        "warning",
        f"述学部分没有写学习效果{SCRIPT}",
        CADRE_REPORT,
        f"{SCRIPT} 全年参加集中学习12次",
        suggestion="写明学了什么、怎么学、有什么效果。",
    ),
    finding("copied-text", "warning", "建议核对：段落过长", CADRE_REPORT, LONG_LINE, case="long"),
    finding("foreign-name", "info", f"建议核对：{CONTROLS}", CADRE_REPORT, CONTROLS),
    finding(
        "lists-present",
        "error",
        "缺少建议清单",
        suggestion="补报建议清单，或写在总结的附件中。",
        facts={"missing": "建议清单"},
        related=(Place(PROBLEMS, at(PROBLEMS, "问题清单")),),
    ),
)


def _topic(id_: str, name: str, level: str, *words: str) -> Level:
    return Level(id_, name, level, tuple(at(SUMMARY, word) for word in words))


_SUMMARY_COVERAGE = Coverage(
    SUMMARY,
    Count(3612, 3500, "正文、表格、文本框、脚注；不含自动编号、页眉页脚、批注和已删除的修订"),
    (
        Level("politics", "政治思想建设", "section", (at(SUMMARY, "政治思想建设"),)),
        Level("leadership", "领导能力", "section", (at(SUMMARY, "领导能力"),)),
        Level("achievements", "工作实绩", "section", (at(SUMMARY, "工作实绩"),)),
        Level("integrity", "党风廉政建设", "absent"),
        Level("conduct", "作风建设", "passage", (at(SUMMARY, "精简会议三成"), at(SUMMARY, "解决具体困难47个"))),
    ),
    (
        _topic("four-consciousnesses", "增强“四个意识”", "substantive", "增强“四个意识”"),
        _topic("theory-study", "理论学习", "substantive", "组织理论学习中心组学习14次", "开展专题研讨6次"),
        _topic("projects", "项目建设", "substantive", "新开工项目8个，竣工5个，其中XX项目进度过半", "完成投资13.2亿元"),
        Level("business-environment", "营商环境", "substantive", (at(SUMMARY, "下放审批事项23项"),), by="meaning"),
        _topic("work-safety", "安全生产", "substantive", "全年未发生安全生产责任事故"),
        _topic("religion", "宗教", "named", "统筹推进宗教、禁毒、消防等工作"),
        _topic("drug-control", "禁毒", "named", "统筹推进宗教、禁毒、消防等工作"),
        _topic("fire-safety", "消防", "named", "统筹推进宗教、禁毒、消防等工作"),
        *(Level(f"absent-{number}", name, "absent") for number, name in enumerate(_ABSENT)),
        Level("women-children", "妇女儿童", "absent", (), "本单位不承担这项职责"),
    ),
)


def _list_coverage(paper: Document) -> Coverage:
    return Coverage(paper, Count(sum(not letter.isspace() for letter in paper.text), None, "正文"))


COVERAGE = (
    _SUMMARY_COVERAGE,
    *(_list_coverage(paper) for paper in (ACHIEVEMENTS, FEATURES, PROBLEMS)),
    Coverage(
        CADRE_REPORT,
        Count(2950, 3000, "正文"),
        (Level("virtue", "德", "section", (at(CADRE_REPORT, "德 & 能"),)), Level("ability", "能", "absent")),
    ),
)

REPORT = Report(
    Submission(
        (SUMMARY, ACHIEVEMENTS, FEATURES, PROBLEMS, CADRE_REPORT),
        unit="示例单位",
        unit_type="市直单位",
        person="张某",
        flags=frozenset({"non-party"}),
        not_applicable={"women-children": "本单位不承担这项职责"},
    ),
    NOTICE,
    FINDINGS,
    COVERAGE,
    (
        NotChecked("copied-text", "没有其他单位的材料可以比对"),
        NotChecked("foreign-name", "没有花名册"),
        NotChecked("rule-of-next-year", "没有花名册"),
    ),
    (Problem(UNREADABLE, "encrypted", f"文件有密码，打不开{SCRIPT}"),),
)

EMPTY = Report(Submission((FEATURES,)), NOTICE, (), (_list_coverage(FEATURES),), ())
"""Nothing found: one paper, no unit, no errors."""

NOTHING = Report(Submission(()), NOTICE, (), (), (), ())
"""Nothing handed in at all."""
