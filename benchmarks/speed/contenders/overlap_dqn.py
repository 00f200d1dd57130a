"""DQN of ours with the emulators playing while it learns: a trial of another order, to see what it would give.

`order` is `series`, as runs have it (learn, choose, send the actions, receive), or `overlapped`: choose, send the actions, learn,
receive. There, actions are chosen by the network as it was an agent step before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from measured import settings
from ours import measure

from allcore.experiments.experiment import Experiment


def overlap(experiment: Experiment) -> None:
    """From here on, let the agent learn between sending the actions and receiving the states."""
    agent: Any = experiment._agent
    while hasattr(agent, "agent"):  # bodies around it
        agent = agent.agent
    emulators: Any = experiment._simulator
    vector = emulators._emulators._vector
    learn: Callable[[], None] = agent._train

    def step(actions: np.ndarray) -> Any:
        vector.send(actions)
        learn()
        return vector.recv()

    vector.step = step
    agent._train = lambda: None


if __name__ == "__main__":
    given = settings()
    if given["order"] == "overlapped":
        measure(given, overlap)
    else:
        measure(given)
