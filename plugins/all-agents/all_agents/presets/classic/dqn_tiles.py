"""`classic.dqn_tiles`: DQN on tile coding, for tasks of two or three dimensions with bounds, such as MountainCar."""

from all_agents.compositions.dqn import DQNHyperparameters, DQNPreset
from all_agents.models import needs_tiles_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_TILES = "Sutton and Barto 2018, example 10.1: Mountain Car"

dqn_tiles = PresetBuilder(
    "classic.dqn_tiles",
    values(
        DQNHyperparameters,
        discount_factor=(0.99, _DQN),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(1e-3, _DQN),
        optimizer=("all_agents.compositions.optimizers:adam", _DQN),
        minibatch_size=(64, _DQN),
        huber_threshold=(100.0, _DQN),
        update_frequency=(2, _DQN),
        target_update_frequency=(100, _DQN),
        replay_start_size=(1000, _DQN),
        replay_buffer_size=(100_000, _DQN),
        n_steps=(5, _DQN),
        initial_exploration=(1.0, _DQN),
        final_exploration=(0.04, _DQN),
        final_exploration_step=(1000, _OURS),
        test_exploration=(0.0, _DQN),
        n_envs=(1, _DQN),
        features=("all_agents.models:tile_features", _TILES),
        hidden=((128, 128), _DQN),
    ),
    DQNPreset,
    needs_tiles_and_discrete,
)
