"""torch, for rtskin's own networks: what they are measured against, and a way onto NVIDIA's GPUs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rtskin.errors import InputError, MissingExtraError, ModelError, nearest
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.installed import require_onnxruntime
from rtskin.infer.runtimes.ports import Port
from rtskin.infer.runtimes.signature import check_signature
from rtskin.infer.runtimes.threads import default_threads
from rtskin.infer.runtimes.torch_device import require_torch, torch_device
from rtskin.infer.weights import checked_weights

log = logging.getLogger("rtskin.infer")

#: Mean difference, in probability, from ONNX Runtime that a network read back may have.
TOLERANCE = 1e-4
MODES = ("inference_mode", "eager", "compile", "compile+inference_mode")


class TorchRuntime(Runtime):
    """The network of rtskin.nets that the card names, with the weights of its ONNX file, compared with ONNX Runtime when it
    is loaded. torch has one number of threads for all of a process.

    options: ``mode``: "inference_mode" (the default), "eager" (which keeps what gradients would need), "compile"
    (torch.compile with each shape its own, which takes long and needs a C++ compiler), "compile+inference_mode".
    ``check``: compare with ONNX Runtime at load.
    """

    name: ClassVar[str] = "torch"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    modules: ClassVar[tuple[str, ...]] = ("torch",)
    defaults: ClassVar[Mapping[str, Any]] = {"mode": MODES[0], "check": True}

    def _load(self, device: str, threads: int | None) -> None:
        mode = self.options["mode"]
        if mode not in MODES:
            raise InputError(f"torch has no mode {mode!r}{nearest(str(mode), MODES)}")
        self._torch: Any = require_torch()
        from rtskin.nets.from_onnx import from_onnx

        self._device = torch_device(self._torch, device)
        path = checked_weights(self.card)
        net: Any = from_onnx(self.card.architecture, path)
        self._priors = self.card.tensor.prior
        check_signature(self.card, path, *_ports(net), self.shapes)
        # Convolutions on a GPU want the channels last.
        memory = self._torch.channels_last if self._device.startswith("cuda") else self._torch.contiguous_format
        self._memory = memory
        self._net: Any = net.to(self._device, memory_format=memory)
        self._without_gradients = mode.endswith("inference_mode")
        threads = threads or default_threads() if self._device == "cpu" else None
        if threads is not None:
            self._torch.set_num_threads(threads)
        self.info = RuntimeInfo(self.name, self._device, "fp32", threads)
        if self.options["check"]:
            self._compare(path)
        if mode.startswith("compile"):
            self._net = self._torch.compile(self._net, dynamic=False)

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        arrays = [tensor, self._prior(tensor, prior)] if self._priors else [tensor]
        given = [self._up(array) for array in arrays]
        if self._without_gradients:
            with self._torch.inference_mode():
                answer = self._net(*given)
        else:
            answer = self._net(*given).detach()
        output: F32 = answer.contiguous().cpu().numpy()
        return output

    @property
    def network(self) -> Any:
        """The rtskin.nets.shipped.Shipped itself, on its device, for who works with tensors there."""
        return self._net

    def close(self) -> None:
        self._net = None

    def _up(self, array: Array) -> Any:
        return self._torch.from_numpy(array).to(self._device, memory_format=self._memory)

    def _compare(self, path: Path) -> None:
        """ModelError where the network read back answers otherwise than the file it was read from."""
        try:
            ort = require_onnxruntime()
        except MissingExtraError:
            log.warning("%s is not compared with ONNX Runtime, which is not installed", path.name)
            return
        width, height = self.shapes[0]
        rng = np.random.default_rng(0)
        picture = rng.uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        prior = rng.uniform(0, 1, (1, 1, height, width)).astype(np.float32)
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        options.enable_cpu_mem_arena = False  # one pass: what it would keep stands beside what torch needs
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [value.name for value in session.get_inputs()]
        expected = session.run(None, dict(zip(names, (picture, prior), strict=False)))[0]
        # A GPU's convolutions round to 10 bits by default, which is no other network.
        with self._torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            found = self.run(picture, prior if self._priors else None)
        difference = float(np.abs(found - expected).mean()) if found.shape == expected.shape else float("inf")
        if not difference <= TOLERANCE:
            raise ModelError(
                f"{path} read back into torch differs by {difference:.2g} from ONNX Runtime; use another runtime"
            )


def _ports(net: Any) -> tuple[list[Port], list[Port]]:
    """What our networks take and give: any size, float32."""
    inputs = [Port(name, "float32", (1, channels, None, None)) for name, channels, _ in net.inputs]
    return inputs, [Port("skin" if net.classes == 1 else "classes", "float32", (1, net.classes, None, None))]
