"""What follows a run: more epochs, its best weights or another seed; pace and playing back."""

from __future__ import annotations

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.config import TrainConfig
from tests.support.messages import notes
from tests.support.scenarios import LONG, run, until
from tui.app.app import MnistApp
from tui.app.screens.steering import PACES
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.hints import KeyHints
from tui.images.datasets import load_once
from tui.system.exits import ExitCode
from tui.system.sharing import make_trainer

SHORT = TrainConfig(limit=300, epochs=2, hidden=(8,), schedule="constant")


def text(app: MnistApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


def hints(app: MnistApp) -> dict[str, str]:
    """The words of the line of keys."""
    shown = app.screen.query_one(KeyHints).shown
    return {binding.key: binding.description for binding, _ in shown}


def present(app: MnistApp) -> LiveRun:
    assert app.bench.run is not None
    return app.bench.run


async def finish(app: MnistApp, pilot: Pilot[ExitCode], *keys: str) -> None:
    """Press keys that let a run train to its end, and wait until it is saved."""
    before = len(app.bench.histories)
    await pilot.press(*keys)
    await until(pilot, lambda: len(app.bench.histories) >= before)
    await until(pilot, lambda: app.bench.status is Status.FINISHED and present(app).outcome)
    await until(pilot, lambda: present(app).wait(0))
    await until(pilot, lambda: app.bench.history and app.bench.history.finished)
    await pilot.pause()


def epochs(app: MnistApp) -> list[float]:
    assert app.bench.history is not None
    return [evaluation.epoch for evaluation in app.bench.history.evaluations]


def test_a_run_goes_on_as_if_it_had_been_longer_from_the_first() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await until(pilot, lambda: "has not learned anything yet" in text(app, "#welcome"))
        await finish(app, pilot, "space")
        folder = present(app).folder
        await pilot.press("space", "2", "enter")
        await until(pilot, lambda: app.bench.config.epochs == 4)
        await finish(app, pilot)
        assert epochs(app) == [1, 2, 3, 4]
        assert present(app).folder == folder, "it is the same run"
        snapshot = app.bench.snapshot
        assert snapshot is not None
        whole = TrainConfig(limit=300, epochs=4, hidden=(8,), schedule="constant")
        trainer = make_trainer(whole, load_once(""))
        assert list(trainer.events())
        trained = snapshot.predictor.model.parameters
        assert np.array_equal(trained, trainer.predictor.model.parameters)
        await finish(app, pilot, "e")
        assert epochs(app) == [1, 2, 3, 4, 5]

    run(scenario, SHORT)


def test_the_best_weights_are_gone_on_with_at_a_tenth_of_the_rate() -> None:
    wild = TrainConfig(
        limit=300,
        validation=0.2,
        epochs=12,
        hidden=(8,),
        learning_rate=0.3,
        schedule="constant",
    )

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("b", "u")
        assert len(app.bench.histories) == 1, "nothing was trained yet"
        await finish(app, pilot, "space")
        first = app.bench.history
        assert first is not None
        assert first.best is not None
        assert first.best.step < 36
        await finish(app, pilot, "b")
        assert app.bench.config.learning_rate == 0.03
        assert app.bench.run is not None
        start = app.bench.run.snapshots[0]
        assert start.step == 0
        score = start.predictor.score(present(app).splits["test"])
        assert score.accuracy == first.best.test.accuracy, "it starts from the best weights"

    run(scenario, wild)


def test_a_run_that_collapsed_is_led_back_to_the_weights_before() -> None:
    """No images are held out, and the newest weights are those that were lost."""
    config = TrainConfig(
        limit=300,
        epochs=3,
        hidden=(8,),
        batch_size=10,
        optimizer="sgd",
        learning_rate=0.1,
        schedule="constant",
    )

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        for done in (1, 2):
            await pilot.press("e")
            await until(pilot, lambda n=done: len(epochs(app)) == n)
            await until(pilot, lambda: app.bench.status is Status.PAUSED)
        assert "b" not in hints(app), "a run that learns needs no way back"
        app.bench.change_rate(50.0)
        await finish(app, pilot, "space")
        first = app.bench.history
        assert first is not None
        before, after = first.evaluations[1:]
        assert after.test.accuracy < 0.2 < before.test.accuracy
        app.screen.show_progress()  # type: ignore[attr-defined]
        assert "go back to its best epoch" in text(app, "#advice")
        assert "(key b)" in text(app, "#advice")
        assert hints(app)["b"] == "Back to the best"
        await finish(app, pilot, "b")
        assert "the last weights before the training loss rose" in notes(app)
        start = present(app).snapshots[0]
        score = start.predictor.score(present(app).splits["test"])
        assert score.accuracy == before.test.accuracy

    run(scenario, config)


@pytest.mark.slow
def test_a_budget_that_was_raised_is_of_the_run_that_went_on_alone() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await finish(app, pilot, "space")
        await finish(app, pilot, "e")
        await finish(app, pilot, "u", "3", "enter")
        assert app.bench.config.epochs == 6
        await pilot.press("r")
        assert app.bench.config.epochs == 2
        assert "It takes 2 epochs, as was configured" in notes(app)
        await finish(app, pilot, "space")
        await finish(app, pilot, "e")
        await finish(app, pilot, "b")
        assert app.bench.config.epochs == 2

    run(scenario, SHORT)


@pytest.mark.slow
def test_a_new_run_has_another_seed_unless_the_form_was_changed() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await finish(app, pilot, "space")
        await pilot.press("r")
        assert app.bench.config.seed == 1
        await finish(app, pilot, "space")
        await pilot.press("f", *["down"] * 8, "escape")
        app.bench.configure(app.bench.experiment)
        await pilot.press("r")
        assert app.bench.config.seed == 2
        for said in ("no longer show 2 earlier runs", "show no earlier or marked run"):
            await pilot.press("c")
            await pilot.pause()
            assert said in notes(app)

    run(scenario, SHORT)


def test_a_run_that_is_dropped_while_it_trains_is_said_to_be_saved() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("space")
        await until(pilot, lambda: app.bench.history and app.bench.history.evaluations)
        first = present(app)
        await pilot.press("r")
        await pilot.pause()
        said = [notification.message for notification in app._notifications]
        assert any("Run 1 is stopped" in one and "it is saved" in one for one in said)
        assert present(app) is not first
        assert first.wait(30)
        assert first.folder is not None
        assert first.folder.is_dir()

    run(scenario, LONG)


@pytest.mark.slow
def test_slow_motion_takes_one_step_after_the_other_and_ends() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press(*["less_than_sign"] * len(PACES))
        assert app.bench.pace == 1
        await pilot.press("space")
        await until(pilot, lambda: app.bench.status is Status.RUNNING)
        app.screen.show_progress()  # type: ignore[attr-defined]
        assert "1 step a second" in text(app, "#status")
        await until(pilot, lambda: app.bench.history and app.bench.history.latest)
        await pilot.press("space")
        await until(pilot, lambda: app.bench.status is Status.PAUSED)
        assert app.bench.history is not None
        latest = app.bench.history.latest
        assert latest is not None
        assert latest.step < 10, "a pause is not waited for"
        await pilot.press(*["greater_than_sign"] * len(PACES))
        assert app.bench.pace is None
        await finish(app, pilot, "space")

    run(scenario, SHORT)


def test_a_run_that_is_only_watched_is_drawn_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """But at once where drawing takes no time from the training, and when somebody acts."""
    monkeypatch.setattr("tui.app.app.CALM", -1.0)
    monkeypatch.setattr("tui.app.app.CALM_INTERVAL", 1000.0)

    def seen(app: MnistApp) -> int:
        return app.bench.history.step if app.bench.history else 0

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("space")
        run = present(app)
        await until(pilot, lambda: run.snapshot is not None and run.snapshot.epoch > 3)
        seldom = seen(app)
        await pilot.pause(1)
        assert seen(app) == seldom
        await pilot.press("less_than_sign")
        await until(pilot, lambda: seen(app) > seldom)
        slowly = seen(app)
        await until(pilot, lambda: seen(app) > slowly)

    run(scenario, LONG)


def test_the_network_of_an_earlier_epoch_is_looked_at_on_all_screens() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await finish(app, pilot, "space")
        newest = app.bench.snapshot
        assert newest is not None
        await pilot.press("p")
        earlier = app.bench.snapshot
        assert earlier is not None
        assert earlier.epoch == newest.epoch - 1
        assert f"played back: the network as it was at {earlier.name}" in text(app, "#status")
        await pilot.press("2")
        await until(pilot, lambda: app.bench.browser.predictions is not None)
        predictions = app.bench.browser.predictions
        assert predictions is not None
        assert predictions.snapshot is earlier
        await pilot.press("1", "n")
        assert app.bench.snapshot is newest
        await pilot.press(*"pppp")
        untrained = app.bench.snapshot
        assert untrained is not None
        assert untrained.step == 0, "the first is that of random weights"
        await pilot.press("n", "P")
        await until(pilot, lambda: app.bench.snapshot is newest)

    run(scenario, SHORT)


def test_a_run_that_diverged_at_once_is_begun_again_more_slowly() -> None:
    wild = TrainConfig(
        limit=300, epochs=3, hidden=(8,), optimizer="sgd", learning_rate=1e18, schedule="constant"
    )

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await finish(app, pilot, "space")
        app.screen.show_progress()  # type: ignore[attr-defined]
        assert text(app, "#status").startswith("diverged: the loss is no longer a number")
        assert "b again from random weights" in text(app, "#next")
        assert hints(app)["b"] == "Again, slower"
        welcome = text(app, "#welcome")
        assert welcome.startswith("This network was lost before its first result")
        assert "Look" in welcome
        assert "Start" not in welcome, "the key does not start it again"
        await pilot.press("u", "space")
        assert len(app.bench.histories) == 1, "it cannot go on"
        await pilot.press("f", "slash", "escape")  # in the form no key starts anything
        assert text(app, "#welcome").startswith("This network was lost")
        await pilot.press("down", "escape", "b")
        await until(pilot, lambda: app.bench.config.learning_rate == 1e17)
        assert app.bench.experiment.init_from is None

    run(scenario, wild)
