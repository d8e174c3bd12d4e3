"""length：文种字数超过通知规定的上限。

字数按 Word 的「字数」计算：每个汉字和中文标点各算 1，连续的其他字符（数字、英文单词）算 1。计入正文、表格、文本框、
脚注尾注和已插入的修订；不计已删除的修订、隐藏文字、批注、页眉页脚和自动编号。
文字由扫描件识别得来的，字数会有出入：超出不到识别误差的，只作提醒。
参数：max 上限（字）；near 接近上限的比例，达到即给出提示（默认 0.97）。
情形：over 超过上限；near 接近上限。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.document import Span, surely_over
from checker.language.count import limit_offset
from checker.language.paper import Paper
from checker.rules.base import Hit


@dataclass(frozen=True, slots=True)
class Params:
    """`max` in 字; from `near` times `max` on the paper is told to be close to it."""

    max: int
    near: float = 0.97

    def __post_init__(self) -> None:
        if self.max <= 0 or not 0 < self.near <= 1:
            raise ValueError("max 应当大于 0，near 应当在 0 和 1 之间")


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit on the text beyond the limit, or on the title where the limit is near."""
    for paper in papers:
        count = paper.words
        facts = {"count": count, "over": count - params.max, "left": params.max - count}
        document = paper.document
        if count > params.max:
            end = len(document.text.rstrip())
            span = Span(limit_offset(document.text, params.max), end)
            yield Hit(document, span, "over", facts, firm=surely_over(count, params.max, document.recognised()))
        elif count >= params.max * params.near:
            yield Hit(document, None, "near", facts, at=document.title, firm=False)
