"""Blind preference: which of two pictures is better, without knowing which is whose."""
