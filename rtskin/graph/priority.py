"""Who goes first where threads compete for the cores."""

from __future__ import annotations

import logging
import os
import sys
import threading

log = logging.getLogger("rtskin.graph")

#: Steps of niceness. Measured with a network of 4.3 ms on two cores, 720p at full pace, against equal priorities: source and
#: preprocess lowered, 1.10 of the frames a second and a latency of 45 instead of 58 ms; the source alone, 1.04; all but the
#: network, 1.05; 10 steps as 5.
_STEPS = 5


def give_way() -> None:
    """Let the calling thread run only where the others leave time, for as long as it lives, and threads it starts too.

    A source that reads ahead as fast as it may takes the core from the network it feeds, then waits for it: what is to
    come first is what is nearest to the end. Only Linux has priorities by thread; elsewhere nothing happens.
    """
    if sys.platform != "linux" or threading.current_thread() is threading.main_thread():
        return
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _STEPS)
    except OSError as error:  # some sandboxes forbid it; only speed is lost
        log.debug("the source keeps its priority: %s", error)
