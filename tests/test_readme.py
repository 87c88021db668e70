"""What the README shows is what works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from rtskin.cli.main import VERBS, application

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")


#: The commands that it shows, without comments and what they are piped to.
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("rtskin ")
]


def test_its_python_runs(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
    assert "Segmenter" in code
    code = code.replace('"clip.mp4"', '"pattern:64x48@30?frames=5"')
    script = tmp_path / "readme.py"
    script.write_text(f"import numpy as np\nimage_bgr = np.zeros((48, 64, 3), np.uint8)\n{code}", "utf-8")
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_its_verbs_and_files_exist() -> None:
    verbs = set(re.findall(r"rtskin (\w+)", "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))))
    assert verbs
    assert verbs <= set(VERBS)
    for target in re.findall(r"\]\((?!http)([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target
    for name in re.findall(r"`((?:bench|models|pipelines|\.ci)/[\w./-]+)`", TEXT):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_are_understood(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[1 : words.index("|")] if "|" in words else words[1:]
    command: Any = typer.main.get_command(application())
    with command.make_context("rtskin", words, resilient_parsing=True) as context:
        while hasattr(command, "resolve_command"):
            name, command, words = command.resolve_command(context, words)
            # Raises for options that the verb does not have, values that they do not take, and what is missing.
            with command.make_context(name, list(words), context) as context:
                pass
