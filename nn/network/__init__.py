"""The network: layers, losses, initializers, the multilayer perceptron, and its forward-only predictor."""
