"""The adversary of the progressive fine-tuning: a discriminator with lazy R1 and adaptive augmentation."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from distill.losses.adversarial import discriminator_logistic, generator_logistic, r1_gamma, r1_penalty
from distill.losses.augment import AdaptiveChance, augment, draw_augment
from distill.networks.discriminator import Discriminator
from distill.networks.layout import Layout
from distill.train.draws import seeded
from distill.train.parallel import World, average_gradients, mean_over
from distill.train.speed import autocast, place


class CriticConfig(Protocol):
    """The settings the critic reads: see `DualConfig`."""

    batch: int
    lr: float
    r1_gamma: float | None
    r1_interval: int
    ada_target: float
    ada_kimg: float
    ada_interval: int
    transforms: tuple[str, ...]
    seed: int
    precision: str
    channels_last: bool


class Critic:
    """`learn` takes one discriminator step, `loss` judges fakes for the generator."""

    def __init__(self, layout: Layout, config: CriticConfig, world: World) -> None:
        self.config, self.world = config, world
        self.share = world.share(config.batch)
        self.d = place(Discriminator(layout), world.device, config.channels_last)
        self.gamma = r1_gamma(layout.size_px, config.batch) if config.r1_gamma is None else config.r1_gamma
        # A lazy regulariser adds steps: rate and memory are corrected so that it changes neither.
        ratio = config.r1_interval / (config.r1_interval + 1) if self.gamma else 1.0
        self.optimiser = torch.optim.Adam(self.d.parameters(), lr=config.lr * ratio, betas=(0.0, 0.99**ratio), eps=1e-8)
        self.chance = AdaptiveChance(config.ada_target, config.ada_kimg)
        self._signs: list[Tensor] = []
        self.steps = 0

    def learn(self, real: Tensor, fake: Tensor, position: int) -> dict[str, Tensor]:
        """One step on this process's share of real and made pictures; returns detached scalars."""
        self.d.requires_grad_(True)
        with autocast(self.world.device, self.config.precision):
            real_logits = self.d(self._augmented(real, position, "d-real"))
            fake_logits = self.d(self._augmented(fake.detach(), position, "d-fake"))
        loss = discriminator_logistic(real_logits, fake_logits)
        self._update(loss)
        metrics = {"loss_d": loss.detach(), "logit_real": real_logits.detach().mean(), "logit_fake": fake_logits.detach().mean()}
        if self.gamma and self.steps % self.config.r1_interval == 0:
            seen = self._augmented(real, position, "d-real").detach().requires_grad_()
            penalty = r1_penalty(self.d(seen), seen)
            self._update(penalty * (self.gamma / 2 * self.config.r1_interval))
            metrics["r1"] = penalty.detach()
        self._signs.append(real_logits.detach().float().sign().mean())
        self.steps += 1
        self._adapt()
        return metrics | {"ada_p": torch.tensor(self.chance.p)}

    def loss(self, fake: Tensor, position: int) -> Tensor:
        """The generator's adversarial loss; its gradient reaches `fake` alone."""
        self.d.requires_grad_(False)
        return generator_logistic(self.d(self._augmented(fake, position, "g-fake")))

    def _augmented(self, pictures: Tensor, position: int, stream: str) -> Tensor:
        if self.chance.p <= 0:
            return pictures
        draws = draw_augment(self.config.batch, seeded(self.config.seed, f"augment-{stream}", position))
        return augment(pictures, draws[self.share], self.chance.p, self.config.transforms)

    def _update(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(self.d.parameters(), self.world)
        self.optimiser.step()

    def _adapt(self) -> None:
        if not self.config.ada_target or self.steps % self.config.ada_interval:
            return
        mean = mean_over(torch.stack(self._signs).mean(), self.world).item()
        self.chance.update(mean, self.config.batch * self.config.ada_interval)
        self._signs = []

    def state(self) -> dict[str, Any]:
        """Everything a later process needs to go on."""
        return {
            "d": self.d.state_dict(), "optimiser": self.optimiser.state_dict(), "p": self.chance.p, "signs": self._signs,
            "steps": self.steps,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state saved by `state`."""
        self.d.load_state_dict(state["d"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.chance.p, self.steps = state["p"], state["steps"]
        self._signs = [sign.to(self.world.device) for sign in state["signs"]]
