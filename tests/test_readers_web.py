"""Web pages and web archives, under whatever name they come."""

from __future__ import annotations

from typing import Any

import pytest
from loaders import params, shown

from checker.errors import ReadError
from checker.readers import Limits, read


@pytest.mark.parametrize("case", params("web/content.yml"))
def test_case(case: dict[str, Any]) -> None:
    page = f"<html><head><meta charset=utf-8><title>题</title></head><body>{case['html']}</body></html>"
    document = read("case.doc", page.encode())
    assert [shown(document, block) for block in document.blocks] == case["blocks"]
    if "not_read" in case:
        assert {note.what: note.count for note in document.reading.not_read} == case["not_read"]


@pytest.mark.parametrize(
    "data",
    [
        "<html><meta charset=gb2312><p>镕基，总结</p>".encode("gb18030"),
        "<html><meta http-equiv=Content-Type content='text/html; charset=utf-8'><p>镕基，总结</p>".encode(),
        "<html><p>镕基，总结</p>".encode(),
        "<html><p>镕基，总结</p>".encode("gb18030"),
        "<!DOCTYPE html><html><meta charset=nosuch><p>镕基，总结</p>".encode("utf-8-sig"),
        "<html><p>&#38229;基，总结</p>".encode(),
    ],
)
def test_encodings(data: bytes) -> None:
    assert read("a.html", data).text == "镕基，总结"


def test_archive() -> None:
    """Of a web archive the page is read."""
    data = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; '
        "charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><p>=D7=DC=BD=E1</p></html>\r\n"
        "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
    )
    document = read("总结.docx", data.encode())
    assert document.text == "总结"
    assert [note.what for note in document.reading.read] == ["body", "web-page"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html><body></body></html>", "no-text"),
        (b"<html><img src=x></html>", "no-text"),
        (b"<html>" + b"<div>" * 240 + b"a", "too-deep"),
        (b"<html>" + b"<p>a" * 2000, "too-large"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\nx", "damaged"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read("a.html", data, Limits(tags=1000))
    assert caught.value.code == code


def test_nothing_is_expanded() -> None:
    """Entities that a page declares are not looked at."""
    page = b'<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><p>x&a;y</p></html>'
    assert "root" not in read("a.html", page).text
