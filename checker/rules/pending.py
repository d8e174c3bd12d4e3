"""pending：通知有这一条，本版本还不能自动检查，报告里列入「未检查」并说明原因，请人工核对。

参数：reason 原因。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """Why the rule cannot run yet."""

    reason: str


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """Never finds anything: the engine lists the rule as not checked."""
    yield from ()
