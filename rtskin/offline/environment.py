"""What the bytes of a mask may depend on beside input, options and model: versions of libraries, kind of processor."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from rtskin.infer.runtimes.machine import versions
from rtskin.media import av, cv2


def environment() -> dict[str, str]:
    """Names and versions. cpu: the instruction sets that OpenCV may use here; other kernels choose by the same."""
    import numba
    import numpy as np

    import rtskin

    found = {
        "rtskin": rtskin.__version__,
        "machine": platform.machine(),
        "cpu": _instruction_sets(cv2.getCPUFeaturesLine()),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": importlib.metadata.version("llvmlite"),
        "opencv": cv2.__version__,
        "av": av.__version__,
        "ffmpeg": " ".join(f"{name}-{_dotted(version)}" for name, version in sorted(av.library_versions.items())),
    }
    return found | versions()


#: A value in mappings that hold mappings: the keys that lead to it.
Key = tuple[str, ...]


def unequal(there: Mapping[str, Any], here: Mapping[str, Any], key: Key = ()) -> dict[Key, tuple[Any, Any]]:
    """What is not the same on both sides, with both values; None where one has none. Mappings are looked into."""
    found: dict[Key, tuple[Any, Any]] = {}
    for name in sorted({*there, *here}):
        one, other = there.get(name), here.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found |= unequal(one, other, (*key, name))
        elif one != other:
            found[(*key, name)] = one, other
    return found


def differences(there: Mapping[str, Any], here: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The same in words, each key with dots: "numpy is '1' there, '2' here"."""
    found = unequal(there, here).items()
    return [f"{prefix}{'.'.join(key)} is {_said(one)} there, {_said(other)} here" for key, (one, other) in found]


def _said(value: Any) -> str:
    return "not set" if value is None else repr(value)


def _instruction_sets(line: str) -> str:
    """OpenCV marks what it would use with a star, and what this processor lacks with a question mark."""
    return " ".join(word.lstrip("*") for word in line.split() if not word.endswith("?"))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
