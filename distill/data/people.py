"""Who is who: pictures of one person found by face identity, so that a split keeps people apart."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from distill.data.index import Row, split_of

# Seen on 2,500 portraits of some 1,900 people: pairs above are one person, the first strangers come below.
SAME_PERSON = 0.86


def group_people(vectors: Tensor, threshold: float) -> list[int]:
    """For unit vectors [N,D] the index of each one's person: the first picture it is linked with."""
    parents = list(range(len(vectors)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    similar = torch.triu(vectors @ vectors.t() > threshold, diagonal=1)
    for first, second in similar.nonzero().tolist():
        low, high = sorted((root(first), root(second)))
        parents[high] = low
    return [root(index) for index in range(len(vectors))]


def split_by_person(rows: list[Row], vectors: Tensor, val_percent: float) -> list[Row]:
    """`rows` with the people found in `vectors`: one name and one split for all of a person's pictures."""
    named = []
    for row, first in zip(rows, group_people(vectors, SAME_PERSON), strict=True):
        person = rows[first].person
        named.append(replace(row, person=person, split=split_of(person, val_percent)))
    return named
