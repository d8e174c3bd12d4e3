"""Workflow commands of GitHub: one line each, nothing in a paper can break out of it or start another command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pytest
from other_systems import EVERYTHING, TEXT
from sample_report import EMPTY, NOTHING, REPORT, SUMMARY, finding

from checker.render import github
from checker.report import Report

REPORTS: Mapping[str, Report] = {"sample": REPORT, "everything": EVERYTHING, "empty": EMPTY, "nothing": NOTHING}
_LINE = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def plain(text: str) -> str:
    for code, letter in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, letter)
    return text


def commands(report: Report) -> list[Command]:
    """The commands as GitHub reads them."""
    [rendered] = github.render(report)
    assert rendered.name == "report.github.txt"
    found = []
    for line in rendered.data.decode().split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in match[2].split(",")]
        found.append(Command(match[1], {key: plain(value) for key, value in pairs}, plain(match[3])))
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_every_line_is_a_command(name: str) -> None:
    """Whatever the report holds, each line is one whole command; the last one is the verdict."""
    assert commands(REPORTS[name])[-1].properties["title"].startswith("结论：")


def test_findings() -> None:
    """Each finding is a command of its severity with its message; one that was accepted is a notice."""
    names = {"error": "error", "warning": "warning", "info": "notice"}
    made = commands(EVERYTHING)[len(EVERYTHING.errors) :]
    for found, command in zip(EVERYTHING.findings, made, strict=False):
        assert command.name == ("notice" if found.accepted else names[found.severity])
        assert found.rule in command.properties["title"]
        assert "\x1b" in found.message or found.message in command.message


def test_places() -> None:
    """A text file has lines, and columns where the words stand on one line."""
    places = [
        [command.properties.get(key) for key in ("line", "endLine", "col", "endColumn")]
        for command in commands(EVERYTHING)
        if command.properties.get("file") == TEXT.path
    ]
    assert places == [["4", "4", "6", "8"], ["3", "3", "4", "10"], ["5", "6", None, None]]


def test_nothing_breaks_out() -> None:
    """A message or a name with line ends, colons, commas and percent signs is given back as it was."""
    name, message = "a,b::c%0A=d.docx", "甲::error::乙%0A100%，\n::warning file=x::丙"
    paper = replace(SUMMARY, path=name)
    report = replace(EMPTY, findings=(finding("placeholder", "error", message, paper, "XX"),), coverage=())
    found = commands(report)[0]
    assert found.properties["file"] == name
    assert found.message.startswith("甲::error::乙%0A100%， ::warning file=x::丙\n")


def test_what_was_not_checked_is_told() -> None:
    """Files not read and rules not run are told, and where nothing was checked the verdict is an error."""
    told = [(command.name, command.message) for command in commands(REPORT)]
    assert ("error", f"没有检查：{REPORT.errors[0].message}") in told
    assert all(any(entry.reason in message for _, message in told) for entry in REPORT.not_checked)
    assert [commands(report)[-1].name for report in (REPORT, EMPTY, NOTHING)] == ["error", "notice", "error"]
