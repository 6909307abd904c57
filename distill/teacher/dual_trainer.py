"""One step after another of the progressive fine-tuning, stages II and III.

Only the extrinsic path learns: g stays what the base made it. All draws of a step follow from seed
and position.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from distill.checkpoint import load_checkpoint
from distill.data.training_set import TrainingSet
from distill.losses.adversarial import path_length_penalty, path_lengths
from distill.losses.contextual import contextual_loss, feature_matching
from distill.losses.perceptual import level_activations, perceptual_l1
from distill.measure.perceptual import Lpips
from distill.networks.dual import DualGenerator
from distill.networks.layout import Layout
from distill.networks.style_weights import expand_weights, structure_weights
from distill.teacher.content import Content
from distill.teacher.critic import Critic
from distill.teacher.dual_config import DualConfig, mixing_layer
from distill.teacher.dual_start import fresh_dual, style_mix
from distill.teacher.faces import load_faces
from distill.teacher.licence import joined
from distill.teacher.style_set import StyleSet, load_style
from distill.train.draws import seeded
from distill.train.ema import ema_copy, ema_decay, update_ema
from distill.train.grow import layout_values
from distill.train.parallel import World, average_gradients, mean_over
from distill.train.speed import autocast, place

MEASURED = 16


class Made(NamedTuple):
    """A step's pictures, what they are judged against, and their losses (unweighted, by name)."""

    fake: Tensor
    real: Tensor
    losses: dict[str, Tensor]
    intrinsic: Tensor
    extrinsic: Tensor


class DualTrainer:
    """Networks, losses and optimisers of `train-dual`; `config` must be `resolved`."""

    def __init__(self, config: DualConfig, photos: TrainingSet | None, world: World, style: StyleSet | None = None) -> None:
        self.config, self.photos, self.world = config, photos, world
        g, encoder = load_faces(config.base)  # type: ignore[arg-type]
        self.encoder = place(encoder, world.device, config.channels_last)
        if config.stage == 3:
            style = style or load_style(config, place(g, world.device, False), self.encoder)
        self.style = None if style is None else style.to(world.device)
        self.licence = "" if style is None else style.licence
        dual = fresh_dual(g, config.seed, initialised=1 not in config.skip_stages)
        torch.manual_seed(config.seed)
        self.critic = Critic(g.layout, config, world)
        if config.init is not None:
            self._initialise(dual, config.init)
        self.dual = place(dual, world.device, config.channels_last)
        self.ema = ema_copy(self.dual)
        self.content = Content(config, self.dual.g, self.encoder, photos, world)
        self.vgg = place(Lpips("vgg"), world.device, config.channels_last)
        self.identity = self._identity_network()
        rows = g.layout.layers
        self.weights = (expand_weights(config.weights, rows) if config.weights else structure_weights(g.layout)).to(world.device)
        ratio = config.pl_interval / (config.pl_interval + 1) if config.pl_weight else 1.0
        self.parameters = self.dual.extrinsic_parameters()
        self.optimiser = torch.optim.Adam(self.parameters, lr=config.lr * ratio, betas=(0.0, 0.99**ratio), eps=1e-8)
        self.pl_mean = torch.zeros((), device=world.device)
        self.step_count = 0

    def _initialise(self, dual: DualGenerator, path: str) -> None:
        state = load_checkpoint(path)
        if "ema_dual" not in state:
            raise SystemExit(f"{path}: init must be a checkpoint of train-dual.")
        if Layout(**state["layout"]) != dual.layout:
            raise SystemExit(f"{path}: its layout {state['layout']} differs from the base's; train both on the same base.")
        if any(not torch.equal(value, state["ema_dual"][f"g.{key}"]) for key, value in dual.g.state_dict().items()):
            raise SystemExit(f"{path}: it was trained on another base; give the same base to every stage.")
        dual.load_state_dict(state["ema_dual"])
        if state["critic"] is not None:
            self.critic.d.load_state_dict(state["critic"]["d"])
        self.licence = joined(self.licence, state["licence"])

    def _identity_network(self) -> torch.nn.Module | None:
        if not self.config.identity:
            return None
        from distill.measure.identity import FaceIdentity

        return place(FaceIdentity(), self.world.device, False).requires_grad_(False)

    # --- one step

    def step(self, position: int) -> dict[str, Tensor]:
        """Train on the batch at `position` (in images); returns detached scalars."""
        made = self._make(position)
        metrics = self.critic.learn(made.real, made.fake, position)
        losses = made.losses | {"adversarial": self.critic.loss(made.fake, position)}
        if self.config.regularised and self.config.regulariser:
            losses["regulariser"] = residual_size(self.dual)
        weights = {name: 1.0 if name == "perceptual" else getattr(self.config, name) for name in losses}
        total = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
        self._update(total)
        if self.config.pl_weight and self.step_count % self.config.pl_interval == 0:
            metrics |= self._regularise_paths(position)
        decay = ema_decay(self.config.batch, self.config.ema_kimg, position + self.config.batch)
        update_ema(self.ema, self.dual, decay)
        self.step_count += 1
        return metrics | {name: value.detach() for name, value in losses.items()} | {"loss": total.detach()}

    def _make(self, position: int) -> Made:
        with autocast(self.world.device, self.config.precision):
            if self.config.stage == 2:
                return self._structure_transfer(position)
            if self.config.paired and self.step_count % 2:
                return self._paired(position)
            return self._unpaired(position)

    def _structure_transfer(self, position: int) -> Made:
        """Stage II: the second face's rows from `layer` on, through the extrinsic path."""
        g, layer = self.dual.g, mixing_layer(self.config, position)
        z_1 = self.content.draw(position, "first", mixed=True)
        z_2 = self.content.draw(position, "second")
        with torch.no_grad():
            w_1, w_2 = g.rows(g.map(z_1)), g.rows(g.map(z_2))
            target = style_mix(g, w_1, w_2, layer)
            if self.step_count % self.config.encode_every == self.config.encode_every - 1:
                z_2 = self.encoder(g, g.synthesize(w_2))
            w_e = self.dual.extrinsic_styles(z_2)
        fake = self._synthesize(w_1, w_e)
        indices = self.photos.indices(position, self.config.batch)[self.content.share]
        return Made(fake, self.photos.take(indices)[0], {"perceptual": self._perceptual(fake, target)}, w_1, w_e)

    def _unpaired(self, position: int) -> Made:
        """Stage III on any face: the exemplar's look wherever it fits, the face's identity."""
        g = self.dual.g
        portrait, _, z_e = self.style.take(self.content.picks(position, "exemplar", len(self.style)))
        z_i = self.content.draw(position, "face", mixed=True)
        with torch.no_grad():
            w_i = g.rows(g.map(z_i))
        fake = self._synthesize(w_i, w_e := self._jittered(z_e, position))
        found, wanted = level_activations(self.vgg, fake, 3), level_activations(self.vgg, portrait, 3)
        losses = {
            "contextual": contextual_loss(found[2], wanted[2]).mean(),
            "matching": sum(feature_matching(a, b).mean() for a, b in zip(found[1:], wanted[1:], strict=True)),
        }
        if self.identity is not None:
            with torch.no_grad():
                face = g.synthesize(w_i)
            losses["identity"] = 1 - self.identity.similarity(fake, face).mean()
        return Made(fake, portrait, losses, w_i, w_e)

    def _paired(self, position: int) -> Made:
        """Stage III on a pair: the face behind the portrait becomes the portrait."""
        first = self.dual.layout.structure_layers + 1
        portrait, z_i, z_e = self.style.take(self.content.picks(position, "pair", len(self.style)))
        # Colours must come from the exemplar, so the face's own tell nothing (where the weights let them through).
        random = self.content.noise(position, "colours", *z_i[0, first:].shape)
        with torch.no_grad():
            w_i = self.dual.g.map(torch.cat([z_i[:, :first], random], 1))
        fake = self._synthesize(w_i, w_e := self._jittered(z_e, position))
        return Made(fake, portrait, {"perceptual": self._perceptual(fake, portrait)}, w_i, w_e)

    # --- its parts

    def _jittered(self, z_e: Tensor, position: int) -> Tensor:
        with torch.no_grad():
            w_e = self.dual.extrinsic_styles(z_e)
            return w_e + self.config.jitter * self.content.noise(position, "jitter", *w_e.shape[1:])

    def _synthesize(self, w_i: Tensor, w_e: Tensor) -> Tensor:
        return self.dual.synthesize(w_i, w_e, self.weights)

    def _perceptual(self, fake: Tensor, target: Tensor) -> Tensor:
        levels = self.config.levels
        with torch.no_grad():
            wanted = level_activations(self.vgg, target, len(levels))
        return perceptual_l1(level_activations(self.vgg, fake, len(levels)), wanted, levels).mean()

    def _update(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(self.parameters, self.world)
        self.optimiser.step()

    def _regularise_paths(self, position: int) -> dict[str, Tensor]:
        """Path length in the intrinsic code, as for g."""
        count = max(1, self.config.batch // self.config.pl_shrink // self.world.size)
        made = self._codes_for_paths(position, count)
        w_i = made[0].requires_grad_()
        fake = self._synthesize(w_i, made[1])
        draws = seeded(self.config.seed, f"path-{self.world.rank}", position, self.world.device)
        lengths = path_lengths(fake, w_i, torch.randn(fake.shape, generator=draws, device=fake.device))
        overall = mean_over(lengths.mean(), self.world)
        _, self.pl_mean = path_length_penalty(overall[None], self.pl_mean, self.config.pl_decay)
        penalty, _ = path_length_penalty(lengths, self.pl_mean, 0.0)
        self._update(penalty * (self.config.pl_weight * self.config.pl_interval))
        return {"pl": penalty.detach(), "path_length": self.pl_mean.clone()}

    @torch.no_grad()
    def _codes_for_paths(self, position: int, count: int) -> tuple[Tensor, Tensor]:
        g = self.dual.g
        z_i = self.content.draw(position, "path-face", mixed=True)[:count]
        if self.style is None:
            z_e = self.content.draw(position, "path-style")[:count]
        else:
            z_e = self.style.take(self.content.picks(position, "path-style", len(self.style)))[2][:count]
        return g.rows(g.map(z_i)), self.dual.extrinsic_styles(z_e)

    # --- what it shows and keeps

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """LPIPS of the averaged network's pictures to the portraits of up to 16 pairs (stage III)."""
        if self.style is None:
            return {}
        portraits, z_i, z_e = self.style.take(torch.arange(min(MEASURED, len(self.style))))
        out = self.ema(z_i, z_e, self.weights)
        return {"pair_lpips": self.vgg(out.clamp(-1, 1), portraits).mean().item()}

    @torch.no_grad()
    def grid(self, columns: int = 8) -> tuple[Tensor, int]:
        """Pictures of a grid and its columns.

        Stage II: first face, second face, their mix, the network's. Stage III: portraits, the faces behind
        them, the pairs' pictures; then three faces in each portrait's style.
        """
        ema, g = self.ema, self.ema.g
        faces = [self.content.draw(-1 - count, "grid") for count in range(-(-max(columns, 4) // self.config.batch) + 1)]
        z = torch.cat(faces)
        if self.style is None:
            columns = len(z) // 2
            w_1, w_2 = g.rows(g.map(z[:columns])), g.rows(g.map(z[columns:2 * columns]))
            layer = mixing_layer(self.config, round(self.config.total_kimg * 1000))
            out = ema.synthesize(w_1, ema.extrinsic_styles(z[columns:2 * columns]), self.weights)
            return torch.cat([g.synthesize(w_1), g.synthesize(w_2), style_mix(g, w_1, w_2, layer), out]), columns
        columns = min(columns, len(self.style))
        portraits, z_i, z_e = self.style.take(torch.arange(columns))
        rows = [portraits, g(z_i), ema(z_i, z_e, self.weights)]
        for face in z[:3]:
            rows.append(ema(face.expand(columns, -1, -1), z_e, self.weights))
        return torch.cat(rows), columns

    def state(self) -> dict[str, Any]:
        """Everything a later process, or the next stage, needs."""
        return {
            "layout": layout_values(self.dual.layout), "stage": self.config.stage, "dual": self.dual.state_dict(),
            "ema_dual": self.ema.state_dict(), "critic": self.critic.state(), "optimiser": self.optimiser.state_dict(),
            "pl_mean": self.pl_mean, "step_count": self.step_count, "licence": self.licence,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state saved by `state`."""
        self.dual.load_state_dict(state["dual"])
        self.ema.load_state_dict(state["ema_dual"])
        self.critic.load(state["critic"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.pl_mean = state["pl_mean"].to(self.world.device)
        self.step_count = state["step_count"]


def residual_size(dual: DualGenerator) -> Tensor:
    """The sum of the norms of ModRes's weight matrices, whose growth copies the exemplar instead of its style."""
    weights = [value for name, value in dual.mod_res.named_parameters() if name.endswith("weight")]
    return torch.stack([weight.norm() for weight in weights]).sum()
