"""The workbooks of a screening: 汇总表.xlsx with all that was found, 归属表.xlsx with whose each paper is, to edit.

Rows are written as they are made, so that memory does not grow with them. How cells are written is in `sheets.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from checker.document import PAPER_KINDS, UNIT_TYPES
from checker.render import phrases as say
from checker.render.sheets import (
    COLOURS,
    LINKS_MAX,
    ROWS_MAX,
    Coloured,
    Column,
    Linked,
    Sheet,
    Styles,
    Value,
    Written,
    escaped,
    facts,
    table,
    workbook,
)
from checker.report import SEVERITY_NAMES, VERDICT_NAMES, severity
from checker.screening.cards import Assignment
from checker.screening.pins import COLUMNS, NOBODY, rows
from checker.screening.result import DueLine, FindingLine, PaperLine, Screening, Side, UnitLine

if TYPE_CHECKING:
    from xlsxwriter import Workbook

NAME, ASSIGNMENTS_NAME = "汇总表.xlsx", "归属表.xlsx"
OWED_NAMES: Mapping[str, str] = {"owed": "应交", "none": "不交", "special": "按有关规定"}
_VERDICT_COLOURS: Mapping[str, str] = {"pass": "info", "remarks": "warning", "return": "error", "error": "error"}
_QUOTE = 500
_NAMES = 20
_NOT_APPLICABLE = "不适用"
# From what a person has to look at to what is settled.
_DOUBT = ("none", "guess", "sure", "pinned")
YES, NO = "是", "否"


def render(screening: Screening) -> bytes:
    """All of a screening as one workbook; links lead from the folder of the results."""
    buffer = BytesIO()
    with workbook(buffer, "考核材料筛查汇总表", streaming=True) as book:
        styles = Styles(book)
        left: list[str] = []
        for sheet in _sheets(screening):
            made = book.add_worksheet(sheet.name)
            written = table(made, sheet, styles)
            left += _left(sheet.name, written)
            if sheet.upright is not None and written.rows:
                _colour_levels(book, made, written.rows, sheet.upright, len(sheet.columns) - 1)
        facts(book.add_worksheet("说明"), _facts(screening, left), styles)
    return buffer.getvalue()


def _sheets(screening: Screening) -> Iterator[Sheet]:
    yield _units(screening)
    yield _papers(screening)
    yield _findings(screening)
    if screening.previous:
        yield _mended(screening)
    yield _dues(screening)
    yield _copies(screening)
    if screening.clusters:
        yield _clusters(screening)
    yield _figures(screening)
    yield _levels(screening)
    yield _files(screening)


def _left(name: str, written: Written) -> Iterator[str]:
    if written.rows_left:
        yield f"「{name}」表放不下{written.rows_left}行（一张表最多{ROWS_MAX}行），全部内容见 results.jsonl。"
    if written.links_left:
        yield f"「{name}」表有{written.links_left}处只写文字、没有链接（一张表最多{LINKS_MAX}个链接）。"


def _linked(text: str, target: str) -> Value:
    """Text that leads to a file of the results; plain text where there is none."""
    target = escaped(target)
    return Linked(text, target) if target and text else text


def _open(target: str) -> Value:
    """The word that leads to a file of the results; nothing where there is none to be reached."""
    found = _linked("打开", target)
    return found if isinstance(found, Linked) else None


def _kind(kind: str) -> str:
    return PAPER_KINDS.get(kind, say.one_line(kind))


def _some(number: int) -> Value:
    """A number, or nothing for none: what is there is seen at once."""
    return number or None


def _columns(*given: tuple[str, float]) -> Sequence[Column]:
    return tuple(Column(header, width) for header, width in given)


# ---- units ----------------------------------------------------------------------------------------------------


def _units(screening: Screening) -> Sheet:
    rounds = _columns(("已改好", 8), ("仍存在", 8), ("新出现", 8), ("没看到", 8)) if screening.previous else ()
    columns = (
        *_columns(("序号", 6), ("单位", 28), ("类型", 12), ("结论", 18), ("错误", 7), ("提醒", 7), ("提示", 7)),
        *_columns(("已处理", 8), ("材料份数", 10), ("字数超限", 10), ("应交", 7), ("缺交", 7), ("多交", 7)),
        *_columns(("读不了", 8), ("事项未写到", 12)),
        *rounds,
        *_columns(("花名册", 12), ("审查意见表", 12)),
    )
    rows = (_unit(number, unit, bool(rounds)) for number, unit in enumerate(screening.units, start=1))
    return Sheet("单位", columns, rows, printed=len(columns), frozen=2)


def _unit(number: int, unit: UnitLine, rounds: bool) -> Sequence[Value]:
    turn = unit.round
    compared: Sequence[Value] = ()
    if rounds:
        told = (turn.mended, turn.remaining, turn.new, turn.unseen) if turn is not None else ()
        compared = [_some(len(lines)) for lines in told] or [None] * 4
    nothing = unit.verdict == "pass" and not unit.papers
    verdict = "没有收到材料" if nothing else VERDICT_NAMES[unit.verdict]
    missing = sum(due.missing for due in unit.dues)
    return (
        number,
        _linked(unit.name, unit.page),
        UNIT_TYPES.get(unit.unit_type, unit.unit_type),
        Coloured(verdict, "warning" if nothing else _VERDICT_COLOURS[unit.verdict]),
        *map(_some, (unit.errors, unit.warnings, unit.infos, unit.accepted, len(unit.papers))),
        _some(sum(paper.over for paper in unit.papers)),
        _some(sum(due.due.owed == "owed" for due in unit.dues)),
        Coloured(missing, "error") if missing else None,
        _some(len(unit.surplus)),
        _some(len(unit.problems)),
        _some(sum(level == "absent" for level in unit.topics.values())),
        *compared,
        None if unit.known else "不在花名册",
        _open(unit.form),
    )


# ---- papers and findings --------------------------------------------------------------------------------------


def _papers(screening: Screening) -> Sheet:
    columns = (
        *_columns(("单位", 22), ("姓名", 10), ("材料", 20), ("字数", 8), ("上限", 8), ("超出", 8), ("错误", 7)),
        *_columns(("提醒", 7), ("提示", 7), ("文件", 44), ("第几份", 8), ("检查报告", 10), ("批注稿", 10)),
        *_columns(
            ("备注", 20),
        ),
    )
    rows = (_paper(paper) for unit in screening.units for paper in unit.papers)
    return Sheet("材料", columns, rows, printed=11, frozen=2)


def _paper(paper: PaperLine) -> Sequence[Value]:
    beyond = 0 if paper.limit is None else max(0, paper.words - paper.limit)
    return (
        paper.unit,
        paper.person,
        _kind(paper.kind),
        paper.words,
        paper.limit,
        # A count of recognised text may be over and not surely so.
        Coloured(beyond, "error") if paper.over else _some(beyond),
        *map(_some, (paper.errors, paper.warnings, paper.infos)),
        say.one_line(paper.name),
        paper.part + 1,
        _open(paper.page),
        _open(paper.copy),
        "文字由识别得来，字数约数" if paper.recognised else None,
    )


def _findings(screening: Screening) -> Sheet:
    columns = (
        *_columns(("序号", 8), ("单位", 22), ("姓名", 10), ("材料", 18), ("级别", 9), ("问题", 40), ("原文", 34)),
        *_columns(("位置", 11), ("依据", 18), ("文件", 40), ("处理", 24)),
        *(_columns(("与上一轮比", 12)) if screening.previous else ()),
        *_columns(("规则编号", 20), ("指纹", 18)),
    )
    return Sheet("问题", columns, _finding_rows(screening), printed=len(columns) - 2, frozen=2)


def _finding_rows(screening: Screening) -> Iterator[Sequence[Value]]:
    number = 0
    for unit in screening.units:
        fresh = set(unit.round.new) if unit.round is not None else set()
        kept = set(unit.round.remaining) if unit.round is not None else set()
        for line in unit.findings:
            number += 1
            compared = "新出现" if line in fresh else "仍存在" if line in kept else None
            yield (
                number,
                unit.name,
                *_said(line),
                line.place,
                say.clause_name(line.clause),
                _linked(say.one_line(line.paper), unit.page) if line.paper else "全部材料",
                f"√ 已有处理意见：{line.accepted}" if line.accepted else None,
                *((compared,) if screening.previous else ()),
                line.rule,
                line.fingerprint,
            )


def _said(line: FindingLine) -> Sequence[Value]:
    """Person, paper, level, what is wrong, the words."""
    level = severity(line.severity)
    shown = f"{say.SEVERITY_SIGNS[level]} {SEVERITY_NAMES[level]}"
    return (
        line.person,
        _kind(line.kind) if line.kind else None,
        shown if line.accepted else Coloured(shown, level),
        line.message,
        say.shorten(line.quote, _QUOTE),
    )


def _mended(screening: Screening) -> Sheet:
    columns = (
        *_columns(("单位", 22), ("情况", 16), ("姓名", 10), ("材料", 18), ("级别", 9), ("问题", 40), ("原文", 34)),
        *_columns(("依据", 18), ("文件", 40)),
    )
    return Sheet("整改", columns, _mended_rows(screening), printed=len(columns), frozen=1)


def _mended_rows(screening: Screening) -> Iterator[Sequence[Value]]:
    for unit in screening.units:
        turn = unit.round
        if turn is None:
            continue
        if turn.missing:
            yield (
                unit.name,
                Coloured("这一轮没有材料", "error"),
                *[None] * 3,
                "上一轮有材料，这一轮没有收到。",
                *[None] * 3,
            )
        for name, share in turn.changed.items():
            told = f"文字有改动，约{_per_cent(share)}%同上一轮一样。"
            yield (unit.name, "材料有改动", *[None] * 3, told, *[None] * 2, say.one_line(name))
        for state, lines in (
            (Coloured("已改好", "info"), turn.mended),
            (Coloured("没看到", "warning"), turn.unseen),
            (Coloured("仍存在", "error"), turn.remaining),
            (Coloured("新出现", "error"), turn.new),
        ):
            for line in lines:
                yield (unit.name, state, *_said(line), say.clause_name(line.clause), say.one_line(line.paper))


def _per_cent(share: float) -> int:
    """In whole per cent, but a text that is changed at all is not the same."""
    return min(99, round(100 * share)) if share < 1 else 100


# ---- what is owed ---------------------------------------------------------------------------------------------


def _dues(screening: Screening) -> Sheet:
    columns = (
        *_columns(("单位", 22), ("姓名", 10), ("材料", 22), ("应交", 11), ("结果", 14), ("为什么", 44), ("等次", 14)),
        *_columns(("依据", 14), ("收到的文件", 44)),
    )
    rows = (_due(unit, due) for unit in screening.units for due in unit.dues)
    return Sheet("应交材料", columns, rows, printed=len(columns), frozen=2)


def _due(unit: UnitLine, line: DueLine) -> Sequence[Value]:
    due = line.due
    came: Value = "已交" if line.received else None
    if line.missing:
        came = Coloured("缺交", "error")
    elif line.received and due.owed == "none":
        came = Coloured("不应交而交了", "warning")
    return (
        unit.name,
        due.person,
        _kind(due.kind),
        OWED_NAMES[due.owed],
        came,
        due.reason,
        due.grade,
        say.clause_name(due.clause),
        "\n".join(map(say.one_line, line.received)),
    )


# ---- across units ---------------------------------------------------------------------------------------------


def _copies(screening: Screening) -> Sheet:
    columns = (
        *_columns(("序号", 6), ("相同字数", 10), ("占较短一份", 11), ("几处", 7), ("备注", 12)),
        *(
            Column(f"{which}：{header}", width)
            for which in ("甲", "乙")
            for header, width in (("单位", 20), ("姓名", 10), ("材料", 16), ("原文", 50), ("文件", 36))
        ),
    )
    rows = (
        (
            number,
            pair.words,
            f"{pair.share}%",
            pair.passages,
            Coloured("完全相同", "error") if pair.same else None,
            *_side(pair.first),
            *_side(pair.second),
        )
        for number, pair in enumerate(screening.copies, start=1)
    )
    return Sheet("雷同", columns, rows, printed=len(columns), frozen=1)


def _clusters(screening: Screening) -> Sheet:
    columns = _columns(
        *(("序号", 6), ("原文", 70), ("字数", 8), ("材料份数", 10), ("单位个数", 10), ("哪些单位", 40), ("文件", 60)),
    )
    rows = (
        (
            *(number, say.shorten(line.passage, _QUOTE), line.words, line.count, line.units),
            _listed(dict.fromkeys(side.unit for side in line.papers if side.unit), line.units),
            _listed([side.name for side in line.papers], line.count),
        )
        for number, line in enumerate(screening.clusters, start=1)
    )
    return Sheet("多家雷同", columns, rows, printed=len(columns), frozen=1)


def _listed(names: Iterable[str], count: int) -> str:
    shown = [say.one_line(name) for name in names]
    told = shown[:_NAMES]
    return "\n".join([*told, f"……共{count}个"] if count > len(told) else told)


def _side(side: Side) -> Sequence[Value]:
    return (
        side.unit or "（只作对照）",
        side.person,
        _kind(side.kind),
        say.shorten(side.quote, _QUOTE),
        _linked(say.one_line(side.name), side.page),
    )


def _figures(screening: Screening) -> Sheet:
    columns = (
        *_columns(
            ("序号", 6), ("指标", 26), ("时间", 12), ("写法", 16), ("几处这样写", 12), ("单位", 22), ("姓名", 10)
        ),
        *_columns(("材料", 18), ("原文", 44), ("文件", 40)),
    )
    rows = (
        (
            *(number, line.indicator, line.period, value, len(sides), side.unit, side.person, _kind(side.kind)),
            *(say.shorten(side.quote, _QUOTE), _linked(say.one_line(side.name), side.page)),
        )
        for number, line in enumerate(screening.figures, start=1)
        for value, sides in line.values
        for side in sides
    )
    return Sheet("数字", columns, rows, printed=len(columns), frozen=2)


def _levels(screening: Screening) -> Sheet:
    asked = [*screening.facets, *screening.topics]
    columns = (
        *_columns(("单位", 24), ("类型", 12), ("备注", 16)),
        *(Column(say.one_line(name), 12) for _, name in asked),
    )
    rows = (_unit_levels(unit, screening) for unit in screening.units)
    return Sheet("事项", columns, rows, printed=len(columns), frozen=1, upright=3)


def _unit_levels(unit: UnitLine, screening: Screening) -> Sequence[Value]:
    return (
        _linked(unit.name, unit.page),
        UNIT_TYPES.get(unit.unit_type, unit.unit_type),
        None if unit.topics or unit.facets else "没有工作总结",
        *(_level(unit.facets.get(ident), say.FACET_LEVELS) for ident, _ in screening.facets),
        *(_level(unit.topics.get(ident), say.TOPIC_LEVELS) for ident, _ in screening.topics),
    )


def _level(level: str | None, names: Mapping[str, str]) -> Value:
    if level is None:
        return None
    return _NOT_APPLICABLE if level == "not-applicable" else names.get(level, say.one_line(level))


def _colour_levels(book: Workbook, sheet: object, rows: int, first: int, last: int) -> None:
    """Colours that follow the words, also when somebody corrects one."""
    if last < first:
        return
    colours = {"absent": "error", "named": "warning", "passage": "warning"}
    for names in (say.FACET_LEVELS, say.TOPIC_LEVELS):
        for level, name in names.items():
            if level in colours:
                style = book.add_format({"bg_color": COLOURS[colours[level]]})
                rule = {"type": "cell", "criteria": "==", "value": f'"{name}"', "format": style}
                sheet.conditional_format(1, first, rows, last, rule)  # type: ignore[attr-defined]
    sheet.set_paper(8)  # type: ignore[attr-defined]  # A3


# ---- files ----------------------------------------------------------------------------------------------------


def _files(screening: Screening) -> Sheet:
    columns = (
        *_columns(("情况", 12), ("文件", 46), ("第几份", 8), ("单位", 22), ("姓名", 10), ("材料", 18)),
        *_columns(("怎么回事", 46), ("以哪份为准", 46)),
    )
    return Sheet("文件", columns, _file_rows(screening), printed=len(columns), frozen=2)


def _file_rows(screening: Screening) -> Iterator[Sequence[Value]]:
    owners = {problem.path: unit.name for unit in screening.units for problem in unit.problems}
    told: set[tuple[str, str]] = set()
    # What went wrong in the check of a unit and is no file's fault stands with the unit only.
    for problem in (*screening.unread, *(it for unit in screening.units for it in unit.problems)):
        if (problem.path, problem.code) in told:
            continue
        told.add((problem.path, problem.code))
        name = say.one_line(problem.path) or "（不知是哪个文件）"
        yield (
            *(Coloured("没有检查", "error"), name, None, owners.get(problem.path), None, None),
            *(say.one_line(problem.message), None),
        )
    for one in screening.nobody:
        yield Coloured("没有归属", "error"), *_whose(one), one.how, None
    for one in screening.set_aside:
        name = "重复" if one.why == "same" else "旧版本"
        instead = "" if one.instead in (None, one.key) else say.one_line(one.instead.name)
        yield Coloured(name, "warning"), *_whose(one), one.how, instead
    for unit in screening.units:
        for path in unit.surplus:
            yield (
                Coloured("多交", "warning"),
                say.one_line(path),
                None,
                unit.name,
                None,
                None,
                "没有要求交这份材料。",
                None,
            )
    for sentence in screening.bad_rows:
        yield Coloured("花名册", "error"), None, None, None, None, None, say.one_line(sentence), None


def _whose(one: Assignment) -> Sequence[Value]:
    return say.one_line(one.key.name), one.key.part + 1, one.unit, one.person, _kind(one.kind)


# ---- notes ----------------------------------------------------------------------------------------------------


def _facts(screening: Screening, left: Iterable[str]) -> Iterator[tuple[str, Value]]:
    """The last sheet: what was screened, by which notice, what was not, and how to read the other sheets."""
    units = screening.units
    yield "标题", screening.title
    yield "通知", screening.notice
    yield "考核年度", screening.year
    yield "生成时间", f"{screening.made:%Y-%m-%d %H:%M}"
    yield "检查程序", f"考核材料智检 {screening.version}"
    yield "花名册", "按花名册核对应交材料" if screening.roster else "没有给花名册，没有核对谁应交什么"
    verdicts = [(name, sum(unit.verdict == verdict for unit in units)) for verdict, name in VERDICT_NAMES.items()]
    yield "单位", f"{len(units)}个：" + "，".join(f"{name}{count}个" for name, count in reversed(verdicts) if count)
    papers = sum(len(unit.papers) for unit in units)
    yield "材料", f"{papers}份；没有归属{len(screening.nobody)}份，重复和旧版本{len(screening.set_aside)}份"
    counts = [sum(getattr(unit, name) for unit in units) for name in ("errors", "warnings", "infos")]
    yield "问题", f"错误{counts[0]}处，提醒{counts[1]}处，提示{counts[2]}处（不含已有处理意见的）"
    if screening.previous:
        yield "上一轮", say.one_line(screening.previous)
    if screening.unread:
        yield "没有检查的文件", Coloured(f"{len(screening.unread)}个，见「文件」表", "error")
    if screening.skipped:
        yield "略过", f"{screening.skipped}个系统文件、临时文件等不是材料，没有看"
    for rule, reason in screening.not_checked:
        yield "没有查的规则", f"{rule}：{say.one_line(reason)}"
    for sentence in left:
        yield "放不下的", Coloured(sentence, "warning")
    yield (
        "怎样看",
        (
            "「单位」按轻重排列；「问题」是全部问题，可按单位、姓名、级别筛选；「应交材料」写明谁应交什么、为什么、交了没有；"
            "「事项」看各单位工作总结写到了哪些事项；「文件」是没有检查、没有归属、重复的文件。蓝色文字可以点开，"
            "请把本表和同一文件夹里的「单位」文件夹放在一起。"
        ),
    )


# ---- whose each paper is --------------------------------------------------------------------------------------


def assignments(screening: Screening) -> bytes:
    """Whose each paper is, what is doubtful first; corrected by hand it is given back to the next screening."""
    buffer = BytesIO()
    rank = {certainty: number for number, certainty in enumerate(_DOUBT)}
    ordered = sorted(screening.guesses, key=lambda one: (rank[one.certainty], one.key))
    widths = (50, 8, 26, 12, 30, 8, 10, 50)
    columns = [Column(header, width) for header, width in zip(COLUMNS, widths, strict=True)]
    with workbook(buffer, "考核材料归属表", streaming=True) as book:
        styles = Styles(book)
        made = book.add_worksheet("归属")
        wanted = map(_assignment, rows(ordered), ordered)
        written = table(made, Sheet("归属", columns, wanted, len(columns), frozen=1), styles)
        last = max(1, written.rows)
        for header, choices in (("材料种类", list(PAPER_KINDS.values())), ("采用", [YES, NO])):
            column = COLUMNS.index(header)
            made.data_validation(
                *(1, column, last, column),
                {
                    "validate": "list",
                    "source": choices,
                    "error_title": header,
                    "error_message": "请从下拉列表里选一个。",
                },
            )
        facts(book.add_worksheet("说明"), _how_to_correct(), styles)
    return buffer.getvalue()


def _assignment(row: Sequence[str | int], one: Assignment) -> Sequence[Value]:
    """A row of the table; its last two columns are for the eye: how sure it is, and why."""
    *told, certainty, how = row
    colour = {"none": "error", "guess": "warning"}.get(one.certainty)
    return (*told, Coloured(certainty, colour) if colour else certainty, how)


def _how_to_correct() -> Iterator[tuple[str, Value]]:
    yield "用处", "这张表写明每份材料算到了谁名下。推测的排在最前，请逐行核对。"
    yield "怎样改", "改“单位”“姓名”“材料种类”“采用”四列；空着的和没有改的都照程序推测的办，没有改的行可以删去。"
    yield "没有主的", f"不归任何单位的，“单位”写“{NOBODY}”；不是哪一个人的，“姓名”写“{NOBODY}”。"
    yield "采用", f"“{NO}”是这份材料不检查（重复的、旧的、不是考核材料的）；要检查的写“{YES}”。"
    yield "第几份", "一个文件里有几份材料的，每份一行；空着就是这个文件里的全部材料。"
    yield "怎样用", "改好另存，下次筛查时加上 --pins 这张表，程序就照表里写的办。"
