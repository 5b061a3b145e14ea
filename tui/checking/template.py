"""An adapter for code of any other shape: functions in which the learner calls their own."""

TEMPLATE = '''\
"""Fill in the bodies with calls of your own code, then: mnist-tui check THIS_FILE.py

params is a dictionary of NumPy arrays: W1 (784, 50), b1 (50,), W2 (50, 10), b2 (10,).
x holds one image a row, (n, 784), with pixels from 0 to 1; t is one-hot, (n, 10).
"""

import numpy as np


def forward(params, x):
    """The ten probabilities of every image, (n, 10)."""
    a1 = x @ params["W1"] + params["b1"]
    z1 = 1 / (1 + np.exp(-a1))
    a2 = z1 @ params["W2"] + params["b2"]
    exponentials = np.exp(a2 - a2.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def loss(params, x, t):
    """The mean loss of the batch."""
    return -np.sum(t * np.log(forward(params, x) + 1e-7)) / len(x)


def gradient(params, x, t):
    """The gradient of the loss: a dictionary with the same names and shapes as params."""
    z1 = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    dy = (forward(params, x) - t) / len(x)
    da1 = dy @ params["W2"].T * z1 * (1 - z1)
    return {"W1": x.T @ da1, "b1": da1.sum(axis=0), "W2": z1.T @ dy, "b2": dy.sum(axis=0)}


def update(params, grads, rate):
    """One update of params in place."""
    for name in params:
        params[name] -= rate * grads[name]


# Further, if you want them checked too:
#
# def load_data():
#     """Your training images and labels: x_train, t_train."""
#
# learning_rate = 0.1
'''
