"""bench.gpu: without a GPU it says so and ends well; what it measures is measured on frames that were really worked on."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from bench import gpu, report  # noqa: E402

STAGES = ["up", "tensor", "network", "average", "refine", "composite", "down"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_it_says_that_there_is_no_gpu(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "publish", lambda *given: pytest.fail("nothing was measured"))
    assert gpu.main(["--write"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("nothing was measured, there is no GPU to do it on: device 'cuda'")
    assert said.count("\n") == 1


def test_its_program_runs_on_the_cpu_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "publish", lambda *given: pytest.fail("it is none of a GPU"))
    assert gpu.main(["--device", "cpu", "--size", "320x180", "--frames", "8", "--write"]) == 0
    said = capsys.readouterr().out
    assert "no GPU; " in said
    rows = [line.strip("| ").split(" | ") for line in said.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[2:]] == [*STAGES, "in turn"]
    assert all(float(row[1]) > 0 and float(row[2]) > 0 for row in rows[2:])


def test_bytes_and_arithmetic_of_the_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by hand for 320×180 and a network of 416×224."""
    monkeypatch.setattr(gpu, "limits_of", lambda device: gpu.Limits(1e9, 1e8, 1e12))
    (frame, *_) = gpu.made(320, 180)
    assert frame.picture.yuv() is not None
    stages = {one.name: one for one in gpu.profile(frame, "cpu", "mobile-unet", "overlay")}
    area, net = 320 * 180, 416 * 224
    assert stages["up"].moved == area * 3 // 2
    assert stages["up"].floor == pytest.approx(1e3 * area * 1.5 / 1e8)
    assert stages["tensor"].moved == area * 3 // 2 + 3 * 4 * net
    assert stages["refine"].moved == 4 * net + 2 * area
    assert stages["down"].moved == 3 * area
    macs = 161_700_992 * net / 320**2
    assert stages["network"].flop == pytest.approx(2 * macs, rel=0.02)
    assert stages["network"].floor == pytest.approx(1e3 * max(stages["network"].moved / 1e9, 2 * macs / 1e12), rel=0.02)
