"""How much of the machine others used meanwhile: on a shared one, a figure without that says little."""

from __future__ import annotations

import time
from pathlib import Path

_STAT = Path("/proc/stat")


class Others:
    """Watches from its making on. Only Linux tells; elsewhere nobody else is seen."""

    def __init__(self) -> None:
        self._begin = _clocks()

    def share(self) -> float:
        """Part of all cores' time, 0 … 1, that went to other processes or to other machines on the same host."""
        idle, total, own = (after - before for before, after in zip(self._begin, _clocks(), strict=True))
        return max(0.0, 1 - (idle + own) / total) if total > 0 else 0.0


def _clocks() -> tuple[float, float, float]:
    """Ticks idle and in all, of all cores together, and this process's own."""
    try:
        ticks = [int(word) for word in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0.0, 0.0, 0.0
    return float(ticks[3] + ticks[4]), float(sum(ticks)), time.process_time() * 100
