"""Files that a check made, kept for as long as somebody may fetch them: half an hour, in a private folder."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.service.private import create, empty

KEPT = 30 * 60.0
"""Seconds."""
_MOST = 200
"""Sets of files at a time; the oldest goes first."""
_BYTES = 512 * 1024 * 1024
"""All of them together."""


@dataclass(frozen=True, slots=True)
class _Set:
    owner: str
    names: tuple[str, ...]
    size: int
    until: float


class Handouts:
    """Files by an id that cannot be guessed; only their owner gets them. May be used from any thread."""

    def __init__(self, folder: Path, kept: float = KEPT) -> None:
        """Files lie under `folder`, by number: their own names are never names on disk."""
        self._folder = folder
        self._kept = kept
        self._sets: dict[str, _Set] = {}
        self._lock = threading.Lock()

    def put(self, owner: str, files: Mapping[str, bytes]) -> str:
        """Keep `files` by name for `owner` (of a browser session, of a token); the id to fetch them by."""
        self.sweep()
        ident = secrets.token_urlsafe(24)
        place = self._folder / ident
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(mode=0o700)
        for number, data in enumerate(files.values()):
            with create(place / str(number)) as file:
                file.write(data)
        size = sum(map(len, files.values()))
        with self._lock:
            self._sets[ident] = _Set(owner, tuple(files), size, time.monotonic() + self._kept)
        self._make_room()
        return ident

    def names(self, owner: str, ident: str) -> tuple[str, ...]:
        """The names of the files under `ident`; none where they are gone or somebody else's."""
        found = self._found(owner, ident)
        return found.names if found else ()

    def get(self, owner: str, ident: str, name: str) -> bytes | None:
        """One file; None where it is gone, was never there, or is somebody else's."""
        found = self._found(owner, ident)
        if found is None or name not in found.names:
            return None
        try:
            return (self._folder / ident / str(found.names.index(name))).read_bytes()
        except OSError:
            return None

    def drop(self, owner: str, ident: str) -> None:
        """Remove the files under `ident` now."""
        if self._found(owner, ident) is not None:
            self._remove(ident)

    def sweep(self) -> None:
        """Remove what was kept long enough."""
        now = time.monotonic()
        with self._lock:
            over = [ident for ident, entry in self._sets.items() if entry.until <= now]
        for ident in over:
            self._remove(ident)

    def clear(self) -> None:
        """Remove everything, also what an earlier run left."""
        with self._lock:
            self._sets.clear()
        empty(self._folder)

    def _found(self, owner: str, ident: str) -> _Set | None:
        with self._lock:
            entry = self._sets.get(ident)
        if entry is None or entry.until <= time.monotonic():
            return None
        return entry if secrets.compare_digest(entry.owner.encode(), owner.encode()) else None

    def _make_room(self) -> None:
        while True:
            with self._lock:
                if len(self._sets) <= _MOST and sum(entry.size for entry in self._sets.values()) <= _BYTES:
                    return
                if len(self._sets) <= 1:
                    return
                oldest = next(iter(self._sets))
            self._remove(oldest)

    def _remove(self, ident: str) -> None:
        with self._lock:
            self._sets.pop(ident, None)
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder / ident)
