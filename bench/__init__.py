"""Benchmarks: thin scripts over a small library. Run one with ``python -m bench.graph``."""
