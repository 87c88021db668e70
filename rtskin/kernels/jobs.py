"""Jobs: callables without arguments that call kernels, by name ("module:function"), and what is remembered of them."""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import ModuleType


def run(name: str) -> None:
    """Calls it, so that its kernels are compiled or loaded, and remembers that. Raises what it raises."""
    module, _, function = name.partition(":")
    attrgetter(function)(import_module(module))()
    mark = _mark(name)
    if mark is not None:
        with suppress(OSError):  # it is looked at again next time
            mark.touch()


def done(name: str) -> bool:
    """Whether it ran here since its module, numba or the machine changed: its kernels then need only be loaded."""
    mark = _mark(name)
    return mark is not None and mark.exists()


def is_kept(name: str) -> bool:
    """Whether numba keeps what it compiles for that job."""
    return _mark(name) is not None


def _mark(name: str) -> Path | None:
    """The empty file that stands for it, beside what numba keeps: both go at once. None where numba keeps nothing."""
    module = import_module(name.partition(":")[0])
    folder = _folder(module)
    if folder is None or module.__file__ is None:
        return None
    at = Path(module.__file__).stat()
    state = (name, at.st_mtime_ns, at.st_size, *_versions())
    return folder / f"rtskin-{hashlib.sha256(repr(state).encode()).hexdigest()[:24]}.compiled"


def _versions() -> tuple[str, ...]:
    import llvmlite
    import numba
    from llvmlite.binding import get_host_cpu_name

    return numba.__version__, llvmlite.__version__, platform.python_version(), get_host_cpu_name()


def _folder(module: ModuleType) -> Path | None:
    """Where numba keeps the kernels of a module."""
    for value in vars(module).values():
        path = getattr(getattr(value, "stats", None), "cache_path", None)
        if path:
            return Path(path)
    return None
