"""The control loops, held against environments whose every step is written down."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from allcore.agents import Agent, PolicyAgent
from allcore.experiments import ParallelEnvExperiment, SingleEnvExperiment, evaluate
from allcore.logging import DummyLogger
from allcore.seeding import Seeds
from allcore.testing.environments import ScriptedEnvironment, ScriptedVectorEnvironment, Step

EPISODES = [
    [Step(1.0), Step(2.0), Step(3.0, terminated=True)],
    [Step(10.0, truncated=True)],
    [Step(0.5), Step(-0.5, life_lost=True), Step(0.0), Step(7.0, terminated=True)],
]
RETURNS, LENGTHS = [6.0, 10.0, 7.0], [3, 1, 4]


class Recorder(Agent):
    """Answers always 1 and keeps what it was shown."""

    def __init__(self) -> None:
        self.states: list[Any] = []

    def act(self, state: Any) -> Any:
        self.states.append(state)
        return torch.ones(state.shape, dtype=torch.int64)


class RecorderPreset:
    """As much of a preset as a control loop uses."""

    def __init__(self, n_envs: int = 1) -> None:
        self.n_envs = n_envs
        self.seeds = Seeds(0)
        self.made = Recorder()

    def agent(self, logger: Any = None, train_steps: float = 0) -> Recorder:
        return self.made

    def parallel_test_agent(self) -> PolicyAgent:
        return PolicyAgent(lambda states: torch.zeros(states.shape, dtype=torch.int64))


class Keeper(DummyLogger):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.episodes: list[Any] = []
        self.summaries: list[Any] = []
        self.evaluations: list[Any] = []

    def episode(self, episode: Any) -> None:
        self.episodes.append(dict(episode))

    def summary(self, name: str, summary: Any, frame: int) -> None:
        self.summaries.append((name, dict(summary), frame))

    def evaluation(self, evaluation: Any) -> None:
        self.evaluations.append(dict(evaluation))


def test_single_loop_shows_the_agent_every_state_and_counts_only_steps() -> None:
    env, preset, keeper = ScriptedEnvironment(EPISODES), RecorderPreset(), Keeper()
    SingleEnvExperiment(preset, env, logger=keeper).train(frames=8)
    assert [e["return"] for e in keeper.episodes] == RETURNS
    assert [e["length"] for e in keeper.episodes] == LENGTHS
    assert [e["frame"] for e in keeper.episodes] == [3, 4, 8]
    assert len(env.actions) == 8
    seen = [(*state.observation.tolist(), state.done, state.mask) for state in preset.made.states]
    assert seen == [
        (0, 0, False, 1.0), (0, 1, False, 1.0), (0, 2, False, 1.0), (0, 3, True, 0.0),
        (1, 0, False, 1.0), (1, 1, True, 1.0),  # truncated: done, but to be bootstrapped from
        (2, 0, False, 1.0), (2, 1, False, 1.0), (2, 2, False, 1.0), (2, 3, False, 1.0),
    ]  # fmt: skip
    assert [state.reward for state in preset.made.states][4] == 0.0


def test_single_loop_goes_on_where_it_stopped() -> None:
    once, twice = (SingleEnvExperiment(RecorderPreset(), ScriptedEnvironment(EPISODES)) for _ in range(2))
    once.train(frames=7)
    twice.train(frames=2)
    twice.train(frames=7)
    pairs = zip(once.preset.made.states, twice.preset.made.states, strict=True)
    assert all(torch.equal(a.observation, b.observation) for a, b in pairs)


def test_an_environment_that_was_shown_is_left_open_for_whoever_made_it(monkeypatch) -> None:
    class NoWindow:
        def __init__(self, title: str) -> None: ...
        def show(self, env: Any) -> None: ...
        def close(self) -> None: ...

    class Closable(ScriptedEnvironment):
        closed = False

        def close(self) -> None:
            self.closed = True

    class Copied(Closable):
        def renderable(self) -> Closable:
            self.copy = Closable(EPISODES)
            return self.copy

    monkeypatch.setattr("allcore.experiments.experiment.Viewer", NoWindow)
    for env in (Closable(EPISODES), Copied(EPISODES)):
        experiment = SingleEnvExperiment(RecorderPreset(), env, render=True)
        experiment.train(frames=2)
        experiment.close()
        assert not env.closed
    assert env.copy.closed


def test_train_stops_after_episodes() -> None:
    experiment = SingleEnvExperiment(RecorderPreset(), ScriptedEnvironment(EPISODES))
    experiment.train(episodes=2)
    assert (experiment.episode, experiment.frame) == (2, 4)


def test_parallel_loop_counts_each_environment_by_itself() -> None:
    preset, keeper = RecorderPreset(n_envs=3), Keeper()
    experiment = ParallelEnvExperiment(preset, ScriptedEnvironment(EPISODES), logger=keeper)
    experiment.train(frames=12)
    # Environment 1 ends after tick 1 (frame 3) and is set up anew in tick 2, which is no frame of its own.
    first = keeper.episodes[0]
    assert (first["env"], first["return"], first["length"], first["frame"]) == (1, 10.0, 1, 3)
    by_env = {index: [e for e in keeper.episodes if e["env"] == index] for index in range(3)}
    assert [(e["return"], e["length"]) for e in by_env[0]][:1] == [(6.0, 3)]
    assert [(e["return"], e["length"]) for e in by_env[2]][:1] == [(7.0, 4)]
    assert by_env[0][0]["frame"] == 3 + 2 + 3
    assert experiment.frame == sum(len(env.actions) for env in experiment._envs.envs)


def test_a_vector_of_one_equals_the_single_loop() -> None:
    single, vector = Keeper(), Keeper()
    SingleEnvExperiment(RecorderPreset(), ScriptedEnvironment(EPISODES), logger=single).train(frames=23)
    ParallelEnvExperiment(RecorderPreset(1), ScriptedEnvironment(EPISODES), logger=vector).train(frames=23)
    for episode in single.episodes + vector.episodes:
        episode.pop("seconds")
    assert single.episodes == vector.episodes
    assert len(single.episodes) > 5


def test_returns_are_summarised_every_hundred_episodes_and_at_the_end() -> None:
    keeper = Keeper()
    rewards = [float(index) for index in range(150)]
    env = ScriptedEnvironment([[Step(reward, terminated=True)] for reward in rewards])
    experiment = SingleEnvExperiment(RecorderPreset(), env, logger=keeper)
    experiment.train(frames=150)
    experiment.log.finish()
    (name, first, frame), (_, rest, end) = keeper.summaries
    assert (name, frame, end) == ("returns100", 100, 150)
    assert (first["mean"], first["min"], first["max"]) == (49.5, 0.0, 99.0)
    assert first["std"] == pytest.approx(28.86607)  # sqrt((100^2 - 1) / 12)
    assert (rest["mean"], rest["min"], rest["max"]) == (124.5, 100.0, 149.0)


def test_evaluation_counts_the_first_games_started_not_the_first_to_end() -> None:
    # Game 0 lasts longest: an evaluation of the first three to end would leave it out.
    games = [[Step(1.0)] * 9 + [Step(100.0, terminated=True)]] + [[Step(5.0, terminated=True)]] * 20
    agent = PolicyAgent(lambda states: torch.zeros(states.shape, dtype=torch.int64))
    result = evaluate(agent, ScriptedVectorEnvironment(games, 2), episodes=3, seed=0)
    assert result["returns"] == [109.0, 5.0, 5.0]
    assert result["lengths"] == [10, 1, 1]
    assert result["mean"] == pytest.approx(119 / 3)
    assert result["mean_length"] == 4.0


def test_evaluation_is_told_to_the_logger_and_leaves_training_alone() -> None:
    env, keeper = ScriptedEnvironment(EPISODES), Keeper()
    experiment = SingleEnvExperiment(RecorderPreset(), env, logger=keeper)
    experiment.train(frames=2)
    state = env.state
    result = experiment.test(episodes=3)
    assert env.state is state
    assert result["returns"] == RETURNS
    assert keeper.evaluations[0]["frame"] == 2


def test_the_time_of_an_evaluation_is_not_counted_as_training(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    seen: list[tuple[int, float]] = []

    class Progress(DummyLogger):
        def progress(self, frame: int, total_frames: float, seconds: float) -> None:
            seen.append((frame, seconds))

    def slow(*args: Any) -> dict[str, Any]:
        clock[0] += 100.0
        return {"mean": 0.0}

    experiment = SingleEnvExperiment(RecorderPreset(), ScriptedEnvironment(EPISODES), logger=Progress())
    experiment.train(frames=4)
    clock[0] = 2.0
    monkeypatch.setattr("allcore.experiments.experiment.evaluate_in", slow)
    experiment.test()
    clock[0] += 1.0
    experiment.log.finish()
    assert seen[-2:] == [(4, 2.0), (4, 3.0)]
