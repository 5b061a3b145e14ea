"""The network: layers, losses, initial weights, the multilayer perceptron, and prediction."""
