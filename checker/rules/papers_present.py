"""papers-present：应交的几份材料是否齐全，例如「四个清单」。

几份材料可以各自成文，可以合成一份，也可以附在工作总结后面，按标题、文件名认出即可。
参数：kinds 应交的材料种类。
情形：absent 没有找到某一份。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import PAPER_KINDS
from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """The kinds of paper that have to be there."""

    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = next((kind for kind in self.kinds if kind not in PAPER_KINDS), None)
        if unknown:
            raise ValueError(f"没有 {unknown!r} 这种材料；可用的有 {'、'.join(PAPER_KINDS)}")


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on the submission for each kind of paper that is not there."""
    present = {paper.document.kind for paper in papers}
    for kind in params.kinds:
        if kind not in present:
            yield Hit(None, None, "absent", {"kind": kind, "name": PAPER_KINDS[kind]}, subject=kind)
