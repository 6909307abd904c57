"""A network of the identity network's shape and file format, with seeded random weights."""

import hashlib
import json

import numpy as np

from distill.measure import identity


def small_identity(folder, monkeypatch, seed=0):
    """Write it into `folder` as `fetch-identity` would, let it pass the check; returns its arrays by name."""
    draw = np.random.default_rng(seed)
    widths, arrays = identity.WIDTHS, {}

    def layer(name, shape, inputs):
        arrays[name] = draw.normal(0, (2 / inputs) ** 0.5, shape).astype(np.float32)

    layer("conv1/convolution/merged_input", (3, 3, 3, widths[0]), 27 * 60**2)  # pixels deviate by some 60
    arrays["conv1_bn/batchnorm_1/sub"] = draw.normal(0, 0.1, widths[0]).astype(np.float32)
    for index, (channels, width) in enumerate(zip(widths, widths[1:], strict=False), 1):
        layer(f"conv_dw_{index}/depthwise_kernel", (3, 3, channels, 1), 9)
        arrays[f"conv_dw_{index}_bn/batchnorm_1/mul"] = draw.uniform(0.8, 1.2, channels).astype(np.float32)
        layer(f"conv_pw_{index}/convolution/merged_input", (1, 1, channels, width), channels)
        for part, size in (("dw", channels), ("pw", width)):
            arrays[f"conv_{part}_{index}_bn/batchnorm_1/sub"] = draw.normal(0, 0.1, size).astype(np.float32)
    entries = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in arrays.items()]
    files = {
        "faceres-deep.json": json.dumps({"weightsManifest": [{"weights": entries}]}).encode(),
        "faceres-deep.bin": b"".join(array.tobytes() for array in arrays.values()),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    monkeypatch.setattr(identity, "FILES", {name: hashlib.sha256(data).hexdigest() for name, data in files.items()})
    monkeypatch.setenv("STYLEFILTER_CACHE", str(folder))
    return arrays
