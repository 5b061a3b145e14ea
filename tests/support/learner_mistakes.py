"""Mistakes that learners make in a network, each of replaced lines."""

from __future__ import annotations

from tests.support.learner_networks import (
    A1,
    A2,
    DA1,
    DB1,
    DB2,
    DW1,
    DW2,
    DY,
    DZ1,
    LOSS,
    NETWORK,
    NO_UPDATE,
    RELU_NETWORK,
    SQUARES,
    TANH_NETWORK,
    UPDATE,
    Mutation,
)


def mutation(mistake: str, *pairs: tuple[str, str], base: str = NETWORK) -> Mutation:
    """A mutation of the network, its replaced lines given as pairs."""
    return Mutation(mistake, dict(pairs), base)


MISTAKES = (
    mutation("inputs scaled twice", (A1, 'x = x / 255\n        a1 = x @ p["W1"] + p["b1"]')),
    mutation("bias of the hidden layer missing", (A1, 'a1 = x @ p["W1"]')),
    mutation("bias of the output layer missing", (A2, 'a2 = z1 @ p["W2"]')),
    mutation("hidden activation missing", ("z1 = activation(a1)", "z1 = a1")),
    mutation("activation before the softmax", ("y = softmax(a2)", "y = softmax(activation(a2))")),
    mutation(
        "softmax along the wrong axis",
        ("np.exp(a).sum(axis=1, keepdims=True)", "np.exp(a).sum(axis=0, keepdims=True)"),
        ("a.max(axis=1, keepdims=True)", "a.max(axis=0, keepdims=True)"),
    ),
    mutation(
        "softmax over the whole batch",
        ("a.max(axis=1, keepdims=True)", "a.max()"),
        ("np.exp(a).sum(axis=1, keepdims=True)", "np.exp(a).sum()"),
    ),
    mutation(
        "softmax along the wrong axis",
        ("np.exp(a).sum(axis=1, keepdims=True)", "np.exp(a).sum(axis=0, keepdims=True)"),
    ),
    mutation(
        "softmax over the whole batch",
        ("np.exp(a).sum(axis=1, keepdims=True)", "np.exp(a).sum()"),
    ),
    mutation(
        "largest output taken over the images",
        ("a.max(axis=1, keepdims=True)", "a.max(axis=0, keepdims=True)"),
    ),
    mutation("softmax twice", ("y = softmax(a2)", "y = softmax(softmax(a2))")),
    mutation(
        "softmax without exponentials",
        ("y = softmax(a2)", "y = a2 / a2.sum(axis=1, keepdims=True)"),
    ),
    mutation("loss not averaged", (LOSS, "return -np.sum(t * np.log(y + 1e-7))")),
    mutation("loss averaged over the classes too", (LOSS, "return -np.mean(t * np.log(y + 1e-7))")),
    mutation("loss with the wrong sign", (LOSS, "return np.sum(t * np.log(y + 1e-7)) / n")),
    mutation("logarithm to base 10", (LOSS, "return -np.sum(t * np.log10(y + 1e-7)) / n")),
    mutation("logarithm to base 2", (LOSS, "return -np.sum(t * np.log2(y + 1e-7)) / n")),
    mutation("targets left out of the loss", (LOSS, "return -np.sum(np.log(y + 1e-7)) / n")),
    mutation("gradient not averaged", (DY, "dy = y - t")),
    mutation("gradient averaged twice", (DY, "dy = (y - t) / n / n")),
    mutation("weight gradients averaged twice", (DW2, "z1.T @ dy / n"), (DW1, "x.T @ da1 / n")),
    mutation("gradient divided by the classes", (DY, "dy = (y - t) / y.shape[1]")),
    mutation("gradient with the wrong sign", (DY, "dy = (t - y) / n")),
    mutation("softmax differentiated a second time", (DY, "dy = (y - t) * y * (1 - y) / n")),
    mutation("gradient of the squared error", (DY, "dy = 2 * (y - t) / n")),
    mutation("targets left out of the gradient", (DY, "dy = y / n")),
    mutation("gradient of W2 from before the activation", (DW2, "a1.T @ dy")),
    mutation(
        "gradients of the weights transposed",
        (DW2, "dy.T @ z1"),
        (DW1, "da1.T @ x"),
        base=NO_UPDATE,
    ),
    mutation("bias gradients not summed", (DB2, "dy"), (DB1, "da1"), base=NO_UPDATE),
    mutation("bias gradients not summed", (DB2, "dy"), base=NO_UPDATE),
    mutation(
        "bias gradients summed along the wrong axis",
        (DB2, "dy.sum(axis=1)"),
        (DB1, "da1.sum(axis=1)"),
        base=NO_UPDATE,
    ),
    mutation("bias gradients summed to one number", (DB2, "dy.sum()"), (DB1, "da1.sum()")),
    mutation("bias gradients summed to one number", (DB1, "np.sum(da1)"), base=NO_UPDATE),
    mutation("bias gradients of one image", (DB2, "dy[0]"), (DB1, "da1[0]")),
    mutation("bias gradients of one image", (DB1, "da1[0]")),
    mutation("bias gradients averaged twice", (DB2, "dy.mean(axis=0)"), (DB1, "da1.mean(axis=0)")),
    mutation("W2 updated before it is used", (DZ1, 'dz1 = dy @ (p["W2"] - 0.1 * grads["W2"]).T')),
    mutation("derivative of the activation missing", (DA1, "da1 = dz1")),
    mutation(
        "derivative of the sigmoid applied to its output",
        ("return z * (1 - z)", "return activation(z) * (1 - activation(z))"),
    ),
    mutation(
        "derivative of the sigmoid without the sigmoid",
        ("return z * (1 - z)", "return a * (1 - a)"),
    ),
    mutation("derivative of the sigmoid incomplete", ("return z * (1 - z)", "return 1 - z")),
    mutation("activation in place of its derivative", (DA1, "da1 = dz1 * z1")),
    mutation("derivative of ReLU reversed", ("(a > 0)", "(a < 0)"), base=RELU_NETWORK),
    mutation("ReLU judged by the gradient", (DA1, "da1 = dz1 * (dz1 > 0)"), base=RELU_NETWORK),
    mutation(
        "derivative of tanh applied to its output",
        ("return 1 - z**2", "return 1 - np.tanh(z) ** 2"),
        base=TANH_NETWORK,
    ),
    mutation(
        "derivative of tanh without the square",
        ("return 1 - z**2", "return 1 - z"),
        base=TANH_NETWORK,
    ),
    mutation(
        "derivative of the sigmoid for another activation",
        ("return (a > 0) * 1.0", "return z * (1 - z)"),
        base=RELU_NETWORK,
    ),
    mutation("bias gradient of the hidden layer before the derivative", (DB1, "dz1.sum(axis=0)")),
    mutation("gradient of W1 before the derivative", (DW1, "x.T @ dz1")),
    mutation("update in the wrong direction", (UPDATE, "self.params[name] += rate * grads[name]")),
    mutation(
        "update divided by the batch", (UPDATE, "self.params[name] -= rate * grads[name] / 23")
    ),
    mutation("biases not updated", ("for name in self.params:", 'for name in ("W1", "W2"):')),
    mutation("hidden layer not updated", ("for name in self.params:", 'for name in ("W2", "b2"):')),
    mutation("output layer not updated", ("for name in self.params:", 'for name in ("W1", "b1"):')),
    mutation("nothing updated", (UPDATE, "weight = self.params[name] - rate * grads[name]")),
)

PENALTIES = (
    mutation(
        "L2 term in the gradient alone",
        (DW2, f"{DW2} + 0.01 * p['W2']"),
        (DW1, f"{DW1} + 0.01 * p['W1']"),
    ),
    mutation("L2 term in the gradient alone", (DW2, f"{DW2} + 1e-3 * p['W2']")),
    mutation("L2 term in the loss alone", (LOSS, f"{LOSS} + 0.05 * {SQUARES}")),
    mutation(
        "L2 term without its factor",
        (LOSS, f"{LOSS} + 0.01 * {SQUARES}"),
        (DW2, f"{DW2} + 0.01 * p['W2']"),
        (DW1, f"{DW1} + 0.01 * p['W1']"),
    ),
    mutation(
        "L2 term with the wrong sign",
        (LOSS, f"{LOSS} + 0.005 * {SQUARES}"),
        (DW2, f"{DW2} - 0.01 * p['W2']"),
        (DW1, f"{DW1} - 0.01 * p['W1']"),
    ),
)
