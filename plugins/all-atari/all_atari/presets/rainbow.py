"""`atari.rainbow`: Rainbow for Atari games, as in its paper."""

from all_agents.compositions.rainbow import RainbowHyperparameters, RainbowPreset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_PAPER = "Hessel et al. 2018, Table 1"
_WANG = "Wang et al. 2016, section 4.2"

rainbow = atari_preset(
    "rainbow",
    RainbowPreset,
    RainbowHyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(6.25e-5, _PAPER),
    final_lr_factor=(1.0, _PAPER),
    eps=(1.5e-4, _PAPER),
    clip_grad=(10.0, _WANG),
    n_atoms=(51, _PAPER),
    v_min=(-10.0, _PAPER),
    v_max=(10.0, _PAPER),
    minibatch_size=(32, _NATURE),
    update_frequency=(4, _NATURE),
    target_update_frequency=(2000, _PAPER + ": 32,000 frames"),
    replay_start_size=(20_000, _PAPER + ": 80,000 frames"),
    replay_buffer_size=(1_000_000, _NATURE),
    n_envs=(1, _NATURE),
    n_steps=(3, _PAPER),
    priority_alpha=(0.5, _PAPER),
    priority_initial_beta=(0.4, _PAPER),
    priority_final_beta=(1.0, _PAPER),
    features=("all_atari.models:nature_convolutions", _NATURE),
    shared_hidden=((), _WANG),
    hidden=((512,), _WANG),
    noisy_sigma=(0.5, _PAPER),
)
