"""What a command loads before its first picture, and what it does not."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest

from rtskin.cli.starting import nothing_to_collect

CODE = """
import gc, json, sys
from rtskin.cli.main import run
try:
    run({arguments!r})
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps([sorted(sys.modules), gc.isenabled()]))
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command loads."""
    code = CODE.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, collects = json.loads(done.stdout.splitlines()[-1])
    assert collects
    return set(modules)


def test_a_verb_loads_none_of_the_others() -> None:
    modules = loaded("models", "--help")
    assert "rtskin.cli.models" in modules
    assert not modules & {"rtskin.cli.live", "rtskin.cli.train", "rtskin.cli.eval"}


def test_live_loads_only_what_it_needs() -> None:
    """scipy, torch and the like take longer than all else together."""
    modules = loaded("live", "pattern:64x48@30?frames=3", "--sink", "null", "--model", "ellipse")
    assert "numba" in modules
    assert not modules & {"scipy.linalg", "scipy.optimize", "torch", "matplotlib", "mediapipe", "rtskin.cli.render"}


@pytest.mark.parametrize("enabled", [True, False])
def test_collecting_is_as_it_was_before(enabled: bool) -> None:
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with nothing_to_collect():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
