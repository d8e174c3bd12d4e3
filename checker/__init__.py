"""kaohe (考核材料智检): checks the papers of an annual evaluation against the notice that asks for them, offline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.document import Document
    from checker.notice import Notice
    from checker.readers.limits import Limits
    from checker.report import Report

__version__ = "0.1.0"
__all__ = ["__version__", "check", "load_notice", "read"]


def load_notice(name: str | PathLike[str] = "puyang-2020") -> Notice:
    """The notice that ships under the id `name`, or the one in the YAML file at that path; may raise NoticeError."""
    from checker import notice

    return notice.load(str(name))


def read(path: str | PathLike[str], limits: Limits | None = None) -> Document:
    """One file as a `Document`; ReadError, with a code and a Chinese sentence, if it cannot be read."""
    from checker import readers

    return readers.read_path(Path(path), limits or readers.Limits())


def check(
    paths: Iterable[str | PathLike[str]] | str | PathLike[str],
    *,
    notice: Notice | str | PathLike[str] = "puyang-2020",
    kind: str | None = None,
    unit: str = "",
    unit_type: str = "",
    person: str = "",
    party_chief: bool = False,
    non_party: bool = False,
    not_applicable: Mapping[str, str] | None = None,
    against: Iterable[str | PathLike[str]] | str | PathLike[str] = (),
    accept: str | PathLike[str] | None = None,
    baseline: str | PathLike[str] | None = None,
    limits: Limits | None = None,
    grades: Mapping[str, float] | None = None,
) -> Report:
    """Check the files (folders are walked) at `paths` as one unit's submission.

    `kind` overrides the recognition of every file. `party_chief` and `non_party` switch on the rules for county party
    chiefs and for non-party cadres. `not_applicable` maps topic ids to the reason why they are none of the unit's
    business. `against` are files and folders that are not handed in here, only compared with: last year's papers,
    other units'. `accept` is a file of decisions (without it kaohe-accept.toml beside the papers or above them counts),
    `baseline` one of former findings; replies in marked-up papers are always read. `grades` are ratios of grades, as in
    [grades] of kaohe.toml: {"excellent": 0.2}. Files that cannot be read are told
    in `Report.errors`; only a bad notice (NoticeError) and bad decisions (UsageError) raise.
    """
    from checker import decisions, engine
    from checker.notice import Notice
    from checker.readers.limits import Limits
    from checker.submission import Options, collect

    loaded = notice if isinstance(notice, Notice) else load_notice(notice)
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    others = [against] if isinstance(against, (str, PathLike)) else list(against)
    flags = frozenset(name for name, on in (("party-chief", party_chief), ("non-party", non_party)) if on)
    options = Options(
        kind,
        unit,
        unit_type,
        person,
        flags,
        dict(not_applicable or {}),
        limits or Limits(),
        against=tuple(Path(path) for path in others),
        grades=dict(grades or {}),
    )
    submission, problems = collect([Path(path) for path in given], options)
    files = (Path(name) if name is not None else None for name in (accept, baseline))
    return decisions.decide(engine.run(loaded, submission, problems), *files)
