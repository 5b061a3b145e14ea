"""A multilayer perceptron for MNIST in plain NumPy: layers, losses, optimizers, data and trainer.

Import what you need from its module: ``from nn.training.trainer import Trainer``. The package knows nothing of
a terminal and needs NumPy and the standard library only.
"""
