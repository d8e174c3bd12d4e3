"""How fast the checker is, as times and as ratios measured in one run: `python -m benchmarks.run`."""
