"""``fetch-identity``: put the identity network into the cache."""

from __future__ import annotations

import argparse

from distill.measure.identity import FaceIdentity, fetch_identity


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb has no options; STYLEFILTER_CACHE names another cache."""


def main(args: argparse.Namespace) -> None:
    """Run the verb."""
    folder = fetch_identity()
    FaceIdentity(folder)
    print(f"The identity network is in {folder}.")
