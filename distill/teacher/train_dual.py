"""``train-dual``: the progressive fine-tuning, one stage a run."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from distill.config import add_config_arguments, config_text, load_config
from distill.data.training_set import TrainingSet, load_set
from distill.networks.dual import DualGenerator
from distill.run import Run, TrainingStopped
from distill.teacher.dual_config import DualConfig, resolved
from distill.teacher.dual_start import fresh_dual, start_report
from distill.teacher.dual_trainer import DualTrainer
from distill.teacher.faces import FaceEncoder, load_faces, write_encoder
from distill.teacher.files import write_network
from distill.train.draws import seeded
from distill.train.grids import save_grid
from distill.train.grow import layout_values
from distill.train.loop import report_stop, train_loop
from distill.train.parallel import any_over, broadcast_modules, join_world, leave_world
from distill.train.speed import allow_fast_math

REPORTED = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_config_arguments(parser)
    parser.add_argument("--fresh", action="store_true", help="start a new run even if one could go on")
    parser.add_argument("--stage", type=int, choices=(1, 2, 3), help="1 colour (an initialisation), 2 structure, 3 the style")
    parser.add_argument("--no-pairs", action="store_true", help="ablation: stage 3 without pairs of face and portrait")
    parser.add_argument("--no-reg", action="store_true", help="ablation: stage 3 without the regulariser of ModRes")
    parser.add_argument("--skip-stage", type=int, choices=(1, 2), action="append", default=[], help="ablation: leave a stage out")


def read_config(args: argparse.Namespace) -> DualConfig:
    """The settings with the verb's own options laid over them and the recipe's values filled in."""
    switches = []
    if args.stage is not None:
        switches.append(f"stage={args.stage}")
    if args.no_pairs:
        switches.append("paired=false")
    if args.no_reg:
        switches.append("regularised=false")
    if args.skip_stage:
        switches.append(f"skip_stages={sorted(set(args.skip_stage))}")
    args.overrides = [*args.overrides, *switches]
    return resolved(load_config(DualConfig, args))


def load_photos(config: DualConfig, size_px: int) -> TrainingSet | None:
    """The photos of stage II, or those whose faces stage III takes; None where neither asks for any."""
    if not config.data:
        return None
    return load_set(
        config.data, size_px, tiers=config.tiers, split=config.split, max_out_of_frame=config.max_out_of_frame,
        mirror=True, seed=config.seed, limit=config.limit,
    )


def write_teacher(folder: Path, dual: DualGenerator, encoder: FaceEncoder, licence: str) -> None:
    """Leave generator and encoder as safetensors, as `import` does."""
    write_network(folder / "generator.safetensors", "dual-generator-1", dual.state_dict(), {"layout": layout_values(dual.layout)}, licence)
    write_encoder(folder / "encoder.safetensors", encoder, licence)


def stage_one(config: DualConfig, fresh: bool) -> int:
    """Write stage I's start as a checkpoint and report how far it is from style mixing."""
    g, encoder = load_faces(Path(config.base))
    dual = fresh_dual(g, config.seed)
    run = Run.open(Path(config.runs), "train-dual", config, fresh=fresh, length=1)
    codes = [encoder.e.latent_avg.new_empty(REPORTED, 1, 512).normal_(generator=seeded(0, name, 0)) for name in ("intrinsic", "extrinsic")]
    report = start_report(dual, *(code.expand(-1, g.layout.layers, -1) for code in codes))
    run.log(0, report)
    run.save(0, {
        "layout": layout_values(g.layout), "stage": 1, "dual": dual.state_dict(), "ema_dual": dual.state_dict(), "critic": None, "licence": "",
    })
    write_teacher(run.folder, dual, encoder, "")
    run.finish(1)
    print(
        f"Stage I is style mixing to {report['exact']:.1e} without its small noise; with it {report['mean']:.3f} on average and "
        f"{report['largest']:.2f} at most (in standard deviations). Weights of 0 give g to {report['g']:.1e}. {run.folder}"
    )
    return 0


def main(args: argparse.Namespace) -> int:
    """Run the verb."""
    config = read_config(args)
    if args.dry_run:
        print(config_text(config))
        return 0
    if config.stage == 1:
        return stage_one(config, args.fresh)
    world = join_world(config.device)
    allow_fast_math(world.device)
    size_px = load_faces(Path(config.base))[0].layout.size_px
    photos = load_photos(config, size_px)
    trainer = DualTrainer(config, None if photos is None else photos.to(world.device), world)
    broadcast_modules((trainer.dual, trainer.ema, trainer.critic.d), world)
    length = round(config.total_kimg * 1000)
    run = Run.open(Path(config.runs), "train-dual", config, fresh=args.fresh, rank=world.rank, length=length)

    def draw(run: Run, position: int) -> None:
        if world.rank == 0:
            save_grid(run.picture_path("grid", position), *trainer.grid())

    try:
        position = train_loop(
            run, trainer, config, draw=draw, measure=lambda _: trainer.measure(), agree=partial(any_over, world=world)
        )
    except TrainingStopped as error:
        return report_stop(error)
    finally:
        leave_world()
    if world.rank == 0:
        write_teacher(run.folder, trainer.ema, trainer.encoder, trainer.licence)
        if trainer.style is not None:
            trainer.style.write(run.folder)
        measures = ", ".join(f"{name} {value:.4f}" for name, value in trainer.measure().items())
        print(f"{position / 1000:.3f} kimg; {measures or 'stage II'}; {run.folder}")
    return 0
