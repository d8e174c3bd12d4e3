"""Which encoding a text file is in. Chinese text without a mark is UTF-8 or GB18030, seldom anything else."""

from __future__ import annotations

from checker.errors import ReadError

_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "gb18030": "GB18030", "big5": "Big5", "big5hkscs": "Big5"}
_SAMPLE = 8192
_ASKED_ABOUT = ["gb18030", "big5", "big5hkscs"]


def decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding; ReadError where it is in none that we know."""
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\x00" not in text:
            return text, _NAMES.get(
                encoding, encoding.replace("_", "-").upper().removesuffix("-LE").removesuffix("-BE")
            )
    raise ReadError("bad-encoding", "文本编码无法识别，请另存为 UTF-8 编码的文本，或另存为 .docx。")


def _candidates(data: bytes) -> list[str]:
    """The encodings to try, the likeliest first; where there is a mark, only the one that it says."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return [name]
    if b"\x00" in data:
        found = wide(data)
        return [found] if found else []
    if _is_utf8(data):
        return ["utf-8"]
    if _damaged_utf8(data):
        return []
    return ["gb18030"] if _is_plain_gb(data) else _asked(data)


def wide(data: bytes) -> str | None:
    """The encoding of a text in UTF-16 without a mark, or None. Its line ends and Latin letters hold null bytes."""
    if len(data) % 2 or b"\x00" not in data:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        # The cut may fall into a pair of surrogates: one character at the end does not count.
        text = data[:_SAMPLE].decode(encoding, "replace")
        usual = sum(1 for character in text if _is_usual(character))
        if usual * 100 >= (len(text) - 1) * 95 and "\x00" not in text:
            return encoding
    return None


def _is_usual(character: str) -> bool:
    return (
        " " <= character <= "~"
        or character in "\r\n\t·—‘’“”…"
        or "\u4e00" <= character <= "\u9fff"
        or "\u3000" <= character <= "\u303f"
        or "\uff00" <= character <= "\uffef"
        or "\u2460" <= character <= "\u2473"
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _damaged_utf8(data: bytes) -> bool:
    """Whether this is UTF-8 with a few bad bytes: GB18030 would turn the whole of it into other characters."""
    text = data.decode("utf-8", "replace")
    foreign = sum(1 for character in text if character > "\x7f")
    return text.count("\ufffd") * 10 < foreign


def _is_plain_gb(data: bytes) -> bool:
    """Whether this reads as Chinese in GB18030: nearly all of it in the common set of 1980 (GB 2312)."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    foreign = [character for character in text[:_SAMPLE] if character > "\x7f"]
    common = sum(1 for character in foreign if _in_gb2312(character))
    return common * 100 >= len(foreign) * 90


def _in_gb2312(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return character in "·—"


def _asked(data: bytes) -> list[str]:
    """What the detector says, for the few texts that the rules above do not settle; GB18030 is what is left."""
    from charset_normalizer import from_bytes  # costs time to load: only where it is needed

    matches = from_bytes(data[: _SAMPLE * 8], cp_isolation=_ASKED_ABOUT)
    # It always finds the least bad one: only what reads as Chinese is an answer.
    return [match.encoding for match in matches if _reads_well(str(match))] or ["gb18030"]


def _reads_well(text: str) -> bool:
    foreign = [character for character in text if character > "\x7f"]
    return sum(map(_is_usual, foreign)) * 100 >= len(foreign) * 90
