"""The teacher: DualStyleGAN's training, its codes, and what is done with it once trained."""
