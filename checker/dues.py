"""Who owes which paper and why: the cases of the notice (考核范围), each alone and in company of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from checker.document import LIST_KINDS, PAPER_KINDS
from checker.roster import Due, Entry, Owed, Roster, Unit

CASES: Mapping[str, str] = {
    "team": "领导班子工作总结",
    "lists": "四个清单",
    "report": "述职述廉述学报告",
    "inspector": "派驻纪检监察组组长",
    "posts": "担任多项职务",
    "appointed": "新提拔任职",
    "transferred": "交流任职",
    "seconded": "挂职锻炼",
    "leave": "病、事假累计超过半年",
    "retired": "年度内退休",
    "case": "立案审查调查或者受处分",
    "probation": "试用期满",
}
"""The cases that a notice has a clause for: id to Chinese name."""

_REPORT, _NOTE, _OPINION, _PROBATION = "cadre-report", "prior-post-note", "secondment-opinion", "probation-summary"
_CHECK = "建议核对"
_DECIDING = ("退休", "挂职")
"""How the columns begin by which it is decided whether, and where, a person is assessed."""
_FACTS = (
    "inspector", "appointed", "former_unit", "transferred", "seconded_to", "seconded_months", "leave_days", "retired",
    "case", "probation_end",
)  # fmt: skip


def dues(
    roster: Roster, year: int, clauses: Mapping[str, str], *, months: float = 6, days: float = 183
) -> tuple[Due, ...]:
    """Every paper that the units of the roster owe, or do not owe, for `year`, and why.

    `clauses` gives the clause of the notice for each of CASES. Half a year is `months` of secondment and `days` of
    leave. What the roster does not say is not guessed: such a paper is not `certain`, or `special`.
    """
    derivation = _Derivation(roster, year, clauses, months, days)
    found = [due for unit in roster.units for due in derivation.of_team(unit)]
    for entry in roster.entries:
        found += derivation.of_person(entry)
    order = {unit.name: number for number, unit in enumerate(roster.units)}
    distinct: dict[tuple[str, str, str], Due] = {}
    for due in found:
        distinct.setdefault((due.unit, due.person, due.kind), due)
    return tuple(sorted(distinct.values(), key=lambda due: order.get(due.unit, len(order))))


class _Derivation:
    """One roster in one year; each method yields the dues of one case."""

    def __init__(self, roster: Roster, year: int, clauses: Mapping[str, str], months: float, days: float) -> None:
        self.roster = roster
        self.year = year
        self.clauses = clauses
        self.months = months
        self.days = days
        self.units = {unit.name: unit for unit in roster.units}
        self.counts = Counter(entry.unit for entry in roster.entries)
        self.inspectors = Counter(entry.unit for entry in roster.entries if entry.inspector)
        self.by_name: dict[str, list[Entry]] = {}
        self.named: dict[str, str] = {}
        for entry in roster.entries:
            self.by_name.setdefault(entry.name, []).append(entry)

    def of_team(self, unit: Unit) -> Iterator[Due]:
        count = self.counts[unit.name]
        if count and self.inspectors[unit.name] == count:
            reason = f"花名册列的{count}人都是派驻纪检监察组组长，年度考核另有专门办法，不交领导班子工作总结"
            yield Due(unit.name, "", "team-summary", "none", self.clauses["inspector"], reason)
            return
        told = f"花名册列有{unit.name}的{count}人" if count else f"花名册列有{unit.name}"
        yield Due(unit.name, "", "team-summary", "owed", self.clauses["team"], f"{told}，领导班子应当撰写工作总结")
        for kind in LIST_KINDS:
            reason = f"{told}，领导班子应当梳理「四个清单」，这是其中的{PAPER_KINDS[kind]}"
            yield Due(unit.name, "", kind, "owed", self.clauses["lists"], reason)

    def of_person(self, entry: Entry) -> Iterator[Due]:
        main = self._main_unit(entry)
        if main != entry.unit:
            yield from self._beside(entry, main)
            return
        sender = self._sender(entry)
        if sender is not None:
            yield from self._hosted(entry, sender)
            return
        whole = self._with_sides(entry)
        aside = self._set_aside(whole)
        if aside is not None:
            yield aside
            return
        yield from self._assessed(whole)

    # ── several posts ──

    def _main_unit(self, entry: Entry) -> str:
        """The unit of the person's main post, by the roster's own name for it where it has one."""
        if not entry.main_unit:
            return entry.unit
        return self._named(entry.main_unit)

    def _beside(self, entry: Entry, main: str) -> Iterator[Due]:
        """A post beside the main one: nothing is owed here."""
        rows = [other for other in self.by_name[entry.name] if other.unit == main]
        said = f"主职单位是{main}，述职报告由{main}报送，本单位{_in_post(entry)}属于兼任，不另交"
        if main not in self.units:
            said += f"；{main}不在花名册里，{_CHECK}"
        yield self._report(entry, "none", "posts", said, certain=main in self.units)
        if main in self.units and not rows:
            reason = f"{entry.unit}一行写明主职单位是{main}，应在主职单位考核；花名册里{main}没有单列此人，{_CHECK}"
            yield Due(main, entry.name, _REPORT, "owed", self.clauses["posts"], reason, certain=False)

    def _with_sides(self, entry: Entry) -> Entry:
        """The row of the main post, filled up with what the rows of the same person's other posts say."""
        merged = entry
        for other in self.by_name[entry.name]:
            if other is not entry and (self._is_side(other, entry) or self._sent_by(other, entry)):
                more: dict[str, Any] = {
                    name: value for name in _FACTS if not getattr(merged, name) and (value := getattr(other, name))
                }
                unread = tuple(dict.fromkeys((*merged.unread, *other.unread)))
                merged = replace(merged, unread=unread, **more)
        return merged

    def _sides(self, entry: Entry) -> list[str]:
        """The units of the same person's other posts."""
        return [row.unit for row in self.by_name[entry.name] if self._is_side(row, entry)]

    def _is_side(self, row: Entry, entry: Entry) -> bool:
        return row.unit != entry.unit and self._main_unit(row) == entry.unit

    def _namesakes(self, entry: Entry) -> list[str]:
        """Units with a row of the same name of which nothing says whether it is the same person."""
        others = [row for row in self.by_name[entry.name] if row.unit != entry.unit]
        return [
            row.unit
            for row in others
            if self._main_unit(row) == row.unit
            and not (row.main_unit and entry.main_unit)
            and not self._sent_by(row, entry)
            and not self._sent_by(entry, row)
        ]

    def _sender(self, entry: Entry) -> Entry | None:
        """The row of the unit that sent this person here for a time, where the roster has one for each of the two."""
        for row in self.by_name[entry.name]:
            if row.unit != entry.unit and row.seconded_to and self._named(row.seconded_to) == entry.unit:
                return row
        return None

    def _sent_by(self, row: Entry, entry: Entry) -> bool:
        sender = self._sender(row)
        return sender is not None and sender.unit == entry.unit

    def _hosted(self, entry: Entry, sender: Entry) -> Iterator[Due]:
        """At the unit that has the person for a time; what it owes follows from the row of the one that sent them."""
        whole = self._with_sides(sender)
        if self._set_aside(whole) is not None:
            why = f"{sender.unit}派来挂职，情况见{sender.unit}的一行"
            yield Due(entry.unit, entry.name, _REPORT, "none", self.clauses["seconded"], why)
            return
        place, _, why, sure = self._where(whole)
        if place == sender.unit:
            yield Due(entry.unit, entry.name, _REPORT, "none", self.clauses["seconded"], why, certain=sure)

    # ── those whom the notice sets aside ──

    def _set_aside(self, entry: Entry) -> Due | None:
        """The only due of a person who is assessed by other rules, or not at all."""
        also = self._also(entry)
        if entry.inspector:
            said = "派驻纪检监察组组长的年度考核另有专门办法，不适用本通知的要求" + also
            return self._report(entry, "special", "inspector", said)
        if entry.case:
            said = f"花名册的立案、处分情况写的是「{entry.case}」，其年度考核按照有关规定进行，这里不作判断" + also
            return self._report(entry, "special", "case", said)
        if entry.retired is None or entry.retired.year > self.year:
            return None
        if entry.retired.year < self.year:
            said = f"花名册写明{_date(entry.retired)}退休，是{self.year}年以前的事，不在本年度考核范围，{_CHECK}"
            return self._report(entry, "none", "retired", said, certain=False)
        return self._retired(entry, entry.retired)

    def _also(self, entry: Entry) -> str:
        """What else the roster says of a person who is assessed by other rules: no paper follows from it here."""
        said = [
            text
            for text, on in (
                (f"{_date(entry.retired)}退休" if entry.retired else "", entry.retired is not None),
                (f"挂职{entry.seconded_to}", bool(entry.seconded_to)),
                (f"从{entry.former_unit}交流任职", bool(entry.former_unit)),
                (f"病事假{_number(entry.leave_days or 0)}天", self._long_leave(entry)),
                ("本年度试用期满", self._probation_ended(entry)),
                (f"兼任{'、'.join(self._sides(entry))}的职务", bool(self._sides(entry))),
            )
            if on
        ]
        return f"；花名册还写有{'、'.join(said)}，一并按有关规定办" if said else ""

    def _retired(self, entry: Entry, day: date) -> Due:
        """Retired in the year: the months worked up to that day, without leave, against half a year."""
        half = date(self.year, 6, 30)
        leave = f"，病事假{_number(entry.leave_days)}天" if entry.leave_days else ""
        told = f"{_date(day)}退休，{self.year}年工作到退休时{_worked(day)}{leave}"
        if day < half:
            said = f"{told}，实际工作时间不满半年，不再进行年度考核"
            return self._report(entry, "none", "retired", said)
        if day <= date(self.year, 7, 1):
            said = f"{told}，正好在半年上下，不能断定是不满还是超过半年，{_CHECK}"
            return self._report(entry, "special", "retired", said, certain=False)
        if entry.leave_days and (day - date(self.year, 1, 1)).days + 1 - entry.leave_days <= self.days:
            said = (
                f"{told}，扣除病事假后实际工作时间不到半年（按{_number(self.days)}天计），"
                f"不满半年的不再进行年度考核，{_CHECK}"
            )
            return self._report(entry, "special", "retired", said, certain=False)
        said = f"{told}，超过半年，由所在单位根据表现推荐考核等次，通知没有要求再交述职报告"
        return self._report(entry, "special", "retired", said, grade="由所在单位推荐等次")

    # ── those who are assessed ──

    def _assessed(self, entry: Entry) -> Iterator[Due]:
        place, opinion, seconded, sure = self._where(entry)
        said, clause = self._circumstances(entry)
        if seconded:
            said, clause = [seconded, *said], "seconded"
        doubts = self._doubts(entry)
        grade = "不确定等次" if self._long_leave(entry) else ""
        certain = sure and not self._open(entry)
        if place == entry.unit:
            reason = "；".join([*(said or [f"花名册列有此人{_in_post(entry)}，应当撰写述职述廉述学报告"]), *doubts])
            yield Due(entry.unit, entry.name, _REPORT, "owed", self.clauses[clause], reason, grade, certain)
        elif place:
            reason = "；".join([*said, *doubts])
            yield Due(entry.unit, entry.name, _REPORT, "none", self.clauses[clause], reason, grade, certain)
            yield Due(place, entry.name, _REPORT, "owed", self.clauses[clause], reason, grade, certain)
        else:
            reason = "；".join([*said, *doubts])
            for unit in dict.fromkeys((entry.unit, self._named(entry.seconded_to))):
                yield Due(unit, entry.name, _REPORT, "special", self.clauses[clause], reason, grade, False)
        if opinion:
            yield self._opinion(entry, opinion, seconded, certain)
        yield from self._prior_post(entry)
        yield from self._probation(entry)

    def _where(self, entry: Entry) -> tuple[str, str, str, bool]:
        """Who assesses the person (empty: not known), whose opinion is asked for, why, and whether that is sure."""
        if not entry.seconded_to:
            if entry.seconded_months:
                said = f"花名册写了挂职{_number(entry.seconded_months)}个月，没有写挂职单位，{_CHECK}"
                return entry.unit, "", said, False
            return entry.unit, "", "", True
        host, worked = self._named(entry.seconded_to), entry.seconded_months
        if host == entry.unit:
            said = f"花名册写的挂职单位就是{host}，不像是挂职，{_CHECK}"
            return entry.unit, "", said, False
        outside = "" if host in self.units else f"（{host}不在花名册里）"
        if worked is None:
            said = f"花名册写明挂职{host}，没有写挂职几个月，不能确定由哪一方考核，{_CHECK}"
            return "", "", said, False
        told = f"{self.year}年挂职{host}{_number(worked)}个月"
        if worked > self.months:
            return host, entry.unit, f"{told}，超过半年，由{host}考核并报送述职报告{outside}", True
        if worked == self.months:
            said = f"{told}，两边都正好半年，「半年以上」含本数，按由{host}考核{outside}，{_CHECK}"
            return host, entry.unit, said, False
        return entry.unit, host, f"{told}，不到半年，仍由{entry.unit}考核{outside}", True

    def _circumstances(self, entry: Entry) -> tuple[list[str], str]:
        """What else the notice says of this person's report, and the case that it rests on most."""
        said: list[str] = []
        case = "report"
        if self._sides(entry):
            said.append(f"同时在{'、'.join(self._sides(entry))}任职，主职单位是{entry.unit}，由主职单位报送")
            case = "posts"
        if self._moved(entry):
            said.append(
                f"{_date(entry.transferred)}从{entry.former_unit or '别的单位'}交流任职，在现工作单位考核"
                if entry.transferred is not None
                else f"原单位是{entry.former_unit}，在现工作单位考核"
            )
            case = "transferred"
        if entry.appointed is not None and entry.appointed.year >= self.year:
            said.append(f"{_date(entry.appointed)}新任现职，按现任职务考核，注意了解在原任职岗位的工作情况")
            case = "appointed" if case == "report" else case
        if self._long_leave(entry):
            leave = _number(entry.leave_days or 0)
            said.append(f"病事假累计{leave}天，超过半年（按{_number(self.days)}天计），参加年度考核，不确定等次")
            case = "leave"
        return said, case

    def _doubts(self, entry: Entry) -> list[str]:
        """What stands in the roster and does not tell enough."""
        found = []
        namesakes = self._namesakes(entry)
        if namesakes:
            found.append(
                f"花名册里{'、'.join(namesakes)}也有同名的人，没有写明主职单位；是同一个人的，只由主职单位报送一份，{_CHECK}"
            )
        if entry.unread:
            found.append(f"花名册第{entry.row}行的{'、'.join(entry.unread)}看不懂，没有计入，{_CHECK}")
        return found

    def _open(self, entry: Entry) -> bool:
        """Whether what the roster does not tell may change who owes the report."""
        return bool(self._namesakes(entry)) or any(name.startswith(_DECIDING) for name in entry.unread)

    def _opinion(self, entry: Entry, unit: str, why: str, certain: bool) -> Due:
        side = "派出单位" if unit == entry.unit else "接收单位"
        reason = f"{why}；{unit}是{side}，应当提供意见"
        if not certain and _CHECK not in reason:
            reason += f"，{_CHECK}"
        return Due(unit, entry.name, _OPINION, "owed", self.clauses["seconded"], reason, certain=certain)

    def _moved(self, entry: Entry) -> bool:
        """Whether the person came from another unit in the year, or later, as far as the roster says."""
        if entry.transferred is not None:
            return entry.transferred.year >= self.year
        return bool(entry.former_unit) and self._recent(entry) and self._named(entry.former_unit) != entry.unit

    def _recent(self, entry: Entry) -> bool:
        """Whether the present post is not an old one, as far as the roster says."""
        return entry.appointed is None or entry.appointed.year >= self.year

    def _prior_post(self, entry: Entry) -> Iterator[Due]:
        if not self._moved(entry):
            return
        clause = self.clauses["transferred"]
        told = f"{_date(entry.transferred)}交流到{entry.unit}" if entry.transferred else f"现在{entry.unit}任职"
        if not entry.former_unit:
            reason = f"{told}，花名册没有写原单位，不知道原任职情况由谁提供，{_CHECK}"
            yield Due(entry.unit, entry.name, _NOTE, "special", clause, reason, certain=False)
            return
        former = self._named(entry.former_unit)
        if former == entry.unit:
            reason = f"{told}，原单位也是{former}，原任职情况不需要别的单位提供"
            yield Due(entry.unit, entry.name, _NOTE, "none", clause, reason)
            return
        reason = f"{told}，交流任职前的情况由原单位{former}提供"
        if former not in self.units:
            reason += f"；{former}不在花名册里，请另行联系"
        if entry.transferred is None:
            new = f"只写了{_date(entry.appointed)}任现职" if entry.appointed else "没有写时间"
            reason += f"；花名册没有写交流时间（{new}），是本年度交流的才需要，{_CHECK}"
        yield Due(former, entry.name, _NOTE, "owed", clause, reason, certain=entry.transferred is not None)

    def _probation_ended(self, entry: Entry) -> bool:
        return entry.probation_end is not None and entry.probation_end.year == self.year

    def _probation(self, entry: Entry) -> Iterator[Due]:
        if entry.probation_end is None or entry.probation_end.year < self.year:
            return
        day, clause = _date(entry.probation_end), self.clauses["probation"]
        if not self._probation_ended(entry):
            reason = f"试用期到{day}才满，{self.year}年度不交试用期工作总结"
            yield Due(entry.unit, entry.name, _PROBATION, "none", clause, reason)
            return
        reason = f"试用期{day}满，进行试用期满考核，应当交试用期工作总结"
        yield Due(entry.unit, entry.name, _PROBATION, "owed", clause, reason)

    # ── small things ──

    def _report(
        self, entry: Entry, owed: Owed, case: str, reason: str, *, grade: str = "", certain: bool = True
    ) -> Due:
        doubts = self._doubts(entry) if case != "posts" else []
        reason = "；".join([reason, *doubts])
        sure = certain and (case == "posts" or not self._open(entry))
        return Due(entry.unit, entry.name, _REPORT, owed, self.clauses[case], reason, grade, sure)

    def _named(self, name: str) -> str:
        """A unit by the roster's own name for it, else as it is written."""
        if name not in self.named:
            found = self.roster.meant(name)
            self.named[name] = found.name if found is not None else name
        return self.named[name]

    def _long_leave(self, entry: Entry) -> bool:
        return entry.leave_days is not None and entry.leave_days > self.days


def _in_post(entry: Entry) -> str:
    return f"（{entry.post}）" if entry.post else ""


def _date(day: date | None) -> str:
    return f"{day.year}年{day.month}月" if day is not None else ""


def _number(value: float) -> str:
    return f"{value:g}"


def _worked(day: date) -> str:
    """How long somebody worked who left on `day` of the year: whole months, and that there are days besides."""
    whole = day.month if _is_last(day) else day.month - 1
    over = "" if _is_last(day) or not whole else "多"
    return f"{whole}个{over}月" if whole else f"{day.day}天"


def _is_last(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).month != day.month
