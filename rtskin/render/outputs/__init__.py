"""Outputs: files (and pipes) that are written from masks, each under its name only when it is complete.

::

    output = open_output("overlay.mov", "overlay")
    try:
        for mask in masks:
            output.write(mask)
        output.finish()
    finally:
        output.abandon()        # nothing is left of what was not finished
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from rtskin.errors import SinkError, reason
from rtskin.frame import Mask
from rtskin.render.outputs.formats import Kind, codec_for
from rtskin.render.outputs.options import NVENC, OutputOptions
from rtskin.render.outputs.shown import shown_by, view_names

__all__ = ["Output", "OutputOptions", "check_output_fits", "open_output", "view_names"]


class Output(Protocol):
    """Something that is being written from masks, in the order of their frames."""

    def write(self, mask: Mask) -> None:
        """The next mask, with its frame. SinkError."""

    def finish(self) -> None:
        """Everything was written: what was written gets its name. SinkError where it is not what it should be."""

    def abandon(self) -> None:
        """Lets go of everything, and leaves nothing that was not finished. May be called again, and after ``finish``."""

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes (once it is complete)."""


def open_output(path: str | os.PathLike[str], view: str = "matte", options: OutputOptions | None = None) -> Output:
    """What ``path`` says: a video (.mp4, .mov, .mkv, .webm), numbered images (out.%04d.png, .exr, or a folder/), or ``-``.

    view: "matte" (the mask), "alpha" (the picture with the mask as its alpha), "overlay", "cutout", or any registered view.
    Pictures are painted in the source's own pixel format, so that what no view touches is bit-equal before encoding.
    uint8 or uint16 masks of the frame's size.

    =====================  =====================  ============================  ==========================
    path                   matte                  alpha                         overlay, cutout, …
    =====================  =====================  ============================  ==========================
    .mkv                   FFV1 gray (gray16)     FFV1 in the source's format   H.264 (codec "ffv1": FFV1)
    .mov                   ProRes 422 HQ          ProRes 4444                   ProRes 422 HQ, 4444
    .mp4                   H.264, within 2        none                          H.264
    .webm                  VP9, lossless          VP9                           VP9
    .%04d.png, folder/     grey, 8 or 16 bit      RGBA, 8 or 16 bit             RGB, 8 or 16 bit
    .%04d.exr              half, 0 … 1            none                          none
    ``-`` (y4m)            grey                   none                          the source's format
    ``-`` (raw)            grey                   the source's format, alpha    the source's format
    =====================  =====================  ============================  ==========================

    Raises InputError (view, options), SinkError (extension, place, alpha that cannot be held), OutputExistsError.
    """
    options = options or OutputOptions()
    check_output_fits(path, view, options)
    text = os.fspath(path)
    if text == "-":
        from rtskin.render.outputs.pipe import PipeOutput

        return PipeOutput(view, options)
    if _is_images(text):
        from rtskin.render.outputs.images import ImagesOutput

        return ImagesOutput(text, view, options)
    from rtskin.render.outputs.movie import MovieOutput

    return MovieOutput(Path(path), view, options)


def check_output_fits(
    path: str | os.PathLike[str],
    view: str = "matte",
    options: OutputOptions | None = None,
    source: str | os.PathLike[str] | None = None,
) -> None:
    """To be asked before any work: InputError, SinkError where that view does not fit into ``path``;
    RuntimeUnavailableError for a GPU's codec that cannot be had here.

    source: the file that the frames will come from; its audio must fit too (unless ``options.strict`` is off).
    """
    options = options or OutputOptions()
    shown = shown_by(view)
    text = os.fspath(path)
    if text == "-":
        from rtskin.render.outputs.pipe import check_pipe

        check_pipe(view, options)
    elif _is_images(text):
        from rtskin.render.outputs.images import check_images

        check_images(text, shown.kind)
    else:
        codec_for(Path(path), options.codec, shown.kind, options.crf)
        _check_encoder(options)
        if source is not None and options.strict:
            _check_audio(Path(path), options, source, shown.kind)


def kind_of(view: str) -> Kind:
    """What a view is to a file."""
    return shown_by(view).kind


def _is_images(text: str) -> bool:
    return text.endswith(("/", os.sep)) or "%" in Path(text).name or Path(text).suffix.lower() in (".png", ".exr")


def _check_encoder(options: OutputOptions) -> None:
    if options.codec in NVENC:  # else nothing has to be loaded to know
        from rtskin.render.outputs.nvenc import require_encoder

        require_encoder(options.codec)


def _check_audio(path: Path, options: OutputOptions, source: str | os.PathLike[str], kind: Kind) -> None:
    from rtskin.media import av
    from rtskin.render.outputs.streams import check_streams

    try:
        with av.open(os.fspath(source)) as container:
            check_streams(container, path.suffix.lower(), options.copies, kind)
    except av.error.FFmpegError as error:
        raise SinkError(f"the audio of {source} cannot be looked at: {reason(error)}") from error
