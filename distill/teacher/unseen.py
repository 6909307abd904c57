"""Codes of a portrait that was not trained on: destylized, then its extrinsic code optimised."""

from __future__ import annotations

from torch import Tensor

from distill.measure.perceptual import Lpips
from distill.networks.generator import Generator
from distill.teacher.destylize_config import DestylizeConfig
from distill.teacher.destylize_ways import Codes, by_encoder, by_optimisation
from distill.teacher.model import Teacher
from distill.teacher.refine import Refinement, refine_codes

# Of an unseen portrait the code is only guessed by an encoder that knows photos, hence larger steps than in `refine`.
UNSEEN = Refinement(steps=200, lr_structure=0.05, lr_colour=0.1)


def destylized(teacher: Teacher, portraits: Tensor, lpips: Lpips, steps: int, fine_tuned: Generator | None = None) -> Codes:
    """Codes of portraits [N,3,S,S] and the faces behind them: under g' by `steps` of optimisation, without it by the encoder alone."""
    encoder, g = teacher.require_encoder(), teacher.dual.g
    config = DestylizeConfig(base="", out="", steps=max(1, steps))
    if fine_tuned is None:
        return by_encoder(portraits, g, encoder, config)
    return by_optimisation(portraits, g, encoder, fine_tuned, config, lpips, None, "unseen")


def unseen_codes(
    teacher: Teacher, portraits: Tensor, lpips: Lpips, config: Refinement = UNSEEN, fine_tuned: Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(extrinsic codes, intrinsic codes, losses as of `refine_codes`) of portraits [N,3,S,S].

    The face behind stays; `config.steps` are those of each optimisation.
    """
    portraits = portraits.to(teacher.device)
    codes = destylized(teacher, portraits, lpips, config.steps, fine_tuned)
    refined, losses = refine_codes(teacher.dual, codes.intrinsic, codes.extrinsic, portraits, lpips, config)
    return refined, codes.intrinsic, losses
