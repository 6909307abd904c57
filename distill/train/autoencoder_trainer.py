"""Encoder and generator learned together on reconstruction."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from distill.checkpoint import load_checkpoint
from distill.data.training_set import TrainingSet
from distill.losses.matching import random_directions, sliced_distance
from distill.measure.perceptual import Lpips
from distill.networks.domain import DomainOffset
from distill.networks.encoder import fit_input, make_encoder, restyle_codes
from distill.networks.generator import Generator
from distill.networks.layout import CODE_DIM, Layout
from distill.train.autoencoder_config import AutoencoderConfig
from distill.train.draws import seeded
from distill.train.ema import ema_copy, ema_decay, update_ema
from distill.train.grow import grow_generator, layout_values, widen_input
from distill.train.parallel import World, average_gradients
from distill.train.speed import autocast, maybe_compile, place

# Pictures whose codes random ones are matched with, and along how many directions.
RECENT = 256
DIRECTIONS = 128


class Autoencoder(nn.Module):
    """Encoder into Z+, generator, and the domain's offset between them."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.layout = Layout(config.size_px, config.channel_multiplier, config.channel_cap)
        self.restyle_steps = config.restyle_steps
        restyle = config.restyle_steps > 0
        self.e = make_encoder(
            config.encoder, self.layout.layers, restyle=restyle, width=config.encoder_width, head_rank=config.encoder_head_rank
        )
        self.g = Generator(self.layout)
        self.domain = DomainOffset()

    def codes(self, pictures: Tensor) -> list[Tensor]:
        """Z+ codes [N,L,512], one per ReStyle round."""
        if self.restyle_steps:
            return restyle_codes(self.e, self.g, pictures, self.restyle_steps)
        return [self.e(fit_input(self.e, pictures))]

    def decode(self, code: Tensor, domain: Tensor) -> Tensor:
        """Z+ codes → pictures of their domain, without noise."""
        return self.g.synthesize(self.domain(self.g.map(code), domain))

    def forward(self, pictures: Tensor, domain: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """(codes, reconstructions), one per round."""
        codes = self.codes(pictures)
        return codes, [self.decode(code, domain) for code in codes]


class AutoencoderTrainer:
    """Networks, losses and optimiser of `train-autoencoder`."""

    def __init__(self, config: AutoencoderConfig, data: TrainingSet, world: World) -> None:
        self.config, self.data, self.world = config, data, world
        self.share = world.share(config.batch)
        torch.manual_seed(config.seed)
        model = Autoencoder(config)
        self.learned_before = self._initialise(model, config.init) if config.init is not None else 0
        self.model = place(model, world.device, config.channels_last)
        self.ema = ema_copy(self.model)
        self._fast = maybe_compile(self.model, config.compile)
        self.lpips = place(Lpips(config.lpips_net), world.device, config.channels_last)
        self.identity = self._identity_network()
        generator = [*self.model.g.parameters(), *self.model.domain.parameters()]
        self.optimiser = torch.optim.Adam(
            [{"params": generator, "lr": config.lr_g}, {"params": list(self.model.e.parameters()), "lr": config.lr_e}],
            betas=(0.9, 0.99),
        )
        self.recent = torch.empty(0, CODE_DIM, device=world.device)
        self.step_count = 0
        self.restarted_at = 0

    @staticmethod
    def _initialise(model: Autoencoder, path: str) -> int:
        """Start from a checkpoint; returns how many images the whole of it has learned, 0 if only the generator fits."""
        state = load_checkpoint(path)
        grow_generator(model.g, state["ema"])
        whole = widen_input(state.get("ema_model", {}), model.state_dict())
        # An encoder of another size has another number of rows: only the generator grows.
        if {key: value.shape for key, value in whole.items()} != {key: value.shape for key, value in model.state_dict().items()}:
            return 0
        model.load_state_dict(whole)
        return state.get("position", 0)

    def _identity_network(self) -> nn.Module | None:
        if not self.config.identity:
            return None
        from distill.measure.identity import FaceIdentity

        return place(FaceIdentity(), self.world.device, False)

    def losses(self, pictures: Tensor, domain: Tensor) -> dict[str, Tensor]:
        """Unweighted losses of one batch, each a scalar; ReStyle rounds are averaged."""
        with autocast(self.world.device, self.config.precision):
            codes, outs = self._fast(pictures, domain)
            use_lpips = self.config.lpips > 0 and self.step_count % self.config.lpips_interval == 0
            taps = self.lpips.features(pictures) if use_lpips else None
            found: dict[str, list[Tensor]] = {}
            for code, out in zip(codes, outs, strict=True):
                found.setdefault("l1", []).append((out - pictures).abs().mean())
                if taps is not None:
                    found.setdefault("lpips", []).append(self.lpips.distance(self.lpips.features(out), taps).mean())
                if self.identity is not None:
                    found.setdefault("identity", []).append(1 - self.identity.similarity(out, pictures).mean())
                found.setdefault("spread", []).append(code.float().std(1).mean())
            self._remember(codes[-1])
        return {name: torch.stack(values).mean() for name, values in found.items()}

    @torch.no_grad()
    def _remember(self, code: Tensor) -> None:
        """Keep the mapped codes of the last pictures, the mean over their rows."""
        w = self.model.g.map(code).mean(1).float()
        self.recent = torch.cat([self.recent, w])[-RECENT:]

    def match_loss(self, position: int) -> Tensor:
        """How far mapped random codes lie from those of recent pictures, once enough are known."""
        if not self.config.match or len(self.recent) < RECENT:
            return torch.zeros((), device=self.world.device)
        z = torch.randn(RECENT, CODE_DIM, generator=seeded(self.config.seed, "match-codes", position))
        directions = random_directions(CODE_DIM, DIRECTIONS, seeded(self.config.seed, "match", position))
        mapped = self.model.g.map(z.to(self.world.device))
        return sliced_distance(mapped, self.recent, directions.to(self.world.device))

    def step(self, position: int) -> dict[str, Tensor]:
        """Train on the batch at `position` (in images); returns detached scalars."""
        self._set_rates(position)
        indices = self.data.indices(position, self.config.batch)[self.share]
        losses = self.losses(*self.data.take(indices)) | {"match": self.match_loss(position)}
        weights = {name: getattr(self.config, name) for name in losses}
        weights["lpips"] = self.config.lpips * self.config.lpips_interval
        total = torch.stack([weights[name] * value for name, value in losses.items()]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        average_gradients(self.model.parameters(), self.world)
        self.optimiser.step()
        # A warm restart's average is good already, so it need not follow quickly at first.
        decay = ema_decay(self.config.batch, self.config.ema_kimg, self.learned_before + position + self.config.batch)
        update_ema(self.ema, self.model, decay)
        self.step_count += 1
        return {name: value.detach() for name, value in losses.items()} | {"loss": total.detach()}

    def _set_rates(self, position: int) -> None:
        done = position + self.config.batch
        warm = min(1.0, (done - self.restarted_at) / max(self.config.warmup_kimg * 1000, 1))
        tail = max(0.0, done / (self.config.total_kimg * 1000) - self.config.decay_from)
        cool = 0.5 * (1 + math.cos(math.pi * min(1.0, tail / max(1 - self.config.decay_from, 1e-9)))) if tail else 1.0
        for group, rate in zip(self.optimiser.param_groups, (self.config.lr_g, self.config.lr_e), strict=True):
            group["lr"] = rate * warm * cool

    @torch.no_grad()
    def measure(self, held_out: TrainingSet, count: int = 64) -> dict[str, float]:
        """Mean L1, PSNR and LPIPS of the averaged networks on held-out pictures."""
        sums = {"val_l1": 0.0, "val_psnr": 0.0, "val_lpips": 0.0}
        total = min(count, len(held_out.rows))
        for part in torch.arange(total).split(8):
            pictures, domain = held_out.take(part)
            out = self.ema(pictures, domain)[1][-1].clamp(-1, 1)
            mse = (out - pictures).square().mean((1, 2, 3)) / 4
            sums["val_l1"] += (out - pictures).abs().mean((1, 2, 3)).sum().item()
            sums["val_psnr"] += (-10 * torch.log10(mse)).sum().item()
            sums["val_lpips"] += self.lpips(out, pictures).sum().item()
        return {name: value / total for name, value in sums.items()}

    @torch.no_grad()
    def grid(self, held_out: TrainingSet, columns: int = 8) -> tuple[Tensor, int]:
        """Pictures of a grid and its columns (fewer if fewer photos are held out).

        Rows: photo, reconstruction (twice where there are photos enough), coarse rows of one with fine
        rows of the next, random codes.
        """
        model, rows = self.ema, []
        columns = min(columns, len(held_out.rows))
        count = min(2, len(held_out.rows) // columns) * columns
        for part in torch.arange(count).split(columns):
            pictures, domain = held_out.take(part)
            codes, outs = model(pictures, domain)
            rows += [pictures, outs[-1]]
        structure = self.model.layout.structure_layers
        code, domain = codes[-1], torch.zeros(len(part), dtype=torch.long, device=self.world.device)
        mixed = torch.cat([code[:, :structure], code.roll(-1, 0)[:, structure:]], 1)
        rows.append(model.decode(mixed, domain))
        z = torch.randn(columns, CODE_DIM, generator=seeded(0, "grid", 0)).to(self.world.device)
        w = torch.lerp(model.g.mean_w().expand(columns, -1), model.g.map(z), 0.8)
        rows.append(model.g.synthesize(w))
        return torch.cat(rows), columns

    def state(self) -> dict[str, Any]:
        """Everything a later process needs to go on; `ema` is the generator, as in train-base."""
        return {
            "layout": layout_values(self.model.layout), "model": self.model.state_dict(), "ema_model": self.ema.state_dict(),
            "ema": self.ema.g.state_dict(), "optimiser": self.optimiser.state_dict(), "step_count": self.step_count,
            "restarted_at": self.restarted_at, "recent": self.recent,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state saved by `state`."""
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema_model"])
        if state.get("thin"):
            self.restarted_at = state["position"]
        else:
            self.optimiser.load_state_dict(state["optimiser"])
            self.restarted_at = state["restarted_at"]
            self.recent = state["recent"].to(self.world.device)
        self.step_count = state["step_count"]
