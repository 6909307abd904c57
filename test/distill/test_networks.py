"""Networks: operations against plain references, derived layers, released sizes."""

import math

import pytest
import torch
import torch.nn.functional as F

from distill.networks.discriminator import ConvLayer, Discriminator, append_group_stddev
from distill.networks.encoder import PspEncoder, SmallEncoder, make_encoder, restyle_codes
from distill.networks.generator import Generator, draw_noise, truncate
from distill.networks.layout import Layout
from distill.networks.ops import (
    EqualLinear,
    blur,
    blur_kernel,
    modulated_conv,
    pixel_norm,
    upsample,
)


def count(module):
    return sum(p.numel() for p in module.parameters())


def on_meta(make):
    with torch.device("meta"):
        return make()


# --- a plain reference of the modulated convolution: loops, float64, nothing clever


def reference_modulated(x, weight, style, demodulate, up):
    x, weight, style = x.double(), weight.double(), style.double()
    outs = []
    for sample, scales in zip(x, style):
        w = weight * scales[None, :, None, None]
        if demodulate:
            w = w / torch.sqrt((w**2).sum((1, 2, 3), keepdim=True) + 1e-8)
        if up:
            # Zeros between the pixels, the flipped kernel (a transposed convolution), the blur.
            wide = torch.zeros(sample.shape[0], 2 * sample.shape[1] - 1, 2 * sample.shape[2] - 1,
                               dtype=torch.float64)
            wide[:, ::2, ::2] = sample
            taps = torch.tensor([1.0, 3, 3, 1], dtype=torch.float64)
            kernel = torch.outer(taps, taps) / 16
            full = F.conv2d(wide[None], w.flip(2, 3), padding=2)
            out = torch.stack([F.conv2d(c[None, None], kernel[None, None], padding=1)[0, 0]
                               for c in full[0]])
        else:
            out = F.conv2d(sample[None], w, padding=w.shape[-1] // 2)[0]
        outs.append(out)
    return torch.stack(outs)


@pytest.mark.parametrize("side, demodulate, up", [(3, True, False), (3, True, True), (1, False, False)])
@pytest.mark.parametrize("fused", [True, False])
def test_modulated_convolution_matches_the_reference(side, demodulate, up, fused):
    torch.manual_seed(0)
    x, weight, style = torch.randn(3, 5, 6, 6), torch.randn(4, 5, side, side), torch.randn(3, 5)
    kernel = blur_kernel(4.0)
    out = modulated_conv(x, weight, style, demodulate=demodulate, up=up, kernel=kernel, fused=fused)
    assert torch.allclose(
        out.double(), reference_modulated(x, weight, style, demodulate, up), atol=2e-5)


def test_fused_and_unfused_gradients_agree_in_double():
    torch.manual_seed(0)
    grads = []
    for fused in (True, False):
        torch.manual_seed(1)
        x, weight, style = (torch.randn(*s, dtype=torch.float64, requires_grad=True)
                            for s in ((2, 3, 4, 4), (4, 3, 3, 3), (2, 3)))
        out = modulated_conv(x, weight, style, up=True, kernel=blur_kernel(4.0), fused=fused)
        grads.append(torch.autograd.grad(out.square().sum(), (x, weight, style)))
    for a, b in zip(*grads):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)


def test_demodulation_gives_unit_variance_whatever_the_style():
    torch.manual_seed(0)
    x, weight = torch.randn(4, 32, 32, 32), torch.randn(16, 32, 3, 3)
    for strength in (0.01, 1.0, 50.0):
        out = modulated_conv(x, weight, torch.randn(4, 32) * strength)
        assert out[:, :, 1:-1, 1:-1].std() == pytest.approx(1.0, abs=0.05)


def test_blur_resampling_keeps_constants_and_matches_hand_numbers():
    flat = torch.full((1, 2, 8, 8), 3.0)
    assert torch.allclose(upsample(flat, blur_kernel(4.0))[:, :, 2:-2, 2:-2], torch.tensor(3.0))
    line = torch.zeros(1, 1, 4, 4)
    line[0, 0, 1, 1] = 1
    up = upsample(line, blur_kernel(4.0))[0, 0]
    taps = torch.tensor([1.0, 3, 3, 1]) / 4
    assert torch.allclose(up[1:5, 1:5], torch.outer(taps, taps))
    assert up.sum() == pytest.approx(4.0)
    halve = ConvLayer(1, 1, 1, down=True, activate=False)  # the discriminator's shortcut
    torch.nn.init.ones_(halve[1].weight)
    with torch.no_grad():
        assert torch.allclose(halve(flat[:, :1])[:, :, 1:-1, 1:-1], torch.tensor(3.0))
        down = halve(line)[0, 0]
    assert torch.allclose(down[0], torch.tensor([9.0, 3.0]) / 64)
    assert torch.allclose(down[1], torch.tensor([3.0, 1.0]) / 64)


def test_unequal_padding_blurs_like_an_explicit_pad():
    x = torch.randn(1, 2, 5, 5)
    kernel = blur_kernel()
    assert torch.allclose(blur(x, kernel, (2, 1)), blur(F.pad(x, (2, 1, 2, 1)), kernel, (0, 0)))


def test_equal_linear_scales_weight_and_bias_by_its_rate():
    layer = EqualLinear(8, 4, bias=2.0, lr_mul=0.01)
    x = torch.randn(3, 8)
    expected = x @ (layer.weight * 0.01 / math.sqrt(8)).t() + layer.bias * 0.01
    assert torch.allclose(layer(x), expected)
    assert pixel_norm(x * 7).square().mean(-1) == pytest.approx([1.0] * 3, rel=1e-4)


# --- layers and sizes


@pytest.mark.parametrize("size_px, layers", [(32, 8), (64, 10), (128, 12), (256, 14), (512, 16), (1024, 18)])
def test_layer_counts_follow_from_the_size(size_px, layers):
    layout = Layout(size_px)
    assert layout.layers == layers
    assert layout.structure_layers == 7
    assert len(layout.noise_sizes) == layers - 1


@pytest.mark.parametrize("size_px", [16, 96, 2048])
def test_other_sizes_are_refused(size_px):
    with pytest.raises(ValueError, match="power of two"):
        Layout(size_px)


def test_channels_follow_the_table_and_the_cap():
    full = Layout(1024)
    assert {px: full.channels(px) for px in full.resolutions} == {
        4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
    small = Layout(256, channel_cap=256)
    assert [small.channels(px) for px in (4, 64, 128, 256)] == [256, 256, 256, 128]


def generator_count_by_hand(channels):
    """Parameters by the published layout, independent of the modules."""
    total = 8 * (512 * 512 + 512) + channels[0] * 16

    def conv(i, o, side):
        return i * o * side * side + 512 * i + i

    def styled(i, o):
        return conv(i, o, 3) + 1 + o

    total += styled(channels[0], channels[0]) + conv(channels[0], 3, 1) + 3
    for i, o in zip(channels, channels[1:]):
        total += styled(i, o) + styled(o, o) + conv(o, 3, 1) + 3
    return total


def test_full_size_parameter_counts_equal_the_released_ones():
    released = [512, 512, 512, 512, 512, 256, 128, 64, 32]
    generator = on_meta(lambda: Generator(Layout(1024)))
    assert count(generator) == generator_count_by_hand(released) == 30_370_060
    assert count(on_meta(lambda: Discriminator(Layout(1024)))) == 29_012_513
    encoder = on_meta(lambda: PspEncoder(18))
    assert count(encoder) / 1e6 == pytest.approx(267, abs=0.7)


def test_released_state_names_and_shapes():
    state = on_meta(lambda: Generator(Layout(1024))).state_dict()
    assert state["input.input"].shape == (1, 512, 4, 4)
    assert state["conv1.conv.weight"].shape == (1, 512, 512, 3, 3)
    assert state["convs.15.conv.modulation.weight"].shape == (32, 512)
    assert state["convs.14.conv.blur.kernel"].shape == (4, 4)
    assert state["to_rgbs.7.upsample.kernel"].shape == (4, 4)
    assert state["noises.noise_16"].shape == (1, 1, 1024, 1024)
    assert {f"style.{i}.weight" for i in range(1, 9)} <= state.keys()
    released = 253 - 2 * 2 - 7 * 8 - 11 * 2
    assert len(state) == released


def test_trained_sizes_are_about_ten_million():
    layout = Layout(256, channel_cap=256)
    assert 9e6 < count(on_meta(lambda: Generator(layout))) < 12e6
    assert 8e6 < count(on_meta(lambda: SmallEncoder(14))) < 12e6


# --- behaviour


def tiny():
    torch.manual_seed(0)
    return Generator(Layout(32, channel_cap=16))


def test_rows_of_the_code_reach_their_layers_only():
    generator = tiny()
    w = generator.map(torch.randn(1, 8, 512))
    changed = w.clone()
    changed[:, 7] += 3
    a, b = generator.synthesize(w), generator.synthesize(changed)
    assert not torch.allclose(a, b)
    early = []
    generator.convs[5].register_forward_hook(lambda *args: early.append(args[2]))
    generator.synthesize(w), generator.synthesize(changed)
    assert torch.equal(early[0], early[1])  # the last row drives the last ToRGB alone


def test_noise_is_off_fixed_or_given_and_never_drawn():
    generator = tiny()
    for module in generator.modules():
        if hasattr(module, "noise"):
            torch.nn.init.constant_(module.noise.weight, 0.5)
    z = torch.randn(2, 512)
    fixed = generator(z, "fixed")
    assert torch.equal(fixed, generator(z, "fixed"))
    assert not torch.allclose(fixed, generator(z))
    noise = draw_noise(generator.layout, 2, torch.Generator().manual_seed(3))
    assert torch.equal(generator(z, noise), generator(z, noise))


def test_wrong_code_shape_is_named():
    with pytest.raises(ValueError, match=r"expected \[N,8,512\]"):
        tiny().synthesize(torch.randn(1, 14, 512))


def test_truncation_interpolates_to_the_mean():
    generator = tiny()
    centre = generator.mean_w(64)
    w = generator.map(torch.randn(3, 512))
    assert torch.allclose(truncate(w, centre, 0.0), centre.expand(3, -1))
    assert torch.allclose(truncate(w, centre, 1.0), w)


def test_discriminator_judges_groups_of_neighbours():
    torch.manual_seed(0)
    x = torch.randn(8, 3, 4, 4)
    whole = append_group_stddev(x)
    halves = torch.cat([append_group_stddev(x[:4]), append_group_stddev(x[4:])])
    assert torch.equal(whole, halves)
    expected = x[:4].std(0, unbiased=False).mean()
    assert whole[0, 3].mean().item() == pytest.approx(expected.item(), rel=1e-4)
    net = Discriminator(Layout(32, channel_cap=16))
    assert net(torch.randn(4, 3, 32, 32)).shape == (4, 1)


@pytest.mark.parametrize("restyle", [False, True])
def test_small_encoder_gives_one_row_per_layer(restyle):
    torch.manual_seed(0)
    encoder = SmallEncoder(8, 6 if restyle else 3, width=16)
    picture = torch.randn(2, 3, 64, 64)
    code = restyle_codes(encoder, tiny(), picture, 2)[-1] if restyle else encoder(picture)
    assert code.shape == (2, 8, 512)


def test_restyle_starts_at_the_average_and_adds_offsets():
    torch.manual_seed(0)
    encoder, generator = SmallEncoder(8, 6, width=16), tiny()
    picture = torch.randn(1, 3, 64, 64)
    first, second = restyle_codes(encoder, generator, picture, 2)
    for head in encoder.heads:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    still = restyle_codes(encoder, generator, picture, 2)[-1]
    assert torch.allclose(still[0], encoder.latent_avg)
    assert not torch.allclose(first, second)
    with pytest.raises(ValueError, match="6 channels"):
        restyle_codes(make_encoder("small", 8), generator, picture, 1)


def test_full_encoder_reads_256_px_into_the_rows_it_has():
    torch.manual_seed(0)
    with torch.no_grad():
        assert PspEncoder(8).eval()(torch.randn(1, 3, 256, 256)).shape == (1, 8, 512)
