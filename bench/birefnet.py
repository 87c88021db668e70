"""BiRefNet_lite at 512, 1024 and 1728 pixels a side: time and memory of a pass on the CPU; published in bench/README.md.

``python -m bench.birefnet FOLDER --prepare 1728`` writes a network with random weights (it takes as long with any), imported
as a published checkpoint is; ``python -m bench.birefnet FOLDER --size 1728`` measures it, each way in a process of its own,
in turn, and publishes what is known of all sizes; a further go adds to what an earlier one measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Cell, machine, markdown, publish

#: (runtime, its options, what the table calls it).
WAYS = (("onnxruntime", {}, "ONNX Runtime"), ("torch", {"check": False}, "torch"))
#: Megabytes, at 1728.
MOST = 5000
THREADS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for the networks and for what was measured")
    parser.add_argument("--prepare", type=int, metavar="SIDE")
    parser.add_argument("--size", type=int, metavar="SIDE")
    parser.add_argument("--rounds", type=int, default=2, help="passes of each, after one that does not count (2)")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        _work(chosen.folder, chosen.size, *WAYS[int(chosen.worker)][:2])
        return 0
    if chosen.prepare:
        _prepare(chosen.folder, chosen.prepare)
    if chosen.size:
        _keep(chosen.folder / f"{chosen.size}.json", _measured(chosen.folder, chosen.size, chosen.rounds))
    text = _text([json.loads(path.read_text("utf-8")) for path in chosen.folder.glob("*.json")])
    print(text) if chosen.no_publish else publish("birefnet", text)
    return 0


def _prepare(folder: Path, side: int) -> None:
    import torch

    from rtskin import nets
    from rtskin.store.importing import import_checkpoint

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    checkpoint = folder / "random.pt"
    torch.save(nets.build("birefnet-lite").state_dict(), checkpoint)
    name = f"birefnet-{side}"
    import_checkpoint("birefnet-lite", checkpoint, name=name, size=side, folder=folder, overwrite=True, said=print)


def _keep(path: Path, found: dict[str, Any]) -> None:
    """Beside what an earlier go measured of that size: a large one takes minutes."""
    if path.exists():
        before = json.loads(path.read_text("utf-8"))
        found["seconds"] = [[*old, *new] for old, new in zip(before["seconds"], found["seconds"], strict=True)]
        found["difference"] = max(before["difference"], found["difference"])
        found["megabytes"] = list(map(max, before["megabytes"], found["megabytes"]))
    path.write_text(json.dumps(found), "utf-8")


def _measured(folder: Path, side: int, rounds: int) -> dict[str, Any]:
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.birefnet", str(folder), "--size", str(side), "--worker", str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(len(WAYS))
    ]  # fmt: skip
    seconds: list[list[float]] = [[] for _ in WAYS]
    for turn in range(rounds + 1):
        for number, worker in enumerate(workers):
            took = float(_ask(worker, "run"))
            if turn:
                seconds[number].append(took)
    megabytes = [int(_ask(worker, "memory")) for worker in workers]
    for worker in workers:
        worker.communicate("end\n")
    answers = [np.load(folder / f"{side}-{number}.npy") for number in range(len(WAYS))]
    from rtskin.infer.cards import Card

    return {
        "side": side,
        "seconds": seconds,
        "megabytes": megabytes,
        "difference": float(np.abs(answers[0] - answers[1]).max()),
        "said": Card.load(folder / f"birefnet-{side}" / "model.toml").memory_mb,
    }


def _ask(worker: Any, what: str) -> str:
    worker.stdin.write(what + "\n")
    worker.stdin.flush()
    answer: str = worker.stdout.readline()
    return answer


def _work(folder: Path, side: int, runtime: str, options: dict[str, Any]) -> None:
    """One way, asked line by line: "run" answers seconds, "memory" the most megabytes that were held while running."""
    from rtskin.infer.cards import Card
    from rtskin.registry import RUNTIMES

    card = Card.load(folder / f"birefnet-{side}" / "model.toml")
    loaded = RUNTIMES.get(runtime)(card, device="cpu", threads=THREADS, options=options)
    # What reading the weights took at most is not what running takes.
    Path("/proc/self/clear_refs").write_text("5")
    tensor = np.random.default_rng(0).uniform(0, 255, (1, 3, side, side)).astype(np.float32)
    for line in sys.stdin:
        if line.strip() == "run":
            begun = time.perf_counter()
            answer = loaded.run(tensor)
            print(time.perf_counter() - begun, flush=True)
            np.save(folder / f"{side}-{[way[0] for way in WAYS].index(runtime)}.npy", answer)
        elif line.strip() == "memory":
            lines = Path("/proc/self/status").read_text().splitlines()
            print(next(int(one.split()[1]) * 1024 // 10**6 for one in lines if one.startswith("VmHWM")), flush=True)
        else:
            return


def _text(results: list[dict[str, Any]]) -> str:
    rows: list[list[object]] = []
    for found in sorted(results, key=lambda one: one["side"]):
        middles = [statistics.median(one) for one in found["seconds"]]
        for number, (runtime, _, title) in enumerate(WAYS):
            asked = runtime == "onnxruntime" and found["side"] == 1728
            spread = f"{min(found['seconds'][number]):.1f} … {max(found['seconds'][number]):.1f}"
            rows.append([
                f"{found['side']}²",
                title,
                Cell(f"{middles[number]:.1f} ({spread})", middles[0] <= middles[1] if asked else None),
                Cell(f"{found['megabytes'][number]}", found["megabytes"][number] <= MOST if asked else None),
                found["said"] or "" if runtime == "onnxruntime" else "",
                f"{found['difference']:.1g}" if runtime == "onnxruntime" else "",
            ])  # fmt: skip
    header = ["input", "runtime", "seconds", "most MB", "MB that the card says", "from torch"]
    return (
        f"## BiRefNet_lite\n\n{machine()}. `python -m bench.birefnet`: a pass at {THREADS} threads in fp32, medians, each "
        "way in a process of its own, in turn; random weights. MB: of the whole process, while it runs. To reach at 1728²: "
        f"no slower than torch, at most {MOST} MB.\n\n{markdown(header, rows)}"
    )


if __name__ == "__main__":
    sys.exit(main())
