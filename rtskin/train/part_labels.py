"""Label maps of hair and persons from MediaPipe's networks, for pictures whose skin is labelled already.

A tool for making training data: ``python -m rtskin.train.part_labels FOLDER --hair hair_segmentation.tflite --person
selfie_segmenter.tflite`` writes FOLDER/labels/GROUP/NAME.png beside images/ and masks/. It needs ai-edge-litert, which
nothing else here does. The label maps of street photos know no close heads; these do.

Each network sees each picture as it is and mirrored; what both views are sure of is written, all else is left unknown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError, ModelError
from rtskin.files import write_bytes
from rtskin.train.data.imaging import cv2, find_images, read_bgr, read_grey

Array = np.ndarray[Any, Any]
#: uint8 H×W×3 BGR → probability, float32 H×W.
Predict = Callable[[Array], Array]

#: What the values in labels/ stand for; a recipe's classes.maps says which classes these are.
UNKNOWN, BACKGROUND, HAIR, WORN, PERSON, NO_HAIR = range(6)
#: A view is sure of what it gives more, or less, than this.
SURE, SURE_NOT = 0.7, 0.15
#: Where so much of the skin is no person to it, the network did not understand the picture: it is not believed.
MISSED_SKIN = 0.3
#: Hair is looked for by a network made for selfies: where the largest piece of skin is a smaller part of the picture, that
#: it finds none says nothing.
CLOSE = 0.015
#: Beside skin that is no hair to the network may be a beard: so far, as a part of the longer side.
BEARD = 0.04


def label(folder: Path, hair: Predict, person: Predict, progress: Callable[[str], None] = lambda name: None) -> int:
    """Write labels/ for all pairs in ``folder`` that have none yet; how many there are now. InputError: no pairs."""
    images = {path.relative_to(folder / "images").with_suffix(""): path for path in find_images(folder / "images")}
    done = 0
    for key, path in images.items():
        mask, target = folder / "masks" / f"{key}.png", folder / "labels" / f"{key}.png"
        if not mask.exists():
            continue
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            labels = classes_of(read_bgr(path), read_grey(mask), hair, person)
            write_bytes(target, cv2.imencode(".png", labels)[1].data, overwrite=True)
            progress(str(key))
        done += 1
    if not done:
        raise InputError(f"{folder} has no pairs of images/ and masks/; label skin first: rtskin train label")
    return done


def classes_of(image: Array, mask: Array, hair: Predict, person: Predict) -> Array:
    """The label map, uint8 H×W, of a BGR picture whose skin is ``mask`` (255 = skin)."""
    skin = mask > 127
    is_hair, no_hair = _sure(image, hair)
    is_person, no_person = _sure(image, person)
    if skin.any() and (no_person & skin).sum() > MISSED_SKIN * skin.sum():
        is_person = no_person = np.zeros_like(skin)
    if _largest(skin) < CLOSE * skin.size:
        no_hair = np.zeros_like(skin)
    side = max(skin.shape)
    near = cv2.dilate(mask, np.ones((2 * round(BEARD * side) + 1,) * 2, np.uint8)) > 127
    labels = np.full(skin.shape, UNKNOWN, np.uint8)
    labels[no_hair & ~near] = NO_HAIR
    labels[is_person] = PERSON
    labels[is_person & no_hair & ~near] = WORN
    labels[no_person] = BACKGROUND
    # A head of hair that the other network takes for background, as animals' fur should be, stays unknown.
    labels[is_hair & ~no_person] = HAIR
    labels[is_hair & no_person] = UNKNOWN
    return labels


def _sure(image: Array, predict: Predict) -> tuple[Array, Array]:
    """(where both views say yes, where both say no)."""
    views = np.stack([predict(image), predict(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]])
    return views.min(0) > SURE, views.max(0) < SURE_NOT


def _largest(skin: Array) -> int:
    count, _, figures, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8))
    return int(figures[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0


def open_tflite(path: Path, threads: int = 1) -> Predict:
    """A network that takes 1×H×W×3 RGB in 0…1 (or ×4, with the last mask, here an empty one) and gives 1×H×W×1
    probabilities, or ×2 logits of no and yes. ModelError for others."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ModelError(f"{path} needs ai-edge-litert to run: pip install ai-edge-litert") from error
    interpreter: Any = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    entry, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, channels = entry["shape"]
    if channels not in (3, 4) or answer["shape"][3] not in (1, 2):
        raise ModelError(f"{path} takes {list(entry['shape'])} and gives {list(answer['shape'])}: no network for this")

    def predict(image: Array) -> Array:
        small = cv2.resize(image, (int(width), int(height)), interpolation=cv2.INTER_AREA)
        tensor = np.zeros((1, height, width, channels), np.float32)
        tensor[0, ..., :3] = small[..., ::-1] / np.float32(255)
        interpreter.set_tensor(entry["index"], tensor)
        interpreter.invoke()
        found = interpreter.get_tensor(answer["index"])[0]
        one = found[..., 0] if found.shape[2] == 1 else 1 / (1 + np.exp(found[..., 0] - found[..., 1]))
        large: Array = cv2.resize(one, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return large

    return predict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with images/ and masks/")
    parser.add_argument("--hair", type=Path, required=True)
    parser.add_argument("--person", type=Path, required=True)
    chosen = parser.parse_args()
    done = label(chosen.folder, open_tflite(chosen.hair), open_tflite(chosen.person))
    print(f"{done} label maps in {chosen.folder / 'labels'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
