"""All that a training is made of, to be saved and gone on from: the counts, the agent, the simulator, the episodes in progress."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from allcore.core import MultiagentState, state_from_dict, state_to_dict
from allcore.errors import CheckpointError
from allcore.experiments.global_stream import set_stream_state, stream_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.experiments.experiment import Experiment


def training_state(experiment: Experiment) -> dict[str, Any]:
    """The whole training as `allcore.checkpoint.save_state` writes it.

    Nothing is copied. To be called as an experiment's `before_step`: only then is nothing logged yet of what comes after.

    Raises:
        CheckpointError: the agent cannot be saved, or several agents are in a game that cannot.
    """
    action, simulator = experiment._action, experiment._simulator.state_dict()
    if simulator is None and isinstance(experiment._state, MultiagentState):
        raise CheckpointError(
            f"{experiment._simulator!r} cannot be saved, and its players cannot leave the game"
        )
    return {
        "preset": experiment.preset.description(),
        "log": experiment.log.state_dict(),
        "agent": experiment._agent.state_dict(),
        "action": None if action is None else torch.as_tensor(action),
        "simulator": simulator,
        "state": state_to_dict(experiment._state),
        "global_stream": stream_state(experiment.preset.device),
        "running": {name: _plain(getattr(experiment, name)) for name in experiment._RUNNING},
    }


def go_on_from(experiment: Experiment, saved: Mapping[str, Any]) -> str:
    """Bring a new experiment to where `training_state` was taken.

    Returns:
        Why the episodes in progress were given up and new ones begun; empty if they go on where they stood.

    Raises:
        CheckpointError: it belongs to something else, or several agents are in a game that cannot be found again.
    """
    if "preset" in saved:  # the first checkpoints did not say it
        _refuse_other(saved["preset"], experiment.preset.description())
    experiment.log.load_state_dict(saved["log"])
    experiment._agent.load_state_dict(saved["agent"])
    given_up = _put_simulator_back(experiment, saved)
    if "global_stream" in saved:  # nor this; last, as a simulator that is played again may draw from it
        set_stream_state(saved["global_stream"], experiment.preset.device)
    return given_up


def _put_simulator_back(experiment: Experiment, saved: Mapping[str, Any]) -> str:
    """Bring simulator and episodes in progress to where they stood; why that was given up, if it was."""
    if saved["state"] is None:
        return ""
    experiment._action = saved["action"]
    try:
        if saved["simulator"] is None:
            raise CheckpointError(f"{experiment._simulator!r} cannot be saved")
        experiment._simulator.load_state_dict(saved["simulator"])
    except MemoryError:
        raise  # of the machine's: the same command tries again
    except Exception as error:  # somebody else's simulator may raise anything
        _begin_again(experiment, state_from_dict(saved["state"]))
        return error.message if isinstance(error, CheckpointError) else repr(error)
    experiment._state = state_from_dict(saved["state"])
    for name in experiment._RUNNING:
        setattr(experiment, name, _like(getattr(experiment, name), saved["running"][name]))
    return ""


def _refuse_other(saved: Mapping[str, Any], mine: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of another preset, environment, seed or hyperparameter: its tensors may well have the same shapes."""
    theirs, ours = saved["hyperparameters"], mine["hyperparameters"]
    pairs = {name: (saved[name], mine[name]) for name in mine if name not in ("allcore", "hyperparameters")}
    # Another version of the preset may have others.
    pairs |= {name: (theirs[name], ours[name]) for name in ours if name in theirs}
    for name, (its, here) in pairs.items():
        if its != here:
            raise CheckpointError(f"its {name} is {its!r}, and here it is {here!r}")


def _begin_again(experiment: Experiment, last: Any) -> None:
    """Give up the episodes in progress: to the agent they are cut off here, after the action that was chosen."""
    if isinstance(last, MultiagentState):
        raise CheckpointError(
            f"{experiment._simulator!r} does not find its moment again, and its players cannot leave the game",
            hint="--fresh starts the run anew.",
        )
    done = torch.ones(last.shape, dtype=torch.bool, device=last.device) if last.shape else True
    reward = torch.zeros(last.shape, device=last.device) if last.shape else 0.0
    experiment._agent.act(last.update("reward", reward).update("done", done))
    experiment._action = None
    seed = experiment.preset.seeds.integer("environment", experiment.frame)
    experiment._state = experiment._simulator.reset(seed)


def _plain(value: Any) -> Any:
    """What a file can hold of a number, an array, a list or a dict; later steps do not change it."""
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else copy.deepcopy(value)


def _like(value: Any, saved: Any) -> Any:
    """What was saved, of the kind that it was."""
    return saved.numpy().copy() if isinstance(value, np.ndarray) else saved
