"""Presets so small that a few hundred frames contain updates of every kind, and a training that is watched."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from allcore.checkpoint import save_state
from allcore.environments import AnyEnvironment
from allcore.environments.resolve import resolve_environment
from allcore.errors import DomainError
from allcore.experiments.beginning import make_experiment
from allcore.plugins import Entry, registry
from allcore.presets import Preset, PresetBuilder

#: Agent steps of a training.
FRAMES = 500

#: Episodes end by a time limit at least this early, where the environment's family lets them: Atari's does not.
EPISODE_STEPS = 60

#: No hyperparameter of these names is larger.
AT_MOST = {
    "replay_start_size": 40,
    "replay_buffer_size": 60,  # wraps before the agent is saved
    "minibatch_size": 8,
    "target_update_frequency": 3,
    "final_exploration_step": 100,
    "n_envs": 2,
    "n_steps": 14,  # of a rollout; an agent is saved in the middle of one
    "n_epochs": 2,
    "n_minibatches": 2,
    "value_updates": 3,
}

#: No hyperparameter of these names is smaller.
AT_LEAST = {"update_frequency": 10, "final_exploration": 0.5}  # a greedy agent may stand still

#: Updates of a convolutional network take about 30 ms each, so that Atari's presets make fewer.
ATARI_AT_MOST = {**AT_MOST, "n_steps": 40}
ATARI_AT_LEAST = {**AT_LEAST, "update_frequency": 30}

#: No layer is wider.
WIDEST = 16

#: How a preset for several agents makes those of its players small.
PLAYERS = ("replay_start_size=20", "replay_buffer_size=40", "minibatch_size=8", "hidden=16,16")


class Small:
    """How tests make a preset small and train it."""

    frames = FRAMES

    @staticmethod
    def environment(entry: Entry) -> AnyEnvironment:
        """The first example of the preset's domain that it can play."""
        domain = entry.record.domain
        family = next(e for e in registry().records("environments") if e.record.domain == domain)
        options = {} if domain in ("atari", "pettingzoo") else {"max_episode_steps": EPISODE_STEPS}
        builder: PresetBuilder = registry().load(entry)
        for example in family.record.examples:
            env = resolve_environment(example, domain=domain, options=options)
            with contextlib.suppress(DomainError):
                builder.env(env).build()
                return env
            env.close()
        raise AssertionError(f"{entry.key} can play none of {', '.join(family.record.examples)}")

    @staticmethod
    def build(entry: Entry, *, device: str = "cpu", **changes: Any) -> tuple[AnyEnvironment, Preset]:
        """An environment of the preset's domain, and the preset, small, for it."""
        builder: PresetBuilder = registry().load(entry)
        env = Small.environment(entry)
        at_most, at_least = (
            (ATARI_AT_MOST, ATARI_AT_LEAST) if entry.record.domain == "atari" else (AT_MOST, AT_LEAST)
        )
        changes = {**_smaller(builder.values, at_most, at_least), **changes}
        return env, builder.hyperparameters(**changes).device(device).env(env).seed(3).build()

    @staticmethod
    def experiment(env: AnyEnvironment, preset: Preset, frames: int) -> Any:
        """The control loop that trains this kind of preset."""
        return make_experiment(preset, env, train_steps=frames)


@dataclasses.dataclass
class Watched:
    """An agent around an agent: it keeps all states and actions, and once writes down what the agent remembers.

    Attributes:
        agent: the agent inside.
        file: where its state is written to.
        save_at: before which tick.
        one_later: its state a tick later.
        states: one for each tick.
        actions: one for each tick.
    """

    agent: Any
    file: Path
    save_at: int
    one_later: Any = None
    states: list[Any] = dataclasses.field(default_factory=list)
    actions: list[Tensor] = dataclasses.field(default_factory=list)

    def act(self, state: Any) -> Any:
        """The agent's action."""
        if len(self.states) == self.save_at:
            save_state(self.file, self.agent.state_dict())
        if len(self.states) == self.save_at + 1:
            self.one_later = copy.deepcopy(self.agent.state_dict())
        self.states.append(state)
        action = self.agent.act(state)
        self.actions.append(torch.as_tensor(action).clone())
        return action


@dataclasses.dataclass
class Trained:
    """A preset after its training, which several tests look at and none changes.

    Attributes:
        entry: what registered it.
        preset: the preset.
        before: its tensors before the training.
        watched: what the agent was shown and did.
        end: the agent's state after the training.
    """

    entry: Entry
    preset: Preset
    before: dict[str, Tensor]
    watched: Watched
    end: dict[str, Any]


@pytest.fixture(scope="session")
def small() -> type[Small]:
    return Small


ENTRIES = registry().records("presets")


@pytest.fixture(scope="module", params=ENTRIES, ids=[entry.key for entry in ENTRIES])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Each preset, trained once for all tests of this folder."""
    entry = request.param
    env, preset = Small.build(entry)
    before = {name: value.clone() for name, value in preset.state_dict().items()}
    loop = Small.experiment(env, preset, FRAMES)
    file = tmp_path_factory.mktemp("agent") / "state"
    watched = loop._agent = Watched(loop._agent, file, save_at=int(0.6 * FRAMES / preset.n_envs))
    loop.train(frames=FRAMES)
    loop.close()
    env.close()
    return Trained(entry, preset, before, watched, copy.deepcopy(watched.agent.state_dict()))


def _smaller(values: Any, at_most: dict[str, int], at_least: dict[str, float]) -> dict[str, Any]:
    """The changes that make hyperparameters small."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(values):
        name, value = field.name, getattr(values, field.name)
        if name in at_most:
            changes[name] = min(value, at_most[name])
        elif name in at_least:
            changes[name] = max(value, at_least[name])
        elif "hidden" in name:
            changes[name] = tuple(min(width, WIDEST) for width in value)
        elif name == "settings":
            changes[name] = PLAYERS
    return changes
