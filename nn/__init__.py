"""A multilayer perceptron for MNIST in plain NumPy: layers, losses, optimizers, data and trainer.

Import what you need from its module: ``from nn.training.trainer import Trainer``. The package knows
nothing of a terminal and needs NumPy and the standard library only. README.md beside this file has
a training loop and an order to read the modules in.
"""
