"""The path itself: frames in flight, memory that runs out, and giving everything back."""

from __future__ import annotations

import gc
import threading
import weakref
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from rtskin.errors import GraphStateError, ModelError  # noqa: E402
from rtskin.frame import BgrPicture, Frame, SourceInfo  # noqa: E402
from rtskin.gpu import network as networks  # noqa: E402
from rtskin.gpu.average import Average  # noqa: E402
from rtskin.gpu.network import DeviceNetwork  # noqa: E402
from rtskin.gpu.packet import MASK, PICTURE  # noqa: E402
from rtskin.gpu.path import GpuPath, Shown  # noqa: E402
from rtskin.gpu.slots import Lease, Slot, Slots  # noqa: E402
from rtskin.gpu.views import parse_view  # noqa: E402
from rtskin.infer.cards import load_card  # noqa: E402


def frame(number: int = 0, width: int = 96, height: int = 64) -> Frame:
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
    return Frame(number, BgrPicture(pixels), SourceInfo("made", width, height), number * 40)


def path_of(*wanted: str, **options: Any) -> GpuPath:
    network = DeviceNetwork(load_card("mobile-unet"), device="cpu", threads=1, size=(64, 64))
    return GpuPath(network, Shown("overlay", parse_view("overlay")), Average("ema"), wanted or (PICTURE,), **options)


def test_as_many_frames_are_under_way_as_there_are_slots() -> None:
    path = path_of(PICTURE, MASK, in_flight=2)
    flights = [path.submit(frame(number)) for number in range(2)]
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(GraphStateError, match="stopped while a frame waited for room"):
        path.submit(frame(2), stopping)
    flights[0].fetch(PICTURE)
    assert path.slots.free == 0, "its mask is not fetched"
    flights[0].fetch(MASK)
    assert path.slots.free == 1
    flights[0].fetch(MASK)
    assert path.slots.free == 1, "a slot goes back once"
    del flights[1]
    gc.collect()
    assert path.slots.free == 2, "a frame that nobody wants gives its room back"
    path.close()


def test_two_threads_that_fetch_give_the_slot_back_once() -> None:
    for _ in range(50):
        free: SimpleQueue[Slot] = SimpleQueue()
        lease = Lease(Slot(), free)
        threads = [threading.Thread(target=lease.release) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert free.qsize() == 1


def test_what_was_fetched_stays_as_it_is() -> None:
    """Also when its slot and its buffers are used by the frames after it."""
    path = path_of(PICTURE, in_flight=1)
    first = path.submit(frame(0)).fetch(PICTURE)
    before = first.copy()
    for number in range(1, 6):
        other = path.submit(frame(number)).fetch(PICTURE)
        assert not np.shares_memory(first, other)
    assert np.array_equal(first, before)
    path.close()


def test_memory_that_runs_out_once_is_made_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame is done a second time, and its mask is averaged once."""
    fails = [False, False, True, False, False]
    real, path, plain = DeviceNetwork.__call__, path_of(MASK), path_of(MASK)
    expected = [plain.submit(frame(number)).fetch(MASK) for number in range(4)]
    drained = []

    def sometimes(self: DeviceNetwork, *given: Any) -> Any:
        answer = real(self, *given)
        if fails.pop(0):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return answer

    monkeypatch.setattr(DeviceNetwork, "__call__", sometimes)
    monkeypatch.setattr(path._lanes, "drain", lambda: drained.append(True))
    found = [path.submit(frame(number)).fetch(MASK) for number in range(4)]
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    assert drained == [True]
    assert fails == []


def test_memory_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of()

    def never(*given: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(DeviceNetwork, "__call__", never)
    with pytest.raises(
        ModelError, match=r"^the GPU is out of memory; use a smaller size .* frames in flight, or end"
    ) as e:
        path.submit(frame())
    assert "\n" not in str(e.value)
    assert path.slots.free == path.slots.count, "its room is free again"
    monkeypatch.setattr(DeviceNetwork, "_run", never)
    with pytest.raises(ModelError, match="the GPU is out of memory"):
        path.warm_up()


def test_closing_gives_all_back() -> None:
    path = path_of()
    flight = path.submit(frame())
    inside = weakref.ref(path.network._shipped.net)
    path.close()
    path.close()
    gc.collect()
    assert inside() is None
    assert flight.fetch(PICTURE).shape == (64, 96, 3), "what is under way still arrives"


def test_no_slots_wait_for_ever_only_until_the_graph_stops() -> None:
    stopping = threading.Event()
    threading.Timer(0.1, stopping.set).start()
    with pytest.raises(GraphStateError):
        Slots(0).take(stopping)


def test_a_network_that_answers_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = DeviceNetwork(load_card("mobile-unet"), device="cpu", threads=1, size=(64, 64))
    monkeypatch.setattr(networks, "probabilities", lambda logits: logits * float("nan"))
    with pytest.raises(ModelError, match="answers NaN or infinity to a blank picture; its weights are broken"):
        network.warm_up()
    monkeypatch.setattr(network, "precision", "fp16")
    with pytest.raises(ModelError, match="NaN or infinity in fp16; use the precision fp32"):
        network.warm_up()
