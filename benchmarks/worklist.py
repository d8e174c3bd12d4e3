"""How index.html opens, scrolls and searches with 10,000 papers, in a real Chromium.

    python -m benchmarks.worklist                       # a table; needs playwright (for Python) and a Chromium
    python -m benchmarks.worklist --browser /usr/bin/chromium --keep /tmp/pages
    python -m benchmarks.worklist --all-drawn           # besides, the same page with every row in the DOM

Two screenings are made up: 700 units of 14 papers, and 10,000 units of one; 3,000 pairs of copied text in each.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import checker
from checker.document import LIST_KINDS, UNIT_TYPES
from checker.render import worklist
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
    Topic,
    UnitLine,
)

PAGE = "考核材料检查报告.html"
ENDINGS = {"county": "县", "municipal": "局", "zone": "开发区"}
VERDICTS: tuple[Verdict, ...] = ("error", "return", "remarks", "pass")
WORDS = (
    *(
        "全年组织",
        "开展专项检查",
        "累计排查",
        "整改到位",
        "建立台账",
        "逐项落实",
        "牵头推进",
        "完成投资",
        "办结群众来信",
    ),
    *("培训干部", "走访企业", "解决难题", "制定方案", "明确责任", "定期通报", "入户走访", "新建泵站", "疏浚支渠"),
)
SHAPES = {"700 × 14": (700, 14), "10,000 × 1": (10_000, 1)}


def screening(units: int, papers: int, pairs: int = 3_000, seed: int = 6) -> Screening:
    """A made-up screening. Verdicts, faults and what is missing are drawn by chance from `seed`."""
    made = _Maker(random.Random(seed))
    lines = sorted((made.unit(number, papers) for number in range(units)), key=lambda it: VERDICTS.index(it.verdict))
    every = [paper for line in lines for paper in line.papers]
    unread = tuple(problem for line in lines for problem in line.problems)
    aside = tuple(made.aside(paper) for paper in made.chance.sample(every, len(every) // 50))
    nobody = tuple(
        Assignment(Key(f"散件/新建文档{n}.docx", 0), "", "", "other", "none", "没有写明单位。") for n in range(40)
    )
    return Screening(
        *("示例市2020年度考核材料", "关于示例市年度考核工作的通知", 2020, "0", datetime(2020, 12, 28, 9, 0), True),
        units=tuple(lines),
        topics=made.topics,
        facets=made.facets,
        copies=tuple(made.copy(*made.chance.sample(every, 2)) for _ in range(pairs)),
        figures=tuple(made.figure(number, every) for number in range(20)),
        nobody=nobody,
        set_aside=aside,
        guesses=tuple(made.guess(paper) for paper in every),
        unread=unread,
        previous="上一轮",
    )


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        notice = checker.load_notice()
        self.chance = chance
        self.topics = self._items(notice.rule("summary-topics"), "topics")
        self.facets = self._items(notice.rule("summary-facets"), "facets")

    @staticmethod
    def _items(rule: Any, name: str) -> tuple[Topic, ...]:
        return tuple((item.id, item.name) for item in getattr(rule.params, name))

    def unit(self, number: int, papers: int) -> UnitLine:
        chance = self.chance
        unit_type = chance.choice(tuple(UNIT_TYPES))
        name = f"示例第{number + 1}{ENDINGS[unit_type]}"
        verdict = chance.choices(VERDICTS, (2, 25, 45, 28))[0]
        lines = tuple(self.paper(name, place) for place in range(papers))
        faults = self.findings(verdict, lines)
        counts = [sum(one.severity == severity for one in faults) for severity in SEVERITIES]
        problems = (Problem(f"{name}/扫描件.pdf", "damaged", "文件已损坏，打不开。"),) if verdict == "error" else ()
        cut = chance.randint(0, len(faults))
        return UnitLine(
            *(name, unit_type, chance.random() > 0.02, verdict, *counts, 0, lines),
            dues=tuple(self.dues(name, lines)),
            findings=faults,
            problems=problems,
            surplus=(f"{name}/附件.docx",) if chance.random() < 0.1 else (),
            topics={
                ident: chance.choices(("absent", "named", "substantive"), (1, 2, 7))[0] for ident, _ in self.topics
            },
            facets={ident: chance.choices(("absent", "passage", "section"), (1, 3, 16))[0] for ident, _ in self.facets},
            page=f"单位/{name}/{PAGE}",
            form=f"单位/{name}/{name}审查意见表.docx" if verdict in ("return", "error") else "",
            round=Round(faults[:1], faults[:cut], faults[cut:]),
        )

    def paper(self, unit: str, place: int) -> PaperLine:
        kinds = ("team-summary", *LIST_KINDS)
        kind = kinds[place] if place < len(kinds) else "cadre-report"
        person = f"示例{''.join(filter(str.isdigit, unit))}之{place}" if kind == "cadre-report" else ""
        limit = {"team-summary": 3500, "cadre-report": 3000}.get(kind)
        words = int(self.chance.gauss(0.85, 0.12) * (limit or 1200))
        name = f"{unit}/{worklist.PAPER_KINDS[kind]}{person}.docx"
        over = limit is not None and words > limit
        copy = f"单位/{unit}/{worklist.PAPER_KINDS[kind]}{person}（审查批注）.docx" if over else ""
        page = f"单位/{unit}/{PAGE}"
        return PaperLine(name, 0, unit, person, kind, words, limit, over, False, int(over), place % 3, 0, page, copy)

    def findings(self, verdict: str, papers: tuple[PaperLine, ...]) -> tuple[FindingLine, ...]:
        many = {"error": 4, "return": 12, "remarks": 8, "pass": 0}[verdict]
        gravest = {"error": 0, "return": 0, "remarks": 1, "pass": 1}[verdict]
        chosen = [SEVERITIES[self.chance.randint(gravest, 2)] for _ in range(self.chance.randint(0, many))]
        return tuple(
            FindingLine(
                "rule", f"{number}", severity, "没有找到「消防」的内容。", "", "三", papers[0].name, papers[0].kind
            )
            for number, severity in enumerate(chosen)
        )

    def dues(self, unit: str, papers: tuple[PaperLine, ...]) -> list[DueLine]:
        return [
            DueLine(
                Due(unit, paper.person, paper.kind, "owed", "三（二）1", "在本单位任职满半年，应当提交。"),
                () if self.chance.random() < 0.05 else (paper.name,),
            )
            for paper in papers
        ]

    def prose(self, length: int) -> str:
        text = ""
        while len(text) < length:
            text += f"{self.chance.choice(WORDS)}{self.chance.randint(2, 900)}次，"
        return text[:length] + "。"

    def side(self, paper: PaperLine, quote: str) -> Side:
        return Side(paper.unit, paper.person, paper.name, paper.kind, quote, paper.page)

    def copy(self, first: PaperLine, second: PaperLine) -> CopyLine:
        shared = self.prose(self.chance.randint(80, 300))
        other = "".join(self.chance.choice("0123456789") if one.isdigit() else one for one in shared)
        same = self.chance.random() < 0.02
        words = 3000 if same else len(shared)
        return CopyLine(
            *(self.side(first, shared), self.side(second, shared if same else other)),
            *(words, 100 if same else len(shared) // 30, self.chance.randint(1, 5), same),
        )

    def figure(self, number: int, papers: list[PaperLine]) -> FigureLine:
        values = tuple(
            (
                f"{value}.{number % 10}%",
                tuple(self.side(one, f"增长{value}%") for one in self.chance.sample(papers, many)),
            )
            for value, many in ((3, 60), (4, 5), (5, 1))
        )
        return FigureLine(f"全市示例指标{number + 1}", "2020年", values)

    def aside(self, paper: PaperLine) -> Assignment:
        key = Key(f"备份/{paper.name}", 0)
        instead = Key(paper.name, 0)
        return Assignment(
            key,
            paper.unit,
            "",
            paper.kind,
            "sure",
            "文件夹里写明单位。",
            instead,
            self.chance.choice(("same", "older")),
        )

    def guess(self, paper: PaperLine) -> Assignment:
        certainty = self.chance.choices(("sure", "guess"), (49, 1))[0]
        return Assignment(
            Key(paper.name, 0), paper.unit, paper.person, paper.kind, certainty, "文件名和花名册上的名字相近。"
        )


READY = """addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(() => {
  window.readyAt = performance.now(); })))"""
SCROLL = """async ([selector, by, frames]) => {
  const box = selector ? document.querySelector(selector) : document.scrollingElement;
  const times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let n = 0; n < frames; n += 1) {
    box.scrollTop += by;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last); last = now;
  }
  times.sort((a, b) => a - b);
  return {middle: times[times.length >> 1], high: times[Math.floor(times.length * 0.95)], most: times[times.length - 1],
          late: times.filter((time) => time > 34).length, at: box.scrollTop};
}"""
JUMP = """async (times) => {
  const taken = [];
  for (let n = 0; n < times; n += 1) {
    const start = performance.now();
    scrollTo(0, document.scrollingElement.scrollHeight * ((n * 37) % 100) / 100);
    for (;;) {
      await new Promise(requestAnimationFrame);
      const seen = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
      if (!seen || !seen.closest(".gap")) break;
    }
    taken.push(performance.now() - start);
  }
  taken.sort((a, b) => a - b);
  return {middle: taken[taken.length >> 1], most: taken[taken.length - 1]};
}"""
SEARCH = """async (words) => {
  const query = document.getElementById("query");
  const taken = [];
  for (const word of words) {
    const start = performance.now();
    query.value = word;
    query.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    taken.push(performance.now() - start);
  }
  return taken;
}"""
SWITCH = """async (view) => {
  const start = performance.now();
  location.hash = view;
  const drawn = (done) => () => requestAnimationFrame(() => setTimeout(done));
  await new Promise((done) => addEventListener("hashchange", drawn(done), {once: true}));
  return performance.now() - start;
}"""


def measure(page: Any, path: Path) -> dict[str, str]:
    """What a reviewer who opens the page has to wait for, in milliseconds."""
    # What this machine does with a page of 10,000 lines of plain text, at this moment: the floor for all frames below.
    page.set_content("<p>" + "</p><p>".join(f"第{number}行" for number in range(10_000)))
    floor = _frames(page.evaluate(SCROLL, ["", 400, 120]))
    page.goto(path.as_uri())
    page.wait_for_function("window.readyAt")
    page.wait_for_timeout(300)
    found = {
        "ready": f"{page.evaluate('window.readyAt'):.0f}",
        "first paint": f"{page.evaluate('(performance.getEntriesByType(`paint`)[0] || {}).startTime'):.0f}",
        "elements": str(page.evaluate("document.querySelectorAll('*').length")),
        "heap MB": f"{page.evaluate('performance.memory.usedJSHeapSize') / 1e6:.0f}",
    }
    found["floor: scroll of plain text"] = floor
    # As fast as a wheel is turned (150 rows a second), four times as fast, then by jumps of the scroll bar.
    found["scroll"] = _frames(page.evaluate(SCROLL, ["", 100, 200]))
    found["scroll, 4 × as fast"] = _frames(page.evaluate(SCROLL, ["", 400, 120]))
    jump = page.evaluate(JUMP, 40)
    found["jump"] = f"{jump['middle']:.0f} / {jump['most']:.0f}"
    first, *later = page.evaluate(SEARCH, ["7", "77", "第7", "示例 总结", "没有这个", "示例第5", ""])
    found["search"] = f"{first:.0f}, then {max(later):.0f}"
    for view in ("heat", "words", "owed", "copies", "figures", "files"):
        found[f"to {view}"] = f"{page.evaluate(SWITCH, view):.0f}"
        if view == "heat":
            found["heat scroll"] = _frames(page.evaluate(SCROLL, [".heat-box", 100, 120]))
        if view == "copies":
            found["copies scroll"] = _frames(page.evaluate(SCROLL, ["", 100, 120]))
    return found


def _frames(times: dict[str, float]) -> str:
    return f"{times['middle']:.0f} / {times['high']:.0f} / {times['most']:.0f} ({times['late']} late)"


def main() -> None:
    """Print a table, one column for each shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--keep", type=Path, help="leave the pages in this folder")
    parser.add_argument("--all-drawn", action="store_true", help="measure besides with every row in the DOM")
    choices = parser.parse_args()
    from playwright.sync_api import sync_playwright

    columns: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as spool, sync_playwright() as play:
        folder = choices.keep or Path(spool)
        folder.mkdir(parents=True, exist_ok=True)
        browser = play.chromium.launch(
            executable_path=choices.browser, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        for name, (units, papers) in SHAPES.items():
            made = screening(units, papers)
            start = time.perf_counter()
            data = worklist.render(made)
            taken = time.perf_counter() - start
            for drawn in (False, True) if choices.all_drawn else (False,):
                path = folder / f"{units}{'-all' if drawn else ''}.html"
                path.write_bytes(_all_drawn(data) if drawn else data)
                context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=drawn)
                page = context.new_page()
                page.add_init_script(READY)
                title = f"{name}{', all drawn' if drawn else ''}"
                columns[title] = {"made in s": f"{taken:.2f}", "MB": f"{len(data) / 1e6:.1f}", **measure(page, path)}
                context.close()
        browser.close()
    _print(columns)


def _all_drawn(data: bytes) -> bytes:
    """The same page with one chunk of rows for everything, so that nothing is ever taken away."""
    return data.replace(
        b"      Object.assign(this, { host, draw, size,", b"      size = 1e9; Object.assign(this, { host, draw, size,"
    )


def _print(columns: dict[str, dict[str, str]]) -> None:
    names = list(next(iter(columns.values())))
    print("| ms, frames as median / 95% / most | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in names:
        print(f"| {name} | " + " | ".join(column[name] for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
