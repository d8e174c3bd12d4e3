"""What the OpenDocument reader takes over from each piece of mark-up, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from build_odt import odt, package
from loaders import params, shown
from lxml import etree

from checker.document import Document
from checker.errors import ReadError
from checker.readers import Limits, read


@pytest.mark.parametrize("case", params("odt/content.yml"))
def test_case(case: dict[str, Any]) -> None:
    given = {name: case[name] for name in ("styles", "common", "manifest", "fonts") if name in case}
    data = odt(case["body"], **given)
    document = read("case.odt", data)
    assert [shown(document, block) for block in document.blocks] == case["blocks"]
    if "not_read" in case:
        assert {note.what: note.count for note in document.reading.not_read} == case["not_read"]
    if "read" in case:
        assert {note.what: note.count for note in document.reading.read} == case["read"]


def test_anchors_name_the_text_nodes() -> None:
    """A character stands at its offset in the text node of its number, in document order."""
    body = "<text:p>甲  乙<text:span>丙\u00ad丁</text:span>戊</text:p><text:p>己</text:p>"
    document = read("a.odt", odt(body))
    nodes = etree.fromstring(f'<x xmlns:text="t">{body}</x>').xpath("//text()")
    assert document.text == "甲 乙丙丁戊\n己"
    for anchor in document.anchors:
        node = nodes[anchor.node]
        assert document.text[anchor.start : anchor.end] == node[anchor.offset :][: anchor.end - anchor.start]


def refusal(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008  (frozen)
    with pytest.raises(ReadError) as caught:
        read("a.odt", data, limits)
    return caught.value.code


def test_refused() -> None:
    encrypted = '<manifest><file-entry><encryption-data checksum="x"/></file-entry></manifest>'
    nested = "<text:section>" * 190 + "<text:p>甲</text:p>" + "</text:section>" * 190
    tables = "<table:table><table:table-row><table:table-cell>"
    closing = "</table:table-cell></table:table-row></table:table>"
    assert refusal(odt("<text:p>甲</text:p>", manifest=encrypted)) == "encrypted"
    assert refusal(odt("")) == "no-text"
    assert refusal(odt('<text:p><draw:frame><draw:image xlink:href="x"/></draw:frame></text:p>')) == "no-text"
    assert refusal(package({})) == "damaged"
    assert refusal(package({"content.xml": "<x/>"})) == "damaged"
    assert refusal(package({"content.xml": "<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>"})) == "unsafe-xml"
    assert refusal(odt(nested), Limits(xml_depth=100)) == "too-deep"
    assert refusal(odt(tables * 40 + "<text:p>甲</text:p>" + closing * 40)) == "too-deep"
    assert refusal(odt("<text:p>甲</text:p>" * 20), Limits(paragraphs=10)) == "too-large"


def test_great_repeats_cost_nothing() -> None:
    """A figure for repeated rows, columns or spaces is cut down, not carried out."""
    document: Document = read(
        "a.odt",
        odt(
            '<text:p>甲<text:s text:c="999999999"/></text:p><table:table><table:table-row '
            'table:number-rows-repeated="999999999"><table:table-cell table:number-columns-repeated="999999999">'
            "<text:p>乙</text:p></table:table-cell></table:table-row></table:table>"
        ),
    )
    assert len(document.text) < 2000
