"""placeholder：材料里留着没有填写的空白、占位符或模板说明（XX、×××、【此处填写】、＿＿、待补充）。

不算占位：X光、XBRL 这样的词，【案例】 这样作标题用的括号，签名、盖章、日期后面的横线。
参数：lexicon 占位用语词表（待补充、此处填写……）。
情形：无。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span
from checker.language.paper import Paper
from checker.rules.base import Hit

_UNITS = "县市区乡镇村局委办年月日号人名个万亿元家次件项位同某%％"
# 张某某 stands for a person on purpose; 县委某某同志 was never filled in.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓"
    "许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊"
    "金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_INSTRUCTIONS = "此处|填写|填入|插入|请(?:填|补|在|输入|注明|说明|简要)|待(?:补|填|定|完善|核实|更新)"
# Each pattern with the signs that it cannot do without: a look for these is far cheaper than the pattern.
_PATTERNS = (
    ("XxＸｘ×╳", re.compile(r"(?<![A-Za-z0-9])(?:[XxＸｘ×╳]{2,})(?![A-Za-z0-9])")),
    ("XxＸｘ×╳", re.compile(rf"(?<![A-Za-z0-9])[XxＸｘ×╳](?=[{_UNITS}])")),
    ("○〇◯Oo", re.compile(r"[○〇◯Oo]{2,}(?=[县市区乡镇村局同])")),
    ("某", re.compile(rf"(?<![{_SURNAMES}])某某")),
    ("＊*", re.compile(r"(?<![＊*])[＊*]{2,}+(?=[县市区乡镇村局同年月日万亿元个%])")),
    ("【[〔", re.compile(rf"[【\[〔][^】\]〕\n]{{0,20}}(?:{_INSTRUCTIONS})[^】\]〕\n]{{0,20}}[】\]〕]")),
    (
        "【[〔",
        re.compile(
            r"[【\[〔]\s*(?:姓名|单位|单位名称|具体数据|数据|日期|职务|时间|地点|金额|数字)\s*[】\]〕]|【\s*】|〔\s*〕"
        ),
    ),
    ("＿_", re.compile(r"[＿_]{2,}")),
)
_SIGNING = re.compile(r"签[字名章]|盖章|签发|审[定核阅]人|负责人|日期|联系|述职人|填报人|年\s{0,20}月\s{0,20}日")


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the wordings that are left over from templates and drafts."""

    lexicon: str


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of left-over wordings."""
    yield params.lexicon


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on each placeholder."""
    for paper in papers:
        spans = sorted({*_by_pattern(paper), *paper.found(params.lexicon)}, key=lambda span: (span.start, -span.end))
        reach = -1
        for span in spans:
            if span.end <= reach:
                continue
            reach = span.end
            yield Hit(paper.document, span)


def _by_pattern(paper: Paper) -> Iterator[Span]:
    text = paper.document.text
    for signs, pattern in _PATTERNS:
        if not any(sign in text for sign in signs):
            continue
        for match in pattern.finditer(text):
            if match.group()[0] in "＿_" and _for_signing(paper, match.start()):
                continue
            if match.group()[0] == "*" and _emphasis(paper, match.start()):
                continue
            yield Span(match.start(), match.end())


def _emphasis(paper: Paper, offset: int) -> bool:
    """Whether the asterisks come in pairs in their paragraph, as Markdown sets words in bold."""
    block = paper.document.block_at(offset)
    return block is not None and paper.document.slice(block.span).count("**") % 2 == 0


def _for_signing(paper: Paper, offset: int) -> bool:
    block = paper.document.block_at(offset)
    return block is not None and bool(_SIGNING.search(paper.document.slice(block.span)))
