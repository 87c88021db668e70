from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rtskin.media import av
from rtskin.render.outputs import x264
from rtskin.render.outputs.formats import encoding_for
from rtskin.render.outputs.x264 import same_bytes, together
from tests.capture.media import make_video


@pytest.mark.parametrize(("has", "options"), [(["avx2"], {}), (["avx2", "avx512f"], {"x264-params": "asm=avx2"})])
@pytest.mark.parametrize(("kind", "form"), [("matte", "gray"), ("picture", "bgr24")])
def test_avx_512_is_left_out(
    has: list[str], options: dict[str, str], kind: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x264, "instructions", lambda: has)
    assert same_bytes() == options
    encoding = encoding_for("h264", kind, form, True, (64, 48), None)  # type: ignore[arg-type]
    assert {key: value for key, value in encoding.options.items() if key == "x264-params"} == options


def test_parts_of_both_are_kept() -> None:
    one, other = {"crf": "18", "x264-params": "asm=avx2"}, {"x264-params": "cll=1000,400"}
    assert together(one, other) == {"crf": "18", "x264-params": "asm=avx2:cll=1000,400"}
    assert together({"crf": "18"}, {}) == {"crf": "18"}
    assert together(one, {}) == one


def test_the_same_pictures_give_the_same_bytes_whatever_was_done_before(tmp_path: Path) -> None:
    """Without the option, on a processor with AVX-512, some of these files were others."""
    found = set()

    def encode_again() -> None:
        path = make_video(tmp_path / "same.mp4", 60, size=(96, 64), options=same_bytes())
        found.add(hashlib.sha256(path.read_bytes()).hexdigest())

    other = make_video(tmp_path / "other.mp4", 8, size=(320, 240))
    for _ in range(4):
        encode_again()
        with av.open(str(other)) as container:
            frames = list(container.decode(video=0))
        encode_again()
        for frame in frames:
            frame.to_ndarray(format="gray")
        encode_again()
        pictures = [frame.to_ndarray(format="bgr24").astype(int) for frame in frames]
        encode_again()
        assert pictures
    assert len(found) == 1
