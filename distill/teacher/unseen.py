"""Codes of a portrait that was not trained on: destylized, then its extrinsic code optimised."""

from __future__ import annotations

import torch
from torch import Tensor

from distill.measure.perceptual import Lpips
from distill.teacher.model import Teacher
from distill.teacher.refine import Refinement, refine_codes

TRUNCATION = 0.7
# Of an unseen portrait the code is only guessed by an encoder that knows photos, hence larger steps than in `refine`.
UNSEEN = Refinement(steps=200, lr_structure=0.05, lr_colour=0.1)


@torch.no_grad()
def face_behind(teacher: Teacher, extrinsic: Tensor) -> Tensor:
    """The intrinsic codes [N,L,512] of portraits whose codes are `extrinsic`: g's face for them, encoded again.

    g pulls the portrait towards a face, truncation pulls it further; colour rows past the first are
    the portrait's own.
    """
    faces = teacher.dual.g.synthesize(teacher.dual.extrinsic_styles(extrinsic) * TRUNCATION)
    first = teacher.layout.structure_layers + 1
    return torch.cat([teacher.encode(faces)[:, :first], extrinsic[:, first:]], 1)


def unseen_codes(teacher: Teacher, portraits: Tensor, lpips: Lpips, config: Refinement = UNSEEN) -> tuple[Tensor, Tensor, Tensor]:
    """(extrinsic codes, intrinsic codes, losses as of `refine_codes`) of portraits [N,3,S,S]."""
    extrinsic = teacher.encode(portraits)
    intrinsic = face_behind(teacher, extrinsic)
    refined, losses = refine_codes(teacher.dual, intrinsic, extrinsic, portraits.to(teacher.device), lpips, config)
    return refined, intrinsic, losses
