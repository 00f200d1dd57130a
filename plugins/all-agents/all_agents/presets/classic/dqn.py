"""`classic.dqn`: DQN for classic control."""

from all_agents.compositions.dqn import DQNHyperparameters, DQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_NATURE = "Mnih et al. 2015"
_OURS = "ours: docs/decisions/2026-11-22-classic-dqn-settings.md"
_ZOO = "rl-baselines3-zoo, hyperparams/dqn.yml, CartPole-v1"

dqn = PresetBuilder(
    "classic.dqn",
    values(
        DQNHyperparameters,
        discount_factor=(0.99, _OURS),
        lr=(1e-3, _OURS),
        final_lr_factor=(0.0, _OURS),
        eps=(1e-3, _OURS),
        optimizer=("all_agents.compositions.optimizers:adam", _OURS),
        minibatch_size=(64, _OURS),
        huber_threshold=(100.0, _OURS),
        update_frequency=(2, _OURS),
        target_update_frequency=(100, _OURS),
        replay_start_size=(1000, _OURS),
        replay_buffer_size=(100_000, _OURS),
        n_steps=(5, _OURS),
        initial_exploration=(1.0, _NATURE),
        final_exploration=(0.04, _ZOO),
        final_exploration_step=(16_000, _ZOO + ": 0.16 of the training, here of 100,000 steps"),
        test_exploration=(0.0, _OURS),
        n_envs=(1, _NATURE),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((128, 128), _OURS),
    ),
    DQNPreset,
    needs_vector_and_discrete,
)
