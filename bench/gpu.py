"""The way of 1080p frames over a GPU: frames a second, and what each stage takes beside what it must take.

``python -m bench.gpu`` runs wherever torch sees a GPU; where there is none it says so, and that is all. Frames in 4:2:0,
as a decoder leaves them, go through the graph of pipelines/live_gpu.toml as fast as it takes them; then each stage is timed
alone. The floor beside it is the larger of two times: that of the bytes it has to read and write, once each, at the
bandwidth that this GPU (or the bus to it) was just measured to have, and that of its arithmetic at the rate of a large
product of matrices. ``--write`` puts the table into bench/README.md, if it was measured on a GPU.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rtskin.capture.picture import AvPicture, Converter
from rtskin.errors import RtskinError
from rtskin.frame import Frame, SourceInfo
from rtskin.gpu.packet import PICTURE
from rtskin.graph import Graph
from rtskin.infer.cards import DEFAULT_MODEL, load_card
from rtskin.infer.runtimes.torch_device import require_torch, torch_device
from rtskin.media import av
from rtskin.node import Node, NodeOptions, Source

#: Frames a second that are to be reached.
AIM = 400
#: Pictures that the frames are made of, and runs that a stage's median is of.
PICTURES, RUNS = 8, 100


@dataclass(frozen=True)
class Stage:
    """Medians in milliseconds. flop: arithmetic. moved: bytes. over: "memory" or "bus". floor: milliseconds."""

    name: str
    took: float
    moved: int
    over: str
    flop: int
    floor: float


@dataclass(frozen=True)
class Limits:
    """Measured: bytes a second in the device's memory and over the bus, and FLOP a second."""

    memory: float
    bus: float
    flops: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1920x1080", help="of the frames")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--view", default="overlay")
    parser.add_argument("--frames", type=int, default=4000)
    parser.add_argument("--device", default="cuda", help="cpu: to try the program; such figures are never written")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args(arguments)
    try:
        device = torch_device(require_torch("bench.gpu"), chosen.device)
    except RtskinError as error:
        print(f"nothing was measured, there is no GPU to do it on: {error}")
        return 0
    width, height = (int(side) for side in chosen.size.split("x"))
    frames = made(width, height)
    rate = whole(frames, chosen.frames, device, chosen.model, chosen.view)
    text = section(rate, profile(frames[0], device, chosen.model, chosen.view), device, chosen)
    show(text, chosen.write and device != "cpu")
    return 0


def made(width: int, height: int) -> list[Frame]:
    """Frames of a moving pattern, as planes."""
    from rtskin.capture import open_source

    info, converter, frames = SourceInfo("made", width, height, Fraction(60)), Converter(), []
    for frame in open_source(f"pattern:{width}x{height}@60?frames={PICTURES}"):
        planes = av.VideoFrame.from_ndarray(frame.bgr, format="bgr24").reformat(format="yuv420p")
        frames.append(Frame(frame.seq, AvPicture(planes, converter), info, frame.seq, Fraction(1, 60)))
    return frames


class Again(Source):
    """The same pictures again and again, as new frames."""

    class Options(NodeOptions):
        frames: int

    def __init__(self, pictures: list[Frame], **options: Any) -> None:
        super().__init__(**options)
        self._pictures, self._seq = pictures, 0

    def read(self) -> Frame | None:
        if self._seq == self.options.frames:
            return None
        given, self._seq = self._pictures[self._seq % len(self._pictures)], self._seq + 1
        return Frame(self._seq - 1, given.picture, given.source, self._seq - 1, given.time_base)


class Arrivals(Node):
    """A sink that remembers when pictures arrived."""

    emits = "none"

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def process(self, *packets: Any) -> None:
        self.at.append(time.perf_counter())


def whole(frames: list[Frame], count: int, device: str, model: str, view: str) -> float:
    """Frames a second through the graph, without the first quarter."""
    arrivals = Arrivals()
    graph = Graph().add("source", Again(frames, frames=count))
    graph.add("gpu", "gpu", device=device, model=model, view=view).add("picture", "gpu-picture").add("sink", arrivals)
    graph.connect("source", "gpu").connect("gpu", "picture").connect("picture", "sink").run()
    counted = arrivals.at[len(arrivals.at) // 4 :]
    return (len(counted) - 1) / (counted[-1] - counted[0])


def profile(frame: Frame, device: str, model: str, view: str) -> list[Stage]:
    """The stages of a frame's way, one after the other on an idle device."""
    import torch

    from rtskin.gpu.average import Average
    from rtskin.gpu.lanes import lanes_of
    from rtskin.gpu.network import DeviceNetwork
    from rtskin.gpu.path import GpuPath, Shown
    from rtskin.gpu.pixels import uploaded
    from rtskin.gpu.slots import Slot
    from rtskin.gpu.views import parse_view
    from rtskin.render.views.overlay import line_width

    limits, lanes, slot = limits_of(device), lanes_of(device), Slot()
    network = DeviceNetwork(load_card(model), device=device)
    path = GpuPath(network, Shown(view, parse_view(view)), Average(), (PICTURE,))
    path.warm_up()
    found: list[Stage] = []

    def timed(name: str, work: Callable[[], Any], moved: int, over: str = "memory", flop: int = 0) -> Any:
        took = median_ms(work, device)
        floor = 1e3 * max(moved / getattr(limits, over), flop / limits.flops)
        found.append(Stage(name, took, moved, over, flop, floor))
        return work()

    with torch.no_grad():
        area = frame.width * frame.height
        planes = area * 3 // 2
        pixels = timed("up", lambda: _up(lanes, slot, frame, uploaded), planes, "bus")
        tensor, content = path._to_tensor(pixels)
        inside = tensor.numel() * 4
        timed("tensor", lambda: path._to_tensor(pixels), planes + inside)
        scores = network(tensor, content).clone()
        held = sum(one.numel() * one.element_size() for one in network._shipped.net.parameters())
        timed(
            "network",
            lambda: network(tensor, content),
            held + inside + scores.numel() * 4,
            flop=flop_of(network, tensor),
        )
        average, shares = Average(), torch.full((144, 256), 0.3, device=tensor.device)
        average(scores, 1.0, None, True)
        average.commit()
        small = scores.numel() * 4
        steady = timed("average", lambda: average(scores, 0.3, shares, False), 3 * small + shares.numel() * 4)
        mask = timed("refine", lambda: path._refine(steady, pixels.luma), small + 2 * area)
        made = timed(
            "composite", lambda: path.shown.view(pixels.bgr, mask, line_width(frame)), planes + area + 3 * area
        )
        timed("down", lambda: _down(lanes, slot, made), made.numel(), "bus")
    path.close()
    return found


def _up(lanes: Any, slot: Any, frame: Frame, uploaded: Callable[..., Any]) -> Any:
    """And what comes after waits for it."""
    pixels = uploaded(frame, slot, lanes)
    with lanes.work(slot):
        pass
    return pixels


def _down(lanes: Any, slot: Any, made: Any) -> None:
    lanes.down(slot, [made])
    lanes.wait(slot)


def flop_of(network: Any, tensor: Any) -> int:
    """Twice its multiply-accumulates."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        network._forward(tensor)
    return int(counter.get_total_flops())


def median_ms(work: Callable[[], Any], device: str) -> float:
    """Of one run, until the device has done it."""
    import torch

    def finished() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    runs = RUNS if device.startswith("cuda") else 3
    took = []
    for _ in range(runs + runs // 10):
        finished()
        begun = time.perf_counter()
        work()
        finished()
        took.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(took[runs // 10 :])


def limits_of(device: str) -> Limits:
    """What this device does at its best: a large copy, one over the bus, a large product in the network's precision."""
    import torch

    cuda = device.startswith("cuda")
    size = 1 << (28 if cuda else 22)
    one = torch.zeros(size, dtype=torch.uint8, device=device)
    other, here = torch.empty_like(one), torch.empty(size, dtype=torch.uint8, pin_memory=cuda)
    side = 8192 if cuda else 256
    matrix = torch.zeros((side, side), dtype=torch.float16 if cuda else torch.float32, device=device)
    return Limits(
        2e3 * size / median_ms(lambda: other.copy_(one), device),
        1e3 * size / median_ms(lambda: here.copy_(one, non_blocking=True), device),
        2e3 * side**3 / median_ms(lambda: matrix @ matrix, device),
    )


def section(rate: float, stages: list[Stage], device: str, chosen: argparse.Namespace) -> str:
    """For bench/README.md."""
    import torch

    from bench.report import Cell, machine, markdown

    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "no GPU"
    rows: list[list[object]] = [
        [
            one.name,
            f"{one.took:.3f}",
            f"{one.floor:.3f}",
            f"{one.moved / 1e6:.1f} ({one.over})",
            f"{one.flop / 1e9:.2f}",
        ]
        for one in stages
    ]
    took, floor = (sum(figures) for figures in zip(*((one.took, one.floor) for one in stages), strict=True))
    rows.append(["in turn", f"{took:.3f}", f"{floor:.3f}", "", ""])
    fps = Cell(f"{rate:.0f} frames a second", rate >= AIM)
    return (
        f"## Over a GPU\n\n{name}; {machine()}; torch {torch.__version__}. `python -m bench.gpu`: {chosen.model}, "
        f"{chosen.view}, frames of {chosen.size.replace('x', '×')} in 4:2:0 from memory, two in flight: {fps} "
        f"(to reach: {AIM}). Below each stage alone, from the call until the device is done, medians; the floor is what its "
        f"bytes and its arithmetic take at this device's best.\n\n{markdown(['', 'ms', 'floor, ms', 'MB', 'GFLOP'], rows)}"
    )


def show(text: str, write: bool) -> None:
    from bench.report import publish

    publish("gpu", text) if write else print(text)


if __name__ == "__main__":
    sys.exit(main())
