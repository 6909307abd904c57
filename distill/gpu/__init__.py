"""Short lent GPU time: what to send, a check of two minutes, pieces of ten, what to bring back."""
