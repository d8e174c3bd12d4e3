"""Copied passages among all papers of a batch, and with those that it is only compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from checker.language.fingerprints import Sketch
from checker.language.similarity import Cluster, Pair, Search
from checker.notice import Notice
from checker.rules import copied_text
from checker.screening import templates
from checker.screening.cards import Card
from checker.screening.edition import edition
from checker.screening.store import Store, key_of

_NAME = "copies"


@dataclass(frozen=True, slots=True)
class Subject:
    """A paper as the search sees it: where its text is kept, whose it is. `outside`: it is only compared with."""

    card: Card
    stored: bytes
    kind: str
    unit: str
    person: str
    outside: bool = False


class _Texts(Sequence[str]):
    """The texts of the papers, each loaded when it is asked for."""

    def __init__(self, store: Store, subjects: Sequence[Subject]) -> None:
        self._store = store
        self._subjects = subjects

    def __len__(self) -> int:
        return len(self._subjects)

    def __getitem__(self, number: int) -> str:  # type: ignore[override]
        subject = self._subjects[number]
        return self._store.text(subject.stored, subject.card.key.part)


class _Sketches(Sequence[Sketch]):
    """Their sketches, likewise; each is asked for once."""

    def __init__(self, store: Store, subjects: Sequence[Subject], looked: Callable[[], None]) -> None:
        self._store = store
        self._subjects = subjects
        self._looked = looked

    def __len__(self) -> int:
        return len(self._subjects)

    def __getitem__(self, number: int) -> Sketch:  # type: ignore[override]
        self._looked()
        subject = self._subjects[number]
        return self._store.sketch(subject.stored, subject.card.key.part)


def params_of(notice: Notice) -> copied_text.Params | None:
    """How the notice wants copies told; None where it has no such rule."""
    rule = next((rule for rule in notice.rules if rule.kind.name == "copied-text"), None)
    return None if rule is None else rule.params


@dataclass(frozen=True, slots=True)
class Shares:
    """What papers share: the pairs that do, and the passages that very many hold; papers go by their numbers."""

    pairs: tuple[Pair, ...] = ()
    clusters: tuple[Cluster, ...] = ()


def find(store: Store, subjects: Sequence[Subject], params: copied_text.Params, looked: Callable[[], None]) -> Shares:
    """What `subjects` share; what was found among the very same is not looked for again."""
    told = [(subject.card.text, subject.kind, subject.unit, subject.outside) for subject in subjects]
    common = copied_text.common(params)
    key = key_of(edition(), told, params, common.words)
    known = store.stage(_NAME, key)
    if known is not None:
        return msgspec.msgpack.decode(known, type=Shares)

    def least(first: int, second: int) -> int:
        one, other = subjects[first], subjects[second]
        if one.outside and other.outside:
            return 0
        if one.unit != other.unit or one.outside or other.outside:
            return params.own
        return copied_text.least_of(params, one.kind, other.kind)

    search = Search(_Texts(store, subjects), common, _Sketches(store, subjects, looked))
    found = Shares(tuple(search.pairs(least)), search.clusters(templates.OWN))
    store.put_stage(_NAME, key, msgspec.msgpack.encode(found))
    return found
