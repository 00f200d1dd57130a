"""`classic.c51`: C51 for classic control."""

from all_agents.compositions.c51 import C51Hyperparameters, C51Preset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_SUPPORT = (
    "ours: with a reward of 1 or -1 in every step, returns lie within 1 / (1 - discount_factor) = 100 of zero"
)

c51 = PresetBuilder(
    "classic.c51",
    values(
        C51Hyperparameters,
        discount_factor=(0.99, _DQN),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(0.01 / 32, "Bellemare et al. 2017"),
        clip_grad=(0.0, _DQN),
        n_atoms=(51, "Bellemare et al. 2017"),
        v_min=(-100.0, _SUPPORT),
        v_max=(100.0, _SUPPORT),
        minibatch_size=(64, _DQN),
        update_frequency=(2, _DQN),
        target_update_frequency=(100, _DQN),
        replay_start_size=(1000, _DQN),
        replay_buffer_size=(100_000, _DQN),
        n_steps=(5, _DQN),
        initial_exploration=(1.0, "Mnih et al. 2015"),
        final_exploration=(0.04, _DQN),
        final_exploration_step=(16_000, _DQN),
        test_exploration=(0.0, _DQN),
        n_envs=(1, "Mnih et al. 2015"),
        features=("all_agents.models:vector_features", _DQN),
        hidden=((128, 128), _DQN),
    ),
    C51Preset,
    needs_vector_and_discrete,
)
