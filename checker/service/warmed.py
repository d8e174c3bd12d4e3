"""Loaded by the process that the workers are forked from: what every check needs is there before any is asked for.

A process that was ended costs a fork then, and no second of loading; and all of them share this memory.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from checker.notice import DEFAULT
from checker.service.check_task import warm_up

with suppress(Exception):  # whatever is wrong, the first check tells it
    warm_up(DEFAULT)
gc.collect()
gc.freeze()
