"""Networks that need more memory than there is are refused before they are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import ModelError, RuntimeUnavailableError, UnknownNameError
from rtskin.infer import memory
from rtskin.infer.cards import load_card
from rtskin.infer.runtimes.load_errors import load_error
from rtskin.segmenter import Segmenter

from .conftest import MakeCard


def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, available: int, limit: str = "max", used: int = 0) -> None:
    """The files of a Linux that has so many kilobytes, in a container with such a limit of bytes."""
    for name, text in (
        ("_SYSTEM", f"MemTotal: 99 kB\nMemAvailable:   {available} kB\n"),
        ("_LIMIT", f"{limit}\n"),
        ("_USED", f"{used}\n"),
    ):
        path = tmp_path / name
        path.write_text(text)
        monkeypatch.setattr(memory, name, path)


def test_what_is_free_is_the_less_of_machine_and_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said(monkeypatch, tmp_path, 2_000_000)
    assert memory.free_megabytes() == 2048
    said(monkeypatch, tmp_path, 2_000_000, "3000000000", 1_900_000_000)
    assert memory.free_megabytes() == 1100
    for name in ("_SYSTEM", "_LIMIT"):
        monkeypatch.setattr(memory, name, tmp_path / "none")
    assert memory.free_megabytes() is None


def test_too_little_is_said_with_what_it_needs_and_tiles_are_offered(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = make_card().model_copy(update={"memory_mb": 4700})
    said(monkeypatch, tmp_path, 2_000_000)
    with pytest.raises(
        RuntimeUnavailableError, match=r"needs about 4\.7 GB of memory at .* and 2\.0 GB are free; .*tiles"
    ):
        Segmenter(card, device="cpu")
    memory.require_memory(card, "cuda", [(16, 16)])  # which has its own
    said(monkeypatch, tmp_path, 5_000_000)
    Segmenter(card, device="cpu").close()
    monkeypatch.setattr(memory, "_SYSTEM", tmp_path / "none")
    Segmenter(card, device="cpu").close()  # nobody says


def test_a_published_network_that_is_not_here_says_where_it_comes_from() -> None:
    with pytest.raises(ModelError) as caught:
        Segmenter("birefnet-lite")
    message = str(caught.value)
    assert "BiRefNet/releases (with --origin upstream)" in message
    assert message.endswith("rtskin models import birefnet-lite CHECKPOINT")
    assert "\n" not in message
    with pytest.raises(UnknownNameError):
        load_card("birefnet")


def test_what_is_imported_is_loaded_whatever_its_name(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = make_card()
    assert card.path is not None
    home = tmp_path / "models" / "birefnet-lite"
    home.mkdir(parents=True)
    (home / "model.toml").write_text(card.path.read_text().replace(f'"{card.name}"', '"birefnet-lite"', 1))
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "models"))
    assert load_card("birefnet-lite").name == "birefnet-lite"


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (RuntimeError("Non-zero status … Failed to allocate memory for requested buffer of size 2147483648"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 2147483648 bytes."), True),
        (RuntimeError("Exception during initialization: std::bad_alloc"), True),
        (RuntimeError("Got invalid dimensions for input: x"), False),
    ],
)
def test_what_runtimes_say_of_too_little_memory_is_known(error: Exception, short: bool) -> None:
    assert memory.is_short(error) is short


def test_elsewhere_than_on_a_cpu_what_was_asked_for_is_told(make_card: MakeCard) -> None:
    error = RuntimeError("Failed to allocate memory for requested buffer of size 2147483648")
    message = str(memory.too_little(make_card(), "cuda", (64, 32), error))
    assert message.startswith("'tiny' needs at least 2.15 GB more memory at 64×32; use a smaller input (--size")
    message = str(memory.too_little(make_card(), "cuda", (64, 32), MemoryError()))
    assert message.startswith("'tiny' needs more memory than it was given at 64×32; use")


def test_what_a_network_needs_grows_with_the_input(
    make_card: MakeCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = make_card(net={"size": ("h", "w")}).model_copy(update={"memory_mb": 1000})
    said(monkeypatch, tmp_path, 2_000_000)
    Segmenter(card, device="cpu", size=(16, 16)).close()
    with pytest.raises(RuntimeUnavailableError, match=r"needs about 4\.0 GB of memory at 32×32 and 2\.0 GB are free"):
        Segmenter(card, device="cpu", size=(32, 32))


def test_a_file_that_memory_is_too_small_for_is_not_called_broken() -> None:
    error = load_error(Path("n.onnx"), "ONNX Runtime", RuntimeError("std::bad_alloc"))
    assert "memory is too small for it" in str(error)
