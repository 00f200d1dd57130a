"""`classic.iqn`: IQN for classic control."""

from all_agents.compositions.iqn import IQNHyperparameters, IQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_PAPER = "Dabney et al. 2018b"

iqn = PresetBuilder(
    "classic.iqn",
    values(
        IQNHyperparameters,
        discount_factor=(0.99, _DQN),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(0.01 / 32, _PAPER),
        optimizer=("all_agents.compositions.optimizers:adam", _DQN),
        minibatch_size=(64, _DQN),
        huber_threshold=(1.0, _PAPER),
        n_fractions=(8, _OURS),
        n_target_fractions=(8, _OURS),
        n_acting_fractions=(16, _OURS),
        n_cosines=(64, _PAPER),
        update_frequency=(4, _OURS),
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
        embedding_hidden=((128,), _OURS),
        hidden=((128,), _OURS),
    ),
    IQNPreset,
    needs_vector_and_discrete,
)
