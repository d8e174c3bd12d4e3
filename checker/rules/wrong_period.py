"""wrong-period：时间与考核年度对不上：沿用上年内容、标题年份不对、日期不存在、把以后的事写成已经做了的。

考核年度由通知规定。只报有把握的：与往年比较、项目来历、任职经历、文号、文件和荣誉名称里的年份都不算。
参数：back 往前几年的年份算是旧稿遗留，再早的当作历史。
情形：title 标题或开头写的是别的年度；left-over 往年的工作写成今年的；old-plan 「今后打算」写的是已经过去的年度；
impossible 日期不存在；future 考核年度以后的事写成已经完成；plan 打算写在了实绩里。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from checker.document import Block, Span
from checker.language.dates import Date, exists, find_dates
from checker.language.paper import Paper
from checker.rules.base import Hit

CASES = ("title", "left-over", "old-plan", "impossible", "future", "plan")

_TITLE_MAX = 60
# How far a sentence is looked at: no sentence of a paper is longer, and no odd text keeps the rule busy.
_REACH = 300
_HEAD_BLOCKS = 4
_TAIL_BLOCKS = 4
_PROSE = ("paragraph", "list-item")
_SENTENCE_END = "。！？!?；;\n"

# Who does a unit's own work: a sentence that says when, and then one of these, tells of work done then.
_OWN = (
    r"(?:我们|我(?=[^们国省军党])|本人|本[局县区委办院校部]|全[局县区市院校]|(?:县|区|市|局|院|校|办|委)?党(?:组|委|工委)"
    r"|领导班子|班子|县委|区委|管委会|在[^，。；]{2,30}(?:领导|指导|支持|关心|帮助)下)"
)
_PAPER_WORDS = re.compile(r"总结|述职|述廉|清单|(?:情况|工作)(?:的)?汇报|情况(?:的)?报告")
_REPORTS = re.compile(r"年度?[^，。；年]{0,24}(?:总结|汇报|报告|述职)如下")
_NOT_OF_WORK = re.compile(r"问题|反馈|整改|巡[视察]|审计|遗留|结转|续建|回头看|决算|预算|考核|评议")
_PAST_HEADING = re.compile(r"(?:总结|回顾|成效|成绩|实绩|亮点|工作(?:开展|完成|推进|进展|落实)?情况)$")
_PLAN_HEADING = re.compile(r"(?:打算|思路|计划|谋划|设想|展望|努力方向|工作安排|工作举措)$")

# What makes a past year right in its sentence: comparison, duration, a career, how a project came about, an honour.
_RIGHTLY_PAST = re.compile(
    r"以来|起[，,]|开始|至今|截[至止]|[比较]|同期|相比|基数|基础上|同年|当年"
    r"|任[职县区市局党副主书]|担任|[调转提升就到离]任|任现职|履新|挂职|参加工作|入[党伍职学]|出生|毕业|就读|转业|当选|任命|选举|[调选抽]到|[考调]入|来到|交流到|分管|到[^，。；]{1,10}工作|走上|接手|接任|接过|剩余|尚[有余]|排[在名第]|位居|倒数"
    r"|启动|开工|始建|动工|奠基|立项|获批|批复|组建|成立|挂牌|创办|创立|签约|落户|引进|遗留|反馈|巡[视察]|摘帽|退出|改革以|机构改革"
    r"|荣获|获得|获评|被评|授予|命名|表彰|称号|通过[^，。；]{0,16}(?:验收|评估|考核|审核|认定|复[查审核])|曾|原|首次|历史|回忆|达成|仅(?!用)|只(?=有|增|完成|占)|减产|欠账|痛定思痛|意见(?:很|较|不小)|被[^，。；]{0,6}(?:投诉|举报|批评|约谈|问责)|那[年时]|第[一二三四五六七八九十]个?年头"
)
# What speaks of now: a paragraph that holds it tells how things came to be, and is not left over as a whole.
_NOW = re.compile(
    r"今[年春夏秋冬]|本年|这一?次|现在|目前|如今|当前|至今|后来|此后|随后|次年|第二年|近年|连续|历年|逐年|[两三四五]年|多年|“?十[二三四]五"
)
_PAST_LEAD = re.compile(r"(?:(?:刚刚|已经|即将)?过去的(?:一年[，,])?|回[顾首](?:过去的)?)$")
_ENUMERATOR = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、](?!\d)|[一二三四五六七八九十]是|[①-⑳])?\s*"
)
_LAST_YEAR = re.compile(rf"去年(?:以来|一年|全年)?[，,](?={_OWN})")

_PROMISE = re.compile(r"(?:预计|力争|确保|争取|将于|拟于|计划于)(?:到|在|于)?[^，。；：（）《》]{0,6}$")
_PROMISED_BEFORE = re.compile(
    r"原|曾|当[时年]|提出|要求|目标|承诺|规划|方案|意见|文件|部署|明确|此前|年初|责任书|协议|合同"
)
# 将 is 把 as often as not: 将重点项目分解到人.
_WILL = (
    r"将(?:继续|进一步|着力|重点(?:[做抓]好|推进|围绕|开展|实施|解决|突破)|全力|坚持(?!了)|紧紧|围绕|认真|深入|努力|以|按照"
    r"|聚焦|持续|不断)"
)
_WILL_IN = re.compile(
    r"年度?[，,]?(?:我们|我[局县区市委办校院部会]|本人|我|[县区市局]委|[局办委]?党[组委])?"
    rf"(?:{_WILL}|要(?:继续|进一步|着力|重点))"
)
# 将深入社区的直销点由11个增加到22个 is 把, too; what goes on (将继续) is a plan all the same.
_DISPOSED = re.compile(
    r"将(?!继续|进一步)[^，。；]{1,24}的[^，。；]{1,16}?"
    r"(?:[由从]\d|(?:分解|细化|量化|落实|压实|延伸|下放|压缩|提高|增加|改|转|变)(?:到|为|成|至))"
)
_TAKEN_AS = re.compile(r"作为|纳入|列为|列入|定为|确定为|贯穿|摆在|放在|融入|以来|以往|以前")

_DONE = re.compile(r"了|已|共(?=[^同建享产青])|先后|顺利|圆满|成功|召开|开展|组织|完成|举办|印发|建成|荣获|被评")
_DONE_SURELY = re.compile(
    r"完成了|实现了|开展了|召开了|组织了|建成了|共(?:完成|召开|开展|组织|举办|办理|查处|化解)|累计|已(?:经)?(?:完成|建成|实现)"
)
_NOT_YET = re.compile(
    r"将|拟|计划|预[计期]|力争|确保|争取|打算|准备|目标|[年月日底末]前|以前|下一?步|明年|今后|规划|要|可|有望|届时|待|至|到期|期限|有效期|工期|截止|续签"
    r"|合同|安排|谋划|部署|意见|方案|建议|迎来|开启|吹响|号角|奠定|打下|基础|擘画|描绘|审定|审议|讨论|通过|民主生活会|述职|考核"
)
# The same for a bare year: its sentence is surely told as done, so only what plainly looks ahead speaks against it.
_AHEAD = re.compile(
    r"将|拟|计划|预[计期]|力争|确保|争取|打算|准备|明年|今后|规划|年[底末前]|要(?![求素点闻领职事])|安排|谋划|部署"
    r"|迎来|开启|吹响|号角|奠定|打下|擘画|描绘|审定|审议|民主生活会|述职|合同|任务"
)
_OPENS_PLAN = re.compile(r"下一?步|下一?阶段|明年|来年|今后")
_PLANS = re.compile(
    r"^(?:下一?步|下一?阶段|明年|来年|今后|\d{4}年)[^。；]{0,30}?(?:将|拟|计划|力争|争取|打算|确保|继续|要)"
)
_RESULTS = re.compile(r"成效|实绩|成绩|亮点|(?:完成|开展|进展)情况|工作回顾|取得")
_NO_RESULTS = re.compile(r"打算|计划|思路|安排|下一?步|今后|明年|来年|问题|不足|建议|方向|整改|差距|谋划|目标")
_RESULT_LISTS = ("achievement-list", "feature-list")


@dataclass(frozen=True, slots=True)
class Params:
    """How many years back a year in the text counts as left over from an older paper."""

    back: int = 3


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """Hits on the dates, or on the words that tell when."""
    for paper in papers:
        yield from _Reading(paper, params).hits()


class _Reading:
    """One paper, read for when its work was done."""

    def __init__(self, paper: Paper, params: Params) -> None:
        self.paper = paper
        self.document = paper.document
        self.text = paper.document.text
        self.year = paper.context.year
        self.back = params.back
        self.dates = list(find_dates(self.text))
        self.of_now: dict[int, bool] = {}

    def hits(self) -> Iterator[Hit]:
        for date in self.dates:
            if not exists(date):
                yield self._hit("impossible", date.span)
        if not self.year:
            return
        dated = [date for date in self.dates if date.year and exists(date)]
        titles = list(self._titles(dated))
        yield from titles
        reading_old_paper = bool(titles)
        for date in dated:
            if self.year - self.back <= date.year < self.year and not reading_old_paper:
                yield from self._past(date)
            elif date.year == self.year:
                yield from self._old_plan(date)
            elif date.year > self.year and not reading_old_paper:
                yield from self._future(date)
        if not reading_old_paper:
            yield from self._last_year()
        yield from self._plans_among_results()

    def _hit(self, case: str, span: Span) -> Hit:
        return Hit(self.document, span, case, {"found": self.document.slice(span).strip(), "year": self.year})

    # ── the title and the opening ──

    def _titles(self, dated: Sequence[Date]) -> Iterator[Hit]:
        """The year of the title, or of 「现将2019年工作汇报如下」, where it is not that of the assessment."""
        right = False
        for block in self._head():
            inside = [date for date in dated if block.span.holds(date.span)]
            line = self.document.slice(block.span)
            if any(date.year == self.year for date in inside):
                right = right or any(not date.months for date in inside)
                continue
            bare = [date for date in inside if not date.months and self._near(date)]
            titled = len(line) <= _TITLE_MAX and line.strip()[-1:] not in "。；，" and _PAPER_WORDS.search(line)
            for date in bare:
                if (titled and not right and not _NOT_OF_WORK.search(line)) or self._reports(date):
                    yield self._hit("title", date.span)
                    return

    def _near(self, date: Date) -> bool:
        return abs(date.year - self.year) <= self.back

    def _head(self) -> list[Block]:
        return [block for block in self.document.blocks if self.document.slice(block.span).strip()][:_HEAD_BLOCKS]

    def _reports(self, date: Date) -> bool:
        year_end = self.text.index("年", date.span.start)
        return _REPORTS.match(self.text, year_end) is not None and "现" in self._before(date.span.start)[-8:]

    # ── last year's text ──

    def _past(self, date: Date) -> Iterator[Hit]:
        block = self.document.block_at(date.span.start)
        if block is None:
            return
        if block.kind == "heading":
            if self._old_heading(block, date):
                yield self._hit("left-over", date.span)
            elif self._plan_heading(block, date):
                yield self._hit("old-plan", date.span)
        elif block.kind in _PROSE and not self._signs(block):
            yield from self._past_in_prose(block, date)

    def _old_heading(self, block: Block, date: Date) -> bool:
        heading = self.document.slice(block.span).strip()
        if date.months or self._years_beside(block, date) or _NOT_OF_WORK.search(heading):
            return False
        return _ENUMERATOR.sub("", heading, count=1).startswith(self._bare(date)) and bool(
            _PAST_HEADING.search(heading)
        )

    def _plan_heading(self, block: Block, date: Date) -> bool:
        heading = self.document.slice(block.span).strip()
        return not date.months and not self._years_beside(block, date) and bool(_PLAN_HEADING.search(heading))

    def _bare(self, date: Date) -> str:
        return self.document.slice(date.span)

    def _years_beside(self, block: Block, date: Date) -> bool:
        """Whether the block names another year too."""
        return bool(self.years.get(block.span.start, set()) - {date.year})

    @cached_property
    def years(self) -> Mapping[int, set[int]]:
        """The years that each block names, by where the block begins."""
        found: dict[int, set[int]] = {}
        for date in self.dates:
            block = self.document.block_at(date.span.start) if date.year else None
            if block is not None:
                found.setdefault(block.span.start, set()).add(date.year)
        return found

    def _speaks_of_now(self, block: Block) -> bool:
        start = block.span.start
        if start not in self.of_now:
            self.of_now[start] = _NOW.search(self.text, start, block.span.end) is not None
        return self.of_now[start]

    def _past_in_prose(self, block: Block, date: Date) -> Iterator[Hit]:
        before = self._before(date.span.start)
        if _PROMISE.search(before) and not _PROMISED_BEFORE.search(before):
            yield self._hit("left-over", date.span)
            return
        if self._years_beside(block, date):
            return
        if not before and not date.months and self._looks_ahead(date):
            yield self._hit("old-plan", date.span)
            return
        told = self._own_work(date) if not before else not date.months and _PAST_LEAD.search(before)
        if told and not self._speaks_of_now(block) and not _RIGHTLY_PAST.search(self._rest(date.span.end)):
            yield self._hit("left-over", date.span)

    def _year_end(self, date: Date) -> int:
        """Where the 年 of a date stands: its sentence is looked at from there on."""
        return self.text.index("年", date.span.start) if "年" in self._bare(date) else date.span.end

    def _looks_ahead(self, date: Date) -> bool:
        """「2020年，我们将继续…」, but not 「2020年，我局将…作为…」."""
        will = _WILL_IN.match(self.text, self._year_end(date))
        sentence = self._rest(date.span.end)
        return will is not None and not _TAKEN_AS.search(sentence) and not _DISPOSED.search(sentence)

    def _own_work(self, date: Date) -> bool:
        """「2019年，我局…」, 「2019年我们…」, 「2019年是…的一年，我局…」: the unit's own work, told as done then."""
        # A single deed of years before is rather told as history.
        if date.year != self.year - 1:
            return False
        sentence = self._rest(date.span.end)
        if re.match(rf"度?(?:一年)?(?:里|中|内|全年)?[，,]?{_OWN}", sentence):
            return True
        if date.months:
            return False
        if re.match(r"[，,]?是[^。；]{2,60}(?:一年|之年)", sentence):
            return True
        lead = re.match(r"度?(?:一年)?(?:里|中|内|全年)?[，,]|是", sentence)
        return lead is not None and re.search(rf"[，,](?:{_OWN})", sentence) is not None

    def _before(self, offset: int) -> str:
        """The words of the sentence before `offset`, without a number or a dash at its head."""
        low = max(0, offset - _REACH)
        start = max(self.text.rfind(mark, low, offset) for mark in _SENTENCE_END) + 1
        return _ENUMERATOR.sub("", self.text[max(start, low) : offset].strip().lstrip("—"), count=1)

    def _rest(self, offset: int) -> str:
        match = re.compile(rf"[^{_SENTENCE_END}]{{0,{_REACH}}}").match(self.text, offset)
        return match.group() if match else ""

    def _last_year(self) -> Iterator[Hit]:
        """「去年，我局…」 in a paper that is signed in the year under assessment: later, 去年 is that year itself."""
        if "去年" not in self.text:
            return
        if self.signed[:1] != (self.year,):
            return
        for match in _LAST_YEAR.finditer(self.text):
            block = self.document.block_at(match.start())
            if block is None or block.kind not in _PROSE or self._before(match.start()):
                continue
            if self._speaks_of_now(block) or _RIGHTLY_PAST.search(self._rest(match.end())):
                continue
            if block.span.start not in self.years:
                yield self._hit("left-over", Span(match.start(), match.start() + 2))

    # ── plans and what is still to come ──

    def _old_plan(self, date: Date) -> Iterator[Hit]:
        """The year under assessment told as still to come, in a paper that looks back on it."""
        block = self.document.block_at(date.span.start)
        if block is None or date.months:
            return
        if (block.kind == "heading" and self._plan_heading(block, date)) or (
            block.kind in _PROSE and not self._before(date.span.start) and self._looks_ahead(date)
        ):
            yield self._hit("old-plan", date.span)

    def _future(self, date: Date) -> Iterator[Hit]:
        """A date after the year under assessment (after the paper was signed, where it says when) told as done."""
        block = self.document.block_at(date.span.start)
        if block is None or block.kind not in _PROSE or self._signs(block) or not self._begins_clause(date):
            return
        if date.months:
            signed = self.signed or (self.year + 1, 2, 31)
            told = date.last > signed and _DONE.search(self._clause(date.span.end))
        else:
            told = not self._before(date.span.start) and _DONE_SURELY.search(self._rest(date.span.end))
        sentence = self._before(date.span.start) + self._rest(date.span.end)
        ahead = (_NOT_YET if date.months else _AHEAD).search(sentence)
        if told and not ahead and not self._under(_NO_RESULTS, date.span.start):
            yield self._hit("future", date.span)

    def _begins_clause(self, date: Date) -> bool:
        before = self.text[max(0, date.span.start - 3) : date.span.start].rstrip()[-1:]
        return not before or before in _SENTENCE_END + "，,：:" or self._before(date.span.start) == ""

    def _clause(self, offset: int) -> str:
        """The clause that goes on at `offset`; where the date stands alone before a comma, the next one too."""
        clauses = re.split("[，,]", self._rest(offset))
        return "，".join(clauses[: 2 if len(clauses[0]) <= 4 else 1])

    @cached_property
    def signed(self) -> tuple[int, int, int] | tuple[()]:
        """When the paper was signed: the latest full date in its first and last lines; () where it does not say."""
        spans = [block.span for block in (*self._head(), *self._tail()) if self._signs(block)]
        found = [
            date.last for date in self.dates if date.months and date.year and any(s.holds(date.span) for s in spans)
        ]
        return max(found, default=())

    def _tail(self) -> list[Block]:
        return [block for block in self.document.blocks if self.document.slice(block.span).strip()][-_TAIL_BLOCKS:]

    def _signs(self, block: Block) -> bool:
        """Whether the block is a line of date and signature, or tells when the paper was approved."""
        line = self.document.slice(block.span).strip()
        return (len(line) <= _TITLE_MAX and line[-1:] not in "。；，") or (
            "审定" in line and len(line) <= 2 * _TITLE_MAX
        )

    def _under(self, heading: re.Pattern[str], offset: int) -> bool:
        over = self.paper.headings_over(offset)
        return any(heading.search(self.document.slice(section.heading)) for section in over)

    def _plans_among_results(self) -> Iterator[Hit]:
        """A paragraph of plans alone amid results. What closes a section may well look ahead."""
        if not _OPENS_PLAN.search(self.text) and f"{self.year + 1}年" not in self.text:
            return
        blocks = [block for block in self.document.blocks if self.document.slice(block.span).strip()]
        for block, following in pairwise(blocks):
            if block.kind not in _PROSE or following.kind not in _PROSE:
                continue
            start = block.span.start
            lead = _ENUMERATOR.match(self.text, start)
            begin = lead.end() if lead else start
            if not self._is_plan(self.text[begin : block.span.end]) or self._tells_results(Span(begin, block.span.end)):
                continue
            if self._among_results(block, following):
                yield self._hit("plan", Span(begin, self._first_end(begin, block.span.end)))

    def _is_plan(self, words: str) -> bool:
        """Whether the words begin with what is to come; of years only those after the year under assessment are."""
        match = _PLANS.match(words)
        return match is not None and not (words[:4].isdigit() and int(words[:4]) <= self.year)

    def _tells_results(self, span: Span) -> bool:
        return bool(re.search(r"已|了|超额", self.document.slice(span)))

    def _among_results(self, block: Block, following: Block) -> bool:
        if self._signs(following) or self._is_plan(self.document.slice(following.span).strip()):
            return False
        over = [self.document.slice(section.heading) for section in self.paper.headings_over(block.span.start)]
        # A lead sentence of its own (「（一）下一步…。」) is its own heading; those above it decide.
        if any(_NO_RESULTS.search(heading) for heading in over):
            return False
        if self.paper.headings_over(block.span.start)[-1:] != self.paper.headings_over(following.span.start)[-1:]:
            return self.document.kind in _RESULT_LISTS and bool(over)
        return self.document.kind in _RESULT_LISTS or any(_RESULTS.search(heading) for heading in over)

    def _first_end(self, start: int, end: int) -> int:
        match = re.compile(r"[。；！？\n]").search(self.text, start, end)
        return match.start() if match else end
