"""Do renders survive being killed: SIGKILL at random moments, the last pass included, then once to the end.

``python -m bench.kills CLIP --kills 20 -- --model mobile-unet``: each kill begins a render of its own, with options of the
verb; it is then finished, and its file compared byte by byte with that of an undisturbed run. With ``--in-a-row`` all
kills are of one render. Exits with 1 where a file differs.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.report import machine, markdown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--in-a-row", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--suffix", default=".mp4")
    parser.add_argument("--seed", type=int, default=1)
    words = sys.argv[1:]
    own = words.index("--") if "--" in words else len(words)
    chosen = parser.parse_args(words[:own])
    chosen.options = words[own + 1 :]
    with TemporaryDirectory(prefix="rtskin-kills-") as folder:
        whole = Path(folder) / f"whole{chosen.suffix}"
        begun = time.monotonic()
        to_the_end(command(chosen, whole))
        seconds, wanted = time.monotonic() - begun, digest(whole)
        chance, same, stages = random.Random(chosen.seed), 0, dict.fromkeys(("plan", "masks", "output", "done"), 0)
        out = Path(folder) / f"out{chosen.suffix}"
        for number in range(chosen.kills):
            stages[killed(command(chosen, out), out, chance.uniform(0, seconds))] += 1
            if not chosen.in_a_row or number == chosen.kills - 1:
                to_the_end(command(chosen, out, again=True))
                same += digest(out) == wanted
                out.unlink()
    renders = 1 if chosen.in_a_row else chosen.kills
    row = [chosen.clip.name, chosen.jobs, chosen.kills, *stages.values(), f"{same} of {renders}"]
    print(machine())
    print(markdown(["clip", "jobs", "kills", *(f"in {stage}" for stage in stages), "same bytes"], [row]))
    return 0 if same == renders else 1


def command(chosen: argparse.Namespace, out: Path, again: bool = False) -> list[str]:
    """again: where the last kill came after the file had its name, there is nothing left to do but to look."""
    if again and out.exists() and not Path(f"{out}.work").exists():
        return [sys.executable, "-c", ""]
    options = ["--jobs", str(chosen.jobs), *chosen.options]
    return [sys.executable, "-m", "rtskin", "render", str(chosen.clip), str(out), *options]


def to_the_end(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}")


def killed(words: list[str], out: Path, after: float) -> str:
    """Kills it after so many seconds; the stage that it was in."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.kill()
    process.wait()
    work = Path(f"{out}.work")
    if out.exists():
        return "done"
    if (work / "finish").exists():
        return "output"
    return "masks" if (work / "manifest.json").exists() else "plan"


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
