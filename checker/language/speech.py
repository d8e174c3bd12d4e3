"""How a paper speaks to a topic: not at all, by name only, or with substance of its own.

A topic is *substantive* when a statement about it carries its own action, result, figure, date or case. It is
*named* when its terms stand only in an enumeration (统筹推进A、B、C等工作), in a slogan, in a plan for next year or
in a list of shortcomings. Source: REQUIREMENTS, 「Topics」.

Statements are read in order, as a reviewer reads: a statement that holds no topic's terms goes on about the topic in
focus, which is the one of the statement before it in the same paragraph, or of the heading above.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import attrgetter
from typing import NamedTuple

from checker.document import Block, Span
from checker.language import classifier
from checker.language.paper import Paper, Section
from checker.language.sentences import Sentence, Statement
from checker.report import Level

ACTIONS = "cues/action"
RESULTS = "cues/result"
PLANS = "cues/plan"
PLAN_HEADINGS = "cues/plan-heading"
SHORTCOMINGS = "cues/shortcoming"
SLOGANS = "cues/slogan"
EXHORTATIONS = "cues/exhortation"
COMMON_WORDS = "words/common"
CUES = (ACTIONS, RESULTS, PLANS, PLAN_HEADINGS, SHORTCOMINGS, SLOGANS, EXHORTATIONS, COMMON_WORDS)

_NUMERAL = "一二两三四五六七八九十百千万亿数几"
_MEASURES = "家次场件名人起户处所期篇条份宗例台辆亩吨元轮批位座间套"
FIGURE = re.compile(
    r"(?<!\d)\d[\d,，.]*+(?:\s?[%％‰]|个百分点|[余多]?[万亿千百]|[余多]?[^\d\s年月日号〕\]）)、，。；：.％%])"
    rf"|(?<![{_NUMERAL}])[{_NUMERAL}]++[余多]?[{_MEASURES}](?!代|个|以|般|来|旦|切)"
    r"|百分之[一二三四五六七八九十]|[０-９]{2,}"
)
_TIMES = re.compile(
    r"(?<!\d)\d++余?(?:次|场|期|人次|篇|讲|堂|课时)"
    r"|(?<![二两三四五六七八九十])[二两三四五六七八九十]++余?(?:次|场|期|人次|篇|讲|堂)"
)
DATE = re.compile(r"\d{1,2}月(?:\d{1,2}日|份|底|初|中旬|上旬|下旬|以来)?|\d{1,2}日|[一二三四]季度|[上下]半年")
CASE = re.compile(r"《[^》]{4,}》")
# Without one of these there is none of the above: most clauses are done with after this one search.
_MAY_COUNT = re.compile(rf"[\d{_NUMERAL}上下《]")
# 四个意识, 三严三实 and the like hold numerals that count nothing.
_SET_NUMBERS = re.compile(
    r"[“‘「][^”’」]{2,16}[”’」]|[一二两三四五六七八九]个(?:意识|自信|维护|清单|确保|一批|方面|结合|必须|坚持|着力)|一次次|一件件|一个个|第一[个项次]"
    r"|[一二三四五六七八九十]、|[（(]\d{1,2}[）)]"
)
_CLAUSE_MARK = re.compile("[，。；：！？\n,;:!?]")
_BESIDE_MAX = 4
_LEAD_REST = 6
_SPECIFIC_MIN = 10
# The sentences that the model is fitted on are hardly ever longer.
_LONG_SENTENCE = 90
_SHORT_PASSAGE = 12
_BLANK = "　"


@dataclass(frozen=True, slots=True)
class Topic:
    """A matter that the notice wants reported. `lexicon` holds its terms.

    `evidence` says what may count for it: `clause` for matters of work, which are told apart clause by clause;
    `sentence` for broad policies, to which anything in the sentence speaks; `attitude` for 四个意识 and the like, which
    are shown by what was done in the sentence, not by its figures.
    """

    id: str
    name: str
    lexicon: str
    evidence: str = "clause"


class _Mention(NamedTuple):
    topic: str
    span: Span
    enumerated: bool


def levels(paper: Paper, topics: Sequence[Topic], *, by_meaning: bool = True) -> tuple[Level, ...]:
    """The level of each topic in `paper`, with the statements that show it, substantive ones first.

    Topics whose terms are nowhere are looked for by meaning, if `by_meaning` and where the model is there.
    """
    survey = _Survey(paper, tuple(topics))
    survey.read()
    missing = [topic for topic in topics if topic.id not in survey.substantive and topic.id not in survey.named]
    by_topic = survey.meant(missing) if by_meaning and missing else {}
    return tuple(
        by_topic.get(topic.id) or _level(topic, survey.substantive.get(topic.id, []), survey.named.get(topic.id, []))
        for topic in topics
    )


def _level(topic: Topic, substantive: list[Span], named: list[Span]) -> Level:
    if substantive:
        return Level(topic.id, topic.name, "substantive", tuple(dict.fromkeys(substantive))[:5])
    if named:
        return Level(topic.id, topic.name, "named", tuple(dict.fromkeys(named))[:5])
    return Level(topic.id, topic.name, "absent")


def has_substance(paper: Paper, span: Span) -> bool:
    """Whether the stretch carries an action, a result, a figure, a date or a case, or is specific in other words."""
    return _measured(paper).has_substance(span)


class _Measured:
    """The text without its set words: topic terms, slogans, set numbers; and how specific what is left is.

    A stretch is as specific as it has characters in words that are not the common coin of official papers
    (`words/common`); 武装部与驻地某团结成共建对子 tells what was done in no word that a list of actions would hold.
    """

    def __init__(self, paper: Paper) -> None:
        self.text = _SET_NUMBERS.sub(lambda match: _BLANK * len(match.group()), _blanked(paper))
        self._sums = list(accumulate(self._weights(paper)))
        self._actions = self._first_ends(paper.found(ACTIONS))
        self._results = self._first_ends(paper.found(RESULTS))

    def _weights(self, paper: Paper) -> list[int]:
        """For each place, shifted by one: the length of the uncommon word that begins there, else 0."""
        text, origins = self.text, paper.plain.origins
        common = paper.wording(COMMON_WORDS)
        uncommon = [
            (origins[end - len(word)], len(word))
            for word, end in zip(paper.tokens.words, paper.tokens.ends, strict=True)
            if len(word) > 1 and word not in common and "\u4e00" <= word[0] <= "\u9fff"
        ]
        weights = [0] * (len(text) + 1)
        for start, size in uncommon:
            if text[start] != _BLANK:
                weights[start + 1] = size
        return weights

    def _first_ends(self, cues: Sequence[Span]) -> list[int]:
        """For each place in the text: where the first of the cues that begin there or later ends.

        Left out are those inside set words (the 选拔 of 干部选拔任用 is no action).
        """
        ends: list[int] = []
        for start, end in cues:
            if self.text[start] != _BLANK:
                ends.extend([end] * (start + 1 - len(ends)))
        never = len(self.text) + 1
        ends.extend([never] * (never - len(ends)))
        return ends

    def has_substance(self, span: Span) -> bool:
        """Whether the stretch carries an action, a result, a figure, a date or a case, or is specific otherwise."""
        start, end = span
        if self._is_specific(start, end) or self._actions[start] <= end or self._results[start] <= end:
            return True
        if _MAY_COUNT.search(self.text, start, end) is None:
            return False
        text = self.text
        return bool(FIGURE.search(text, start, end) or _TIMES.search(text, start, end)) or bool(
            DATE.search(text, start, end) or CASE.search(text, start, end)
        )

    def has_action(self, span: Span) -> bool:
        """Whether the stretch tells what was done: by a verb of action, how often, or in words specific enough."""
        start, end = span
        if self._is_specific(start, end) or self._actions[start] <= end:
            return True
        return _TIMES.search(self.text, start, end) is not None

    def _is_specific(self, start: int, end: int) -> bool:
        """Whether enough characters of the stretch stand in uncommon words."""
        return self._sums[end] - self._sums[start] >= _SPECIFIC_MIN


def _blanked(paper: Paper) -> str:
    """The text with blanks over topic terms and slogans."""
    text = paper.document.text
    named = [spans for lexicon, spans in paper.matches.items() if lexicon == SLOGANS or lexicon.startswith("topics/")]
    pieces: list[str] = []
    reach = 0
    for start, end in sorted(chain.from_iterable(named)):
        if end > reach:
            pieces.append(text[reach:start])
            pieces.append(_BLANK * (end - max(start, reach)))
            reach = end
    pieces.append(text[reach:])
    return "".join(pieces)


def _measured(paper: Paper) -> _Measured:
    measured = paper.memo.get("measured")
    if not isinstance(measured, _Measured):
        measured = paper.memo["measured"] = _Measured(paper)
    return measured


class _Survey:
    """One reading of a paper for a set of topics."""

    def __init__(self, paper: Paper, topics: tuple[Topic, ...]) -> None:
        self.paper = paper
        self.measured = _measured(paper)
        self.topics = topics
        self.by_sentence = {topic.id for topic in topics if topic.evidence == "sentence"}
        self.attitudes = {topic.id for topic in topics if topic.evidence == "attitude"}
        self.substantive: dict[str, list[Span]] = {}
        self.named: dict[str, list[Span]] = {}
        self.mentions = sorted(self._mentions(), key=attrgetter("span"))
        self._starts = [mention.span.start for mention in self.mentions]
        # Under a heading that names one topic alone, everything is said about that topic.
        self._subject: tuple[str, ...] = ()

    def _mentions(self) -> Iterator[_Mention]:
        """The mentions of the topics asked for, and of all others: those end what is said about these."""
        asked = {topic.lexicon: topic.id for topic in self.topics}
        text = self.paper.document.text
        marks = [-1, *(match.start() for match in _CLAUSE_MARK.finditer(text)), len(text)]
        for lexicon, spans in self.paper.matches.items():
            if lexicon.startswith("topics/") or lexicon in asked:
                for span in spans:
                    yield _Mention(asked.get(lexicon, lexicon), span, _enumerated(text, marks, span))

    def inside(self, span: Span) -> list[_Mention]:
        """The mentions that begin in `span`."""
        return self.mentions[bisect_left(self._starts, span.start) : bisect_left(self._starts, span.end)]

    def read(self) -> None:
        for section in self.paper.sections:
            for mention in self.inside(section.heading):
                self.named.setdefault(mention.topic, []).append(section.heading)
        for block, block_sentences in self.paper.sentences:
            self._read_block(block, block_sentences)

    def _read_block(self, block: Block, block_sentences: Sequence[Sentence]) -> None:
        over = self.paper.headings_over(block.span.start)
        forward = any(self.paper.speaks(PLAN_HEADINGS, section.heading) for section in over)
        focus = self._heading_focus(over)
        self._subject = focus if len(focus) == 1 else ()
        for sentence in block_sentences:
            plan = self.paper.found(PLANS, sentence.span)
            # What stands before the first 下一步 is still told of this year.
            done_until = sentence.span.start if forward else plan[0].start if plan else sentence.span.end
            for statement in sentence.statements:
                focus = self._read_statement(Span(sentence.span.start, done_until), statement, focus)

    def _falls_short(self, span: Span) -> bool:
        """Whether the statement tells what is wanting or what ought to be, and gives no figure of what was done."""
        wanting = self.paper.speaks(SHORTCOMINGS, span) or self.paper.speaks(EXHORTATIONS, span)
        return wanting and not FIGURE.search(self.measured.text, span.start, span.end)

    def _heading_focus(self, over: list[Section]) -> tuple[str, ...]:
        """The topics of the innermost heading that names any; none where it names more than three."""
        for section in reversed(over):
            named = tuple(dict.fromkeys([mention.topic for mention in self.inside(section.heading)]))
            if named:
                return named if len(named) <= 3 else ()
        return ()

    def _read_statement(self, done: Span, statement: Statement, focus: tuple[str, ...]) -> tuple[str, ...]:
        """Note what one statement says; `done` is the part of its sentence that tells of work done. The new focus."""
        not_done = statement.span.start >= done.end or self._falls_short(statement.span)
        mentioned = self.inside(statement.span)
        for mention in mentioned:
            self.named.setdefault(mention.topic, []).append(statement.span)
        if not mentioned:
            if not not_done and focus and self.measured.has_substance(statement.span):
                self._mark(focus, statement.span)
            return focus
        if not not_done:
            self._attribute(done, statement)
            told = Span(statement.span.start, min(statement.span.end, done.end))
            if self._subject and self.measured.has_substance(told):
                self._mark(self._subject, statement.span)
        free = _free(mentioned)
        return free if len(free) <= 3 else ()

    def _attribute(self, done: Span, statement: Statement) -> None:
        """Give each clause's substance to the topics it speaks of: its own, else those before and right after it.

        A first clause that only names its topic (扫黑除恶上，…) is what the whole statement is about.
        """
        by_clause = [self.inside(clause) for clause in statement.clauses]
        owners: list[tuple[str, ...]] = []
        lead: tuple[str, ...] = ()
        current: tuple[str, ...] = ()
        for clause, mentions in zip(statement.clauses, by_clause, strict=True):
            if mentions:
                current = _free(mentions)
                if not owners and current and _only_names(clause, mentions):
                    lead = current
            owners.append(current + lead)
        first = next((index for index, mentions in enumerate(by_clause) if mentions), 0)
        following: tuple[str, ...] = ()
        for index in range(len(by_clause) - 1, -1, -1):
            if by_clause[index]:
                following = owners[index]
            else:
                owners[index] += following
                following = following if index < first else ()
        for clause, topics in zip(statement.clauses, owners, strict=True):
            if clause.end > done.end:
                clause = Span(clause.start, done.end)
            if topics and clause.start < clause.end and self.measured.has_substance(clause):
                self._mark(topics, statement.span)
        mentioned = {mention.topic for mentions in by_clause for mention in mentions}
        policies, attitudes = mentioned & self.by_sentence, mentioned & self.attitudes
        if policies and self.measured.has_substance(done):
            self._mark(sorted(policies), statement.span)
        if attitudes and self.measured.has_action(done):
            self._mark(sorted(attitudes), statement.span)

    def meant(self, topics: Sequence[Topic]) -> dict[str, Level]:
        """Those of the topics that some passage speaks to, or may speak to, by its meaning."""
        model = classifier.shipped()
        if model is None:
            return {}
        passages = list(self._passages())
        texts = [self.paper.document.slice(span) for span, _ in passages]
        scores = classifier.near(model, texts, [topic.id for topic in topics])
        found: dict[str, Level] = {}
        for topic in topics:
            terms = self.paper.wording(topic.lexicon)
            # Where a term stands and yet does not count (取消防控), that has been decided.
            free = (
                score for score in scores.get(topic.id, ()) if not any(term in texts[score.sentence] for term in terms)
            )
            score = next(free, None)
            if score is not None:
                found[topic.id] = self._meant(
                    topic, *passages[score.sentence], score.value >= model.topics[topic.id].sure
                )
        return found

    def _meant(self, topic: Topic, span: Span, done: bool, sure: bool) -> Level:
        level = "absent"
        if sure:
            told = done and not self._falls_short(span) and self.measured.has_substance(span)
            level = "substantive" if told else "named"
        return Level(topic.id, topic.name, level, (span,), by="meaning")

    def _passages(self) -> Iterator[tuple[Span, bool]]:
        """Sentences, or the statements of long ones, and whether they tell of work done.

        An enumeration is left out: it names its items, so what it does not name is not in it. So is what is too short
        to tell anything: a signature, a date.
        """
        for block, block_sentences in self.paper.sentences:
            over = self.paper.headings_over(block.span.start)
            forward = any(self.paper.speaks(PLAN_HEADINGS, section.heading) for section in over)
            for sentence in block_sentences:
                long = sentence.span.end - sentence.span.start > _LONG_SENTENCE
                for span in [statement.span for statement in sentence.statements] if long else [sentence.span]:
                    short = span.end - span.start < _SHORT_PASSAGE
                    if not short and not any(mention.enumerated for mention in self.inside(span)):
                        yield span, not forward and not self.paper.speaks(PLANS, span)

    def _mark(self, topics: Sequence[str], span: Span) -> None:
        for topic in topics:
            self.substantive.setdefault(topic, []).append(span)


def _free(mentions: Sequence[_Mention]) -> tuple[str, ...]:
    """The topics that are more than an item of an enumeration, in the order in which they come."""
    return tuple(dict.fromkeys([mention.topic for mention in mentions if not mention.enumerated]))


def _only_names(clause: Span, mentions: Sequence[_Mention]) -> bool:
    named = max(mention.span.end for mention in mentions) - min(mention.span.start for mention in mentions)
    return clause.end - clause.start - named <= _LEAD_REST


def _enumerated(text: str, marks: Sequence[int], span: Span) -> bool:
    """Whether the term is a mere item of an enumeration: one of three or more joined by 、, bare of anything else.

    `marks` are the places of the clause marks, in order, with one before the text and one after it.
    """
    start = marks[bisect_left(marks, span.start) - 1] + 1
    end = marks[bisect_left(marks, span.end)]
    if text.count("、", start, end) < 2:
        return False
    items = text[start:end].split("、")
    for index, item in enumerate(items):
        if span.start < start + len(item) + 1:
            before, after = item[: span.start - start], item[max(span.end - start, 0) :]
            return _bare(before, after, first=index == 0, last=index == len(items) - 1)
        start += len(item) + 1
    return False


def _bare(before: str, after: str, *, first: bool, last: bool) -> bool:
    """Whether an item is little more than the term: 统筹推进 may stand before the first, 等工作 after the last."""
    if FIGURE.search(after):
        return False
    if first:
        return len(after) <= _BESIDE_MAX
    if last:
        return len(before) <= _BESIDE_MAX
    return len(before) + len(after) <= 2 * _BESIDE_MAX
