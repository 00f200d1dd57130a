"""`atari.vac`: vanilla actor-critic for Atari games."""

from all_agents.compositions.vac import VACHyperparameters, VACPreset
from all_atari.presets.builder import atari_preset

_ALL = "autonomous-learning-library 0.9.1, presets/atari/vac.py"
_NATURE = "Mnih et al. 2015, Methods"

vac = atari_preset(
    "vac",
    VACPreset,
    VACHyperparameters,
    discount_factor=(0.99, _ALL),
    lr_pi=(1e-4, _ALL),
    lr_v=(5e-4, _ALL),
    final_lr_factor=(0.0, _ALL + ", where it falls along a cosine"),
    eps=(1.5e-4, _ALL),
    clip_grad=(0.5, _ALL),
    n_envs=(16, _ALL),
    sample_in_tests=(True, _ALL),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
