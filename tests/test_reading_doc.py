"""docs/reading.md: each row says how a feature is read, and names the test that holds it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent
DOC = ROOT.parent / "docs" / "reading.md"
ROWS = [
    pytest.param(*(cell.strip() for cell in line.strip("|").split("|")), id=line.strip("| ").split("|")[0].strip())
    for line in DOC.read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("| ---", "| 内容"))
]


@pytest.mark.parametrize(("feature", "how", "what", "test"), ROWS)
def test_row(feature: str, how: str, what: str, test: str) -> None:
    """The row uses one of the three words, and the test that it names is there."""
    assert feature
    assert how in ("精确", "规整", "不读")
    name, _, case = test.partition("::")
    source = (ROOT / name).read_text("utf-8")
    if name.endswith(".yml"):
        assert case in yaml.safe_load(source)
    else:
        assert re.search(rf"^def {re.escape(case)}\(", source, re.MULTILINE)
