"""The file sink: times, colours, mattes, sizes, audio, and what it refuses."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.frame import Color, Mask, Rendered, SourceInfo
from rtskin.graph import Graph
from rtskin.media import av, cv2
from rtskin.node import Context
from rtskin.render.outputs.pixels import channels_of
from rtskin.render.sinks.file import FileSink

from ..conftest import decode, disc, make_frame, make_mask, picture, run
from ..outputs.conftest import decoded

EXTENSIONS = [".mp4", ".mov", ".mkv"]


def test_masks_are_painted_in_the_sources_format(tmp_path: Path) -> None:
    path, data = tmp_path / "out.mkv", np.zeros((48, 64), np.uint8)
    data[:, :32] = 255
    frame = decoded("yuv422p10le")
    run(FileSink(path=path, view="overlay:contour=no,color=ff0000", codec="ffv1"), [Mask(frame, data)])
    [(_, picture)] = decode(path)
    assert picture.format.name == "yuv422p10le"
    pairs = zip(channels_of(picture), channels_of(frame.picture.frame), strict=True)
    assert all(np.array_equal(a[:, 32:], b[:, 32:]) and not np.array_equal(a, b) for a, b in pairs)
    with pytest.raises(SinkError, match="cannot hold alpha"):
        FileSink(path=tmp_path / "out.mp4", view="alpha")


def rendered(step: int, width: int = 64, height: int = 48, **fields: Any) -> Rendered:
    pixels = picture(width, height, step)
    return Rendered(make_frame(pixels, seq=step, **fields), pixels)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def vfr(start: int) -> list[int]:
    steps = [1001, 1001, 2002, 333, 5000, 1001, 1, 1501] * 5
    return [start + int(value) for value in np.cumsum([0, *steps])]


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize(
    ("time_base", "pts"),
    [
        (Fraction(1, 30000), vfr(0)),
        (Fraction(1, 30000), vfr(12347)),
        (Fraction(1, 90000), vfr(900_001)),
        (Fraction(1001, 30000), list(range(5, 60))),
        (Fraction(1, 25), list(range(40))),
        (Fraction(1, 1000), [0, 33, 67, 100, 133, 200, 1267, 1300]),
        (Fraction(1, 10_000_000), [7, 333_340, 666_671]),
    ],
    ids=["vfr", "late", "90k", "ntsc", "25", "ms", "100ns"],
)
def test_times_are_the_sources(tmp_path: Path, extension: str, time_base: Fraction, pts: list[int]) -> None:
    path = tmp_path / f"out{extension}"
    run(FileSink(path=path), [rendered(i, pts=p, time_base=time_base) for i, p in enumerate(pts)])
    times = [time for time, _ in decode(path)]
    tick = Fraction(1, 1000) if extension == ".mkv" else max(time_base, Fraction(1, 1_000_000))
    assert len(times) == len(pts)
    assert max(abs(time - p * time_base) for time, p in zip(times, pts, strict=True)) <= tick / 2


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_last_picture_lasts_as_long_as_it_did(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"out{extension}"
    pts, last = [0, 40, 80, 120], 700
    frames = [
        rendered(i, pts=p, time_base=Fraction(1, 1000), duration=last if p == 120 else 40) for i, p in enumerate(pts)
    ]
    run(FileSink(path=path), frames)
    with av.open(str(path)) as container:
        assert abs(container.duration / 1e6 - 0.82) < 0.0015


def test_without_pts_the_rate_counts_and_gaps_stay(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    frames = [rendered(seq, rate=Fraction(30000, 1001)) for seq in (0, 1, 2, 5, 6)]
    run(FileSink(path=path), frames)
    assert [time for time, _ in decode(path)] == [Fraction(1001, 30000) * seq for seq in (0, 1, 2, 5, 6)]


def test_without_pts_and_rate_the_time_of_capture_counts(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    at = [5_000_000_000, 5_040_000_000, 5_100_000_000]
    run(FileSink(path=path), [rendered(i, captured_ns=ns) for i, ns in enumerate(at)])
    assert [time for time, _ in decode(path)] == [0, Fraction(40, 1000), Fraction(100, 1000)]


def test_times_that_do_not_rise_are_moved_on_and_counted(tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "out.mp4"
    pts = [0, 100, 100, 90, 200]
    sink = run(FileSink(path=path), [rendered(i, pts=p, time_base=Fraction(1, 10000)) for i, p in enumerate(pts)])
    assert [time * 10000 for time, _ in decode(path)] == [0, 100, 101, 102, 200]
    assert sink.counters()["retimed"] == 2
    assert "do not rise" in caplog.text


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_start_before_zero_moves_the_whole_file(tmp_path: Path, extension: str, caplog: Any) -> None:
    path = tmp_path / f"out{extension}"
    run(FileSink(path=path), [rendered(i, pts=i * 40 - 80, time_base=Fraction(1, 1000)) for i in range(10)])
    assert [time * 1000 for time, _ in decode(path)] == [i * 40 for i in range(10)]
    assert "begins at 0" in caplog.text


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize(("width", "height"), [(320, 240), (1, 1), (1, 4), (3, 5), (2, 400), (2, 4000), (321, 240)])
def test_mattes_are_full_scale_in_every_reading(tmp_path: Path, extension: str, width: int, height: int) -> None:
    path = tmp_path / f"out{extension}"
    masks = [disc(width, height, step) for step in range(8)]
    masks[3][:] = 255
    masks[4][:] = 0
    run(FileSink(path=path), [make_mask(mask, seq=i, pts=i, time_base=Fraction(1, 25)) for i, mask in enumerate(masks)])
    decoded = [frame for _, frame in decode(path)]
    assert len(decoded) == len(masks)
    for frame, mask in zip(decoded, masks, strict=True):
        plane = np.frombuffer(frame.planes[0], np.uint8).reshape(height, -1)[:, :width]
        for reading in (frame.to_ndarray(format="gray"), frame.to_ndarray(format="bgr24")[..., 1], plane):
            error = np.abs(reading.astype(int) - mask)
            assert error.max() <= 2
            assert error[(mask == 0) | (mask == 255)].max(initial=0) <= 1


@pytest.mark.parametrize(("width", "height"), [(320, 240), (1, 1), (1, 4), (3, 5), (2, 400), (321, 241)])
def test_mattes_in_mov_are_prores_of_limited_range(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "out.mov"
    masks = [disc(width, height, step) for step in range(4)]
    masks[2][:] = 255
    run(FileSink(path=path), [make_mask(mask, seq=i, pts=i, time_base=Fraction(1, 25)) for i, mask in enumerate(masks)])
    for (_, frame), mask in zip(decode(path), masks, strict=True):
        assert frame.color_range == 1
        assert frame.format.name in ("yuv422p10le", "yuv444p12le")
        step = 1 if frame.format.name == "yuv422p10le" else 4
        plane = np.frombuffer(frame.planes[0], np.uint16).reshape(height, -1)[:, :width]
        error = np.abs((plane.astype(float) / step - 64) * 255 / 876 - mask)
        assert error.max() <= 2
        assert error[(mask == 0) | (mask == 255)].max(initial=0) <= 1


def test_mattes_in_mkv_are_lossless(tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    noise = np.random.default_rng(3).integers(0, 256, (48, 64), dtype=np.uint8)
    run(FileSink(path=path), [make_mask(noise, pts=0)])
    [(_, frame)] = decode(path)
    assert frame.format.name == "gray"
    assert np.array_equal(frame.to_ndarray(), noise)


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 5), (2, 4000), (4000, 2), (321, 240), (320, 240), (1280, 720)])
def test_colour_pictures_of_any_size_come_back(tmp_path: Path, extension: str, size: tuple[int, int]) -> None:
    path = tmp_path / f"out{extension}"
    packets = [rendered(i, *size, pts=i, time_base=Fraction(1, 25)) for i in range(3)]
    run(FileSink(path=path), packets)
    for (_, frame), packet in zip(decode(path), packets, strict=True):
        back = frame.to_ndarray(format="bgr24", src_color_range=1, dst_color_range=2)
        assert back.shape == packet.image.shape
        assert cv2.PSNR(back, packet.image) > 35


@pytest.mark.parametrize(
    ("matrix", "height", "number"), [("unknown", 480, 6), ("unknown", 720, 1), ("bt470bg", 720, 5), ("bt709", 480, 1)]
)
def test_the_matrix_is_the_sources_or_what_players_assume(
    tmp_path: Path, matrix: str, height: int, number: int
) -> None:
    path = tmp_path / "out.mp4"
    pixels = np.zeros((height, 64, 3), np.uint8)
    pixels[:] = (40, 90, 200)
    source = SourceInfo("test", 64, height, color=Color("tv", matrix, "bt709", "bt709"))
    run(FileSink(path=path), [Rendered(make_frame(pixels, source=source, pts=0), pixels)])
    [(_, frame)] = decode(path)
    assert (frame.colorspace, frame.color_range) == (number, 1)
    back = frame.to_ndarray(format="bgr24", src_color_range=1, dst_color_range=2)
    assert np.abs(back.astype(int) - pixels).max() <= 3


def test_ffv1_keeps_colour_exactly(tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    packet = rendered(0, pts=0)
    run(FileSink(path=path, codec="ffv1"), [packet])
    [(_, frame)] = decode(path)
    assert np.array_equal(frame.to_ndarray(format="bgr24"), packet.image)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_two_runs_write_the_same_bytes(tmp_path: Path, extension: str) -> None:
    def digest(name: str) -> str:
        path = tmp_path / f"{name}{extension}"
        run(FileSink(path=path), [rendered(i, pts=i, time_base=Fraction(1, 25)) for i in range(5)])
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert digest("a") == digest("b")


def from_video(path: Path, first: int = 0, last: int | None = None) -> list[Rendered]:
    """Packets as capture gives them: the source's own times."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))[first:last]
        info = SourceInfo(str(path), 64, 48, stream.average_rate, path=str(path))
        return [
            Rendered(
                make_frame(f.to_ndarray(format="bgr24"), seq=first + i, source=info, pts=f.pts, time_base=f.time_base),
                f.to_ndarray(format="bgr24"),
            )
            for i, f in enumerate(frames)
        ]


def audio_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(audio=0) if p.pts is not None]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_audio_is_copied_packet_by_packet(tmp_path: Path, make_video: Any, extension: str) -> None:
    source, path = make_video(), tmp_path / f"out{extension}"
    run(FileSink(path=path), from_video(source))
    before, after = audio_of(source), audio_of(path)
    if extension == ".mkv":  # begins at 0, and has no place for the codec's run-up
        before = [packet for packet in before if packet[0] >= 0]
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(a - b) for (a, _), (b, _) in zip(after, before, strict=True)) <= Fraction(1, 2000)
    expected = [packet.frame.pts * packet.frame.time_base for packet in from_video(source)]
    assert max(abs(t - e) for (t, _), e in zip(decode(path), expected, strict=True)) <= Fraction(1, 2000)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_audio_of_a_part_is_the_same_part(tmp_path: Path, make_video: Any, extension: str) -> None:
    source, path = make_video(seconds=3), tmp_path / f"out{extension}"
    packets = from_video(source, 25, 50)
    run(FileSink(path=path), packets)
    assert [t for t, _ in decode(path)] == [p.frame.pts * p.frame.time_base for p in packets]
    block = Fraction(1024, 48000)
    wanted = [data for t, data in audio_of(source) if t + block > 1 and t < 2]
    copied = audio_of(path)
    assert [data for _, data in copied] == wanted
    assert 1 - block - Fraction(1, 1000) < copied[0][0] <= 1


def test_audio_can_be_left_out(tmp_path: Path, make_video: Any) -> None:
    path = tmp_path / "out.mp4"
    run(FileSink(path=path, audio=False), from_video(make_video(seconds=1)))
    with av.open(str(path)) as container:
        assert not container.streams.audio


def test_audio_that_does_not_fit_is_a_warning(tmp_path: Path, make_video: Any, caplog: Any) -> None:
    path = tmp_path / "out.mp4"
    run(FileSink(path=path), from_video(make_video("source.mov", seconds=1, audio="pcm_mulaw")))
    assert len(decode(path)) == 25
    assert "pcm_mulaw does not fit" in caplog.text


def test_a_source_that_is_gone_costs_only_the_audio(tmp_path: Path, make_video: Any, caplog: Any) -> None:
    source = make_video(seconds=1)
    packets = from_video(source)
    source.unlink()
    run(FileSink(path=tmp_path / "out.mp4"), packets)
    assert len(decode(tmp_path / "out.mp4")) == 25
    assert "left out" in caplog.text


def test_the_name_appears_only_when_the_file_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    sink = FileSink(path=path)
    sink.open(Context())
    for step in range(60):
        sink.process(rendered(step, pts=step, time_base=Fraction(1, 25)))
    assert not path.exists()
    sink.finish()
    assert leftovers(tmp_path) == ["out.mp4"]
    sink.close()
    assert sink.counters() == {"frames": 60, "bytes": path.stat().st_size, "retimed": 0}


def test_an_unfinished_file_leaves_nothing(tmp_path: Path) -> None:
    sink = FileSink(path=tmp_path / "out.mp4")
    sink.open(Context())
    sink.process(rendered(0, pts=0))
    sink.close()
    sink.close()
    assert leftovers(tmp_path) == []


def test_without_a_picture_there_is_no_file_but_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="not one picture"):
        run(FileSink(path=tmp_path / "out.mp4"), [])
    assert leftovers(tmp_path) == []


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match="exists already"):
        run(FileSink(path=path), [rendered(0, pts=0)])
    assert path.read_text() == "mine"
    with pytest.raises(SinkError, match="not one picture"):
        run(FileSink(path=path, overwrite=True), [])
    assert path.read_text() == "mine"
    run(FileSink(path=path, overwrite=True), [rendered(0, pts=0)])
    assert len(decode(path)) == 1
    assert leftovers(tmp_path) == ["out.mp4"]


def test_the_input_is_never_replaced(tmp_path: Path, make_video: Any) -> None:
    source = make_video(seconds=1)
    before = source.read_bytes()
    with pytest.raises(SinkError, match="is the input itself"):
        run(FileSink(path=source, overwrite=True), from_video(source))
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "message"),
    [("none/out.mp4", "there is no folder"), ("/proc/out.mp4", "cannot write in /proc"), ("folder.mp4", "is a folder")],
)
def test_places_that_cannot_be_written(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(SinkError, match=message):
        run(FileSink(path=tmp_path / path), [rendered(0, pts=0)])


@pytest.mark.parametrize("name", ["out.avi", "out", "out.txt"])
def test_an_unknown_extension_is_refused_with_what_there_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"\.mp4, \.mov, \.mkv, \.webm"):
        FileSink(path=tmp_path / name)


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"use \.mkv"):
        FileSink(path=tmp_path / "out.mp4", codec="ffv1")
    with pytest.raises(InputError, match="crf"):
        FileSink(path=tmp_path / "out.mp4", crf=99)
    with pytest.raises(InputError, match="overwrite"):
        FileSink(path=tmp_path / "out.mp4", overwrit=True)


def test_pictures_of_another_size_are_fitted_in_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a window's key changes the view to side-by-side."""
    path = tmp_path / "out.mp4"
    wide = np.full((48, 192, 3), 200, np.uint8)
    more = [Rendered(make_frame(wide, seq=step, pts=step), wide) for step in (1, 2)]
    run(FileSink(path=path), [rendered(0, pts=0), *more, rendered(3, pts=3)])
    images = [frame.to_ndarray(format="bgr24") for _, frame in decode(path)]
    assert len(images) == 4
    assert images[1].shape == (48, 64, 3)
    assert images[1][2].max() < 20  # on black
    assert images[1][24].min() > 180
    assert caplog.text.count("pictures of 192×48 are fitted into its 64×48") == 1


@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_a_file_of_mattes_goes_on_in_grey_where_the_view_changes_to_a_colour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, extension: str
) -> None:
    path = tmp_path / f"out{extension}"
    green = np.full((48, 64, 3), (0, 255, 0), np.uint8)
    colored = [Rendered(make_frame(green, seq=step, pts=40 * step), green) for step in (1, 2)]
    run(FileSink(path=path), [make_mask(disc(), pts=0), *colored, make_mask(disc(), seq=3, pts=120)])
    planes = [frame.to_ndarray(format="gray") for _, frame in decode(path)]
    assert [int(np.median(plane)) for plane in planes] == pytest.approx([0, 150, 150, 0], abs=3)
    assert caplog.text.count("it holds mattes, so what is shown in colour from now on is written grey") == 1


def test_a_view_that_changes_while_a_graph_records_ends_nothing(tmp_path: Path) -> None:
    path, seen = tmp_path / "out.mkv", threading.Event()

    class Seen(FileSink):
        def process(self, packet: Rendered | Mask) -> None:
            super().process(packet)
            seen.set()

    graph = Graph()
    spec = {"source": {"uri": "pattern:160x120@60?frames=90"}, "preprocess": {}, "infer": {"model": "ellipse"}}
    for name, options in {**spec, "refine": {}, "render": {"view": "matte"}}.items():
        graph.add(name, name, **options)
    graph.add("sink", Seen(path=path))
    for one, other in itertools.pairwise([*spec, "refine", "render", "sink"]):
        graph.connect(one, other)
    graph.start()
    assert seen.wait(30)
    for view in ("overlay", "side-by-side", "matte", "cutout"):
        graph.set("render", "view", view)
    assert graph.wait(60)
    assert graph.statistics().state == "done"
    assert len(decode(path)) == graph.statistics().frames["rendered"]


def test_masks_to_be_painted_do_not_change_their_size(tmp_path: Path) -> None:
    masks = [make_mask(disc(), pts=0), make_mask(disc(32, 32), seq=1, pts=1)]
    with pytest.raises(SinkError, match="64x48"):
        run(FileSink(path=tmp_path / "out.mp4", view="overlay"), masks)
    assert leftovers(tmp_path) == []


def test_a_view_that_changes_to_a_matte_is_written_grey(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    run(FileSink(path=path), [rendered(0, pts=0), make_mask(np.full((48, 64), 200, np.uint8), seq=1, pts=1)])
    back = decode(path)[1][1].to_ndarray(format="bgr24", src_color_range=1, dst_color_range=2)
    assert np.abs(back.astype(int) - 200).max() <= 3


_FULL_DISK = """
import json, resource, signal, sys
import numpy as np
from fractions import Fraction
from rtskin.errors import SinkError
from rtskin.frame import BgrPicture, Frame, Rendered, SourceInfo
from rtskin.node import Context
from rtskin.render.sinks.file import FileSink

def said(path, room):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    rng = np.random.default_rng(0)
    sink = FileSink(path=path, crf=4)
    try:
        sink.open(Context())
        for seq in range(30):
            pixels = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
            frame = Frame(seq, BgrPicture(pixels), SourceInfo("noise", 320, 240), pts=seq, time_base=Fraction(1, 25))
            sink.process(Rendered(frame, pixels))
        sink.finish()
    except SinkError as error:
        return str(error)
    finally:
        sink.close()

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for path, room in json.loads(sys.argv[1]):
    text = said(path, resource.RLIM_INFINITY if room is None else room)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(text, flush=True)
"""


def full_disk(*todo: tuple[Path, int | None]) -> list[str]:
    """What is said of each file where none may hold more than so many bytes, one after the other in one process."""
    command = [sys.executable, "-c", _FULL_DISK, json.dumps([(str(path), room) for path, room in todo])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path) -> None:
    todo = [(tmp_path / f"{room}{end}", room) for end in EXTENSIONS for room in (0, 2000, 200_000)]
    lines = full_disk(*todo)
    assert len(lines) == len(todo)
    assert all("no space left" in line and str(path) in line for line, (path, _) in zip(lines, todo, strict=True))
    assert leftovers(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("only root can mount a small disk")
    try:
        [line] = full_disk((tmp_path / "out.mp4", None))
        assert "no space left" in line
        assert leftovers(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_real_clip_comes_back(tmp_path: Path, shared: Path) -> None:
    source, path = shared / "data/videos/intel_asl_book.mkv", tmp_path / "out.mp4"
    with av.open(str(source)) as container:
        frames = [f for _, f in zip(range(12), container.decode(video=0), strict=False)]
    images = [f.to_ndarray(format="bgr24") for f in frames]
    run(
        FileSink(path=path, audio=False),
        [
            Rendered(make_frame(image, seq=i, pts=f.pts, time_base=f.time_base), image)
            for i, (f, image) in enumerate(zip(frames, images, strict=True))
        ],
    )
    for (time, back), frame, image in zip(decode(path), frames, images, strict=True):
        assert time == frame.pts * frame.time_base
        assert cv2.PSNR(back.to_ndarray(format="bgr24", src_color_range=1, dst_color_range=2), image) > 35
