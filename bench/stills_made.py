"""What bench.stills works on: folders of stills, one random network for both programs, and an environment for rembg."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.capture.still import read_image
from rtskin.media import cv2
from rtskin.train.data.imaging import find_images

#: What rembg feeds every network that it was given by its u2net_custom session.
SIDE = 320
#: How far the logits of the random network spread. With more its masks are as black and white as those of a trained one, but
#: random layers make so much of a rounding that an import's comparison with torch refuses it.
SPREAD = 0.6
MODEL = "u2netp-random"


def environment(folder: Path) -> Path:
    """The Python of rembg's own environment, made where it is not there yet."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "rembg[cpu,cli]"], check=True)
    return python


def stills(data: list[Path], folder: Path, count: int, megapixels: float | None = None) -> Path:
    """``count`` pictures of the folders in turn, and from the beginning again where there are fewer; as they are, or
    enlarged to so many megapixels, as JPEG files then."""
    found = [path for row in itertools.zip_longest(*map(find_images, data)) for path in row if path]
    if not found:
        raise SystemExit("no pictures; name folders that have some: --data FOLDER …")
    folder.mkdir(parents=True)
    for number, path in enumerate(itertools.islice(itertools.cycle(found), count)):
        if megapixels is None:
            shutil.copyfile(path, folder / f"{number:03}{path.suffix}")
            continue
        picture = read_image(path)
        factor = (megapixels * 1e6 / (picture.shape[0] * picture.shape[1])) ** 0.5
        large = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number:03}.jpg"), large)
    return folder


def megapixels_of(folder: Path) -> float:
    return sum(read_image(path)[..., 0].size for path in find_images(folder)) / 1e6


def networks(folder: Path, pictures: list[Path]) -> tuple[Path, Path]:
    """The card of our U²-NetP with random weights, and the same network as rembg wants it: pictures come normalised."""
    import torch

    from rtskin import nets
    from rtskin.nets import onnx_file
    from rtskin.nets.shipped import Shipped
    from rtskin.store.importing import import_checkpoint

    torch.manual_seed(0)
    net = nets.build("u2netp", align_corners=False)
    mean, std = (np.array(values, np.float32) for values in nets.IMAGENET)
    small = [cv2.resize(read_image(path), (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., ::-1] for path in pictures]
    batch = torch.from_numpy(np.stack([(one - mean) / std for one in small]).transpose(0, 3, 1, 2)).float()
    _spread(net, batch)
    checkpoint = folder / "random.pt"
    torch.save(net.state_dict(), checkpoint)
    done = import_checkpoint("u2netp", checkpoint, name=MODEL, origin="upstream", folder=folder, overwrite=True)
    theirs = folder / "normalised.onnx"
    as_it_is = ((0.0,) * 3, (1.0,) * 3)
    onnx_file.write(Shipped(net, as_it_is).eval(), theirs, [(SIDE, SIDE)])
    assert done.card.path is not None
    return done.card.path, theirs


def _spread(net: Any, batch: Any) -> None:
    """Let fresh weights answer pictures with something: layers normalise by what they see, and logits spread about 0."""
    import torch

    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean of all that is seen
    with torch.no_grad():
        net.train()(batch)
        logits = net.eval()(batch)
        factor = SPREAD / logits.std()
        net.outconv.weight *= factor
        net.outconv.bias.copy_((net.outconv.bias - logits.mean()) * factor)


def command_of_ours(card: Path, stills: Path, out: Path, view: str) -> list[str]:
    """Both programs: one network, one look, by ONNX Runtime."""
    options = ["--fast", "--no-mirror", "--runtime", "onnxruntime", "--device", "cpu", "--view", view]
    return [
        sys.executable,
        "rtskin.cli.main:run",
        "mask",
        str(stills),
        "--out",
        str(out),
        "--model",
        str(card),
        *options,
    ]
