"""BiRefNet_lite, part by part and as a whole."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from rtskin import nets  # noqa: E402
from rtskin.errors import InputError  # noqa: E402
from rtskin.nets.birefnet import aspp, decoder, swin, windows  # noqa: E402
from rtskin.nets.birefnet.net import BiRefNetLite  # noqa: E402


@pytest.fixture(scope="module")
def net() -> BiRefNetLite:
    torch.manual_seed(3)
    made = nets.build("birefnet-lite")
    assert isinstance(made, BiRefNetLite)
    return made.eval()


def test_logits_have_the_size_of_the_input(net: BiRefNetLite) -> None:
    with torch.no_grad():
        logits, levels = net.supervised(torch.rand(2, 3, 64, 96))
        assert torch.equal(net(torch.zeros(1, 3, 32, 32)), net(torch.zeros(1, 3, 32, 32)))
    assert logits.shape == (2, 1, 64, 96)
    assert logits.min() < 0, "the output is logits, not probabilities"
    sizes = [(2, 1, 2, 3), (2, 1, 4, 6), (2, 1, 8, 12)]
    assert [tuple(one.shape) for one in levels.masks] == sizes
    assert [tuple(one.shape) for one in levels.gradients] == sizes


def test_sides_that_do_not_divide_are_refused(net: BiRefNetLite) -> None:
    with pytest.raises(InputError, match="sides that are multiples of 32, not 100×64"):
        net(torch.zeros(1, 3, 64, 100))


def test_every_parameter_learns_and_frugal_gives_the_same_gradients() -> None:
    grads, seen = [], []
    for frugal in (False, True):
        torch.manual_seed(5)
        net = BiRefNetLite(frugal).train()
        torch.manual_seed(6)
        logits, levels = net.supervised(torch.rand(2, 3, 64, 64))
        total = logits.square().mean()
        for one in (*levels.masks, *levels.gradients):
            total = total + one.square().mean()
        total.backward()
        grads.append({name: parameter.grad for name, parameter in net.named_parameters()})
        seen.append(net.state_dict()["decoder.decoder_block1.dec_att.aspp1.bn.running_mean"])
    torch.testing.assert_close(*seen)
    assert [name for name, grad in grads[0].items() if grad is None or not grad.any()] == []
    for name, grad in grads[0].items():
        torch.testing.assert_close(grad, grads[1][name], atol=1e-6, rtol=1e-3)


def test_the_map_is_taken_apart_into_windows_and_put_together() -> None:
    x = torch.arange(2 * 14 * 21 * 3.0).view(2, 14, 21, 3)
    parts = windows.split(x)
    assert torch.equal(parts[1].view(7, 7, 3), x[0, :7, 7:14])
    assert torch.equal(windows.joined(parts, 14, 21), x)
    assert torch.equal(windows.turned(x, 3), x.roll((-3, -3), (1, 2)))
    assert torch.equal(windows.turned(windows.turned(x, 3), -3), x)


def test_after_a_shift_only_old_neighbours_see_each_other() -> None:
    apart = windows.apart(14, 14, torch.zeros(1))
    assert apart.shape == (4, 49, 49)
    assert not apart[0].any(), "nothing came from elsewhere"
    rows = torch.arange(14).roll(-3)[7:]  # of the lower windows: 10 … 13, then 0 … 2
    together = (rows[:, None] >= 7) == (rows[None] >= 7)
    assert torch.equal(apart[2].view(7, 7, 7, 7)[:, 0, :, 0] == 0, together)


def test_a_token_sees_its_window_and_after_the_shift_the_next() -> None:
    torch.manual_seed(0)
    block, shifted = (swin.Block(96, 3, one, 0.0).eval() for one in (False, True))
    x = torch.randn(1, 14, 14, 96, requires_grad=True)
    apart = windows.apart(14, 14, x)
    for one, seen in ((block, (0, 6)), (shifted, (3, 9))):
        (gradient,) = torch.autograd.grad(one(x, apart)[0, 5, 5].sum(), x)
        rows = gradient.abs().sum((0, 2, 3)).nonzero().flatten()
        assert (rows.min(), rows.max()) == seen


def test_the_bias_follows_the_distance() -> None:
    attention = windows.Attention(96, 3)
    with torch.no_grad():
        attention.relative_position_bias_table[:, 0] = torch.arange(169.0)
    bias = attention._bias()[0].view(7, 7, 7, 7)
    assert bias[3, 3, 3, 3] == 84, "the middle of the table is no distance"
    assert bias[6, 6, 0, 0] == 168
    assert torch.equal(bias[1, 2, 4, 6], bias[0, 0, 3, 4])


def test_the_pyramid_is_that_of_the_branches_side_by_side() -> None:
    torch.manual_seed(0)
    pyramid = aspp.Pyramid().eval()
    x = torch.randn(2, 64, 5, 6)
    with torch.no_grad():
        mean = pyramid.global_avg_pool(x).expand(-1, -1, 5, 6)
        whole = torch.cat([pyramid.aspp1(x), *(branch(x) for branch in pyramid.aspp_deforms), mean], 1)
        torch.testing.assert_close(pyramid(x), F.relu(pyramid.bn1(pyramid.conv1(whole))), atol=1e-5, rtol=1e-4)


def test_a_training_batch_of_one_has_no_variance_to_go_by() -> None:
    assert aspp.Pyramid().train()(torch.randn(1, 64, 4, 4)).isfinite().all()


def test_the_picture_is_cut_into_patches_one_behind_the_other() -> None:
    x = torch.arange(2 * 3 * 8 * 12.0).view(2, 3, 8, 12)
    cut = decoder.patches(x, torch.zeros(1, 1, 2, 3))
    assert cut.shape == (2, 3 * 16, 2, 3)
    assert torch.equal(cut[1, 1 * 16 + 2 * 4 + 3], x[1, 1, 4:6, 9:12])


def test_the_last_convolution_sees_both_halves() -> None:
    """It is applied before enlarging, to each half by itself: the same as after."""
    torch.manual_seed(1)
    made = decoder.Decoder().eval()
    x, seen = torch.rand(1, 3, 32, 32), torch.randn(1, 96, 8, 8)
    with torch.no_grad():
        both = torch.cat([decoder.enlarged(seen, x), made.get_submodule("ipt_blk1")(x)], 1)
        torch.testing.assert_close(made._answer(x, seen), made.conv_out1(both), atol=1e-5, rtol=1e-4)
