"""`atari.vpg`: vanilla policy gradient for Atari games."""

from all_agents.compositions.vpg import VPGHyperparameters, VPGPreset
from all_atari.presets.builder import atari_preset

_ALL = "autonomous-learning-library 0.9.1, presets/atari/vpg.py"
_NATURE = "Mnih et al. 2015, Methods"

vpg = atari_preset(
    "vpg",
    VPGPreset,
    VPGHyperparameters,
    discount_factor=(0.99, _ALL),
    lr_pi=(1e-4, _ALL),
    lr_v=(5e-4, _ALL),
    final_lr_factor=(0.0, _ALL + ", where it falls along a cosine"),
    eps=(1.5e-4, _ALL),
    clip_grad=(0.5, _ALL),
    n_envs=(8, "with n_steps, the 1000 steps of " + _ALL),
    n_steps=(128, "with n_envs, the 1000 steps of " + _ALL),
    lam=(1.0, "Williams 1992"),
    normalize_advantages=(False, "Williams 1992"),
    value_updates=(1, _ALL),
    sample_in_tests=(True, _ALL),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
