"""Several agents in one environment: turns, the control loop, evaluation, and what stands between an agent and its player."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from gymnasium.spaces import Dict, Discrete

from allcore.agents import Multiagent
from allcore.bodies import AsArray
from allcore.core import MultiagentState, State, StateArray
from allcore.environments import Environment
from allcore.experiments import MultiagentEnvExperiment
from allcore.experiments.multiagent_evaluation import evaluate_multiagent
from allcore.logging import Logger, PrefixedLogger
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import ScriptedEnvironment, Step, TakingTurns

# Player a: episodes of two steps (rewards 1, 2) and one step (3). Player b: three steps (10 each), cut off.
A = [[Step(1.0), Step(2.0, terminated=True)], [Step(3.0, terminated=True)]]
B = [[Step(10.0), Step(10.0), Step(10.0, truncated=True)]]


def scripted(episodes: list[list[Step]]) -> Callable[[], Environment]:
    return lambda: ScriptedEnvironment(episodes)


def game() -> TakingTurns:
    return TakingTurns({"a": scripted(A), "b": scripted(B)})


class Recorder(Multiagent):
    """Keeps what it is shown, and always answers 1."""

    def __init__(self) -> None:
        self.seen: list[MultiagentState] = []

    def act(self, multiagent_state: MultiagentState) -> int:
        self.seen.append(multiagent_state)
        return 1


class OnePreset:
    """As much of a preset as a control loop uses."""

    def __init__(self) -> None:
        self.made, self.seeds = Recorder(), Seeds(0)

    def agent(self, logger: object = None, train_steps: float = 0) -> Recorder:
        return self.made

    def parallel_test_agent(self) -> Recorder:
        return Recorder()


class Diary(Logger):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.lines: list[tuple[Any, ...]] = []

    def scalar(self, name: str, value: Any, frame: int) -> None:
        self.lines.append((name, value, frame))

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.lines.append(("debug", name, value, frame))

    def summary(self, name: str, summary: Any, frame: int) -> None:
        self.lines.append((name, summary, frame))

    def episode(self, episode: Any) -> None:
        self.lines.append(("episode", episode["return"], episode["length"], episode["frame"]))

    def evaluation(self, evaluation: Any) -> None:
        self.lines.append(("evaluation", evaluation["mean"], evaluation["frame"]))


def shown(states: list[MultiagentState]) -> list[tuple[str, float, bool, float]]:
    return [(state.agent, state.reward, state.done, state.mask) for state in states]


# ---- the contract


def test_spaces_are_told_by_agent_and_together() -> None:
    env = game()
    assert list(env.action_spaces) == ["a", "b"]
    assert isinstance(env.observation_spaces, Dict)
    assert env.action_spaces["b"] == Discrete(2)


def test_turns_end_with_the_last_final_state() -> None:
    env = game()
    states, over = [env.reset()], [env.done]
    for _ in range(9):
        states.append(env.step(0))
        over.append(env.done)
    assert shown(states) == [
        ("a", 0.0, False, 1.0),
        ("b", 0.0, False, 1.0),
        ("a", 1.0, False, 1.0),
        ("b", 10.0, False, 1.0),
        ("a", 2.0, True, 0.0),
        ("b", 10.0, False, 1.0),
        ("b", 10.0, True, 1.0),
        ("a", 0.0, False, 1.0),
        ("b", 0.0, False, 1.0),
        ("a", 3.0, True, 0.0),
    ]
    assert over == [False] * 6 + [True] + [False] * 3
    assert env.is_done("a")
    assert not env.is_done("b")


# ---- the control loop


def test_frames_are_actions_that_were_taken_and_returns_are_told_of_each_agent() -> None:
    preset, diary = OnePreset(), Diary()
    experiment = MultiagentEnvExperiment(preset, game(), logger=diary)
    experiment.train(episodes=2)
    # First episode: a acts twice and b three times; then a acts once and b three times.
    assert (experiment.frame, experiment.episode) == (9, 2)
    assert [line for line in diary.lines if line[0] != "timing/fps"] == [
        ("return/a", 3.0, 5),
        ("return/b", 30.0, 5),
        ("episode", 16.5, 5, 5),
        ("return/a", 3.0, 9),
        ("return/b", 30.0, 9),
        ("episode", 16.5, 4, 9),
    ]
    # Each agent was shown its own final state, but for the last one of all, which the next episode would come after.
    ends = [state.agent for state in preset.made.seen if state.done]
    assert ends == ["a", "b", "a"]


def test_training_goes_on_where_it_stopped() -> None:
    at_once, in_parts = OnePreset(), OnePreset()
    MultiagentEnvExperiment(at_once, game()).train(frames=40)
    experiment = MultiagentEnvExperiment(in_parts, game())
    for frames in range(1, 41):
        experiment.train(frames=frames)
        assert experiment.frame == frames
    assert shown(in_parts.made.seen) == shown(at_once.made.seen)


def test_each_hundred_returns_of_each_agent_are_summed_up() -> None:
    diary = Diary()
    MultiagentEnvExperiment(OnePreset(), game(), logger=diary).train(episodes=300)
    summaries = [(line[0], line[1]["mean"]) for line in diary.lines if line[0].startswith("returns100")]
    assert summaries == [("returns100/a", 3.0), ("returns100/b", 30.0), ("returns100", 16.5)] * 3


class Gifts(TakingTurns):
    """Whoever takes part gets 7 before its first turn."""

    @property
    def state(self) -> MultiagentState:
        state = super().state
        return state.update("reward", 7.0) if state["observation"][1] == 0 else state


def test_what_came_before_the_first_turn_belongs_to_the_return() -> None:
    diary, makes = Diary(), {"a": scripted(A), "b": scripted(B)}
    MultiagentEnvExperiment(OnePreset(), Gifts(makes), logger=diary).train(episodes=3)
    assert [line[1] for line in diary.lines if line[0] == "return/a"] == [10.0, 10.0, 10.0]
    result = evaluate_multiagent(Recorder(), Gifts(makes), episodes=3, seed=0)
    assert result["agents"]["b"]["returns"] == [37.0, 37.0, 37.0]


def test_an_environment_is_reset_once() -> None:
    env = game()
    experiment = MultiagentEnvExperiment(OnePreset(), env)
    experiment.train(frames=0)
    experiment.train(frames=1)
    assert [each.resets for each in env.envs.values()] == [1, 1]


# ---- evaluation


def test_whole_games_are_evaluated_for_each_agent() -> None:
    result = evaluate_multiagent(Recorder(), game(), episodes=3, seed=0)
    assert result["returns"] == [16.5, 16.5, 16.5]
    assert result["lengths"] == [5, 4, 5]
    assert result["agents"]["a"]["returns"] == [3.0, 3.0, 3.0]
    assert (result["agents"]["b"]["mean"], result["agents"]["b"]["min"]) == (30.0, 30.0)


def test_an_evaluation_is_logged_for_each_agent_and_leaves_the_training_alone() -> None:
    diary, env = Diary(), game()
    experiment = MultiagentEnvExperiment(OnePreset(), env, logger=diary)
    experiment.train(frames=2)
    before = env.state
    experiment.test(episodes=2)
    assert diary.lines == [("evaluation", 16.5, 2), ("evaluation/a", 3.0, 2), ("evaluation/b", 30.0, 2)]
    assert shown([env.state]) == shown([before])


# ---- legal actions


class Values:
    """Action 2 is best, then 1, then 0."""

    def action_values(self, states: State) -> torch.Tensor:
        return torch.arange(3.0).expand(*states.shape, 3)


@pytest.mark.parametrize(
    ("legal", "best"), [([True] * 3, 2), ([True, True, False], 1), ([True, False, False], 0)]
)
def test_greedy_actions_are_legal(legal: list[bool], best: int) -> None:
    policy = GreedyPolicy(Values(), 3, epsilon=0.0, generator=torch.Generator())  # type: ignore[arg-type]
    state = State({"observation": torch.zeros(1), "action_mask": torch.tensor(legal)})
    assert policy.no_grad(state).item() == best
    assert policy.no_grad(State.array([state, state])).tolist() == [best, best]


# ---- between an agent and its player


def test_a_parallel_agent_sees_an_array_of_one() -> None:
    class Parallel:
        def act(self, state_array: StateArray) -> torch.Tensor:
            self.seen = state_array
            return torch.tensor([[0.5, -0.5]])

    agent = Parallel()
    state = State({"observation": torch.arange(3.0), "reward": 2.0, "done": True, "mask": 1.0})
    assert AsArray(agent).act(state).tolist() == [0.5, -0.5]  # type: ignore[arg-type]
    assert (agent.seen.shape, agent.seen.reward.tolist(), agent.seen.done.tolist()) == ((1,), [2.0], [True])


def test_values_are_logged_under_the_player_s_name_at_the_run_s_frame() -> None:
    diary = Diary()
    logger = PrefixedLogger(diary, "a/", clock=lambda: 77)
    logger.scalar("x", 1.0, 5)
    logger.debug("loss/q", 2.0, 5)
    logger.summary("returns", {"mean": 1.0}, 5)
    logger.episode({"return": 1.0})
    assert diary.lines == [("a/x", 1.0, 77), ("debug", "a/loss/q", 2.0, 77), ("a/returns", {"mean": 1.0}, 77)]
