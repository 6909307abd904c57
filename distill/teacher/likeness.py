"""How much a drawn face is the photo's: by identity where its network is fetched, else by LPIPS without colour."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from distill.measure.packages import MissingNetwork
from distill.measure.perceptual import Lpips


def face_likeness(lpips: Lpips) -> tuple[Callable[[Tensor, Tensor], Tensor], str]:
    """What compares pictures [N,3,S,S] (larger is liker, [N]), and its name."""
    from distill.measure.identity import FaceIdentity

    try:
        network = FaceIdentity().to(next(lpips.parameters()).device)
    except MissingNetwork:
        return lambda a, b: -lpips(_grey(a), _grey(b)), "LPIPS without colour"
    return network.similarity, "identity"


def _grey(pictures: Tensor) -> Tensor:
    return pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)
