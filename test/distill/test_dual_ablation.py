"""The paper's ablation of stage III in miniature: four exact pairs, at 32 px, as 64 px would take minutes."""

import pytest
from dual_fixtures import ONE, dual_config, exact_pairs, small_base

from distill.teacher.dual_trainer import DualTrainer

SIZE_PX = 32
STEPS = 125
SETTINGS = {"stage": 3, "lr": 0.0012, "adversarial": 0.05, "matching": 0.01, "jitter": 0.02, "regulariser": 0, "total_kimg": 1}


@pytest.fixture(scope="module")
def learn(tmp_path_factory):
    """A function: LPIPS of the pairs before and after a stage III with these settings."""
    folder = tmp_path_factory.mktemp("ablation")
    base = small_base(folder / "base.pt", SIZE_PX, steps=80)
    pairs = exact_pairs(folder / "pairs", size_px=SIZE_PX)

    def run(**settings):
        trainer = DualTrainer(dual_config(base, exact=(str(pairs),), **SETTINGS, **settings), None, ONE)
        before = trainer.measure()["pair_lpips"]
        for step in range(STEPS):
            trainer.step(4 * step)
        return before, trainer.measure()["pair_lpips"]

    return run


@pytest.fixture(scope="module")
def whole(learn):
    return learn(skip_stages=(2,))


def test_four_pairs_halve_the_distance_to_the_portraits(whole):
    before, after = whole
    assert after < before / 2


def test_without_pairs_the_faces_are_not_met(learn, whole):
    before, after = learn(skip_stages=(2,), paired=False)
    assert before == whole[0] and after > 1.2 * before / 2


def test_without_stage_one_it_starts_and_stays_worse(learn, whole):
    before, after = learn(skip_stages=(1, 2))
    assert before > whole[0] and after > 1.2 * whole[1]
