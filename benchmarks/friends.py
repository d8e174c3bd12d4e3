"""Real reports that must stay silent: the rules on figures, periods, names and phrases over a folder of them.

    python -m benchmarks.friends FOLDER

The name of a file is the place and the year of the report, which looks back on the year before (某市_2021.md: 2020).
Prints each finding, to be read, and how many there are a rule. What was found when the rules were made, and whether it
was right, stands in tests/friends/.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from checker import engine
from checker.notice import Notice, load
from checker.report import Finding
from checker.submission import Options, collect

KINDS = ("figure-conflict", "figure-arithmetic", "wrong-period", "foreign-name", "fixed-expression", "placeholder")
_NAME = re.compile(r"(.+)_(\d{4})")


def findings(notice: Notice, path: Path) -> Iterator[Finding]:
    """What the rules of these kinds find in one report, held to its own unit and the year that it looks back on."""
    match = _NAME.fullmatch(path.stem)
    year = int(match[2]) - 1 if match else notice.year
    unit = f"{match[1]}人民政府" if match else ""
    submission, problems = collect([path], Options(kind="team-summary", unit=unit))
    yield from engine.run(replace(notice, year=year), submission, problems).findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all findings and their numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.friends", description=__doc__)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    whole = load()
    notice = replace(whole, rules=tuple(rule for rule in whole.rules if rule.kind.name in KINDS))
    files = sorted(path for path in given.folder.iterdir() if path.is_file())
    counts: Counter[str] = Counter()
    for path in files:
        for finding in findings(notice, path):
            counts[finding.rule] += 1
            print(path.name, finding.rule, finding.case, finding.message, f"「{finding.quote}」", sep="\t")
    print(f"{len(files)} reports, {counts.total()} findings: {dict(counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
