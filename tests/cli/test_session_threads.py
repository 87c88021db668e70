"""OpenCV's threads during a run from the command line."""

from __future__ import annotations

import pytest

from rtskin.cli.session import opencv_alone
from rtskin.media import cv2


def test_opencv_has_no_threads_meanwhile_and_gets_them_back_after_an_error() -> None:
    before, during = cv2.getNumThreads(), []

    def fail() -> None:
        with opencv_alone():
            during.append(cv2.getNumThreads())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert during == [1]
    assert cv2.getNumThreads() == before
