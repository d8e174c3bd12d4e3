"""The text report: fits 80 columns, says everything once, and lets nothing from a file steer the terminal."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pytest
import sample_report as sample
from rich.console import Console

from checker.render import text
from checker.report import Report


def lines(report: Report = sample.REPORT) -> list[str]:
    (rendered,) = text.render(report)
    assert rendered.name.endswith(".txt")
    return rendered.data.decode().splitlines()


def flat(report: Report = sample.REPORT) -> str:
    return re.sub(r"\n\s*", "", "\n".join(lines(report)))


def wide(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in line)


def on_terminal(encoding: str = "utf-8", width: int = 80, *, force_terminal: bool = False) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    text.write(
        sample.REPORT,
        Console(
            file=stream, width=width, force_terminal=force_terminal, color_system="standard" if force_terminal else None
        ),
    )
    return raw.getvalue().decode(encoding)


def test_no_line_is_wider_than_the_screen() -> None:
    assert max(map(wide, lines())) <= 80


def test_no_line_begins_with_a_closing_mark() -> None:
    assert not [line for line in lines() if line.strip()[:1] in set("，。、；：！？）》」”")]


def test_control_characters_never_reach_the_terminal() -> None:
    plain = "\n".join(lines())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    assert "\x1b" not in on_terminal(force_terminal=False)
    coloured = on_terminal(force_terminal=True)
    assert re.fullmatch("(?:\x1b\\[[0-9;]*m|[^\x00-\x09\x0b-\x1f])*", coloured)


def test_markup_of_the_terminal_library_is_shown_as_it_is() -> None:
    problem = replace(sample.REPORT.errors[0], message="[bold red]醒目[/]")
    report = replace(sample.REPORT, errors=(problem,))
    stream = io.StringIO()
    text.write(report, Console(file=stream, width=80))
    assert "[bold red]醒目[/]" in stream.getvalue()


def test_terminal_and_file_say_the_same() -> None:
    assert on_terminal().rstrip().splitlines() == lines()


def test_old_code_page_does_not_stop_the_report() -> None:
    assert "考核材料检查报告" in on_terminal("gbk") and "结论" in on_terminal("gbk")
    assert "3612" in on_terminal("ascii")


@pytest.mark.parametrize("width", [1, 30, 41, 200])
def test_any_width_of_terminal_will_do(width: int) -> None:
    shown = on_terminal(width=width)
    assert max(map(wide, shown.splitlines())) <= max(30, min(width, 100))
    assert "结论" in shown


def test_files_not_read_come_first_and_verdict_last() -> None:
    shown = lines()
    assert next(n for n, line in enumerate(shown) if "没有检查：" in line) < next(
        n for n, line in enumerate(shown) if line.startswith("■")
    )
    assert shown[-1] == "结论：有材料未能检查（错误6处，提醒11处，提示6处）"


def test_every_finding_is_told_with_clause_and_advice() -> None:
    shown = flat()
    for finding in sample.FINDINGS:
        said = finding.facts.get("topic") or re.sub("[\x00-\x1f\x7f-\x9f\u202e\u2066\ud800]", "\ufffd", finding.message)
        assert str(said).replace(" ", "") in shown.replace(" ", "")
    assert "× 错误 全文3612字，超过3500字上限112字（通知三（二）1·第2段）" in shown
    assert "建议：压缩到3500字以内。" in shown


def test_absent_topics_take_one_block_with_clause_and_advice_once() -> None:
    shown = lines()
    assert "  ! 提醒 领导班子工作总结应写事项：5处（通知三（二）1·第2段）" in shown
    assert "没有写到“人才工作”“意识形态工作责任”“统一战线（含宗教工作）”“双拥工作”“党建带团建”" in flat()


def test_findings_of_one_rule_that_differ_in_more_than_a_name_take_a_line_each() -> None:
    first = next(f for f in sample.FINDINGS if f.rule == "placeholder")
    second = replace(first, span=sample.at(sample.SUMMARY, "8个"), message="占位文字没有替换")
    shown = lines(replace(sample.REPORT, findings=(first, second)))
    assert "      - 占位文字“XX”没有替换，在“（一）项目建设”之下" in shown
    assert "      - 占位文字没有替换：「8个」，在“（一）项目建设”之下" in shown


def test_many_findings_of_one_kind_do_not_flood_the_screen() -> None:
    first = next(f for f in sample.FINDINGS if f.rule == "placeholder")
    many = tuple(replace(first, fingerprint=str(number)) for number in range(300))
    shown = "\n".join(lines(replace(sample.REPORT, findings=many)))
    assert "占位文字未替换：300处" in shown and "还有280处同类问题" in shown
    assert shown.count("占位文字“XX”没有替换") == 20


def test_errors_come_before_warnings_before_hints() -> None:
    signs = [line.split()[0] for line in lines() if re.match("  [×!·] (错误|提醒|提示)", line)]
    summary = signs[: signs.index("·")]
    assert summary == sorted(summary, key="×!·".index)


def test_long_words_are_cut_in_the_middle() -> None:
    (line,) = [line for line in lines() if "没有标点的超长段落没有标点" in line and "原文" in line]
    assert "…" in flat()[flat().index(line.strip()[:20]) :][:80]


def test_levels_in_order_are_counted_and_the_rest_named() -> None:
    shown = flat()
    assert "只是提到3项：宗教、禁毒、消防；有实质内容5项；不适用1项：妇女儿童" in shown
    assert "未写到1项：党风廉政建设；有段落1项：作风建设；有专门部分3项" in shown


def test_other_place_is_named_from_where_the_reader_stands() -> None:
    shown = flat()
    assert "另见：本材料「完成投资13.2亿元」" in shown and "另见：实绩清单「完成投资13.2亿元」" in shown
    assert "另见：述职报告<张某>&“终稿”.txt，领导干部述职述廉述学报告「办结群众来信68件」" in shown


def test_rules_that_did_not_run_are_named_by_reason() -> None:
    assert "  - 没有花名册：他单位名称、rule-of-next-year" in lines()


def test_pass_and_nothing_checked_are_told_apart() -> None:
    assert lines(sample.EMPTY)[-1].startswith("结论：未发现问题")
    assert lines(sample.NOTHING)[-1].startswith("结论：没有检查任何材料")


@pytest.mark.parametrize(
    ("words", "width", "rows"),
    [
        ("一二三四五", 4, ["一二", "三四", "五"]),
        ("一二，三", 4, ["一", "二，", "三"]),
        ("一（二三", 4, ["一", "（二", "三"]),
        ("共12345件", 6, ["共", "12345", "件"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("", 10, [""]),
    ],
)
def test_wrapping_is_chinese(words: str, width: int, rows: list[str]) -> None:
    assert list(text.wrap(words, width)) == rows
