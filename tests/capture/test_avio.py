"""How many threads decode."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rtskin.capture import avio


@pytest.mark.parametrize(
    ("processors", "size", "threads"),
    [
        (1, (1280, 720), 1),
        (2, (1280, 720), 1),
        (2, (1920, 1080), 1),
        (2, (3840, 2160), 2),
        (4, (1280, 720), 4),
        (64, (640, 480), 4),
    ],
)
def test_decoding_leaves_the_second_core_to_the_network(
    monkeypatch: pytest.MonkeyPatch, processors: int, size: tuple[int, int], threads: int
) -> None:
    monkeypatch.setattr(avio, "_processors", lambda: range(processors))
    context = SimpleNamespace(width=size[0], height=size[1], thread_type="", thread_count=0)
    avio.use_threads(SimpleNamespace(codec_context=context), "AUTO")
    assert (context.thread_type, context.thread_count) == ("AUTO", threads)
