"""RTF as tokens, and its bytes as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checker.errors import ReadError
from checker.readers.docx_symbols import symbol
from checker.readers.headings import STRONG_FACES
from checker.readers.limits import Limits
from checker.readers.rtf_words import ANSI, WIDE

Token = re.Match[bytes]
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+", re.DOTALL
)
_BRACE = re.compile(rb"\\bin([0-9]{1,10}) ?|\\.|[{}]", re.DOTALL)
_PAIRS = re.compile(rb"(?:[\x00-\x7f]|[\x81-\xfe][\x80-\xfe])*")
WORD, NUMBER, HEX, SYMBOL, BRACE, TEXT = range(1, 7)


@dataclass(slots=True)
class Font:
    """One font of the table; `codec` is None where the font says nothing of its bytes."""

    name: str = ""
    codec: str | None = None
    signs: bool = False

    @property
    def strong(self) -> bool:
        """Whether official papers set headings in this face."""
        return any(face in self.name for face in STRONG_FACES)

    def text(self, data: bytes, default: str) -> str:
        """The text of `data` in this font. Fonts that claim to be Western may stand for the code page of the file."""
        if self.signs:
            return "".join(symbol(self.name, 0xF000 + byte) if byte >= 0x20 else chr(byte) for byte in data)
        if data.isascii():
            return data.decode("ascii")
        codec = self.codec or default
        if codec == ANSI and default in WIDE and _PAIRS.fullmatch(data):
            codec = default
        return data.decode(codec, "replace")


class Scanner:
    """Goes through the tokens of one file; binary data and groups without text are jumped over."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        data, match = self._data, _TOKEN.match
        for _ in range(self._limits.tokens):
            token = match(data, self._at)
            while token is None:
                self._at += 1
                if self._at >= len(data):
                    return
                token = match(data, self._at)
            self._at = token.end()
            yield token
        raise ReadError(
            "too-large", "文件内部的内容过多过长，疑似异常文件，已拒绝读取，请用 Word 或 WPS 另存为 .docx。"
        )

    def jump(self, length: int) -> None:
        """Jump over binary data."""
        self._at += max(length, 0)

    def skip_group(self) -> None:
        """Jump to the brace that ends the group at hand; that brace is the next token."""
        depth = 0
        while (found := _BRACE.search(self._data, self._at)) is not None:
            brace = found[0]
            if brace == b"}" and not depth:
                self._at = found.start()
                return
            self._at = found.end() + (int(found[1]) if found[1] else 0)
            depth += (brace == b"{") - (brace == b"}")
        self._at = len(self._data)
