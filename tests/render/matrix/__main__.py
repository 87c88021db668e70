"""Every kind of source through every output: ``python -m tests.render.matrix`` prints what is wrong with each.

``--publish`` puts the table into bench/README.md. ``--kinds vfr,pq``: only those. Exits with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.report import machine, markdown, publish
from tests.matrix import FRAMES
from tests.render.matrix.run import ALL, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default=",".join(ALL))
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--publish", action="store_true")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)  # what is left out is no fault where it is said
    table: dict[str, dict[str, list[str]]] = {}
    for kind in chosen.kinds.split(","):
        with TemporaryDirectory(prefix="rtskin-matrix-") as folder:
            table[kind] = results(kind, Path(folder), chosen.frames)
        wrong = {title: what for title, what in table[kind].items() if what}
        print(kind, wrong or "ok", flush=True)
    titles = list(next(iter(table.values())))
    rows = [
        [title, *("ok" if not table[kind][title] else "; ".join(table[kind][title]) for kind in table)]
        for title in titles
    ]
    if chosen.publish:
        publish(
            "matrix",
            f"{_HEADER.format(machine=machine(), frames=chosen.frames)}\n\n{markdown(['output', *table], rows)}",
        )
    return int(any(what for kind in table.values() for what in kind.values()))


_HEADER = """## Every kind of source through every output

{machine}. `python -m tests.render.matrix`: sources of {frames} frames, about 96×96, each through all outputs in one pass.
Every file is decoded again by PyAV and by the programs ffmpeg and ffprobe: as many pictures as the source has, at the same
times (Matroska and WebM: within their tick of 1 ms) and as long; lossless outputs bit-equal, others within their tolerance;
colours as ffmpeg shows them against what ffmpeg shows of the source; range, matrix, primaries, transfer, depth, rotation,
pixel aspect, fields; audio, subtitles, chapters, title, timecode and attachments."""


if __name__ == "__main__":
    raise SystemExit(main())
