from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import RuntimeUnavailableError  # noqa: E402
from rtskin.train.loop.device import arithmetic, choose  # noqa: E402


def test_cuda_that_is_not_there_is_an_error_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeUnavailableError, match=r"cuda cannot be had: .* --device cpu"):
        choose("cuda")
    assert choose("auto").type == choose("cpu").type == "cpu"


def test_auto_takes_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose("auto").type == choose("cuda").type == "cuda"
    assert choose("cpu").type == "cpu"


def test_auto_computes_as_precisely_as_the_device_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert arithmetic("auto", cpu) is None
    assert arithmetic("fp32", cuda) is None
    assert arithmetic("fp16", cuda) is torch.float16
    for has, expected in ((True, torch.bfloat16), (False, None)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has: has)
        assert arithmetic("auto", cuda) is expected
