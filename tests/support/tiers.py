"""Which tests belong to the quick tier, decided from the code that each test runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from hypothesis import is_hypothesis_test

TESTS = Path(__file__).parents[1]

# Hardly a test of these folders and files is quick: nearly all need terminals, processes, screens,
# other tools or minutes. The quick tier does not even import them, which would take seconds.
SLOW_FOLDERS = frozenset({"e2e", "monkey", "benchmarks", "fuzz", "pictures"})
SLOW_FILES = frozenset(
    {
        "test_conventions.py",
        "nn/analysis/test_gradients.py",
        "nn/parallel/test_process_group.py",
        "nn/parallel/test_timing.py",
        "nn/training/test_advice.py",
        "nn/training/test_changing_engines.py",
        "nn/training/test_hot_loop.py",
        "tui/app/screens/test_confusion.py",
        "tui/app/screens/test_digits.py",
        "tui/app/screens/test_lessons.py",
        "tui/app/screens/test_rate_range.py",
        "tui/app/screens/test_shipped.py",
        "tui/app/screens/test_snapshots_digits.py",
        "tui/app/screens/test_snapshots_draw.py",
        "tui/app/screens/test_snapshots_lessons.py",
        "tui/app/screens/test_snapshots_model.py",
        "tui/app/screens/test_snapshots_runs.py",
        "tui/app/screens/test_snapshots_sweep.py",
        "tui/app/screens/test_snapshots_train.py",
        "tui/app/screens/test_snapshots_walk.py",
        "tui/app/screens/test_sweep.py",
        "tui/app/screens/test_touring.py",
        "tui/app/screens/test_train.py",
        "tui/app/screens/test_walk.py",
        "tui/app/test_app.py",
        "tui/app/test_contrast.py",
        "tui/app/test_leaving.py",
        "tui/app/test_own_data.py",
        "tui/app/test_recording.py",
        "tui/checking/test_check.py",
        "tui/cli/test_bench_accuracy.py",
        "tui/cli/test_headless.py",
        "tui/cli/test_lessons.py",
        "tui/cli/test_lr_find.py",
        "tui/cli/test_members.py",
        "tui/cli/test_own_data.py",
        "tui/cli/test_portability.py",
        "tui/cli/test_predict.py",
        "tui/cli/test_signals.py",
        "tui/cli/test_startup.py",
        "tui/cli/test_streams.py",
        "tui/cli/test_walk.py",
        "tui/figures/test_files.py",
        "tui/images/test_reading.py",
        "tui/images/test_splitting.py",
        "tui/lessons/test_training.py",
        "tui/recording/test_commands.py",
        "tui/recording/test_export.py",
        "tui/recording/test_failures.py",
        "tui/recording/test_importing.py",
        "tui/recording/test_init_from.py",
        "tui/recording/test_killing.py",
        "tui/recording/test_positions.py",
        "tui/recording/test_reduced.py",
        "tui/recording/test_releases.py",
        "tui/recording/test_resuming.py",
        "tui/sweeps/test_cluster.py",
        "tui/sweeps/test_cluster_hosts.py",
        "tui/sweeps/test_optuna.py",
        "tui/system/test_python.py",
    }
)
# These tests compute for more than a twentieth of a second in this process, or start another.
SLOW_TESTS = frozenset(
    {
        "test_200_steps_of_the_trainer",
        "test_a_box_is_that_of_the_file_and_not_of_the_reduced_picture",
        "test_a_compressed_bomb_below_the_limit_is_not_unpacked",
        "test_a_damaged_checkpoint",
        "test_a_damaged_checkpoint_has_a_remedy",
        "test_a_damaged_installation_is_noticed",
        "test_a_draft_of_any_recipe_is_that_recipe",
        "test_a_gzip_bomb_is_not_unpacked",
        "test_a_hostile_checkpoint",
        "test_a_network_blows_up_at_some_rate_and_its_steepest_is_below",
        "test_a_new_run_never_writes_over_another",
        "test_a_nudge_keeps_the_masks_of_the_step",
        "test_a_run_is_the_same_bit_for_bit_also_resumed",
        "test_a_run_that_was_deleted_between_two_rungs_is_trained_anew",
        "test_a_run_that_was_trained_before_it_could_be_reported_is_not_trained_again",
        "test_a_run_without_a_checkpoint_is_begun_anew",
        "test_a_sweep_over_seeds_trains_the_members_of_a_committee",
        "test_a_torn_last_line",
        "test_a_trial_with_patience_has_the_scores_of_the_weights_that_it_kept",
        "test_a_zip_bomb",
        "test_a_zip_bomb_is_not_unpacked",
        "test_advice_comes_from_the_thread_that_trains",
        "test_advice_on_a_run_that_has_ended",
        "test_batch_normalization_is_shown_and_is_that_of_training",
        "test_chart_fills_its_space",
        "test_damaged_files_are_refused_and_never_break_the_reader",
        "test_data_are_read_in_the_background",
        "test_data_sixteen_digits_and_three_scalings",
        "test_digits_in_a_row_touch_and_keep_their_ink",
        "test_every_array_of_a_normalized_net_is_checked_against_the_definition",
        "test_gradients_of_a_network",
        "test_help_shows_flag_choices_default_and_group_of_every_field",
        "test_it_is_the_equation",
        "test_it_knows_whole_digits_from_others",
        "test_it_learns",
        "test_learns_300_digits_by_heart",
        "test_max_norm_is_shown_and_is_that_of_training",
        "test_mnists_test_digits_are_recognized",
        "test_names_are_unique",
        "test_noise_is_shown_and_is_that_of_training",
        "test_one_seed_is_one_run_bit_for_bit",
        "test_only_what_was_not_given_is_reduced_to_one_thread",
        "test_pictures_fit_for_every_setting_and_in_any_space",
        "test_private_parts_of_libraries_are_known",
        "test_processes_that_were_measured_at_the_first_step_compute_as_those_from_the_start",
        "test_saturated_units_warn_of_nothing",
        "test_scans_of_other_people_are_recognized",
        "test_seeds_are_paired_from_whatever_trained_them",
        "test_sixteen_training_digits",
        "test_snapshots_are_bounded",
        "test_standardization_uses_one_mean_and_deviation",
        "test_the_accuracy_is_that_of_the_weights_of_the_step",
        "test_the_average_of_the_weights_is_shown_and_is_that_of_training",
        "test_the_command_reference_is_current",
        "test_the_command_that_made_it_makes_such_a_file",
        "test_the_five_lines_of_code_run",
        "test_the_lines_that_save_weights",
        "test_the_oldest_choices_are_forgotten",
        "test_the_parzen_estimator_comes_near_the_best",
        "test_the_preprocessing_is_guessed",
        "test_the_runs_of_other_sweeps_are_not_taken_for_those_of_this_one",
        "test_the_share_of_the_time_is_told",
        "test_the_steepest_rate_trains",
        "test_the_table_of_layers_of_the_notes",
        "test_the_task_is_not_done_at_first_and_is_done_by_the_solution",
        "test_the_terminal_shows_the_same_of_fewer_bytes",
        "test_the_training_loop_learns",
        "test_training_in_blocks_is_the_same_training",
        "test_two_processes_step_pause_and_end_as_one_does",
        "test_vectors_that_belong_to_no_layer_are_named",
        "test_weights_of_other_programs",
        "test_what_came_after_the_checkpoint_is_done_again",
    }
)
# Pictures of screens, and lessons that train, if only on few images.
SLOW_FIXTURES = frozenset({"snap_compare", "small_training"})
# These put functions in the place of others, and call none.
PATCHING_FIXTURES = frozenset({"quick_pilots"})
# A test that reaches one of these names starts a process or plays the application.
SLOW_NAMES = frozenset(
    {"subprocess", "run_command", "call_command", "Process", "Popen", "Tmux", "asyncio", "run_test"}
    | {"fork", "kill", "mkfifo", "setrlimit"}
    | {"File"}  # of h5py, which is read in a process of its own
)
_POSIX_IMPORT = re.compile(r"^import (fcntl|pty|pwd|resource|termios)$", re.MULTILINE)


def needs_a_missing_module(path: Path) -> bool:
    """Whether a file of tests imports a POSIX module that this machine does not have."""
    return not all(
        _is_importable(name) for name in _POSIX_IMPORT.findall(path.read_text(encoding="utf-8"))
    )


def _is_importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


@cache
def is_never_quick(path: Path) -> bool:
    """Whether the quick tier leaves out a file or a folder of tests as a whole."""
    parts = path.relative_to(TESTS).parts
    return not SLOW_FOLDERS.isdisjoint(parts[:1]) or "/".join(parts) in SLOW_FILES


def is_quick(item: pytest.Function) -> bool:
    """Whether a test runs in milliseconds, in this process alone and without a screen.

    A test marked `quick` by hand belongs to the tier whatever this function returns. Tests with
    generated examples are left out, so that the quick tier runs the same cases each time.
    """
    if is_never_quick(item.path):
        return False
    if item.get_closest_marker("slow") or item.originalname in SLOW_TESTS:
        return False
    if SLOW_FIXTURES & set(item.fixturenames) or is_hypothesis_test(item.function):
        return False
    functions = [item.function, *_fixture_functions(item)]
    return not any(_reaches_a_slow_name(function) for function in functions)


def _fixture_functions(item: pytest.Function) -> Iterator[Callable[..., Any]]:
    # Private to pytest; without it a test would count as quick although its fixture starts a
    # process, and test_tiers.py would fail.
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        if name not in PATCHING_FIXTURES:
            yield definitions[-1].func


@cache
def _reaches_a_slow_name(function: Callable[..., Any]) -> bool:
    return not SLOW_NAMES.isdisjoint(_names(function, set()))


def _names(function: object, seen: set[FunctionType]) -> Iterator[str]:
    """Every name in the code of a function of the tests and of the helpers that it reaches."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if isinstance(function, type) and function.__module__.startswith("tests."):
        for method in vars(function).values():
            yield from _names(method, seen)
    if not isinstance(function, FunctionType) or function in seen:
        return
    if not function.__code__.co_filename.startswith(f"{TESTS}{os.sep}"):
        return
    seen.add(function)
    for name in _names_in_code(function.__code__):
        yield name
        yield from _names(function.__globals__.get(name), seen)


def _names_in_code(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in_code(constant)
