from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from rtskin.graph.stats import Histogram
from rtskin.graph.table import as_table
from tests.graph.nodes import Call, Collect, Count, chain


@pytest.mark.parametrize("scale", [0.01, 1.0, 250.0])
def test_percentiles_are_right_within_a_percent(scale: float) -> None:
    samples = np.random.default_rng(0).gamma(2.0, scale, 5000)
    histogram = Histogram()
    for sample in samples:
        histogram.add(float(sample))
    for percent in (50, 95, 99):
        assert histogram.percentile(percent) == pytest.approx(np.percentile(samples, percent), rel=0.011, abs=0.002)


def test_nothing_counted_has_no_percentile_and_zero_is_counted() -> None:
    histogram = Histogram()
    assert histogram.percentile(50) is None
    histogram.add(0.0)
    assert histogram.percentile(50) == pytest.approx(0.001, abs=0.001)


def test_the_table_shows_nodes_and_drops() -> None:
    statistics = chain(Count(frames=30, live=True), Call(), Collect(), workers=1).run()
    console = Console(file=io.StringIO(), width=120)
    console.print(as_table(statistics))
    text = console.file.getvalue()
    assert "of 30 frames" in text
    assert "sink" in text
    assert ("superseded" in text) == (statistics.frames["dropped"] > 0)
