"""Analysis of a network: metrics, gradient checks, weights, activations, bare matrix products."""
