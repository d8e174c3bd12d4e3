"""From paths to a submission: walk folders and .zip files, read every file, recognise the papers.

What cannot be read is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from checker.copies import is_marked, is_report, unmarked_stem
from checker.document import Document, Submission
from checker.errors import ReadError
from checker.papers import recognise
from checker.readers import Limits, load, read
from checker.readers.archive import is_archive, members
from checker.report import Problem

# `expected.txt` tells what a sample under corpus_samples/ must give; it is no paper.
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "expected.txt"})


@dataclass(frozen=True, slots=True)
class Options:
    """What the user tells about the submission. `kind` overrides recognition; `flags` as in `Submission`.

    `against` are files and folders that are only compared with, `grades` the ratios of grades as in `Submission`. With
    `timeout` (seconds a file) every file is read in a child process of its own; `jobs` of them run at a time.
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
    against: tuple[Path, ...] = ()
    grades: Mapping[str, float] = field(default_factory=dict)


def collect(
    paths: Sequence[Path], options: Options, streams: Mapping[str, bytes] | None = None
) -> tuple[Submission, tuple[Problem, ...]]:
    """Read `paths` (folders are walked) and `streams` (name to bytes, from standard input) as one submission."""
    problems: list[Problem] = []
    seen: set[Path] = set()
    sources: list[Source] = [(str(file), None) for file in _files(paths, problems, seen)]
    sources += (streams or {}).items()
    documents = tuple(_papers(sources, options, options.kind, problems))
    if documents and all(document.kind == "other" for document in documents):
        problems.extend(_unknown(documents))
    # What is handed in here is not compared with itself, also where the folder to compare with holds it.
    others: list[Source] = [(str(file), None) for file in _files(options.against, problems, seen)]
    submission = Submission(
        documents,
        options.unit,
        options.unit_type,
        options.person,
        options.flags,
        options.not_applicable,
        against=tuple(_papers(others, options, None, problems)),
        limits=options.limits,
        grades=options.grades,
    )
    return submission, tuple(problems)


Source = tuple[str, bytes | None]


Outcome = tuple[str, Document | ReadError]


def _papers(
    sources: Sequence[Source], options: Options, kind: str | None, problems: list[Problem]
) -> Iterator[Document]:
    """The papers in the files; what cannot be read goes to `problems`."""
    for name, outcome in _read_all(sources, options):
        if isinstance(outcome, ReadError):
            problems.append(Problem(name, outcome.code, outcome.message))
        else:
            yield from recognise(outcome, kind)


def _read_all(sources: Sequence[Source], options: Options) -> Iterator[Outcome]:
    """Each file by its name, with its document or with the reason why there is none, in the order given.

    A .zip file stands for the files in it: 材料.zip/工作总结.docx.
    """

    def attempt(source: Source) -> list[Outcome]:
        return list(_read_one(*source, options))

    if options.jobs <= 1 or len(sources) <= 1:
        for source in sources:
            yield from attempt(source)
        return
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcomes in pool.map(attempt, sources):
            yield from outcomes


def _read_one(name: str, data: bytes | None, options: Options) -> Iterator[Outcome]:
    try:
        loaded = load(Path(name), options.limits) if data is None else data
        if is_archive(loaded):
            yield from _read_members(name, loaded, options)
            return
    except ReadError as error:
        yield name, error
        return
    yield name, _document(name, loaded, options)


def _read_members(name: str, data: bytes, options: Options) -> Iterator[Outcome]:
    shown_any = False
    for member in members(data, options.limits):
        if not is_paper(PurePosixPath(member.name)):
            continue
        shown_any = True
        shown = f"{name}/{member.name}"
        if isinstance(member.content, ReadError):
            yield shown, member.content
        else:
            yield shown, _document(shown, member.content, options)
    if not shown_any:
        yield name, ReadError("empty-folder", "压缩包里没有材料文件，请核对后重新压缩。")


def _document(name: str, data: bytes, options: Options) -> Document | ReadError:
    try:
        if options.timeout is None:
            return read(name, data, options.limits)
        from checker.readers.isolated import read_isolated  # costs a server process: only where it is asked for

        return read_isolated(name, options.limits, options.timeout, data)
    except ReadError as error:
        return error


def _unknown(documents: Sequence[Document]) -> Iterator[Problem]:
    for path in dict.fromkeys(document.path for document in documents):
        yield Problem(
            path, "unknown-kind", "认不出这是哪一种考核材料，没有检查；请用 --kind 指明，例如 --kind team-summary。"
        )


def _files(paths: Sequence[Path], problems: list[Problem], seen: set[Path]) -> Iterator[Path]:
    """The files that `paths` stand for, without those `seen` before."""
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
    files = [file for file in folder.rglob("*") if file.is_file() and is_paper(file)]
    stems = {file.stem for file in files}
    yield from (file for file in files if not is_marked(file.stem) or unmarked_stem(file.stem) not in stems)


def is_paper(file: PurePath) -> bool:
    """Whether a file can be a paper: not one of the system's or of ours, not a lock of Word, not a Mac's leftovers."""
    if file.name.startswith((".", "~$")) or file.name.lower() in _SYSTEM_FILES:
        return False
    # Settings, decisions, baselines and earlier reports may lie beside the papers.
    return file.suffix.lower() != ".toml" and not is_report(file.name) and "__MACOSX" not in file.parts
