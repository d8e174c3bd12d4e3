"""Ways to break a file: its bytes, and for zip packages the XML inside, so that the damage gets past the checksums."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from random import Random

_NUMBERS = (b"0", b"-1", b"1", b"65536", b"2147483648", b"99999999999999999999", b"1e308", b"nan", b"inf", b"x", b"")
_BYTES = (b"\x00", b"\xff", b"\x80", b"<", b">", b"&", b"{", b"}", b"\\", b"(", b"PK\x03\x04", b"\xed\xa0\x80", b"]]>")
_TAG = re.compile(rb"<[^<>]*>")
_NUMBER = re.compile(rb"\d+(?:\.\d+)?")
_MOST_UNPACKED = 4 * 1024 * 1024


def mutated(data: bytes, random: Random) -> bytes:
    """`data` with one to four things wrong."""
    for _ in range(random.choice((1, 1, 2, 4))):
        if data.startswith(b"PK\x03\x04") and random.random() < 0.8:
            data = _inside(data, random)
        else:
            data = random.choice(_WAYS)(data, random)
    return data


def _inside(data: bytes, random: Random) -> bytes:
    """The zip file with one of its parts broken, lost, doubled or misnamed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_UNPACKED:
                return _flip(data, random)
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # already broken: break it further
        return _flip(data, random)
    if not parts:
        return data
    at = random.randrange(len(parts))
    name, content = parts[at]
    way = random.random()
    if way < 0.9:
        parts[at] = (name, random.choice(_WAYS)(content, random))
    elif way < 0.94:
        del parts[at]
    elif way < 0.97:
        parts[at] = ("../" + name, content)
    else:
        parts.append((name.upper(), content))
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that stand twice, which is what we want
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def _flip(data: bytes, random: Random) -> bytes:
    out = bytearray(data)
    for _ in range(min(len(out), random.choice((1, 3, 20)))):
        out[random.randrange(len(out))] = random.randrange(256)
    return bytes(out)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _lose(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    return data[:start] + data[start + random.randrange(1, 200) :]


def _repeat(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    piece = data[start : start + random.randrange(1, 400)]
    return data[:start] + piece * random.choice((2, 3, 50)) + data[start:]


def _insert(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    return data[:start] + random.choice(_BYTES) * random.choice((1, 2, 300)) + data[start:]


def _renumber(data: bytes, random: Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _flip(data, random)
    chosen = random.choice(found)
    return data[: chosen.start()] + random.choice(_NUMBERS) + data[chosen.end() :]


def _retag(data: bytes, random: Random) -> bytes:
    """Tags lost, doubled, swapped or nested in themselves."""
    found = list(_TAG.finditer(data))
    if len(found) < 2:
        return _flip(data, random)
    one, other = sorted(random.sample(found, 2), key=lambda match: match.start())
    way = random.randrange(4)
    if way == 0:
        return data[: one.start()] + data[one.end() :]
    if way == 1:
        return data[: one.end()] + one[0] * random.choice((1, 40, 3000)) + data[one.end() :]
    if way == 2:
        return data[: one.start()] + other[0] + data[one.end() : other.start()] + one[0] + data[other.end() :]
    inner = data[one.start() : other.end()]
    return data[: one.start()] + inner * random.choice((2, 30)) + data[other.end() :]


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip,
    _cut,
    _lose,
    _repeat,
    _insert,
    _renumber,
    _renumber,
    _retag,
    _retag,
    _retag,
)
