"""Which groups of people a held-out picture counts for: tone of skin, age and sex as a network estimates them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from distill.atelier.photos import load_photo
from distill.measure.identity import AgeAndSex

SIZE_PX = 256


def skin_group(skin: list[int]) -> str:
    """Which third of the drawn skin's lightness a person's skin lies in."""
    luma = float(np.dot(skin, [0.299, 0.587, 0.114])) / 255
    return "skin dark" if luma < 0.62 else "skin medium" if luma < 0.82 else "skin light"


def age_and_sex_groups(files: list[Path]) -> list[tuple[str, str]]:
    """The estimated groups of aligned photos; raises `MissingNetwork` if the network was not fetched."""
    network, groups = AgeAndSex(), []
    for file in files:
        photo = cv2.resize(load_photo(file), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
        age, male = network(torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1)
        years = "age under 30" if age < 30 else "age 30 to 49" if age < 50 else "age 50 and more"
        groups.append((years, "sex male" if male > 0.5 else "sex female"))
    return groups
