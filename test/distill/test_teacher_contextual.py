"""Contextual loss and feature matching: loops as reference, finite differences, what they reward."""

import math

import pytest
import torch
import torch.nn.functional as F

from distill.losses.contextual import contextual_loss, feature_matching, style_features
from distill.measure.perceptual import Lpips


def maps(seed, *shape):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw, dtype=torch.float64).relu() + 0.01


def reference_contextual(a, b, h):
    """The definition, one vector at a time."""
    out = []
    for x, y in zip(a.flatten(2), b.flatten(2)):
        centre = y.mean(1, keepdim=True)
        x, y = (x - centre).T, (y - centre).T
        rows = []
        for vector in x:
            distance = torch.stack([1 - F.cosine_similarity(vector, other, dim=0) for other in y])
            weight = torch.exp((1 - distance / (distance.min() + 1e-5)) / h)
            rows.append(weight / weight.sum())
        out.append(-math.log(torch.stack(rows).max(0).values.mean().item() + 1e-5))
    return out


def test_contextual_loss_is_its_definition_also_for_other_sizes():
    a, b = maps(0, 2, 6, 3, 4), maps(1, 2, 6, 5, 2)
    for h in (0.2, 0.5):
        assert contextual_loss(a, b, h).tolist() == pytest.approx(reference_contextual(a, b, h), rel=1e-6)
    with pytest.raises(ValueError, match="equal N and C"):
        contextual_loss(a, b[:, :5])


@pytest.mark.parametrize("loss", [contextual_loss, feature_matching])
def test_gradients_agree_with_finite_differences(loss):
    a, b = maps(0, 1, 5, 3, 3).requires_grad_(), maps(1, 1, 5, 3, 3)
    weights = maps(2, 1)
    assert torch.autograd.gradcheck(lambda x: loss(x, b) * weights, a, eps=1e-6, atol=1e-5)
    assert torch.autograd.gradcheck(lambda y: loss(a.detach(), y) * weights, b.requires_grad_(), eps=1e-6, atol=1e-5)


def test_contextual_loss_looks_at_what_is_there_not_at_where():
    a = maps(0, 1, 16, 6, 6)
    shuffled = a.flatten(2)[:, :, torch.randperm(36)].reshape(a.shape)
    assert contextual_loss(shuffled, a).item() == pytest.approx(contextual_loss(a, a).item(), abs=1e-6)
    assert contextual_loss(a, a).item() < 0.01
    assert contextual_loss(maps(5, 1, 16, 6, 6), a).item() > 0.5
    assert feature_matching(shuffled, a).item() == pytest.approx(0, abs=1e-12)


def test_style_features_are_the_rectified_layers_two_and_three():
    network = Lpips("vgg")
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    relu2_1, relu3_1 = style_features(network, picture)
    assert relu2_1.shape == (1, 128, 32, 32) and relu3_1.shape == (1, 256, 16, 16)
    assert relu3_1.min() == 0 and relu3_1.max() > 1
    # Two convolutions further on lies LPIPS's third tap, which is the same network's.
    x = F.relu(network.convs[6](F.relu(network.convs[5](relu3_1))))
    assert torch.allclose(F.normalize(x, dim=1), network.features(picture)[2], atol=1e-5)
