"""Networks: StyleGAN2 generator and discriminators, encoders, and the operations under them."""
