"""Losses against finite differences and plain references."""

import math

import pytest
import torch

from distill.losses.adversarial import path_length_penalty, path_lengths, r1_gamma, r1_penalty
from distill.losses.augment import (
    TRANSFORMS,
    AdaptiveChance,
    augment,
    draw_augment,
)
from distill.losses.matching import random_directions, sliced_distance
from distill.networks.discriminator import Discriminator
from distill.networks.generator import Generator
from distill.networks.layout import Layout


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return Discriminator(Layout(32, channel_cap=4)).double()


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return Generator(Layout(32, channel_cap=4)).double()


def test_r1_is_the_squared_gradient_by_finite_differences(discriminator):
    picture = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    leaf = picture.clone().requires_grad_()
    penalty = r1_penalty(discriminator(leaf), leaf).item()
    direction = torch.autograd.grad(discriminator(leaf).sum(), leaf)[0]
    unit = direction / direction.norm()
    eps = 1e-5
    with torch.no_grad():
        slope = (discriminator(picture + eps * unit) - discriminator(picture - eps * unit)) / (2 * eps)
    assert penalty == pytest.approx(slope.item() ** 2, rel=1e-4)


def test_r1_reaches_the_weights_as_finite_differences_say(discriminator):
    pictures = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    weight = discriminator.convs[1].conv1[0].weight

    def penalty():
        leaf = pictures.clone().requires_grad_()
        return r1_penalty(discriminator(leaf), leaf)

    analytic = torch.autograd.grad(penalty(), weight)[0][0, 0, 1, 1].item()
    eps, values = 1e-5, []
    for sign in (1, -1):
        weight.data[0, 0, 1, 1] += sign * eps
        values.append(penalty().item())
        weight.data[0, 0, 1, 1] -= sign * eps
    assert analytic == pytest.approx((values[0] - values[1]) / (2 * eps), rel=1e-3, abs=1e-9)


def test_path_length_is_the_jacobian_by_finite_differences(generator):
    rows = generator.rows(generator.map(torch.randn(1, 512, dtype=torch.float64))).detach().clone()
    rows.requires_grad_()
    pictures = generator.synthesize(rows)
    direction = torch.randn_like(pictures)
    length = path_lengths(pictures, rows, direction)
    # The derivative along the gradient's own direction is its norm over all rows.
    scaled = direction / math.sqrt(32 * 32)
    gradient = torch.autograd.grad((generator.synthesize(rows) * scaled).sum(), rows)[0]
    unit, eps = gradient / gradient.norm(), 1e-5
    with torch.no_grad():
        ahead = (generator.synthesize(rows + eps * unit) * scaled).sum()
        behind = (generator.synthesize(rows - eps * unit) * scaled).sum()
    slope = ((ahead - behind) / (2 * eps)).item()
    assert length.item() == pytest.approx(slope / math.sqrt(rows.shape[1]), rel=1e-4)


def test_path_length_penalty_reaches_the_weights_as_finite_differences_say(generator):
    code = generator.rows(generator.map(torch.randn(2, 512, dtype=torch.float64))).detach()
    direction = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    weight = generator.convs[0].conv.weight
    mean = torch.tensor(0.3, dtype=torch.float64)

    def penalty(anchor):
        leaf = code.clone().requires_grad_()
        lengths = path_lengths(generator.synthesize(leaf), leaf, direction)
        return path_length_penalty(lengths, anchor, decay=0.0)[0]

    analytic = torch.autograd.grad(penalty(mean), weight)[0][0, 0, 0, 1, 1].item()
    eps, values = 1e-5, []
    for sign in (1, -1):
        weight.data[0, 0, 0, 1, 1] += sign * eps
        values.append(penalty(mean).item())
        weight.data[0, 0, 0, 1, 1] -= sign * eps
    assert analytic == pytest.approx((values[0] - values[1]) / (2 * eps), rel=1e-3, abs=1e-9)


def test_running_mean_of_path_lengths_moves_by_its_decay():
    penalty, mean = path_length_penalty(torch.tensor([1.0, 3.0]), torch.tensor(0.0), decay=0.5)
    assert mean.item() == 1.0 and penalty.item() == pytest.approx((0 + 4) / 2)
    assert r1_gamma(256, 32) == pytest.approx(0.4096)


def test_sliced_distance_of_shifted_clouds_is_their_shift():
    torch.manual_seed(0)
    cloud, directions = torch.randn(200, 16), random_directions(16, 4000, torch.Generator().manual_seed(0))
    assert torch.allclose(directions.norm(dim=0), torch.ones(4000))
    assert sliced_distance(cloud[torch.randperm(200)], cloud, directions).item() == pytest.approx(0, abs=1e-9)
    shift = torch.zeros(16)
    shift[3] = 2.0
    variance = (cloud @ directions).var(0).mean()
    expected = 4 / 16 / variance  # a shift of length 2 seen along directions of 16 dimensions
    assert sliced_distance(cloud + shift, cloud, directions).item() == pytest.approx(expected.item(), rel=0.05)


# --- augmentation


def numbers(batch, **set_to):
    """Draws in which only the named transforms apply, with the given parameters."""
    draws = torch.full((batch, len(TRANSFORMS), 3), 0.5)
    draws[:, :, 0] = 0.99
    for name, values in set_to.items():
        index = TRANSFORMS.index(name)
        draws[:, index, 0] = 0.0
        for place, value in enumerate(values):
            draws[:, index, 1 + place] = value
    return draws


def uniform_of(normal):
    return 0.5 * (1 + math.erf(normal / math.sqrt(2)))


def bilinear(picture, x, y):
    """One mirrored bilinear sample at pixel coordinates, in plain numbers."""
    size = picture.shape[-1]

    def mirror(k):
        k = k % (2 * size)
        return k if k < size else 2 * size - 1 - k

    x0, y0 = math.floor(x), math.floor(y)
    value = 0
    for dy in (0, 1):
        for dx in (0, 1):
            weight = (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
            value = value + weight * picture[:, mirror(y0 + dy), mirror(x0 + dx)]
    return value


def warp_by_hand(picture, source_of):
    size = picture.shape[-1]
    middle = (size - 1) / 2
    rows = []
    for y in range(size):
        row = []
        for x in range(size):
            sx, sy = source_of(x - middle, y - middle, size)
            row.append(bilinear(picture, sx + middle, sy + middle))
        rows.append(torch.stack(row, -1))
    return torch.stack(rows, 1)


def turned(angle):
    return lambda x, y, s: (math.cos(angle) * x + math.sin(angle) * y, -math.sin(angle) * x + math.cos(angle) * y)


GREY = torch.full((3, 3), 1 / 3)


def hue_by_hand(angle):
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return torch.eye(3) * math.cos(angle) + cross * math.sin(angle) + GREY * (1 - math.cos(angle))


def mix(picture, matrix, offset=0.0):
    return torch.einsum("ij,jhw->ihw", matrix, picture) + offset


REFERENCES = {
    "flip": ((0.9,), lambda x: x.flip(2)),
    "rotate90": ((0.3,), lambda x: torch.rot90(x, -1, (1, 2))),
    "shift": ((1.0, 0.0), lambda x: warp_by_hand(x, lambda a, b, s: (a - round(s / 8), b + round(s / 8)))),
    "scale": ((uniform_of(1.5),), lambda x: warp_by_hand(x, lambda a, b, s: (a / 2**0.3, b / 2**0.3))),
    "rotate": ((0.6,), lambda x: warp_by_hand(x, turned(0.2 * math.pi))),
    "stretch": ((uniform_of(1.0),), lambda x: warp_by_hand(x, lambda a, b, s: (a / 2**0.2, b * 2**0.2))),
    "translate": ((uniform_of(0.5), uniform_of(-0.25)),
                  lambda x: warp_by_hand(x, lambda a, b, s: (a - 0.0625 * s, b + 0.03125 * s))),
    "brightness": ((uniform_of(1.0),), lambda x: x + 0.2),
    "contrast": ((uniform_of(-2.0),), lambda x: x / 2),
    "luma_flip": ((0.7,), lambda x: mix(x, torch.eye(3) - 2 * GREY)),
    "hue": ((0.75,), lambda x: mix(x, hue_by_hand(math.pi / 2))),
    "saturation": ((uniform_of(1.0),), lambda x: mix(x, GREY + 2 * (torch.eye(3) - GREY))),
}


def test_chance_zero_is_the_identity():
    pictures = torch.randn(4, 3, 16, 16)
    draws = draw_augment(4, torch.Generator().manual_seed(0))
    assert augment(pictures, draws, 0.0) is pictures
    assert torch.equal(augment(pictures, numbers(4), 0.5), pictures)  # no gate open


@pytest.mark.parametrize("name", TRANSFORMS)
def test_each_transform_matches_a_plain_reference_with_gradients(name):
    torch.manual_seed(0)
    values, reference = REFERENCES[name]
    pictures = torch.randn(2, 3, 16, 16, requires_grad=True)
    out = augment(pictures, numbers(2, **{name: values}), 0.5)
    expected = torch.stack([reference(picture) for picture in pictures])
    assert torch.allclose(out, expected, atol=2e-4), (out - expected).abs().max()
    weights = torch.randn_like(out)
    got = torch.autograd.grad((out * weights).sum(), pictures)[0]
    want = torch.autograd.grad((expected * weights).sum(), pictures)[0]
    assert torch.allclose(got, want, atol=2e-4)
    assert not torch.allclose(out, pictures, atol=0.05)


def test_only_the_chosen_transforms_apply_and_unknown_ones_are_named():
    pictures = torch.randn(2, 3, 16, 16)
    draws = draw_augment(2, torch.Generator().manual_seed(0))
    recoloured = augment(pictures, draws, 1.0, ("brightness",))
    offset = recoloured - pictures
    assert torch.allclose(offset, offset[:, :1, :1, :1].expand_as(offset), atol=1e-5)
    with pytest.raises(ValueError, match="blurr"):
        augment(pictures, draws, 1.0, ("blurr",))


def test_the_chance_gates_samples_in_proportion():
    draws = draw_augment(2000, torch.Generator().manual_seed(1))
    pictures = torch.zeros(2000, 3, 2, 2)
    changed = (augment(pictures, draws, 0.3, ("brightness",)) != 0).flatten(1).any(1).float().mean()
    assert changed.item() == pytest.approx(0.3, abs=0.04)


def test_chance_follows_overfitting_within_bounds():
    chance = AdaptiveChance(target=0.6, kimg_to_full=1)
    assert chance.update(0.9, 250) == 0.25
    assert chance.update(0.1, 100) == pytest.approx(0.15)
    assert chance.update(0.1, 1000) == 0.0
    assert chance.update(0.9, 5000) == 1.0
