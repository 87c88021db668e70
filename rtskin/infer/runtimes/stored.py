"""What was worked out once for a model and a machine: optimised networks, engines, the results of a tune.

One file each, in the user's cache folder ($RTSKIN_CACHE overrides). Its name and its first line hold all that it depends on,
so that what is stale is never read; the first line also holds the sha256 of the rest, so that what is damaged is not either.
A cache that cannot be read or written is said, and work goes on without.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtskin.errors import SinkError, reason
from rtskin.files import write_bytes

log = logging.getLogger("rtskin.infer")


def cache_folder() -> Path:
    """$RTSKIN_CACHE, or the user's; it need not exist."""
    chosen = os.environ.get("RTSKIN_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("rtskin", appauthor=False))


class Stored:
    """One thing of a kind ("engines"), for a model by name. key: everything that it depends on, plain values."""

    def __init__(self, kind: str, name: str, key: Mapping[str, Any]) -> None:
        self.key = json.loads(json.dumps(key))
        text = json.dumps(self.key, sort_keys=True)
        self.path = cache_folder() / kind / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"

    def read(self) -> bytes | None:
        """What was written for this very key; None where there is nothing, or nothing whole (which is logged)."""
        try:
            head, _, data = self.path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s cannot be read (%s); going on without it", self.path, reason(error))
            return None
        try:
            said = json.loads(head)
            whole = said["key"] == self.key and said["sha256"] == hashlib.sha256(data).hexdigest()
        except (ValueError, TypeError, KeyError):
            whole = False
        if not whole:
            log.warning("%s is damaged; it is made anew", self.path)
            return None
        return data

    def write(self, data: bytes) -> bool:
        """Keep it, whole or not at all; False where that is impossible (which is logged)."""
        head = json.dumps({"key": self.key, "sha256": hashlib.sha256(data).hexdigest()}, sort_keys=True).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path, head + b"\n" + data, overwrite=True)
        except (OSError, SinkError) as error:
            log.warning("%s is not kept for the next start: %s", self.path.name, reason(error))
            return False
        return True

    def drop(self) -> None:
        """Forget it: what was read cannot be used after all."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be removed: %s", self.path, reason(error))
