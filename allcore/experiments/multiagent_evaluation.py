"""Playing whole games of several agents without learning."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allcore.experiments.statistics import summarise
from allcore.experiments.training_log import PROGRESS_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from allcore.agents import Multiagent
    from allcore.environments import MultiagentEnvironment


def evaluate_multiagent(
    agent: Multiagent,
    env: MultiagentEnvironment,
    episodes: int,
    seed: int,
    report: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Play `episodes` whole games, one after the other.

    Args:
        agent: acts for all agents and does not learn.
        env: an environment used for nothing else.
        episodes: how many games.
        seed: the environment's seed.
        report: told now and then how many games have ended, and of how many.

    Returns:
        What `allcore.experiments.evaluation.evaluate` returns, for the mean of the agents' returns; and `agents`: for each
        of them `mean`, `std`, `max`, `min` and the list `returns` of its own returns.
    """
    returns: dict[str, list[float]] = {name: [] for name in env.agents}
    lengths: list[int] = []
    state = env.reset(seed)
    running, length = dict.fromkeys(env.agents, 0.0), 0
    running[state.agent] += float(state.reward)
    next_report = time.monotonic()
    while len(lengths) < episodes:
        if report is not None and time.monotonic() >= next_report:
            next_report += PROGRESS_INTERVAL
            report(len(lengths), episodes)
        length += not state.done
        state = env.step(agent.act(state))
        running[state.agent] += float(state.reward)
        if env.done:
            for name, value in running.items():
                returns[name].append(value)
            lengths.append(length)
            running, length = dict.fromkeys(env.agents, 0.0), 0
    means = [sum(game) / len(game) for game in zip(*returns.values(), strict=True)]
    return {
        "episodes": episodes,
        **summarise(means),
        "mean_length": sum(lengths) / len(lengths),
        "returns": means,
        "lengths": lengths,
        "agents": {name: {**summarise(theirs), "returns": theirs} for name, theirs in returns.items()},
    }
