from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.infer.runtimes import machine as machines

X86 = "model name\t: AMD EPYC\nflags\t\t: fpu sse2 avx2 avx512f avx512_vnni avx512_bf16 xsave\npower management:\n"
ARM = "model name\t: a chip\nFeatures\t: fp asimd evtstrm asimddp bf16 sve\nCPU part\t: 0xd4f\n"


@pytest.mark.parametrize(
    ("text", "has", "described"),
    [
        (X86, ["avx2", "avx512_bf16", "avx512_vnni", "avx512f"], "AMD EPYC (avx512_bf16)"),
        (X86.replace(" avx512f avx512_vnni avx512_bf16", ""), ["avx2"], "AMD EPYC (avx2)"),
        (X86.replace("avx512f", "avx512f avx512vl"), None, "AMD EPYC (avx512_bf16)"),
        (ARM, ["asimd", "asimddp", "bf16", "sve"], "a chip (bf16)"),
        ("model name : a chip\n", [], "a chip"),
    ],
)
def test_processors_of_one_name_differ_in_what_they_can(
    text: str, has: list[str] | None, described: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machines, "_CPUINFO", tmp_path / "cpuinfo")
    assert machines.described() == described
    if has is not None:
        assert machines.instructions() == has
        assert machines.machine()["instructions"] == " ".join(has)
    else:
        assert "avx512vl" in machines.instructions(), "kernels differ by it, so what is kept must"


def test_a_system_that_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "_CPUINFO", tmp_path / "none")
    assert machines.instructions() == []
    assert machines.described() == machines.processor() != ""
