"""What the user asks of a screening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from checker.notice import DEFAULT
from checker.readers import Limits

CopiesFor = Literal["return", "all", "none"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One screening: the `roots` (folders, archives, files) are checked, the results go to `output`.

    `against` are files and folders that are only compared with, `previous` the results of the round before. `timeout`
    is the seconds a file may take, to be read or to be checked. `accept` holds decisions for the whole batch,
    `accept_of` for the units that it names. `copies_for` says for which units marked-up copies are
    made: those to be sent back, all with something to look at, or none. `cluster` is the address of a scheduler, empty
    for this machine with `jobs` processes.
    """

    roots: tuple[Path, ...]
    output: Path
    roster: Path | None = None
    pins: Path | None = None
    against: tuple[Path, ...] = ()
    previous: Path | None = None
    accept: Path | None = None
    accept_of: Mapping[str, Path] = field(default_factory=dict)
    notice: str = DEFAULT
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    timeout: float = 60.0
    copies_for: CopiesFor = "return"
    cover: bool = False
    suggest: bool = False
    template: str = ""
    turn: int | None = None
    cluster: str = ""
