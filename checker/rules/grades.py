"""grades：年度考核等次建议表里，每个人的等次写得对不对。

表格可以是 .xlsx、.xls，也可以是 Word、PDF 等文件里的表格，或者用制表符分栏的文本。
凭表头认：一行里有「姓名」和「等次」（建议等次、拟定等次、考核等次、考核结果等写法都认），表上面有标题、一行并排两个人、每个等次一栏打「√」的也认；上年度等次、领导班子等次不算。
领导班子的行（姓名一栏写「班子」或者空着）不查。等次的写法见词表，干部是优秀、称职、基本称职、不称职、不确定等次。
合并的单元格只有第一行有等次，其余的算没有填：请一人一行写明。
参数：lexicon 等次写法的词表。
情形：no-table 没有认出写着姓名和等次的表格；unknown 认不出的等次；empty 没有填等次；twice 同一个人出现两次；
unnamed 写了等次、没有认出是谁。
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.language import lexicon
from checker.language.grades import Proposal, Wordings, proposals
from checker.language.paper import Paper
from checker.report import Place
from checker.rules.base import Hit

NO_TABLE = "没有认出写着姓名和等次的表格"


@dataclass(frozen=True, slots=True)
class Params:
    """`lexicon` holds the grades and how else they are written."""

    lexicon: str


def lexicons(params: Params) -> Iterator[str]:
    """The lexicon of grades."""
    yield params.lexicon


def proposed(papers: Sequence[Paper]) -> list[Proposal]:
    """Everybody in the tables of all papers, in their order."""
    return [found for paper in papers for found in proposals(paper.document, paper.context.year)]


def wordings(name: str) -> Wordings:
    """The grades of a lexicon."""
    return Wordings(lexicon.terms(name))


def distinct(found: Sequence[Proposal]) -> list[Proposal]:
    """Each person once, as he stands first; persons of the same name in two units are two."""
    first: dict[tuple[str, str], Proposal] = {}
    for proposal in found:
        if proposal.person:
            first.setdefault((proposal.person, proposal.unit), proposal)
    return list(first.values())


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit for each grade that is none or wanting, each person named again, and each paper without a table."""
    known = wordings(params.lexicon)
    first: dict[tuple[str, str], Proposal] = {}
    for paper in papers:
        document = paper.document
        found = proposals(document, paper.context.year)
        if not found:
            yield Hit(document, None, "no-table", {}, at=document.title, subject="no-table")
        for proposal in found:
            facts = {"person": proposal.shown, "grade": proposal.grade}
            # The words found are those of many rows; whom they are about tells one row from another.
            whose = f"{proposal.person or proposal.shown} {proposal.unit} {proposal.grade}"
            if not proposal.person:
                yield Hit(document, proposal.name, "unnamed", facts, subject=whose)
                continue
            before = first.setdefault((proposal.person, proposal.unit), proposal)
            if before is not proposal:
                places = (Place(before.document, before.name),)
                yield Hit(document, proposal.name, "twice", facts, subject=whose, related=places)
            if not proposal.grade:
                yield Hit(document, proposal.name, "empty", facts, subject=whose)
            elif not known.grade(proposal.grade):
                yield Hit(document, proposal.place, "unknown", facts, subject=whose)
