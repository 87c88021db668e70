"""Packets as the standards write them: which ones decoding may begin at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rtskin.capture.entry import entry_test

_START = b"\0\0\0\1"
_SPS, _IDR, _SLICE = b"\x67\x42", b"\x65\x88", b"\x41\x9a"


class Packet:
    def __init__(self, data: bytes, key: bool = True) -> None:
        self._data, self.is_keyframe = data, key

    def __bytes__(self) -> bytes:
        return self._data


def recovery_point(count_and_exact: int, before: bytes = b"") -> bytes:
    """An SEI unit; the first byte of its payload holds recovery_frame_cnt (Exp-Golomb) and exact_match_flag."""
    return b"\x06" + before + bytes([6, 1, count_and_exact]) + b"\x80"


def annexb(*units: bytes) -> bytes:
    return b"".join(_START + unit for unit in units)


def prefixed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def enters(codec: str, data: bytes, extra: bytes = b"", key: bool = True) -> bool:
    stream = SimpleNamespace(codec_context=SimpleNamespace(name=codec, extradata=extra))
    return entry_test(stream)(Packet(data, key))


@pytest.mark.parametrize(
    ("units", "answer"),
    [
        ([_SPS, _IDR], True),
        ([_SPS, _SLICE], False),
        ([recovery_point(0b11000000), _SLICE], True),  # at once, exact
        ([recovery_point(0b10000000), _SLICE], False),  # at once, roughly
        ([recovery_point(0b01010000), _SLICE], False),  # after a frame
        ([recovery_point(0b11000000, bytes([5, 3, 0, 0, 3, 1])), _SLICE], True),  # behind another message
        ([recovery_point(0b11000000, bytes([5, 255, 2]) + bytes([9]) * 257), _SLICE], True),  # a long one
        ([_SLICE, recovery_point(0b11000000)], False),
        ([b"\x06"], False),
        ([], False),
    ],
)
@pytest.mark.parametrize(("form", "extra"), [(annexb, b""), (prefixed, b"\1\x42\0\x1e\xff\xe1")])
def test_h264(units: list[bytes], answer: bool, form, extra: bytes) -> None:
    assert enters("h264", form(*units), extra) is answer
    assert not enters("h264", form(*units), extra, key=False)


@pytest.mark.parametrize(
    ("kind", "answer"), [(19, True), (20, True), (21, True), (16, True), (1, False), (0, False), (9, False)]
)
def test_hevc(kind: int, answer: bool) -> None:
    unit, parameters = bytes([kind << 1, 1, 0x80]), bytes([33 << 1, 1, 2])
    assert enters("hevc", annexb(parameters, unit)) is answer
    assert enters("hevc", prefixed(parameters, unit), b"\1" + bytes(20) + b"\xff\0") is answer


def test_other_codecs_are_taken_at_their_word() -> None:
    assert enters("mpeg2video", b"anything")
    assert not enters("mpeg2video", b"anything", key=False)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\xff", b"\0\0\1", b"\xff" * 40])
def test_broken_packets_are_no_entries(data: bytes) -> None:
    assert not enters("h264", data)
    assert not enters("h264", data, b"\1\x42\0\x1e\xff\xe1")
    assert not enters("hevc", data)
