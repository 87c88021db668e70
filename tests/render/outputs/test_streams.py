"""Sound that comes with the pictures, where the file can hold it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import SinkError
from rtskin.media import av
from rtskin.render.outputs import check_output_fits

from .conftest import masks_of, write


@pytest.mark.parametrize(
    ("codec", "no", "fits"),
    [("flac", ".mov", ".mp4"), ("libopus", ".mov", ".mp4"), ("pcm_s24le", ".mp4", ".mov"), ("pcm_u8", ".mp4", ".mov")],
)
def test_audio_that_is_only_refused_when_it_is_written(tmp_path: Path, codec: str, no: str, fits: str) -> None:
    """In the header, or in the index at the end; where it is said to fit it does."""
    source = with_sound(tmp_path / "source.mkv", codec)
    with pytest.raises(SinkError, match=rf" does not fit into {no[1:]}; use \{fits} or \.mkv( or \.webm)?, or leave"):
        check_output_fits(tmp_path / f"a{no}", "overlay", None, source)
    check_output_fits(tmp_path / f"a{fits}", "overlay", None, source)
    write(tmp_path / f"a{fits}", "overlay", masks_of(source))
    with av.open(str(tmp_path / f"a{fits}")) as container:
        assert sum(packet.size for packet in container.demux(audio=0)) > 0


def with_sound(path: Path, codec: str) -> Path:
    """Half a second of pictures and silence in stereo."""
    with av.open(str(path), "w") as container:
        video, audio = container.add_stream("libx264", rate=20), container.add_stream(codec, rate=48000)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio.codec_context.format, audio.codec_context.layout = audio.codec.audio_formats[0], "stereo"
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="bgr24")
            picture.pts = number
            container.mux(video.encode(picture))
        container.mux(video.encode())
        fifo = av.AudioResampler(audio.format, "stereo", 48000, audio.codec_context.frame_size or 2400)
        for number in range(10):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="stereo")
            sound.sample_rate, sound.pts = 48000, 2400 * number
            for part in fifo.resample(sound):
                container.mux(audio.encode(part))
        container.mux(audio.encode())
    return path
