"""The published networks: names and shapes of their checkpoints, what they cost, what they take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402

MANIFESTS = Path(__file__).parents[2].parent / "shared" / "manifests"
#: By architecture: options, the manifest's name, side of the input, parameters, multiply-accumulates of the convolutions.
KNOWN = [
    ("straight-u2net", {}, "StraightU2Net", 320, 79_937, 8_113_356_800),
    ("dlmv", {}, "DLMV", 256, 11_020_337, 2_439_784_320),
    ("u2netp", {}, "U2NetP", 512, 1_131_181, 50_575_589_376),
    ("u2net", {}, "U2Net", 1024, 44_009_869, 600_046_043_136),
    ("u2netp", {"channels": 4}, "U2NetP_in4_refiner", 512, 1_131_757, None),
    # Its authors' 659e9 leave out what deformable convolutions cost.
    ("birefnet-lite", {}, "BiRefNet_lite", 1728, 44_313_720, 896_896_349_632),
]


@pytest.mark.parametrize(("name", "options", "manifest", "side", "parameters", "macs"), KNOWN)
def test_it_costs_what_was_published(
    name: str, options: dict[str, int], manifest: str, side: int, parameters: int, macs: int | None
) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):  # shapes alone, no memory and no time
        net = nets.build(name, **options).eval()
        picture = torch.zeros(1, options.get("channels", 3), side, side)
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        assert net(picture).shape == (1, 1, side, side)
    if macs is not None:
        assert counter.get_total_flops() == 2 * macs


@pytest.mark.parametrize(("name", "options", "manifest", "side", "parameters", "macs"), KNOWN)
def test_names_and_shapes_are_those_of_the_checkpoints(
    name: str, options: dict[str, int], manifest: str, side: int, parameters: int, macs: int | None
) -> None:
    path = MANIFESTS / f"{manifest}.json"
    if not path.exists():
        pytest.skip("the manifests of the published checkpoints are not here (../shared/manifests)")
    wanted = {key: tuple(value["shape"]) for key, value in json.loads(path.read_text())["state_dict"].items()}
    with torch.device("meta"):
        found = {key: tuple(value.shape) for key, value in nets.build(name, **options).state_dict().items()}
    assert found == wanted


@pytest.mark.parametrize(("name", "shape"), [("straight-u2net", (37, 50)), ("dlmv", (64, 96)), ("u2netp", (65, 94))])
def test_logits_have_the_size_of_the_input_and_every_parameter_gets_a_gradient(
    name: str, shape: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    net = nets.build(name).train()
    logits = net(torch.rand(2, 3, *shape))
    assert logits.shape == (2, 1, *shape)
    assert logits.min() < 0, "the output is logits, not probabilities"
    logits.square().mean().backward()
    dead = [key for key, parameter in net.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert dead == []


def test_straight_u2net_sees_47_pixels_and_no_more() -> None:
    """Its two blocks reach (1 + 1 + 2 + 4 + 8 + 4 + 2 + 1) pixels each way, and the stem one."""
    torch.manual_seed(0)
    net = nets.build("straight-u2net").eval()
    picture = torch.rand(1, 3, 1, 121)
    picture = picture.expand(1, 3, 121, 121).clone().requires_grad_()
    net(picture)[0, 0, 60, 60].backward()
    assert picture.grad is not None
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert (60 - rows.min(), rows.max() - 60) == (47, 47)


def test_the_mean_of_the_picture_reaches_every_pixel_of_dlmv() -> None:
    """The pyramid's fifth branch is projected apart from the others: the sum is that of the concatenation."""
    from rtskin.nets.dlmv import Pyramid

    torch.manual_seed(0)
    pyramid = Pyramid(24, 8).eval()
    x = torch.randn(2, 24, 5, 7)
    whole = torch.cat([*(branch(x) for branch in pyramid.convs[:-1]), pyramid.convs[-1](x).expand(-1, -1, 5, 7)], 1)
    torch.testing.assert_close(pyramid(x), pyramid.project(whole))


def test_enlarging_differs_between_the_skin_checkpoints_and_upstream() -> None:
    torch.manual_seed(0)
    ours = nets.build("u2netp").eval()
    upstream = nets.build("u2netp", align_corners=False).eval()
    upstream.load_state_dict(ours.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert not torch.allclose(ours(picture), upstream(picture), atol=1e-3)


def test_pictures_are_normalised_as_each_network_was_published() -> None:
    assert nets.statistics("mobile-unet") == nets.IMAGENET
    assert {nets.statistics(name) for name in ("straight-u2net", "dlmv", "u2net", "u2netp", "birefnet-lite")} == {
        ((0,) * 3, (255,) * 3)
    }
