"""Perceptual, identity and feature networks, and the metrics made from them."""
