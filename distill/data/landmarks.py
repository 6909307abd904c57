"""Face landmarks, blendshapes and head pose of still pictures, by MediaPipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BLENDSHAPES = 52


@dataclass(frozen=True)
class FoundFace:
    """One face: `points_px` [478,3] in pixels of the picture, `blendshapes` name → 0..1.

    `blendshapes` is empty where the model bundle has no blendshape network.
    """

    points_px: np.ndarray
    blendshapes: dict[str, float]

    @property
    def area_px(self) -> float:
        """Area of the box around the points."""
        width, height = np.ptp(self.points_px[:, :2], axis=0)
        return float(width * height)


class FaceMarker:
    """Finds faces in pictures. A context manager; `close()` may be called twice.

    `model` is a FaceLandmarker bundle (.task); raises FileNotFoundError if it is missing.
    `has_blendshapes` says whether it holds the network that reads expressions.
    """

    def __init__(self, model: Path, max_faces: int = 4) -> None:
        if not model.exists():
            raise FileNotFoundError(
                f"{model} does not exist: face_model must be a FaceLandmarker bundle; `npm run build` "
                "leaves one at dist/assets/models/face_landmarker.task."
            )
        self._landmarker, self.has_blendshapes = self._make(model, max_faces)

    @staticmethod
    def _make(model: Path, max_faces: int) -> tuple[Any, bool]:
        from mediapipe.tasks.python import BaseOptions, vision

        def create(blendshapes: bool):
            return vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(model)), num_faces=max_faces,
                output_face_blendshapes=blendshapes,
            ))

        try:
            return create(True), True
        except (RuntimeError, ValueError):
            return create(False), False

    def find(self, rgb: np.ndarray) -> list[FoundFace]:
        """The faces of a uint8 RGB picture [H,W,3], largest first."""
        import mediapipe

        height, width = rgb.shape[:2]
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        result = self._landmarker.detect(image)
        faces = []
        for index, points in enumerate(result.face_landmarks):
            array = np.array([(p.x * width, p.y * height, p.z * width) for p in points])
            shapes = result.face_blendshapes[index] if result.face_blendshapes else []
            faces.append(FoundFace(array, {c.category_name: float(c.score) for c in shapes}))
        return sorted(faces, key=lambda face: -face.area_px)

    def close(self) -> None:
        """Free the model."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def __enter__(self) -> FaceMarker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
