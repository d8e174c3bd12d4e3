"""The labelled sentences of `corpus_samples/labelled/sentences.tsv`, and which of them are held back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SENTENCES = Path(__file__).parents[1] / "corpus_samples" / "labelled" / "sentences.tsv"
LABELS = ("absent", "named", "substantive")
_HELD_BACK_OF = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence, how far it speaks to `topic`, and the other topics that it speaks to as well."""

    topic: str
    label: str
    sentence: str
    also: frozenset[str]

    @property
    def held_back(self) -> bool:
        """Whether this is one of the quarter of sentences that nothing is ever fitted on."""
        return sha256(self.sentence.encode()).digest()[0] % _HELD_BACK_OF == 0

    def speaks_to(self, topic: str) -> bool:
        """Whether the sentence speaks to `topic`, by name only or with substance."""
        return (topic == self.topic and self.label != "absent") or topic in self.also


def rows(path: Path = SENTENCES) -> list[Row]:
    """All rows of the file; ValueError with the line number where one is not sound."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) not in (3, 4) or parts[1] not in LABELS:
            raise ValueError(f"{path.name}:{number}: topic, label, sentence and other topics are wanted")
        also = frozenset(parts[3].split(",")) if len(parts) == 4 and parts[3] else frozenset()
        found.append(Row(parts[0], parts[1], parts[2], also))
    return found
