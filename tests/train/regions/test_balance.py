from __future__ import annotations

import numpy as np
import pytest

from rtskin.train.regions.balance import offsets


def test_what_is_called_too_rarely_gets_more() -> None:
    """Logits that fit, of which one kind lost 0.8."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [300, 100, 500])
    logits = rng.normal(0, 1, (900, 3))
    logits[np.arange(900), labels] += 1.5
    logits[:, 1] -= 0.8
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    added = offsets(probabilities, labels)
    assert added.sum() == pytest.approx(0)
    assert added - added[0] == pytest.approx([0, 0.8, 0], abs=0.25)
    before, after = probabilities.argmax(1) == labels, (logits + added).argmax(1) == labels
    assert after[labels == 1].mean() > before[labels == 1].mean() + 0.1


def test_nothing_where_a_kind_is_not_there() -> None:
    assert offsets(np.full((4, 3), 1 / 3), np.array([0, 0, 1, 1])).tolist() == [0, 0, 0]
