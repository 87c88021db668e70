"""GpuPath: a frame's whole way over the device."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from rtskin.errors import ModelError
from rtskin.frame import Frame
from rtskin.gpu.average import Average, Plan
from rtskin.gpu.lanes import lanes_of
from rtskin.gpu.network import DeviceNetwork
from rtskin.gpu.packet import MASK, PICTURE, InFlight
from rtskin.gpu.pixels import uploaded
from rtskin.gpu.preprocess import ToDeviceTensor
from rtskin.gpu.refine import DeviceRefiner
from rtskin.gpu.resample import Resampler
from rtskin.gpu.slots import Lease, Slot, Slots
from rtskin.gpu.views import View
from rtskin.infer.network import tensor_spec
from rtskin.render.refine import Method
from rtskin.render.views.overlay import line_width


@dataclass
class Shown:
    """A view, and how it was written."""

    name: str
    view: View


class GpuPath:
    """Frames of one stream, in order and from one thread: :meth:`submit` asks the device for everything and returns.

    network: loaded; the path closes it. wanted: which of PICTURE and MASK come down. in_flight: frames under way at once.
    shown may be replaced from any thread.
    """

    def __init__(
        self,
        network: DeviceNetwork,
        shown: Shown,
        average: Average,
        wanted: Iterable[str] = (PICTURE,),
        *,
        refine: Method = "guided",
        radius: int = 1,
        eps: float = 2e-2,
        in_flight: int = 2,
    ) -> None:
        self.network, self.shown, self.average = network, shown, average
        self.slots = Slots(in_flight)
        self._wanted = tuple(wanted)
        self._lanes = lanes_of(str(network.device))
        resample = Resampler(network.device)
        self._to_tensor = ToDeviceTensor(tensor_spec(network.card.tensor, network.shapes), resample, network.device)
        self._refine = DeviceRefiner(resample, refine, radius, eps)

    def warm_up(self) -> None:
        """Run (and record) the network at every shape, so that no frame waits for it."""
        with _memory():
            self.network.warm_up()
        self._lanes.drain()

    def submit(self, frame: Frame, stopping: threading.Event | None = None) -> InFlight:
        """The frame, under way. Waits only while too many others are; GraphStateError where it stops meanwhile.

        Where the device has no memory left, what is under way is finished first and the frame tried once more; then
        ModelError.
        """
        lease = self.slots.take(stopping or threading.Event())
        try:
            return self._sent(frame, lease)
        except BaseException:
            lease.release()  # what keeps the error keeps the lease
            raise

    def close(self) -> None:
        """Waits for what is under way, and gives everything back but that. May be called twice."""
        self._lanes.drain()
        self.average.forget()
        self.network.close()
        self.slots = Slots(0)
        self._lanes.drain()  # what was let go is spare only now

    def _sent(self, frame: Frame, lease: Lease) -> InFlight:
        slot, shown, model = lease.slot, self.shown, self.network.card.name
        self._lanes.wait(slot)  # one that nobody fetched may not be done
        plan = self.average.plan(frame, model)
        try:
            made = self._made(frame, plan, shown, slot)
        except torch.OutOfMemoryError:
            slot.device.clear()
            slot.held.clear()
            self._lanes.drain()
            with _memory():
                made = self._made(frame, plan, shown, slot)
        self.average.commit()
        with _memory():
            arrays = self._lanes.down(slot, [made[name] for name in self._wanted])
        lanes, named = self._lanes, dict(zip(self._wanted, arrays, strict=True))
        return InFlight(frame, model, shown.name, named, lambda: lanes.wait(slot), lease)

    def _made(self, frame: Frame, plan: Plan, shown: Shown, slot: Slot) -> dict[str, torch.Tensor]:
        """PICTURE and MASK as far as they are wanted, on the device."""
        pixels = uploaded(frame, slot, self._lanes)
        shares = None if plan.shares is None else self._lanes.up(slot, "shares", plan.shares)
        with self._lanes.work(slot):
            tensor, content = self._to_tensor(pixels)
            steady = self.average(self.network(tensor, content), plan.usual, shares, plan.fresh)
            mask = self._refine(steady, pixels.luma)
            made = {MASK: mask}
            if PICTURE in self._wanted:
                made[PICTURE] = shown.view(pixels.bgr, mask, line_width(frame))
        return made


@contextmanager
def _memory() -> Iterator[None]:
    """ModelError instead of torch's error where the device has no memory left."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ModelError(
            "the GPU is out of memory; use a smaller size of the network's input or fewer frames in flight, or end what "
            "else runs there"
        ) from error
