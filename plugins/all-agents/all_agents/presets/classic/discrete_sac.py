"""`classic.discrete_sac`: discrete SAC for classic control."""

from all_agents.compositions.discrete_sac import DiscreteSACHyperparameters, DiscreteSACPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_CLEANRL = "CleanRL, sac_atari.py"

discrete_sac = PresetBuilder(
    "classic.discrete_sac",
    values(
        DiscreteSACHyperparameters,
        discount_factor=(0.99, _DQN),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(64, _DQN),
        update_frequency=(2, _DQN),
        target_update_frequency=(100, _DQN),
        replay_start_size=(1000, _DQN),
        replay_buffer_size=(100_000, _DQN),
        initial_temperature=(1.0, _CLEANRL),
        target_entropy_scale=(0.5, _OURS),
        n_envs=(1, _CLEANRL),
        features=("all_agents.models:vector_features", _DQN),
        hidden=((128, 128), _OURS),
    ),
    DiscreteSACPreset,
    needs_vector_and_discrete,
)
