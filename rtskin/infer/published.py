"""Networks that rtskin knows and brings no weights of: where others publish theirs, and how they become a model."""

from __future__ import annotations

_SKIN = "https://github.com/samhaswon/skin_segmentation/releases"
#: By architecture: where checkpoints are, and the words of --origin for them; the skin ones need none.
PUBLISHED: dict[str, dict[str, str]] = {
    "u2netp": {_SKIN: "", "https://github.com/xuebinqin/U-2-Net": "upstream"},
    "u2net": {_SKIN: "", "https://github.com/xuebinqin/U-2-Net": "upstream"},
    "birefnet-lite": {_SKIN: "", "https://github.com/ZhengPeng7/BiRefNet/releases": "upstream"},
}


def to_import(name: str) -> str:
    """What to say to who asks for one of them and has not imported it."""
    places = (f"{place}{f' (with --origin {origin})' if origin else ''}" for place, origin in PUBLISHED[name].items())
    return (
        f"{name} comes without weights: get a checkpoint, from {' or '.join(places)}, and make a model of it: "
        f"rtskin models import {name} CHECKPOINT"
    )
