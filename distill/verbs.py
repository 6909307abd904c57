"""The verbs of ``python -m distill``: name, module, one line of help.

A verb's module has ``add_arguments(parser)`` and ``main(args)`` and is imported only when the
verb is called, so listing the verbs needs no third-party package.
"""

from __future__ import annotations

import difflib
import importlib
from types import ModuleType
from typing import NamedTuple


class Verb(NamedTuple):
    """Where a verb lives and what it is for."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "paint": Verb("distill.student.paint_command", "photos into painted layers for training, or a contact sheet of the looks"),
    "train-student": Verb("distill.student.train", "train the comic student on painted layers"),
    "export-student": Verb("distill.student.export", "a trained student into models/, manifest, card and pack"),
    "evaluate-student": Verb("distill.student.evaluate", "held-out quality of a trained student"),
    "student-sheet": Verb("distill.student.sheet", "photo, painter and students side by side"),
    "anime-cache": Verb("distill.student.anime.cache_verb", "photos and anime exemplars into drawn pairs for training"),
    "train-anime": Verb("distill.student.anime.train", "train the anime student on drawn pairs"),
    "evaluate-anime": Verb("distill.student.anime.evaluate", "held-out quality of a trained anime student"),
    "export-anime": Verb("distill.student.anime.export", "a trained anime student into models/, manifest, card and pack"),
    "train-anime-encoder": Verb("distill.student.anime.encoder_verb", "a picture of a character into the parts and colours of the anime pack"),
    "fit-blendshapes": Verb("distill.student.anime.blendshape_fit", "expressions from points alone, for face models without blendshapes"),
    "anime-sheet": Verb("distill.student.anime.sheet", "held-out people, the atelier's drawing and anime students"),
    "prepare": Verb("distill.data.prepare", "photos into aligned squares with landmarks, blendshapes, mattes"),
    "pack": Verb("distill.data.pack", "prepared squares into one training file that travels"),
    "train-autoencoder": Verb("distill.train.autoencoder", "encoder and face generator together, on reconstruction"),
    "train-base": Verb("distill.train.base", "adversarial training of the face generator"),
    "publish-base": Verb("distill.train.publish_verb", "a face generator's checkpoint as a folder to keep and share"),
    "finetune-base": Verb("distill.teacher.finetune_base", "the face generator fine-tuned on a style (Toonify's g')"),
    "destylize": Verb("distill.teacher.destylize", "the faces behind portraits, and codes of both, by optimisation or by an encoder"),
    "train-dual": Verb("distill.teacher.train_dual", "the dual generator's progressive fine-tuning, stage by stage"),
    "evaluate": Verb("distill.measure.evaluate", "measure a checkpoint beside baselines, into the table of results"),
    "base-curve": Verb("distill.measure.curve_verb", "how checkpoints of one training get better, as a table and a chart"),
    "base-sheets": Verb("distill.measure.sheets_verb", "samples, reconstructions, style mixing, interpolation, nearest training faces"),
    "atelier": Verb("distill.atelier.verb", "exemplars and exact pairs of a style, drawn from parts"),
    "atelier-renders": Verb("distill.atelier.renders_verb", "avatars rendered plain, with known expressions"),
    "atelier-measure": Verb("distill.atelier.measure_verb", "the atelier's numbers, from pixels against what is known"),
    "atelier-bench": Verb("distill.atelier.bench_verb", "how fast the atelier draws and renders, into a table"),
    "atelier-sheets": Verb("distill.atelier.showcase", "named photos against exemplars, controls and hard cases"),
    "bench": Verb("distill.train.bench", "images per second and share of the peak of each training verb"),
    "gpu-bundle": Verb("distill.gpu.bundle", "the folder to send to a lent machine"),
    "gpu-check": Verb("distill.gpu.check", "two minutes: are compiler, data and speed right there?"),
    "gpu-piece": Verb("distill.gpu.piece", "some minutes of training that continue the last ones"),
    "train-sampler": Verb("distill.teacher.sampler_verb", "a network that draws new extrinsic codes like a style's"),
    "sample": Verb("distill.teacher.sample_verb", "random faces in random styles; content, structure or colours held fixed"),
    "refine": Verb("distill.teacher.refine_verb", "extrinsic codes refined against their portraits, the network fixed"),
    "transfer": Verb("distill.teacher.transfer_verb", "photos in the style of an exemplar, with every control"),
    "evaluate-style": Verb("distill.teacher.style_evaluate", "a teacher on held-out photos, in numbers, beside baselines"),
    "style-sheet": Verb("distill.teacher.sheet_verb", "contact sheets: layer effect, ablations, two destylizations"),
    "export-dual": Verb("distill.teacher.export_verb", "the dual generator as an ONNX graph whose weights are an input"),
    "teach-student": Verb("distill.teacher.teach_student", "a student for the SDK that learns a teacher's pictures"),
    "smoke": Verb("distill.smoke", "the whole recipe in miniature, from photos to a student the SDK loads"),
    "preference": Verb("distill.teacher.preference.verb", "a local page for blind A/B preference, into a table"),
    "import": Verb("distill.teacher.import_verb", "released DualStyleGAN checkpoints into safetensors, marked non-commercial"),
    "fetch-identity": Verb("distill.measure.fetch", "put the identity network into the cache"),
}


def load_verb(name: str) -> ModuleType:
    """Import the module of verb `name`; raises `SystemExit` with a sentence if there is none."""
    if name not in VERBS:
        near = difflib.get_close_matches(name, VERBS, n=2)
        hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
        raise SystemExit(
            f"'{name}' is not a verb of distill.{hint} `python -m distill --help` lists them."
        )
    return importlib.import_module(VERBS[name].module)
