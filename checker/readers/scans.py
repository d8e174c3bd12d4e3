"""Text in pictures: what a recogniser gives, where the one of the extra `ocr` comes from, what is said without it.

Nothing heavy is loaded here: the recogniser comes with the first page that needs it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from checker.errors import ReadError
from checker.readers.layout_grid import Rule
from checker.readers.limits import Limits

INSTALL = '如果只有扫描件，可以安装识别组件后再检查：pip install "kaohe-checker[ocr]"。'
"""How to have scans read; ends every message that refuses one where the extra is not installed."""

LONGEST_SIDE = 1760
"""Pixels along the longer side of a page as it is recognised: 150 to the inch on a sheet of A4.

Measured on three pages each of two printed samples: 150, 171 and 200 to the inch misread the same number of characters
(12, 11 and 10 dashes, one or two brackets), at 1.8, 2.1 and 2.7 seconds a page and 1.4 and 1.6 GB of address space for
the first two, of which a child process has 2.
"""

_PARTS = ("rapidocr", "onnxruntime")


class Seen(NamedTuple):
    """One line of text as it is recognised; lengths are pixels from the top left corner of the picture.

    `corners` are top left, top right, bottom right and bottom left, as the text runs. `lefts` and `rights` hold the
    edges of each character. `score` is how sure the recogniser is, from 0 to 1.
    """

    text: str
    score: float
    corners: tuple[tuple[float, float], ...]
    lefts: tuple[float, ...]
    rights: tuple[float, ...]


class Sight(NamedTuple):
    """What is seen on one picture, turned so that its text stands upright.

    `angle` is how far its lines slope, in radians (positive: down to the right). `rules` are the drawn lines as they
    lie once the slope is taken out, by turning the picture about its middle.
    """

    width: int
    height: int
    lines: tuple[Seen, ...]
    rules: tuple[Rule, ...] = ()
    angle: float = 0.0


class Recogniser(Protocol):
    """Whatever sees text in pictures."""

    def pictures(self, data: bytes, limits: Limits) -> Iterator[Any]:
        """The pictures in a picture file; ReadError where it cannot be opened or is too large."""

    def see(self, picture: Any) -> Sight:
        """What is seen on a picture of `pictures`, or on a page that PDFium has drawn (a `pypdfium2.PdfBitmap`)."""


@lru_cache(maxsize=1)
def recogniser() -> Recogniser | None:
    """The recogniser of this process; None where the extra is not installed."""
    if not all(find_spec(part) for part in _PARTS):
        return None
    from checker.readers.scans_rapid import Rapid

    return Rapid()


class Budget:
    """How many pictures of one file may still be recognised, and for how long."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pages = 0
        self._end = time.monotonic() + limits.recognise_seconds

    def take(self) -> None:
        """Ask for one picture more; ReadError where that is over a limit."""
        self._pages += 1
        most = self._limits.recognised_pages
        if self._pages > most:
            raise ReadError("too-large", f"文件里有 {most} 页以上是图片，超过逐页识别的上限，请拆分后再上报。")
        if time.monotonic() > self._end:
            shown = f"{self._limits.recognise_seconds:g}"
            raise ReadError("timeout", f"逐页识别扫描件超过 {shown} 秒，已停止；请拆分后再上报，或提供 .docx 文字稿。")


def too_many_pixels(limits: Limits) -> ReadError:
    """The refusal of a picture that would take too much memory to open."""
    shown = f"{limits.pixels / 1_000_000:g}"
    return ReadError("too-large", f"图片超过 {shown} 百万像素，不像单页材料的扫描件，请降低分辨率后再上报。")
