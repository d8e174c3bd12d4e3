"""Broken files against the readers: `seeds` are whole small files of each format, `mutate` breaks them, `target` reads.

A short run stands in the tests (test_fuzz.py); `make fuzz` runs as long as one likes, on real files too.
"""
