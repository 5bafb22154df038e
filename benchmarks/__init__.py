"""ceteris against what one would write without it, timed side by side in one run; the answer is a ratio, judged by nobody.

`python -m benchmarks` runs all, `python -m benchmarks NAME` one, `--write` puts the tables into docs/benchmarks.md.
"""
