"""Outputs: every one is a view of the same `Report`, one file each, listed in an explicit table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.report import Report


@dataclass(frozen=True, slots=True)
class Rendered:
    """One output file: the name it should get, its bytes, and for the copy of a paper the path of that paper."""

    name: str
    data: bytes
    source: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user may choose about the outputs besides their format.

    `cover` puts a summary before the marked-up copy. `template` is the file of a form to fill in place of ours, `turn`
    the round of review that the form speaks of (None: not told). `suggest` writes the right wording of mechanical
    faults into the marked-up copy, as revisions to be accepted or rejected.
    """

    cover: bool = False
    template: str = ""
    turn: int | None = None
    suggest: bool = False


Renderer = Callable[["Report", Mapping[str, bytes] | None], tuple[Rendered, ...]]
"""From a report (and the bytes of files that came on standard input) to output files."""
LinkingRenderer = Callable[["Report", Mapping[str, bytes] | None, Mapping[str, str]], tuple[Rendered, ...]]
"""The same, told besides where each file of the submission is to be opened, as seen from the output."""

# Name of the format: module and function. Imported only when asked for: the text report needs no jinja2.
_TABLE: Mapping[str, tuple[str, str]] = {
    "text": ("checker.render.text", "render"),
    "json": ("checker.render.json", "render"),
    "jsonl": ("checker.render.json", "render_lines"),
    "html": ("checker.render.html", "render"),
    "docx": ("checker.render.docx", "render"),
    "xlsx": ("checker.render.xlsx", "render"),
    "sarif": ("checker.render.sarif", "render"),
    "junit": ("checker.render.junit", "render"),
    "rdjson": ("checker.render.rdjson", "render"),
    "github": ("checker.render.github", "render"),
    "pdf": ("checker.render.pdf", "render"),
    "form": ("checker.render.form", "render"),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"docx": ("cover", "suggest"), "form": ("template", "turn")}
"""Which choices concern a format; its renderer takes them by name."""
FORMATS = tuple(_TABLE)
ONE_FILE_EACH = frozenset({"docx", "pdf"})
"""Formats that give copies of the files of the submission, one for each (pdf: for each that is a PDF)."""
LINKING = frozenset({"xlsx"})
"""Formats that lead to the files of the submission, or to their copies; they are no text, and go to a file only."""
FILES_ONLY = LINKING | {"form"}
"""Formats that cannot be shown on a screen."""


def renderer(name: str, choices: Choices = Choices()) -> Renderer:
    """The renderer for the format `name`, one of `FORMATS`, which heeds the choices that concern it."""
    module, function = _TABLE[name]
    found: Renderer = getattr(import_module(module), function)
    taken = {key: getattr(choices, key) for key in _CHOICES.get(name, ())}
    return partial(found, **taken) if taken else found


def linking_renderer(name: str) -> LinkingRenderer:
    """The renderer for the format `name`, one of `LINKING`."""
    module, function = _TABLE[name]
    found: LinkingRenderer = getattr(import_module(module), function)
    return found
