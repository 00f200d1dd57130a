"""Agents with replay wait for transitions of several steps: what is stored is not yet what can be drawn."""

from __future__ import annotations

from typing import Any

import pytest

from allcore.environments.resolve import resolve_environment
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer
from allcore.plugins import Entry, registry

NAMES = {"classic": "MountainCar-v0", "continuous": "Pendulum-v1"}
ENTRIES = [
    entry
    for entry in registry().records("presets")
    if entry.key.partition(".")[0] in NAMES and hasattr(registry().load(entry).values, "replay_start_size")
]


@pytest.mark.parametrize("n_envs", [1, 4])
@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.key for entry in ENTRIES])
def test_learning_begins_with_the_first_whole_transition(entry: Entry, n_envs: int) -> None:
    env = resolve_environment(NAMES[entry.key.partition(".")[0]], domain=entry.record.domain)
    builder = (
        registry().load(entry).hyperparameters(replay_start_size=1, update_frequency=1, minibatch_size=4)
    )
    agent: Any = builder.env(env).seed(0).build().agent()
    agent.replay_buffer = NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(100))
    envs = env.duplicate(n_envs)
    states = envs.reset(seed=0)
    for _ in range(8):
        states = envs.step(agent.act(states))
        assert (agent._updates > 0) == (len(agent.replay_buffer) > 0)
    assert agent._updates == agent.replay_buffer.stored - 1  # what it had to wait for was made up for
    envs.close()
    env.close()
