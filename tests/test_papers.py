"""Recognising papers, and dividing files that hold several."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from loaders import document, params

from checker.document import PAPER_KINDS, Document
from checker.papers import recognise
from checker.readers import read


def recognised(case: Mapping[str, Any]) -> tuple[Document, tuple[Document, ...]]:
    whole = document(case["text"], name=case.get("name", "材料.txt"))
    return whole, recognise(whole, case.get("kind"))


@pytest.mark.parametrize("case", params("papers.yml"))
def test_recognised(case: Mapping[str, Any]) -> None:
    """The file holds exactly these papers, in this order, each with the reason why it was taken for one."""
    _, papers = recognised(case)
    assert [paper.kind for paper in papers] == case["papers"]
    assert all(paper.kind_reason for paper in papers)
    if "begins" in case:
        assert [paper.text.split("\n")[0] for paper in papers] == case["begins"]
    if "ends" in case:
        assert papers[0].text.rstrip().endswith(case["ends"])
    for paper in papers:
        assert paper.kind in PAPER_KINDS
        assert paper.kind_source == ("given" if paper.kind == case.get("kind") else "detected")


@pytest.mark.parametrize("case", params("papers.yml"))
def test_each_paper_is_a_piece_of_its_file(case: Mapping[str, Any]) -> None:
    """Text, blocks and places of a paper are those of the file, moved by its base; papers never overlap."""
    whole, papers = recognised(case)
    reach = 0
    for paper in papers:
        assert paper.base >= reach
        reach = paper.base + len(paper.text)
        assert whole.text[paper.base : reach] == paper.text
        for block in paper.blocks:
            assert 0 <= block.span.start <= block.span.end <= len(paper.text)
            moved = block.span.shift(paper.base)
            assert any(other.span == moved and other.kind == block.kind for other in whole.blocks)
        assert {anchor.node for anchor in paper.anchors} <= {anchor.node for anchor in whole.anchors}
        for anchor in paper.anchors:
            assert 0 <= anchor.start < anchor.end <= len(paper.text)


def test_a_row_of_dashes_costs_no_time() -> None:
    """What follows a long row of marks does not make the search for a title go through all ways to divide the row."""
    began = time.process_time()
    list(recognise(read("a.txt", f"工作总结\n{'-' * 38}合计\n{'1.' * 15}合计".encode())))
    assert time.process_time() - began < 1
