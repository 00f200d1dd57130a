"""`classic.rainbow`: Rainbow for classic control."""

from all_agents.compositions.rainbow import RainbowHyperparameters, RainbowPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_HESSEL = "Hessel et al. 2018, Table 1"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_SUPPORT = "as classic.c51"

rainbow = PresetBuilder(
    "classic.rainbow",
    values(
        RainbowHyperparameters,
        discount_factor=(0.99, _DQN),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(1.5e-4, _HESSEL),
        clip_grad=(10.0, "dqn_zoo, rainbow/run_atari.py"),
        n_atoms=(51, _HESSEL),
        v_min=(-100.0, _SUPPORT),
        v_max=(100.0, _SUPPORT),
        minibatch_size=(64, _DQN),
        update_frequency=(2, _DQN),
        target_update_frequency=(100, _DQN),
        replay_start_size=(1000, _DQN),
        replay_buffer_size=(100_000, _DQN),
        n_envs=(1, "Mnih et al. 2015"),
        n_steps=(5, _DQN),
        priority_alpha=(0.5, _HESSEL),
        priority_initial_beta=(0.4, _HESSEL),
        priority_final_beta=(1.0, _HESSEL),
        features=("all_agents.models:vector_features", _DQN),
        shared_hidden=((256,), _OURS),
        hidden=((128,), _OURS),
        noisy_sigma=(0.5, _HESSEL),
    ),
    RainbowPreset,
    needs_vector_and_discrete,
)
