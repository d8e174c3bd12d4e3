"""How much of a file the readers take before they refuse it; every figure can be changed by the user."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file. A file over any of them is refused with one sentence, never half read.

    `part_size` and `ratio` hold for the parts that are unpacked; pictures are never unpacked, so they only count
    towards `total_size`. `ratio` is not looked at below `ratio_from`: short XML may well shrink a hundredfold.
    `characters` bounds the text of any file, `objects` and `pages` what formats with pages hold; `members` and
    `archive_size` what a zip file with a whole submission holds, and `archive_depth` how many more may lie inside each
    other. `memory` is what a child process may take, where the system can hold it to that. `tokens` bounds RTF,
    `convert_seconds` and `convert_memory` LibreOffice, which reads what is older than .docx. `recognised_pages`,
    `recognise_seconds` and `pixels` (of one picture) bound the recognition of text in pictures.
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
    pages: int = 1_000
    characters: int = 1_000_000
    objects: int = 200_000
    members: int = 500
    archive_depth: int = 1
    archive_size: int = 500 * MEGABYTE
    memory: int = 2048 * MEGABYTE
    tokens: int = 3_000_000
    convert_seconds: float = 60.0
    convert_memory: int = 4096 * MEGABYTE
    recognised_pages: int = 100
    recognise_seconds: float = 600.0
    pixels: int = 80_000_000
