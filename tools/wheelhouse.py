"""Collect every wheel that the service needs, for machines that have no internet: `make wheelhouse`.

    python -m tools.wheelhouse --python 3.11 --output wheelhouse [--extra ocr] [--system linux-x86_64 …]

One folder for all systems: kaohe itself, what it needs for each, a list of requirements with versions and sums for
each, and `SHA256SUMS`. pip works out conditions such as `sys_platform == "win32"` for the machine it runs on, also
where it downloads for another; so the conditions of all wheels are gone through here once more for the system they
are meant for, and what is missing is fetched. A package without a wheel that is plain Python is built here; any other
is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).parent.parent
NAME = "kaohe-checker"
EXTRAS = ("service",)
_GLIBC = 28
"""Linux systems with glibc 2.28 and later: Kylin V10, UOS 20, openEuler 20.03, Debian 10, RHEL 8."""


def _manylinux(machine: str) -> tuple[str, ...]:
    """All tags of Linux wheels that such a system takes, the newest first."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_GLIBC, 4, -1)]
    tags.insert(tags.index(f"manylinux_2_17_{machine}") + 1, f"manylinux2014_{machine}")
    if machine == "x86_64":
        tags.insert(tags.index("manylinux_2_12_x86_64") + 1, "manylinux2010_x86_64")
        tags.append("manylinux1_x86_64")
    return (*tags, f"linux_{machine}")


@dataclass(frozen=True)
class System:
    """What wheels are collected for: the platforms of wheels that it takes, and what conditions ask about it."""

    name: str
    platforms: tuple[str, ...]
    markers: Mapping[str, str]

    def tags(self, python: tuple[int, int]) -> frozenset[Tag]:
        """The tags of all wheels that this system can install."""
        abi = f"cp{python[0]}{python[1]}"
        return frozenset(
            (*cpython_tags(python, [abi], self.platforms), *compatible_tags(python, abi, self.platforms)),
        )


_POSIX = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
SYSTEMS = {
    "linux-x86_64": System("linux-x86_64", _manylinux("x86_64"), {**_POSIX, "platform_machine": "x86_64"}),
    "linux-aarch64": System("linux-aarch64", _manylinux("aarch64"), {**_POSIX, "platform_machine": "aarch64"}),
    "windows-amd64": System(
        "windows-amd64",
        ("win_amd64",),
        {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    ),
}


@dataclass(frozen=True)
class Wheel:
    """A wheel in the folder and what it asks for."""

    path: Path
    name: str
    version: Version
    tags: frozenset[Tag]
    needs: tuple[Requirement, ...]


@dataclass
class Collected:
    """What is needed on one system: the wheels, and what there is none of."""

    wheels: dict[str, Wheel] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect, and tell what was collected. 1 where a package has no wheel for a system."""
    parser = argparse.ArgumentParser(prog="python -m tools.wheelhouse")
    parser.add_argument("--python", default=f"{sys.version_info[0]}.{sys.version_info[1]}")
    parser.add_argument("--output", type=Path, default=ROOT / "wheelhouse")
    parser.add_argument("--extra", action="append", default=[])
    parser.add_argument("--system", action="append", choices=list(SYSTEMS))
    given = parser.parse_args(arguments)
    major, minor = map(int, given.python.split("."))
    house = Wheelhouse(given.output, (major, minor), tuple(dict.fromkeys((*EXTRAS, *given.extra))))
    return house.collect([SYSTEMS[name] for name in given.system or SYSTEMS])


class Wheelhouse:
    """The folder, and the work on it."""

    def __init__(self, folder: Path, python: tuple[int, int], extras: tuple[str, ...]) -> None:
        self.folder = folder
        self.python = python
        self.extras = extras
        self.built: list[str] = []

    def collect(self, systems: Sequence[System]) -> int:
        """Fill the folder; what lay there of an earlier time is removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in (*self.folder.glob("*.whl"), *self.folder.glob("requirements-*.txt")):
            old.unlink()
        self._build_ourselves()
        outcomes = {system.name: self._for(system) for system in systems}
        self._drop_the_rest(outcomes.values())
        for name, collected in outcomes.items():
            _write_requirements(self.folder / f"requirements-{name}.txt", collected.wheels.values())
        self._write_sums()
        return self._tell(outcomes)

    def _build_ourselves(self) -> None:
        """From a copy, as a build leaves folders beside the source."""
        with tempfile.TemporaryDirectory() as place:
            source = Path(place) / "kaohe"
            leave = shutil.ignore_patterns(".*", "build", "dist", "wheelhouse", "*.egg-info", "__pycache__", "tests")
            shutil.copytree(ROOT, source, ignore=leave)
            _pip("wheel", "--no-deps", "--wheel-dir", str(self.folder), str(source))

    def _for(self, system: System) -> Collected:
        """All wheels for one system, fetched until none is missing."""
        wanted = f"{NAME}[{','.join(self.extras)}]"
        if not self._download(system, [wanted]):
            # One package without a wheel is enough for pip to give up: then one after the other.
            self._one_by_one(system, wanted)
        tried: set[str] = set()
        while True:
            collected = self._resolved(system, Requirement(wanted))
            fresh = [need for need in collected.missing if need not in tried]
            if not fresh:
                return collected
            for need in fresh:
                tried.add(need)
                self._fetch(system, need)

    def _one_by_one(self, system: System, wanted: str) -> None:
        """Build what has no wheel anywhere, and ask pip again for the whole."""
        collected = self._resolved(system, Requirement(wanted))
        for need in collected.missing:
            if not self._download(system, [need], "--no-deps"):
                self._build(need)
        self._download(system, [wanted])

    def _fetch(self, system: System, need: str) -> None:
        if not self._download(system, [need], "--no-deps"):
            self._build(need)

    def _download(self, system: System, wanted: list[str], *more: str) -> bool:
        platforms = [part for platform in system.platforms for part in ("--platform", platform)]
        version = "".join(map(str, self.python))
        abis = ["--abi", f"cp{version}", "--abi", "abi3", "--abi", "none"]
        target = ["--implementation", "cp", "--python-version", version, *abis, *platforms]
        where = ["--find-links", str(self.folder), "--dest", str(self.folder)]
        return _pip("download", "--only-binary=:all:", *target, *where, *more, *wanted, fails=True)

    def _build(self, need: str) -> None:
        """A wheel of our own from the source of a package; kept only where it runs on every system."""
        with tempfile.TemporaryDirectory() as place:
            if not _pip("wheel", "--no-deps", "--wheel-dir", place, need, fails=True):
                return
            for path in Path(place).glob("*-none-any.whl"):
                shutil.move(path, self.folder / path.name)
                self.built.append(path.name)

    def _resolved(self, system: System, wanted: Requirement) -> Collected:
        """What `wanted` needs on `system`, worked out from the wheels alone."""
        wheels = self._fitting(system)
        collected = Collected()
        markers = {**_of_python(self.python), **system.markers}
        todo: list[tuple[Requirement, str]] = [(wanted, "")]
        seen: set[str] = set()
        while todo:
            need, whose = todo.pop()
            if str(need) in seen:
                continue
            seen.add(str(need))
            name = canonicalize_name(need.name)
            fit = [wheel for wheel in wheels.get(name, []) if need.specifier.contains(wheel.version, prereleases=True)]
            if not fit:
                collected.missing[f"{need.name}{need.specifier}"] = whose or "kaohe"
                continue
            wheel = max(fit, key=lambda it: it.version)
            if (other := collected.wheels.get(name)) is not None and other.version != wheel.version:
                wheel = min(wheel, other, key=lambda it: it.version)  # the stricter of two bounds
            collected.wheels[name] = wheel
            todo += [(inner, wheel.name) for inner in _asked(wheel, need.extras, markers)]
        return collected

    def _fitting(self, system: System) -> dict[str, list[Wheel]]:
        tags = system.tags(self.python)
        found: dict[str, list[Wheel]] = {}
        for path in sorted(self.folder.glob("*.whl")):
            wheel = read(path)
            if wheel.tags & tags:
                found.setdefault(wheel.name, []).append(wheel)
        return found

    def _drop_the_rest(self, outcomes: Iterable[Collected]) -> None:
        """What pip fetched on the way and no system needs."""
        needed = {wheel.path for collected in outcomes for wheel in collected.wheels.values()}
        for path in self.folder.glob("*.whl"):
            if path not in needed:
                path.unlink()

    def _write_sums(self) -> None:
        files = sorted((*self.folder.glob("*.whl"), *self.folder.glob("requirements-*.txt")))
        lines = [f"{_sum(path)}  {path.name}\n" for path in files]
        (self.folder / "SHA256SUMS").write_text("".join(lines), "utf-8", newline="\n")

    def _tell(self, outcomes: Mapping[str, Collected]) -> int:
        python = ".".join(map(str, self.python))
        print(f"Python {python}，附加功能 {'、'.join(self.extras)}，文件夹 {self.folder}")
        for name, collected in outcomes.items():
            size = sum(wheel.path.stat().st_size for wheel in collected.wheels.values()) / 1e6
            print(f"  {name}：{len(collected.wheels)} 个包，{size:.0f} MB")
            for need, whose in sorted(collected.missing.items()):
                print(f"    缺 {need}（{whose} 需要），没有这个系统的 wheel")
        for built in sorted(set(self.built)):
            print(f"  官方没有 wheel，已由源码制成：{built}")
        return 1 if any(collected.missing for collected in outcomes.values()) else 0


def read(path: Path) -> Wheel:
    """What a wheel says of itself."""
    name, version, _, tags = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        member = next(it for it in archive.namelist() if it.endswith(".dist-info/METADATA") and it.count("/") == 1)
        headers = HeaderParser().parsestr(archive.read(member).decode("utf-8"))
    needs = tuple(Requirement(line) for line in headers.get_all("Requires-Dist", []))
    return Wheel(path, name, version, tags, needs)


def _asked(wheel: Wheel, extras: set[str], markers: Mapping[str, str]) -> Iterator[Requirement]:
    """What a wheel needs on a system, with the extras that are wanted of it."""
    chosen = {"", *extras}
    for need in wheel.needs:
        marker = need.marker
        if marker is None or any(marker.evaluate({**markers, "extra": extra}) for extra in chosen):
            bare = Requirement(str(need))
            bare.marker = None
            yield bare


def _of_python(python: tuple[int, int]) -> dict[str, str]:
    version = ".".join(map(str, python))
    return {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_version": f"{version}.0",
        "platform_release": "",
        "platform_version": "",
    }


def _write_requirements(path: Path, wheels: Iterable[Wheel]) -> None:
    """Versions and sums: pip installs these files and no others."""
    lines = [
        f"{wheel.name}=={wheel.version} --hash=sha256:{_sum(wheel.path)}\n"
        for wheel in sorted(wheels, key=lambda it: it.name)
    ]
    path.write_text("".join(lines), "utf-8", newline="\n")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pip(*arguments: str, fails: bool = False) -> bool:
    """Run pip; where it `fails` is for the caller to judge."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONUTF8": "1"})
    if done.returncode and not fails:
        sys.exit(done.stderr.strip() or f"pip {arguments[0]} 失败")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
