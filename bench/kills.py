"""Do renders survive being killed: SIGKILL at random moments, the last pass included, then once to the end.

``python -m bench.kills CLIP --kills 20 -- --model mobile-unet``: each kill begins a render of its own, with options of the
verb; it is then finished, and its file compared byte by byte with that of an undisturbed run. With ``--in-a-row`` a render
is killed again and again until it is faster. Every second moment is drawn from the last pass, which is short: so long after
it began. Puts a table into bench/README.md with ``--publish NAME``. Exits with 1 where a file differs.
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

from bench.report import machine, markdown, publish


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--in-a-row", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--suffix", default=".mp4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--publish", metavar="NAME")
    words = sys.argv[1:]
    own = words.index("--") if "--" in words else len(words)
    chosen = parser.parse_args(words[:own])
    chosen.options = words[own + 1 :]
    with TemporaryDirectory(prefix="rtskin-kills-") as folder:
        same, renders, stages = render_and_kill(chosen, Path(folder))
    row = [chosen.clip.name, chosen.jobs, chosen.kills, *stages.values(), f"{same} of {renders}"]
    table = markdown(["clip", "jobs", "kills", *(f"in {stage}" for stage in stages), "same bytes"], [row])
    if chosen.publish:
        called = " ".join(words).replace(str(chosen.clip), chosen.clip.name).replace(f" --publish {chosen.publish}", "")
        how = "one after the other until the render ends" if chosen.in_a_row else "each of a render of its own"
        publish(
            f"kills-{chosen.publish}",
            f"## Killed and gone on with: {chosen.publish}\n\n{machine()}. `python -m bench.kills {called}`: SIGKILL at "
            f"random moments, half of them in the last pass, {how}; then to the end, and the file compared with that of an "
            f"undisturbed run.\n\n{table}",
        )
    else:
        print(machine())
        print(table)
    return 0 if same == renders else 1


def render_and_kill(chosen: argparse.Namespace, folder: Path) -> tuple[int, int, dict[str, int]]:
    """How many renders ended with the same bytes, of how many, and how many kills came at each stage."""
    whole, out = folder / f"whole{chosen.suffix}", folder / f"out{chosen.suffix}"
    lengths, wanted = passes(command(chosen, whole), whole), digest(whole)
    chance, same, stages = random.Random(chosen.seed), 0, dict.fromkeys(("plan", "masks", "output", "done"), 0)
    renders = 0
    for number in range(chosen.kills):
        last = number % 2 == 1
        stage = killed(command(chosen, out), out, chance.uniform(0, lengths[last]), in_last_pass=last)
        stages[stage] += 1
        # One that was faster than its last killer is over, and the next kill is of another.
        if not chosen.in_a_row or stage == "done" or number == chosen.kills - 1:
            to_the_end(command(chosen, out, again=True))
            renders += 1
            same += digest(out) == wanted
            out.unlink()
    return same, renders, stages


def passes(words: list[str], out: Path) -> tuple[float, float]:
    """Renders undisturbed: seconds before the last pass, and of it."""
    process, begun = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), time.monotonic()
    wait_for_last_pass(process, out)
    between = time.monotonic()
    if process.wait():
        to_the_end(words)  # says what is wrong
    return between - begun, time.monotonic() - between


def wait_for_last_pass(process: subprocess.Popen[bytes], out: Path) -> None:
    """Until it begins, or the render ends: its folder is new then, also where a killed one left another."""
    finish, begun = Path(f"{out}.work", "finish"), time.time()
    while process.poll() is None and not (finish.exists() and finish.stat().st_mtime >= begun):
        time.sleep(0.005)


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


def killed(words: list[str], out: Path, after: float, *, in_last_pass: bool) -> str:
    """Kills it so many seconds after it began, or its last pass did; the stage that it was in."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if in_last_pass:
        wait_for_last_pass(process, out)
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
