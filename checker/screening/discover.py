"""Which files does a batch hold? Folders are walked; archives are unpacked by `unpack`, in a worker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from checker.copies import is_marked, unmarked_stem
from checker.errors import ReadError
from checker.readers import Limits
from checker.readers.archive import members_in
from checker.report import Problem
from checker.submission import is_paper

OUTPUT_MARK = ".kaohe"
"""A folder that holds this one is the output of a screening, and no part of any batch."""
_MEMBERS = 200_000
_DIRECTORY = 64 * 1024 * 1024
_PACKED = 20
"""Papers hardly shrink: an archive that unpacks to so many times its size, and to more than the usual, is refused."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file: `name` within the batch, with / between folders; where its bytes lie; when it was written (seconds
    since 1970, 0: unknown). `inside` is the name of the archive that it came in."""

    name: str
    place: str
    modified: float = 0.0
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk came upon: the files in order, the folders and files that could not be looked into, how many were
    passed over, and the files of decisions (`kaohe-accept.toml`)."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    skipped: int
    decisions: tuple[Item, ...]


def walk(roots: Sequence[Path], accept: str, apart: Collection[Path] = ()) -> Found:
    """The files under `roots`, by name, but those in `apart` (resolved). `accept` is the name of files of decisions.

    A root that is a file stands for itself. Names begin below the root, with the root before them if there are several.
    """
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    decisions: list[Item] = []
    skipped = 0
    for root in roots:
        prefix = f"{root.name}/" if len(roots) > 1 and root.is_dir() else ""
        base = root if root.is_dir() else root.parent
        for file in _files(root, problems, prefix):
            if Path(os.path.realpath(file)) in apart:  # unlike resolve() it bears a link to itself
                continue
            name = _free(prefix + _printable(str(file.relative_to(base))), items)
            item = Item(name, str(file), _modified(file))
            if file.name == accept:
                decisions.append(item)
            elif is_paper(PurePosixPath(name)):
                items[name] = item
            else:
                skipped += 1
    kept = _without_copies(items)
    ordered = tuple(kept[name] for name in sorted(kept))
    return Found(ordered, tuple(problems), skipped + len(items) - len(kept), tuple(decisions))


def _files(root: Path, problems: list[Problem], prefix: str) -> Iterator[Path]:
    """Every file below `root`; results of a screening are not walked."""
    if not root.is_dir():
        yield root
        return

    def told(error: OSError) -> None:
        name = prefix + _printable(os.path.relpath(error.filename or str(root), root))
        problems.append(Problem(name, "no-permission", "打不开这个文件夹，里面的材料没有检查，请调整权限后重试。"))

    for folder, folders, files in os.walk(root, onerror=told):
        if OUTPUT_MARK in folders:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name != "__MACOSX" and not name.startswith("."))
        yield from (Path(folder) / file for file in sorted(files))


def _without_copies(items: dict[str, Item]) -> dict[str, Item]:
    """Without marked-up copies that lie beside the paper they were made of."""
    papers = {_stem(name) for name in items}
    return {
        name: item
        for name, item in items.items()
        if not is_marked(_last(name)) or unmarked_stem(_stem(name)) not in papers
    }


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _last(name: str) -> str:
    return PurePosixPath(name).stem


def _printable(name: str) -> str:
    """The name as text: bytes that are no UTF-8 are the Chinese of an old Windows, if they can be."""
    shown = name.replace(os.sep, "/")
    try:
        shown.encode()
    except UnicodeEncodeError:
        return os.fsencode(shown).decode("gb18030", "replace")
    return shown


def _free(name: str, taken: dict[str, Item]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} #{number}", number + 1
    return found


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


Unpacked = tuple[Item | Problem, ...]


def unpack(item: Item, spool: str, limits: Limits) -> Unpacked:
    """The papers in an archive, each written to a private file under `spool`, or why one cannot be read.

    Archives inside it are unpacked as well. What lies there already under the same name is written anew.
    """
    archive = Path(item.place)
    roomy = replace(
        limits,
        members=max(limits.members, _MEMBERS),
        parts=max(limits.parts, _MEMBERS),
        directory_size=max(limits.directory_size, _DIRECTORY),
        archive_size=max(limits.archive_size, _PACKED * archive.stat().st_size),
    )
    found: list[Item | Problem] = []
    folder = Path(spool) / hashlib.sha256(item.name.encode("utf-8", "replace")).hexdigest()[:16]
    try:
        with archive.open("rb") as stream:
            for number, member in enumerate(members_in(stream, roomy)):
                name = f"{item.name}/{member.name}"
                if not is_paper(PurePosixPath(member.name)):
                    continue
                if isinstance(member.content, ReadError):
                    found.append(Problem(name, member.content.code, member.content.message))
                    continue
                place = folder / f"{number:06}"
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                place.write_bytes(member.content)
                found.append(Item(name, str(place), member.modified, item.name))
    except ReadError as error:
        return (*found, Problem(item.name, error.code, error.message))
    except OSError:
        return (*found, Problem(item.name, "read-failed", "压缩包没有读完，请检查磁盘空间或网络位置后重试。"))
    if not found:
        return (Problem(item.name, "empty-folder", "压缩包里没有材料文件，请核对后重新压缩。"),)
    return tuple(found)
