"""DQN of ours with the emulators playing while it learns: a trial of another order, to see what it would give.

`order` is `series`, as runs have it (learn, choose, send the actions, receive), or `overlapped`: choose, send the actions, learn,
receive. There, actions are chosen by the network as it was an agent step before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measured import Stopwatch, report, settings
from ours import DISTRIBUTIONS, make_spec, train, updates_of

from allcore.experiments.allocator import keep_memory
from allcore.experiments.beginning import begin
from allcore.experiments.experiment import Experiment
from allcore.experiments.interruption import Interruption
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import build


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


def main() -> None:
    given = settings()
    keep_memory()
    spec = make_spec(given)
    env, preset = build(spec)
    stopwatch = Stopwatch(preset.parameters())
    with tempfile.TemporaryDirectory() as logdir, RunFolder(Path(logdir)) as folder:
        experiment = begin(spec, env, preset, folder, Interruption(), quiet=False, render=False)
        if given["order"] == "overlapped":
            overlap(experiment)
        train(experiment, spec, folder, given["warm_up"])
        before = updates_of(experiment)
        stopwatch.start()
        train(experiment, spec, folder, spec.frames)
        result = stopwatch.stop(given["frames"])
        result["updates"] = updates_of(experiment) - before
        experiment.logger.close()
        experiment.close()
    env.close()
    report(result, *DISTRIBUTIONS)


if __name__ == "__main__":
    main()
