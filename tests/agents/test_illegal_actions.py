"""What an agent does and learns must not depend on what it believes of an action that is never legal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from all_agents.presets import classic
from allcore.core import State, StateArray, only_legal
from allcore.core.legal import ILLEGAL
from allcore.environments import GymEnvironment

NAMES = "a2c c51 ddqn discrete_sac dqn iqn ppo pqn qrdqn rainbow vac vpg vqn vsarsa"
SMALL = {
    "hidden": (16,),
    "n_atoms": 5,
    "n_envs": 2,
    "n_steps": 3,
    "minibatch_size": 8,
    "replay_start_size": 1,
    "replay_buffer_size": 100,
    "update_frequency": 2,
    "target_update_frequency": 2,
    "initial_exploration": 0.0,  # what is chosen at random is for the environment to make legal
    "final_exploration": 0.0,
    "n_epochs": 2,
    "n_minibatches": 2,
}


def _agent(name: str) -> Any:
    """A training agent of Acrobot's spaces: six numbers, three actions."""
    builder = getattr(classic, name)
    changes = {key: value for key, value in SMALL.items() if hasattr(builder.values, key)}
    return builder.hyperparameters(**changes).env(GymEnvironment("Acrobot-v1")).seed(0).build().agent()


def _learnt(part: Any, name: str = "") -> dict[str, Tensor]:
    """All weights and biases in an agent's state, by their path."""
    if isinstance(part, Mapping):
        return {path: t for key, value in part.items() for path, t in _learnt(value, f"{name}/{key}").items()}
    return {name: part} if isinstance(part, Tensor) and name.endswith(("weight", "bias")) else {}


def _prefer_action_0(agent: Any, by: float) -> None:
    """Raise what the last layers say of action 0; of several numbers for an action the last, such as the highest atom's."""
    state = agent.state_dict()
    for name, tensor in _learnt(state).items():
        if name.endswith("bias") and len(tensor) % 3 == 0:
            tensor[len(tensor) // 3 - 1] += by
            # dueling takes the mean advantage away, here a third of what was added; its value part gives it back
            if "advantage_model" in name:
                _learnt(state)[name.replace("advantage_model", "value_model")][-1] += by / 3
    agent.load_state_dict(state)


def _lived(agent: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Its actions in 40 ticks of two episodes side by side, and what it has learnt of the legal actions 1 and 2."""
    generator = torch.Generator().manual_seed(1)
    actions = []
    for tick in range(40):
        done = torch.tensor([tick % 7 == 6, tick % 11 == 10])
        states = StateArray(
            {
                "observation": torch.randn(2, 6, generator=generator),
                "reward": torch.randn(2, generator=generator),
                "done": done,
                "mask": 1.0 - done.float(),
                "action_mask": torch.tensor([[False, True, True]] * 2),
            },
            (2,),
        )
        actions.append(agent.act(states))
    learnt = {
        name: t[len(t) // 3 :] if len(t) % 3 == 0 else t for name, t in _learnt(agent.state_dict()).items()
    }
    return torch.stack(actions), learnt


@pytest.mark.parametrize("name", NAMES.split())
def test_what_an_illegal_action_might_be_worth_changes_nothing(name: str) -> None:
    plain, believer = _agent(name), _agent(name)
    before = {key: tensor.clone() for key, tensor in _learnt(plain.state_dict()).items()}
    _prefer_action_0(believer, by=96.0)
    actions, learnt = _lived(plain)
    other_actions, other_learnt = _lived(believer)
    assert any(not torch.equal(t, before[key][-len(t) :]) for key, t in learnt.items()), "nothing was learnt"
    assert torch.equal(actions, other_actions)
    assert 0 not in actions[1:]  # the first of discrete_sac is a random one
    for key, tensor in learnt.items():
        if "value_model" not in key:
            assert torch.allclose(tensor, other_learnt[key], atol=1e-4), key


def test_the_values_of_illegal_actions_are_the_lowest() -> None:
    values = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    legal = torch.tensor([[True, True, True], [False, True, True], [False, False, False]])
    states = StateArray({"observation": torch.zeros(3, 1), "action_mask": legal}, (3,))
    assert only_legal(states, values).tolist() == [[3.0, 2.0, 1.0], [ILLEGAL, 2.0, 1.0], [3.0, 2.0, 1.0]]
    assert only_legal(states[1], values[1]).tolist() == [ILLEGAL, 2.0, 1.0]
    half = only_legal(states, values.half())
    assert half.argmax(-1).tolist() == [0, 1, 0]
    assert half.isfinite().all()
    assert only_legal(State({"observation": torch.zeros(1)}), values) is values
