"""`python -m benchmarks.copies`: how long it takes to find copied passages among very many papers, and which are found.

The papers are made up: words of the samples in the order in which one may follow another, so that they sound alike and
share what such papers share, but no passage. Some paragraphs stand in very many of them (set language), and into some
a passage of another paper is planted: as it is, with other figures and names, or with a fifth of its characters edited.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import rjieba

from checker.document import Span
from checker.language import lexicon
from checker.language.fingerprints import Fingerprints
from checker.language.passages import Common, Folded
from checker.language.similarity import Search, find_copies
from checker.readers import read_path

SAMPLES = Path(__file__).parents[1] / "corpus_samples"
COMMON = ("phrases/set-sentences", "phrases/fixed-expressions", "cues/slogan")
LENGTH = 3000
OWN = 80
PASSAGES = (150, 250)
WAYS = ("exact", "figures", "edited")
_HASHES = 64
_SHARED = 40
_SHARED_BY = 0.02
_SURNAMES = "王李张刘陈杨赵黄周吴"


@dataclass(frozen=True, slots=True)
class Planted:
    """A passage of paper `source` that was put into paper `target`, at `place`, touched up in one of the `WAYS`."""

    source: int
    target: int
    place: Span
    way: str


def words() -> dict[str, list[str]]:
    """Which words may follow each word, as often as they do in the samples."""
    texts = [read_path(path).text for path in sorted(SAMPLES.glob("*/*.docx"))]
    tables = sorted((SAMPLES / "labelled").glob("*.tsv"))
    texts += [line.split("\t")[-1] for path in tables for line in path.read_text("utf-8").splitlines()]
    follow: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        tokens = rjieba.cut(text)
        for word, after in pairwise(tokens):
            follow[word].append(after)
    return follow


def write(chance: random.Random, follow: dict[str, list[str]], size: int) -> str:
    """A text of about `size` characters; figures are drawn anew."""
    pieces, length, word = [], 0, "。"
    while length < size:
        word = chance.choice(follow[word]) if word in follow else "。"
        shown = str(chance.randint(1, 9999)) if word.isdigit() else word
        pieces.append(shown)
        length += len(shown)
    return "".join(pieces)


def papers(count: int, seed: int, share: float) -> tuple[list[str], list[Planted]]:
    """`count` papers, in a `share` of which a passage of another one is planted."""
    chance, follow = random.Random(seed), words()
    shared = [write(chance, follow, 120) for _ in range(_SHARED)]
    parts = [[write(chance, follow, LENGTH // 10) for _ in range(10)] for _ in range(count)]
    letters = "".join(parts[0])
    chosen = chance.sample(range(count), 2 * int(count * share))
    copies = []
    for number, (target, source) in enumerate(zip(chosen[::2], chosen[1::2], strict=True)):
        way, size = WAYS[number % len(WAYS)], chance.randint(*PASSAGES)
        text = chance.choice(parts[source])
        begin = chance.randrange(len(text) - size)
        passage = touched_up(chance, text[begin : begin + size], way, letters)
        into = chance.randrange(10)
        place = chance.randrange(len(parts[target][into]))
        parts[target][into] = parts[target][into][:place] + passage + parts[target][into][place:]
        copies.append((source, target, passage, way))
    made = []
    for own in parts:
        own += [text for text in shared if chance.random() < max(_SHARED_BY, 40 / count)]
        made.append("\n".join(chance.sample(own, len(own))))
    planted = [
        Planted(source, target, Span(begin := made[target].index(passage), begin + len(passage)), way)
        for source, target, passage, way in copies
    ]
    return made, planted


def touched_up(chance: random.Random, passage: str, way: str, letters: str) -> str:
    """The passage as one would hand it in again."""
    if way == "exact":
        return passage
    if way == "figures":
        passage = re.sub(r"\d+", lambda _: str(chance.randint(1, 9999)), passage)
        return re.sub("[县市局]", lambda _: chance.choice("县市局"), passage)
    edited = []
    for letter in passage:
        kind = chance.random()
        if kind < 0.14:
            edited.append(chance.choice(letters))
        elif kind < 0.17:
            edited.append(letter + chance.choice(letters))
        elif kind >= 0.20:
            edited.append(letter)
    return "".join(edited)


Pairs = dict[tuple[int, int], list[Span]]
"""The pairs found, and where in the paper of the higher number, or in either."""


def ours(texts: Sequence[str]) -> Pairs:
    """What the checker finds."""
    return {
        (pair.first, pair.second): [span for passage in pair.passages for span in (passage.first, passage.second)]
        for pair in find_copies(texts, lambda first, second: OWN, common())
    }


def with_clusters(texts: Sequence[str]) -> Pairs:
    """The same, and then the passages that very many papers share; how many these are goes to standard error."""
    search = Search(texts, common())
    found = {
        (pair.first, pair.second): [span for passage in pair.passages for span in (passage.first, passage.second)]
        for pair in search.pairs(lambda first, second: OWN)
    }
    clusters = search.clusters(OWN)
    held = sum(len(cluster.papers) for cluster in clusters)
    right = sum(
        Folded(cluster.text).word in Folded(texts[number]).word for cluster in clusters for number in cluster.papers
    )
    print(
        f"{len(clusters)} clusters of {held} papers, {right} of which hold the passage word for word", file=sys.stderr
    )
    return found


def candidates(texts: Sequence[str]) -> Pairs:
    """What the checker's index thinks worth comparing."""
    index = Fingerprints(len(texts), common().words)
    for number, text in enumerate(texts):
        index.add(number, Folded(text).word)
    return {pair: [] for pair in index.candidates()}


def common() -> Common:
    """What the shipped notice takes for everybody's words."""
    return Common(tuple(term for name in COMMON if (found := lexicon.load(name)) for term in found.terms))


def windows(texts: Sequence[str], size: int = 150, step: int = 50) -> Iterator[tuple[int, str]]:
    """The number of the paper and the text of each window: MinHash compares wholes, so passages have to be cut out."""
    for number, text in enumerate(texts):
        word = Folded(text).word
        for start in range(0, max(1, len(word) - size + step), step):
            yield number, word[start : start + size]


def minhash_rensa(texts: Sequence[str], bands: int) -> Pairs:
    """Candidates by rensa's MinHash and LSH over windows (not compared any further)."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.4, num_perm=_HASHES, num_bands=bands)
    owners: list[int] = []
    found: Pairs = {}
    for number, text in windows(texts):
        sketch = RMinHash(num_perm=_HASHES, seed=7)
        sketch.update([text[at : at + 4] for at in range(len(text) - 3)])
        _note(found, number, (owners[key] for key in index.query(sketch)))
        index.insert(len(owners), sketch)
        owners.append(number)
    return found


def minhash_gaoya(texts: Sequence[str], bands: int) -> Pairs:
    """Candidates by gaoya's MinHash and LSH over windows (not compared any further)."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, 0.1, bands, _HASHES // bands, None, "char", False, (4, 4), "vec")
    owners: list[int] = []
    found: Pairs = {}
    for number, text in windows(texts):
        _note(found, number, (owners[key] for key in index.query(text)))
        index.insert_document(len(owners), text)
        owners.append(number)
    return found


def _note(found: Pairs, number: int, others: Iterable[int]) -> None:
    for other in set(others) - {number}:
        found[other, number] = []


FINDERS: dict[str, Callable[[Sequence[str]], Pairs]] = {
    "ours": ours,
    "clusters": with_clusters,
    "index": candidates,
    "rensa-16": partial(minhash_rensa, bands=16),
    "rensa-32": partial(minhash_rensa, bands=32),
    "gaoya-16": partial(minhash_gaoya, bands=16),
    "gaoya-32": partial(minhash_gaoya, bands=32),
}


def measure(name: str, texts: Sequence[str], planted: Sequence[Planted]) -> str:
    """One line: time, memory, what was found of each way of copying, and what was found besides."""
    start = perf_counter()
    found = FINDERS[name](texts)
    spent = perf_counter() - start
    row = f"{name:<10}{spent:8.1f} s{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB"
    for way in WAYS:
        wanted = [entry for entry in planted if entry.way == way]
        hits = sum(_is_found(entry, found) for entry in wanted)
        row += f"{hits:>6}/{len(wanted)}"
    known = {tuple(sorted((entry.source, entry.target))) for entry in planted}
    return row + f"{len(set(found) - known):>10}"


def _is_found(entry: Planted, found: Pairs) -> bool:
    pair = (min(entry.source, entry.target), max(entry.source, entry.target))
    if pair not in found:
        return False
    spans = found[pair]
    return not spans or any(span.overlaps(entry.place) for span in spans)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the papers, measure the finders asked for, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.copies", description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000, help="how many papers (default 10000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.03, help="share of papers with a planted copy (default 0.03)")
    parser.add_argument("--finder", choices=list(FINDERS), action="append", help="default: ours")
    given = parser.parse_args(arguments)
    texts, planted = papers(given.papers, given.seed, given.share)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(texts)} papers of {sum(map(len, texts)) // len(texts)} characters, {held:.0f} MB before")
    print(f"{'':<10}{'time':>10}{'peak':>11}" + "".join(f"{way:>9}" for way in WAYS) + f"{'others':>10}")
    for name in given.finder or ["ours"]:
        print(measure(name, texts, planted), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
