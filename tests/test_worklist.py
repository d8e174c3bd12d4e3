"""index.html of a screening, and what a unit's page says of it: whole, safe, standing alone, every way with an end."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import pytest
import sample_report
import sample_screening as sample
from lxml import html as lxml_html

from checker.document import Span
from checker.render import html, page, worklist
from checker.report import Place, Report
from checker.screening.cards import Assignment, Key
from checker.screening.result import Screening

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
SCRIPT = page.asset("worklist.js")


def source_of(screening: Screening) -> str:
    return worklist.render(screening).decode()


@pytest.fixture(scope="module")
def source() -> str:
    return source_of(sample.SCREENING)


@pytest.fixture(scope="module")
def tree(source: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(source)


def data_of(source: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lxml_html.document_fromstring(source).get_element_by_id("data").text)
    return found


@pytest.fixture(scope="module")
def data(source: str) -> dict[str, Any]:
    return data_of(source)


def text_of(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_page_needs_nothing_from_outside(tree: lxml_html.HtmlElement) -> None:
    """It opens from a disk without network: no address leads out of the folder of the results."""
    assert not tree.xpath("//*[@src or @srcset or @action or @style]") and not tree.xpath("//link|//img|//iframe")
    assert all(link.startswith(("#", "./")) for link in tree.xpath("//@href"))
    assert not re.search(r"url\((?!#)|@import", tree.findtext(".//style", ""))


def test_policy_allows_exactly_the_own_style_and_script(source: str, tree: lxml_html.HtmlElement) -> None:
    """Nothing that came in with a name could run or load anything."""
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_no_name_becomes_markup(source: str, tree: lxml_html.HtmlElement, data: dict[str, Any]) -> None:
    """A unit called </script><img …> stands in the table and in the rows, and nowhere as an element."""
    assert "<img" not in source and len(tree.xpath("//script")) == 2
    shown = sample.HOSTILE.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")
    assert shown in [text_of(head) for head in tree.xpath("//tbody//th")]
    assert shown in [unit[0] for unit in data["units"]]
    assert "<" not in tree.get_element_by_id("data").text


def test_no_control_character_reaches_the_page(source: str) -> None:
    """Neither as it is nor as an escape that JSON would turn back into one."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source)
    assert not re.search(r"\\u(00[01]|202|206|d[89a-f])", source)


@pytest.mark.parametrize("screening", [sample.SCREENING, sample.EMPTY], ids=["sample", "empty"])
def test_page_is_well_formed(screening: Screening) -> None:
    """A strict parser takes it without complaint."""
    html5lib.HTMLParser(strict=True).parse(source_of(screening))


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("单位/a?b#c/页.html", f"./{'%E5%8D%95%E4%BD%8D'}/a%3Fb%23c/%E9%A1%B5.html"),
        ("\udcff.html", "./%FF.html"),
        ("../index.html", "./../index.html"),
        ("", ""),
    ],
)
def test_path_is_never_a_scheme(path: str, link: str) -> None:
    """Whatever a path begins with, its link stays in the folder."""
    assert page.url(path) == link


def test_rows_are_as_long_as_the_script_reads_them(data: dict[str, Any]) -> None:
    """The numbers at the head of the script name every place of a row, and no other."""
    copy = data["copies"][0]
    rows = {
        "U": data["units"][0],
        "P": data["papers"][0],
        "O": data["owed"][0],
        "C": copy,
        "S": copy[4],
        "F": data["files"][0],
    }
    for letter, row in rows.items():
        (names,) = re.findall(rf"const {letter} = \{{(.*?)\}};", SCRIPT)
        assert [int(number) for number in re.findall(r": (\d+)", names)] == list(range(len(row))), letter


def test_every_sort_of_row_has_its_name_in_the_script() -> None:
    """The script calls the sorts of rows as the page writes them, in the same order."""
    for name, sorts in (("OWED_SORTS", worklist.OWED), ("FILE_SORTS", worklist.FILES)):
        (found,) = re.findall(rf"const {name} = \[(.*?)\];", SCRIPT)
        assert tuple(re.findall(r'"([a-z]+)"', found)) == sorts
    for name, sorts in (("OWED", worklist.OWED), ("FILES", worklist.FILES)):
        (found,) = re.findall(rf"const {name} = \[(.*?)\];", SCRIPT)
        assert len(re.findall(r'"[^"]+"', found)) == len(sorts)


def test_nothing_of_the_screening_is_left_out(data: dict[str, Any]) -> None:
    """Each unit, paper, pair, figure, file and each paper that is missing or not owed is a row."""
    screening = sample.SCREENING
    assert [unit[0] for unit in data["units"][2:]] == [line.name for line in screening.units[2:]]
    assert len(data["papers"]) == sum(len(line.papers) for line in screening.units)
    sorts = [worklist.OWED[row[1]] for row in data["owed"]]
    assert [sorts.count(sort) for sort in worklist.OWED] == [5, 2, 1, 1]
    assert [copy[0] for copy in data["copies"]] == sorted((copy.words for copy in screening.copies), reverse=True)
    assert [worklist.FILES[row[1]] for row in data["files"]] == ["unread", "unread", "nobody", "guess", "older", "same"]
    assert [value for value, _ in data["figures"][0][2]] == ["3.2%", "3.5%"]


def test_levels_stand_under_their_topics(data: dict[str, Any]) -> None:
    """One letter for each facet and topic, in the order of the columns; none for a unit without a summary."""
    names = [name for name, _ in data["columns"]]
    letters = {unit[0]: unit[10] for unit in data["units"]}
    assert dict(zip(names, letters["禾渡县"], strict=True))["信访稳定"] == "n"
    assert letters["禾渡县"] == "cxssnxx" and letters["汀原县"] == ""
    assert set(worklist.LETTERS.values()) == set(worklist.LEVELS)


def test_words_that_both_passages_share_are_told_apart() -> None:
    """What stands in one alone and what both share take turns; a stray equal character is not shared."""
    first, second = worklist._shared("全年检查126次，隐患全部整改到位。", "全年检查98次，问题全部整改到位。")
    assert first == ["", "全年检查", "126次，隐患", "全部整改到位。", ""]
    assert second == ["", "全年检查", "98次，问题", "全部整改到位。", ""]
    assert worklist._shared("甲乙丙", "丁戊己") == (["甲乙丙"], ["丁戊己"])


def test_number_is_shared_whole_or_not_at_all() -> None:
    """Of 58次 and 48次 the 8 is not marked as the same; a number that is the same in both is."""
    first, second = worklist._shared("排查隐患58次，走访", "排查隐患48次，走访")
    assert (first[2], second[2]) == ("58", "48") and first[3] == second[3] == "次，走访"
    first, second = worklist._shared("办结信访126件甲", "办结信访126件乙")
    assert first[:2] == second[:2] == ["", "办结信访126件"]
    assert worklist._shared("120户群众", "120户群众") == (["", "120户群众", ""],) * 2


def test_head_and_first_units_need_no_script(source: str, tree: lxml_html.HtmlElement) -> None:
    """Without scripts one sees the figures, the units in their order with sign and words, and where the rest is."""
    rows = [" ".join(map(text_of, row)) for row in tree.xpath("//tbody[@class='static']/tr")]
    assert len(rows) == len(sample.UNITS)
    assert "汀原县 县（区） ？ 有材料未能检查" in rows[0] and "✓ 未发现问题" in rows[-1]
    assert "改1 余2 新1" in rows[2] and "这一轮没有交" in rows[3]
    tiles = {text_of(tile) for tile in tree.find_class("tile")}
    assert {"12个单位", "5份应交没交", "2份超过字数", "2个文件没有读成", "3对雷同"} <= tiles
    assert "× 需要修改后再报 3个单位" in tiles
    assert "汇总表.xlsx" in text_of(tree.find_class("static-only")[0])
    assert not tree.xpath("//section[@id='view-list']/@hidden")


def test_only_the_first_units_stand_in_the_page_twice() -> None:
    """Of very many units the table without scripts shows some hundred; the rows for the script hold all."""
    line = sample.UNITS[-1]
    many = tuple(replace(line, name=f"示例{number}局") for number in range(worklist.FIRST + 50))
    source = source_of(replace(sample.SCREENING, units=many))
    assert len(lxml_html.document_fromstring(source).xpath("//tbody[@class='static']/tr")) == worklist.FIRST
    assert len(data_of(source)["units"]) == worklist.FIRST + 50


def test_what_was_not_checked_is_told(tree: lxml_html.HtmlElement) -> None:
    """Silence is never a pass: rules, files and papers of nobody; and a screening without a roster says so."""
    told = text_of(tree.get_element_by_id("view-unchecked"))
    assert "没有可以比较的" in told and "没有读成的文件" in told and "不知道是谁的" in told
    bare = source_of(replace(sample.SCREENING, roster=False))
    assert "没有给花名册，应交材料没有核对" in bare and "花名册上没有<" not in bare
    assert all(unit[2] for unit in data_of(bare)["units"])
    assert "什么也没有检查" in source_of(sample.EMPTY)


def test_tick_is_for_what_the_reviewer_saw() -> None:
    """A unit has another state as soon as a finding, a paper or a missing paper is another."""
    line = sample.UNITS[2]
    others = [
        replace(line, findings=line.findings[1:]),
        replace(line, papers=line.papers[1:]),
        replace(line, dues=line.dues[:2]),
        replace(line, problems=(sample.UNREAD,)),
    ]
    assert len({worklist._state(one) for one in (line, *others)}) == 5
    assert worklist._state(replace(line, page="anders.html", form="")) == worklist._state(line)


def test_what_the_script_takes_hold_of_is_there(tree: lxml_html.HtmlElement) -> None:
    """Every id and every class that the script looks up stands in the page or is made by the script."""
    idents = set(re.findall(r'byId\("([a-z-]+)"\)', SCRIPT)) - {"view-"}
    assert idents and idents <= set(tree.xpath("//@id"))
    for name in re.findall(r'querySelector\("\.([a-z-]+)"\)', SCRIPT):
        assert tree.find_class(name), name
    for view in re.findall(r"^    ([a-z]+): new List\(", SCRIPT, re.MULTILINE):
        assert tree.get_element_by_id(f"view-{view}") is not None


@pytest.mark.parametrize("name", ["worklist.js", "worklist.css", "batch.css"])
def test_page_asks_for_no_new_browser(name: str) -> None:
    """Office browsers are years old: nothing that Chrome 86 does not know."""
    newer = r"replaceChildren|structuredClone|\.at\(|\?\?=|\|\|=|findLast|:has\(|:is\(|aspect-ratio|\binset:|color-mix"
    assert not re.search(newer, page.asset(name))


# ── the page of a unit ────────────────────────────────────────────────

OTHER = replace(sample_report.FEATURES, path="柳溪县/特色工作清单.docx")
POINTING = replace(sample_report.FINDINGS[0], related=(Place(OTHER, Span(0, 6)),))
REPORT = replace(sample_report.REPORT, findings=(POINTING, *sample_report.FINDINGS[1:]))
UNIT = sample.UNITS[2]
BATCH = html.Batch(
    "../../index.html",
    form="禾渡县审查意见表.docx",
    copies=(("总结（审查批注）.docx", "总结（审查批注）.docx"),),
    dues=UNIT.dues,
    round=UNIT.round,
    surplus=UNIT.surplus,
    set_aside=sample.SET_ASIDE[:1],
    guesses=(Assignment(Key("散件/总结.docx", 0), "禾渡县", "", "team-summary", "guess", "文件名相近。"),),
    unread=(sample.UNREAD,),
    others={OTHER.path: ("柳溪县", "../柳溪县/考核材料检查报告.html")},
)


def unit_page(report: Report, batch: html.Batch | None) -> str:
    (rendered,) = html.render(report, None, batch)
    return rendered.data.decode()


def test_page_of_a_unit_leads_back_and_tells_its_part() -> None:
    """What is owed and why, what came of the round before, what was set aside, guessed and not read."""
    tree = lxml_html.document_fromstring(unit_page(REPORT, BATCH))
    assert tree.xpath("//p[@class='to-worklist']/a/@href") == ["./../../index.html"] * 2
    told = text_of(tree.find_class("batch")[0])
    for words in (
        *("应交4份", "× 没有收到1份", "本年度病事假累计超过半年", "不确定等次", "按有关规定办理"),
        *(
            "改好的 1处",
            "还在的 2处",
            "新出现的 1处",
            "93%相同",
            "活动照片说明.docx",
            "有更新的禾渡县/领导班子工作总结.docx",
        ),
        *("散件/总结.docx", "归属表.xlsx", "文件有密码"),
    ):
        assert words in told, words
    first = tree.xpath("//table[@class='dues']/tbody/tr")[0]
    assert "问题清单× 没有收到" in text_of(first)


def test_paper_of_another_unit_is_called_by_its_unit() -> None:
    """A copied passage of a paper that is not in this page leads to the page of the unit it is from."""
    tree = lxml_html.document_fromstring(unit_page(REPORT, BATCH))
    (related,) = [place for place in tree.find_class("related") if "特色工作清单.docx" in text_of(place)]
    assert "（柳溪县的材料）" in text_of(related)
    assert related.xpath(".//a/@href") == [page.url("../柳溪县/考核材料检查报告.html")]


def test_paper_is_called_by_its_person() -> None:
    """Of several reports in one page each says whose it is, and what is known of that person."""
    documents = tuple(
        replace(document, person="示例甲", flags=frozenset({"non-party"}))
        if document.kind == "cadre-report"
        else document
        for document in sample_report.REPORT.submission.documents
    )
    submission = replace(sample_report.REPORT.submission, documents=documents)
    report = replace(sample_report.EMPTY, submission=submission, coverage=())
    tree = lxml_html.document_fromstring(unit_page(report, BATCH))
    heads = [text_of(head) for head in tree.xpath("//h3[contains(@id, '-name')]")]
    assert "领导干部述职述廉述学报告：示例甲（党外干部）" in heads and "领导班子工作总结" in heads


def test_page_outside_a_screening_says_nothing_of_one() -> None:
    """Neither words nor style of a screening stand in the page of a single check."""
    alone = unit_page(REPORT, None)
    assert "本次审查" not in alone and "审查台账" not in alone and page.asset("batch.css") not in alone
    assert page.asset("batch.css") in unit_page(REPORT, BATCH)


def test_hostile_names_are_safe_in_the_page_of_a_unit() -> None:
    """Files and persons called as an attacker would call them stay text."""
    line = sample.UNITS[1]
    batch = replace(BATCH, surplus=line.surplus, form=sample.HOSTILE_FILE, copies=((sample.HOSTILE, sample.HOSTILE),))
    source = unit_page(REPORT, replace(batch, others={OTHER.path: (sample.HOSTILE, sample.HOSTILE)}))
    assert "<img" not in source and "\u202e" not in source
    links = lxml_html.document_fromstring(source).xpath("//@href")
    assert all(link.startswith(("#", "./")) for link in links)


# ── in a browser, where there is one ──────────────────────────────────


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium")
    folder: Path = tmp_path_factory.mktemp("results")
    (folder / "index.html").write_bytes(worklist.render(sample.SCREENING))
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_context().new_page()
        tab.faults = []
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.on("console", lambda message: tab.faults.append(message.text))
        tab.on("dialog", lambda dialog: (tab.faults.append(dialog.message), dialog.dismiss()))
        tab.goto((folder / "index.html").as_uri())
        yield tab
        browser.close()


def names(tab: Any) -> list[str]:
    found: list[str] = tab.eval_on_selector_all(
        "#view-list tr.unit-row th a, #view-list tr.unit-row th > span", "all => all.map((it) => it.textContent)"
    )
    return found


def test_every_part_opens_without_a_fault(opened: Any) -> None:
    """Nothing runs but our script, which meets no error; every link that it makes stays in the folder."""
    for view in re.findall(r"^    ([a-z]+): new List\(", SCRIPT, re.MULTILINE):
        opened.evaluate(f"location.hash = '{view}'")
        opened.wait_for_selector(f"#view-{view} .chunk")
        links = opened.eval_on_selector_all("main a", "all => all.map((it) => it.getAttribute('href'))")
        assert all(link.startswith("./") for link in links)
    assert opened.faults == []


def test_search_finds_by_person_and_by_file(opened: Any) -> None:
    """A unit is found by whoever wrote one of its papers, by whoever owes one, by a file that could not be read."""
    opened.evaluate("location.hash = 'list'")
    for words, found in (
        ("示例甲", ["禾渡县"]),
        ("示例乙", ["汀原县"]),
        ("加密", ["汀原县"]),
        ("开发区 总结", ["青塬开发区", "东岭开发区"]),
    ):
        opened.fill("#query", words)
        assert names(opened) == found
    opened.fill("#query", "")
    assert len(names(opened)) == len(sample.UNITS)


def test_open_row_leaves_the_columns_as_they_are(opened: Any) -> None:
    """A row that tells everything of a unit spans the table and takes no width from the others."""
    opened.evaluate("location.hash = 'list'")
    head = opened.locator("table.units th.unit").first
    before = head.bounding_box()["width"]
    opened.click("tr:has(th:has-text('禾渡县')) .more-of")
    assert "× 没有收到" in opened.inner_text(".more-row") and "超过上限320字" in opened.inner_text(".more-row")
    assert head.bounding_box()["width"] == before
    assert (
        opened.locator(".more-row td").bounding_box()["width"] == opened.locator("table.units").bounding_box()["width"]
    )


def test_way_back_leads_to_where_one_was(opened: Any) -> None:
    """After a unit's page the search is as it was, and the unit that was opened is the one that has the focus."""
    opened.evaluate("location.hash = 'list'")
    opened.fill("#query", "示例")
    stay = "(it) => { it.addEventListener('click', (event) => event.preventDefault()); it.click(); }"
    opened.eval_on_selector("#view-list a:has-text('市示例委员会')", stay)
    opened.reload()
    assert opened.input_value("#query") == "示例"
    assert opened.evaluate("document.activeElement.textContent") == "市示例委员会"
    opened.fill("#query", "")


def test_tick_is_kept(opened: Any) -> None:
    """What a reviewer ticked is ticked when the page is opened again, and can be filtered."""
    opened.evaluate("location.hash = 'list'")
    opened.check("tr:has(th:has-text('柳溪县')) input")
    opened.reload()
    opened.select_option("#only", "done")
    assert names(opened) == ["柳溪县"]
    opened.select_option("#only", "")
    opened.uncheck("tr:has(th:has-text('柳溪县')) input")
