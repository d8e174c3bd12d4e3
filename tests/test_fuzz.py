"""A short run of broken files through every reader; `make fuzz` is the long one."""

from __future__ import annotations

from random import Random

import pytest
from fuzz.mutate import mutated
from fuzz.seeds import seeds
from fuzz.target import attempt

SEEDS = seeds()
ROUNDS = 60


@pytest.mark.parametrize("name", SEEDS)
def test_broken_files_are_read_or_refused(name: str) -> None:
    """Whatever is wrong with a file, it ends in a whole document or in one Chinese sentence with a code."""
    random = Random(name)
    for number in range(ROUNDS):
        data = mutated(SEEDS[name], random)
        try:
            attempt(name, data)
        except Exception as error:
            raise AssertionError(f"round {number} of {name}: {data[:200]!r}…") from error


@pytest.mark.parametrize("name", ["a.docx", "a.ofd", "a.zip", "a.xlsx", "a.xls", "utf-8.txt", "gb.txt", "wide.txt"])
def test_seeds_are_whole(name: str) -> None:
    """What is broken is a file that can be read."""
    assert attempt(name, SEEDS[name]) == "read"
