"""Training: the loops of the generator and its encoder, and what they share."""
