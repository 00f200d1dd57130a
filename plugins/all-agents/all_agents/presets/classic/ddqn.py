"""`classic.ddqn`: double DQN for classic control."""

from all_agents.compositions.ddqn import DDQNHyperparameters, DDQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"

ddqn = PresetBuilder(
    "classic.ddqn",
    values(
        DDQNHyperparameters,
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
        initial_exploration=(1.0, "Mnih et al. 2015"),
        final_exploration=(0.04, _DQN),
        final_exploration_step=(16_000, _DQN),
        test_exploration=(0.0, _DQN),
        n_envs=(1, "Mnih et al. 2015"),
        features=("all_agents.models:vector_features", _DQN),
        hidden=((128, 128), _DQN),
        shared_bias=(False, _DQN),
    ),
    DDQNPreset,
    needs_vector_and_discrete,
)
