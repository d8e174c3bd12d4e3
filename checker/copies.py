"""How the marked-up copy of a paper is named, and told from the paper it was made of."""

from __future__ import annotations

import re

_MARKED = re.compile(r"（审查批注(\d*)）$")


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
