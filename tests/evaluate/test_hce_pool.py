"""The processes that measure the effort: their answers, their errors, their end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skimage")

from rtskin.evaluate import hce
from rtskin.evaluate.hce_pool import EffortError, EffortPool
from tests.evaluate.conftest import square


def fails(job: hce.Job) -> dict[str, int]:
    raise ArithmeticError("no clicks today")


def dies(job: hce.Job) -> dict[str, int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def dawdles(job: hce.Job) -> dict[str, int]:
    time.sleep(0.02)
    return {"pid": os.getpid()}


def test_answers_come_in_the_order_of_the_pictures() -> None:
    truth = square(60, 120)
    masks = [square(side, 120) for side in (0, 30, 60, 90)]
    with EffortPool(2) as pool:
        for mask in masks:
            pool.submit(truth, {"a": mask, "b": truth})
        found = pool.finish()
        assert found == [{"a": hce.effort(mask, truth).clicks, "b": 0} for mask in masks]
        assert len({one["a"] for one in found}) > 1
        assert pool.finish() == []
    assert not multiprocessing.active_children()


def test_pictures_that_wait_are_few_and_other_processes_work() -> None:
    with EffortPool(1, dawdles) as pool:
        for _ in range(20):
            pool.submit(square(3), {})
            assert len(pool._waiting) <= 4
        assert {one["pid"] for one in pool.finish()}.isdisjoint({os.getpid()})


def test_an_error_reaches_the_caller_and_nothing_is_left_running() -> None:
    with EffortPool(1, fails) as pool:
        pool.submit(square(3), {"a": square(3)})
        with pytest.raises(ArithmeticError, match="no clicks today"):
            pool.finish()
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_an_error_that_says_what_to_do() -> None:
    with EffortPool(1, dies) as pool:
        pool.submit(square(3), {"a": square(3)})
        with pytest.raises(EffortError, match="--hce-processes"):
            pool.finish()


_SCRIPT = """
import sys
import numpy as np
from rtskin.evaluate.hce_pool import EffortPool
from tests.evaluate.test_hce_pool import dawdles

if __name__ == "__main__":
    try:
        with EffortPool(2, dawdles) as pool:
            mask = np.zeros((8, 8), np.uint8)
            pool.submit(mask, {})
            pool.finish()
            print("working", flush=True)
            while True:
                pool.submit(mask, {})
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a group of processes")
def test_ctrl_c_ends_all_of_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
        said, complaints = process.communicate(timeout=30)
    assert said == "interrupted\n"
    assert "Traceback" not in complaints
    assert _gone(process.pid), "the last one ends a moment after its parent"


def _gone(group: int) -> bool:
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_masks_are_sent_as_bits() -> None:
    size, truth, masks = hce.pack(square(3), {"a": square(2)})
    assert size == (20, 20)
    assert truth.nbytes == masks["a"].nbytes == 50
    assert np.unpackbits(truth).sum() == 9
