"""``python -m rtskin.kernels.worker``: runs the jobs whose names come on standard input, and answers each with a line.

It ends with its standard input, at once, whatever it is at: so it outlives nobody who started it.
"""

from __future__ import annotations

import os
import queue
import sys
import threading

from rtskin.kernels import jobs


def main() -> None:
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), name="listen", daemon=True).start()
    try:
        while True:
            jobs.run(asked.get())
            print("done", flush=True)
    finally:
        os._exit(1)  # an error, or Ctrl-C; the thread that reads cannot be woken to end


def _listen(asked: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        asked.put(line.strip())
    os._exit(0)  # numba puts whole files into its cache, or none


if __name__ == "__main__":
    main()
