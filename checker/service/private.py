"""Files and folders that nobody but the service can read, from their first moment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """A new file, open for writing; FileExistsError where there is one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def empty(folder: Path) -> None:
    """Make `folder`, with nothing in it."""
    if folder.is_symlink():  # what it leads to is not ours
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
