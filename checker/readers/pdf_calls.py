"""How PDFium is called where it is called often, and how its places become places on the page as shown."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, cast

Crop = tuple[float, float, float, float]
"""Left, bottom, right and top edge of what is shown of a page, in its own space."""


def bare(function: object, *arguments: Any) -> Callable[..., Any]:
    """A C function with plain addresses for arguments: several times faster than with typed pointers.

    It keeps hold of the interpreter lock: the calls take less time than giving it up and taking it back.
    """
    address = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert address is not None
    return ctypes.PYFUNCTYPE(*arguments)(address)


def floats(call: Callable[..., Any], handle: int | None, indexes: Sequence[int], each: int) -> list[float]:
    """The floats that `call` writes for each index of `handle`, one after the other."""
    store, places = _room(len(indexes), each)
    deque(map(call, repeat(handle), indexes, places), maxlen=0)
    return cast("list[float]", memoryview(store).cast("B").cast("f").tolist()[: len(indexes) * each])


def floats_of(call: Callable[..., Any], targets: Sequence[int | None], each: int) -> list[float]:
    """The floats that `call` writes for each target, one after the other; zeroes where it writes nothing."""
    store, places = _room(len(targets), each)
    deque(map(call, targets, places), maxlen=0)
    return cast("list[float]", memoryview(store).cast("B").cast("f").tolist()[: len(targets) * each])


def _room(count: int, each: int) -> tuple[Any, range]:
    """Room for so many times `each` floats, and where they begin."""
    step = each * ctypes.sizeof(ctypes.c_float)
    store = ctypes.create_string_buffer(max(1, count) * step)
    at = ctypes.addressof(store)
    return store, range(at, at + count * step, step)


class Frame:
    """Turns places in the space of the page (from its bottom left, not turned) into places as shown."""

    def __init__(self, turn: int, crop: Crop) -> None:
        self.turn = turn
        self._crop = crop
        self._left, self._bottom, self._right, self._top = crop

    def turned(self, more: int) -> Frame:
        """The frame of the same page, turned by `more` degrees."""
        return Frame((self.turn + more) % 360, self._crop)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is shown: from the left edge and from the top edge."""
        if self.turn == 90:
            return y - self._bottom, x - self._left
        if self.turn == 180:
            return self._right - x, y - self._bottom
        if self.turn == 270:
            return self._top - y, self._right - x
        return x - self._left, self._top - y

    def origin(self, across: float, down: float) -> tuple[float, float]:
        """The point in the space of the page that is shown there: the way back from `point`."""
        if self.turn == 90:
            return self._left + down, self._bottom + across
        if self.turn == 180:
            return self._right - across, self._bottom + down
        if self.turn == 270:
            return self._right - down, self._top - across
        return self._left + across, self._top - down

    def downs(self, xs: Sequence[float], ys: Sequence[float]) -> list[float]:
        """How far below the top edge points are shown."""
        if self.turn == 0:
            top = self._top
            return [top - y for y in ys]
        return [self.point(x, y)[1] for x, y in zip(xs, ys, strict=True)]

    def sides(self, boxes: list[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Where boxes begin and end along the lines; PDFium gives left, top, right and bottom edges in a row."""
        lefts, rights = boxes[0::4], boxes[2::4]
        if self.turn == 0:
            left = self._left
            if left:
                lefts, rights = [x - left for x in lefts], [x - left for x in rights]
            return tuple(lefts), tuple(rights)
        corners = zip(lefts, boxes[1::4], rights, boxes[3::4], strict=True)
        ends = [(self.point(x0, y0)[0], self.point(x1, y1)[0]) for x0, y0, x1, y1 in corners]
        return tuple([min(pair) for pair in ends]), tuple([max(pair) for pair in ends])

    def is_level(self, a: float, b: float) -> bool:
        """Whether a line in direction (a, b) runs to the right as the page is shown; a slight slope is allowed."""
        x0, y0 = self.point(0.0, 0.0)
        x1, y1 = self.point(a, b)
        return x1 > x0 and abs(y1 - y0) <= 0.1 * (x1 - x0)
