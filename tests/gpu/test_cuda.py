"""What is asked of CUDA, and in which order: with streams that write down what they are asked. Where there is a GPU, its
answer is the CPU's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from rtskin.gpu import lanes, network  # noqa: E402
from rtskin.gpu.packet import MASK, PICTURE  # noqa: E402
from rtskin.gpu.slots import Slot  # noqa: E402

from .test_path import frame, path_of  # noqa: E402

Log = list[str]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """torch.cuda as far as the lanes and graphs need it, on the CPU."""
    said: Log = []
    made = iter(["up", "work", "down", "aside", "more"])

    class Stream:
        def __init__(self, device: Any) -> None:
            self.name = next(made)

        def wait_event(self, event: Any) -> None:
            said.append(f"{self.name} waits for {event.name}")

        def wait_stream(self, other: Any) -> None:
            said.append(f"{self.name} waits for {other.name}")

    class Event:
        def __init__(self, blocking: bool) -> None:
            assert blocking

        def record(self, stream: Stream) -> None:
            self.name = f"what {stream.name} has"
            said.append(f"mark {self.name}")

        def synchronize(self) -> None:
            said.append(f"wait here for {self.name}")

    @contextmanager
    def stream(one: Stream) -> Iterator[None]:
        said.append(f"in {one.name}")
        yield
        said.append(f"out of {one.name}")

    for name, thing in {"Stream": Stream, "Event": Event, "stream": stream}.items():
        monkeypatch.setattr(torch.cuda, name, thing)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: said.append("wait here for all"))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: said.append("give memory back"))
    real = torch.empty
    monkeypatch.setattr(lanes.torch, "empty", lambda *shape, pin_memory=False, **more: real(*shape, **more))
    return said


def test_nothing_waits_here_between_up_and_down(log: Log) -> None:
    way, slot = lanes.CudaLanes("cpu"), Slot()
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    sent = way.up(slot, "y", array)
    with way.work(slot):
        made = sent + 1
    (found,) = way.down(slot, [made])
    assert log == [
        "in up", "out of up",
        "mark what up has",
        "in work", "work waits for what up has", "mark what work has", "out of work",
        "in down", "down waits for what work has", "out of down",
        "mark what down has",
    ]  # fmt: skip
    assert np.array_equal(found, array + 1)
    assert slot.held[0] is made, "it lives until the copy is done"
    way.wait(slot)
    assert log[-1] == "wait here for what down has"
    again = way.up(slot, "y", array + 7)
    assert again.data_ptr() == sent.data_ptr(), "memory of a slot is used again"
    assert way.up(slot, "y", array[:1]).shape == (1, 3)


def test_a_slot_that_nobody_fetched_is_waited_for(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(PICTURE, in_flight=1)
    path._lanes = lanes.CudaLanes("cpu")
    path.submit(frame(0))
    log.clear()
    flight = path.submit(frame(1))
    assert log[0] == "wait here for what down has"
    assert log.count("wait here for what down has") == 1
    flight.fetch(PICTURE)
    assert log[-1] == "wait here for what down has"
    path.close()
    assert log[-2:] == ["wait here for all", "give memory back"]


def test_one_graph_a_shape(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded once after the warm-up runs, played ever after, in the same memory."""
    recorded: list[Any] = []

    class CudaGraph:
        def replay(self) -> None:
            log.append("replay")
            recorded[-1]()

    @contextmanager
    def graph(one: CudaGraph, capture_error_mode: str) -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        log.append("record")
        yield

    monkeypatch.setattr(torch.cuda, "CUDAGraph", CudaGraph)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: torch.cuda.Stream(device))
    answers: list[Any] = []

    def work(given: Any) -> Any:
        if not answers:
            answers.append(torch.empty_like(given))
        recorded.append(lambda: answers[0].copy_(given * 2))
        recorded[-1]()
        log.append("work")
        return answers[0]

    one = network._Recorded(work, torch.ones(1, 3, 2, 2))
    assert [entry for entry in log if entry in ("work", "record", "replay")] == ["work"] * 3 + ["record", "work"]
    found = one(torch.full((1, 3, 2, 2), 4.0))
    assert float(found[0, 0, 0, 0]) == 8
    assert one(torch.full((1, 3, 2, 2), 5.0)) is found
    assert log[-2:] == ["replay", "replay"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("graphs", [True, False])
def test_the_gpu_answers_as_the_cpu(precision: str, graphs: bool) -> None:
    from rtskin.gpu.average import Average
    from rtskin.gpu.network import DeviceNetwork
    from rtskin.gpu.path import GpuPath, Shown
    from rtskin.gpu.views import parse_view
    from rtskin.infer.cards import load_card

    found: list[list[Any]] = []
    for device in ("cpu", "cuda"):
        more = {"precision": precision, "graphs": graphs} if device == "cuda" else {"threads": 1}
        made = DeviceNetwork(load_card("mobile-unet"), device=device, size=(416, 224), **more)
        path = GpuPath(made, Shown("overlay", parse_view("overlay")), Average(), (MASK, PICTURE))
        path.warm_up()
        flights = (path.submit(frame(number, 640, 360)) for number in range(5))
        found.append([(flight.fetch(MASK), flight.fetch(PICTURE)) for flight in flights])
        path.close()
    for here, there in zip(*found, strict=True):
        for one, other in zip(here, there, strict=True):
            assert np.abs(one.astype(int) - other).mean() < 2
