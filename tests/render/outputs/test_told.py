"""What a source says of itself besides its colours, and which outputs say it again: pixels, fields, HDR, attachments."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.capture.raster import fields_of
from rtskin.media import av, cv2
from rtskin.render.outputs.formats import encoding_for
from rtskin.render.outputs.light import Light
from rtskin.render.outputs.losses import fitting_raster
from rtskin.render.outputs.mark import Marker, Raster
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pipe import PipeOutput

from .conftest import decoded, masks_of, write

WIDE = Fraction(16, 11)
#: A display with the primaries of BT.2020, 0.005 to 1000 cd/m²; the brightest pixel has 900, the brightest picture 250.
HDR = "mastering-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50):cll=900,250"
DISPLAY = (35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450, 50, 10000000)


def make(
    path: Path,
    *,
    params: str = "",
    aspect: Fraction | None = None,
    fields: str | None = None,
    size: tuple[int, int] = (64, 48),
    rotation: int = 0,
) -> Path:
    """Four H.264 frames."""
    raster = Raster(aspect, fields)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"x264-params": params} if params else {})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        raster.tell(video.codec_context, "libx264")
        if rotation:
            video.set_display_rotation(rotation)
        mark = Marker(raster, "yuv420p", size, Fraction(1, 25))
        for seq in range(4):
            picture = decoded(size=size, seq=seq).picture.frame
            picture.pts, picture.time_base = seq, Fraction(1, 25)
            container.mux(video.encode(mark(picture)))
        container.mux(video.encode(None))
    return path


def first_of(path: Path) -> Any:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


def aspect_in_pictures(path: Path) -> str:
    """What another program finds."""
    if shutil.which("ffprobe") is None:
        pytest.skip("the aspect of single pictures is read by ffprobe, which is not here")
    ask = ["ffprobe", "-v", "error", "-show_entries", "frame=sample_aspect_ratio", "-of", "csv=p=0", str(path)]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()[0].strip(",")


@pytest.mark.parametrize(
    ("name", "view"),
    [("a.mp4", "matte"), ("a.mp4", "overlay"), ("a.mov", "matte"), ("a.mov", "alpha"), ("b.mkv", "overlay")],
)
def test_pixels_stay_wide(tmp_path: Path, name: str, view: str, caplog: Any) -> None:
    write(tmp_path / name, view, masks_of(make(tmp_path / "wide.mp4", aspect=WIDE)))
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.video[0].sample_aspect_ratio == WIDE
    assert "shape of a pixel" not in caplog.text


def test_pixels_turn_with_the_picture(tmp_path: Path) -> None:
    wide = make(tmp_path / "wide.mp4", aspect=WIDE, rotation=90)
    with open_source(wide) as source:
        assert (source.info.pixel_aspect, source.info.width, source.info.rotation) == (1 / WIDE, 48, 270)
    write(tmp_path / "a.mp4", "overlay", masks_of(wide))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == 1 / WIDE


def test_where_a_file_says_nothing_of_pixels_the_pictures_do(tmp_path: Path, caplog: Any) -> None:
    for view in ("matte", "alpha"):
        write(tmp_path / f"{view}.mkv", view, masks_of(make(tmp_path / "wide.mp4", aspect=WIDE)))
        assert aspect_in_pictures(tmp_path / f"{view}.mkv") == "16:11"
        assert f"{view}.mkv: the shape of a pixel (16:11) is said by each picture only" in caplog.text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.webm", r"a.webm: the shape of a pixel (16:11) is left out: it will look too narrow; use .mov or .mp4"),
        ("%d.png", "the shape of a pixel (16:11) is left out: images here say none"),
    ],
)
def test_pixels_that_cannot_stay_wide_are_said(tmp_path: Path, name: str, said: str, caplog: Any) -> None:
    write(tmp_path / name, "matte", masks_of(make(tmp_path / "wide.mp4", aspect=WIDE)))
    assert said in caplog.text


@pytest.mark.parametrize("fields", ["tff", "bff"])
@pytest.mark.parametrize(
    ("name", "view"),
    [("a.mkv", "matte"), ("a.mkv", "alpha"), ("a.mp4", "overlay"), ("a.mp4", "matte"), ("a.mov", "alpha")],
)
def test_fields_keep_their_order(tmp_path: Path, name: str, view: str, fields: str) -> None:
    interlaced = make(tmp_path / "i.mp4", params=f"{fields}=1", fields=fields)
    with open_source(interlaced) as source:
        assert source.info.fields == fields
    write(tmp_path / name, view, masks_of(interlaced))
    assert fields_of(first_of(tmp_path / name)) == fields


def test_fields_that_cannot_be_kept_are_said(tmp_path: Path, caplog: Any) -> None:
    interlaced = make(tmp_path / "i.mp4", fields="tff")
    write(tmp_path / "a.webm", "matte", masks_of(interlaced))
    assert "a.webm: that the picture is interlaced is left out; use .mov" in caplog.text
    # H.264 stores fields of 4:2:0 in fours of lines only; ProRes any.
    for codec, kept in (("h264", None), ("prores", "tff")):
        encoding = encoding_for(codec, "picture", "yuv420p", False, (64, 46))
        assert fitting_raster(Raster(fields="tff"), encoding, 46).fields == kept
    with open_source(make(tmp_path / "p.mp4")) as source:
        assert source.info.fields is None
    with open_source(make(tmp_path / "r.mp4", fields="tff", rotation=90)) as source:
        assert source.info.fields is None


def test_hdr_is_said_again_by_h264(tmp_path: Path, caplog: Any) -> None:
    hdr = make(tmp_path / "hdr.mp4", params=HDR)
    for name in ("a.mp4", "a.mkv"):
        write(tmp_path / name, "overlay", masks_of(hdr))
        with open_source(tmp_path / name) as source:
            light = Light.of(source.read())
        assert (light.display, light.level) == (DISPLAY, (900, 250))
    assert "HDR" not in caplog.text
    write(tmp_path / "m.mp4", "matte", masks_of(hdr))
    with open_source(tmp_path / "m.mp4") as source:
        assert not Light.of(source.read())
    write(tmp_path / "a.mov", "overlay", masks_of(hdr))
    assert "a.mov: the mastering display and light level of the HDR source are left out; use .mp4" in caplog.text


def test_y4m_says_pixels_and_fields(tmp_path: Path) -> None:
    stream = io.BytesIO()
    output = PipeOutput("overlay", OutputOptions(), stream)
    for mask in masks_of(make(tmp_path / "i.mp4", fields="bff", params="bff=1", aspect=WIDE)):
        output.write(mask)
    assert stream.getvalue().split(b"\n")[0].split()[4:6] == [b"Ib", b"A16:11"]


class Said(dict[str, bytes]):
    """Side data by name."""


def test_half_said_hdr_is_none() -> None:
    frame = decoded()

    class Picture:
        side_data = Said(MASTERING_DISPLAY_METADATA=struct.pack("=20i2i", *[1] * 20, 1, 0), DOVI_METADATA=b"x")

    frame.picture.frame = Picture()
    light = Light.of(frame)
    assert (light.display, light.x264, light.dynamic) == (None, {}, ("Dolby Vision",))


def attached(path: Path) -> Path:
    """A film with a font and a cover picture."""
    _, cover = cv2.imencode(".jpg", np.full((32, 32, 3), 90, np.uint8))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        container.add_attachment("letters.ttf", "font/ttf", b"\0\1\0\0letters")
        container.add_attachment("cover.jpg", "image/jpeg", cover.tobytes())
        for seq in range(3):
            container.mux(video.encode(decoded(seq=seq).picture.frame))
        container.mux(video.encode(None))
    return path


def test_attachments_go_into_matroska(tmp_path: Path, caplog: Any) -> None:
    film = attached(tmp_path / "film.mkv")
    write(tmp_path / "a.mkv", "matte", masks_of(film))
    with av.open(str(tmp_path / "a.mkv")) as copy, av.open(str(film)) as source:
        [font], covers = copy.streams.attachments, [packet for packet in copy.demux(copy.streams[2]) if packet.size]
        assert (font.metadata["filename"], font.mimetype, font.data) == ("letters.ttf", "font/ttf", b"\0\1\0\0letters")
        [cover] = [packet for packet in source.demux(source.streams[2]) if packet.size]
        assert [bytes(packet) for packet in covers] == [bytes(cover)]
    assert "left out" not in caplog.text
    write(tmp_path / "a.mp4", "matte", masks_of(film))
    assert "1 attachment is left out: use .mkv" in caplog.text
    assert "1 cover picture is left out: use .mkv" in caplog.text
    caplog.clear()
    write(tmp_path / "b.mkv", "matte", masks_of(film), copies="audio")
    assert "left out" not in caplog.text
    with av.open(str(tmp_path / "b.mkv")) as copy:
        assert len(copy.streams) == 1
