"""Video files that are written from masks: formats, colours, what is copied, what is refused."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.frame import Mask
from rtskin.media import av
from rtskin.render.outputs import OutputOptions, check_output_fits, open_output
from rtskin.render.outputs.compose import composer_for
from rtskin.render.outputs.pixels import channels_of, layout_of

from .conftest import decoded, half, masked, masks_of, read, write

TAGS = {"colorspace": 9, "color_primaries": 9, "color_trc": 16}


def alpha_of(picture: Any) -> Any:
    """The alpha of a decoded picture, 0 … 1."""
    return channels_of(picture)[3] / layout_of(picture.format.name).full


@pytest.mark.parametrize(
    ("name", "form", "encoded"),
    [
        ("a.mov", "yuv420p", "yuva444p12le"),  # how FFmpeg reads ProRes 4444
        ("a.mov", "yuv422p10le", "yuva444p12le"),
        ("a.mov", "rgb24", "yuva444p12le"),
        ("a.webm", "yuv420p", "yuva420p"),
        ("a.webm", "yuv444p10le", "yuva420p"),
        ("a.mkv", "yuv420p", "yuva420p"),
        ("a.mkv", "yuv422p10le", "yuva422p10le"),
        ("a.mkv", "gbrp10le", "gbrap10le"),
        ("a.mkv", "rgb24", "bgra"),
    ],
)
def test_alpha_comes_back(tmp_path: Path, name: str, form: str, encoded: str) -> None:
    masks = [masked(decoded(form, seq=seq)) for seq in range(3)]
    write(tmp_path / name, "alpha", masks)
    pictures = read(tmp_path / name)
    assert [picture.format.name for picture in pictures] == [encoded] * 3
    for picture, mask in zip(pictures, masks, strict=True):
        error = np.abs(alpha_of(picture) - mask.data / 255)
        assert error.max() <= (0.15 if name == "a.webm" else 1 / 500)
        assert error.mean() <= (0.02 if name == "a.webm" else 1 / 500)


@pytest.mark.parametrize("form", ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le", "gbrp10le", "rgb24"])
@pytest.mark.parametrize("view", ["overlay", "alpha"])
def test_ffv1_holds_exactly_what_was_painted(tmp_path: Path, form: str, view: str) -> None:
    masks = [masked(decoded(form, seq=seq)) for seq in range(3)]
    write(tmp_path / "a.mkv", view, masks, codec="ffv1")
    painted = composer_for(view, masks[0].frame, OutputOptions())
    finer = form == "yuv444p12le"
    for picture, mask in zip(read(tmp_path / "a.mkv"), masks, strict=True):
        found, expected = channels_of(picture), channels_of(painted(mask))
        assert len(found) == len(expected)
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
        assert layout_of(picture.format.name).bits == (12 if finer else layout_of(form).bits)


@pytest.mark.parametrize(
    ("name", "form", "encoded", "full"),
    [
        ("a.mp4", "yuv420p", "yuv420p", 1),
        ("a.mp4", "yuvj420p", "yuv420p", 2),
        ("a.mp4", "yuv420p10le", "yuv420p10le", 1),
        ("a.mkv", "yuv422p10le", "yuv422p10le", 1),
        ("a.mov", "yuv420p", "yuv422p10le", 1),
        ("a.mov", "yuvj420p", "yuv422p10le", 1),
        ("a.mov", "yuv420p10le", "yuv422p10le", 1),
        ("a.mov", "yuv444p", "yuv444p12le", 1),
        ("a.webm", "yuv420p", "yuv420p", 1),
    ],
)
def test_depth_range_matrix_primaries_and_transfer_are_kept(
    tmp_path: Path, name: str, form: str, encoded: str, full: int
) -> None:
    range_ = 2 if form.startswith("yuvj") else 1
    masks = [masked(decoded(form, seq=seq, color_range=range_, **TAGS)) for seq in range(3)]
    write(tmp_path / name, "overlay", masks)
    with av.open(str(tmp_path / name)) as container:  # not by libvpx, which does not look at the container
        pictures = list(container.decode(video=0))
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.format.name.replace("yuvj", "yuv") == encoded
        assert (picture.color_range, picture.colorspace, picture.color_primaries, picture.color_trc) == (full, 9, 9, 16)


@pytest.mark.parametrize("size", [(97, 95), (95, 97), (1, 48), (64, 1), (33, 2), (639, 719)])
@pytest.mark.parametrize("form", ["yuv420p", "yuv422p10le"])
def test_ffv1_takes_odd_sizes(tmp_path: Path, size: tuple[int, int], form: str) -> None:
    masks = [masked(decoded(form, size=size, seq=seq)) for seq in range(2)]
    write(tmp_path / "a.mkv", "alpha", masks)
    for picture, mask in zip(read(tmp_path / "a.mkv"), masks, strict=True):
        source = channels_of(mask.frame.picture.frame)
        assert all(np.array_equal(a, b) for a, b in zip(channels_of(picture), source, strict=False))


def test_sizes_that_ffv1_cannot_hold_are_said(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"ffv1 cannot hold pictures of 1x359; write to \.mp4 or \.mov"):
        write(tmp_path / "a.mkv", "alpha", [masked(decoded(size=(1, 359)))])


@pytest.mark.parametrize("view", ["matte", "overlay"])
def test_prores_of_odd_width_has_its_right_border(tmp_path: Path, view: str) -> None:
    frame = decoded(size=(97, 96))
    for plane in channels_of(frame.picture.frame):
        plane[:] = 128
    write(tmp_path / "a.mov", view, [Mask(frame, np.zeros((96, 97), np.uint8))])
    [picture] = read(tmp_path / "a.mov")
    for chroma in channels_of(picture)[1:3]:
        assert np.abs(chroma / 2.0 ** (layout_of(picture.format.name).bits - 8) - 128).max() < 2


def test_what_is_not_said_stays_unsaid(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", "overlay", [masked(decoded())])
    [picture] = read(tmp_path / "a.mp4")
    assert (picture.colorspace, picture.color_primaries, picture.color_trc) == (2, 2, 2)


def test_full_range_becomes_limited_in_prores_and_looks_the_same(tmp_path: Path) -> None:
    frame = decoded("yuvj444p", color_range=2)
    for plane, code in zip(channels_of(frame.picture.frame), (255, 128, 0), strict=True):
        plane[:] = code
    write(tmp_path / "a.mov", "overlay", [Mask(frame, np.zeros((48, 64), np.uint8))])
    means = [plane.mean() / 16 for plane in channels_of(read(tmp_path / "a.mov")[0])]
    assert np.abs(np.array(means) - (235, 128, 16)).max() < 1.5


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
def test_everything_else_is_copied(tmp_path: Path, source: Path, name: str) -> None:
    write(tmp_path / name, "matte", masks_of(source))
    with av.open(str(tmp_path / name)) as copy, av.open(str(source)) as original:
        assert copy.metadata["title"] == "A film"
        assert copy.metadata.get("comment", copy.metadata.get("COMMENT")) == "of discs"
        assert [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in copy.chapters()] == [(0, 1), (1, 2)]
        assert [chapter["metadata"]["title"] for chapter in copy.chapters()] == ["one", "two"]
        codes = {key.lower(): value for key, value in copy.streams.video[0].metadata.items()}
        languages = ("fra", "ger" if name == "a.mov" else "deu")  # mov knows one code of two
        assert (codes["timecode"], codes["language"]) == ("10:00:00:00", languages[0])
        assert copy.streams.audio[0].metadata["language"] == languages[1]
        assert len(copy.streams.subtitles) == (1 if name == "a.mkv" else 0)
        sound = [bytes(packet) for packet in copy.demux(audio=0) if packet.size]
        # Matroska begins at 0, and has no place for the codec's run-up.
        begin = 0 if name == "a.mkv" else -10_000
        before = [bytes(packet) for packet in original.demux(audio=0) if packet.size and packet.pts >= begin]
        assert sound == before


def test_subtitles_come_through_and_where_they_cannot_it_is_said(tmp_path: Path, source: Path, caplog: Any) -> None:
    write(tmp_path / "a.mkv", "matte", masks_of(source))
    with av.open(str(tmp_path / "a.mkv")) as copy:
        lines = [(float(p.pts * p.time_base), bytes(p)) for p in copy.demux(subtitles=0) if p.size]
        assert copy.streams.subtitles[0].metadata["language"] == "eng"
    assert lines == [(0.2, b"Hello"), (1.2, b"you")]
    write(tmp_path / "a.mp4", "matte", masks_of(source))
    assert "the subtitles are left out: srt does not fit into mp4; use .mkv" in caplog.text


@pytest.mark.parametrize("name", ["a.mkv", "a.mov", "a.mp4"])
def test_a_part_has_its_own_chapters_and_timecode(tmp_path: Path, source: Path, name: str) -> None:
    write(tmp_path / name, "matte", masks_of(source, start=1.2))
    with av.open(str(tmp_path / name)) as copy:
        *before, chapter = copy.chapters()
        assert len(before) == (name != "a.mkv")  # mp4 and mov need one from 0 on
        assert chapter["metadata"]["title"] == "two"
        assert abs(chapter["start"] * chapter["time_base"] - Fraction(6, 5)) < Fraction(1, 500)
        codes = {key.lower(): value for key, value in copy.streams.video[0].metadata.items()}
        assert codes["timecode"] == "10:00:01:05"
        assert [float(frame.pts * frame.time_base) for frame in copy.decode(video=0)][:2] == [1.2, 1.24]


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_chapters_without_titles_stay_where_they_are(tmp_path: Path, name: str) -> None:
    base, starts = Fraction(1, 1000), [0, 120, 240]
    with av.open(str(tmp_path / "source.mkv"), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        marks = [
            {"id": n, "start": at, "end": at + 120, "time_base": base, "metadata": {}} for n, at in enumerate(starts)
        ]
        container.set_chapters(marks)
        for seq in range(9):
            container.mux(video.encode(decoded(seq=seq).picture.frame))
        container.mux(video.encode(None))
    write(tmp_path / name, "matte", masks_of(tmp_path / "source.mkv"))
    with av.open(str(tmp_path / name)) as copy:
        assert [round(chapter["start"] * chapter["time_base"] * 1000) for chapter in copy.chapters()] == starts


@pytest.mark.parametrize("frames", range(1, 10))
def test_the_last_picture_is_shown_as_long_as_in_the_source(tmp_path: Path, frames: int) -> None:
    """Ticks of 1 ms at 30 a second: pictures are 33 or 34 apart, each 33 long, and decoded in another order."""
    masks = []
    for seq in range(frames):
        frame = decoded(seq=seq)
        frame.pts, frame.duration, frame.time_base = round(seq * 1000 / 30), 33, Fraction(1, 1000)
        masks.append(masked(frame))
    write(tmp_path / "a.mp4", "overlay", masks)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == Fraction(masks[-1].frame.pts + 33, 1000)


def test_audio_that_does_not_fit_is_known_before_the_work(tmp_path: Path, source: Path) -> None:
    message = r"aac does not fit into webm; use {}, or leave it out \(--copies none\)"
    with pytest.raises(SinkError, match=message.format(r"\.mov or \.mkv")):  # .mp4 holds no alpha
        check_output_fits(tmp_path / "a.webm", "alpha", None, source)
    with pytest.raises(SinkError, match=message.format(r"\.mp4 or \.mov or \.mkv")):
        write(tmp_path / "a.webm", "matte", masks_of(source))
    assert list(tmp_path.iterdir()) == []
    check_output_fits(tmp_path / "a.webm", "alpha", OutputOptions(copies="none"), source)
    check_output_fits(tmp_path / "a.mov", "alpha", None, source)
    write(tmp_path / "a.webm", "matte", masks_of(source), copies="none")
    assert len(read(tmp_path / "a.webm")) == 50


@pytest.mark.parametrize("name", ["a.mkv", "a.mov", "a.mp4", "a.webm"])
def test_two_runs_write_the_same_bytes(tmp_path: Path, name: str) -> None:
    def digest(folder: str) -> str:
        path = tmp_path / folder
        path.mkdir()
        view = "overlay" if name == "a.mp4" else "alpha"
        write(path / name, view, [masked(decoded(size=(70, 50), seq=seq)) for seq in range(5)])
        return hashlib.sha256((path / name).read_bytes()).hexdigest()

    assert digest("one") == digest("two")


@pytest.mark.parametrize(
    ("name", "view", "options", "error", "message"),
    [
        ("a.mp4", "alpha", {}, SinkError, r"\.mp4 cannot hold alpha; write to \.mov \(ProRes 4444\), \.mkv"),
        ("a.mkv", "alpha", {"codec": "h264"}, SinkError, "h264 cannot hold alpha"),
        ("a.mp4", "matte", {"codec": "prores"}, SinkError, r"prores does not fit into \.mp4; use \.mov or \.mkv"),
        ("a.avi", "matte", {}, SinkError, r"there are: \.mp4, \.mov, \.mkv, \.webm"),
        ("a.mp4", "mate", {}, InputError, "did you mean matte"),
        ("a.mov", "matte", {"crf": 20, "codec": "prores"}, InputError, "crf 20 is not for prores"),
        ("a.mp4", "cutout:background=none.png", {}, InputError, "none.png is neither a colour"),
        ("a.mp4", "overlay", {"crf": 60}, InputError, "it goes to 51 for h264"),
    ],
)
def test_what_does_not_go_together(
    tmp_path: Path, name: str, view: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    for ask in (check_output_fits, open_output):
        with pytest.raises(error, match=message):
            ask(tmp_path / name, view, OutputOptions(**options))
    assert list(tmp_path.iterdir()) == []


def test_the_name_appears_only_when_everything_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    output = open_output(path, "overlay")
    output.write(masked(decoded()))
    assert not path.exists()
    output.abandon()
    output.abandon()
    assert list(tmp_path.iterdir()) == []
    write(path, "overlay", [masked(decoded())])
    with pytest.raises(OutputExistsError):
        open_output(path, "overlay")
    with pytest.raises(SinkError, match="not one picture"):
        write(path, "overlay", [], overwrite=True)
    assert [item.name for item in tmp_path.iterdir()] == ["a.mkv"]


def test_cutouts_stand_before_an_image_or_a_video(tmp_path: Path, source: Path) -> None:
    from rtskin.media import cv2

    image = np.zeros((30, 90, 3), np.uint8)
    image[:, 30:60] = (200, 100, 50)
    cv2.imwrite(str(tmp_path / "b.png"), image)
    mask = Mask(decoded(colorspace=5, color_range=1), half())
    composer = composer_for(f"cutout:background={tmp_path / 'b.png'}", mask.frame, OutputOptions())
    right = composer(mask).to_ndarray(format="bgr24", src_color_range=1, dst_color_range=2)[:, 36:50]
    assert np.abs(right.astype(int) - (200, 100, 50)).max() < 8
    # A video plays along, and begins again after its two seconds.
    nothing = np.zeros((48, 64), np.uint8)
    composer = composer_for(f"cutout:background={source}", decoded(), OutputOptions())
    shown = []
    for seq in (0, 1, 10, 49, 50, 60):
        frame = decoded(seq=seq)
        shown.append([plane.copy() for plane in channels_of(composer(Mask(frame, nothing)))])
    behind = [channels_of(mask.frame.picture.frame) for mask in masks_of(source)]
    for planes, number in zip(shown, (0, 1, 10, 49, 0, 10), strict=True):
        assert np.abs(planes[0].astype(int) - behind[number][0]).mean() < 1.5
