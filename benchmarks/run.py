"""`python -m benchmarks.run`: the warm and the cold times, their ratios, and whether they keep the budget."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Literal

from benchmarks import cold, judgement, markup, pdf, stages, warm
from benchmarks.papers import papers
from benchmarks.ways import terms, ways
from checker.notice import load

PAPER = 3000
"""字 of the paper that the budget speaks of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure; `budget` is the most, or with `bound` "least" the least, that it may be."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    bound: Literal["most", "least"] = "most"

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return ""
        kept = self.value <= self.budget if self.bound == "most" else self.value >= self.budget
        return "ok" if kept else "OVER"

    @property
    def limit(self) -> str:
        if self.budget is None:
            return ""
        return f"{'≤' if self.bound == 'most' else '≥'} {self.budget:g}"


@dataclass(frozen=True, slots=True)
class Result:
    """All that one run has measured."""

    setting: dict[str, object]
    lines: list[Line]
    stages: dict[str, float]
    heavy: list[str]

    @property
    def kept(self) -> bool:
        return not self.heavy and all(line.verdict != "OVER" for line in self.lines)


def measure(rounds: int, cold_rounds: int, clock: str = "wall") -> Result:
    """One run: load, then the warm rounds, the stages and the cold rounds."""
    chosen = papers()
    paths = list(chosen)
    start = perf_counter()
    notice = load()
    loading = (perf_counter() - start) * 1000
    mean = sum(chosen.values()) / len(chosen)
    setting: dict[str, object] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "papers": len(paths),
        "words": round(mean),
        "terms": len(terms(notice)),
        "clock": clock,
        "rounds": rounds,
        "cold_rounds": cold_rounds,
    }
    times = warm.measure(ways(notice, paths), paths, rounds, warm.CLOCKS[clock])
    split = stages.measure(notice, paths, rounds, warm.CLOCKS[clock])
    shell = cold.measure(paths[0], cold_rounds)
    pages = pdf.measure(max(3, rounds // 3), paths[0])
    judged = judgement.measure(notice, paths, rounds, warm.CLOCKS[clock])
    lines = [*_warm_lines(times, PAPER / mean), *_cold_lines(shell), *_pdf_lines(pages), *_judgement_lines(judged)]
    lines.extend(_markup_lines(paths, rounds, clock))
    lines.append(Line("loading the notice, once", loading, "ms"))
    return Result(setting, lines, split, cold.heavy_modules(paths[0]))


def _warm_lines(times: dict[str, list[float]], scale: float) -> list[Line]:
    middle = {name: median(values) for name, values in times.items()}
    return [
        Line("ours: read + check", middle["ours"], "ms a paper"),
        Line("ours, styles never seen before", middle["ours-new-styles"], "ms a paper"),
        Line("ours, best round", min(times["ours"]), "ms a paper"),
        Line("floor: unzip + lxml + rjieba", middle["floor"], "ms a paper"),
        Line("obvious: python-docx + jieba + patterns", middle["obvious"], "ms a paper"),
        Line(f"ours for {PAPER} 字", middle["ours"] * scale, "ms", 5.0),
        Line("ours ÷ floor", warm.ratio(times, "ours", "floor"), "times", 4.0),
        Line("obvious ÷ ours", warm.ratio(times, "obvious", "ours"), "times", 5.0, "least"),
    ]


def _cold_lines(times: dict[str, list[float]]) -> list[Line]:
    middle = {name: median(values) for name, values in times.items()}
    return [
        Line("cold: kaohe check", middle["kaohe"], "ms", 400.0),
        Line("cold: import docx, jieba; initialize()", middle["bare"], "ms"),
        Line("cold: python -c pass", middle["python"], "ms"),
        Line("kaohe check ÷ bare import", warm.ratio(times, "kaohe", "bare"), "times", 0.6),
    ]


def _pdf_lines(times: dict[str, list[float]]) -> list[Line]:
    middle = {name: median(values) for name, values in times.items()}
    lines = [
        Line("PDF: ours, pages a second", 1000 / middle["ours"], "pages"),
        Line("PDF: pypdfium2 plain text", 1000 / middle["pypdfium2"], "pages"),
        Line("PDF: our characters ÷ pypdfium2 plain", warm.ratio(times, "characters", "pypdfium2"), "times", 2.0),
        Line("PDF: ours ÷ pypdfium2 plain", warm.ratio(times, "ours", "pypdfium2"), "times"),
    ]
    if "pdfplumber" in times:
        ratio = warm.ratio(times, "pdfplumber", "ours")
        lines.append(Line("PDF: pdfplumber extract_text ÷ ours", ratio, "times", 8.0, "least"))
    return lines


def _markup_lines(paths: Sequence[Path], rounds: int, clock: str) -> Iterator[Line]:
    """The budget holds for papers as word processors save them; for bare ones the figure is only told."""
    loaded = markup.load(paths)
    for kind, whole, budget in (("", True, 1.5), (" (bare files)", False, None)):
        chosen = [paper for paper in loaded if paper.whole == whole]
        if not chosen:
            continue
        times = markup.measure(chosen, rounds, warm.CLOCKS[clock])
        yield Line(f"mark-up, {markup.COMMENTS} comments{kind}", median(times["ours"]), "ms a paper")
        yield Line(
            f"mark-up ÷ python-docx open + save{kind}", warm.ratio(times, "ours", "python-docx"), "times", budget
        )


def _judgement_lines(times: Mapping[str, list[float]]) -> list[Line]:
    middle = {name: median(values) for name, values in times.items()}
    return [
        Line("topics by meaning, where three are missing", middle["meaning"], "ms a paper"),
        Line("figures with spaCy, a whole submission", middle["claims"], "ms"),
        Line("import spacy, where figures call for it", middle["spacy"], "ms"),
    ]


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _table(result: Result) -> str:
    rows = [f"{name} {value}" for name, value in result.setting.items()]
    out = [" · ".join(rows), ""]
    for line in result.lines:
        name = line.name + " " * (42 - _width(line.name))
        out.append(f"{name}{line.value:9.2f} {line.unit:<11}{line.limit:<8}{line.verdict}".rstrip())
    heavy = "、".join(result.heavy) or "none"
    out += [
        f"{'heavy modules loaded by kaohe check':<42}{heavy:>9} {'':<11}{'none':<8}{'OVER' if result.heavy else 'ok'}"
    ]
    out += ["", "stages of our way, ms a paper"]
    total = sum(result.stages.values())
    for stage, spent in sorted(result.stages.items(), key=lambda item: -item[1]):
        out.append(f"  {stage:<40}{spent:9.3f} {spent / total:6.0%}")
    return "\n".join(out)


def _as_json(result: Result) -> str:
    lines = [{**asdict(line), "verdict": line.verdict} for line in result.lines]
    data = {**asdict(result), "lines": lines, "kept": result.kept}
    return json.dumps(data, ensure_ascii=False, indent=2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and with --strict leave with 1 where a budget is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="warm rounds (default 15)")
    parser.add_argument("--cold-rounds", type=int, default=9, help="cold rounds (default 9)")
    parser.add_argument("--clock", choices=list(warm.CLOCKS), default="wall", help="of the warm rounds (default wall)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--strict", action="store_true", help="exit 1 if any budget is not kept")
    given = parser.parse_args(arguments)
    result = measure(max(1, given.rounds), max(1, given.cold_rounds), given.clock)
    print(_as_json(result) if given.json else _table(result))
    return 1 if given.strict and not result.kept else 0


if __name__ == "__main__":
    sys.exit(main())
