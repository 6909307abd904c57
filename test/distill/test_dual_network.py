"""The dual generator: what weights of 0 give, Stage I as style mixing, export without branches."""

import warnings

import onnx
import onnxruntime
import pytest
import torch

from distill.networks.dual import DualGenerator
from distill.networks.layout import Layout
from distill.networks.style_weights import expand_weights, structure_weights
from distill.student.onnx_export import FORBIDDEN

LAYOUT = Layout(64, channel_cap=32)
ROWS, STRUCTURE = LAYOUT.layers, LAYOUT.structure_layers


def dual(layout=LAYOUT, seed=0):
    torch.manual_seed(seed)
    return DualGenerator(layout).requires_grad_(False)


def trained(network, seed=1):
    """Weights as far from their start as training could bring them."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.extrinsic_parameters():
        parameter += 0.5 * torch.randn(parameter.shape, generator=generator)
    return network


def codes(count=2, seed=3):
    return torch.randn(2, count, ROWS, 512, generator=torch.Generator().manual_seed(seed))


def without_small_noise(network):
    """Stage I's start with its small noise zeroed: residuals 0, T_c the identity."""
    for block in network.mod_res:
        block.conv2[0].weight.zero_()
    for transform in network.colour_transform:
        transform.weight.copy_(torch.eye(512) * 512**0.5)
    return network


@pytest.mark.parametrize("size_px", [32, 64, 256])
def test_blocks_follow_the_layout(size_px):
    layout = Layout(size_px, channel_cap=8)
    network = DualGenerator(layout)
    assert len(network.mod_res) == 7
    assert len(network.mod_res) + len(network.colour_transform) == layout.layers


@pytest.mark.parametrize("noise", [None, "fixed"])
def test_weights_of_zero_give_g_exactly(noise):
    network = trained(dual())
    for scale in network.g.modules():
        if type(scale).__name__ == "_NoiseScale":
            scale.weight.fill_(0.3)
    zi, ze = codes()
    out = network(zi, ze, torch.zeros(2, ROWS), noise=noise)
    assert torch.allclose(out, network.g(zi, noise), atol=1e-5)
    assert not torch.allclose(network(zi, ze, torch.ones(2, ROWS), noise=noise), out, atol=0.1)


def test_stage_one_without_its_small_noise_is_style_mixing():
    network = without_small_noise(dual())
    zi, ze = codes()
    mixed = torch.cat([network.g.map(zi)[:, :STRUCTURE], network.g.map(ze)[:, STRUCTURE:]], 1)
    out = network(zi, ze, structure_weights(LAYOUT))
    assert torch.allclose(out, network.g.synthesize(mixed), atol=1e-5)


def test_stage_one_noise_is_bounded():
    network, (zi, ze) = dual(), codes(8)
    mixed = network.g.synthesize(torch.cat([network.g.map(zi)[:, :STRUCTURE], network.g.map(ze)[:, STRUCTURE:]], 1))
    difference = (network(zi, ze, structure_weights(LAYOUT)) - mixed).abs()
    # About 4 % of the pictures' spread at this and at a trained size.
    assert 0 < difference.mean() < 0.1 * mixed.std()


def test_each_row_acts_alone_and_per_sample():
    network, (zi, ze) = trained(dual()), codes()
    plain = network(zi, ze, torch.zeros(ROWS))
    for row in range(ROWS):
        weights = torch.zeros(2, ROWS)
        weights[0, row] = 1
        out = network(zi, ze, weights)
        assert (out[0] - plain[0]).abs().max() > 1e-3, row
        assert torch.allclose(out[1], plain[1], atol=1e-5), row
        other = ze.clone()
        other[:, [r for r in range(ROWS) if r != row]] += 1
        assert torch.allclose(network(zi, other, weights), out, atol=1e-4), row


def test_the_32_px_torgb_takes_the_colour_path():
    network, (zi, ze) = trained(dual()), codes()
    rows = network.mixed_rows(network.g.map(zi), network.g.map(ze), torch.ones(2, ROWS))
    assert torch.equal(rows[:, :7], network.g.map(zi)[:, :7])
    assert torch.allclose(rows[:, 7], network.colour_transform[0](network.g.map(ze)[:, 7]))


def test_truncation_moves_the_intrinsic_code_only():
    network, (zi, ze) = trained(dual()), codes()
    ones = torch.ones(ROWS)
    half = network.synthesize(0.5 * network.g.map(zi), network.extrinsic_styles(ze), ones)
    assert torch.allclose(network(zi, ze, ones, truncation=0.5), half, atol=1e-5)
    centre = network.g.mean_w(64)
    at_centre = network.synthesize(network.g.rows(centre.expand(2, -1)), network.extrinsic_styles(ze), ones)
    assert torch.allclose(network(zi, ze, ones, truncation=0.0, centre=centre), at_centre, atol=1e-5)


class ThreeInputs(torch.nn.Module):
    """Tracing hands keyword arguments over by place, so the graph is taken of a call without any."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, intrinsic, extrinsic, weights):
        return self.network(intrinsic, extrinsic, weights)


def test_an_exported_graph_has_weights_as_an_input_and_no_branch(tmp_path):
    network, (zi, ze) = trained(dual(Layout(32, channel_cap=8))), codes(1)
    zi, ze = zi[:, :8], ze[:, :8]
    path = tmp_path / "dual.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            ThreeInputs(network).eval(), (zi, ze, torch.zeros(1, 8)), str(path), input_names=["intrinsic", "extrinsic", "weights"],
            output_names=["picture"], opset_version=17, dynamo=False,
        )
    assert not {node.op_type for node in onnx.load(path).graph.node} & FORBIDDEN
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for weights in (torch.zeros(1, 8), torch.ones(1, 8), torch.rand(1, 8)):
        feeds = {"intrinsic": zi.numpy(), "extrinsic": ze.numpy(), "weights": weights.numpy()}
        (picture,) = session.run(None, feeds)
        expected = network(zi, ze, weights)
        assert torch.allclose(torch.from_numpy(picture), expected, atol=1e-4 * expected.abs().max()), weights


def test_weights_are_read_as_the_papers_write_them():
    assert expand_weights("[4*0, 3*.75]", 10).tolist() == [0, 0, 0, 0, 0.75, 0.75, 0.75, 1, 1, 1]
    assert expand_weights("7*1, .5, 2*0", 10).tolist() == [1] * 7 + [0.5, 0, 0]
    with pytest.raises(ValueError, match="are 3: give 10"):
        expand_weights("3*1", 10)
    with pytest.raises(ValueError, match="'x' is neither"):
        expand_weights("3*1,x", 10)


def test_wrong_shapes_are_named():
    network, (zi, ze) = dual(), codes()
    with pytest.raises(ValueError, match=r"weights of shape \(2, 9\)"):
        network(zi, ze, torch.zeros(2, 9))
    with pytest.raises(ValueError, match="expected"):
        network.synthesize(zi[:, :3], ze, torch.zeros(2, ROWS))
