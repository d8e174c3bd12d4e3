"""How much of a file the readers take before they refuse it; every figure can be changed by the user."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file. A file over any of them is refused with one sentence, never half read.

    `part_size` and `ratio` hold for the parts that are unpacked; pictures are never unpacked, so they only count
    towards `total_size`. `ratio` is not looked at below `ratio_from`: short XML may well shrink a hundredfold.
    """

    file_size: int = 100 * MEGABYTE
    part_size: int = 32 * MEGABYTE
    total_size: int = 1024 * MEGABYTE
    parts: int = 10_000
    directory_size: int = 4 * MEGABYTE
    ratio: int = 300
    ratio_from: int = 8 * MEGABYTE
    tags: int = 600_000
    paragraphs: int = 30_000
    xml_depth: int = 200
    table_depth: int = 30
