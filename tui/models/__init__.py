"""Opening networks that other programs trained."""
