"""Draws exact pairs of photo and portrait from known parts."""
