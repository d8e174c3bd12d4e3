"""What is written about one unit: its page, and what is sent back where something has to be mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from checker.errors import KaoheError
from checker.readers import load as load_file
from checker.render import Choices, Rendered, html, renderer, screening_json
from checker.report import Report
from checker.screening import lines, rounds
from checker.screening.result import UnitLine
from checker.screening.unit_task import Common, UnitOutcome, UnitTask

PAGE = "考核材料检查报告.html"


class Handouts:
    """The outputs on one unit, as they are made one after the other."""

    def __init__(self, task: UnitTask, common: Common, report: Report) -> None:
        self._task = task
        self._common = common
        self._report = report
        self._files: dict[str, bytes] = {}
        self._copies: dict[str, str] = {}
        self._form = ""

    def outcome(self) -> UnitOutcome:
        """Everything: first the papers that go back, then the page that leads to them."""
        if self._report.verdict in ("return", "error") and self._report.open:
            self._form = self._put(self._of("form")[0])
        if self._wanted():
            self._mark()
        line = self._line()
        if self._task.turned:
            idle = {entry.rule for entry in self._report.not_checked}
            line = replace(line, round=rounds.turn(self._task.earlier, line, idle, self._task.changed))
        self._put(self._page(line))
        return UnitOutcome(line, self._record(line), tuple(self._files.items()))

    def _wanted(self) -> bool:
        made_for = {"return": ("return", "error"), "all": ("return", "error", "remarks")}
        return self._report.verdict in made_for.get(self._common.copies_for, ())

    def _of(
        self, name: str, report: Report | None = None, sources: Mapping[str, bytes] | None = None
    ) -> tuple[Rendered, ...]:
        common = self._common
        choices = Choices(common.cover, common.template, common.turn, common.suggest)
        return renderer(name, choices)(report or self._report, sources)

    def _put(self, rendered: Rendered) -> str:
        """Keep a file for writing under a name that no other has, and say where it will lie."""
        path = PurePosixPath(rendered.name)
        name, number = path.name, 1
        while name.lower() in {taken.lower() for taken in self._files}:
            number += 1
            name = f"{path.stem}（{number}）{path.suffix}"
        self._files[name] = rendered.data
        return f"{self._task.folder}/{name}"

    def _mark(self) -> None:
        """A marked-up copy of each file with something to be looked at; of one that cannot be marked none is made."""
        sources = {handed.paper.card.key.name: handed for handed in self._task.papers}
        for name, handed in sources.items():
            part = self._alone(name)
            if not any(finding.severity != "info" for finding in part.open):
                continue
            try:
                data = load_file(Path(handed.place), self._common.limits) if handed.data is None else handed.data
                marked = self._of("docx", part, {name: data})
            except KaoheError:
                continue
            self._copies[name] = self._put(marked[0])

    def _alone(self, name: str) -> Report:
        """The report on one file alone."""
        report = self._report
        documents = tuple(document for document in report.submission.documents if document.path == name)
        return replace(
            report,
            submission=replace(report.submission, documents=documents),
            findings=tuple(finding for finding in report.findings if finding.document in documents),
            coverage=tuple(coverage for coverage in report.coverage if coverage.document in documents),
            errors=tuple(problem for problem in report.errors if problem.path == name),
        )

    def _line(self) -> UnitLine:
        return lines.unit_line(
            self._report,
            known=self._task.known,
            keys=[handed.paper.card.key for handed in self._task.papers],
            page=f"{self._task.folder}/{PAGE}",
            form=self._form,
            copies=self._copies,
        )

    def _page(self, line: UnitLine) -> Rendered:
        task = self._task
        told = {problem.path for problem in self._report.errors}
        batch = html.Batch(
            index="../../index.html",
            form=_name_of(self._form),
            copies=tuple((_name_of(copy), _name_of(copy)) for copy in self._copies.values()),
            dues=line.dues,
            round=line.round,
            surplus=line.surplus,
            set_aside=task.set_aside,
            guesses=task.guesses,
            unread=tuple(problem for problem in task.problems if problem.path not in told),
            others=task.others,
        )
        return html.render(self._report, batch=batch)[0]

    def _record(self, line: UnitLine) -> bytes:
        return screening_json.line(line, screening_json.report_data(self._report), self._task.set_aside)


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]
