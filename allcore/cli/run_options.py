"""The options of `all run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from allcore.cli.completion import (
    complete_devices,
    complete_environments,
    complete_hyperparameters,
    complete_keys,
)
from allcore.cli.values import parse_frames, parse_interval, parse_seeds
from allcore.experiments.spec import ON_NAN, RunSpec

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    # What a run is: `run_specs.specs_from_options` takes these.
    click.option(
        "--preset",
        "presets",
        multiple=True,
        metavar="KEY",
        shell_complete=complete_keys("presets"),
        help="The preset, such as classic.dqn, or module:attribute for your own. Repeatable.",
    ),
    click.option(
        "--env",
        "environments",
        multiple=True,
        metavar="NAME",
        shell_complete=complete_environments,
        help="The environment: a name of the preset's domain, family:NAME, or module:factory. Repeatable.",
    ),
    click.option(
        "--frames",
        type=parse_frames,
        metavar="N",
        help="Length of the training in agent steps, such as 1e6 or 250k; an Atari game shows 4 emulator frames for "
        "each. By default the preset says.",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), metavar="N", help="Root of all random numbers.  [default: 0]"
    ),
    click.option("--seeds", type=parse_seeds, metavar="LIST", help="Several, a run for each: 0-4 or 0-4,7."),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="NAME=VALUE",
        shell_complete=complete_hyperparameters,
        help="Change a hyperparameter; 'all show PRESET' lists them. Repeatable.",
    ),
    click.option(
        "--env-set",
        "environment_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="Change an option of the environment; 'all show FAMILY' lists them. Repeatable.",
    ),
    click.option(
        "--wrap",
        "wrappers",
        multiple=True,
        metavar="KEY",
        shell_complete=complete_keys("wrappers"),
        help="Put a wrapper around the environment, the innermost first. Repeatable.",
    ),
    click.option(
        "--device", default="cpu", show_default=True, shell_complete=complete_devices, help="cpu, cuda, ..."
    ),
    click.option(
        "--logger",
        "loggers",
        multiple=True,
        metavar="KEY",
        shell_complete=complete_keys("loggers"),
        help="Log there, too, besides TensorBoard and CSV. Repeatable.",
    ),
    click.option(
        "--test-episodes",
        default=100,
        show_default=True,
        type=click.IntRange(min=0),
        metavar="N",
        help="Games of an evaluation; 0 for none.",
    ),
    click.option(
        "--evaluate-every",
        type=parse_frames,
        metavar="N",
        help="Evaluate during training, too, each time after so many agent steps.",
    ),
    click.option(
        "--save-freq",
        default=100,
        show_default=True,
        type=click.IntRange(min=0),
        metavar="N",
        help="Episodes between two savings of the weights; 0 saves at the end only.",
    ),
    click.option(
        "--checkpoint-every",
        default="10min",
        show_default=True,
        type=parse_interval,
        metavar="TIME",
        help="Time (90s, 10min, 2h) or agent steps (50k) between checkpoints, from which a stopped run goes on; 0 for none.",
    ),
    click.option(
        "--on-nan",
        default=RunSpec.on_nan,
        show_default=True,
        type=click.Choice(ON_NAN),
        help="When a loss is infinite or not a number: stop and save the batch, or warn once and go on.",
    ),
    click.option(
        "--verbose/--no-verbose",
        default=True,
        help="Whether to log losses and the like, which can take much space.",
    ),
    click.option(
        "--spec", "file", type=_FILE, help="Read all of the above from a JSON file that --dry-run printed."
    ),
    click.option(
        "--trust",
        multiple=True,
        metavar="MODULE",
        help="A module that the file of --spec may name. Repeatable.",
    ),
    # How and where it is run.
    click.option(
        "--executor",
        default="core.local",
        show_default=True,
        metavar="KEY",
        shell_complete=complete_keys("executors"),
        help="Where to run.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="How many runs may run at once: worker processes here (one where --render shows it), or tasks on a cluster.",
    ),
    click.option(
        "--executor-set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Change a setting of the executor's plugin; 'all list settings' lists them. Repeatable.",
    ),
    click.option(
        "--logdir", default="runs", show_default=True, type=click.Path(), help="The folder of all runs."
    ),
    click.option("--fresh", is_flag=True, help="Run again what has been run before, in another folder."),
    click.option(
        "--dry-run", is_flag=True, help="Check everything, print the run's specification, and run nothing."
    ),
    click.option(
        "--quiet", is_flag=True, help="Print nothing but errors (and with --dry-run the bare JSON)."
    ),
    click.option("--render", is_flag=True, help="Show the environment while training, which is slow."),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options, in this order in its help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
