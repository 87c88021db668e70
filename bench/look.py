"""What each view shows and costs: a contact sheet, and a table published in bench/README.md.

``python -m bench.look CLIP --at 2``: the views of one frame of a clip, at 1280×720, with the default network's mask; each is
timed on one core, all in turn, so that what else the machine does falls on all alike. ``--sheet FILE`` writes the sheet (the
README's is made by ``python -m bench.look --sheet .github/views.jpg --no-times``, of scikit-image's portrait).
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.report import Cell, machine, markdown, publish
from rtskin import Segmenter, open_source
from rtskin.frame import U8, BgrPicture, Frame, Mask, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import VIEWS
from rtskin.render.views.chain import Chain, for_live
from rtskin.roi.attach import AttachRegions

SIZE = (1280, 720)
ROUNDS = 40
#: Frames of the same picture before its regions are shown.
SEEN = 12
#: Milliseconds that a view may take.
LIMIT = 3.0
#: Those that show more with something said of them, and what a chain looks like.
MORE = (
    "tone:brightness=0.3,warmth=0.5",
    "cutout:background={image}",
    "cutout:background={image},transfer=1",
    "feather:radius=6+cutout:background=ffffff",
    "smooth-skin+background-blur",
    "smooth-skin:strength=1+overlay:color=ff8800,alpha=0.3",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", help="a clip or an image; scikit-image's portrait without")
    parser.add_argument("--at", type=float, default=1.0, help="seconds into it")
    parser.add_argument("--sheet", type=Path, help="the contact sheet, .jpg or .png")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--width", type=int, default=320, help="of a picture in the sheet")
    parser.add_argument("--no-times", action="store_true")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    with TemporaryDirectory(prefix="rtskin-look-") as folder:
        image = Path(folder) / "dusk.png"
        cv2.imwrite(str(image), _dusk())
        texts = [name for name in VIEWS.names() if for_live(name)]
        texts += [text.format(image=image) for text in MORE]
        chains = {text.replace(str(image), image.name): Chain(text) for text in texts}
        mask = _mask(chosen.source or _portrait(Path(folder)), chosen.at)
        if chosen.sheet is not None:
            pictures = {name: chain(mask) for name, chain in chains.items()}
            cv2.imwrite(
                str(chosen.sheet), sheet(pictures, chosen.columns, chosen.width), [cv2.IMWRITE_JPEG_QUALITY, 80]
            )
        if not chosen.no_times:
            _publish(chains, mask, Path(chosen.source).name if chosen.source else "scikit-image's portrait")
        for chain in chains.values():
            chain.close()
    return 0


def _portrait(folder: Path) -> str:
    """NASA's of Eileen Collins, in the public domain: head and shoulders."""
    from skimage.data import astronaut

    path = folder / "portrait.png"
    cv2.imwrite(str(path), cv2.cvtColor(astronaut()[0:252, 20:468], cv2.COLOR_RGB2BGR))
    return str(path)


def _mask(source: str, seconds: float) -> Mask:
    """The first frame from then on, brought to 1280×720 (what stands out is cut off), and its mask."""
    capture = open_source(source)
    frame = capture.read()
    while frame is not None and (frame.time or 0) < seconds and (following := capture.read()) is not None:
        frame = following
    capture.close()
    if frame is None:
        sys.exit(f"{source} has no picture")
    height, width = frame.bgr.shape[:2]
    scale = max(SIZE[0] / width, SIZE[1] / height)
    large = cv2.resize(frame.bgr, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_CUBIC)
    top, left = (large.shape[0] - SIZE[1]) // 4, (large.shape[1] - SIZE[0]) // 2
    pixels = np.ascontiguousarray(large[top : top + SIZE[1], left : left + SIZE[0]])
    own = Frame(0, BgrPicture(pixels), SourceInfo(source, *SIZE), pts=0)
    return _with_regions(Mask(own, Segmenter(size="live", mirror=False)(pixels)))


def _with_regions(mask: Mask) -> Mask:
    """With what the view rois draws, as they are once they were seen for a moment."""
    node = AttachRegions()
    node.open(Context())
    for number in range(SEEN):
        frame = Frame(number, mask.frame.picture, mask.frame.source, pts=40 * number)
        found = node.process(Mask(frame, mask.data, mask.model))
    node.close()
    assert isinstance(found, Mask)
    return replace(mask, regions=found.regions)


def _dusk() -> U8:
    """A sky at dusk, as a background."""
    colors = np.array([(90, 40, 30), (120, 70, 90), (80, 120, 230), (30, 30, 60)], np.float32)
    return (
        cv2.resize(colors[:, None].repeat(2, axis=1), SIZE, interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    )


def sheet(pictures: dict[str, U8], columns: int, width: int) -> U8:
    """All pictures in rows, each under its name: uint8, BGR."""
    tiles = [_tile(name, picture, width) for name, picture in pictures.items()]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)])


def _tile(name: str, picture: U8, width: int) -> U8:
    height = width * SIZE[1] // SIZE[0]
    color = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    scale = min(width / color.shape[1], height / color.shape[0])
    small = cv2.resize(color, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((height + 26, width, 3), 255, np.uint8)
    top, left = 26 + (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    cv2.putText(tile, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return tile


def _publish(chains: dict[str, Chain], mask: Mask, name_of_source: str) -> None:
    times: dict[str, list[float]] = {name: [] for name in chains}
    for chain in chains.values():
        chain(mask)
    for _ in range(ROUNDS):
        for name, chain in chains.items():
            begun = time.perf_counter()
            chain(mask)
            times[name].append((time.perf_counter() - begun) * 1e3)
    rows = [[f"`{name}`", *_cells(name, found)] for name, found in times.items()]
    share = float((mask.data > 127).mean())
    publish(
        "look",
        f"## Views\n\n{machine()}. `python -m bench.look`: one frame of {name_of_source} at {SIZE[0]}×{SIZE[1]}, "
        f"{share:.0%} of it skin; one core, {ROUNDS} interleaved rounds. One view: at most {LIMIT:g} ms; chains are the sum "
        f"of theirs.\n\n{markdown(['view', 'median, ms', '10th … 90th percentile'], rows)}",
    )


def _cells(name: str, found: list[float]) -> list[Cell]:
    low, median, high = np.percentile(found, [10, 50, 90])
    return [Cell(f"{median:.2f}", median <= LIMIT or "+" in name), Cell(f"{low:.2f} … {high:.2f}")]


if __name__ == "__main__":
    sys.exit(main())
