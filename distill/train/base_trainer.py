"""One adversarial training step after another: StyleGAN2 with lazy regularisation and ADA.

The trainer owns networks, optimisers and the augmentation's chance; the loop around it
(`train-base`) owns the run folder. All randomness of a step follows from seed and position.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from distill.checkpoint import load_checkpoint
from distill.data.training_set import TrainingSet
from distill.losses.adversarial import (
    discriminator_hinge,
    discriminator_logistic,
    generator_hinge,
    generator_logistic,
    path_length_penalty,
    path_lengths,
    r1_gamma,
    r1_penalty,
)
from distill.losses.augment import AdaptiveChance, augment, draw_augment
from distill.networks.discriminator import Discriminator
from distill.networks.generator import Generator, draw_noise
from distill.networks.layout import CODE_DIM, Layout
from distill.networks.projected import ProjectedDiscriminator
from distill.train.base_config import BaseConfig
from distill.train.draws import seeded
from distill.train.ema import ema_copy, ema_decay, update_ema
from distill.train.grow import grow_discriminator, grow_generator, layout_values
from distill.train.parallel import World, average_gradients, mean_over
from distill.train.speed import autocast, maybe_compile, place

RESTART_KIMG = 1.0


class BaseTrainer:
    """Networks and optimisers of `train-base`; `step` takes one batch."""

    def __init__(self, config: BaseConfig, data: TrainingSet, world: World) -> None:
        self.config, self.data, self.world = config, data, world
        self.share = world.share(config.batch)
        torch.manual_seed(config.seed)
        self.layout = Layout(config.size_px, config.channel_multiplier, config.channel_cap)
        self.projected = config.discriminator == "projected"
        generator = Generator(self.layout)
        discriminator = ProjectedDiscriminator(config.size_px) if self.projected else Discriminator(self.layout)
        fresh = self._initialise(generator, discriminator)
        if fresh is not None and not config.free_lower:
            for name, parameter in generator.named_parameters():
                parameter.requires_grad_(name in fresh)
        self.g = place(generator, world.device, config.channels_last)
        self.d = place(discriminator, world.device, config.channels_last)
        self.ema = ema_copy(self.g)
        self._fast_g = maybe_compile(self.g.synthesize, config.compile)
        self._fast_d = maybe_compile(self.d, config.compile)
        self.gamma = 0.0 if self.projected else (
            r1_gamma(config.size_px, config.batch) if config.r1_gamma is None else config.r1_gamma
        )
        self.opt_g = self._adam(self.g, config.lr_g, config.pl_interval if config.pl_weight else 0)
        self.opt_d = self._adam(self.d, config.lr_d, config.r1_interval if self.gamma else 0)
        self.chance = AdaptiveChance(config.ada_target, config.ada_kimg, config.ada_start)
        self.pl_mean = torch.zeros((), device=world.device)
        self._signs: list[Tensor] = []
        self.step_count = 0
        self.restarted_at = 0

    def _initialise(self, generator: Generator, discriminator: nn.Module) -> list[str] | None:
        if self.config.init is None:
            return None
        state = load_checkpoint(self.config.init)
        fresh = grow_generator(generator, state["ema"])
        if "d" in state and isinstance(discriminator, Discriminator):
            grow_discriminator(discriminator, state["d"], state["layout"]["size_px"])
        return fresh

    @staticmethod
    def _adam(module: nn.Module, lr: float, interval: int) -> torch.optim.Adam:
        # A lazy regulariser adds steps: rate and memory are corrected so that it changes neither.
        ratio = interval / (interval + 1) if interval else 1.0
        parameters = [p for p in module.parameters() if p.requires_grad]
        return torch.optim.Adam(parameters, lr=lr * ratio, betas=(0.0, 0.99**ratio), eps=1e-8)

    # --- one step

    def step(self, position: int) -> dict[str, Tensor]:
        """Train on the batch at `position` (in images); returns detached scalars."""
        self._warm_up(position)
        metrics = self._train_discriminator(position)
        if self.gamma and self.step_count % self.config.r1_interval == 0:
            metrics |= self._regularise_discriminator(position)
        metrics |= self._train_generator(position)
        if self.config.pl_weight and self.step_count % self.config.pl_interval == 0:
            metrics |= self._regularise_generator(position)
        decay = ema_decay(self.config.batch, self.config.ema_kimg, position + self.config.batch)
        update_ema(self.ema, self.g, decay)
        self.step_count += 1
        self._adapt_chance()
        return metrics | {"ada_p": torch.tensor(self.chance.p)}

    def _train_discriminator(self, position: int) -> dict[str, Tensor]:
        self._only(self.d)
        with torch.no_grad():
            fake = self._generate(position, "d", self.share)[0]
        real = self._real(position)
        with autocast(self.world.device, self.config.precision):
            real_logits = self._fast_d(self._augmented(real, position, "d-real"))
            fake_logits = self._fast_d(self._augmented(fake, position, "d-fake"))
        loss = (discriminator_hinge if self.projected else discriminator_logistic)(real_logits, fake_logits)
        self._update(self.opt_d, self.d, loss)
        self._signs.append(real_logits.detach().float().sign().mean())
        return {"loss_d": loss.detach(), "logit_real": real_logits.detach().mean(), "logit_fake": fake_logits.detach().mean()}

    def _regularise_discriminator(self, position: int) -> dict[str, Tensor]:
        self._only(self.d)
        seen = self._augmented(self._real(position), position, "d-real").detach().requires_grad_()
        penalty = r1_penalty(self.d(seen), seen)
        self._update(self.opt_d, self.d, penalty * (self.gamma / 2 * self.config.r1_interval))
        return {"r1": penalty.detach()}

    def _train_generator(self, position: int) -> dict[str, Tensor]:
        self._only(self.g)
        fake = self._generate(position, "g", self.share)[0]
        with autocast(self.world.device, self.config.precision):
            logits = self._fast_d(self._augmented(fake, position, "g-fake"))
        loss = (generator_hinge if self.projected else generator_logistic)(logits)
        self._update(self.opt_g, self.g, loss)
        return {"loss_g": loss.detach()}

    def _regularise_generator(self, position: int) -> dict[str, Tensor]:
        self._only(self.g)
        count = max(self.world.size, self.config.batch // self.config.pl_shrink)
        part = self.world.share(count - count % self.world.size)
        fake, codes = self._generate(position, "pl", part, plain=True)
        generator = seeded(self.config.seed, "pl-direction", position, self.world.device)
        direction = torch.randn((part.stop - part.start) * self.world.size, *fake.shape[1:], generator=generator, device=fake.device)
        lengths = path_lengths(fake, codes, direction[part])
        penalty, _ = self._pl_penalty(lengths)
        self._update(self.opt_g, self.g, penalty * (self.config.pl_weight * self.config.pl_interval))
        return {"pl": penalty.detach(), "path_length": self.pl_mean.clone()}

    def _pl_penalty(self, lengths: Tensor) -> tuple[Tensor, Tensor]:
        overall = mean_over(lengths.mean(), self.world)
        _, self.pl_mean = path_length_penalty(overall[None], self.pl_mean, self.config.pl_decay)
        return path_length_penalty(lengths, self.pl_mean, 0.0)

    # --- its parts

    def _generate(self, position: int, stream: str, part: slice, plain: bool = False) -> tuple[Tensor, Tensor]:
        """Pictures and the W+ codes they were made from, for this process's `part` of the draws."""
        config, device = self.config, self.world.device
        count = (part.stop - part.start) * self.world.size
        draw = seeded(config.seed, f"codes-{stream}", position)
        z = torch.randn(2, count, CODE_DIM, generator=draw)[:, part].to(device)
        mixed = (torch.rand(count, generator=draw) < config.mixing)[part]
        cuts = torch.randint(1, self.layout.layers, (count,), generator=draw)[part]
        noise = [n[part] for n in draw_noise(self.layout, count, seeded(config.seed, f"noise-{stream}", position, device), device)]
        with autocast(device, "fp32" if plain else config.precision):
            first, second = self.g.map(z[0]), self.g.map(z[1])
            rows = torch.arange(self.layout.layers)[None] >= cuts[:, None]
            swap = (rows & mixed[:, None])[:, :, None].to(device)
            codes = torch.where(swap, self.g.rows(second), self.g.rows(first))
            if plain and not codes.requires_grad:
                # The mapping network is frozen; path lengths still need the derivative by the codes.
                codes.requires_grad_()
            synthesize = self.g.synthesize if plain else self._fast_g
            return synthesize(codes, noise), codes

    def _real(self, position: int) -> Tensor:
        indices = self.data.indices(position, self.config.batch)[self.share]
        return self.data.take(indices)[0]

    def _augmented(self, pictures: Tensor, position: int, stream: str) -> Tensor:
        if self.chance.p <= 0:
            return pictures
        draws = draw_augment(self.config.batch, seeded(self.config.seed, f"augment-{stream}", position))
        return augment(pictures, draws[self.share], self.chance.p, self.config.transforms)

    def _update(self, optimiser: torch.optim.Optimizer, module: nn.Module, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(module.parameters(), self.world)
        optimiser.step()

    def _only(self, module: nn.Module) -> None:
        # Gradients through the other network are needed, gradients of its weights are not.
        for optimiser, owner in ((self.opt_g, self.g), (self.opt_d, self.d)):
            for group in optimiser.param_groups:
                for parameter in group["params"]:
                    parameter.requires_grad_(owner is module)

    def _warm_up(self, position: int) -> None:
        # Without its memory Adam's first steps are of full size whatever the gradient.
        kimg = max(self.config.warmup_kimg, RESTART_KIMG if self.restarted_at else 0.0)
        if not kimg:
            return
        scale = min(1.0, (position - self.restarted_at + self.config.batch) / (kimg * 1000))
        for optimiser, lr, interval in (
            (self.opt_g, self.config.lr_g, self.config.pl_interval if self.config.pl_weight else 0),
            (self.opt_d, self.config.lr_d, self.config.r1_interval if self.gamma else 0),
        ):
            ratio = interval / (interval + 1) if interval else 1.0
            for group in optimiser.param_groups:
                group["lr"] = lr * ratio * scale

    def _adapt_chance(self) -> None:
        if self.config.ada_target and self.step_count % self.config.ada_interval == 0:
            mean = mean_over(torch.stack(self._signs).mean(), self.world).item()
            self.chance.update(mean, self.config.batch * self.config.ada_interval)
            self._signs = []

    # --- state

    def state(self) -> dict[str, Any]:
        """Everything a later process needs to go on as if it had never stopped."""
        return {
            "layout": layout_values(self.layout), "g": self.g.state_dict(), "d": self.d.state_dict(),
            "ema": self.ema.state_dict(), "opt_g": self.opt_g.state_dict(), "opt_d": self.opt_d.state_dict(),
            "ada_p": self.chance.p, "pl_mean": self.pl_mean, "signs": self._signs, "step_count": self.step_count, "restarted_at": self.restarted_at,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state saved by `state`."""
        for name in ("g", "d", "ema"):
            getattr(self, name).load_state_dict(state[name])
        if state.get("thin"):
            self.restarted_at = state["position"]
        else:
            self.opt_g.load_state_dict(state["opt_g"])
            self.opt_d.load_state_dict(state["opt_d"])
            self.restarted_at = state["restarted_at"]
        self.chance.p = state["ada_p"]
        self.pl_mean = state["pl_mean"].to(self.world.device)
        self._signs = [sign.to(self.world.device) for sign in state.get("signs", [])]
        self.step_count = state["step_count"]

    @torch.no_grad()
    def samples(self, count: int, psi: float = 1.0) -> Tensor:
        """Fixed-seed pictures of the averaged generator [N,3,S,S]."""
        z = torch.randn(count, CODE_DIM, generator=seeded(0, "grid", 0)).to(self.world.device)
        w = self.ema.map(z)
        if psi < 1:
            w = torch.lerp(self.ema.mean_w().to(w), w, psi)
        return torch.cat([self.ema.synthesize(part, "fixed") for part in w.split(8)])
