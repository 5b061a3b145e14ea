"""A learner's own NumPy network, checked against an exact reference."""
