"""One screening for every output of a screening to show: a dozen made-up units, each there to show one thing.

SCREENING holds at least one of everything that a `Screening` can say. HOSTILE stands for names as an attacker or a
broken archive would choose them; they come through as a unit, a person and files.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from checker.report import SEVERITIES, Problem, Verdict
from checker.roster import Due
from checker.screening.cards import Assignment, Key
from checker.screening.result import (
    CopyLine,
    DueLine,
    FigureLine,
    FindingLine,
    PaperLine,
    Round,
    Screening,
    Side,
    UnitLine,
)

PAGE = "考核材料检查报告.html"
TOPICS = (
    ("economy", "经济社会发展"),
    ("work-safety", "安全生产"),
    ("petitions", "信访稳定"),
    ("religion", "宗教工作"),
    ("fire-safety", "消防"),
)
FACETS = (("politics", "政治思想建设"), ("conduct", "作风建设"))
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e县\x07=1+1"
HOSTILE_FILE = "javascript:alert(1)//<b>\udcff.docx"
SUMMARY, LISTS = "领导班子工作总结.docx", "四个清单.docx"
LONG = "（由原十七个机构合并组成并承担跨区域协调职责的）" * 2


def topics(levels: str) -> dict[str, str]:
    """One letter a topic: x absent, n named, s substantive, - not-applicable."""
    names = {"x": "absent", "n": "named", "s": "substantive", "-": "not-applicable"}
    return {ident: names[letter] for (ident, _), letter in zip(TOPICS, levels, strict=True)}


def facets(levels: str) -> dict[str, str]:
    """One letter a facet: x absent, p passage, s section."""
    names = {"x": "absent", "p": "passage", "s": "section"}
    return {ident: names[letter] for (ident, _), letter in zip(FACETS, levels, strict=True)}


def finding(rule: str, severity: str, message: str, paper: str = "", person: str = "") -> FindingLine:
    """A finding whose fingerprint is made of its rule and message."""
    kind = "cadre-report" if person else "team-summary"
    return FindingLine(rule, f"{rule}-{message}", severity, message, "", "三（二）1·第2段", paper, kind, person)


TOO_LONG = finding("summary-length", "error", "全文3820字，超过3500字的上限320字。", f"禾渡县/{SUMMARY}")
NO_RELIGION = finding("summary-topics", "warning", "没有找到「宗教工作」的内容。", f"禾渡县/{SUMMARY}")
NO_FIRE = finding("summary-topics", "warning", "没有找到「消防」的内容。", f"禾渡县/{SUMMARY}")
PLACEHOLDER = finding("placeholder", "error", "「××」是没有替换的占位文字。", "禾渡县/述职报告-示例甲.docx", "示例甲")
MISSING = finding("papers-present", "error", "没有收到问题清单。")
UNREAD = Problem("汀原县/加密的总结.docx", "password", "文件有密码，打不开。请去掉密码再报。")


def paper(
    unit: str,
    name: str,
    kind: str,
    words: int,
    counts: tuple[int, int, int] = (0, 0, 0),
    person: str = "",
    part: int = 0,
) -> PaperLine:
    """A paper under the folder of its unit; limits are those of the notice: 3500 for a summary, 3000 for a report."""
    limit = {"team-summary": 3500, "cadre-report": 3000}.get(kind)
    page = f"单位/{unit}/{PAGE}"
    copy = f"单位/{unit}/{name.removesuffix('.docx')}（审查批注）.docx" if counts[0] else ""
    over = limit is not None and words > limit
    return PaperLine(f"{unit}/{name}", part, unit, person, kind, words, limit, over, False, *counts, page, copy)


def owed(unit: str, kind: str, *files: str, person: str = "", reason: str = "领导班子应当提交。") -> DueLine:
    """A paper that is owed, with the files that answer it."""
    return DueLine(Due(unit, person, kind, "owed", "三（二）1", reason), files)


def unit(
    name: str,
    verdict: Verdict,
    *papers: PaperLine,
    unit_type: str = "county",
    known: bool = True,
    dues: tuple[DueLine, ...] = (),
    findings: tuple[FindingLine, ...] = (),
    problems: tuple[Problem, ...] = (),
    surplus: tuple[str, ...] = (),
    levels: Mapping[str, str] | None = None,
    parts: Mapping[str, str] | None = None,
    turn: Round | None = None,
    accepted: int = 0,
) -> UnitLine:
    """A unit whose counts are those of its findings; one to be sent back has a form."""
    counts = [sum(one.severity == severity for one in findings) for severity in SEVERITIES]
    folder = f"单位/{name}"
    page = f"{folder}/{PAGE}" if papers or problems else ""
    form = f"{folder}/{name}审查意见表.docx" if verdict == "return" else ""
    return UnitLine(
        *(name, unit_type, known, verdict, *counts, accepted, papers, dues, findings, problems, surplus),
        *(levels or {}, parts or {}, page, form, turn),
    )


UNITS = (
    unit(  # a file with a password; papers are missing
        "汀原县",
        "error",
        paper("汀原县", LISTS, "achievement-list", 910),
        dues=(
            owed("汀原县", "team-summary"),
            owed("汀原县", "achievement-list", f"汀原县/{LISTS}"),
            owed("汀原县", "cadre-report", person="示例乙", reason="在本单位任职满半年，应当提交述职报告。"),
        ),
        problems=(UNREAD,),
    ),
    unit(  # a name that would break out of any page, sheet or terminal
        HOSTILE,
        "return",
        paper(HOSTILE, HOSTILE_FILE, "cadre-report", 2100, (1, 0, 0), HOSTILE),
        unit_type="municipal",
        findings=(finding("placeholder", "error", HOSTILE, HOSTILE_FILE, HOSTILE),),
        surplus=(HOSTILE_FILE,),
    ),
    unit(  # the gravest that could be read: over the limit, topics absent, a second round
        "禾渡县",
        "return",
        paper("禾渡县", SUMMARY, "team-summary", 3820, (1, 2, 0)),
        paper("禾渡县", LISTS, "achievement-list", 1204),
        paper("禾渡县", LISTS, "feature-list", 806, part=1),
        paper("禾渡县", "述职报告-示例甲.docx", "cadre-report", 3105, (1, 0, 0), "示例甲"),
        dues=(
            owed("禾渡县", "team-summary", f"禾渡县/{SUMMARY}"),
            owed("禾渡县", "achievement-list", f"禾渡县/{LISTS}"),
            owed("禾渡县", "problem-list"),
            owed("禾渡县", "cadre-report", "禾渡县/述职报告-示例甲.docx", person="示例甲"),
            DueLine(
                Due(
                    *("禾渡县", "示例丙", "cadre-report", "none", "一·3"),
                    *("本年度病事假累计超过半年，不提交述职报告。", "不确定等次"),
                )
            ),
            DueLine(Due("禾渡县", "示例丁", "cadre-report", "special", "一·5", "正在接受审查，按有关规定办理。")),
        ),
        findings=(TOO_LONG, PLACEHOLDER, MISSING, NO_RELIGION, NO_FIRE),
        surplus=("禾渡县/活动照片说明.docx",),
        levels=topics("ssnxx"),
        parts=facets("sx"),
        turn=Round(
            (finding("list-empty", "error", "问题清单是空的。"),),
            (TOO_LONG, NO_FIRE),
            (PLACEHOLDER,),
            False,
            {f"禾渡县/{SUMMARY}": 0.93},
        ),
    ),
    unit(  # everything was there in the round before, nothing now
        "市示例局",
        "return",
        unit_type="municipal",
        dues=(owed("市示例局", "team-summary"), owed("市示例局", "problem-list")),
        findings=(MISSING,),
        turn=Round(missing=True),
    ),
    unit(
        "柳溪县",
        "remarks",
        paper("柳溪县", SUMMARY, "team-summary", 3488, (0, 1, 1)),
        dues=(owed("柳溪县", "team-summary", f"柳溪县/{SUMMARY}"),),
        findings=(NO_RELIGION, finding("summary-approval", "info", "没有写明经集体研究审定。")),
        levels=topics("sssxn"),
        parts=facets("sp"),
        accepted=1,
    ),
    unit(  # not on the roster
        "青塬开发区",
        "remarks",
        paper("青塬开发区", SUMMARY, "team-summary", 2900, (0, 1, 0)),
        unit_type="zone",
        known=False,
        findings=(NO_FIRE,),
        levels=topics("sssnx"),
        parts=facets("ss"),
    ),
    unit(
        f"市示例服务中心{LONG}",
        "pass",
        paper(f"市示例服务中心{LONG}", SUMMARY, "team-summary", 3010),
        unit_type="municipal",
        levels=topics("ss-ss"),
        parts=facets("ss"),
    ),
    *(
        unit(
            name,
            "pass",
            paper(name, SUMMARY, "team-summary", 3000 + 70 * number),
            unit_type=unit_type,
            dues=(owed(name, "team-summary", f"{name}/{SUMMARY}"),),
            levels=topics("sssss"),
            parts=facets("ss"),
        )
        for number, (name, unit_type) in enumerate(
            {
                "临榆县": "county",
                "云台县": "county",
                "市示例委员会": "municipal",
                "市示例办公室": "municipal",
                "东岭开发区": "zone",
            }.items()
        )
    ),
)


def side(name: str, file: str, quote: str, person: str = "") -> Side:
    """One side of a pair, in a paper of a unit of this screening."""
    kind = "cadre-report" if person else "team-summary"
    return Side(name, person, f"{name}/{file}", kind, quote, f"单位/{name}/{PAGE}")


COPIES = (
    CopyLine(
        side("柳溪县", SUMMARY, "全年组织安全生产检查126次，排查隐患312处，全部整改到位，群众反映的问题件件有着落。"),
        side(
            "青塬开发区", SUMMARY, "全年组织安全生产检查98次，排查隐患207处，全部整改到位，群众反映的问题件件有着落。"
        ),
        *(412, 14, 3),
    ),
    CopyLine(
        side("禾渡县", "述职报告-示例甲.docx", "一年来，我坚持把学习作为首要任务，制定了每月学习计划。", "示例甲"),
        side(HOSTILE, HOSTILE_FILE, f"一年来，我坚持把学习作为首要任务，{HOSTILE}。", HOSTILE),
        *(96, 5, 1),
    ),
    CopyLine(
        side("临榆县", SUMMARY, "对照年初目标，逐项建立台账。"),
        Side("", "", "去年/临榆县总结.docx", "team-summary", "对照年初目标，逐项建立台账。"),
        *(3000, 100, 1, True),
    ),
)
FIGURES = (
    FigureLine(
        "全市生产总值增速",
        "2020年",
        (
            (
                "3.2%",
                (side("禾渡县", SUMMARY, "全市生产总值增长3.2%"), side("柳溪县", SUMMARY, "全市生产总值增速3.2%")),
            ),
            ("3.5%", (side("临榆县", SUMMARY, "全市生产总值同比增长3.5%"),)),
        ),
    ),
)
NOBODY = (Assignment(Key("散件/新建文档.docx", 0), "", "", "other", "none", "文件名、标题和正文都没有写明单位。"),)
SET_ASIDE = (
    Assignment(
        *(Key("禾渡县/总结（初稿）.docx", 0), "禾渡县", "", "team-summary", "sure", "文件夹叫「禾渡县」。"),
        *(Key(f"禾渡县/{SUMMARY}", 0), "older"),
    ),
    Assignment(
        *(Key("备份/柳溪县总结.docx", 0), "柳溪县", "", "team-summary", "sure", "标题写明「柳溪县」。"),
        *(Key(f"柳溪县/{SUMMARY}", 0), "same"),
    ),
)
GUESSES = (
    *(
        Assignment(Key(one.name, one.part), line.name, one.person, one.kind, "sure", f"文件夹叫「{line.name}」。")
        for line in UNITS
        for one in line.papers
    ),
    Assignment(
        Key("散件/青源开发区材料.docx", 0),
        "青塬开发区",
        "",
        "team-summary",
        "guess",
        "文件名里的「青源」和「青塬」相近。",
    ),
    *SET_ASIDE,
    *NOBODY,
)

SCREENING = Screening(
    title="示例市2020年度考核材料",
    notice="关于示例市年度考核工作的通知（示例〔2020〕1号）",
    year=2020,
    version="0.0.0",
    made=datetime(2020, 12, 28, 16, 5),
    roster=True,
    units=UNITS,
    topics=TOPICS,
    facets=FACETS,
    copies=COPIES,
    figures=FIGURES,
    nobody=NOBODY,
    set_aside=SET_ASIDE,
    guesses=GUESSES,
    unread=(UNREAD, Problem("散件/损坏.docx", "broken", "文件已损坏，打不开。请重新导出再报。")),
    skipped=4,
    bad_rows=("第7行：没有写单位，这一行没有用。",),
    not_checked=(("copied-text", "只有一份材料，没有可以比较的。"),),
    previous="审查结果（第一轮）",
)
EMPTY = Screening("空文件夹", "关于示例市年度考核工作的通知", 2020, "0.0.0", datetime(2020, 12, 28, 16, 5), False, ())
