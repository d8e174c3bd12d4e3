"""How what we write beside the papers is named, and told from the papers: marked-up copies, reports, return forms."""

from __future__ import annotations

import re

_MARKED = re.compile(r"（审查批注(\d*)）$")
_REPORT = re.compile(
    r"考核材料检查报告\.(?:txt|html|xlsx)|.*检查报告\.html|report\.(?:jsonl?|sarif|junit\.xml|rdjson|github\.txt)|.*审查意见表\.docx"
)


def is_report(name: str) -> bool:
    """Whether a file of this name is a report or a return form that we wrote; a folder may hold both."""
    return _REPORT.fullmatch(name) is not None


def is_marked(stem: str) -> bool:
    """Whether a file of this name (without suffix) is a marked-up copy of ours."""
    return bool(_MARKED.search(stem))


def times_marked(stem: str) -> int:
    """How often a file of this name was marked up, counted from the paper itself."""
    found = _MARKED.search(stem)
    return int(found.group(1) or 1) if found else 0


def unmarked_stem(stem: str) -> str:
    """The name of the paper that a copy was made of."""
    return _MARKED.sub("", stem)


def marked_stem(stem: str) -> str:
    """The name for the copy of a file: a copy of a copy counts on, it does not repeat the words."""
    found = _MARKED.search(stem)
    if found is None:
        return f"{stem}（审查批注）"
    return f"{unmarked_stem(stem)}（审查批注{int(found.group(1) or 1) + 1}）"
