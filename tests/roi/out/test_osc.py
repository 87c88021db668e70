"""Open Sound Control, read by python-osc's own server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtskin.frame import RegionEvent
from rtskin.roi.out.osc import MTU, OscTransport, bundles
from rtskin.roi.record import Recorder, sent
from tests.roi.made import FACE, HAND, many, message, regions

dispatcher = pytest.importorskip("pythonosc.dispatcher", reason="needs the extra feed")
osc_bundle = pytest.importorskip("pythonosc.osc_bundle")
osc_server = pytest.importorskip("pythonosc.osc_server")


class Ears:
    """A server that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.enough = threading.Event()
        table = dispatcher.Dispatcher()
        table.set_default_handler(self._hear)
        self.server = osc_server.BlockingOSCUDPServer(("127.0.0.1", 0), table)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def _hear(self, address: str, *values: Any) -> None:
        self.heard.append((address, values))
        if address == "/rtskin/frame" and values[0] == 99:
            self.enough.set()

    def __enter__(self) -> Ears:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def ears() -> Iterator[Ears]:
    with Ears() as made:
        yield made


@pytest.fixture
def transport(ears: Ears) -> Iterator[OscTransport]:
    made = OscTransport(f"osc://127.0.0.1:{ears.server.server_address[1]}")
    made.open()
    yield made
    made.close()


def test_what_a_frame_says(ears: Ears, transport: OscTransport) -> None:
    made = regions(5, HAND, FACE, events=(RegionEvent("found", 1, "hand"),))
    transport.send(sent(Recorder()(made)))
    transport.send(message(99))
    assert ears.enough.wait(20)
    heard = dict(ears.heard[: [name for name, _ in ears.heard].index("/rtskin/frame", 1)])
    assert heard["/rtskin/frame"] == (5, pytest.approx(0.2), 2)
    assert heard["/rtskin/event"] == ("found", 1, "hand")
    label, score, x, y, w, h, vx, vy, area, sure, age, state, side = heard["/rtskin/roi/1"]
    assert (label, state, side) == ("hand", "tracked", "left")
    assert (x, y, w, h) == pytest.approx((3 / 64, 4 / 36, 10 / 64, 12 / 36), abs=1e-5)
    assert (vx, vy) == pytest.approx((1.23 / 64, -20 / 36), abs=1e-5)
    assert (score, sure, age) == pytest.approx((0.9, 0.8765, 1.25), abs=1e-4)
    assert area == pytest.approx(90 / (64 * 36), abs=1e-5)
    landmarks = heard["/rtskin/landmarks/1"]
    assert len(landmarks) == 63
    assert landmarks[3:6] == pytest.approx((1 / 64, 2 / 36, 0.1 / 64), abs=1e-5)
    assert heard["/rtskin/gesture/1"] == ("Thumb_Up",)
    assert heard["/rtskin/roi/2"][-1] == ""
    assert "/rtskin/landmarks/2" not in heard


def test_two_hundred_regions_go_in_several_datagrams(ears: Ears, transport: OscTransport) -> None:
    transport.send(message(3, *many(200)))
    transport.send(message(99))
    assert ears.enough.wait(20)
    assert transport.counters()["sent"] > 10
    names = [name for name, _ in ears.heard]
    assert [f"/rtskin/roi/{number}" in names for number in range(200)] == [True] * 200
    assert names.count("/rtskin/frame") == 2


def test_the_readme_names_all_of_it_in_order(ears: Ears, transport: OscTransport) -> None:
    text = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")
    said = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith("/rtskin/")}
    transport.send(sent(Recorder()(regions(99, HAND, events=(RegionEvent("found", 1, "hand"),)))))
    assert ears.enough.wait(20)
    for _ in range(1000):
        if len(ears.heard) == len(said):
            break
        time.sleep(0.01)
    heard = {name.replace("/1", "/ID"): values for name, values in ears.heard}
    assert set(heard) == set(said)
    assert len(said["/rtskin/roi/ID"]) == len(heard["/rtskin/roi/ID"])
    assert len(said["/rtskin/event"]) == len(heard["/rtskin/event"])


def test_datagrams_are_bundles_that_fit() -> None:
    made = list(bundles([b"/a\0\0,\0\0\0" * 20] * 40))
    assert len(made) > 1
    assert max(map(len, made)) <= MTU
    assert all(osc_bundle.OscBundle.dgram_is_bundle(one) for one in made)
    # One that is larger than all goes alone.
    assert len(list(bundles([b"/a\0\0,\0\0\0", b"/a\0\0,\0\0\0" * 400]))) == 2


def test_an_empty_frame_is_a_frame(ears: Ears, transport: OscTransport) -> None:
    transport.send(sent(Recorder()(regions(99))))
    assert ears.enough.wait(20)
    assert ears.heard == [("/rtskin/frame", (99, pytest.approx(3.96), 0))]
