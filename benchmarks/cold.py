"""Times from the shell: `kaohe check` of one paper against a bare import, in turns, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
HEAVY = ("spacy", "sklearn", "pandas", "numpy", "scipy", "torch", "docx", "jieba", "pdfplumber")
"""Modules that the plain check of a .docx file must not load."""

_BARE = "import docx, jieba; jieba.initialize()"
_LOADED = (
    "import sys; from checker.commands import run; run(sys.argv[2:]);"
    "print(*(name for name in sys.argv[1].split(',') if name in sys.modules), file=sys.stderr)"
)


def measure(paper: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each command in each round, after one round that writes the bytecode and jieba's cache."""
    commands = {
        "kaohe": [sys.executable, "-m", "checker", "check", str(paper)],
        "bare": [sys.executable, "-c", _BARE],
        "python": [sys.executable, "-c", "pass"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            start = perf_counter()
            _run(command)
            if number:
                times[name].append((perf_counter() - start) * 1000)
    return times


def heavy_modules(paper: Path) -> list[str]:
    """Which of the heavy modules a check of `paper` has loaded."""
    return _run([sys.executable, "-c", _LOADED, ",".join(HEAVY), "check", str(paper)]).stderr.decode().split()


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run `command`; a paper with findings (1) is as good as one without (0), anything else would be no measurement."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAOHE_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
        raise RuntimeError(f"{command} left with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done
