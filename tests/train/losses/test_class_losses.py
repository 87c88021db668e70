from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from rtskin.train.losses import class_losses  # noqa: E402
from rtskin.train.losses.class_losses import other_classes, skin_logit, without  # noqa: E402

SKIN = 1


def case(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """(logits of five classes, allowed others: one each, skin 0 or 1, weight 1) of 2×8×8 pixels."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 5, 8, 8, generator=generator)
    truth = torch.randint(0, 5, (2, 8, 8), generator=generator)
    planes = F.one_hot(truth, 5).permute(0, 3, 1, 2).float()
    return logits, without(planes, SKIN), planes[:, SKIN : SKIN + 1], torch.ones(2, 1, 8, 8)


def test_skin_against_all_others() -> None:
    logits = case()[0]
    assert torch.allclose(skin_logit(logits, SKIN).sigmoid(), logits.softmax(1)[:, SKIN : SKIN + 1], atol=1e-6)
    assert skin_logit(logits[:, :1]) is not None
    assert torch.equal(skin_logit(logits[:, :1]), logits[:, :1]), "one class is skin itself"


def test_with_the_loss_of_skin_it_is_the_cross_entropy_of_all() -> None:
    logits, allowed, skin, weight = case()
    truth = torch.cat([allowed[:, :SKIN], skin, allowed[:, SKIN:]], 1).argmax(1)
    others = class_losses.entropy(without(logits, SKIN), allowed, weight * (1 - skin))
    whole = F.binary_cross_entropy_with_logits(skin_logit(logits, SKIN), skin) + others * (1 - skin).mean()
    assert torch.allclose(whole, F.cross_entropy(logits, truth), atol=1e-5)


@pytest.mark.parametrize("how", ["weight 0", "may be anything", "nothing was said"])
def test_what_is_left_open_has_no_influence(how: str) -> None:
    logits, allowed, skin, weight = case()
    skin[..., :4], open_ = 0, torch.zeros_like(weight, dtype=torch.bool)
    open_[..., :4] = True
    if how == "weight 0":
        weight = weight.masked_fill(open_, 0)
    else:
        allowed = allowed.masked_fill(open_, 1.0 if how == "may be anything" else 0.0)
    logits.requires_grad_(True)
    entropy, dice = other_classes(logits, allowed, skin, weight, SKIN)
    (entropy + dice).backward()
    assert logits.grad is not None
    assert logits.grad[..., :4].abs().max() < 1e-7
    assert logits.grad[..., 4:].abs().max() > 1e-4


def test_rare_classes_count_more() -> None:
    """A weighted cross-entropy, as torch has it; what may be of several classes counts 1."""
    logits, allowed, skin, weight = case()
    counts = [1.0, 2.0, 1.0, 30.0]
    found = class_losses.entropy(without(logits, SKIN), allowed, weight * (1 - skin), counts)
    truth = allowed.argmax(1).masked_fill(skin[:, 0] > 0, -100)
    wanted = F.cross_entropy(without(logits, SKIN), truth, weight=torch.tensor(counts), ignore_index=-100)
    assert torch.allclose(found, wanted, atol=1e-5)
    either = torch.ones_like(allowed)
    either[:, 1] = 0
    plain, counted = (class_losses.entropy(without(logits, SKIN), either, weight, by) for by in ([], counts))
    assert torch.allclose(plain, counted)


def test_one_of_two_is_enough() -> None:
    logits = torch.zeros(1, 5, 4, 4)
    logits[:, 3] = 12.0
    allowed = torch.zeros(1, 4, 4, 4)
    allowed[:, [0, 2]] = 1.0  # background or clothes
    weight = torch.ones(1, 1, 4, 4)
    assert class_losses.entropy(without(logits, SKIN), allowed, weight) < 1e-3
    allowed[:, 2] = 0
    assert class_losses.entropy(without(logits, SKIN), allowed, weight) > 5


def test_not_background_says_something_about_the_background_only() -> None:
    logits = torch.zeros(1, 5, 4, 4, requires_grad=True)
    allowed = torch.ones(1, 4, 4, 4)
    allowed[:, 0] = 0
    skin, weight = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    entropy, dice = other_classes(logits, allowed, skin, weight, SKIN)
    (entropy + dice).backward()
    gradient = logits.grad
    assert gradient is not None
    assert (gradient[:, 0] > 0).all(), "less background"
    assert torch.allclose(gradient[:, 2], gradient[:, 3])
    assert torch.allclose(gradient[:, 3], gradient[:, 4])


def test_right_answers_cost_nothing_and_wrong_ones_do() -> None:
    _, allowed, skin, weight = case()
    right = torch.cat([allowed[:, :SKIN], skin, allowed[:, SKIN:]], 1) * 30
    entropy, dice = other_classes(right, allowed, skin, weight, SKIN)
    assert entropy < 1e-3
    assert dice < 1e-2
    assert all(a > b for a, b in zip(other_classes(-right, allowed, skin, weight, SKIN), (entropy, dice), strict=True))


def test_contours_between_classes_are_soft() -> None:
    """Half hair, half background: either answer is as good, a third is not."""
    allowed = torch.zeros(1, 4, 1, 1)
    allowed[:, [0, 1]] = 0.5
    weight = torch.ones(1, 1, 1, 1)
    values = [class_losses.entropy(F.one_hot(torch.tensor([[[c]]]), 4).permute(0, 3, 1, 2) * 9.0, allowed, weight)
              for c in range(3)]  # fmt: skip
    assert torch.allclose(values[0], values[1])
    assert values[2] > values[0] + 1
