"""Whoever knows the system's first document finds its names: `all.X` is `allcore.X`, or the plugin's own package."""

import importlib

import pytest

NAMES = [
    ("allcore.core", "State StateArray MultiagentState"),
    ("allcore.agents", "Agent ParallelAgent Multiagent"),
    ("allcore.approximation", "Approximation QNetwork VNetwork FeatureNetwork"),
    ("allcore.environments", "Environment GymEnvironment MultiagentEnvironment"),
    ("allcore.presets", "Preset PresetBuilder load_preset"),
    ("allcore.experiments", "run_experiment plot_returns_100 Experiment"),
    ("allcore.bodies", "ClipRewards EpisodicLives FrameStack TimeFeature"),
    ("all_agents.agents", "DQN"),
    ("all_agents.presets.classic", "dqn"),
    ("all_atari", "AtariEnvironment DeepmindAtariBody"),
    ("all_atari.presets", "dqn"),
    ("all_mujoco", "MujocoEnvironment"),
    ("all_pettingzoo", "PettingZooEnvironment"),
]


@pytest.mark.parametrize(("module", "names"), NAMES)
def test_names(module, names):
    package = importlib.import_module(module)
    for name in names.split():
        assert callable(getattr(package, name)) or hasattr(getattr(package, name), "build")
