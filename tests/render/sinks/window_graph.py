"""Run by test_window_graph in a process of its own: ``rtskin live`` in a window, with a look inside.

Prints what changes, a line each; a line on standard input is answered with "captured N shown M". At the end it says the
exit status, the frames that were shown and rendered, and the threads that are left.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import rtskin.cli.graphs as graphs_of_verbs
from rtskin.cli.main import run
from rtskin.graph import Graph

graphs: list[Graph] = []
ended = threading.Event()


class Watched(Graph):
    """The graph that the command line makes, kept to be looked at."""

    def __init__(self, *spec: Any) -> None:
        super().__init__(*spec)
        graphs.append(self)


def say(*words: object) -> None:
    print(*words, flush=True)


def shown(graph: Graph) -> object:
    return graph.nodes["sink"].counters()["frames"]


def watch() -> None:
    before: dict[str, object] = {}
    while not ended.wait(0.01):
        nodes: Any = graphs[0].nodes if graphs else {}
        if not nodes or not nodes["sink"].counters()["frames"]:
            continue
        now = {
            "view": nodes["render"].view,
            "threshold": nodes["render"].options.threshold,
            "strength": nodes["smooth"].options.strength,
            "smooth": nodes["smooth"].counters()["method"],
            "model": nodes["infer"].counters().get("model"),
            "paused": nodes["sink"]._paused,
        }
        for name in now:
            if now[name] != before.get(name):
                say(name, now[name])
        before = now


def answer() -> None:
    for _ in sys.stdin:
        say("captured", graphs[0].statistics().frames["captured"], "shown", shown(graphs[0]))


graphs_of_verbs.Graph = Watched  # type: ignore[misc]
watcher = threading.Thread(target=watch)
watcher.start()
threading.Thread(target=answer, daemon=True).start()
status: object = 0
try:
    run(["live", *sys.argv[1:]])
except SystemExit as end:
    status = end.code or 0
finally:
    ended.set()
    watcher.join()
statistics = graphs[0].statistics()
say("status", status, "shown", shown(graphs[0]), "rendered", statistics.frames["rendered"])
say("left", sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("rtskin")))
