"""How an exemplar's layers move: displacement fields that are linear in features of the pose.

The atelier's spline and head turn are smooth in the pose, so a least-squares fit over many photos
follows them to a fraction of a pixel; and a linear field costs one small matrix product a frame.
Fields say, for places of the crop, how far away in the exemplar's rest drawing the pixel lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill.atelier.exemplar import Exemplar
from distill.atelier.expression import Expression
from distill.atelier.pose import HeadPose
from distill.atelier.template import TEMPLATES
from distill.atelier.warp import EYE_DROP_PX, HeadTurn, Proportions
from distill.student.anime.crop import crop_pose
from distill.student.anime.pose_vector import SHAPE

SIZE_PX = 256
NODES = 32
"""Nodes a side; node i stands for the pixels around (i + ½) · 8."""
LAYERS = ("back", "body", "face", "front")
"""Order of drawing. `body` carries neck, clothes and ears; both sexes and all exemplars share the fields."""
SEXES = ("female", "male")
SHAPE_SIZE = SHAPE.stop - SHAPE.start
FEATURES = 8 + 2 * SHAPE_SIZE
FIELD_SIZE = len(LAYERS) * 2 * NODES * NODES
POWERS = 3
"""Powers of (1 - structure): what structure 0, ½ and 1 do differently."""


def _allowed() -> np.ndarray:
    """Which pose features may act with which power of (1 - structure), bool [POWERS, FEATURES].

    At structure 1 only turn and jaw count, so the photo's proportions cannot leak in.
    """
    allowed = np.zeros((POWERS, FEATURES), bool)
    allowed[0, :8] = True
    allowed[1, [0, 1, 3, 6]] = True
    allowed[1, 8:] = True
    allowed[2, 0] = True
    allowed[2, 8 : 8 + SHAPE_SIZE] = True
    return allowed


ALLOWED = _allowed()


def flow_features(pose: np.ndarray, mean_shape: np.ndarray) -> np.ndarray:
    """[..., FEATURES] of pose vectors [..., POSE_SIZE]."""
    yaw, pitch, opening = (pose[..., index : index + 1] for index in range(3))
    shape = pose[..., SHAPE] - mean_shape
    one = np.ones_like(yaw)
    return np.concatenate([one, yaw, yaw * yaw, pitch, pitch * pitch, yaw * pitch, opening, np.abs(yaw), shape, yaw * shape], -1)


def exact_field(pose: HeadPose, expression: Expression, sex: str, structure: float) -> np.ndarray:
    """The atelier's own displacements for a plain exemplar, px of the 256 px crop [len(LAYERS), 2, NODES, NODES]."""
    template, head = TEMPLATES[sex], crop_pose(pose)
    turn = HeadTurn(template, pose.yaw, pose.pitch)
    plain = Exemplar("plain", sex, "", "", "", (0, 0, 0), (0, 0, 0), (0, 0, 0))
    proportions = Proportions(template, plain, head, turn, structure, 0.42 * expression.mouth.opening)
    axis = (np.arange(NODES) + 0.5) * (512 / NODES) - 0.5
    x, y = np.meshgrid(axis, axis)
    upright = np.stack([x.ravel(), y.ravel()], 1) - head.eye_middle
    canvas = proportions.canvas_points(upright)
    fields = []
    for layer in LAYERS:
        rest = (turn.unturn(layer, canvas) - template.eye_middle) * proportions.scale + [0, EYE_DROP_PX]
        fields.append((rest - upright).T.reshape(2, NODES, NODES) * (SIZE_PX / 512))
    return np.stack(fields)


def mouth_centre(pose: HeadPose, expression: Expression, sex: str, structure: float) -> np.ndarray:
    """Where the drawn mouth's centre lies, px of the 256 px crop from its middle [2]."""
    head = crop_pose(pose)
    plain = Exemplar("plain", sex, "", "", "", (0, 0, 0), (0, 0, 0), (0, 0, 0))
    turn = HeadTurn(TEMPLATES[sex], pose.yaw, pose.pitch)
    placed = Proportions(TEMPLATES[sex], plain, head, turn, structure, 0.0).centres[2] + head.eye_middle
    return (placed + 0.5) * (SIZE_PX / 512) - SIZE_PX / 2


@dataclass(frozen=True)
class FlowModel:
    """weights float32 [2 sexes, POWERS, FEATURES, FIELD_SIZE + 2]: fields, then the mouth's centre.

    mean_shape [SHAPE_SIZE]: proportions of the mean photo.
    """

    weights: np.ndarray
    mean_shape: np.ndarray

    def basis(self, male: float, structure: float) -> np.ndarray:
        """What each pose feature does at one structure weight [FEATURES, FIELD_SIZE + 2]."""
        mixed = self.weights[0] * (1 - male) + self.weights[1] * male
        return np.einsum("p,pfc->fc", (1.0 - structure) ** np.arange(POWERS), mixed)

    def field(self, pose: np.ndarray, male: float, structure: float) -> tuple[np.ndarray, np.ndarray]:
        """Displacements [len(LAYERS), 2, NODES, NODES] and the mouth's centre [2] for a pose vector."""
        row = flow_features(pose.astype(np.float64), self.mean_shape) @ self.basis(male, structure)
        return row[:-2].reshape(len(LAYERS), 2, NODES, NODES), row[-2:]


def fit_flow(
    heads: list[tuple[HeadPose, Expression]], poses: np.ndarray, rng: np.random.Generator, ridge: float = 1e-3
) -> FlowModel:
    """Least squares over heads, each drawn at one random structure in both sexes."""
    mean_shape = poses[:, SHAPE].mean(0)
    features = flow_features(poses.astype(np.float64), mean_shape)
    structures = rng.choice([1.0, 0.5, 0.0, -1.0], len(heads), p=[0.25, 0.2, 0.05, 0.5])
    structures = np.where(structures < 0, rng.uniform(0, 1, len(heads)), structures)
    powers = (1 - structures[:, None]) ** np.arange(POWERS)
    design = (powers[:, :, None] * features[:, None])[:, ALLOWED]
    weights = np.zeros((2, POWERS, FEATURES, FIELD_SIZE + 2), np.float32)
    for index, sex in enumerate(SEXES):
        wanted = np.stack(
            [
                np.concatenate([exact_field(*head, sex, structure).ravel(), mouth_centre(*head, sex, structure)])
                for head, structure in zip(heads, structures)
            ]
        )
        normal = design.T @ design + ridge * np.eye(design.shape[1])
        weights[index][ALLOWED] = np.linalg.solve(normal, design.T @ wanted)
    return FlowModel(weights, mean_shape)
