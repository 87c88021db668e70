"""What every picture of a file says of itself besides its colours: the shape of its pixels, and its fields."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rtskin.frame import Frame
from rtskin.media import av

#: FFmpeg's numbers for the order of fields that are stored as they are shown.
_ORDERS = {"tff": 2, "bff": 3}
_ENCODES_FIELDS = ("libx264", "prores_ks")


@dataclass(frozen=True, slots=True)
class Raster:
    """aspect: width of a pixel by its height (None: square, or not said). fields: "tff", "bff", or None: not interlaced."""

    aspect: Fraction | None = None
    fields: str | None = None

    @classmethod
    def of(cls, frame: Frame) -> Raster:
        """As the frame's source says."""
        return cls(frame.source.pixel_aspect, frame.source.fields)

    def tell(self, context: Any, encoder: str) -> None:
        """Lets an encoder that is not open yet say it, and keep the fields apart."""
        if self.aspect is not None:
            context.sample_aspect_ratio = self.aspect
        if self.fields is not None:
            context.field_order = _ORDERS[self.fields]
            if encoder in _ENCODES_FIELDS:
                context.flags |= av.codec.context.Flags.interlaced_dct


class Marker:
    """Puts a raster on pictures, as encoders like FFV1 and ProRes read it from them."""

    def __init__(self, raster: Raster, form: str, size: tuple[int, int], time_base: Fraction) -> None:
        self._steps = [("setsar", f"{raster.aspect.numerator}/{raster.aspect.denominator}")] if raster.aspect else []
        self._steps += [("setfield", raster.fields)] if raster.fields else []
        self._buffer = {
            "width": size[0],
            "height": size[1],
            "format": av.VideoFormat(form, *size),
            "time_base": time_base,
        }
        self._graph: Any = self._build() if self._steps else None

    def __call__(self, picture: Any) -> Any:
        """An av.VideoFrame of the same samples that says it; the same one where there is nothing to say."""
        if self._graph is None:
            return picture
        # PyAV can not write these fields; FFmpeg's filters can, and copy nothing.
        self._graph.push(picture)
        return self._graph.pull()

    def _build(self) -> Any:
        graph = av.filter.Graph()
        last = graph.add_buffer(**self._buffer)
        for name, argument in self._steps:
            node = graph.add(name, argument)
            last.link_to(node)
            last = node
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
