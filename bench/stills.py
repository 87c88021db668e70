"""A folder of stills through ``rtskin mask --fast`` and through ``rembg p``: seconds a megapixel, and where they go.

Both run the same network with random weights: U²-NetP at 320×320, which is what rembg's u2net_custom session feeds; nothing
that was learnt plays a part. Each program is started for each folder as a user starts it, in turn; what it takes until the
network is loaded, in the network, and otherwise (decode, enlarge, encode, less what runs beside the network) is told apart.
``python -m bench.stills FOLDER --data PICTURES`` prepares FOLDER the first time, and adds to what earlier goes measured;
``--rembg PYTHON``: of an environment that has rembg[cpu,cli]; one is made in FOLDER otherwise. ``--write``: publish.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Cell, machine, markdown, publish
from bench.stills_made import command_of_ours, environment, megapixels_of, networks, stills
from rtskin.train.data.imaging import find_images

ROOT = Path(__file__).resolve().parent.parent
#: As they are, and as a camera gives them: how many, and of how many megapixels.
FOLDERS: dict[str, tuple[int, float | None]] = {"own": (100, None), "large": (20, 6.0)}
PROGRAMS = ("rtskin", "rembg")

Run = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for stills, networks and what was measured")
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="folders of pictures")
    parser.add_argument("--rembg", type=Path, metavar="PYTHON")
    parser.add_argument("--view", choices=["matte", "cutout"], default="matte")
    parser.add_argument("--only", choices=list(FOLDERS))
    parser.add_argument("--rounds", type=int, default=2, help="0: only prepare, or only tell")
    parser.add_argument("--write", action="store_true", help="into bench/README.md")
    chosen = parser.parse_args()
    chosen.folder = chosen.folder.resolve()
    prepare(chosen.folder, chosen.data)
    if chosen.rounds:
        python = chosen.rembg or environment(chosen.folder / "environment")
        names = [chosen.only] if chosen.only else list(FOLDERS)
        measure(chosen.folder, python, names, chosen.view, chosen.rounds)
    known = json.loads((chosen.folder / "runs.json").read_text("utf-8"))
    text = told(known) if known else f"{chosen.folder} is prepared"
    publish("stills", text) if chosen.write and known else print(text)
    return 0


def prepare(folder: Path, data: list[Path]) -> None:
    """What is there already stays."""
    for name, (count, megapixels) in FOLDERS.items():
        if not (folder / name).exists():
            stills(data, folder / name, count, megapixels)
    if not (folder / "networks.json").exists():
        made = networks(folder, find_images(folder / "own")[:8])
        (folder / "networks.json").write_text(json.dumps([str(path.resolve()) for path in made]), "utf-8")
    if not (folder / "runs.json").exists():
        (folder / "runs.json").write_text("[]", "utf-8")


def measure(folder: Path, python: Path, names: list[str], view: str, rounds: int) -> None:
    """Add runs to what is known; the first start of each program, which may compile and cache, does not count."""
    card, theirs = map(Path, json.loads((folder / "networks.json").read_text("utf-8")))
    first = folder / "first"
    shutil.rmtree(first, ignore_errors=True)
    first.mkdir()
    for path in find_images(folder / "own")[:2]:
        shutil.copyfile(path, first / path.name)

    def go(program: str, source: Path) -> Run:
        out = folder / "out" / program
        shutil.rmtree(out, ignore_errors=True)
        if program == "rtskin":
            return run(command_of_ours(card, source, out, view), {"PYTHONPATH": _paths()}, folder)
        mask = ["-om"] if view == "matte" else []
        options = ["-m", "u2net_custom", "-x", json.dumps({"model_path": str(theirs)}), *mask]
        command = [str(python), "rembg.cli:main", "p", *options, str(source), str(out)]
        return run(command, {"REMBG_HOME": str(theirs.parent)}, folder)

    for program in PROGRAMS:
        go(program, first)
    known = json.loads((folder / "runs.json").read_text("utf-8"))
    for name in names:
        source, megapixels = folder / name, megapixels_of(folder / name)
        for _ in range(rounds):
            one: Run = {"folder": name, "view": view, "megapixels": megapixels, "stills": len(find_images(source))}
            for program in PROGRAMS:
                one[program] = go(program, source)
                assert len(find_images(folder / "out" / program)) == one["stills"], f"{program} left some out"
            known.append(one)
            (folder / "runs.json").write_text(json.dumps(known), "utf-8")


def run(command: list[str], extra: dict[str, str], folder: Path) -> Run:
    """A program from its start to its end: seconds in all, until its network was loaded, and in the network."""
    python, *rest = command
    result = folder / "result.json"
    # Threads and places that somebody set for other things.
    left_out = ("OMP_NUM_THREADS", "PYTHONPATH", "U2NET_HOME", "XDG_DATA_HOME")
    variables = {name: value for name, value in os.environ.items() if name not in left_out} | extra
    begun = time.monotonic()
    done = subprocess.run(
        [python, str(ROOT / "bench" / "stills_timed.py"), str(result), *rest],
        env=variables, cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    ended = time.monotonic()
    if done.returncode:
        raise SystemExit(f"{rest[0]} failed: {done.stderr.strip()[-500:]}")
    noted = json.loads(result.read_text("utf-8"))
    return {**noted, "all": ended - begun, "start": noted["loaded"] - begun}


def told(runs: list[Run]) -> str:
    """The section: a line for each folder and view."""
    rows = []
    for name, view in dict.fromkeys((one["folder"], one["view"]) for one in runs):
        those = [one for one in runs if (one["folder"], one["view"]) == (name, view)]
        ratios = [one["rembg"]["all"] / one["rtskin"]["all"] for one in those]
        size = f"{those[0]['stills']} {'as they are' if FOLDERS[name][1] is None else 'enlarged'}"
        faster = Cell(f"{median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})", median(ratios) > 1)
        for program in PROGRAMS:
            ours = program == "rtskin"
            rows.append([
                f"{size}, {those[0]['megapixels']:.1f} MP" if ours else "", view if ours else "", program,
                *_figures([one[program] for one in those], those[0]["megapixels"]), faster if ours else "",
            ])  # fmt: skip
    header = [
        "stills", "view", "program", "s a megapixel", "until loaded, s", "network, s", "the rest, s", "network's share",
        "rembg's time by ours",
    ]  # fmt: skip
    return f"## A folder of stills, beside rembg\n\n{_about(runs)}\n\n{markdown(header, rows)}"


def _figures(those: list[Run], megapixels: float) -> list[str]:
    """Medians: seconds a megapixel of all, and what they are made of."""
    start, network, everything = (median(one[key] for one in those) for key in ("start", "network", "all"))
    rest = median(one["all"] - one["start"] - one["network"] for one in those)
    share = f"{network / everything:.0%}"
    return [f"{everything / megapixels:.3f}", f"{start:.1f}", f"{network:.1f}", f"{rest:.1f}", share]


def _about(runs: list[Run]) -> str:
    last = runs[-1]
    versions = " and ".join(
        f"{name} {last[name]['version']} (ONNX Runtime {last[name]['onnxruntime']})" for name in PROGRAMS
    )
    return (
        f"{machine()}. `python -m bench.stills`: `rtskin mask --fast --no-mirror` and `rembg p`, {versions}, each as it "
        f"comes, from start to end in turn, {len(runs)} rounds in all; U²-NetP with random weights at 320² on both sides. "
        f"Rembg's mattes are `-om`; its cutouts keep the picture's colours, ours get the skin's own. "
        "The rest: decoding, scaling, encoding, as far as it is not done while the network runs."
    )


def _paths() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))


if __name__ == "__main__":
    sys.exit(main())
