"""Which notices have been held against their own examples, so that loading one of them again need not do it.

`python -m checker.verified` tries the examples of every notice that ships and writes their digests down. A notice that
was edited since, or one of whose lexicons was, has another digest: its examples are tried whenever it is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib import resources

from checker.language.lexicon import Lexicon

_FILE = "verified.txt"


def digest(rules: Iterable[Mapping[str, object]], lexicons: Iterable[Lexicon]) -> str:
    """The SHA-256 of all that a notice says: its rules as they were read, and the lexicons that they look up."""
    found = sha256()
    for values in rules:
        found.update(repr(values).encode())
    for lexicon in lexicons:
        found.update("\n".join((lexicon.id, *lexicon.terms, *lexicon.false_friends)).encode())
    return found.hexdigest()


def known() -> frozenset[str]:
    """The digests that were written down."""
    try:
        return frozenset(resources.files("checker.notices").joinpath(_FILE).read_text("utf-8").split())
    except FileNotFoundError:
        return frozenset()


def main() -> int:
    from checker import notice

    found = [notice.load(name, verify="always").digest for name in notice.shipped()]
    place = resources.files("checker.notices").joinpath(_FILE)
    with resources.as_file(place) as path:
        path.write_text("\n".join(found) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
