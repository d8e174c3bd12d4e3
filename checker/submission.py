"""From paths to a submission: walk folders, read every file, recognise the papers. What cannot be read is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from checker.copies import is_marked, unmarked_stem
from checker.document import Document, Submission
from checker.errors import ReadError
from checker.papers import recognise
from checker.readers import Limits, read, read_path
from checker.report import Problem

# `expected.txt` tells what a sample under corpus_samples/ must give; it is no paper.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "expected.txt"})


@dataclass(frozen=True, slots=True)
class Options:
    """What the user tells about the submission. `kind` overrides recognition; `flags` as in `Submission`.

    With `timeout` (seconds a file) every file is read in a child process of its own; `jobs` of them run at a time.
    """

    kind: str | None = None
    unit: str = ""
    unit_type: str = ""
    person: str = ""
    flags: frozenset[str] = frozenset()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    timeout: float | None = None


def collect(
    paths: Sequence[Path], options: Options, streams: Mapping[str, bytes] | None = None
) -> tuple[Submission, tuple[Problem, ...]]:
    """Read `paths` (folders are walked) and `streams` (name to bytes, from standard input) as one submission."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for file, outcome in _read_all(list(_files(paths, problems)), options):
        if isinstance(outcome, ReadError):
            problems.append(Problem(str(file), outcome.code, outcome.message))
        else:
            documents.extend(recognise(outcome, options.kind))
    for name, data in (streams or {}).items():
        try:
            documents.extend(recognise(read(name, data, options.limits), options.kind))
        except ReadError as error:
            problems.append(Problem(name, error.code, error.message))
    if documents and all(document.kind == "other" for document in documents):
        problems.extend(_unknown(documents))
    submission = Submission(
        tuple(documents), options.unit, options.unit_type, options.person, options.flags, options.not_applicable
    )
    return submission, tuple(problems)


def _read_all(files: Sequence[Path], options: Options) -> Iterator[tuple[Path, Document | ReadError]]:
    """Each file with its document or with the reason why there is none, in the order given."""

    def attempt(file: Path) -> Document | ReadError:
        try:
            if options.timeout is None:
                return read_path(file, options.limits)
            from checker.readers.isolated import read_isolated  # costs a server process: only where it is asked for

            return read_isolated(file, options.limits, options.timeout)
        except ReadError as error:
            return error

    if options.jobs <= 1 or len(files) <= 1:
        yield from ((file, attempt(file)) for file in files)
        return
    with ThreadPoolExecutor(options.jobs) as pool:
        yield from zip(files, pool.map(attempt, files), strict=True)


def _unknown(documents: Sequence[Document]) -> Iterator[Problem]:
    for path in dict.fromkeys(document.path for document in documents):
        yield Problem(
            path, "unknown-kind", "认不出这是哪一种考核材料，没有检查；请用 --kind 指明，例如 --kind team-summary。"
        )


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            found = [path]
        else:
            found = sorted(_walk(path))
            if not found:
                problems.append(Problem(str(path), "empty-folder", "文件夹里没有材料文件，请核对路径。"))
        for file in found:
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    """The files below `folder`, without system files, Word's lock files and marked-up copies of files found."""
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith((".", "~$")) and file.name.lower() not in _SYSTEM_FILES
    ]
    stems = {file.stem for file in files}
    yield from (file for file in files if not is_marked(file.stem) or unmarked_stem(file.stem) not in stems)
