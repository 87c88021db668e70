"""``python -m rtskin.kernels``: compiles now what any node may need, so that no start has to: where a machine's image is
built, or before tests that would all begin with it at once."""

from __future__ import annotations

from rtskin.kernels.ahead import compile_ahead
from rtskin.registry import NODES


def main() -> None:
    seconds: dict[str, float] = {}
    for kind in NODES.names():
        seconds |= getattr(NODES.get(kind), "kernels", {})
    compile_ahead(seconds, print)


if __name__ == "__main__":
    main()
