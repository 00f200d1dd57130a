"""`atari.vsarsa`: vanilla SARSA for Atari games."""

from all_agents.compositions.vsarsa import VSarsaHyperparameters, VSarsaPreset
from all_atari.presets.builder import atari_preset

_ALL = "autonomous-learning-library 0.9.1, presets/atari/vsarsa.py"
_NATURE = "Mnih et al. 2015, Methods"

vsarsa = atari_preset(
    "vsarsa",
    VSarsaPreset,
    VSarsaHyperparameters,
    discount_factor=(0.99, _ALL),
    lr=(1e-3, _ALL + ", there of a dueling network"),
    final_lr_factor=(0.0, _ALL + ", where it falls along a cosine"),
    eps=(1.5e-4, _ALL),
    clip_grad=(0.0, _ALL),
    n_envs=(64, _ALL),
    initial_exploration=(1.0, _ALL),
    final_exploration=(0.01, _ALL),
    final_exploration_step=(250_000, _ALL),
    test_exploration=(0.001, _ALL),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
