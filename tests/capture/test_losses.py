from __future__ import annotations

from rtskin.capture.losses import Losses


def fed(losses: Losses, *packets: int | None, key: int | None = None) -> Losses:
    """Packets in the order of decoding, the first (or that of pts ``key``) a key frame."""
    for place, pts in enumerate(packets):
        losses.read(pts, place == 0 if key is None else pts == key, shown=True)
    return losses


def test_nothing_is_lost_where_every_picture_comes() -> None:
    losses = fed(Losses(), 0, 3, 1, 2)
    for pts in range(4):
        losses.decoded(pts)
    losses.ended()
    assert losses.lost == []


def test_what_a_later_picture_has_passed_is_lost() -> None:
    losses = fed(Losses(), 0, 3, 1, 2, 4, 5)
    losses.decoded(0)
    losses.decoded(3)
    assert losses.lost == [1, 2]
    losses.ended()
    assert losses.lost == [1, 2, 4, 5]


def test_before_the_first_key_frame_nothing_is_lost() -> None:
    losses = fed(Losses(), -2, -1, 5, 3, 6, key=5)
    losses.decoded(5)
    losses.ended()
    assert losses.lost == [6]


def test_only_within_bounds() -> None:
    losses = fed(Losses(2, 5), *range(8))
    losses.decoded(0)
    losses.decoded(7)
    assert losses.lost == [2, 3, 4]
    losses.low, losses.high = 4, None
    assert losses.lost == [4, 5, 6]


def test_hidden_packets_and_missing_times_are_nothing_to_lose() -> None:
    losses = Losses()
    losses.read(0, True, shown=False)
    losses.read(1, False, shown=False)
    losses.read(None, False, shown=True)
    losses.decoded(None)
    losses.decoded(4)
    losses.ended()
    assert losses.lost == []
