"""A GLB avatar with what render-heads.ts asks for: bones, a skinned face, three facial morphs."""

import json
import struct
from pathlib import Path

import numpy as np

# Joints and their places, metres; all but the first two hang from the hips or the head.
JOINTS = {"Hips": (0, 1.0, 0), "Neck": (0, 1.45, 0), "Head": (0, 1.5, 0),
          "RightEye": (-0.03, 1.7, 0.1), "LeftEye": (0.03, 1.7, 0.1),
          "RightArm": (-0.2, 1.4, 0), "LeftArm": (0.2, 1.4, 0)}
_PARENTS = {"Neck": "Hips", "Head": "Neck", "RightEye": "Head", "LeftEye": "Head",
            "RightArm": "Hips", "LeftArm": "Hips"}
# Which point of the face each morph moves, and how far.
MORPHS = {"MouthOpen": ((0, 1.55), (0, -0.04, 0)), "RlipCorner": ((-0.05, 1.6), (-0.02, 0, 0)),
          "LlipCorner": ((0.05, 1.6), (0.02, 0, 0))}


def write_avatar(path: Path, morphs: bool = True) -> None:
    """A flat red face 0.2 m wide and 0.3 m high at z = 0.1, looking at +z."""
    across, up = np.meshgrid(np.linspace(-0.1, 0.1, 5), np.linspace(1.55, 1.85, 7))
    places = np.stack([across.ravel(), up.ravel(), np.full(across.size, 0.1)], 1)
    corner = np.array([row * 5 + column for row in range(6) for column in range(4)])
    faces = np.stack([corner, corner + 1, corner + 6, corner, corner + 6, corner + 5], 1)
    names = list(JOINTS)
    inverse = np.tile(np.eye(4), (len(names), 1, 1))
    inverse[:, 3, :3] = -np.array(list(JOINTS.values()))
    arrays = [places, np.tile([0.0, 0, 1], (len(places), 1)), faces.ravel(),
              np.tile([names.index("Head"), 0, 0, 0], (len(places), 1)),
              np.tile([1.0, 0, 0, 0], (len(places), 1)), inverse.reshape(-1, 16)]
    types = ["VEC3", "VEC3", "SCALAR", "VEC4", "VEC4", "MAT4"]
    kinds = [np.float32, np.float32, np.uint16, np.uint16, np.float32, np.float32]
    for at, move in MORPHS.values() if morphs else ():
        shift = np.zeros_like(places)
        shift[np.hypot(*(places[:, :2] - at).T).argmin()] = move
        arrays.append(shift)
        types.append("VEC3")
        kinds.append(np.float32)

    blob, views, accessors = b"", [], []
    for array, kind, shape in zip(arrays, kinds, types, strict=True):
        data = array.astype(kind).tobytes()
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(data)})
        accessor = {"bufferView": len(views) - 1, "type": shape, "count": len(array),
                    "componentType": 5126 if kind is np.float32 else 5123}
        if shape == "VEC3":
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        accessors.append(accessor)
        blob += data + b"\0" * (-len(data) % 4)
    primitive = {"attributes": {"POSITION": 0, "NORMAL": 1, "JOINTS_0": 3, "WEIGHTS_0": 4},
                 "indices": 2, "material": 0}
    mesh = {"primitives": [primitive]}
    if morphs:
        primitive["targets"] = [{"POSITION": 6 + number} for number in range(len(MORPHS))]
        mesh |= {"extras": {"targetNames": [f"h_expressions.{name}_h" for name in MORPHS]},
                 "weights": [0] * len(MORPHS)}
    nodes = []
    for name, place in JOINTS.items():
        origin = JOINTS[_PARENTS[name]] if name in _PARENTS else (0, 0, 0)
        children = [names.index(child) for child, parent in _PARENTS.items() if parent == name]
        nodes.append({"name": name, "translation": np.subtract(place, origin).tolist()}
                     | ({"children": children} if children else {}))
    nodes.append({"name": "face", "mesh": 0, "skin": 0})
    tree = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0, len(nodes) - 1]}],
        "nodes": nodes, "meshes": [mesh], "accessors": accessors, "bufferViews": views,
        "buffers": [{"byteLength": len(blob)}],
        "skins": [{"joints": list(range(len(names))), "inverseBindMatrices": 5}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.05, 0.05, 1],
                                                "metallicFactor": 0}}]}
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack(
        "<II", len(blob), 0x004E4942) + blob
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
