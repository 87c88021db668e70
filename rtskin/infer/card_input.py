"""The [input] table of a model card: the tensor a network takes, and in which shapes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rtskin.preprocess.fit import Fit, Shape

#: Pixels; a listed shape's shortest side.
SHORTEST = 32
#: Of the live shapes' sides: where there is no time for more.
SMALL = 0.75

_Triple = tuple[float, float, float]
_Side = Annotated[int, Field(ge=1, le=16384)]
_Shapes = tuple[tuple[_Side, _Side], ...]


class CardPart(BaseModel):
    """Base of every table of a card: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CardInput(CardPart):
    """The tensor a network takes: 1×3×height×width.

    fit: "stretch" the frame to the size, or "letterbox" it (aspect kept, centred, ``pad`` around it), or put it into the
    upper left "corner" (aspect kept, ``pad`` right and below). mean and std are in the order of ``colour``. dtype "uint8"
    takes pixels as they are. prior: a second input, float32 1×1×height×width, takes what was skin a moment ago, 0 … 1; all
    0 where nothing is known.
    """

    #: The plain shape; with ``shapes`` one of these, the first where it is left out.
    width: _Side = 256
    height: _Side = 256
    #: What the network's sides divide by, in the lists below and in sizes a caller asks for.
    multiple: int = Field(default=32, ge=1, le=1024)
    #: [width, height] of video: the frame's aspect chooses. Without, width × height.
    shapes: _Shapes = ()
    #: The same for single images, where more pixels may be spent. Without, ``shapes``.
    still: _Shapes = ()
    fit: Fit = "stretch"
    colour: Literal["rgb", "bgr"] = "rgb"
    scale: float = Field(default=1.0, gt=0)
    mean: _Triple = (0.0, 0.0, 0.0)
    std: _Triple = (1.0, 1.0, 1.0)
    #: Value (0 … 255) of the pixels around a letterboxed picture.
    pad: float = Field(default=0.0, ge=0, le=255)
    layout: Literal["nchw"] = "nchw"
    dtype: Literal["float32", "uint8"] = "float32"
    prior: bool = False

    @property
    def live(self) -> tuple[Shape, ...]:
        """The shapes (width, height) of video, at least one."""
        return self.shapes or ((self.width, self.height),)

    @property
    def stills(self) -> tuple[Shape, ...]:
        """The shapes (width, height) of single images, at least one."""
        return self.still or self.live

    @property
    def smalls(self) -> tuple[Shape, ...]:
        """The live shapes with about SMALL of their sides, for machines in need; those themselves where the card lists no
        shapes, as it may be the only one."""
        if not self.shapes:
            return self.live
        return tuple(dict.fromkeys((self._smaller(width), self._smaller(height)) for width, height in self.live))

    def _smaller(self, side: int) -> int:
        least = -(-SHORTEST // self.multiple)
        return max(least, round(SMALL * side / self.multiple)) * self.multiple

    @property
    def all_shapes(self) -> tuple[Shape, ...]:
        """Every shape the network may be asked for, each once."""
        return tuple(dict.fromkeys((*self.live, *self.stills)))

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, table: Any) -> Any:
        match table:
            case {"width": _} | {"height": _}:
                return table
            case {"shapes": [[int(width), int(height)], *_]}:
                return {**table, "width": width, "height": height}
        return table

    @field_validator("shapes", "still", mode="before")
    @classmethod
    def _pairs(cls, shapes: Any) -> Any:
        if isinstance(shapes, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in shapes):
            return shapes
        raise ValueError("shapes are pairs: [[width, height], …]")

    @model_validator(mode="after")
    def _divisible(self) -> CardInput:
        if any(value <= 0 for value in self.std):
            raise ValueError(f"std must be above 0, not {list(self.std)}")
        if self.dtype == "uint8" and (self.scale, self.mean, self.std) != (1.0, (0.0,) * 3, (1.0,) * 3):
            raise ValueError('dtype "uint8" takes pixels as they are: leave out scale, mean and std')
        return self

    @model_validator(mode="after")
    def _usable_shapes(self) -> CardInput:
        for key, shapes in (("shapes", self.shapes), ("still", self.still)):
            for shape in shapes:
                self._check(key, shape)
            if len(set(shapes)) < len(shapes):
                twice = next(shape for shape in shapes if shapes.count(shape) > 1)
                raise ValueError(f"{key} lists {times(twice)} twice")
        if self.shapes and (self.width, self.height) not in self.shapes:
            raise ValueError(
                f"width and height are {self.width}×{self.height}, which is none of shapes ({listed(self.shapes)}); "
                "leave them out, or give one of these"
            )
        return self

    def _check(self, key: str, shape: Shape) -> None:
        if min(shape) < SHORTEST:
            raise ValueError(f"{key} lists {times(shape)}; a side has at least {SHORTEST} pixels")
        if any(side % self.multiple for side in shape):
            raise ValueError(
                f"{key} lists {times(shape)}; sides are multiples of {self.multiple} (multiple = N says otherwise)"
            )


def times(shape: Shape) -> str:
    """416×224."""
    return f"{shape[0]}×{shape[1]}"


def listed(shapes: tuple[Shape, ...]) -> str:
    """320×320, 416×224."""
    return ", ".join(map(times, shapes))


def spanned(shapes: tuple[Shape, ...]) -> str:
    """In few words: 256×256, or from the narrowest to the widest: 224×416 … 416×224."""
    if len(shapes) == 1:
        return times(shapes[0])
    ordered = sorted(shapes, key=lambda shape: shape[0] / shape[1])
    return f"{times(ordered[0])} … {times(ordered[-1])}"
