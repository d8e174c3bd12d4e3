"""How our own comments are known again: by their author, and by the fingerprint of the finding that each is about.

The fingerprint stands behind the last line of a comment, in characters that have no width: they are text like any
other to Word, WPS and LibreOffice, which keep all text of a comment and by no means all of its attributes.
"""

from __future__ import annotations

import re

AUTHOR = "考核材料审查"

# Not the joiner U+200D: where the font of the paper is missing, LibreOffice loses the letters beside it.
_ZERO, _ONE = "\u200b", "\u200c"
_DIGITS = 16
_PRINT = re.compile(r"[0-9a-f]{16}")
_STAMP = re.compile(f"[{_ZERO}{_ONE}]{{{4 * _DIGITS}}}")
_RULE = re.compile(r"（([a-z0-9-]+)）\s*$")


def stamp(fingerprint: str) -> str:
    """The fingerprint in characters that are not seen; empty for what is none."""
    if not _PRINT.fullmatch(fingerprint):
        return ""
    return f"{int(fingerprint, 16):0{4 * _DIGITS}b}".replace("0", _ZERO).replace("1", _ONE)


def stamped(text: str) -> str:
    """The fingerprint that stands in the text of a comment; empty where there is none."""
    found = _STAMP.search(text)
    if found is None:
        return ""
    return f"{int(found[0].replace(_ZERO, '0').replace(_ONE, '1'), 2):0{_DIGITS}x}"


def unstamped(text: str) -> str:
    """The text as it is seen."""
    return text.replace(_ZERO, "").replace(_ONE, "")


def rule_of(text: str) -> str:
    """The rule that a comment of ours names in its last line; empty where it names none."""
    found = _RULE.search(unstamped(text))
    return found[1] if found else ""
