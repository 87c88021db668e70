"""What a measurement or a compiled network is true for: this machine, and the versions of what runs here."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from pathlib import Path

from rtskin.infer.runtimes.installed import onnxruntime_distributions
from rtskin.infer.runtimes.threads import cores

_CPUINFO = Path("/proc/cpuinfo")
#: What kernels for networks are chosen by, as Linux calls it: on x86, and on ARM.
_INSTRUCTIONS = re.compile(r"avx|amx|fma|f16c|sse4|asimd|sve|sme|i8mm|bf16|fphp")
#: Those that a table names one of, the first that is there.
_TELLING = (
    *("amx_bf16", "avx512_bf16", "avx512_vnni", "avx512f", "avx_vnni", "avx2"),
    *("bf16", "i8mm", "asimddp", "asimd"),
)
#: Beside every kind of ONNX Runtime.
_PACKAGES = ("openvino", "torch", "ai-edge-litert", "tensorrt", "tensorrt-rtx")


def processor() -> str:
    """What the processor calls itself."""
    found = re.search(r"model name\s*:\s*(.+)", _text(_CPUINFO))
    return found.group(1) if found else platform.processor() or platform.machine()


def instructions() -> list[str]:
    """What it has for arithmetic, in order of the alphabet; processors of one name, as a cloud gives them, may differ in it.
    Empty where the system does not say."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)", _text(_CPUINFO), re.MULTILINE)
    return sorted(one for one in found.group(1).split() if _INSTRUCTIONS.match(one)) if found else []


def described() -> str:
    """The processor with the most telling of its instructions, for tables: "AMD EPYC (avx512_bf16)"."""
    has = instructions()
    telling = next((f" ({one})" for one in _TELLING if one in has), "")
    return f"{processor()}{telling}"


def machine() -> dict[str, str | int]:
    """Processor, the cores this process may use, GPUs, system."""
    return {
        "processor": processor(),
        "instructions": " ".join(instructions()),
        "cores": cores(),
        "gpus": ", ".join(gpus()),
        "system": f"{platform.system()} {platform.machine()}",
    }


def gpus() -> list[str]:
    """NVIDIA's GPUs with their driver, as the driver's own files say on Linux: nothing has to be started for it."""
    found = []
    for information in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        text = _text(information)
        model = re.search(r"Model:\s*(.+)", text)
        found.append(model.group(1).strip() if model else information.parent.name)
    if found:
        version = re.search(r"Kernel Module\D*([\d.]+)", _text(Path("/proc/driver/nvidia/version")))
        found.append(f"driver {version.group(1)}" if version else "driver unknown")
    return found


def versions() -> dict[str, str]:
    """Of every runtime that is installed."""
    found = dict(onnxruntime_distributions())
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
