from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from rtskin import nets  # noqa: E402
from rtskin.train.losses.prior_own import OwnPrior  # noqa: E402
from rtskin.train.recipe import Prior  # noqa: E402


def test_frozen_parts_stay_out_of_training_mode() -> None:
    net = nets.build("mobile-unet", width=0.25, channels=4).train()
    net.stem.eval()
    images = torch.rand(2, 4, 64, 64)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    seen = OwnPrior(Prior(use=True, own=1.0))(net, images, (0.0, 0.5, 0.5))
    assert not torch.equal(seen[:, 3:], images[:, 3:]), "it looked"
    assert not any(module.training for module in net.stem.modules())
    assert net.training
    assert net.head.training
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items()), "statistics stay"


def test_samples_without_a_prior_keep_none_and_other_steps_their_own() -> None:
    net = nets.build("mobile-unet", width=0.25, channels=4).train()
    images = torch.rand(2, 4, 64, 64)
    images[1, 3] = 0
    own = OwnPrior(Prior(use=True, own=0.5))
    assert own(net, images, (0.6, 0.5, 0.5)) is images
    seen = own(net, images, (0.4, 0.5, 0.5))
    assert not seen[1, 3].any()
    assert torch.equal(seen[:, :3], images[:, :3])
