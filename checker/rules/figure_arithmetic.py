"""figure-arithmetic：同一句话（或者同一行）里的数字自己对不上。

由甲增加到乙、增长百分之几（含比上年）；方向写反；完成数、目标数与完成百分比；超过100%的比率和占比；其中的一项多于总数，
互不重叠的各类加起来多于总数；列全了的分项与合计；处理数与处理率、其余数。留出四舍五入的余地；约、近、余一类的概数放宽。
「其中」后面的几项可能重叠、也可能没有列全，所以只查一项多于总数，和分类表里互不重叠的各类相加多于总数。
参数：rates 不可能超过100%的比率词表；divisions 互不重叠的分类表；constant_prices 增速按可比价计算、不验算增幅的指标；
units 单位表。
情形：growth 增幅；direction 方向；target 完成比例；share 超过100%；part 分项多于总数；sum 分项与合计；rate 处理率；
rest 其余数。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from checker.document import Block, Span
from checker.language import figures, lexicon
from checker.language.figures import Figure, Row
from checker.language.paper import Paper
from checker.rules.base import Hit

CASES = ("growth", "direction", "target", "share", "part", "sum", "rate", "rest")

_GAP_MAX = 40
_STATEMENT_MAX = 80
_UP = "增加|增长|提高|提升|上升|扩大|发展|拓展|升|增|涨"
_DOWN = "下降|降低|减少|压缩|压减|缩短|精简|缩减|回落|降|减|压"
_TO = re.compile(
    rf"[^，。；、]{{0,12}}?(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?:到了?|至|为)(?:了)?(?:目前的?|现在的?|\d{{4}}年[底末]?的?)?\s*$"
)
_FROM = re.compile(r"[由从][^，。；、由从]{0,14}$")
_BY = re.compile(
    rf"(?P<mark>[，、（(]?)(?P<base>同比|比上年|较上年|比去年|较去年|累计|净|实际)?(?:(?P<up>{_UP}|增幅|增速|净增)|(?P<down>{_DOWN}|降幅))(?:了|为|达到?)?\s*$"
)
_AGAINST_LAST = re.compile(r"[，、（(]?(?:同比)?[比较](?:上年|去年)(?:同期)?(?:的)?\s*$")
_MORE_THAN_LAST = re.compile(
    rf"[，、（(]?(?:同比|[比较](?:上年|去年)(?:同期)?)(?:(?P<up>{_UP}|净增|多)|(?P<down>{_DOWN}|少))(?:了)?\s*$"
)
_OTHER_SPAN = re.compile(r"\d{4}年|十[二三]五|[五5三3]年|年均|累计|翻")
_TARGET = re.compile(
    r"[，、（(]?(?:占|为|是|完成|达到?|相当于)?[^，。；、]{0,8}(?:目标|计划|任务)(?:任务|数|值)?(?:的)?\s*$"
)
_OF_TARGET = re.compile(r"\s*的\s*$")
_OPEN_TARGET = re.compile(r"不[高低多少]于|以[内上下]|控制|以上|不超")
_SHARE = re.compile(
    r"占(?![地用领据道])[^，。；、占]{1,20}?(?:的|的?比重|的?比例)(?:为|达到?|升至|提高到)?\s*$|占比(?:为|达到?|提高到|升至)?\s*$"
)
_NO_SHARE = re.compile(r"目标|计划|任务|时序|预算[的数执]|指标|上年|去年|同期|往年|年初|进度|定额|标准|需求|应")
_REACHED = r"(?:均|都|全部|分别|稳定在|保持在|提高到|提升到|提升至|提高至|上升到|升至|达到了?|达|为|是|超过|超)*\s*$"
_AMONG = re.compile(r"[^。；\d]{0,16}[，,（(：:]其中[：:，]?(?P<label>[^，。；、\d]{0,14})$")
_NEXT_PART = re.compile(r"[^，。；、）)\d]{0,8}[、，和](?P<label>[^，。；、\d]{0,14})$")
_ITEM = re.compile(r"[^，。；、\d]{0,8}(?:、|和|及|以及)[^，。；、\d]{1,14}$")
_TOTAL = re.compile(r"[，,]?(?:合计|共计|总计|一共|共)\s*$")
_LISTED = re.compile(r"[^。；，\d]{0,10}[，：:（(]?分别[为是][：:]?[^，。；、\d]{1,14}$")
# 常青组和少年组各15人 counts twice.
_EACH = re.compile("[各每均]|分别(?![为是])")
_DONE = "整改|办结|化解|办复|答复|回复|销号|兑现|结案|采纳|治愈|整改完成|处置"
_RATE_OF = re.compile(rf"[，、（(](?P<verb>{_DONE})率(?:为|达到?|均为)?\s*$")
_REST = re.compile(r"[，；,](?:其余|余下|剩余)(?:的)?\s*$")
_STOPS = frozenset("。；！？\n;")
_LOOSE = 0.1


@dataclass(frozen=True, slots=True)
class Params:
    """The rates that cannot exceed 100%, the ways of dividing that do not overlap, what grows in constant prices."""

    rates: str = "figures/rates"
    divisions: str = "figures/divisions"
    constant_prices: str = "figures/constant-prices"
    units: str = figures.UNITS


def lexicons(params: Params) -> Iterator[str]:
    """The tables that have to exist."""
    yield params.rates
    yield params.divisions
    yield params.constant_prices
    yield params.units


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on the figures of each statement, or row of a table, that contradict each other."""
    for paper in papers:
        found = figures.figures(paper)
        if not found:
            continue
        line = _Line(paper, found, params)
        for index in range(len(found)):
            yield from line.hits(index)
        yield from _in_tables(paper, found)


@lru_cache(maxsize=4)
def _rates(name: str) -> re.Pattern[str]:
    words = sorted(lexicon.terms(name), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))}){_REACHED}")


@lru_cache(maxsize=4)
def _divisions(name: str) -> tuple[tuple[str, ...], ...]:
    table = lexicon.load(name)
    return tuple(tuple(line.split("=")) for line in (table.terms if table else ()))


class _Line:
    """The figures of one paper in order, and the words between them."""

    def __init__(self, paper: Paper, found: Sequence[Figure], params: Params) -> None:
        self.paper = paper
        self.text = paper.document.text
        self.found = found
        self.rates = _rates(params.rates)
        self.divisions = _divisions(params.divisions)
        self.constant_prices = lexicon.terms(params.constant_prices)

    def gap(self, index: int) -> str:
        """The words between figure `index` and the next one; empty where they do not stand in one statement."""
        if not 0 <= index < len(self.found) - 1:
            return ""
        start, end = self.found[index].end, self.found[index + 1].start
        if end - start > _GAP_MAX:
            return ""
        words = self.text[start:end]
        return "" if not _STOPS.isdisjoint(words) else words

    def before(self, index: int) -> str:
        """The words before a figure."""
        start = self.found[index].start
        return self.text[max(0, start - _GAP_MAX // 2) : start]

    def hits(self, index: int) -> Iterator[Hit]:
        """What is wrong with the figures that begin with figure `index`."""
        figure = self.found[index]
        if figure.unit == "%" and figure.value > 100:
            yield from self._over(index)
        gap = self.gap(index)
        if not gap:
            return
        last = gap[-1]
        if last in "到至为了的年末底" or last in "升增降减压":
            yield from self._from_to(index, gap)
        if "比" in gap or "较" in gap:
            yield from self._against_last(index, gap)
        if "目标" in gap or "计划" in gap or "任务" in gap:
            yield from self._target(index, gap)
        if "其中" in gap:
            yield from self._parts(index, gap)
        if last in "共计":
            yield from self._sum(index, gap)
        if "分别" in gap:
            yield from self._listed(index, gap)
        if "率" in gap:
            yield from self._rate(index, gap)
        if "余" in gap:
            yield from self._rest(index, gap)

    def _hit(self, case: str, first: int, last: int, told: str, worked_out: str) -> Hit:
        span = Span(self.found[first].start, self.found[last].end)
        return Hit(self.paper.document, span, case, {"told": told, "worked_out": worked_out})

    def _words(self, index: int) -> str:
        return self.paper.document.slice(self.found[index].span)

    def _over(self, index: int) -> Iterator[Hit]:
        before = re.split("[，。；、：\n]", self.before(index))[-1]
        share = _SHARE.search(before)
        if self.rates.search(before) or (share is not None and not _NO_SHARE.search(before)):
            yield self._hit("share", index, index, self._words(index), "100%")

    def _from_to(self, index: int, gap: str) -> Iterator[Hit]:
        """由甲增加到乙，增长百分之几."""
        one, two = self.found[index], self.found[index + 1]
        to = _TO.fullmatch(gap)
        lead = _FROM.search(self.before(index))
        if to is None or one.unit != two.unit or lead is None:
            return
        rising = to["up"] is not None
        if one.exact and two.exact and one.value != two.value and (two.value > one.value) != rising:
            yield self._hit("direction", index, index + 1, to["up"] or to["down"], "减少" if rising else "增加")
            return
        by = _BY.fullmatch(self.gap(index + 1))
        if by is None or (by["base"] and _OTHER_SPAN.search(lead.group() + gap)):
            return
        yield from self._growth(index, index + 2, one, two, by["up"] is not None)

    def _growth(self, first: int, told: int, old: Figure, new: Figure, rising: bool) -> Iterator[Hit]:
        """Hold the growth that figure `told` gives against what `old` and `new` come to."""
        said = self.found[told]
        said_before = self.text[max(0, old.start - _STATEMENT_MAX) : old.start].rpartition("。")[2]
        if any(name in said_before for name in self.constant_prices):
            return
        sign = 1.0 if rising else -1.0
        if said.unit == "%" and old.unit not in ("%", "‰") and old.value > 0:
            low, high = _growth_range(old, new)
            value = (new.value / old.value - 1) * 100 * sign
            shown = f"{value:.1f}%"
        elif said.unit == ("个百分点" if old.unit == "%" else old.unit):
            slack = old.grain + new.grain if old.grain != new.grain else 0.0
            low, high = new.value - old.value - slack, new.value - old.value + slack
            value = (new.value - old.value) * sign
            shown = f"{value:.10g}{said.unit}" if said.unit == "个百分点" else f"{value:.10g}"
        else:
            return
        if sign < 0:
            low, high = -high, -low
        if not _within(said, low, high, old.exact and new.exact):
            yield self._hit("growth", first, told, self._words(told), shown)

    def _against_last(self, index: int, gap: str) -> Iterator[Hit]:
        """287件，比上年267件增长7.5%；287件，比上年增加20件，增长7.5%."""
        one, two = self.found[index], self.found[index + 1]
        if one.unit != two.unit:
            return
        by = _BY.fullmatch(self.gap(index + 1))
        if by is None:
            return
        if _AGAINST_LAST.fullmatch(gap):
            yield from self._growth(index, index + 2, two, one, by["up"] is not None)
            return
        more = _MORE_THAN_LAST.fullmatch(gap)
        if more is None or self.found[index + 2].unit != "%" or one.unit == "%":
            return
        rising = more["up"] is not None
        old = two._replace(value=one.value - (two.value if rising else -two.value), grain=max(one.grain, two.grain))
        if old.value > 0 and (by["up"] is not None) == rising:
            # The change is told exactly, however rounded the amount is.
            exact_change = one._replace(value=two.value, grain=two.grain)
            low, high = _ratio_range(exact_change, old)
            if not _within(self.found[index + 2], low, high, one.exact and two.exact):
                yield self._hit(
                    "growth", index, index + 2, self._words(index + 2), f"{two.value / old.value * 100:.1f}%"
                )

    def _target(self, index: int, gap: str) -> Iterator[Hit]:
        """1.31亿元，占年度计划1.25亿元的104.8%."""
        done, target = self.found[index], self.found[index + 1]
        if done.unit != target.unit or done.unit == "%" or not _TARGET.fullmatch(gap) or target.value <= 0:
            return
        if index + 2 >= len(self.found) or not _OF_TARGET.fullmatch(self.gap(index + 1)):
            return
        said = self.found[index + 2]
        target = _as_set(target, done)
        if said.unit == "%" and not _within(said, *_ratio_range(done, target), done.exact and target.exact):
            yield self._hit(
                "target", index, index + 2, self._words(index + 2), f"{done.value / target.value * 100:.1f}%"
            )

    def _parts(self, index: int, gap: str) -> Iterator[Hit]:
        """共20个，其中省级12个、市级10个."""
        total = self.found[index]
        among = _AMONG.fullmatch(gap)
        if among is None or not total.exact:
            return
        labels = [among["label"]]
        last = index + 1
        while last < len(self.found) - 1 and self.found[last + 1].unit == total.unit:
            following = _NEXT_PART.fullmatch(self.gap(last))
            if following is None:
                break
            labels.append(following["label"])
            last += 1
        parts = [figure for figure in self.found[index + 1 : last + 1] if figure.unit == total.unit]
        if not parts or len(parts) != last - index or total.unit in ("%", "‰", "倍", "个百分点"):
            return
        over = next((number for number, part in enumerate(parts) if part.value > total.value + part.grain / 2), None)
        if over is not None:
            yield self._hit("part", index, index + 1 + over, self._words(index + 1 + over), self._words(index))
            return
        whole = sum(part.value for part in parts)
        if len(parts) > 1 and whole > total.value + total.grain and self._one_division(labels):
            yield self._hit("part", index, last, _shown(whole), self._words(index))

    def _one_division(self, labels: Sequence[str]) -> bool:
        """Whether the labels are different classes of one division."""
        for division in self.divisions:
            classes = [next((name for name in division if name in label), "") for label in labels]
            if all(classes) and len(set(classes)) == len(classes):
                return True
        return False

    def _sum(self, index: int, gap: str) -> Iterator[Hit]:
        """建成厂房30栋、仓库5栋，共计35栋."""
        total = self.found[index + 1]
        if _TOTAL.fullmatch(gap) is None or not total.exact:
            return
        first = index
        while first > 0 and self.found[first - 1].unit == total.unit and _ITEM.fullmatch(self.gap(first - 1)):
            first -= 1
        parts = self.found[first : index + 1]
        if len(parts) < 2 or any(part.unit != total.unit or not part.exact for part in parts):
            return
        if _EACH.search(self.before(first) + self.text[parts[0].start : total.start]):
            return
        # What is added up may begin earlier in the statement.
        known, number = 0.0, index
        while number >= 0 and (number == index or self.gap(number)):
            known += self.found[number].value if self.found[number].unit == total.unit else 0.0
            if abs(known - total.value) <= _slack(parts, total):
                return
            number -= 1
        yield self._hit("sum", first, index + 1, self._words(index + 1), _shown(sum(part.value for part in parts)))

    def _listed(self, index: int, gap: str) -> Iterator[Hit]:
        """受理28件，分别为来信8件、来访20件."""
        total = self.found[index]
        if _LISTED.fullmatch(gap) is None or not total.exact:
            return
        last = index + 1
        while last < len(self.found) - 1 and _ITEM.fullmatch(self.gap(last)):
            last += 1
        parts = self.found[index + 1 : last + 1]
        if len(parts) < 2 or any(part.unit != total.unit or not part.exact for part in parts):
            return
        whole = sum(part.value for part in parts)
        if _EACH.search(self.text[total.start : parts[-1].start]):
            return
        if abs(whole - total.value) > _slack(parts, total):
            yield self._hit("sum", index, last, self._words(index), _shown(whole))

    def _rate(self, index: int, gap: str) -> Iterator[Hit]:
        """发现问题342个，整改325个，整改率95%."""
        if index == 0 or self.found[index + 1].unit != "%":
            return
        match = _RATE_OF.fullmatch(gap)
        all_of, done = self.found[index - 1], self.found[index]
        earlier = self.gap(index - 1)
        if (
            match is None
            or all_of.unit != done.unit
            or not re.fullmatch(rf"[，、][已全部共]*{match['verb']}[了完成]*", earlier)
        ):
            return
        said = self.found[index + 1]
        if all_of.value > 0 and not _within(said, *_ratio_range(done, all_of), done.exact and all_of.exact):
            yield self._hit(
                "rate", index - 1, index + 1, self._words(index + 1), f"{done.value / all_of.value * 100:.1f}%"
            )

    def _rest(self, index: int, gap: str) -> Iterator[Hit]:
        """发现74处，修好71处，其余3处."""
        if index == 0 or not _REST.fullmatch(gap) or not self.gap(index - 1) or self.gap(index - 2):
            return
        total, part, rest = self.found[index - 1 : index + 2]
        if not total.unit == part.unit == rest.unit or not (total.exact and part.exact and rest.exact):
            return
        left = total.value - part.value
        if total.grain == part.grain == rest.grain and left > 0 and abs(left - rest.value) > 1e-9 * total.value:
            yield self._hit("rest", index - 1, index + 1, self._words(index + 1), _shown(left))


def _growth_range(old: Figure, new: Figure) -> tuple[float, float]:
    low, high = _ratio_range(new, old)
    return low - 100, high - 100


def _ratio_range(part: Figure, whole: Figure) -> tuple[float, float]:
    """Between which per cent the one can lie of the other, with what rounding may hide."""
    # A whole number counted one by one hides nothing.
    hidden = [figure.grain / 2 if figure.grain != 1 else 0.0 for figure in (part, whole)]
    low = (part.value - hidden[0]) / (whole.value + hidden[1]) * 100
    high = (part.value + hidden[0]) / max(whole.value - hidden[1], 1e-9) * 100
    return low, high


def _as_set(target: Figure, done: Figure) -> Figure:
    """A target is set, not measured: 2亿元 is no rounded 2.04亿元. It is as fine as what was reached."""
    return target._replace(grain=min(target.grain, done.grain))


def _within(said: Figure, low: float, high: float, exact: bool) -> bool:
    """Whether the per cent told can be what the figures come to: rounded, or cut off."""
    slack = said.grain + 1e-6
    if not (exact and said.exact):
        slack += _LOOSE * max(abs(low), abs(high), 10.0)
    return low - slack <= said.value <= high + slack


def _slack(parts: Sequence[Figure], total: Figure) -> float:
    """How far a sum of rounded figures may be off; figures counted one by one have to add up."""
    if all(figure.grain <= 1 and float(figure.value).is_integer() for figure in (*parts, total)):
        return 1e-9
    return sum(part.grain for part in parts) / 2 + total.grain


def _shown(value: float) -> str:
    for scale, name in ((1e8, "亿"), (1e4, "万")):
        if value >= scale:
            return f"{value / scale:.10g}{name}"
    return f"{value:.10g}"


# ── tables ────────────────────────────────────────────────────────────

_TARGET_HEAD = re.compile(r"目标|计划|任务")
_DONE_HEAD = re.compile(r"实际|完成|结果|实绩")
_PER_CENT_HEAD = re.compile(r"完成(?:率|比例|百分比)|占(?:目标|计划|任务)")
_PER_CENT_LEAD = re.compile(r"(?:目标|计划|任务)(?:任务|值|数)?的?$|^\s*完成(?:率)?(?:为|达)?$")


def _in_tables(paper: Paper, found: Sequence[Figure]) -> Iterator[Hit]:
    """Target, result and per cent of one row."""
    for row in figures.rows(paper):
        top = figures.header(paper, row)
        if top is None or top is row:
            continue
        heads = {column: paper.document.slice(block.span) for column, block in top.cells.items()}
        target = _first(found, _column(row, heads, _TARGET_HEAD, _DONE_HEAD))
        done = _first(found, _column(row, heads, _DONE_HEAD, _PER_CENT_HEAD))
        if target is None or done is None or target.unit != done.unit or target.unit == "%" or target.value <= 0:
            continue
        target = _as_set(target, done)
        block = _column(row, heads, _TARGET_HEAD, _DONE_HEAD)
        if block is None or _OPEN_TARGET.search(paper.document.slice(block.span)):
            continue
        for said in _per_cents(paper, found, row, heads):
            if not _within(said, *_ratio_range(done, target), done.exact and target.exact):
                facts = {
                    "told": paper.document.slice(said.span),
                    "worked_out": f"{done.value / target.value * 100:.1f}%",
                }
                yield Hit(paper.document, said.span, "target", facts)


def _column(row: Row, heads: Mapping[int, str], wanted: re.Pattern[str], not_wanted: re.Pattern[str]) -> Block | None:
    for column, head in heads.items():
        if wanted.search(head) and not not_wanted.search(head) and column in row.cells:
            return row.cells[column]
    return None


def _first(found: Sequence[Figure], block: Block | None) -> Figure | None:
    if block is None:
        return None
    return next((figure for figure in found if block.span.start <= figure.start < block.span.end), None)


def _per_cents(paper: Paper, found: Sequence[Figure], row: Row, heads: Mapping[int, str]) -> Iterator[Figure]:
    """The figures of the row that say how much of the target was reached."""
    for column, block in row.cells.items():
        for figure in found:
            if figure.unit != "%" or not block.span.start <= figure.start < block.span.end:
                continue
            lead = re.split("[，；、（(]", paper.document.text[block.span.start : figure.start])[-1]
            if _PER_CENT_LEAD.search(lead) or (not lead.strip() and _PER_CENT_HEAD.search(heads.get(column, ""))):
                yield figure
