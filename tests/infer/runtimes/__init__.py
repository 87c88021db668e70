"""What runs a network."""

from rtskin.registry import RUNTIMES

#: The runtimes that rtskin brings: other tests register some of their own.
OURS = [name for name in RUNTIMES.names() if RUNTIMES.get(name).__module__.startswith("rtskin.")]
