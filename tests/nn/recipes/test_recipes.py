"""The recipes: what they hold, how they are read, and that the quick ones reproduce."""

from __future__ import annotations

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.model import build_model
from nn.recipes import Recipe, load_recipe, parse_recipe, recipe_names
from nn.recipes.reproduce import Comparison, compare
from nn.training.trainer import Trainer

PUBLISHED = [name for name in recipe_names() if load_recipe(name).published]
CLASSICS = {
    "lecun-300": 4.7, "lecun-300-100": 3.05, "lecun-500-300": 1.53,
    "simard-plain": 1.6, "simard-affine": 1.1, "simard-elastic": 0.7,
    "srivastava-logistic": 1.35, "srivastava-relu": 1.25, "srivastava-max-norm": 1.06,
}  # fmt: skip
OURS = [name for name in recipe_names() if name not in (*PUBLISHED, "default")]


def test_every_experiment_has_its_recipe() -> None:
    notes = ["keras-adam", "sigmoid-bce", "sigmoid-mse"]
    notes += ["two-layer-net", "two-layer-net-50k", "two-layer-net-minmax"]
    book = [name for name in PUBLISHED if name.startswith("lincoln-")]
    assert sorted([*notes, *book, *CLASSICS]) == PUBLISHED
    assert len(book) == 14
    assert all(name.startswith(("sprint-", "record-")) for name in OURS)


def test_the_classics_have_their_published_errors() -> None:
    """In percent of the test images, as the papers print them."""
    for name, error in CLASSICS.items():
        (published,) = load_recipe(name).published
        assert 100 * (1 - published.low) == pytest.approx(error)
        assert published.low == published.high


@pytest.mark.parametrize("name", OURS)
def test_no_weights_of_ours_are_picked_by_the_test_images(name: str) -> None:
    """Nor does a recipe hold out images in its final run, for which all 60,000 are trained on."""
    recipe = load_recipe(name)
    assert recipe.config.validation == recipe.config.patience == 0
    assert "held-out training images" in recipe.source


def test_the_default_recipe_is_the_default() -> None:
    recipe = load_recipe("default")
    assert recipe.fields == {}
    assert recipe.config == TrainConfig()
    assert recipe.published == ()


# What a published run has unless its recipe says otherwise, whatever the defaults become.
NEUTRAL = {
    "data_dir": "",
    "limit": 0,
    "validation": 0.0,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "weight_decay": 0.0,
    "clip_norm": 0.0,
    "warmup_steps": 0,
    "noise": 0.0,
    "average_decay": 0.0,
    "batch_norm": False,
    "deskew": False,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_recipe_is_complete(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    assert "\n" not in recipe.description
    assert len(recipe.description) < 100
    assert recipe.source
    assert f'description = "{recipe.description}"' in recipe.text
    assert recipe.published
    values = recipe.config.to_dict()
    assert {field: values[field] for field in NEUTRAL if field not in recipe.fields} == {
        field: value for field, value in NEUTRAL.items() if field not in recipe.fields
    }
    for field in ("preprocessing", "hidden", "activation", "output_activation", "init"):
        assert field in recipe.fields
    for field in ("init_bias", "loss", "optimizer", "learning_rate", "schedule", "batch_size"):
        assert field in recipe.fields
    assert "sampling" in recipe.fields
    with_momentum = recipe.config.optimizer in ("momentum", "nesterov")
    assert ("momentum" in recipe.fields) == with_momentum


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_checkpoint_is_evaluated(name: str) -> None:
    """At an epoch or step where the run evaluates, and with a tolerance that is worth the name."""
    recipe = load_recipe(name)
    config = recipe.config
    for value in recipe.published:
        if value.epoch is not None:
            assert 0 < value.epoch <= config.epochs
            assert value.epoch % config.eval_epochs == 0
        if value.step is not None:
            assert 0 < value.step <= config.steps
            assert (value.step - 1) % config.eval_steps == 0
        assert 0 < value.tolerance < value.high
        if value.metric.endswith("accuracy"):
            assert 0 < value.low <= value.high < 1


@pytest.mark.parametrize(
    ("name", "sizes", "parameters"),
    [
        ("sigmoid-mse", (784, 64, 16, 10), 51_450),
        ("keras-adam", (784, 50, 10), 39_760),
        ("lincoln-deep", (784, 178, 46, 10), 148_434),
    ],
)
def test_networks_of_the_recipes(name: str, sizes: tuple[int, ...], parameters: int) -> None:
    model = build_model(load_recipe(name).config, rng=None)
    assert model.sizes == sizes
    assert model.parameters.size == parameters


def test_published_numbers_as_printed() -> None:
    """Percentages become fractions, a scale goes with losses, a band keeps its ends."""
    mse = {(p.epoch, p.metric): p for p in load_recipe("sigmoid-mse").published}
    assert mse[30, "test_accuracy"].low == mse[30, "test_accuracy"].high == pytest.approx(0.9468)
    assert mse[30, "test_accuracy"].scale == 1
    assert mse[1, "train_loss"].low == 0.0264
    assert mse[1, "train_loss"].scale == 0.1
    (relu,) = load_recipe("lincoln-relu").published
    assert (relu.low, relu.high) == (pytest.approx(0.718), pytest.approx(0.764))
    assert relu.tolerance == pytest.approx(0.005)
    assert relu.epoch is relu.step is None
    assert "gradient" in relu.above
    assert relu.below == ""
    assert mse[1, "train_loss"].above == ""


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'lincoln-tanh'"):
        load_recipe("lincoln-tan")
    for name in ("", "../config", "__init__", "default.toml"):
        with pytest.raises(ConfigError, match="unknown recipe"):
            load_recipe(name)


HEAD = 'description = "d"\nsource = "s"\n[train]\n'
CHECKPOINT = "[[published.checkpoints]]\n"
MALFORMED = {
    "not TOML": ("description =", "not valid TOML"),
    "empty": ("", r"\[train\] must be a table"),
    "no description": ('source = "s"\n[train]\n', "description must be text"),
    "no source": ('description = "d"\n[train]\n', "source must be text"),
    "train a number": ('description = "d"\ntrain = 3', r"\[train\] must be a table"),
    "above a number": (
        HEAD
        + "[published]\nabove = 3\n"
        + CHECKPOINT
        + "test_accuracy = 1\naccuracy_tolerance = 1",
        "above must be text",
    ),
    "note a number": ("note = 3\n" + HEAD, "note must be text"),
    "unknown table": (HEAD + "[publish]\n", "did you mean 'published'"),
    "unknown field": (HEAD + "epoch = 3\n", "did you mean 'epochs'"),
    "value out of range": (HEAD + "epochs = -3\n", "epochs=-3"),
    "contradiction": (HEAD + "epochs = 3\nsteps = 4\n", "contradicts"),
    "published a number": ("published = 3\n" + HEAD, r"\[published\] must be a table"),
    "unknown key": (HEAD + "[published]\nloss_scal = 1\n", "did you mean 'loss_scale'"),
    "checkpoints a number": (HEAD + "[published]\ncheckpoints = 3\n", "list of tables"),
    "checkpoint a number": (HEAD + "[published]\ncheckpoints = [3]\n", "1 must be a table"),
    "no metric": (HEAD + CHECKPOINT + "epoch = 3\n", "has none of"),
    "no tolerance": (HEAD + CHECKPOINT + "test_accuracy = 3\n", "accuracy_tolerance must be"),
    "metric text": (HEAD + CHECKPOINT + 'test_accuracy = "3"\n', "test_accuracy must be a number"),
    "three numbers": (HEAD + CHECKPOINT + "test_loss = [1, 2, 3]\n", "test_loss must be a number"),
    "negative": (HEAD + CHECKPOINT + "test_loss = -1\n", "test_loss must be a number"),
    "nan": (HEAD + CHECKPOINT + "test_loss = nan\n", "test_loss must be a number"),
    "wrong order": (
        HEAD + CHECKPOINT + "test_loss = [2, 1]\nloss_tolerance = 0.1\n",
        "lower number comes first",
    ),
    "epoch text": (
        HEAD + CHECKPOINT + 'epoch = "3"\ntest_loss = 1\nloss_tolerance = 0.1\n',
        "epoch must be a whole number",
    ),
    "step zero": (
        HEAD + CHECKPOINT + "step = 0\ntest_loss = 1\nloss_tolerance = 0.1\n",
        "step must be a whole number",
    ),
    "epoch and step": (
        HEAD + CHECKPOINT + "step = 1\nepoch = 1\ntest_loss = 1\nloss_tolerance = 0.1\n",
        "both epoch and step",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_recipe_is_refused(name: str) -> None:
    text, reason = MALFORMED[name]
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_recipe("mine", text)
    assert str(caught.value).startswith("recipe mine: ")


def run(recipe: Recipe, dataset: Dataset) -> list[Comparison]:
    rows = list(compare(recipe.published, Trainer(recipe.config, dataset).events()))
    assert len(rows) == len(recipe.published)
    return rows


# About a minute together on two cores; the command `reproduce --all` runs the rest.
QUICK = ["sigmoid-bce", "sigmoid-mse", "keras-adam", "two-layer-net", "two-layer-net-minmax"]
QUICK += ["lincoln-momentum-sigmoid", "lincoln-relu", "lincoln-glorot-linear"]


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_the_quick_recipes_reproduce(name: str, mnist: Dataset) -> None:
    rows = run(load_recipe(name), mnist)
    assert [row for row in rows if not row.reproduced] == []
    expected = "better" if name == "lincoln-relu" else "within"
    assert {row.verdict for row in rows} == {expected}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_passes_98_percent(seed: int, mnist: Dataset) -> None:
    recipe = parse_recipe(
        "default",
        f"""
        description = "d"
        source = "s"
        [train]
        seed = {seed}
        [published]
        checkpoints = [{{ test_accuracy = [98, 99], accuracy_tolerance = 0 }}]
        """,
    )
    assert run(recipe, mnist)[0].reproduced


def test_members_take_values_in_turn() -> None:
    recipe = parse_recipe(
        "x",
        """
        description = "x"
        source = "y"
        members = 3
        [train]
        hidden = [8]
        [in_turn]
        preprocessing = ["edges", "unit"]
        hidden = [[16], [8], [4]]
        """,
    )
    members = [recipe.member(number) for number in range(recipe.members)]
    assert [one.preprocessing for one in members] == ["edges", "unit", "edges"]
    assert [one.hidden for one in members] == [(16,), (8,), (4,)]
    assert recipe.config.hidden == (8,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("preprocessing = 'edges'", "preprocessing must be a list of values"),
        ("preprocessing = []", "preprocessing must be a list of values"),
        ("preprocessing = ['edges', 'corners']", "corners"),
        ("preprocesing = ['edges']", "preprocesing"),
    ],
)
def test_what_members_cannot_take_in_turn_is_named(line: str, said: str) -> None:
    text = f"description = 'x'\nsource = 'y'\nmembers = 2\n[train]\n[in_turn]\n{line}"
    with pytest.raises(ConfigError, match=rf"recipe x: \[in_turn\]: .*{said}"):
        parse_recipe("x", text)
