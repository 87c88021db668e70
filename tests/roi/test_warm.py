"""Whatever happens in a stream, nothing is compiled in it."""

from __future__ import annotations

import subprocess
import sys

#: In a process of its own: kernels that other tests compiled would hide what is missing.
SCRIPT = """
import sys

import numpy as np

from rtskin.roi.warm import warm
from tests.roi.masks import disc, hand, opened, run, together

def compiled():
    modules = [module for name, module in sys.modules.items() if name.startswith("rtskin.roi")]
    kernels = [thing for module in modules for thing in vars(module).values() if hasattr(thing, "nopython_signatures")]
    return {kernel.py_func.__qualname__: len(kernel.nopython_signatures) for kernel in kernels}

node = opened(confirm=1)
before = compiled()
for size in (40, 90, 160):
    steps = np.linspace(0, 1, 30)
    run(node, [together(disc(200 + 800 * s, 360, size), hand(1000 - 800 * s, 360, 2 * size)) for s in steps])
run(node, [np.round(255 * hand(640, 360, 300)).astype(np.uint8)] * 3)
after = compiled()
print(sorted(name for name in after if after[name] != before[name]), len(after))
"""


def test_nothing_is_compiled_in_a_stream() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    missing, count = done.stdout.rsplit(maxsplit=1)
    assert missing == "[]"
    assert int(count) > 10
