"""Runs a program that uses ONNX Runtime in this process, and notes how long the network took.

``PYTHON stills_timed.py RESULT MODULE:FUNCTION ARGUMENTS…``. RESULT becomes JSON: monotonic seconds when the network was
loaded, seconds and number of its runs, versions. For any environment that has onnxruntime: it imports nothing else.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.pop(0)  # this folder: its modules have names that others' have too

import onnxruntime


class Timed(onnxruntime.InferenceSession):
    """A session that adds up what its runs take, of all sessions together."""

    loaded = network = 0.0
    runs = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        Timed.loaded = time.monotonic()

    def run(self, *arguments: Any, **options: Any) -> Any:
        return self._timed(super().run, arguments, options)

    def run_with_iobinding(self, *arguments: Any, **options: Any) -> Any:
        return self._timed(super().run_with_iobinding, arguments, options)

    @staticmethod
    def _timed(call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        begun = time.monotonic()
        try:
            return call(*arguments, **options)
        finally:
            Timed.network += time.monotonic() - begun
            Timed.runs += 1


def main() -> None:
    """Ends with the program's own status."""
    result, entry, *arguments = sys.argv[1:]
    module, _, function = entry.partition(":")
    onnxruntime.InferenceSession = Timed
    sys.argv = [module, *arguments]
    try:
        getattr(importlib.import_module(module), function)()
    finally:
        found = {"loaded": Timed.loaded, "network": Timed.network, "runs": Timed.runs}
        package = module.partition(".")[0]
        versions = {"version": version(package), "onnxruntime": onnxruntime.__version__}
        Path(result).write_text(json.dumps({**found, **versions}), "utf-8")


if __name__ == "__main__":
    main()
