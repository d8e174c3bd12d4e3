"""What grouping looks at, and what it says: whose paper each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Key(NamedTuple):
    """One paper of the batch: its file (by its name within the batch, / between folders), its number in it from 0."""

    name: str
    part: int


@dataclass(frozen=True, slots=True)
class Card:
    """A paper as grouping sees it.

    `units` and `persons` are those that the paper names as its own, the surest first. `text` is a digest of its text
    without spaces and punctuation, `modified` the time of its file (seconds since 1970, 0: unknown).
    """

    key: Key
    kind: str
    kind_source: str
    title: str
    units: tuple[str, ...]
    persons: tuple[str, ...]
    words: int
    text: str
    sha256: str
    modified: float = 0.0


Certainty = Literal["pinned", "sure", "guess", "none"]
CERTAINTY_NAMES = {"pinned": "已指定", "sure": "确定", "guess": "推测", "none": "认不出"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose paper it is. `unit` is empty for one that belongs to nobody, `person` for a paper of the team.

    `how` is the reason in Chinese. `instead` names the paper that counts in its place where this one is a duplicate
    (`why` = same) or an older version (`why` = older); such a paper is not checked, only told.
    """

    key: Key
    unit: str
    person: str
    kind: str
    certainty: Certainty
    how: str
    instead: Key | None = None
    why: Literal["", "same", "older"] = ""
