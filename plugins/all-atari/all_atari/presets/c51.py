"""`atari.c51`: C51 for Atari games, as in its paper."""

from all_agents.compositions.c51 import C51Hyperparameters, C51Preset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_PAPER = "Bellemare et al. 2017, section 5"
_ZOO = "dqn_zoo, c51/run_atari.py"

c51 = atari_preset(
    "c51",
    C51Preset,
    C51Hyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(2.5e-4, _PAPER),
    final_lr_factor=(1.0, _PAPER),
    eps=(0.01 / 32, _PAPER),
    clip_grad=(10.0, _ZOO),
    n_atoms=(51, _PAPER),
    v_min=(-10.0, _PAPER),
    v_max=(10.0, _PAPER),
    minibatch_size=(32, _NATURE),
    update_frequency=(4, _NATURE),
    target_update_frequency=(2500, _ZOO + ": 40,000 frames"),
    replay_start_size=(50_000, _NATURE),
    replay_buffer_size=(1_000_000, _NATURE),
    initial_exploration=(1.0, _NATURE),
    final_exploration=(0.01, _ZOO),
    final_exploration_step=(1_000_000, _ZOO + ": 4,000,000 frames, there from replay_start_size on"),
    test_exploration=(0.001, _ZOO),
    n_envs=(1, _NATURE),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
