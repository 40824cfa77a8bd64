"""Benchmarks: each prints a figure and what it is measured against. `make bench`; `python -m bench rest`."""
