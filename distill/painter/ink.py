"""Ink: lines from a flow-guided difference of Gaussians, and outlines from segmentation."""

from __future__ import annotations

import cv2
import numpy as np


def tangent_field(tone: np.ndarray, sigma_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (x, y) along the edges, from the smoothed structure tensor of tone [h,w]."""
    smooth = cv2.GaussianBlur(tone, (0, 0), 1.2)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    tensor = cv2.GaussianBlur(np.dstack([gx * gx, gy * gy, gx * gy]), (0, 0), sigma_px)
    angle = 0.5 * np.arctan2(2 * tensor[..., 2], tensor[..., 0] - tensor[..., 1])
    return -np.sin(angle), np.cos(angle)


def stroke_paths(tangent: tuple[np.ndarray, np.ndarray], reach_px: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Sampling maps (x, y, weight) along the tangent in both directions, shared by all looks."""
    tx, ty = (part.astype(np.float32) for part in tangent)
    height, width = tx.shape
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    paths = []
    for sign in (1.0, -1.0):
        x, y, vx, vy = grid_x, grid_y, tx * sign, ty * sign
        for step in range(1, reach_px + 1):
            x, y = x + vx, y + vy
            paths.append((x, y, float(np.exp(-((1.3 * step / reach_px) ** 2)))))
            if step < reach_px:
                nx = cv2.remap(tx, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
                ny = cv2.remap(ty, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
                # The tangent has no direction: keep walking the way we came.
                turn = np.where(nx * vx + ny * vy < 0, -1.0, 1.0).astype(np.float32)
                vx, vy = nx * turn, ny * turn
    return paths


def along_paths(picture: np.ndarray, paths: list[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Weighted mean of a picture along the stroke paths."""
    total, weight = picture.copy(), 1.0
    for x, y, share in paths:
        total += share * cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        weight += share
    return total / weight


def line_response(tone: np.ndarray, paths: list[tuple[np.ndarray, np.ndarray, float]], scale_px: float) -> np.ndarray:
    """How dark a pixel is against its surroundings across the edge (positive inside dark lines)."""
    inner = cv2.GaussianBlur(tone, (0, 0), scale_px)
    outer = cv2.GaussianBlur(tone, (0, 0), scale_px * 1.6)
    return along_paths(outer - inner, paths)


def lines(response: np.ndarray, gain: float | np.ndarray, threshold: float = 0.012, width: float = 0.014) -> np.ndarray:
    """Turns a line response into opacity 0..1: nothing under the threshold, full at threshold + width."""
    position = np.clip((response * gain - threshold) / width, 0, 1)
    return position * position * (3 - 2 * position)


def outline(confidence: np.ndarray, half_width_px: float) -> np.ndarray:
    """A line of constant width along the 0.5 contour of a soft mask [h,w]."""
    if half_width_px <= 0:
        return np.zeros_like(confidence)
    smooth = cv2.GaussianBlur(confidence, (0, 0), 1.5)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    steepness = np.sqrt(gx * gx + gy * gy)
    distance = np.abs(smooth - 0.5) / np.maximum(steepness, 0.02)
    return np.clip(half_width_px + 0.5 - distance, 0, 1) * np.clip(steepness / 0.04, 0, 1)
