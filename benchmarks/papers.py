"""The papers that are timed: the summaries and reports among the samples that are about as long as a real one."""

from __future__ import annotations

from pathlib import Path

from checker.language.count import count_words
from checker.papers import recognise
from checker.readers import read_path

SAMPLES = Path(__file__).parents[1] / "corpus_samples"
FULL_LENGTH = range(2500, 3701)


def papers() -> dict[Path, int]:
    """Path and 字数 of each paper. Files that hold lists as well are left out: they are several papers."""
    found: dict[Path, int] = {}
    for path in sorted(SAMPLES.glob("*/*.docx")):
        parts = recognise(read_path(path))
        words = count_words(parts[0].text)
        if len(parts) == 1 and parts[0].kind in ("team-summary", "cadre-report") and words in FULL_LENGTH:
            found[path] = words
    return found
