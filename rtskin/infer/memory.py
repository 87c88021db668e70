"""Is there memory enough for a network: said before it is loaded, not by being killed; or else when it turns out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rtskin.errors import RuntimeUnavailableError
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card
from rtskin.preprocess.fit import Shape

#: Where Linux says what may still be had, and what the group of processes may have and has.
_SYSTEM = Path("/proc/meminfo")
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


#: The pages of this process, the first number of them all that it has addresses for.
_PAGES = Path("/proc/self/statm")

#: How ONNX Runtime, torch and numpy say that they were given no memory, with the bytes that they asked for; and others.
_ASKED = (r"allocate memory for requested buffer of size (\d+)", r"tried to allocate (\d+) bytes")
_SHORT = r"bad_alloc|bad allocation|(?:unable|failed|could not|cannot|can't) (?:to )?allocate|not enough memory"

_INSTEAD = (
    "use a smaller input (--size, or rtskin models import --size), or let a small network work in tiles "
    "(--model mobile-unet --refine)"
)
#: Pixels of an input from which on it is worked out what a network needs whose card does not say.
_LARGE = 1024 * 1024


def require_memory(card: Card, device: str, shapes: Sequence[Shape]) -> None:
    """RuntimeUnavailableError where what the network needs at the smallest of the shapes is known, and is not there. Other
    devices than the CPU have memory of their own, and say themselves where it is too small."""
    shape = min(shapes, key=_pixels)
    if device not in ("auto", "cpu") or (card.memory_mb is None and _pixels(shape) < _LARGE):
        return
    free, need = free_megabytes(), needed_megabytes(card, shape)
    if free is None or need is None or need <= free:
        return
    raise RuntimeUnavailableError(f"{_needs(card, shape, need)} and {free / 1000:.1f} GB are free; {_INSTEAD}")


def needed_megabytes(card: Card, shape: Shape) -> int | None:
    """About how much memory running a network at a shape (width, height) takes: as its card says, else worked out from its
    file; None where that cannot be."""
    if card.memory_mb is not None:
        # Nearly all of it are values, which grow as the picture does.
        return round(card.memory_mb * _pixels(shape) / _pixels((card.tensor.width, card.tensor.height)))
    try:
        from rtskin.nets.footprint import footprint

        assert card.weights_path is not None
        return footprint(card.weights_path, shape) // 1_000_000
    except Exception:  # onnx is not there, the file is none of its, or memory is short for this too
        return None


def is_short(error: BaseException | str) -> bool:
    """Is it of memory that somebody was not given."""
    return isinstance(error, MemoryError) or re.search(_SHORT, str(error), re.IGNORECASE) is not None


def too_little(card: Card, device: str, shape: Shape, error: BaseException | str) -> RuntimeUnavailableError:
    """What to raise where memory ran short (:func:`is_short`) while a network ran at a shape (width, height)."""
    asked = next((int(found[1]) for one in _ASKED if (found := re.search(one, str(error)))), None)
    free, need = (free_megabytes(), needed_megabytes(card, shape)) if device == "cpu" else (None, None)
    if need is not None:
        words = _needs(card, shape, need)
    elif asked is not None:
        words = f"{card.name!r} needs at least {asked / 1e9:.2f} GB more memory at {times(shape)}"
    else:
        words = f"{card.name!r} needs more memory than it was given at {times(shape)}"
    left = "" if free is None else f" and {free / 1000:.1f} GB are free"
    return RuntimeUnavailableError(f"{words}{left}; {_INSTEAD}")


def free_megabytes() -> int | None:
    """What a process may still take without others being swapped out or somebody being killed; None where nobody says."""
    found = [value for value in (_available(), _left_of_limit(), _left_of_addresses()) if value is not None]
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


def _left_of_addresses() -> int | None:
    """Of what the process may have addresses for (``ulimit -v``)."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        used = int(_PAGES.read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # no Unix; no Linux
        return None
    return None if limit == resource.RLIM_INFINITY else max(0, limit - used)


def _pixels(shape: Shape) -> int:
    return shape[0] * shape[1]


def _needs(card: Card, shape: Shape, megabytes: int) -> str:
    return f"{card.name!r} needs about {megabytes / 1000:.1f} GB of memory at {times(shape)}"
