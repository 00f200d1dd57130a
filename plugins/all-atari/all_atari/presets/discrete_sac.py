"""`atari.discrete_sac`: discrete SAC for Atari games, as CleanRL runs it."""

from all_agents.compositions.discrete_sac import DiscreteSACHyperparameters, DiscreteSACPreset
from all_atari.presets.builder import atari_preset

_CLEANRL = "CleanRL, sac_atari.py"

discrete_sac = atari_preset(
    "discrete_sac",
    DiscreteSACPreset,
    DiscreteSACHyperparameters,
    discount_factor=(0.99, _CLEANRL),
    lr=(3e-4, _CLEANRL),
    final_lr_factor=(1.0, _CLEANRL),
    eps=(1e-4, _CLEANRL),
    minibatch_size=(64, _CLEANRL),
    update_frequency=(4, _CLEANRL),
    target_update_frequency=(2000, _CLEANRL + ": 8000 agent steps"),
    replay_start_size=(20_000, _CLEANRL),
    replay_buffer_size=(1_000_000, _CLEANRL),
    initial_temperature=(1.0, _CLEANRL),
    target_entropy_scale=(0.89, _CLEANRL),
    n_envs=(1, _CLEANRL),
    features=("all_atari.models:nature_convolutions", _CLEANRL),
    hidden=((512,), _CLEANRL),
)
