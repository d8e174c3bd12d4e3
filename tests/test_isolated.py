"""Reading in a child process: its result comes back, and it is stopped at its limits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checker.errors import ReadError
from checker.readers import Limits
from checker.readers.isolated import read_isolated


def refusal(path: Path, limits: Limits, timeout: float) -> str:
    with pytest.raises(ReadError) as caught:
        read_isolated(str(path), limits, timeout)
    assert caught.value.message.endswith("。")
    return caught.value.code


def test_the_document_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("工作总结\n正文", "utf-8")
    assert read_isolated(str(path), Limits(), 60).text == "工作总结\n正文"
    assert read_isolated("b.txt", Limits(), 60, "字".encode()).path == "b.txt"


def test_a_refusal_comes_back(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.txt", Limits(), 60) == "not-found"


def test_it_is_stopped_at_the_time_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("字", "utf-8")
    assert refusal(path, Limits(), 0.0001) == "timeout"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
def test_it_is_stopped_at_the_memory_limit(tmp_path: Path) -> None:
    """The child may not take more than it was given, whatever the file asks for."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xd7\xd6" * 15_000_000)
    assert refusal(path, Limits(memory=180 * 1024 * 1024), 60) in {"out-of-memory", "reader-died"}
