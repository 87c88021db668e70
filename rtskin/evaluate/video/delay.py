"""How many frames a mask is late: its centroid's path against the truth's.

The delay d is the one for which ``c(t) = a·g(t − d) + b`` holds best in least squares, c: the centroid of the mask, g: of
the truth. The offset b is there since a network that misses the ears is not late, the gain a since false skin that stands
still holds the centroid back. g is interpolated linearly, so d is finer than a frame. The path has to turn or change its
speed, else a delay and an offset are the same thing; and the mask has to follow it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8

F64 = npt.NDArray[np.float64]

#: What is looked through, in frames; negative: the mask is early (a filter that looks ahead too far).
EARLIEST, LATEST, STEP = -4.0, 12.0, 0.02
#: Pixels that the truth's centroid has to deviate from a straight line, at least, at 720 lines.
STRAIGHT = 1.0
#: Share of the variance of the mask's path that has to be explained, at least: below, it follows something else.
EXPLAINED = 0.5
#: Fewer frames tell nothing.
SHORTEST = 8


def centroid(mask: U8, window: tuple[slice, slice] | None = None) -> tuple[float, float] | None:
    """(x, y) of the soft mask's centre of mass inside ``window`` (rows, columns); None where it is empty."""
    window = window or (slice(None), slice(None))
    part = mask[window]
    down, across = part.sum(axis=1, dtype=np.float64), part.sum(axis=0, dtype=np.float64)
    mass = down.sum()
    if mass <= 0:
        return None
    top, left = window[0].start or 0, window[1].start or 0
    return float(across @ np.arange(len(across)) / mass + left), float(down @ np.arange(len(down)) / mass + top)


def delay(masks: F64, truths: F64, straight: float = STRAIGHT) -> float | None:
    """Frames by which ``masks`` lag ``truths``: both N×2 centroids (x, y), NaN where there was none.

    None: too few frames, or the truth moves on a straight line at one speed (within ``straight`` pixels) or not at all, or
    the mask does not follow it.
    """
    known = np.isfinite(masks).all(axis=1) & np.isfinite(truths).all(axis=1)
    times = np.nonzero(known)[0].astype(np.float64)
    if len(times) < SHORTEST or _from_straight(times, truths[known]) < straight:
        return None
    shifts = np.arange(EARLIEST, LATEST + STEP / 2, STEP)
    costs = np.array([_misfit(float(shift), times, masks[known], truths[known]) for shift in shifts])
    if not np.isfinite(costs).any() or np.nanmin(costs) > 1 - EXPLAINED:
        return None
    best = int(np.nanargmin(costs))
    return float(round(shifts[best] + _vertex(costs, best) * STEP, 4))


def _misfit(shift: float, times: F64, masks: F64, truths: F64) -> float:
    """Share of the variance of the mask's path that the truth's, so much later, does not explain; NaN: it leads elsewhere or
    the truth's path does not reach."""
    inside = (times - shift >= times[0]) & (times - shift <= times[-1])
    if np.count_nonzero(inside) < SHORTEST // 2:
        return float("nan")
    then = times[inside] - shift
    moved = np.stack([np.interp(then, times, truths[:, axis]) for axis in range(2)], axis=1)
    mine, theirs = masks[inside] - masks[inside].mean(axis=0), moved - moved.mean(axis=0)
    both, power = float((mine * theirs).sum()), float(np.square(theirs).sum())
    own = float(np.square(mine).sum())
    if both <= 0 or power <= 0 or own <= 0:
        return float("nan")
    return 1 - both**2 / (power * own)


def _vertex(costs: F64, best: int) -> float:
    """Where the parabola through the best cost and its neighbours has its lowest point, in steps from the best."""
    if not 0 < best < len(costs) - 1:
        return 0.0
    left, middle, right = costs[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend > 1e-12 else 0.0


def _from_straight(times: F64, truths: F64) -> float:
    """Root of the mean squared distance from the best straight, even motion, in pixels."""
    design = np.stack([np.ones_like(times), times], axis=1)
    fitted = design @ np.linalg.lstsq(design, truths, rcond=None)[0]
    return float(np.sqrt(np.square(truths - fitted).sum(axis=1).mean()))
