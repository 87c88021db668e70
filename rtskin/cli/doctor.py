"""rtskin doctor: what is installed, what it really runs on, and what is missing."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from importlib import metadata
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

import rtskin
from rtskin.cli import options as o
from rtskin.errors import RtskinError

PACKAGES = (
    "numpy", "opencv-contrib-python", "av", "numba", "pydantic", "onnxruntime", "onnxruntime-gpu", "openvino", "tensorrt",
    "tensorrt-rtx", "torch", "ai-edge-litert", "mediapipe", "scikit-image",
)  # fmt: skip
#: Encoders and decoders that rtskin's sources and sinks use.
CODECS = {
    "encoders": ("libx264", "ffv1", "prores_ks", "libvpx-vp9", "png"),
    "decoders": ("h264", "hevc", "vp9", "mjpeg"),
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(as_json: o.JsonOption = False) -> None:
    """Report versions, runtimes and what they really run on, cameras, codecs and display.

    The exit status is 1 where something keeps rtskin from working.

    Examples:

      rtskin doctor

      rtskin doctor --json
    """
    report, problems = examine()
    if as_json:
        typer.echo(json.dumps({**report, "problems": problems}, indent=2))
    else:
        _print(report, problems)
    if problems:
        raise typer.Exit(1)


def examine() -> tuple[dict[str, Any], list[str]]:
    """The report, and what keeps rtskin from working."""
    problems: list[str] = []
    report: dict[str, Any] = {
        "rtskin": rtskin.__version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
    }
    for name, examination in (("runtimes", _runtimes), ("models", _models), ("codecs", _codecs), ("cameras", _cameras)):
        try:
            report[name] = examination()
        except (RtskinError, ImportError) as error:
            report[name] = None
            problems.append(str(error))
    report["display"] = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return report, problems


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _runtimes() -> dict[str, Any]:
    """What each runtime that is installed really runs a bundled network on; refuses two ONNX Runtimes in one environment."""
    from rtskin.infer.cards import list_models
    from rtskin.infer.runtimes.installed import require_onnxruntime
    from rtskin.registry import RUNTIMES

    providers = require_onnxruntime().get_available_providers()
    report: dict[str, Any] = {"onnxruntime": {"providers": providers}}
    network = next((card for card in list_models() if card.weights is not None), None)
    for name in RUNTIMES.names():
        kind = RUNTIMES.get(name)
        if network is not None and kind.needs_weights and kind.is_installed() and kind.loads(network):
            report.setdefault(name, {})["runs on"] = _runs_on(network, name)
    return report


def _runs_on(network: Any, runtime: str) -> Any:
    """What the network really runs on there, or why it does not run: another runtime may do."""
    from rtskin.infer.base import load_segmenter

    try:
        segmenter = load_segmenter(network, runtime=runtime)
    except RtskinError as error:
        if runtime == "onnxruntime":
            raise
        return str(error)
    try:
        segmenter.warm_up()
        return asdict(segmenter.info)
    finally:
        segmenter.close()


def _models() -> list[str]:
    from rtskin.infer.cards import list_models

    return [card.name for card in list_models()]


def _codecs() -> dict[str, dict[str, bool]]:
    from rtskin.media import av

    return {kind: {name: _has_codec(av, name, kind[0]) for name in names} for kind, names in CODECS.items()}


def _has_codec(av: Any, name: str, letter: str) -> bool:
    try:
        av.Codec(name, "w" if letter == "e" else "r")
    except ValueError:
        return False
    return True


def _cameras() -> list[str]:
    from rtskin.capture.lister import list_cameras

    return [str(camera) for camera in list_cameras()]


def _print(report: dict[str, Any], problems: list[str]) -> None:
    table = Table(show_header=False)
    for name, value in report.items():
        if isinstance(value, dict):
            value = "\n".join(f"{key}: {_text(entry)}" for key, entry in value.items() if entry is not None)
        table.add_row(name, _text(value))
    Console().print(table)
    for problem in problems:
        typer.echo(f"rtskin: {problem}", err=True)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(entry)}" for key, entry in value.items())
    return (
        {None: "none", True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
    )
