"""`anime-cache`: photos and exemplars become drawn pairs to train on."""

from __future__ import annotations

import argparse
import multiprocessing
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.exemplar import Exemplar, choose_exemplars, exemplar_from_record
from distill.atelier.expression import read_expression
from distill.atelier.geometry import mirror_reading
from distill.atelier.parts import PartSet
from distill.atelier.photos import PhotoStudy, read_studies
from distill.atelier.pose import read_pose
from distill.student.anime.cache import Arrays, PairCache, PairDrawer, draw_cache, encode_exemplars, kept_out, open_arrays, start_cache
from distill.student.anime.flow import FlowModel, fit_flow
from distill.student.anime.pose_vector import pose_vector

FITTED_HEADS = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `anime-cache`."""
    parser.add_argument("--parts", type=Path, required=True, metavar="DIR", help="the layered parts and their licence")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="aligned photos with an index.csv")
    parser.add_argument("--studies", type=Path, required=True, metavar="DIR", help="folder with photos.jsonl.gz and mattes/, as `atelier` writes it")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the cache is kept; about 1.4 MB a photo of three pairs")
    parser.add_argument("--exemplars", type=int, default=32, metavar="N", help="how many exemplars, as unlike as can be (default: %(default)s)")
    parser.add_argument("--count", type=int, default=3000, metavar="N", help="photos, each in another variant (default: %(default)s)")
    parser.add_argument("--per-photo", type=int, default=3, metavar="N", help="pairs of each photo (default: %(default)s)")
    parser.add_argument("--like", type=Path, metavar="DIR", help="a cache whose fitted movement this one takes, so that both train together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, metavar="N")


def main(args: argparse.Namespace) -> int:
    """Draws the whole cache; a training may read it meanwhile."""
    parts = PartSet(args.parts)
    studies = read_studies(args.studies / "photos.jsonl.gz")
    exemplars = choose_exemplars(parts, args.exemplars, args.seed)
    flow = fit_flow_to(studies, args.seed) if args.like is None else PairCache(args.like).flow
    start_cache(args.out, args.count, args.count * args.per_photo, exemplars, encode_exemplars(parts, exemplars), flow)
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=_work, args=(args, rank)) for rank in range(1, args.workers)]
    for job in jobs:
        job.start()
    _work(args, 0)
    for job in jobs:
        job.join()
    if any(job.exitcode for job in jobs):
        raise SystemExit("anime-cache: a worker failed; its message is above. Mend the cause and run the command again.")
    cache = PairCache(args.out)
    print(f"{args.out}: {len(cache.rows(held=False))} pairs to train on, {len(cache.rows(held=True))} held out, {len(exemplars)} exemplars")
    return 0


def fit_flow_to(studies: list[PhotoStudy], seed: int) -> FlowModel:
    """The fields fitted to the photos that are not held out and their mirror images."""
    heads = []
    known = [study for study in studies if not kept_out(study)]
    for number, study in enumerate(known[:: max(1, len(known) // FITTED_HEADS)]):
        reading = mirror_reading(study.reading) if number % 2 else study.reading
        pose = read_pose(reading)
        heads.append((pose, read_expression(reading, pose)))
    poses = np.stack([pose_vector(pose, expression) for pose, expression in heads])
    return fit_flow(heads, poses, np.random.default_rng([seed, 3]))


def _work(args: argparse.Namespace, rank: int) -> None:
    cv2.setNumThreads(1)
    cache = PairCache(args.out)
    exemplars: list[Exemplar] = [exemplar_from_record(record) for record in cache.exemplars]
    drawer = PairDrawer(PartSet(args.parts), exemplars, cache.codes, cache.flow)
    arrays: Arrays = open_arrays(args.out, args.count, args.count * args.per_photo, "r+")
    draw_cache(
        args.out, arrays, drawer, read_studies(args.studies / "photos.jsonl.gz"), args.photos, args.studies / "mattes",
        per_photo=args.per_photo, seed=args.seed, first=rank, step=args.workers,
    )  # fmt: skip
