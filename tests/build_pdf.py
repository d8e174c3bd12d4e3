"""Small PDF files written object by object, for what PDFium reads but cannot write: forms, tags, passwords."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_IDENTITY = b"0123456789abcdef"


def stream(content: str, entries: str = "") -> bytes:
    """A stream object."""
    data = content.encode("latin-1")
    return f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def pdf(objects: Sequence[bytes | str], trailer: str = "") -> bytes:
    """A file of these objects, numbered from 1; the first one is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places: list[int] = []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += (
            f"{number} 0 obj\n".encode() + (item.encode("latin-1") if isinstance(item, str) else item) + b"\nendobj\n"
        )
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def one_page(content: str, page: str = "", catalogue: str = "", more: Sequence[bytes | str] = ()) -> list[bytes | str]:
    """The objects of a file with one page; `more` are numbered from 6, and font F1 is Helvetica."""
    resources = "/Resources << /Font << /F1 5 0 R >> >>"
    return [
        f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {resources} {page} >>",
        stream(content),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
    ]


def text(words: str, x: float, y: float, size: float = 12) -> str:
    """Operators that show `words`; y counts from the bottom."""
    return f"BT /F1 {size} Tf {x} {y} Td ({words}) Tj ET\n"


def many_pages(count: int) -> bytes:
    """A file of so many empty pages."""
    kids = " ".join(f"{number} 0 R" for number in range(3, count + 3))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {count} >>"
    return pdf(["<< /Type /Catalog /Pages 2 0 R >>", tree, *[page] * count])


def encrypted(content: str, password: bytes) -> bytes:
    """A file of one page that opens with `password`, in the oldest way there is: RC4 with 40 bits."""
    owner = _rc4(hashlib.md5(_padded(b"owner")).digest()[:5], _padded(password))
    rights = (0xFFFFFFFC).to_bytes(4, "little")
    key = hashlib.md5(_padded(password) + owner + rights + _IDENTITY).digest()[:5]
    sealed = _rc4(hashlib.md5(key + (4).to_bytes(3, "little") + b"\0\0").digest()[:10], content.encode("latin-1"))
    objects = one_page("")
    objects[3] = f"<< /Length {len(sealed)} >>\nstream\n".encode() + sealed + b"\nendstream"
    user = _rc4(key, _PADDING)
    entries = {"Filter": "/Standard", "V": "1", "R": "2", "P": "-4", "O": _hex(owner), "U": _hex(user)}
    objects.append(_dictionary(entries))
    return pdf(objects, f"/Encrypt {len(objects)} 0 R /ID [{_hex(_IDENTITY)} {_hex(_IDENTITY)}]")


def _padded(password: bytes) -> bytes:
    return (password + _PADDING)[:32]


def _hex(data: bytes) -> str:
    return f"<{data.hex()}>"


def _dictionary(entries: Mapping[str, str]) -> str:
    return "<< " + " ".join(f"/{name} {value}" for name, value in entries.items()) + " >>"


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    at = 0
    for index in range(256):
        at = (at + state[index] + key[index % len(key)]) % 256
        state[index], state[at] = state[at], state[index]
    out = bytearray()
    index = at = 0
    for byte in data:
        index = (index + 1) % 256
        at = (at + state[index]) % 256
        state[index], state[at] = state[at], state[index]
        out.append(byte ^ state[(state[index] + state[at]) % 256])
    return bytes(out)
