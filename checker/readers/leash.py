"""Runs one program and ends it, with all that it started, at a time limit or when whoever asked for it is gone.

Run as a script, without the package, so that it starts at once:

    python leash.py SECONDS MEGABYTES FOLDER PROGRAM ARGUMENT …

Whoever asks for it holds the other end of its standard input; when that end closes, the program is ended and FOLDER,
its working place, is removed. The exit code is that of the program, or TOO_LATE.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

TOO_LATE = 124


def main(arguments: list[str]) -> int:
    """Run the program and wait for it."""
    seconds, megabytes, folder, *command = arguments
    _confine(int(megabytes))
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    )
    unwanted = threading.Event()
    threading.Thread(target=_watch, args=(program, unwanted), daemon=True).start()
    try:
        return program.wait(float(seconds))
    except subprocess.TimeoutExpired:
        return TOO_LATE
    finally:
        _end(program)
        if unwanted.is_set():
            shutil.rmtree(folder, ignore_errors=True)


def _watch(program: subprocess.Popen[bytes], unwanted: threading.Event) -> None:
    """Wait until the other end of the standard input closes; then nobody wants the result any more.

    The input is read without Python's buffer, whose lock would keep the interpreter from going down.
    """
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    unwanted.set()
    _end(program)


def _end(program: subprocess.Popen[bytes]) -> None:
    """End the program and what it started: an office program is a script that starts a starter that starts it."""
    if sys.platform == "win32":
        if program.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(program.pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)


def _confine(megabytes: int) -> None:
    """Memory of each process of the program, where the system knows such a bound."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    bound = megabytes * 1024 * 1024
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
