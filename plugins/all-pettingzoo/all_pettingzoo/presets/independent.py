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
        agent=("classic.dqn", "ours: it plays every game with vectors and discrete actions"),
        players=((), "ours: all players alike"),
        settings=((), "ours: as the preset has them"),
    ),
    IndependentPreset,
    needs_players,
)
