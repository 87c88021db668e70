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
            # What is copied beside the pictures is compared to the end.
            table[kind] = results(kind, Path(folder), FRAMES if kind in _WHOLE else chosen.frames)
        wrong = {title: what for title, what in table[kind].items() if what}
        print(kind, wrong or "ok", flush=True)
    if chosen.publish:
        header = _HEADER.format(machine=machine(), frames=chosen.frames)
        publish("matrix", f"{header}\n\n{markdown(['source', *_VIEWS, 'what differs'], rows(table))}")
    return int(any(what for kind in table.values() for what in kind.values()))


def rows(table: dict[str, dict[str, list[str]]]) -> list[list[str]]:
    """A row for each kind: how many outputs of each view are as they should be, and what is wrong with the others."""
    found = []
    for kind, outputs in table.items():
        cells = [[what for title, what in outputs.items() if title.startswith(view)] for view in _VIEWS]
        wrong = [f"{title}: {'; '.join(what)}" for title, what in outputs.items() if what]
        counts = [f"{sum(not what for what in cell)} of {len(cell)}" for cell in cells]
        found.append([kind, *counts, "; ".join(wrong) or "nothing"])
    return found


_VIEWS = ("matte", "alpha", "overlay", "cutout")
_WHOLE = ("film", "with_sound")
_HEADER = """## Every kind of source through every output

{machine}. `python -m tests.render.matrix`: the first {frames} frames of each, about 96×96, through all outputs in one pass:
matte as FFV1, H.264, ProRes, VP9, PNG of 8 and 16 bits, OpenEXR; alpha as ProRes 4444, VP9, FFV1, RGBA PNG; overlay as H.264
(.mp4, .mkv), ProRes, VP9, FFV1, PNG; cutout on a colour (H.264), an image and a video (FFV1).

Every file is decoded again by PyAV and by the programs ffmpeg and ffprobe: as many pictures as the source has, at the same
times (Matroska and WebM: within their tick of 1 ms) and as long; lossless outputs bit-equal, others within their tolerance;
colours as ffmpeg shows them against what ffmpeg shows of the source; range, matrix, primaries, transfer, depth, rotation,
pixel aspect, fields; audio, subtitles, chapters, title, timecode and attachments."""


if __name__ == "__main__":
    raise SystemExit(main())
