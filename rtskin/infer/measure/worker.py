"""``python -m rtskin.infer.measure.worker``: loads a network in one way, and runs it whenever it is told to.

A line of JSON in, a line of JSON out; the first says what to load. What a driver or library prints goes to standard error.
An error is an answer too; a crash is seen by who started the process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Any

import numpy as np

from rtskin.errors import RtskinError
from rtskin.infer.cards import load_card
from rtskin.infer.runtimes.base import Runtime
from rtskin.infer.runtimes.load_errors import one_line
from rtskin.registry import RUNTIMES


def main() -> int:
    # Standard output is for answers alone.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        job = json.loads(sys.stdin.readline())
        opened, loaded = _open(job)
        _say(answers, loaded)
        for line in sys.stdin:
            _say(answers, _do(opened, json.loads(line), job))
    except RtskinError as error:
        _say(answers, {"error": str(error)})
    except Exception as error:  # what a runtime raises: it is what is asked for here
        _say(answers, {"error": f"{type(error).__name__}: {one_line(error)}"})
    return 0


def _open(job: dict[str, Any]) -> tuple[Runtime, dict[str, Any]]:
    card, shape = load_card(job["card"]), (job["shape"][0], job["shape"][1])
    way = job["way"]
    begun = time.perf_counter()
    runtime: Runtime = RUNTIMES.get(way["runtime"])(
        card, device=way["device"], threads=way["threads"], options=way["options"], shapes=(shape,)
    )
    loaded = time.perf_counter()
    runtime.warm_up(shape)
    first = time.perf_counter()
    info = runtime.info
    facts = {"runtime": info.runtime, "device": info.device, "precision": info.precision, "threads": info.threads}
    return runtime, {"info": facts, "load_s": round(loaded - begun, 4), "first_ms": round((first - loaded) * 1e3, 3)}


def _do(runtime: Runtime, order: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    width, height = job["shape"]
    tensor = picture(width, height).astype(runtime.card.tensor.dtype)
    if "answer" in order:
        with Path(order["answer"]).open("wb") as file:
            np.save(file, runtime.run(_normalised(runtime, tensor)))
        return {"peak_mb": peak_mb()}
    tensor, times = _normalised(runtime, tensor), []
    for _ in range(order["runs"]):
        begun = time.perf_counter()
        runtime.run(tensor)
        times.append((time.perf_counter() - begun) * 1e3)
    return {"ms": times, "peak_mb": peak_mb()}


def picture(width: int, height: int) -> np.ndarray[Any, Any]:
    """float32 1×3×height×width, 0 … 255: skin-coloured discs of many sizes over a soft gradient with grain."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    base = np.stack([90 + 100 * x / width, 110 + 60 * y / height, 140 - 80 * x / width])
    for red, green, blue in ((224, 172, 145), (141, 85, 60), (198, 134, 100), (255, 205, 180)):
        cx, cy = rng.uniform(0.1, 0.9, 2) * (width, height)
        inside = np.hypot(x - cx, y - cy) < rng.uniform(0.08, 0.25) * min(width, height)
        base[:, inside] = np.array([[red], [green], [blue]])
    noisy = np.clip(base + rng.normal(0, 6, base.shape), 0, 255)
    return noisy[None].astype(np.float32)


def _normalised(runtime: Runtime, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    spec = runtime.card.tensor
    if spec.dtype == "uint8":
        return tensor
    mean, std = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (spec.mean, spec.std))
    return np.ascontiguousarray((tensor * np.float32(spec.scale) - mean) / std, np.float32)


def peak_mb() -> float:
    """The most memory this process held, in megabytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1 << 20) if sys.platform == "darwin" else most / (1 << 10), 1)


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    sys.exit(main())
