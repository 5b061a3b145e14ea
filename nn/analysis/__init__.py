"""Looking at a network: metrics, gradient checks, weights and activations, and the bare matrix products."""
