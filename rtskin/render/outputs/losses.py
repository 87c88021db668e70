"""What a source says that a file cannot say: found before the first picture is written, to be told."""

from __future__ import annotations

from rtskin.render.outputs.formats import Encoding
from rtskin.render.outputs.light import Light
from rtskin.render.outputs.mark import Raster

#: Those whose pictures say the shape of a pixel, and those of whose pictures the container has to say it.
_SAYS_ASPECT = ("libx264", "ffv1")
_CONTAINERS_WITH_ASPECT = ("mp4", "mov")
_SAYS_FIELDS = ("libx264", "prores_ks", "ffv1")


def fitting_raster(raster: Raster, encoding: Encoding, height: int) -> Raster:
    """The part of ``raster`` that an encoder takes."""
    fields = raster.fields if encoding.encoder in _SAYS_FIELDS else None
    # H.264 stores fields in whole macroblock pairs of lines: 4:2:0 needs multiples of four.
    if encoding.encoder == "libx264" and height % (4 if "420" in encoding.pixel_format else 2):
        fields = None
    return Raster(raster.aspect, fields)


def losses(raster: Raster, kept: Raster, light: Light, encoding: Encoding, container: str) -> list[str]:
    """In words, each thing that the file will not say, and what would. kept: :func:`fitting_raster`."""
    said = []
    if raster.aspect is not None and container not in _CONTAINERS_WITH_ASPECT:
        shape = f"{raster.aspect.numerator}:{raster.aspect.denominator}"
        if encoding.encoder not in _SAYS_ASPECT:
            said.append(
                f"the shape of a pixel ({shape}) is left out: it will look too {_wrong(raster)}; use .mov or .mp4"
            )
        elif encoding.encoder == "ffv1":
            said.append(f"the shape of a pixel ({shape}) is said by each picture only, which not all programs look at")
    if raster.fields != kept.fields:
        instead = "use .mov" if encoding.encoder != "prores_ks" else "deinterlace the source first"
        said.append(f"that the picture is interlaced is left out; {instead}")
    if light and encoding.encoder != "libx264":
        said.append("the mastering display and light level of the HDR source are left out; use .mp4, or --codec h264")
    return said + [f"{name} is left out: it is only for the source's own pictures" for name in light.dynamic]


def _wrong(raster: Raster) -> str:
    assert raster.aspect is not None
    return "narrow" if raster.aspect > 1 else "wide"
