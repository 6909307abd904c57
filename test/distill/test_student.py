"""The student: sizes, style folding, samples, sliders' codes, training that resumes exactly."""

import argparse
import dataclasses

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from student_fixtures import drawn_cache

from distill.data.faces import held_out, read_index
from distill.painter import LOOK_IDS, LOOKS, Mix
from distill.student.codes import all_codes, exemplar_code
from distill.student.losses import psnr, student_losses, total_loss
from distill.student.network import SIZES, Student, StyledConv, multiply_accumulates
from distill.student.samples import (
    Light,
    Sampler,
    Style,
    blended_code,
    plain_crop,
    pure_style,
    random_crop,
    random_light,
    random_style,
)
from distill.student.style_head import StyleHead
from distill.student.train import TrainConfig, Trainer
from distill.student.train import main as train_main


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return drawn_cache(tmp_path_factory.mktemp("student") / "layers")


@pytest.mark.parametrize(("size", "limit"), [("standard", 1.1e9), ("lite", 0.25e9)])
def test_sizes_keep_their_budget(size, limit):
    student = Student(SIZES[size])
    assert 0.5 * limit < multiply_accumulates(student) <= limit


def test_the_count_of_operations_is_right_for_a_known_convolution():
    student = Student(SIZES["lite"])
    stem = student.stem
    assert multiply_accumulates(student) > 128 * 128 * stem.out_channels * 3 * 25


def test_folding_the_style_equals_scaling_the_feature_map():
    layer = StyledConv(3, 5, 3, active=False)
    torch.nn.init.normal_(layer.conv.bias)
    x, modulation = torch.randn(2, 3, 9, 9), torch.randn(1, 10)
    scale, shift = modulation[0, :5], modulation[0, 5:]
    expected = F.conv2d(x, layer.conv.weight, layer.conv.bias, padding=1) * scale[:, None, None] + shift[:, None, None]
    assert torch.allclose(layer(x, modulation), expected, atol=1e-5)


def test_output_has_the_contract_s_shape_and_ranges():
    student = Student(SIZES["lite"])
    with torch.no_grad():
        styled = student(torch.randn(1, 3, 256, 256) * 3, student.neutral[None])
    assert styled.shape == (1, 4, 256, 256)
    assert styled[:, :3].min() >= -1 and styled[:, :3].max() <= 1
    assert styled[:, 3].min() >= 0 and styled[:, 3].max() <= 1


def test_codes_are_fixed_and_distinct():
    codes = all_codes(LOOK_IDS)
    assert codes.shape == (len(LOOKS), 2, 512) and np.array_equal(codes[0], exemplar_code("classic"))
    assert abs(float(codes.std()) - 1) < 0.02
    flat = codes.reshape(-1, 512)
    cosine = flat @ flat.T / 512
    assert np.abs(cosine - np.diag(np.diag(cosine))).max() < 0.25


def test_weight_zero_forgets_the_exemplar_and_keep_color_only_its_colours():
    head = StyleHead(Student(SIZES["lite"]).neutral)
    torch.nn.init.normal_(head.out.weight)
    first, second = (torch.from_numpy(exemplar_code(look))[None] for look in LOOK_IDS[:2])
    one, zero = torch.ones(1, 1), torch.zeros(1, 1)

    def modulation(code, structure, colour, keep=zero):
        return head(code, torch.tensor([[structure, colour]]), keep)

    assert torch.equal(modulation(first, 0.0, 0.0), modulation(second, 0.0, 0.0))
    assert not torch.equal(modulation(first, 1.0, 0.0), modulation(second, 1.0, 0.0))
    assert torch.equal(modulation(first, 1.0, 1.0, one), modulation(first, 1.0, 0.0))
    exchanged = torch.cat([first[:, :1], second[:, 1:]], 1)
    assert torch.equal(modulation(exchanged, 1.0, 0.0), modulation(first, 1.0, 0.0))


def test_random_styles_reach_the_whole_slider_space():
    rng = np.random.default_rng(0)
    styles = [random_style(rng, 0.5) for _ in range(3000)]
    pure = [style for style in styles if style == pure_style(next(iter(style.mix.structure)))]
    assert 0.45 < len(pure) / len(styles) < 0.65
    assert {next(iter(style.mix.structure)) for style in pure} == set(range(len(LOOKS)))
    assert any(style.mix.structure.keys() != style.mix.colour.keys() for style in styles)
    assert any(len(style.mix.structure) == 2 for style in styles)
    assert any(style.weights == (0.0, 0.0) for style in styles)
    for style in styles:
        assert style.mix.colour_weight == pytest.approx(style.colour_slider * (1 - style.keep_color))
        assert sum(style.mix.structure.values()) == pytest.approx(1)


def test_the_code_of_a_blend_is_the_blend_of_codes_row_by_row():
    codes = all_codes(LOOK_IDS)
    code = blended_code(Style(Mix({0: 0.25, 2: 0.75}, {1: 1.0})), codes)
    assert np.allclose(code[0, 0], 0.25 * codes[0, 0] + 0.75 * codes[2, 0])
    assert np.allclose(code[0, 1], codes[1, 1])


def test_sample_target_follows_the_crop(cache):
    sampler = Sampler(cache, 0.4)
    flip = plain_crop()
    flip[0] = -flip[0]
    flip[0, 2] += 255
    photo, _, matte, _ = sampler.painted(0, pure_style(0), plain_crop())
    mirrored_photo, _, mirrored_matte, _ = sampler.painted(0, pure_style(0), flip)
    assert np.abs(photo[:, ::-1] - mirrored_photo).mean() < 0.01
    assert np.abs(matte[:, ::-1] - mirrored_matte).mean() < 0.01


def test_what_lies_outside_the_photo_is_not_learned(cache):
    crop = plain_crop()
    crop[0, 2] += 40
    *_, weight = Sampler(cache, 0.4).painted(0, pure_style(0), crop)
    assert not weight[:, :38].any() and weight[:, 45:].min() >= 0.4 and weight.max() == 1


def test_random_crops_stay_near_the_face():
    rng = np.random.default_rng(0)
    for _ in range(200):
        eye = random_crop(rng) @ np.array([160, 150, 1])
        assert np.all(np.abs(eye - np.array([128, 120])) < 40)


def test_light_keeps_the_painter_s_tones():
    axis = np.linspace(0, 1, 256, dtype=np.float32)
    dim = Light(np.repeat((0.6 * axis)[:, None], 3, 1), 1.0)
    picture = np.random.default_rng(0).uniform(0.1, 0.9, (16, 16, 3)).astype(np.float32)
    assert np.abs(dim.on(picture) - 0.6 * picture).max() < 0.01
    from painter_fixtures import straight_scale

    scale = dim.on_scale(straight_scale())
    assert np.allclose(np.interp(0.6 * 0.5, axis, scale.to_tone), 0.5, atol=0.01)
    assert np.allclose(np.interp(0.5, axis, scale.to_luma), 0.3, atol=0.01)
    rng = np.random.default_rng(1)
    for _ in range(20):
        lit = random_light(rng)
        assert lit.curves.shape == (256, 3) and lit.curves.min() >= 0 and lit.curves.max() <= 1


def test_batches_are_channels_last_and_in_range(cache):
    face, target, weight = Sampler(cache, 0.4).batch([0, 1, 2, 3], pure_style(3), np.random.default_rng(0))
    assert face.shape == (4, 3, 256, 256) and target.shape == (4, 4, 256, 256) and weight.shape == (4, 1, 256, 256)
    assert face.is_contiguous(memory_format=torch.channels_last)
    assert face.abs().max() <= 1 and target[:, :3].abs().max() <= 1 and target[:, 3].min() >= 0


def test_a_tile_is_a_piece_of_the_crop_with_its_pattern(cache):
    sampler, crop = Sampler(cache, 0.4), plain_crop()
    whole = sampler.painted(0, pure_style(LOOK_IDS.index("riso")), crop)
    crop[:, 2] -= (40, 64)
    tile = sampler.painted(0, pure_style(LOOK_IDS.index("riso")), crop, None, 128)
    for of_whole, of_tile in zip(whole[:2], tile[:2], strict=True):
        assert np.abs(of_whole[64:192, 40:168] - of_tile).mean() < 0.002


def test_the_student_sees_the_same_pattern_phase_in_tiles():
    student = Student(SIZES["lite"])
    face = torch.zeros(1, 3, 256, 256)
    with torch.no_grad():
        whole, tile = student(face, student.neutral[None]), student(face[..., :128, :128], student.neutral[None])
    assert torch.allclose(whole[..., 32:96, 32:96], tile[..., 32:96, 32:96], atol=1e-5)


def test_losses_are_zero_for_the_target_and_ignore_weightless_pixels():
    target = torch.rand(1, 4, 16, 16)
    weight = torch.ones(1, 1, 16, 16)
    assert float(total_loss(student_losses(target, target, weight))) == 0
    spoiled = target.clone()
    spoiled[..., 8:] += 0.5
    weight[..., 8:] = 0
    assert float(total_loss(student_losses(spoiled, target, weight))) == 0
    losses = student_losses(target + 0.2, target, torch.ones(1, 1, 16, 16))
    assert float(losses["colour"]) == pytest.approx(0.1, abs=1e-5) and float(losses["line"]) < 1e-5
    assert psnr(torch.full((1, 3, 4, 4), 0.1)) == pytest.approx(20, abs=1e-3)


def test_held_out_people_are_never_trained_on(cache):
    training, kept = cache.indices(held_out=False), cache.indices(held_out=True)
    assert training and kept and not set(training) & set(kept)
    assert held_out("faker", "512/faker_00081.jpg") and not held_out("faker", "512/faker_00080.jpg")
    assert not held_out("csusa", "512/csusa_00081.jpg")


def test_the_index_is_filtered_by_tier_size_and_frame(tmp_path):
    rows = ["file,size_px,source,tier,origin,licence,native_eye_px,out_of_frame"]
    for name, size, tier, outside in (("a", 512, "A", 0), ("b", 512, "B", 0.04), ("c", 128, "A", 0), ("d", 512, "A", 0.06)):
        rows.append(f"512/{name}.jpg,{size},x,{tier},o,CC0,100,{outside}")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    assert [photo.id for photo in read_index(tmp_path)] == ["a", "b"]
    assert [photo.id for photo in read_index(tmp_path, ("A",))] == ["a"]
    with pytest.raises(FileNotFoundError, match="--data"):
        read_index(tmp_path / "nowhere")


def test_people_that_prepare_kept_out_of_training_are_held_out(tmp_path):
    rows = ["file,size_px,source,tier,origin,licence,out_of_frame,split", "pictures/a.jpg,512,mine,A,o,mine,0,train", "pictures/b.jpg,512,mine,A,o,mine,0,val"]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    assert [photo.held_out for photo in read_index(tmp_path)] == [False, True]


def test_training_lowers_the_loss(cache):
    trainer = Trainer(TrainConfig(layers="", size="lite", slider_share=0.0, kimg=10), cache)
    losses = [float(trainer.step()["loss"]) for _ in range(80)]
    assert sum(losses[-15:]) < 0.75 * sum(losses[:15])


def test_a_resumed_training_equals_an_uninterrupted_one(cache, tmp_path):
    config = TrainConfig(layers="", size="lite", kimg=1.0)
    whole, half = Trainer(config, cache), Trainer(config, cache)
    for _ in range(4):
        whole.step()
    half.step(), half.step()
    from distill.checkpoint import load_checkpoint, save_checkpoint

    save_checkpoint(tmp_path / "c.pt", half.state())
    resumed = Trainer(dataclasses.replace(config), cache)
    resumed.load(load_checkpoint(tmp_path / "c.pt"))
    resumed.step(), resumed.step()
    for name, value in whole.average.state_dict().items():
        assert torch.allclose(value, resumed.average.state_dict()[name], atol=1e-6), name


def test_the_verb_trains_and_finishes(cache, tmp_path, capsys):
    cache_dir = tmp_path / "layers"
    drawn_cache(cache_dir)
    args = argparse.Namespace(
        config=None, overrides=[f"layers={cache_dir}", "size=lite", "kimg=0.016"], dry_run=False,
        runs=tmp_path / "runs", fresh=False, threads=1,
    )
    cv2.setNumThreads(1)
    assert train_main(args) == 0
    folder = tmp_path / "runs" / "00000-train-student-lite"
    assert (folder / "checkpoint.pt").exists() and (folder / "finished").exists()
    assert "0.0 kimg" in capsys.readouterr().out
