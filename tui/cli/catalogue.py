"""The commands beside training, and what their help says."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command's function in `tui.cli.commands`, imported when it is called, and its help."""

    function: str
    help: str
    examples: str = ""
    about: str = ""


COMMANDS = {
    "recipes": Command(
        "recipes:recipes",
        "List the named experiments, or show one in full",
        """\
  mnist-tui recipes
  mnist-tui recipes two-layer-net""",
    ),
    "reproduce": Command(
        "reproduce:reproduce",
        "Run recipes and compare with the published results",
        """\
  mnist-tui reproduce two-layer-net lincoln-tanh
  mnist-tui reproduce --all --json""",
    ),
    "predict": Command(
        "predict:predict",
        "Classify images of digits with a saved model",
        """\
  mnist-tui predict --model model.npz seven.png two.pgm
  mnist-tui predict --model model.npz --json < grid.txt""",
        """\
Prints image, digit and probability. Images are cropped, scaled and centred the
way MNIST was made. Each page of a TIFF is an image; of an animation the first.""",
    ),
    "committee": Command(
        "committee:committee",
        "Let several runs' networks answer together",
        """\
  mnist-tui committee 20261121-194501 20261121-195210 last
  mnist-tui committee last --shift 1
  mnist-tui committee --recipe sprint-98 --members 5 --json""",
        """\
Prints the test accuracy of every member, and that of the mean of their
probabilities. The committee is a saved run, which the screens, predict and
export --format npz take like any other. With --shift the mean is also over
copies of each image that are moved a little: test-time augmentation. The
result always says so.""",
    ),
    "attach": Command(
        "attach:attach",
        "Follow a saved run as it goes on, from another shell",
        """\
  mnist-tui attach
  mnist-tui attach 20261121-194501""",
    ),
    "serve": Command(
        "serve:serve",
        "Offer the application to browsers on this machine",
        """\
  mnist-tui serve
  ssh -L 8000:localhost:8000 USER@MACHINE      and open http://localhost:8000""",
        """\
Each visitor gets a process and runs of the same folder. There is no password:
only connections from this machine are accepted, so that whoever may log in on
it may use it. It needs textual-serve: pip install 'mnist-tui[serve]'""",
    ),
    "export": Command(
        "export:export",
        "Write a saved run's weights as npz, safetensors, for PyTorch, or ONNX",
        "  mnist-tui export last --format safetensors -o model.safetensors",
    ),
    "import": Command(
        "import_:import_",
        "Keep the weights of another program as a saved run",
        """\
  mnist-tui import params.npz
  mnist-tui import model.safetensors --activation sigmoid --name from-torch""",
        """\
The shapes tell the layers. What the file does not say, the activation and how
pixels were prepared, is chosen by the accuracy on 1,000 test digits, and told.
A pickle (.pkl, .pth, .pt) is never loaded.""",
    ),
    "lr-find": Command(
        "lr_find:lr_find",
        "Find a learning rate in a few seconds",
        """\
  mnist-tui lr-find
  mnist-tui lr-find --hidden 64-16 --optimizer sgd --activation sigmoid""",
        """\
The rate grows at every step until the loss blows up (Smith 2017). Nothing is
saved.""",
    ),
    "walk": Command(
        "walk:walk",
        "Follow a few images through a few training steps",
        """\
  mnist-tui walk
  mnist-tui walk --steps 20 --images 7,21 --hidden 64-16 --lr 0.5
  mnist-tui walk --recipe sigmoid-mse --json""",
        """\
Prints the probabilities of every image before each step and after the last
one, and the accuracy on 100 test images before and after. Of a recipe or a
configuration file only the fields above matter; the rate stays the same, and
all images are in every step. With dropout, noise or batch normalization, the
loss is that of training, with the masks and the noise of the step and the
statistics of the batch; the probabilities are those of predictions, without
masks and noise and with the running statistics.""",
    ),
    "summary": Command(
        "summary:summary",
        "Print the layers of a network",
        "  mnist-tui summary --hidden 64-16 --dropout 0.2",
    ),
    "bench": Command(
        "bench:bench",
        "Measure how fast this machine trains",
        """\
  mnist-tui bench
  mnist-tui bench --threads 1 --seconds 20 --json
  mnist-tui bench --accuracy --recipe sprint-98 --seeds 5
  mnist-tui bench --cores""",
        """\
The floor is the time of the matrix products alone. A figure with a question
mark is worthless, for a reason printed below the table. With --accuracy,
recipes are trained instead, each to its end, and the seconds of training to 98,
99, 99.3 and 99.5% of the test images are told; Ctrl-C ends it with what there
is.

With --cores, the default network and those trained here before are timed in
each layout of processes and threads, for a twentieth of --seconds each. The
choice replaces what is remembered, and later runs of 2,000 steps take it.""",
    ),
    "check": Command(
        "check:check",
        "Compare a network that you wrote with the reference",
        """\
  mnist-tui check my_network.py
  mnist-tui check --template > adapter.py
  mnist-tui check --export reference""",
        """\
The file is executed, in a process of its own with limits of time and memory.
Exit code 0: nothing departs; 1: something does; 2: the file could not be
checked.""",
    ),
    "sweep": Command(
        "sweep:sweep",
        "Train many settings, and find the best on held-out images",
        """\
  mnist-tui sweep --vary lr=0.001..0.1:log --vary hidden=64,128,64-16
  mnist-tui sweep --recipe lincoln-momentum --vary lr=0.01..0.5:log --seeds 3
  mnist-tui sweep sweep.toml
  mnist-tui sweep --resume last""",
        """\
Every trial is a saved run. All train for a few epochs, the best third is
resumed for three times as many, and so on to the whole budget.""",
    ),
    "lessons": Command(
        "lessons:lessons",
        "List the lessons of the course, with your progress",
        "  mnist-tui lessons",
    ),
    "lesson": Command(
        "lessons:lesson",
        "Print a lesson, its picture included",
        """\
  mnist-tui lesson softmax
  mnist-tui lesson 7 --solution | less""",
        """\
In the application, key 8, the picture can be moved.""",
    ),
    "figures": Command(
        "figures:figures",
        "Draw the figures of the study notes, in the terminal or as files",
        """\
  mnist-tui figures
  mnist-tui figures tangent surface contour path
  mnist-tui figures sigmoid-mse sigmoid-bce --save pictures
  mnist-tui figures accuracy mistakes last --save pictures --format png""",
        """\
Without a name, the figures are listed. A recipe or a run alone draws all of its
figures; a figure alone, what the notes draw it of. Files need matplotlib:
pip install 'mnist-tui[figures]'""",
    ),
    "gradcheck": Command("gradcheck:gradcheck", "Compare analytical with numerical gradients"),
    "completion": Command(
        "completion:completion",
        "Print a shell's completion script",
        """\
  eval "$(mnist-tui completion bash)"                          this session
  mnist-tui completion fish > ~/.config/fish/completions/mnist-tui.fish
  mnist-tui completion zsh > ~/.zfunc/_mnist-tui      where fpath has ~/.zfunc""",
    ),
    "runs show": Command("runs:show", "Print all that is known of a run"),
    "runs compare": Command(
        "compare:compare",
        "Compare runs: metrics, configuration, curves, and digit by digit",
        "  mnist-tui runs compare 20261121-194501 last",
    ),
    "runs rm": Command("runs:rm", "Remove runs for good"),
    "runs export": Command(
        "runs:export",
        "Print a run's evaluations as CSV",
        "  mnist-tui runs export last > metrics.csv",
    ),
    "sweeps show": Command(
        "sweeps:show",
        "Print the trials of a sweep, its winner, and charts",
        "  mnist-tui sweeps show last",
    ),
    "sweeps export": Command(
        "sweeps:export",
        "Print every result of a sweep as CSV",
        "  mnist-tui sweeps export last > results.csv",
    ),
}
