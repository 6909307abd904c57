"""Losses between the features of two pictures that need not lie on top of each other.

Used on the rectified activations of VGG16 (`style_features`): relu3_1 for the
contextual loss, relu2_1 and relu3_1 for feature matching. The published recipe takes the same
layers of VGG19; no copy of that under a permissive licence is at hand, and the two networks
have the same layers up to relu3_3.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from distill.measure.perceptual import Lpips

BANDWIDTH = 0.2
# Among VGG16's convolutions, counted from 0.
RELU2_1 = 2
RELU3_1 = 4
EPS = 1e-5


def contextual_loss(features_a: Tensor, features_b: Tensor, h: float = BANDWIDTH) -> Tensor:
    """How badly the vectors of `features_b` [N,C,H,W] find their like anywhere in `features_a`, [N].

    Cosine distance around the mean of b, each a relative to its nearest b, bandwidth `h`; −log of
    the mean over b of the best match. 0 where each b is matched by an a that fits nothing else.
    The places of b may differ in number from those of a. Gradients reach both.
    """
    if features_a.ndim != 4 or features_b.ndim != 4 or features_a.shape[:2] != features_b.shape[:2]:
        raise ValueError(
            f"contextual_loss needs two feature maps [N,C,H,W] with equal N and C; got {tuple(features_a.shape)} "
            f"and {tuple(features_b.shape)}."
        )
    a, b = features_a.flatten(2), features_b.flatten(2)
    centre = b.mean(2, keepdim=True)
    a, b = F.normalize(a - centre, dim=1, eps=1e-8), F.normalize(b - centre, dim=1, eps=1e-8)
    distance = (1 - a.transpose(1, 2) @ b).clamp(min=0)
    relative = distance / (distance.amin(2, keepdim=True) + EPS)
    # exp((1 − d)/h) over its sum along b: a softmax, which cannot overflow.
    affinity = torch.softmax(-relative / h, dim=2)
    return -torch.log(affinity.amax(1).mean(1) + EPS)


def feature_matching(features_a: Tensor, features_b: Tensor) -> Tensor:
    """Mean squared difference of the channel means of two feature maps [N,C,H,W], [N]."""
    return (features_a.mean((2, 3)) - features_b.mean((2, 3))).square().mean(1)


def style_features(network: Lpips, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """(relu2_1, relu3_1) of pictures [N,3,S,S] in [-1,1]; `network` is `Lpips("vgg")`."""
    taps = list(itertools.islice(network.activations(pictures), RELU3_1 + 1))
    return taps[RELU2_1], taps[RELU3_1]
