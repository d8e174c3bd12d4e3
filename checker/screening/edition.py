"""Which edition of the checker this is: results of another one may differ."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

from checker import __version__


@cache
def edition() -> str:
    """The version of this program and a digest of all that decides its results: code, lexicons, notices, models."""
    digest = hashlib.sha256()
    for package in ("checker", "checker.lexicons", "checker.models"):
        root = Path(import_module(package).__path__[0])
        for file in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
            name = file.relative_to(root)
            if file.suffix not in {".py", ".txt", ".yml", ".json"}:
                continue
            if package == "checker" and name.parts[0] in {"lexicons", "models"}:  # installed, they lie in here
                continue
            digest.update(f"{package}/{name.as_posix()}\0".encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return f"{__version__}+{digest.hexdigest()[:12]}"
