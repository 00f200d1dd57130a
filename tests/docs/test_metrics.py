"""What the algorithms' pages say of metrics: every one that they name is logged, and every one that is logged they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from allcore.environments import GymEnvironment
from allcore.experiments.beginning import make_experiment
from allcore.logging import Logger
from allcore.plugins import Entry, registry

PAGES = Path(__file__).parents[2] / "docs/reference/algorithms"
EXAMPLES = {"classic": "CartPole-v1", "continuous": "Pendulum-v1"}
SMALL = {
    "hidden": (8,),
    "critic_hidden": (8,),
    "minibatch_size": 4,
    "replay_start_size": 10,
    "replay_buffer_size": 1000,
    "update_frequency": 1,
    "n_steps": 2,
    "n_envs": 1,
    "n_minibatches": 1,
}


def _cheap_presets() -> dict[str, Entry]:
    """For each agent a preset of classic control or of a small continuous task."""
    presets = [entry for entry in registry().records("presets") if entry.record.domain in EXAMPLES]
    return {entry.record.agent: entry for entry in reversed(presets)}


PRESETS = _cheap_presets()


class Recorder(Logger):
    """Keeps the names of what is logged."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.names: set[str] = set()

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.names.add(name)


def _page(name: str) -> tuple[set[str], list[str]]:
    """The metrics that an algorithm's page names, and the pages that its section on metrics refers to."""
    text = (PAGES / f"{name.replace('_', '-')}.md").read_text(encoding="utf-8")
    section = text.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`([a-z_]+/\w+)`", section)), re.findall(r"\]\(([\w-]+)\.md\)", section)


def _own(names: set[str]) -> set[str]:
    """Without those that the index describes for all agents."""
    return {name for name in names if not name.startswith(("learning_rate/", "gradient_norm/"))}


def test_only_the_agent_of_agents_has_no_cheap_preset() -> None:
    agents = {entry.key for entry in registry().records("agents") if entry.plugin.namespace == "agents"}
    assert agents - PRESETS.keys() == {"agents.independent"}


@pytest.mark.parametrize("agent", sorted(PRESETS))
def test_pages_name_the_metrics_that_are_logged(agent: str) -> None:
    entry = PRESETS[agent]
    builder = registry().load(entry)
    changes = {key: value for key, value in SMALL.items() if hasattr(builder.values, key)}
    env = GymEnvironment(EXAMPLES[entry.record.domain])
    preset = builder.hyperparameters(**changes).env(env).seed(0).build()
    recorder = Recorder()
    loop = make_experiment(preset, env, logger=recorder, train_steps=300)
    loop.train(frames=300)
    loop.close()
    described, references = _page(agent.partition(".")[2])
    for name in references:
        described |= _page(name)[0]
    assert _own(described) == _own(recorder.names)
