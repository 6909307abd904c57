"""The anime student: an exemplar's layers, moved by the tracker's pose, and a network that draws eyes, mouth and matte."""
