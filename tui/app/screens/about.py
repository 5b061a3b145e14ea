"""What is seen on each screen, in the words of the help."""

from __future__ import annotations

ABOUT = {
    "train": """\
Loss and accuracy over the epochs: of the training images, and of the test images, which the \
network is never trained on. An epoch is one pass over the training images, a step one change of \
the weights by one batch of them. The faint line is the loss of single batches.

Run: the processes that share each batch and the threads of each, which are chosen by timing; \
how far the run is; and for each layer the size of its gradient, which is how much the loss \
changes with the weights of the layer. A layer whose gradient is very small learns next to \
nothing.

Epochs: a row for each. * marks the highest test accuracy and the lowest test loss.

Of the form: one-cycle lets the learning rate rise and fall once over the whole run; \
eps_placement is where Adam adds the small number that keeps it from dividing by zero; 0 often \
means all, none or never, as is said beside it.""",
    "digits": """\
A digit as the data have it, the label it has and what the network predicts, with a bar for the \
probability of each class. * or < marks the label and > the prediction. Loss is the run's own loss \
for this digit; with cross-entropy and no label smoothing, it is minus the logarithm of the \
label's probability. "The label ranks 2nd" says that one class seems more probable to the network. \
The last line is the prediction of this digit after each epoch.

Outputs of a sigmoid are judged each by itself: they need not add up to 100%.""",
    "confusion": """\
Rows are the actual classes, columns the predicted ones: a number is how many digits of its row \
were taken for its column. On the diagonal the network is right.

Precision: of what was taken for this class, the share that is. Recall: of what is this class, \
the share that was found. F1 is the harmonic mean of the two.""",
    "model": """\
Layers: the weights of each, their size, and the gradient of the last step. A unit is dead where, \
for up to 1,000 test images, its slope is about 0 each time: a ReLU that always puts out 0, or a \
sigmoid or tanh that always is at an end of its range. It no longer learns.

Weights: what each unit of the first layer looks for, as a picture: blue where ink raises the \
unit's sum, orange where ink lowers it. Of a network that is fed edges it is eight small pictures, \
one a direction. Activations: what each layer puts out for one digit. \
Histogram: how the weights of a layer are distributed.""",
    "draw": """\
A board of 28 x 28 pixels to draw a digit on. What is drawn is centred and scaled as the images \
of MNIST were, and the network then says what it sees.""",
    "runs": """\
Every saved run, with what it was made of and what it came to. Those that are marked are drawn \
with the present run; two of them can be compared, and several answer together, as a committee, \
which is saved as a run. An opened run is shown on all screens, \
with its best network, until key 0.""",
    "sweep": """\
The trials of a sweep: runs that differ in the fields that are varied, judged by images that are \
held out from training. The pictures show what each field does; importance is the share of the \
variance that a field explains alone.""",
    "lessons": """\
A course in short lessons: a text, a picture that is moved by keys, a prediction to make before \
it moves, and a task.""",
    "walk": """\
A few images on their way through a few training steps: forward to the loss, backward to the \
gradients, and the change of the weights. Each stage can be entered, down to single numbers, and \
a single weight can be nudged to see its gradient by definition.""",
    "compare": """\
Two runs: their curves, what differs in their configurations, and on which of the test digits \
both, one or none is right. McNemar's test says whether the difference may be chance.""",
}
"""By the name of the mode."""
