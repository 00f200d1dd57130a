"""What the presets of the vanilla agents do beyond composing: schedules, first deviations, how they play, and what they log."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from all_agents.presets import classic, continuous
from allcore.core import State
from allcore.environments import GymEnvironment
from allcore.experiments.beginning import make_experiment
from allcore.logging import Logger
from allcore.presets import Preset, PresetBuilder

SMALL: dict[str, Any] = {"n_envs": 2, "hidden": (8,), "final_lr_factor": 0.5}
VPG = {"n_steps": 5, "value_updates": 3}


def _preset(builder: PresetBuilder, env: str = "CartPole-v1", **changes: Any) -> Preset:
    return builder.hyperparameters(**(SMALL | changes)).env(GymEnvironment(env)).seed(0).build()


class Frames(Logger):
    """Keeps at which frame each loss was logged."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.frames: dict[str, list[int]] = {}

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.frames.setdefault(name, []).append(frame)


@pytest.mark.parametrize("builder", [classic.vqn, classic.vsarsa])
def test_the_step_size_of_values_falls_to_its_end_with_the_last_step(builder: PresetBuilder) -> None:
    q = _preset(builder).agent(train_steps=100).q
    factors = [q._schedule(steps) for steps in (0, 50, 100, 110)]
    assert factors == pytest.approx([1.0, 0.75, 0.5, 0.5])


def test_both_step_sizes_fall_to_their_ends_together() -> None:
    vac = _preset(classic.vac, lr_pi=0.1, lr_v=0.2).agent(train_steps=100)
    assert (vac.v._schedule(100), vac.policy._schedule(100), vac.policy._schedule(50)) == (0.5, 0.5, 0.75)
    assert vac.policy.optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    assert vac.v.optimizer.param_groups[0]["lr"] == pytest.approx(0.2)
    vpg = _preset(classic.vpg, **VPG).agent(train_steps=100)
    for part in (vpg.policy, vpg.v):
        assert (part._schedule(50), part._schedule(100)) == (0.75, 0.5)


@pytest.mark.parametrize("builder", [classic.vac, classic.vpg, continuous.vpg])
def test_policy_and_values_share_nothing(builder: PresetBuilder) -> None:
    env = "Pendulum-v1" if builder is continuous.vpg else "CartPole-v1"
    agent = _preset(builder, env).agent()
    values = {id(parameter) for parameter in agent.v.model.parameters()}
    assert values
    assert values.isdisjoint({id(parameter) for parameter in agent.policy.model.parameters()})


def test_deviations_begin_at_a_share_of_the_bounds() -> None:
    """Pendulum's actions lie between -2 and 2."""
    agent = _preset(continuous.vpg, "Pendulum-v1", initial_std=0.25).agent()
    distribution = agent.policy.no_grad(State({"observation": torch.zeros(3)}))
    assert distribution.log_std.tolist() == pytest.approx([math.log(0.5)])


@pytest.mark.parametrize("sample", [False, True])
def test_test_agents_take_the_likeliest_action_or_draw_one(sample: bool) -> None:
    preset = _preset(classic.vac, sample_in_tests=sample)
    agent, state = preset.test_agent(), State({"observation": torch.zeros(4)})
    assert len({int(agent.act(state)) for _ in range(60)}) == (2 if sample else 1)
    agent = _preset(continuous.vpg, "Pendulum-v1", sample_in_tests=sample).test_agent()
    actions = {float(agent.act(State({"observation": torch.zeros(3)}))) for _ in range(5)}
    assert len(actions) == (5 if sample else 1)


@pytest.mark.parametrize(
    ("builder", "names", "first"),
    [
        (classic.vqn, ["loss/q"], 2),
        (classic.vsarsa, ["loss/q"], 4),  # learns when the next action is known
        (classic.vac, ["loss/v", "loss/policy"], 2),
        (classic.vpg, ["loss/v", "loss/policy"], 10),
    ],
)
def test_losses_are_logged_by_agent_steps(builder: PresetBuilder, names: list[str], first: int) -> None:
    """The first update, and every hundredth after it; VPG, which makes few, logs once a rollout."""
    changes = VPG if builder is classic.vpg else {}
    preset, logger = _preset(builder, **changes), Frames()
    experiment = make_experiment(preset, GymEnvironment("CartPole-v1"), logger=logger, train_steps=450)
    experiment.train(frames=450)
    for name in names:
        frames = logger.frames[name]
        assert frames[0] == first
        assert frames[-1] <= experiment.frame
        if builder is classic.vpg:
            assert all(0 < later - earlier <= 10 for earlier, later in pairwise(frames))
            assert len(frames) >= 40
        else:
            assert all(later - earlier >= 100 for earlier, later in pairwise(frames))
            assert len(frames) == 3
