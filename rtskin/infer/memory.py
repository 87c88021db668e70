"""Is there memory enough for a network: said before it is loaded, not by being killed."""

from __future__ import annotations

from pathlib import Path

from rtskin.errors import RuntimeUnavailableError
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card

#: Where Linux says what may still be had, and what the group of processes may have and has.
_SYSTEM = Path("/proc/meminfo")
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def require_memory(card: Card, device: str) -> None:
    """RuntimeUnavailableError where the card says what the network needs, and it is not there. Other devices than the CPU
    have memory of their own, and say themselves where it is too small."""
    free = free_megabytes()
    if card.memory_mb is None or free is None or device not in ("auto", "cpu") or card.memory_mb <= free:
        return
    shape = times((card.tensor.width, card.tensor.height))
    raise RuntimeUnavailableError(
        f"{card.name!r} needs about {card.memory_mb / 1000:.1f} GB of memory at {shape} and {free / 1000:.1f} GB are free; "
        "import its checkpoint for a smaller input (rtskin models import --size), or let a small network work in tiles "
        "(--model mobile-unet --refine)"
    )


def free_megabytes() -> int | None:
    """What a process may still take without others being swapped out or somebody being killed; None where nobody says."""
    found = [value for value in (_available(), _left_of_limit()) if value is not None]
    return min(found) // 1_000_000 if found else None


def _available() -> int | None:
    try:
        lines = _SYSTEM.read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kilobytes is None else int(kilobytes) * 1024


def _left_of_limit() -> int | None:
    """Of a container's limit."""
    try:
        limit, used = _LIMIT.read_text().strip(), _USED.read_text().strip()
    except OSError:
        return None
    return int(limit) - int(used) if limit.isdigit() and used.isdigit() else None
