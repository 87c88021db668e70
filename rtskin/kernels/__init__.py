"""Kernels before a graph starts: what numba has to compile once for a machine is compiled by several processes at once.

numba compiles one function at a time in a process, behind a lock, and keeps what it made on disk. So the first start after
an installation shares the work with processes of its own (:mod:`rtskin.kernels.ahead`), each of which fills a part of that
cache.
"""
