"""What can be said of an output besides its name and its view."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rtskin.errors import InputError

Codec = Literal["auto", "h264", "ffv1", "prores", "vp9", "h264_nvenc", "hevc_nvenc", "av1_nvenc"]
#: Those that an NVIDIA GPU encodes; only ever by name, since "auto" is to give the same file everywhere.
NVENC: tuple[Codec, ...] = ("h264_nvenc", "hevc_nvenc", "av1_nvenc")
#: Of what the source holds besides its pictures: everything, the audio alone, or nothing.
Copies = Literal["all", "audio", "none"]


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a file is written.

    codec: "auto" goes by the extension and the view. crf: of H.264 and VP9, 0 … 51 (63), smaller is finer; of a GPU's
    codecs from 1 on, AV1 to 63. threads: of the encoder; part of what the bytes of an H.264 file depend on. bits: 8 or 16,
    of PNG; by default those of what is written: masks have 8, which 16 hold × 257, pictures those of their source. pipe:
    what goes to standard output. copies: of the source's other streams. strict: audio that the container cannot hold is an
    error, not a warning. verify: frames of the finished file are decoded again and compared. rate: frames a second of
    sources that know neither times nor a rate.
    """

    codec: Codec = "auto"
    crf: int | None = None
    threads: int = 2
    bits: Literal[8, 16] | None = None
    pipe: Literal["y4m", "raw"] = "y4m"
    overwrite: bool = False
    copies: Copies = "all"
    strict: bool = True
    verify: bool = True
    rate: Fraction | None = None

    def __post_init__(self) -> None:
        if self.bits not in (None, 8, 16):
            raise InputError(f"PNG has 8 or 16 bits, not {self.bits}")
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise InputError(f"crf goes from 0 to 51 for H.264 and HEVC, and to 63 for VP9 and AV1, not {self.crf}")
        if self.threads < 1:
            raise InputError(f"an encoder has 1 thread or more, not {self.threads}")
        if self.rate is not None and self.rate <= 0:
            raise InputError(f"rate is in frames a second, more than 0, not {self.rate}")
