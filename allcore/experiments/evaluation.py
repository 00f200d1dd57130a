"""Playing whole games without learning, to see how good an agent is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from allcore.environments import MultiagentEnvironment
from allcore.experiments.multiagent_evaluation import evaluate_multiagent
from allcore.experiments.statistics import summarise
from allcore.experiments.training_log import PROGRESS_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from allcore.agents import Agent, ParallelAgent
    from allcore.environments import AnyEnvironment, VectorEnvironment

#: Environments that an evaluation plays side by side. Fixed, so that a game depends neither on the machine nor on how many
#: games are asked for: the first three of a hundred are those of an evaluation of three.
EVALUATION_ENVS = 10


def evaluate(
    agent: ParallelAgent | Agent,
    env: VectorEnvironment,
    episodes: int,
    seed: int,
    report: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Play `episodes` whole games: the first that are *started*, so that short games are not favoured.

    Args:
        agent: acts and does not learn.
        env: environments used for nothing else.
        episodes: how many games.
        seed: the environments' seed.
        report: told now and then how many games have ended, and of how many.

    Returns:
        `episodes`, `mean`, `std`, `max`, `min` (of the raw returns), `mean_length` (agent steps), `returns` and `lengths` in
        order of start.
    """
    returns, lengths = np.zeros(episodes), np.zeros(episodes, dtype=np.int64)
    finished = 0
    game = np.arange(env.num_envs)  # which game each environment plays; those from `episodes` on do not count
    started = env.num_envs
    running_return, running_length = np.zeros(env.num_envs), np.zeros(env.num_envs, dtype=np.int64)
    states = env.reset(seed)
    next_report = time.monotonic()
    while finished < episodes:
        if report is not None and time.monotonic() >= next_report:
            next_report += PROGRESS_INTERVAL
            report(finished, episodes)
        states = env.step(agent.act(states))
        running_return += _numpy(states.reward)
        running_length += 1
        for index in np.flatnonzero(_numpy(states.done)):
            if game[index] < episodes:
                returns[game[index]], lengths[game[index]] = running_return[index], running_length[index]
                finished += 1
            game[index] = started
            started += 1
            # The next step only starts a new game: it is not a step of that game.
            running_return[index], running_length[index] = 0.0, -1
    return {
        "episodes": episodes,
        **summarise(returns.tolist()),
        "mean_length": float(lengths.mean()),
        "returns": returns.tolist(),
        "lengths": lengths.tolist(),
    }


def evaluate_in(
    agent: Any,
    env: AnyEnvironment,
    episodes: int,
    seed: int,
    report: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """`evaluate`, or `evaluate_multiagent`, in fresh environments like `env`, which are closed again."""
    if isinstance(env, MultiagentEnvironment):
        return _evaluate_multiagent_in(agent, env, episodes, seed, report)
    games = env.duplicate(EVALUATION_ENVS)
    try:
        return evaluate(agent, games, episodes, seed, report)
    finally:
        games.close()


def _evaluate_multiagent_in(
    agent: Any,
    env: MultiagentEnvironment,
    episodes: int,
    seed: int,
    report: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    game = env.duplicate()
    try:
        return evaluate_multiagent(agent, game, episodes, seed, report)
    finally:
        game.close()


def evaluate_run(
    folder: Path,
    episodes: int = 100,
    seed: int | None = None,
    device: str = "cpu",
    trust: Collection[str] = (),
) -> dict[str, Any]:
    """Play games with the weights that a run saved.

    Args:
        folder: the run's folder.
        episodes: how many games.
        seed: the environments' seed; by default that of the run's own final evaluation, which gives the same games.
        device: where to put the networks.
        trust: modules whose functions the saved preset may name.

    Raises:
        CheckpointError: the run has saved no weights, or they cannot be loaded.
    """
    from allcore.experiments.saved import open_run, recorded_threads
    from allcore.experiments.threads import choose_threads, computing

    env, preset = open_run(folder, device=device, trust=trust)
    try:
        stream = preset.seeds.integer("evaluation") if seed is None else seed
        # As many threads as the run had: another count changes the last bits of values, and with them whole games.
        with computing(recorded_threads(folder) or choose_threads(preset)):
            return evaluate_in(preset.parallel_test_agent(), env, episodes, stream)
    finally:
        env.close()


def _numpy(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()
