"""Soft labels from another network, and a map of where to believe them.

The teacher sees each picture and its mirror image. Their mean is the label; where they differ by more than
``TOLERANCE`` the weight is 0, which takes those pixels out of the loss (consistency under a flip as a measure of
confidence, as in test-time-augmentation self-training, e.g. arXiv 1712.04440).

Labels are written as the generic reader takes them: ``images/GROUP/NAME.*``, ``masks/GROUP/NAME.png`` and
``weights/GROUP/NAME.png`` (8-bit, 255 = 1), GROUP being the repository or the clip.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError, MissingExtraError, ModelError
from rtskin.files import write_bytes
from rtskin.train.imaging import BrokenImageError, cv2, find_images, read_bgr

log = logging.getLogger("rtskin.train")

#: Largest difference between the two views that is still believed.
TOLERANCE = 0.2
#: A picture of people in which the teacher sees less skin than this has been misunderstood: left out.
LEAST_SKIN = 0.003
#: Clips that measure video. They are refused here, so that no recipe can get hold of labels for them.
MEASURED_CLIPS = frozenset({"intel_asl_hungry", "intel_asl_want", "sam2_04_coffee"})
_VIDEO = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi"})
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_STD = np.array([0.229, 0.224, 0.225], np.float32) * 255

Array = np.ndarray[Any, Any]
Predict = Callable[[Array], Array]


@dataclass
class Labelled:
    """What :func:`label` did: pictures written, left out for lack of skin, and broken (by name)."""

    written: int = 0
    without_skin: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def label(
    sources: list[Path],
    out: Path,
    predict: Predict,
    frames: int = 15,
    least_skin: float = LEAST_SKIN,
    progress: Callable[[str], None] = lambda name: None,
) -> Labelled:
    """Label image folders (group: first folder below each) and clips (``frames`` spread over each) into ``out``.

    What is there already is kept, so an interrupted run goes on. InputError for a clip that is kept for measuring.
    """
    for source in sources:
        if source.stem in MEASURED_CLIPS:
            raise InputError(f"{source.name} is kept for measuring and may not be labelled; leave it out")
    done = Labelled()
    for source in sources:
        for group, stem, place, image in _pictures(source, frames, done):
            if (out / "masks" / group / f"{stem}.png").exists():
                done.written += 1
                continue
            mask, weight = agree(image, predict)
            if (mask > 0.5).mean() < least_skin:
                done.without_skin.append(f"{group}/{stem}")
                continue
            _write(out, group, stem, place, image, mask, weight)
            done.written += 1
            progress(f"{group}/{stem}")
    return done


def agree(image: Array, predict: Predict) -> tuple[Array, Array]:
    """(label, weight) of a uint8 H×W×3 BGR picture: float32 H×W in 0…1, weight 0 or 1."""
    one = predict(image)
    two = predict(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    weight = (np.abs(one - two) <= TOLERANCE).astype(np.float32)
    return (one + two) / 2, weight


def onnx_teacher(path: Path, channel: int = 0, threads: int = 2) -> Predict:
    """A teacher from an ONNX file that takes 1×3×S×S (RGB, ImageNet normalisation) and gives probabilities.

    The picture is shrunk to fit S×S with its aspect kept (small faces matter more than the padding costs).
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "cpu", "labelling") from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded as a teacher: {error}") from error
    entry = session.get_inputs()[0]
    size = entry.shape[-1]
    if not isinstance(size, int):
        raise ModelError(f"{path} has no fixed input size; a teacher needs one")

    def predict(image: Array) -> Array:
        height, width = image.shape[:2]
        scale = size / max(height, width)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas = np.zeros((size, size, 3), np.float32)
        small = cv2.cvtColor(cv2.resize(image, inner, interpolation=method), cv2.COLOR_BGR2RGB)
        canvas[: inner[1], : inner[0]] = (small - _MEAN) / _STD
        output = session.run(None, {entry.name: canvas.transpose(2, 0, 1)[None]})[0]
        found = np.ascontiguousarray(output[0, channel, : inner[1], : inner[0]])
        full: Array = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
        return full

    return predict


def _pictures(source: Path, frames: int, done: Labelled) -> Iterator[tuple[str, str, Path | None, Array]]:
    """(group, stem, file or None, BGR picture) of everything in a folder or clip."""
    if source.suffix.lower() in _VIDEO:
        for index, image in _frames(source, frames):
            yield source.stem, f"{index:05d}", None, image
        return
    if not source.is_dir():
        raise InputError(f"{source} is neither a folder of images nor a video")
    for path in find_images(source):
        relative = path.relative_to(source)
        group = relative.parts[0] if len(relative.parts) > 1 else source.name
        try:
            yield group, path.stem, path, read_bgr(path)
        except BrokenImageError as error:
            log.warning("left out: %s", error)
            done.broken.append(str(path))


def _frames(path: Path, count: int) -> Iterator[tuple[int, Array]]:
    """``count`` frames spread over a clip, the middle of equal parts, decoded in order (seeking is not exact)."""
    capture = cv2.VideoCapture(str(path))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = {int((part + 0.5) * total / count) for part in range(count)}
    index = 0
    try:
        while capture.grab():
            if index in wanted:
                ok, image = capture.retrieve()
                if ok:
                    yield index, image
            index += 1
    finally:
        capture.release()
    if index == 0:
        raise InputError(f"{path} holds no picture that can be decoded")


def _write(out: Path, group: str, stem: str, place: Path | None, image: Array, mask: Array, weight: Array) -> None:
    for kind in ("images", "masks", "weights"):
        (out / kind / group).mkdir(parents=True, exist_ok=True)
    if place is not None:
        shutil.copyfile(place, out / "images" / group / place.name)
    else:
        _png(out / "images" / group / f"{stem}.jpg", image)
    _png(out / "weights" / group / f"{stem}.png", (weight * 255).astype(np.uint8))
    # The mask comes last: it is the mark that this picture is complete.
    _png(out / "masks" / group / f"{stem}.png", np.rint(mask * 255).astype(np.uint8))


def _png(path: Path, image: Array) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix == ".jpg" else []
    write_bytes(path, cv2.imencode(path.suffix, image, options)[1].data, overwrite=True)
