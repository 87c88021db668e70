"""What the README shows is what works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from rtskin.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")


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
