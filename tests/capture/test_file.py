from __future__ import annotations

import gc
import itertools
import logging
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
from rtskin.errors import InputError, NoFramesError, RtskinError, SourceError, SourceNotFoundError
from rtskin.media import av

from .media import cut, make_sound, make_video, rewrite


def numbers(source) -> list[int]:
    return [read_number(frame.bgr) for frame in source]


def test_every_frame_comes_once_in_order_with_the_times_of_the_file(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 45)
    with av.open(str(path)) as container:
        expected = sorted(packet.pts for packet in container.demux(video=0) if packet.size)
    with open_source(path) as source:
        frames = list(source)
        assert source.read() is None
    assert [read_number(frame.bgr) for frame in frames] == list(range(45))
    assert [frame.pts for frame in frames] == expected
    assert [frame.seq for frame in frames] == list(range(45))
    assert frames[3].time == pytest.approx(0.1)
    assert not source.live
    assert all(a.captured_ns <= b.captured_ns for a, b in itertools.pairwise(frames))


def test_info_tells_size_rate_length_and_path(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 30, size=(96, 64))
    with open_source(path) as source:
        info = source.info
    assert (info.name, info.width, info.height, info.rate) == ("clip.mp4", 96, 64, 30)
    assert (info.frames, info.path) == (30, str(path))
    assert info.duration == pytest.approx(1.0)


def test_variable_rate_keeps_its_times(tmp_path):
    pts = [0, 10, 15, 40, 41, 90, 200]
    path = make_video(tmp_path / "clip.mkv", 7, pts=pts, time_base=Fraction(1, 100))
    with open_source(path) as source:
        assert [frame.time for frame in source] == pytest.approx([value / 100 for value in pts], abs=0.0006)


def test_a_start_behind_zero_is_kept_and_spans_count_from_the_first_frame(tmp_path):
    path = make_video(tmp_path / "clip.mkv", 30, pts=range(90, 120))
    with open_source(path) as source:
        assert next(iter(source)).time == pytest.approx(3.0)
    with open_source(path, start=0.5, end=0.7) as source:
        assert numbers(source) == [15, 16, 17, 18, 19, 20]


def test_frames_without_times_get_the_rhythm_and_are_counted(tmp_path):
    path = make_video(tmp_path / "clip.h264", 20)  # a raw stream has no container and so no times
    with open_source(path) as source:
        frames = list(source)
        assert source.counters()["retimed"] == 20
    assert [frame.time for frame in frames] == pytest.approx([n / 30 for n in range(20)], abs=1e-4)
    with open_source(path, start=0.3) as source:
        assert numbers(source) == list(range(9, 20))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize(("start", "end"), [(0.5, 1.0), (0.51, None), (None, 0.2), (0.0, 0.1)])
def test_start_and_end_select_frames(tmp_path, suffix, start, end):
    codec = "mpeg4" if suffix == "avi" else "libx264"
    path = make_video(tmp_path / f"clip.{suffix}", 45, codec=codec)
    with open_source(path) as source:
        times = [frame.time for frame in source]
    chosen = [n for n, time in enumerate(times) if (start or 0) <= round(time - times[0], 9) < (end or 9)]
    with open_source(path, start=start, end=end) as source:
        assert numbers(source) == chosen
        assert source.info.frames == pytest.approx(len(chosen), abs=1)
        assert source.counters()["truncated"] == 0


def test_a_span_behind_the_end_is_an_error_that_tells_the_length(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 30)
    with open_source(path, start=5) as source, pytest.raises(NoFramesError, match=r"clip\.mp4.*1\.00 s long"):
        source.read()
    with pytest.raises(InputError, match="behind start"):
        open_source(path, start=2, end=1)
    with pytest.raises(InputError, match="0 or more"):
        open_source(path, start=-1)


@pytest.mark.parametrize(
    ("rotation", "degrees", "turn"),
    [
        ((90, False, False), 270, lambda a: np.rot90(a)),
        ((180, False, False), 180, lambda a: a[::-1, ::-1]),
        ((-90, False, False), 90, lambda a: np.rot90(a, -1)),
        ((0, True, False), 0, lambda a: a[:, ::-1]),
        ((0, False, True), 0, lambda a: a[::-1]),
        ((90, True, False), 270, lambda a: np.rot90(a)[:, ::-1]),
        ((-90, True, False), 90, lambda a: np.rot90(a, -1)[:, ::-1]),
    ],
)
def test_rotation_is_applied_to_the_planes_as_they_are(tmp_path, rotation, degrees, turn):
    options = {"qp": "0"}
    plain = make_video(tmp_path / "plain.mp4", 2, size=(96, 48), pixels="yuv420p", options=options)
    turned = make_video(tmp_path / "turned.mp4", 2, size=(96, 48), pixels="yuv420p", options=options, rotation=rotation)
    with open_source(plain) as source:
        first = source.read()
        expected = [turn(plane(first, index)) for index in range(3)]
    with open_source(turned) as source:
        frame = source.read()
        assert source.info.rotation == degrees
        assert (source.info.width, source.info.height) == (frame.width, frame.height)
    assert frame.picture.format == "yuv420p"
    assert frame.bgr.shape[:2] == expected[0].shape
    for index in range(3):
        np.testing.assert_array_equal(plane(frame, index), expected[index])


def plane(frame, index: int) -> np.ndarray:
    part = frame.picture.frame.planes[index]
    assert part.line_size > 0
    return np.frombuffer(part, np.uint8).reshape(part.height, part.line_size)[:, : part.width].copy()


def test_an_odd_angle_is_said_and_not_applied(tmp_path, caplog):
    path = make_video(tmp_path / "clip.mp4", 2, rotation=(30, False, False))
    with open_source(path) as source:
        assert source.info.rotation == 0
    assert "only quarter turns" in caplog.text


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_damaged_packets_are_passed_over_and_counted(tmp_path, suffix, caplog):
    whole = make_video(tmp_path / f"whole.{suffix}", 60, options={"bf": "0"})
    noise = np.random.default_rng(3).integers(0, 256, 100_000, dtype=np.uint8).tobytes()
    path = rewrite(
        whole, tmp_path / f"damaged.{suffix}", lambda n, data: noise[: len(data)] if n in (22, 23, 44) else data
    )
    with caplog.at_level(logging.WARNING), open_source(path) as source:
        frames = list(source)
        assert source.counters()["damaged"] >= 3
    times = [round(frame.time * 30) for frame in frames]
    assert len(frames) >= 57
    assert times == sorted(set(times))
    assert times[-1] == 59
    assert "damaged.mp4 is damaged" in caplog.text or "damaged.mkv is damaged" in caplog.text


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4"])
def test_a_truncated_video_gives_what_decodes_and_says_so(tmp_path, suffix, caplog):
    codec = "libvpx" if suffix == "webm" else "libx264"
    container = {"movflags": "+faststart"} if suffix == "mp4" else {}
    whole = make_video(tmp_path / f"whole.{suffix}", 60, codec=codec, container=container)
    with open_source(cut(whole, tmp_path / f"cut.{suffix}", 0.6)) as source:
        frames = list(source)
        assert source.counters()["truncated"] == 1
    assert 10 < len(frames) < 60
    assert [round(frame.time * 30) for frame in frames] == list(range(len(frames)))
    assert f"cut.{suffix} is cut short" in caplog.text


def test_a_whole_video_with_longer_audio_is_not_called_truncated(tmp_path, caplog):
    with open_source(make_video(tmp_path / "clip.mkv", 30, audio=True)) as source:
        assert len(list(source)) == 30
        assert not any(source.counters().values())
    assert caplog.text == ""


def test_what_is_no_video_is_refused_in_one_line(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video\n" * 500)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    headless = cut(make_video(tmp_path / "whole.mp4"), tmp_path / "headless.mp4", 0.5)
    cases = {
        tmp_path / "absent.mp4": SourceNotFoundError,
        tmp_path: SourceError,
        text: SourceError,
        empty: NoFramesError,
        headless: SourceError,
        make_sound(tmp_path / "sound.m4a"): NoFramesError,
    }
    for path, kind in cases.items():
        with pytest.raises(kind) as caught:
            open_source(path)
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "Errno" not in str(caught.value)
        assert isinstance(caught.value, RtskinError)


def test_a_video_with_no_decodable_picture_has_no_frames(tmp_path):
    whole = make_video(tmp_path / "whole.mp4", 10)
    path = rewrite(whole, tmp_path / "dead.mp4", lambda n, data: bytes(len(data)))
    with pytest.raises(NoFramesError, match=r"dead\.mp4"):
        open_source(path)


@pytest.mark.parametrize(
    ("pixels", "codec", "suffix"),
    [
        ("yuv420p10le", "libx264", "mkv"),
        ("yuv444p", "libx264", "mkv"),
        ("gray", "ffv1", "mkv"),
        ("gray16le", "ffv1", "mkv"),
        ("bgra", "ffv1", "mkv"),
        ("yuva420p", "ffv1", "mkv"),
        ("rgb24", "png", "mov"),
        ("yuv422p10le", "prores_ks", "mov"),
    ],
)
def test_any_pixel_format_becomes_bgr(tmp_path, pixels, codec, suffix):
    path = make_video(tmp_path / f"clip.{suffix}", 3, codec=codec, pixels=pixels)
    with open_source(path) as source:
        frames = list(source)
    assert [read_number(frame.bgr) for frame in frames] == [0, 1, 2]
    assert all(frame.bgr.shape == (96, 96, 3) and frame.bgr.dtype == np.uint8 for frame in frames)


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (33, 17), (641, 3)])
def test_odd_sizes(tmp_path, size):
    path = make_video(tmp_path / "clip.mkv", 2, size=size, codec="ffv1", options={"level": "1"})
    with open_source(path) as source:
        frames = list(source)
    assert [frame.bgr.shape for frame in frames] == [(size[1], size[0], 3)] * 2
    assert all(frame.bgr.flags.c_contiguous for frame in frames)


def test_frames_that_are_kept_stay_distinct(tmp_path):
    path = make_video(tmp_path / "clip.mkv", 30, size=(97, 97), codec="ffv1")  # padded rows take the pooled path
    with open_source(path) as source:
        kept = [frame.bgr for frame in source]
    gc.collect()
    assert [read_number(pixels) for pixels in kept] == list(range(30))


def test_two_threads_may_ask_for_bgr_at_once(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 20)
    with open_source(path) as source:
        frames = list(source)
    results: list[list[np.ndarray]] = [[], []]
    gate = threading.Barrier(2)

    def convert(own: list[np.ndarray]) -> None:
        gate.wait()
        own.extend(frame.picture.bgr() for frame in frames)

    threads = [threading.Thread(target=convert, args=(own,)) for own in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(a is b for a, b in zip(*results, strict=True))
    assert [read_number(pixels) for pixels in results[0]] == list(range(20))


def test_interrupt_and_close_end_the_reading(tmp_path):
    path = make_video(tmp_path / "clip.mp4", 10)
    source = open_source(path)
    assert source.read() is not None
    source.interrupt()
    assert source.read() is None
    source.close()
    source.close()
    assert source.read() is None
    assert source.counters()["damaged"] == 0


def test_real_clips_give_as_many_frames_as_they_hold(shared: Path):
    for name, frames in (("intel_asl_book.mkv", None), ("latentsync_1.mp4", 200)):
        path = shared / "data/videos" / name
        with av.open(str(path)) as container:
            pts = sorted(packet.pts for packet in container.demux(video=0) if packet.size)
        with open_source(path) as source:
            got = [frame.pts for frame in source]
            assert not any(source.counters().values())
        assert got == pts
        assert frames in (None, len(got))
