"""The long run: `python -m fuzz --seconds 300 [files or folders]`. What fails is kept in .fuzz/ with its traceback."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from fuzz.mutate import mutated
from fuzz.seeds import seeds
from fuzz.target import attempt

KEPT = Path(".fuzz")
_LARGEST = 300_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = time.time_ns() if given.seed is None else given.seed
    random = Random(seed)
    found = [file for place in given.files for file in ([place] if place.is_file() else sorted(place.rglob("*")))]
    pool = list(seeds().items())
    pool += [(file.name, file.read_bytes()) for file in found if file.is_file() and file.stat().st_size < _LARGEST]
    outcomes: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    until = time.monotonic() + given.seconds
    while time.monotonic() < until:
        name, whole = random.choice(pool)
        data = mutated(whole, random)
        try:
            outcomes[attempt(name, data)] += 1
        except Exception:
            said = traceback.format_exc()
            place = said.strip().splitlines()[-1][:200]
            failures[place] += 1
            if failures[place] == 1:
                KEPT.mkdir(exist_ok=True)
                kept = KEPT / f"{len(failures)}-{name}"
                kept.write_bytes(data)
                kept.with_name(kept.name + ".trace").write_text(said, "utf-8")
                print(f"{kept}: {place}", flush=True)
    print(f"seed {seed}: {sum(outcomes.values())} files without fault {dict(outcomes.most_common())}")
    print(f"failures: {sum(failures.values())}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
