"""Outputs: every one is a view of the same `Report`, one file each, listed in an explicit table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.report import Report


@dataclass(frozen=True, slots=True)
class Rendered:
    """One output file: the name it should get and its bytes."""

    name: str
    data: bytes


Renderer = Callable[["Report", Mapping[str, bytes] | None], tuple[Rendered, ...]]
"""From a report (and the bytes of files that came on standard input) to output files."""

# Name of the format: module and function. Imported only when asked for: the text report needs no jinja2.
_TABLE: Mapping[str, tuple[str, str]] = {
    "text": ("checker.render.text", "render"),
    "json": ("checker.render.json", "render"),
    "jsonl": ("checker.render.json", "render_lines"),
    "html": ("checker.render.html", "render"),
    "docx": ("checker.render.docx", "render"),
}
FORMATS = tuple(_TABLE)
ONE_FILE_EACH = frozenset({"docx"})
"""Formats that give one output for each file of the submission."""


def renderer(name: str) -> Renderer:
    """The renderer for the format `name`, one of `FORMATS`."""
    module, function = _TABLE[name]
    found: Renderer = getattr(import_module(module), function)
    return found
