"""Learning from wider networks: from checkpoints and from what ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.losses import distil  # noqa: E402
from rtskin.train.normalise import normalise  # noqa: E402
from rtskin.train.recipe import parse  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture
def wide(table: dict[str, Any], data: Path, tmp_path: Path) -> Path:
    """The checkpoint of a network of twice the width."""
    recipe = parse({**table, "net": {"options": {"width": 0.5}}, "steps": 2, "seed": 8})
    Trainer(recipe, scan(recipe, [data]), tmp_path / "wide").run()
    return tmp_path / "wide/last.pt"


def test_a_teacher_says_what_its_averaged_weights_say(table: dict[str, Any], wide: Path) -> None:
    recipe = parse({**table, "distil": {"temperature": 2.0}})
    images = torch.randn(2, 3, 64, 64)
    said = distil.open_teachers([wide], recipe, CPU, None)(images)
    net = nets.build("mobile-unet", width=0.5)
    net.load_state_dict(checkpoint.load(wide)["ema"])
    with torch.no_grad():
        assert torch.allclose(said, (net.eval()(images) / 2).sigmoid(), atol=1e-6)


def test_several_are_averaged(table: dict[str, Any], wide: Path, data: Path, tmp_path: Path) -> None:
    recipe = parse({**table, "steps": 1})
    Trainer(recipe, scan(recipe, [data]), tmp_path / "other").run()
    other, images = tmp_path / "other/last.pt", torch.randn(1, 3, 64, 64)
    one, two, both = (
        distil.open_teachers(paths, recipe, CPU, None)(images) for paths in ([wide], [other], [wide, other])
    )
    assert not torch.allclose(one, two)
    assert torch.allclose(both, (one + two) / 2, atol=1e-6)


def test_the_student_comes_nearer(table: dict[str, Any], wide: Path, data: Path, tmp_path: Path) -> None:
    recipe = parse({
        **table, "steps": 24, "batch": 2, "distil": {"teachers": ["x"], "weight": 5.0, "temperature": 1.0},
        "optimiser": {"rate": 1e-2}, "schedule": {"warmup": 1}, "loss": {"bce": 0, "dice": 0},
    })  # fmt: skip
    seen: list[float] = []
    run = Trainer(recipe, scan(recipe, [data]), tmp_path / "student", teachers=[wide])
    run.run(lambda progress: seen.append(progress.losses["distil"]))
    assert sum(seen[-5:]) < 0.5 * sum(seen[:5])


def test_the_shipped_card_teaches_what_its_file_says(table: dict[str, Any]) -> None:
    ort = pytest.importorskip("onnxruntime")
    folder = Path(__file__).resolve().parents[3] / "models/mobile-unet"
    pixels = torch.randint(0, 255, (1, 256, 256, 3), dtype=torch.uint8)
    session = ort.InferenceSession(str(folder / "mobile-unet.onnx"), providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {session.get_inputs()[0].name: pixels.permute(0, 3, 1, 2).float().numpy()})
    recipe = parse({**table, "distil": {"temperature": 1.0}})
    for path in (folder, folder / "model.toml"):
        said = distil.open_teachers([path], recipe, CPU, None)(normalise(pixels))
        assert torch.allclose(said, torch.from_numpy(answer), atol=1e-4)


def test_a_card_without_its_recipe_is_refused(table: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no recipe.toml"):
        distil.open_teachers([tmp_path], parse(table), CPU, None)


class OnlySquare(torch.nn.Conv2d):
    """A network that was made for one shape."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) + torch.zeros(1, 1, 64, 64)


def test_a_teacher_that_cannot_take_the_shapes_is_refused(
    table: dict[str, Any], wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "averaged", lambda path: (parse(table), OnlySquare(3, 1, 1)))
    distil.open_teachers([wide], parse(table), CPU, None)
    several = parse({**table, "batch_shapes": [[64, 64], [96, 64]]})
    with pytest.raises(InputError, match=r"teacher .*last.pt cannot take inputs of 96×64"):
        distil.open_teachers([wide], several, CPU, None)


def test_a_teacher_of_other_things_is_refused(
    table: dict[str, Any], wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "averaged", lambda path: (parse(table), torch.nn.Conv2d(3, 5, 1)))
    with pytest.raises(InputError, match="not the skin of each pixel"):
        distil.open_teachers([wide], parse(table), CPU, None)


def test_a_file_that_is_no_checkpoint_is_refused(table: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        distil.open_teachers([tmp_path / "none.pt"], parse(table), CPU, None)


def test_a_teacher_gets_the_pictures_as_it_was_taught(
    table: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The student's are divided by 255 and nothing else, the teacher's are normalised as ImageNet's."""
    seen: list[torch.Tensor] = []

    class Teacher(torch.nn.Conv2d):
        def forward(self, x: Any) -> Any:
            seen.append(x)
            return super().forward(x)

    teacher = parse(table)
    monkeypatch.setattr(distil, "open_network", lambda path: (teacher, Teacher(3, 1, 1)))
    student = parse({**table, "net": {"architecture": "straight-u2net"}})
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    teach = distil.open_teachers([tmp_path], student, CPU, None)
    teach(normalise(pixels, nets.statistics("straight-u2net")))
    torch.testing.assert_close(seen[-1], normalise(pixels))
