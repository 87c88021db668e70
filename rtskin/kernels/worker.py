"""``python -m rtskin.kernels.worker``: runs the jobs whose names come on standard input, and answers each with a line.

It ends with its standard input, so it outlives nobody who started it by more than a kernel.
"""

from __future__ import annotations

import sys

from rtskin.kernels import jobs


def main() -> None:
    for line in sys.stdin:
        jobs.run(line.strip())
        print("done", flush=True)


if __name__ == "__main__":
    main()
