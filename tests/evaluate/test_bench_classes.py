"""The benchmarks of classes and of priors, on made-up pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

parts = pytest.importorskip("bench.parts")
prior = pytest.importorskip("bench.prior")

from rtskin.errors import InputError  # noqa: E402
from rtskin.evaluate.datasets import load_pairs  # noqa: E402
from rtskin.infer.base import load_segmenter  # noqa: E402
from rtskin.media import cv2  # noqa: E402

NAMES = ["background", "skin", "hair", "clothes"]
TABLE = {"background": [0], "skin": [1], "hair": [2], "background|clothes": [3], "hair|clothes": [4]}


def test_what_the_labels_decide() -> None:
    for name, yes, no in (("hair", [2], [0, 1, 3]), ("clothes", [], [0, 1, 2]), ("person", [1, 2, 4], [0])):
        sure, sure_not = parts.decided(TABLE, NAMES, name)
        assert np.flatnonzero(sure).tolist() == yes
        assert np.flatnonzero(sure_not).tolist() == no


def test_open_pixels_are_left_out(tmp_path: Path) -> None:
    for kind in ("images", "masks", "labels"):
        (tmp_path / kind).mkdir()
    labels = np.zeros((40, 40), np.uint8)
    labels[:20, :20], labels[20:, :20] = 2, 4
    for kind, picture in (("images", np.zeros((40, 40, 3), np.uint8)), ("masks", labels * 0), ("labels", labels)):
        cv2.imwrite(str(tmp_path / kind / "a.png"), picture)
    left = np.zeros((40, 40), np.uint8)
    left[:, :20] = 255
    report = parts.measure(load_pairs(tmp_path), {"hair": lambda image: left}, TABLE, NAMES, "net")
    (said,) = report.accuracy("net").values()
    assert said["mean_iou"] == 1, "what may be hair or clothes is nobody's fault"


def test_a_network_without_a_prior_has_none_to_measure(tmp_path: Path) -> None:
    ellipse = load_segmenter("ellipse")
    with pytest.raises(InputError, match="'ellipse' takes no prior"):
        prior.measure([], ellipse, ellipse, "ellipse")
