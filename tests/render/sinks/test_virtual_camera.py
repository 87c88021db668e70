"""The virtual camera, by a back end of our own: there may be no real device where tests run."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import numpy as np
import pytest

from rtskin.errors import MissingExtraError, SinkError
from rtskin.frame import Rendered
from rtskin.graph import Graph
from rtskin.node import Context
from rtskin.render.sinks import virtual_camera
from rtskin.render.sinks.choose import sink_for
from rtskin.render.sinks.virtual_camera import VirtualCamera

from ..conftest import make_frame, picture

pyvirtualcam = pytest.importorskip("pyvirtualcam", reason="the extra virtualcam is not installed")


class Device:
    """What a program sees that shows the camera. All of them, in the order of their opening."""

    all: list[Device] = []  # noqa: RUF012
    breaks_after: int | None = None

    def __init__(self, *, width: int, height: int, fps: float, fourcc: int, device: str | None, **more: Any) -> None:
        if device == "missing":
            raise RuntimeError("no such device")
        self.size, self.rate = (width, height), fps
        self.seen: list[tuple[float, int]] = []
        self.closed = 0
        self.last: np.ndarray | None = None
        Device.all.append(self)

    def send(self, frame: np.ndarray) -> None:
        if Device.breaks_after is not None and len(self.seen) >= Device.breaks_after:
            raise OSError("device is gone")
        self.last = frame.reshape(self.size[1], self.size[0], 3).copy()
        self.seen.append((time.monotonic(), int(frame[0])))

    def device(self) -> str:
        return "test device"

    def native_fourcc(self) -> None:
        return None

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    Device.all, Device.breaks_after = [], None
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"test": Device})


def rendered(step: int = 0, width: int = 64, height: int = 48) -> Rendered:
    pixels = picture(width, height, step)
    pixels[0, 0] = step
    return Rendered(make_frame(pixels, seq=step, captured_ns=time.monotonic_ns()), pixels)


def opened(**options: Any) -> VirtualCamera:
    node = VirtualCamera(**options)
    node.open(Context())
    return node


def wait_until(what: Any) -> None:
    give_up = time.monotonic() + 20
    while not what():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_the_last_picture_is_repeated_at_a_constant_rate() -> None:
    node = opened(rate=100)
    node.process(rendered(7))
    [device] = Device.all
    wait_until(lambda: len(device.seen) >= 20)
    node.process(rendered(8))
    wait_until(lambda: device.seen[-1][1] == 8)
    node.close()
    values = [value for _, value in device.seen]
    assert values == sorted(values)
    assert values.count(7) >= 20
    assert np.array_equal(device.last, rendered(8).image)
    assert device.closed == 1
    assert node.counters()["frames"] == 2
    assert node.counters()["sent"] == len(values)
    assert "rtskin-virtual-camera" not in {thread.name for thread in threading.enumerate()}


def test_pictures_of_another_size_and_mattes_are_fitted_in() -> None:
    node = opened(rate=200)
    node.process(rendered())
    [device] = Device.all
    wide = np.full((10, 100, 3), 200, np.uint8)
    node.process(Rendered(make_frame(wide), wide))
    wait_until(lambda: device.last is not None and device.last[24, 32, 0] == 200)
    assert device.last[0, 0].tolist() == [0, 0, 0]
    gray = np.full((48, 64), 90, np.uint8)
    node.process(Rendered(make_frame(), gray))
    wait_until(lambda: device.last[5, 5].tolist() == [90, 90, 90])
    node.close()


def test_the_latency_is_said_with_what_to_do_in_obs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(virtual_camera, "_MEASURED", 3)
    node = opened(rate=200)
    with caplog.at_level(logging.INFO, "rtskin.render"):
        for step in range(4):
            node.process(rendered(step))
            wait_until(lambda step=step: Device.all[0].seen and Device.all[0].seen[-1][1] == step)
        wait_until(lambda: "sync offset" in caplog.text)
    node.close()
    assert 0 <= float(node.counters()["latency_ms"]) < 20_000


def test_a_device_that_breaks_is_an_error_also_while_no_picture_comes() -> None:
    Device.breaks_after = 2
    node = opened(rate=200)
    node.process(rendered())
    with pytest.raises(SinkError, match="test device stopped taking pictures: device is gone"):
        wait_until(lambda: node.idle())
    node.close()


def test_no_device_says_what_to_do() -> None:
    node = opened(device="missing")
    with pytest.raises(
        SinkError, match=r"virtual camera missing cannot be opened \('test' backend: no such device\); "
    ):
        node.process(rendered())
    node.close()
    with pytest.raises(SinkError, match="no backend 'obs' here; there are: test"):
        opened(backend="obs").process(rendered())


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyvirtualcam", None)
    with pytest.raises(MissingExtraError, match=r"rtskin\[virtualcam\]"):
        opened()


def test_it_is_a_sink_of_a_graph() -> None:
    assert sink_for("camera") == ("virtual-camera", {})
    assert sink_for("camera:/dev/video7") == ("virtual-camera", {"device": "/dev/video7"})
    graph = Graph.from_toml(
        "live_overlay",
        {"source.uri": "pattern:160x120@30?frames=20", "infer.model": "ellipse", "sink": {"kind": "virtual-camera"}},
    )
    statistics = graph.run()
    [device] = Device.all
    assert (device.size, device.rate) == ((160, 120), 30)
    assert statistics.state == "done"
    assert device.closed == 1
    assert device.last is not None
