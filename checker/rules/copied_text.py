"""copied-text：大段文字与别的材料雷同：同一套材料里两份个人报告之间，或者与 --against 给出的往年材料、外单位材料之间。

改了数字、换了名称、增删了字句的也认得出来。领导人讲话和中央文件的提法、通知自己的用语、套话、许多材料都有的话不算数，
只数材料自己的字。同一单位的总结和四个清单互相引用是正常的，不比；个人报告与班子总结之间，只有很长的一段相同才提出来。
参数：own 自己的字满多少才算雷同；own_of_team 个人报告与班子总结之间满多少才提出来；common 不算雷同的话（词表）；
passages 与同一份材料有多处雷同时最多指出几处；others 一份材料最多指出与几份材料雷同。
情形：passage 与一份材料有一处雷同；passages 有几处；team 与班子总结有大段相同；same 内容完全一样；
version 像是同一份材料的两个版本。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from checker.document import PAPER_KINDS, Copies, Document, Shared, Span, Submission
from checker.file_names import bare
from checker.language import lexicon
from checker.language.count import count_words
from checker.language.paper import Paper
from checker.report import Place
from checker.rules.base import Hit

if TYPE_CHECKING:
    from checker.language.passages import Common

_REPORT, _SUMMARY = "cadre-report", "team-summary"
_VERSION = 0.8


@dataclass(frozen=True, slots=True)
class Params:
    """How much has to be shared, what does not count, and how much is told."""

    own: int = 80
    own_of_team: int = 200
    common: tuple[str, ...] = ()
    passages: int = 3
    others: int = 5

    def __post_init__(self) -> None:
        if min(self.own, self.own_of_team) < 20:
            raise ValueError("own 和 own_of_team 至少是 20，再短就说明不了什么")
        if min(self.passages, self.others) < 1:
            raise ValueError("passages 和 others 至少是 1")


def lexicons(params: Params) -> Iterator[str]:
    """The lexicons of what everybody writes."""
    yield from params.common


def idle(params: Params, submission: Submission) -> str:
    """Why nothing can be compared; empty where something can."""
    if (
        submission.against
        or submission.copies is not None
        or any(
            least_of(params, first.kind, second.kind)
            for number, first in enumerate(submission.documents)
            for second in submission.documents[number + 1 :]
        )
    ):
        return ""
    return "没有可以比对的材料；要与往年的、别的单位的材料比对，请用 --against 指明文件或文件夹"


def check(params: Params, papers: Sequence[Paper]) -> Iterator[Hit]:
    """A hit for each other paper with which one shares passages, on the longest of them."""
    if not papers or idle(params, papers[0].context.submission):
        return
    submission = papers[0].context.submission
    found = _search(params, papers) if submission.copies is None else submission.copies
    by_document = {paper.document: paper for paper in papers}
    told: Counter[Document] = Counter()
    for copies in sorted(found, key=lambda copies: -sum(passage.own for passage in copies.passages)):
        # Where both papers are handed in here it is told at the first of them.
        seen = copies if copies.first in by_document else _turned(copies)
        told[seen.first] += 1
        if told[seen.first] <= params.others:
            yield _hit(params, by_document[seen.first], seen, outside=seen.second not in by_document)


def _search(params: Params, papers: Sequence[Paper]) -> Iterator[Copies]:
    """The copies among `papers` themselves, and between them and what they are to be compared with."""
    from checker.language.similarity import find_copies  # not at the top: most submissions have nothing to compare

    documents = [*(paper.document for paper in papers), *papers[0].context.submission.against]

    def least(first: int, second: int) -> int:
        if first >= len(papers):
            return 0
        if second >= len(papers):
            return params.own
        return least_of(params, documents[first].kind, documents[second].kind)

    for pair in find_copies([document.text for document in documents], least, common(params)):
        yield Copies(documents[pair.first], documents[pair.second], pair.passages, pair.same)


def _turned(copies: Copies) -> Copies:
    passages = tuple(passage._replace(first=passage.second, second=passage.first) for passage in copies.passages)
    return Copies(copies.second, copies.first, passages, copies.same)


def least_of(params: Params, first: str, second: str) -> int:
    """How much two papers of one submission may not share, by their kinds; 0 where they may share anything."""
    if first == second == _REPORT:
        return params.own
    return params.own_of_team if {first, second} <= {_REPORT, _SUMMARY} else 0


def common(params: Params) -> Common:
    """What everybody writes: it is nobody's own."""
    return _common(params.common)


@lru_cache(maxsize=4)
def _common(names: tuple[str, ...]) -> Common:
    from checker.language.passages import Common

    return Common(tuple(line for name in names if (found := lexicon.load(name)) for line in found.terms))


def _hit(params: Params, paper: Paper, copies: Copies, *, outside: bool) -> Hit:
    document, other = copies.first, copies.second
    name = _name(document, other)
    if copies.same:
        return _whole(document, other, "same", {"other": name})
    share = share_of(document, copies.passages)
    if not outside and share >= 100 * _VERSION and _stem(document) == _stem(other):
        return _whole(document, other, "version", {"other": name, "share": share})
    longest = copies.passages[0]
    facts = {
        "other": name,
        "words": count_words(document.slice(longest.first)),
        "total": words_of(document, copies.passages),
        "share": share,
        "passages": len(copies.passages),
    }
    team = not outside and document.kind != other.kind
    case = "team" if team else "passage" if len(copies.passages) == 1 else "passages"
    return Hit(document, longest.first, case, facts, related=_related(params, document, other, copies.passages))


def words_of(document: Document, passages: Sequence[Shared]) -> int:
    """How many 字 of the paper the passages are."""
    return sum(count_words(document.slice(passage.first)) for passage in passages)


def share_of(document: Document, passages: Sequence[Shared]) -> int:
    """What share of the paper the passages are, in per cent."""
    return min(100, round(100 * words_of(document, passages) / max(1, count_words(document.text))))


def _related(params: Params, document: Document, other: Document, passages: Sequence[Shared]) -> tuple[Place, ...]:
    """Where the passage told stands in the other paper, then the further passages, each in both papers."""
    places = [Place(other, passages[0].second)]
    for passage in passages[1 : params.passages]:
        places += [Place(document, passage.first), Place(other, passage.second)]
    return tuple(places)


def _whole(document: Document, other: Document, case: str, facts: dict[str, object]) -> Hit:
    """A hit on the title: it is the paper as a whole that stands there twice."""
    places = tuple(Place(other, title) for title in (other.title,) if title is not None)
    title = document.title or Span(0, len(document.text))
    return Hit(document, None, case, facts, at=title, subject=str(facts["other"]), related=places)


def _name(document: Document, other: Document) -> str:
    """What the other paper is called: its file, with its folder where that is another or the names are the same."""
    if document.path == other.path:
        return f"同一文件里的另一份{PAPER_KINDS[other.kind]}"
    own, path = PurePath(document.path), PurePath(other.path)
    beside = own.parent == path.parent
    return path.name if beside else "/".join(path.parts[-2:])


def _stem(document: Document) -> str:
    return bare(PurePath(document.path).stem)
