"""Frame, and what it becomes on its way: Prepared → Scores → Mask → Rendered (or Regions).

Every later packet holds the frame it came from, so a mask can never land on another frame by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Color:
    """How a picture's numbers are meant, in FFmpeg's words ("tv"/"pc", "bt709" …); "unknown" where nothing is said."""

    range: str = "unknown"
    matrix: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source: size in pixels *after* rotation, rate in frames a second."""

    name: str
    width: int
    height: int
    rate: Fraction | None = None
    #: Clockwise degrees that capture has applied already (0, 90, 180, 270).
    rotation: int = 0
    color: Color = Color()
    #: Width of a pixel by its height as shown, after rotation; None where pixels are square or nothing is said.
    pixel_aspect: Fraction | None = None
    #: The field of interlaced pictures that is shown first: "tff" (the top one), "bff"; None where they are not interlaced,
    #: or were turned, after which the fields are no lines any more.
    fields: str | None = None
    #: Frames in the whole source where the container says so; an estimate, for progress bars.
    frames: int | None = None
    #: Seconds, where the container says so.
    duration: float | None = None
    #: Path of the file, where the source is one that may also hold audio.
    path: str | None = None


class Yuv(NamedTuple):
    """Three planes of 8 bits as they were decoded, views: y is H×W; u and v have one sample for 1, 2 or 4 of its pixels
    across and down. matrix: FFmpeg's name ("bt709"). full: 0 … 255 is used, not 16 … 235."""

    y: U8
    u: U8
    v: U8
    matrix: str
    full: bool


class Picture(Protocol):
    """The pixels of a frame as they were decoded."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def format(self) -> str:
        """FFmpeg's name of the pixel format: "yuv420p", "bgr24" …"""

    def bgr(self) -> U8:
        """uint8 H×W×3, converted with the picture's own range and matrix."""

    def luma(self) -> U8 | None:
        """uint8 H×W as it was decoded (full or limited range), a view; None where no plane holds just that."""

    def yuv(self) -> Yuv | None:
        """The planes, where they alone say what ``bgr`` shows; else None."""


@dataclass(frozen=True, slots=True)
class BgrPicture:
    """A picture that is BGR already: uint8 H×W×3."""

    pixels: U8
    format: str = "bgr24"

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def bgr(self) -> U8:
        return self.pixels

    def luma(self) -> None:
        return None

    def yuv(self) -> None:
        return None


@dataclass(slots=True, eq=False)
class Frame:
    """One picture of a source.

    seq: number of the frame in its source, from 0, counted at capture; gaps mean frames that were dropped later.
    pts, duration: in ticks of ``time_base`` (None: not known). captured_ns: ``time.monotonic_ns()`` when it was decoded.
    number: the number in a file name, for numbered image sequences.
    """

    seq: int
    picture: Picture
    source: SourceInfo
    pts: int | None = None
    time_base: Fraction = Fraction(1, 1000)
    captured_ns: int = 0
    duration: int | None = None
    number: int | None = None
    #: The small luma, made once and shared: see rtskin.preprocess.small.
    small: U8 | None = field(default=None, repr=False)
    #: A shot starts with it (rtskin.smooth.cuts); None: nobody looked so far.
    cut: bool | None = field(default=None, repr=False)
    _bgr: U8 | None = field(default=None, repr=False)

    @property
    def frame(self) -> Frame:
        """Itself, so that every packet answers ``.frame``."""
        return self

    @property
    def width(self) -> int:
        return self.picture.width

    @property
    def height(self) -> int:
        return self.picture.height

    @property
    def time(self) -> float | None:
        """pts in seconds."""
        return None if self.pts is None else float(self.pts * self.time_base)

    @property
    def bgr(self) -> U8:
        """uint8 H×W×3, B first, full range; converted once and shared: do not write into it."""
        if self._bgr is None:
            self._bgr = self.picture.bgr()
        return self._bgr


class Packet(Protocol):
    """What travels along an edge: anything that knows its frame."""

    @property
    def frame(self) -> Frame: ...


@dataclass(slots=True, eq=False)
class Prepared:
    """A frame made ready for the segmenter that will take it.

    tensor: what the network takes, e.g. float32 1×3×h×w; None for methods that look at the frame itself.
    content: x, y, w, h of the frame's picture inside the tensor (all of it unless letterboxed).
    segmenter: the one it was prepared for (models can be switched while running).
    answer: where the scores go for the frames that share them (a rtskin.preprocess.answer.Answer). repeats: this is such a
    frame: it has no tensor, and takes the answer. rides: it looks different, so the answer is still to be moved.
    """

    frame: Frame
    segmenter: Any
    tensor: npt.NDArray[Any] | None = None
    content: tuple[int, int, int, int] | None = None
    answer: Any = None
    repeats: bool = False
    rides: bool = False


@dataclass(slots=True, eq=False)
class Scores:
    """Skin probability over the whole frame at the segmenter's own resolution.

    data: H×W float32 in 0 … 1, or uint8 in 0 … 255 (methods that decide per pixel of the frame).
    model: name of the model that made it. rides: no model looked at this frame; data is of the key frame before it, still to
    be moved to this one (rtskin.smooth.propagate).
    """

    frame: Frame
    data: F32 | U8
    model: str = ""
    rides: bool = False
    #: The regions in it, where somebody asked for them on the way.
    regions: Regions | None = None


@dataclass(slots=True, eq=False)
class Mask:
    """The soft mask of a frame at the frame's size: uint8 H×W, 0 … 255, never rescaled per image.

    (For single images that are asked for so: uint16, 0 … 65535.)
    """

    frame: Frame
    data: U8
    model: str = ""
    #: The regions in it, where somebody asked for them on the way.
    regions: Regions | None = None


@dataclass(slots=True, eq=False)
class Rendered:
    """A finished picture: uint8 H×W×3 (BGR), or H×W for a matte."""

    frame: Frame
    image: U8
    view: str = ""
    #: As a mirror shows it, where that is more than its pixels turned round: words in it can still be read.
    mirrored: U8 | None = None


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Region:
    """One region of skin. Boxes are x, y, w, h in pixels of the frame as captured.

    area: pixels of the frame. score: mean probability inside, 0 … 1. label: "face", "hand" or "other", its label_score
    0 … 1. side: "left" or "right" where that is known of a hand. polygon: its outline, pixels of the frame. crop_box: the
    padded square around it, which may reach over the frame's border. velocity: of its middle, pixels a second. age: seconds
    since it was found. state: "tracked" (seen in this frame) or "held" (covered: where it is expected to be).
    landmarks: 21×(x, y, z), x and y in pixels of the frame, z in the same scale, from the wrist. gesture: its name.
    """

    id: int
    box: Box
    area: float
    score: float
    label: str = "other"
    label_score: float = 0.0
    side: str | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    crop_box: Box | None = None
    velocity: tuple[float, float] = (0.0, 0.0)
    age: float = 0.0
    state: str = "tracked"
    landmarks: tuple[tuple[float, float, float], ...] | None = None
    gesture: str | None = None


@dataclass(frozen=True, slots=True)
class RegionEvent:
    """What became of a region in this frame. kind: "found", "lost" or "back" (the one it was before it left)."""

    kind: str
    id: int
    label: str = "other"


@dataclass(slots=True, eq=False)
class Regions:
    """The regions of a frame, largest first, and what happened to them since the frame before.

    trails: by id, the way of a region's middle in the last moments, (x, y) in pixels of the frame, the oldest first.
    recent: the events of the last moments, the oldest first. Both only where they are to be shown.
    """

    frame: Frame
    regions: list[Region]
    events: tuple[RegionEvent, ...] = ()
    trails: Mapping[int, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    recent: tuple[RegionEvent, ...] = ()
