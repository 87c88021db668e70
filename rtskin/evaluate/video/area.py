"""The area of a mask over time, and how much it trembles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def jitter(areas: Sequence[float]) -> float | None:
    """Trembling of the area, in per cent of its mean: root of the mean squared second difference, divided by √6.

    The second difference leaves out what grows or shrinks evenly, and √6 makes the figure the standard deviation of an area
    that is steady but for white noise. None: fewer than three frames, or nothing was found at all (which is perfectly steady
    and no good: look at the mean area).
    """
    values = np.asarray(areas, np.float64)
    if len(values) < 3 or values.mean() <= 0:
        return None
    second = np.diff(values, 2)
    return 100 * float(np.sqrt(np.mean(np.square(second)) / 6) / values.mean())
