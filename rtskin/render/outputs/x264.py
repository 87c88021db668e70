"""Parameters of libx264 that are put together here, and one that makes it give the same bytes for the same pictures.

Its AVX-512 code does not (seen with core 165): after other pictures were encoded in the process, its looking ahead came to
other weights of macroblocks, and the file differed by a few bits of its pictures. Without mbtree, or with the instructions
before AVX-512, it never did; and the file is then the one that AVX-512 mostly gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from rtskin.infer.runtimes.machine import instructions

_KEY = "x264-params"


def same_bytes() -> dict[str, str]:
    """Options for libx264 on this processor: none where it has no AVX-512."""
    return {_KEY: "asm=avx2"} if "avx512f" in instructions() else {}


def together(options: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Both; of x264-params, which are one option of many parts, the parts of both."""
    parts = [each[_KEY] for each in (options, more) if _KEY in each]
    return {**options, **more, **({_KEY: ":".join(parts)} if parts else {})}
