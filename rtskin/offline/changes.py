"""In what a planned render and the one that is asked for now differ, in the words of whoever asked."""

from __future__ import annotations

from collections.abc import Mapping

from rtskin.offline.manifest import Manifest

#: Facts of a model (rtskin.offline.settle.model_facts), as people call them.
_FACTS = {"name": "the model", "card": "the model's card", "weights": "the model's weights"}


def changes(there: Manifest, here: Manifest) -> list[str]:
    """Empty where the planned render can be gone on with; else "--model was pan, is mobile-unet now", "numpy was …".

    Options that decide nothing (90 and 1:30 are one moment) are named only beside something that does.
    """
    if not there.differences(here):
        return []
    options = _values(there.asked, here.asked)
    found = options + _inputs(there, here)
    # What a model is and runs on, and how a pipeline is wired, follows from the options: it is news only without them.
    found += [] if options else _values(there.model, here.model, _FACTS)
    found += _values(there.environment, here.environment)
    return found or ["the pipeline, or what rtskin makes of it, is another now"]


def _inputs(there: Manifest, here: Manifest) -> list[str]:
    found = []
    if there.input.fingerprint != here.input.fingerprint:
        same = there.input.path == here.input.path
        found.append(f"INPUT {'has changed since' if same else f'was {there.input.path}, is {here.input.path} now'}")
    before, now = (
        {path: digest for output in manifest.outputs for path, digest in output.files.items()}
        for manifest in (there, here)
    )
    return found + [f"{path} has changed since" for path in before if path in now and before[path] != now[path]]


def _values(
    there: Mapping[str, object], here: Mapping[str, object], names: Mapping[str, str] | None = None
) -> list[str]:
    keys = [key for key in {**there, **here} if there.get(key) != here.get(key)]
    return [_said((names or {}).get(key, key), there.get(key), here.get(key)) for key in keys]


def _said(name: str, before: object, now: object) -> str:
    if _is_digest(before) and _is_digest(now):
        return f"{name} changed"
    was = "was not given" if before is None else f"was {before}"
    return f"{name} {was}, is {'not given' if now is None else now} now"


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64
