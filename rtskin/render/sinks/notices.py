"""Words for who looks at a window: how the graph does, and what a key has changed."""

from __future__ import annotations

import time
from typing import Any

#: Seconds between two looks at whether a model is there, and until nobody waits for it any more.
_LOOK, _PATIENCE = 0.25, 180.0

Counters = dict[str, dict[str, Any]]


def figures(statistics: Any) -> list[str]:
    """What matters of a graph's statistics (rtskin.graph.stats.GraphStatistics) to who looks at its window."""
    if statistics is None:
        return []
    p50, p95 = (statistics.latency_ms.get(name) for name in ("p50", "p95"))
    late = "" if p50 is None or p95 is None else f", {p50:.0f} ms late (95 %: {p95:.0f})"
    counters = _counters(statistics)
    smooth, render = counters.get("smooth", {}), counters.get("render", {})
    return [
        f"{statistics.fps:.1f} frames/s{late}",
        f"dropped {statistics.frames.get('dropped', 0)} of {statistics.frames.get('captured', 0)}",
        f"model {statistics.model}, {statistics.runtime} on {statistics.device}",
        f"smoothing {smooth.get('mode', '-')}, strength {smooth.get('strength', '-')}",
        f"view {render.get('view', '-')}, threshold {render.get('threshold', '-')}",
    ]


def notice(command: str, statistics: Any) -> str:
    """What is so now that this command was taken (rtskin.render.sinks.keys.COMMANDS)."""
    counters = _counters(statistics)
    smooth, render = counters.get("smooth", {}), counters.get("render", {})
    method, threshold = smooth.get("method"), render.get("threshold")
    said = {
        "smooth": "smoothing off" if method == "none" else f"smoothing {method}",
        "strength": f"smoothing strength {smooth.get('strength')}" + (" (it is off)" if method == "none" else ""),
        "threshold": f"threshold {threshold}" if threshold else "threshold off: soft masks",
        "view": f"view {render.get('view')}",
        "model": "the next model is being loaded",
    }
    known = {"smooth": smooth, "strength": smooth, "threshold": render, "view": render}
    return said[command] if command in said and known.get(command, said) else f"{command} changed"


class Awaited:
    """A model that was asked for loads beside: says when it is there, or cannot be."""

    def __init__(self) -> None:
        self._before: tuple[str, str] | None = None
        self._due = self._until = 0.0

    def ask(self, statistics: Any) -> None:
        """One was asked for now."""
        self._before, self._until = _models(statistics), time.monotonic() + _PATIENCE

    def news(self, statistics: Any) -> str | None:
        """What became of it, once; statistics: what gives them."""
        now = time.monotonic()
        if self._before is None or now < self._due:
            return None
        self._due = now + _LOOK
        before, (model, failed) = self._before, _models(statistics())
        if (model, failed) == before:
            self._before = before if now < self._until else None
            return None
        self._before = None
        return f"model {model}" if model != before[0] else f"the model {failed} cannot be loaded; {model} stays"


def _models(statistics: Any) -> tuple[str, str]:
    """The one in use, and the last one that could not be."""
    infer = _counters(statistics).get("infer", {})
    return str(infer.get("model", "-")), str(infer.get("not_loaded", ""))


def _counters(statistics: Any) -> Counters:
    return {} if statistics is None else {name: node.counters for name, node in statistics.nodes.items()}
