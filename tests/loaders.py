"""How the case files of the rule and language tests become documents: marks, tables, papers of a kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from checker import engine, rules
from checker import notice as notices
from checker.document import Block, Cell, Document, Span, Submission
from checker.language import lexicon
from checker.language.lexicon import Lexicons
from checker.language.paper import Context, Paper
from checker.notice import Notice
from checker.readers import read
from checker.roster import Arrived, Entry, Roster
from checker.rules.base import Hit

CASES = Path(__file__).parent / "cases"
SAMPLES = Path(__file__).parent.parent / "corpus_samples"
OPEN, CLOSE = "«", "»"


def load_cases(name: str) -> dict[str, Any]:
    """The cases of one file below tests/cases; a name that stands twice would hide a case, so it is refused."""
    text = (CASES / name).read_text("utf-8")
    node = yaml.compose(text)
    assert isinstance(node, yaml.MappingNode), f"{name}: cases are a mapping from name to case"
    names = [key.value for key, _ in node.value]
    assert len(names) == len(set(names)), f"{name}: a case name stands twice"
    return yaml.safe_load(text)


def params(name: str) -> list[Any]:
    """The cases of one file, for pytest.mark.parametrize."""
    return [pytest.param(case, id=case_name) for case_name, case in load_cases(name).items()]


def unmark(marked: str) -> tuple[str, list[Span]]:
    """The text without its marks, and the marked spans in text order; marks may nest, touch and repeat."""
    plain: list[str] = []
    open_at: list[int] = []
    spans: list[Span] = []
    for character in marked:
        if character == OPEN:
            open_at.append(len(plain))
        elif character == CLOSE:
            spans.append(Span(open_at.pop(), len(plain)))
        else:
            plain.append(character)
    assert not open_at, "a mark is not closed"
    return "".join(plain), sorted(spans)


def shown(document: Document, block: Block) -> Any:
    """A block as cases write it: a plain paragraph is its text, anything else says what it is."""
    text = document.slice(block.span)
    if block.kind == "paragraph" and not block.label and not block.level:
        return text
    said: dict[str, Any] = {block.kind: text}
    if block.level:
        said["level"] = block.level
    if block.label:
        said["label"] = block.label
    if block.cell is not None:
        said["at"] = list(block.cell)
    return said


def document(text: str, kind: str = "other", name: str = "case.txt") -> Document:
    """A document of the lines of `text`; lines such as `| a | b |` are the rows of a table, one cell a paragraph."""
    return _document(*_lines(text), kind, name)


def marked_document(text: str, kind: str = "other", name: str = "case.txt") -> tuple[Document, list[Span]]:
    """A document and what is marked in it; marks may reach over several lines."""
    lines, cells = _lines(text)
    plain, spans = unmark("\n".join(lines))
    return _document(plain.split("\n"), cells, kind, name), spans


def _document(lines: list[str], cells: Mapping[int, Cell], kind: str, name: str) -> Document:
    found = read(name, "\n".join(lines).encode())
    blocks = [
        replace(block, kind="cell", level=0, cell=cells[number]) if number in cells else block
        for number, block in enumerate(found.blocks)
    ]
    return replace(found, kind=kind, blocks=tuple(blocks))


def _lines(text: str) -> tuple[list[str], dict[int, Cell]]:
    lines: list[str] = []
    cells: dict[int, Cell] = {}
    table, row = -1, -1
    for line in text.rstrip("\n").split("\n"):
        if not line.startswith("|"):
            row = -1
            lines.append(line)
            continue
        row += 1
        table += row == 0
        for column, cell in enumerate(line.strip().removeprefix("|").removesuffix("|").split("|")):
            cells[len(lines)] = Cell(table, row, column)
            lines.append(cell.strip())
    return lines, cells


@lru_cache(maxsize=1)
def the_notice() -> Notice:
    """The notice that ships, loaded once, with every rule held against its examples."""
    return notices.load(verify="always")


@lru_cache(maxsize=1)
def every_lexicon() -> Lexicons:
    """All lexicons that ship, as one set."""
    return Lexicons.of(found for name in lexicon.shipped() if (found := lexicon.load(name)) is not None)


def paper(text: str, kind: str = "other") -> Paper:
    """A paper of `text`, with all lexicons at hand."""
    return Paper(document(text, kind), every_lexicon())


Marked = tuple[Document, list[Span]]


def run_case(kind: str, case: Mapping[str, Any]) -> tuple[list[Marked], list[Hit]]:
    """The marked documents of a rule's case, and what the kind of rule finds in them."""
    chosen, usual = _parameters(kind, case["rule"])
    given = case["documents"] if "documents" in case else [{"text": case["text"]}]
    made = [
        marked_document(entry["text"], entry.get("kind", case.get("kind", usual)), entry.get("name", "case.txt"))
        for entry in given
    ]
    against = tuple(document(text, name=f"against/{number}.txt") for number, text in enumerate(case.get("against", [])))
    names = {key: case[key] for key in ("unit", "unit_type", "person", "grades") if key in case}
    known = Roster.gathered(entries(case.get("roster", [])))
    owed = tuple(due for due in engine.dues(the_notice(), known) if due.unit == names.get("unit"))
    if "persons" in case:
        named = zip(made, case["persons"], strict=True)
        made = [(replace(found, person=person), spans) for (found, spans), person in named]
    documents = tuple(found for found, _ in made)
    unread = tuple(Arrived(*paper) for paper in case.get("unread", ()))
    submission = Submission(documents, against=against, roster=known.entries, dues=owed, unread=unread, **names)
    if (overall := rules.KINDS[kind].overall) is not None:
        return made, list(overall(chosen, submission))
    context = Context(case.get("year", the_notice().year), submission)
    papers = [Paper(found, every_lexicon(), context) for found, _ in made]
    return made, list(rules.KINDS[kind].check(chosen, papers))


def entries(rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Rows of a roster as cases write them; a key that no row has is refused."""
    assert all(set(row) <= {field.name for field in dataclasses.fields(Entry)} for row in rows)
    return msgspec.convert(rows, list[Entry], strict=True)


def _parameters(kind: str, given: str | Mapping[str, Any]) -> tuple[Any, str]:
    """The parameters of a case, and the kind of paper that they are usually for."""
    if isinstance(given, str):
        rule = the_notice().rule(given)
        assert rule is not None and rule.kind.name == kind
        return rule.params, rule.applies_to[0]
    return msgspec.convert(given, rules.KINDS[kind].params, strict=True), "team-summary"


def sample_options(lines: list[str]) -> Mapping[str, Any]:
    """The arguments of `checker.check` that the head of an expected.txt asks for."""
    options: dict[str, Any] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "flag":
            options[value.strip().replace("-", "_")] = True
        elif key in ("unit", "unit-type", "person"):
            options[key.replace("-", "_")] = value.strip()
    return options
