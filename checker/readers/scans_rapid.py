"""The recogniser of the extra `ocr`: RapidOCR on ONNX Runtime, with the models that lie in its wheel.

Only this module knows them. The models are named by their paths: asked for in any other way, RapidOCR would look for
them on the network where a file is missing or damaged.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from checker.errors import ReadError
from checker.readers.layout_grid import Rule
from checker.readers.limits import Limits
from checker.readers.scans import LONGEST_SIDE, Seen, Sight, too_many_pixels
from checker.readers.scans_page import slope

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
_SURE = 0.8
"""A page that is read with less is tried in its other positions too."""
_SHORTEST_RULE = 60
"""Pixels; no stroke of a character in a paper is as long (25 points)."""
_THICKEST_RULE = 12
_MOST_RULES = 3_000
_MOST_THREADS = 4
_STEEP = math.radians(0.3)


class Rapid:
    """Sees text in pictures; the models are loaded with the first of them."""

    def __init__(self) -> None:
        self._turn = Lock()

    def pictures(self, data: bytes, limits: Limits) -> Iterator[Any]:
        """The pictures in a picture file, one at a time."""
        from PIL import Image, ImageOps

        with warnings.catch_warnings():
            # Pillow warns of a large picture; here it is refused.
            warnings.simplefilter("ignore")
            try:
                file = _opened(lambda: Image.open(io.BytesIO(data), formats=_FORMATS))
            except Image.DecompressionBombError:
                raise too_many_pixels(limits) from None
        for number in count():
            if not _opened(partial(_at, file, number)):
                return
            if file.width * file.height > limits.pixels:
                raise too_many_pixels(limits)
            yield _opened(lambda: _array(ImageOps.exif_transpose(file)))

    def see(self, picture: Any) -> Sight:
        """What is seen on a picture, or on a page that PDFium has drawn."""
        image = _shrunk(picture.to_numpy() if hasattr(picture, "to_numpy") else picture)
        lines = self._lines(image)
        if lines and (_on_side(lines) or _sureness(lines) < _SURE):
            image, lines = self._turned(image, lines)
        angle = slope(lines)
        height, width = image.shape[:2]
        return Sight(width, height, tuple(lines), tuple(_rules(image, angle)), angle)

    # ---- lines ----------------------------------------------------------------------------------------------------

    @cached_property
    def _engine(self) -> Any:
        # Each thread takes room of its own, also where it has nothing to do: a child process has only so much.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        try:
            with warnings.catch_warnings():
                # What its many parts have to say of each other is nothing to the user.
                warnings.simplefilter("ignore")
                import cv2
                import rapidocr

            cv2.setNumThreads(_MOST_THREADS)
            models = Path(rapidocr.__file__).parent / "models"
            paths = {part: next(models.glob(f"*_{part.lower()}_*.onnx")) for part in ("Det", "Rec")}
            return rapidocr.RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.max_side_len": LONGEST_SIDE,
                    "Global.text_score": 0.0,
                    "EngineConfig.onnxruntime.intra_op_num_threads": min(_MOST_THREADS, os.cpu_count() or 1),
                    **{f"{part}.model_path": str(path) for part, path in paths.items()},
                }
            )
        except (ImportError, OSError, StopIteration):
            raise ReadError(
                "recognition-failed",
                '识别组件不完整，无法识别扫描件，请重新安装：pip install --force-reinstall "kaohe-checker[ocr]"。',
            ) from None

    def _turned(self, image: Any, lines: list[Seen]) -> tuple[Any, list[Seen]]:
        """The picture and its lines in the position in which they are read best."""
        import numpy

        tried = [(image, lines)]
        for turn in (1, 3) if _on_side(lines) else (2,):
            other = numpy.ascontiguousarray(numpy.rot90(image, turn))
            tried.append((other, self._lines(other)))
        return max(tried, key=lambda each: _sureness(each[1]) * (not _on_side(each[1])))

    def _lines(self, image: Any) -> list[Seen]:
        engine = self._engine
        try:
            with self._turn:
                found = engine(image, use_cls=False, return_word_box=True, return_single_char_box=True)
        except MemoryError:
            raise
        except Exception:
            # ONNX Runtime has errors of its own for all that can go wrong, a want of memory too.
            raise ReadError(
                "recognition-failed", "识别扫描件时出错，可能是内存不足，请提供 .docx 文字稿，或者拆分后再试。"
            ) from None
        if found.txts is None or found.boxes is None:
            return []
        return [
            _seen(text, float(score), [(float(x), float(y)) for x, y in corners], words)
            for text, score, corners, words in zip(
                found.txts, found.scores, found.boxes, found.word_results, strict=True
            )
            if text.strip()
        ]


def _opened(step: Any) -> Any:
    """What `step` gives. Pillow raises nearly anything on a broken picture."""
    from PIL import Image

    try:
        return step()
    except (MemoryError, Image.DecompressionBombError):
        raise
    except Exception:
        raise ReadError("bad-picture", "图片文件已损坏或不完整，请重新扫描或另存后上报。") from None


def _at(file: Any, number: int) -> bool:
    """Go to one of the pictures of a file; whether there is one."""
    try:
        file.seek(number)
    except EOFError:
        return False
    return True


def _array(picture: Any) -> Any:
    """The pixels of a picture, blue first as OpenCV has them; what is transparent is white paper."""
    import numpy
    from PIL import Image

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        coloured = picture.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        picture = Image.alpha_composite(paper, coloured)
    return numpy.ascontiguousarray(numpy.asarray(picture.convert("RGB"))[:, :, ::-1])


def _shrunk(image: Any) -> Any:
    """The picture at the size at which it is recognised, so that all places are in the same pixels."""
    import cv2

    height, width = image.shape[:2]
    longest = max(height, width)
    if longest <= LONGEST_SIDE:
        return image
    scale = LONGEST_SIDE / longest
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _seen(text: str, score: float, corners: Sequence[tuple[float, float]], words: Any) -> Seen:
    """One line with the edges of its characters: where the recogniser saw each, else by their usual widths."""
    start, end = (corners[0][0] + corners[3][0]) / 2, (corners[1][0] + corners[2][0]) / 2
    lefts, rights = _edges(text, start, end)
    filled = [index for index, character in enumerate(text) if not character.isspace()]
    boxes = [[x for x, _ in box] for _, _, box in words or ()]
    if len(boxes) == len(filled):
        for index, across in zip(filled, boxes, strict=True):
            lefts[index], rights[index] = float(min(across)), float(max(across))
    # The frame of the whole line is found more exactly than those of the characters in it.
    lefts[0], rights[-1] = start, end
    return Seen(text, score, tuple(corners), tuple(lefts), tuple(rights))


def _edges(text: str, start: float, end: float) -> tuple[list[float], list[float]]:
    """The edges of characters between `start` and `end`, those of Latin letters half as far apart as others."""
    widths = [1.0 if character >= "\u2e80" else 0.5 for character in text]
    step = (end - start) / max(sum(widths), 0.5)
    lefts, rights = [], []
    for width in widths:
        lefts.append(start)
        start += width * step
        rights.append(start)
    return lefts, rights


def _sureness(lines: Sequence[Seen]) -> float:
    weight = sum(len(line.text) for line in lines)
    return sum(line.score * len(line.text) for line in lines) / weight if weight else 0.0


def _on_side(lines: Sequence[Seen]) -> bool:
    """Whether most of the text stands on its side."""
    tall = sum(len(line.text) for line in lines if _height(line) > _width(line))
    return tall * 2 > sum(len(line.text) for line in lines)


def _width(line: Seen) -> float:
    return math.dist(line.corners[0], line.corners[1])


def _height(line: Seen) -> float:
    return math.dist(line.corners[0], line.corners[3])


# ---- drawn lines ----------------------------------------------------------------------------------------------


def _rules(image: Any, angle: float) -> Iterator[Rule]:
    """The drawn lines of a picture, as they lie once its slope is taken out."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    height, width = grey.shape
    if abs(angle) > _STEEP:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), math.degrees(angle), 1.0)
        grey = cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    dark = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12)
    for upright, shape in ((False, (_SHORTEST_RULE, 1)), (True, (1, _SHORTEST_RULE))):
        strokes = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
        # A line that a scanner drew with gaps, or a pixel up and down, is one.
        strokes = cv2.dilate(strokes, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))
        count, _, boxes, _ = cv2.connectedComponentsWithStats(strokes)
        if count > _MOST_RULES:
            continue
        for left, top, wide, high, _ in boxes[1:].tolist():
            if upright and wide <= _THICKEST_RULE:
                yield Rule(True, left + wide / 2, top, top + high)
            elif not upright and high <= _THICKEST_RULE:
                yield Rule(False, top + high / 2, left, left + wide)
