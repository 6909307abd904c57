"""Losses and the augmentation between pictures and discriminators."""
