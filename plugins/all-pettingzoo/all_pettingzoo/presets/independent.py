"""`pettingzoo.independent`: a single-agent preset for each player."""

from all_agents.compositions.independent import (
    IndependentHyperparameters,
    IndependentPreset,
    needs_players,
)
from allcore.presets import PresetBuilder, values

independent = PresetBuilder(
    "pettingzoo.independent",
    values(
        IndependentHyperparameters,
        agent=("classic.dqn", "ours"),
        players=((), "ours"),
        settings=((), "ours"),
    ),
    IndependentPreset,
    needs_players,
)
