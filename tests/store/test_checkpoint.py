"""Reading other people's checkpoints."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError, ModelError  # noqa: E402
from rtskin.store.checkpoint import check_fits, read_state  # noqa: E402
from tests.store.conftest import Save, random_state  # noqa: E402


class Code:
    """What runs when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state": {"state_dict": state}, "epoch": 3},
        lambda state: {"state_dict": state},
        lambda state: {"model": {f"module.{name}": value for name, value in state.items()}},
    ],
)
def test_a_state_dict_is_found_where_it_is(save: Save, wrap: Any) -> None:
    state = random_state("straight-u2net")
    found = read_state(save(wrap(state)))
    assert list(found) == list(state)
    assert torch.equal(found["stem.0.weight"], state["stem.0.weight"])


@pytest.mark.parametrize("by_torch", [True, False])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, by_torch: bool) -> None:
    path, marker = tmp_path / "evil.pt", tmp_path / "ran"
    if by_torch:
        torch.save({"state_dict": Code(marker)}, path)
    else:
        path.write_bytes(pickle.dumps(Code(marker), protocol=2))
    with pytest.raises(
        ModelError, match="holds more than weights, code that would run when it is read, so it was not read"
    ):
        read_state(path)
    assert not marker.exists()


def test_a_file_that_is_cut_off(save: Save) -> None:
    path = save(random_state("straight-u2net"))
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(ModelError, match=r"cannot be read as a checkpoint of torch \(was it copied whole\?\)"):
        read_state(path)


def test_no_file_and_no_checkpoint(tmp_path: Path, save: Save) -> None:
    with pytest.raises(InputError, match="there is no checkpoint at"):
        read_state(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(ModelError, match=r"no checkpoint of torch|cannot be read as a checkpoint"):
        read_state(tmp_path / "text.pt")
    with pytest.raises(ModelError, match="holds no weights"):
        read_state(save({"epoch": 3}))


def test_a_quantised_checkpoint(save: Save) -> None:
    with pytest.raises(ModelError, match=r"is a quantised checkpoint \(it has head.scale.zero_point\)"):
        read_state(save({"head.weight": torch.zeros(1), "head.scale.zero_point": torch.zeros(1)}))


def test_the_first_names_that_differ_are_said(tmp_path: Path) -> None:
    net = nets.build("straight-u2net")
    state = dict(net.state_dict())
    state["stem.0.weights"] = state.pop("stem.0.weight")
    state["head.weight"] = torch.zeros(2, 32, 1, 1)
    words = "it has no stem.0.weight; stem.0.weights is unknown; head.weight is 2×32×1×1, not 1×32×1×1"
    with pytest.raises(ModelError, match=f"is not a checkpoint of straight-u2net: {words}$"):
        check_fits(state, net, tmp_path, "straight-u2net")


def test_the_network_that_it_is_of_is_said(tmp_path: Path) -> None:
    state = random_state("straight-u2net")
    with torch.device("meta"):
        other = nets.build("u2netp")
    with pytest.raises(ModelError, match=r"and [0-9]+ more; it looks like straight-u2net"):
        check_fits(state, other, tmp_path, "u2netp")
