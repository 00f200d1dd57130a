"""`classic.qrdqn`: QR-DQN for classic control."""

from all_agents.compositions.qrdqn import QRDQNHyperparameters, QRDQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_DQN = "as classic.dqn"
_ZOO = "rl-baselines3-zoo, hyperparams/qrdqn.yml, CartPole-v1"

qrdqn = PresetBuilder(
    "classic.qrdqn",
    values(
        QRDQNHyperparameters,
        discount_factor=(0.99, _ZOO),
        lr=(1e-3, _DQN),
        final_lr_factor=(0.0, _DQN),
        eps=(0.01 / 32, "Dabney et al. 2018a"),
        optimizer=("all_agents.compositions.optimizers:adam", _DQN),
        minibatch_size=(64, _DQN),
        huber_threshold=(1.0, "Dabney et al. 2018a"),
        n_quantiles=(25, "rl-baselines3-zoo, hyperparams/qrdqn.yml, Acrobot-v1"),
        update_frequency=(2, _DQN),
        target_update_frequency=(100, _DQN),
        replay_start_size=(1000, _ZOO),
        replay_buffer_size=(100_000, _DQN),
        n_steps=(5, _DQN),
        initial_exploration=(1.0, "Mnih et al. 2015"),
        final_exploration=(0.04, _ZOO),
        final_exploration_step=(16_000, _DQN),
        test_exploration=(0.0, _DQN),
        n_envs=(1, "Mnih et al. 2015"),
        features=("all_agents.models:vector_features", _DQN),
        hidden=((128, 128), _DQN),
    ),
    QRDQNPreset,
    needs_vector_and_discrete,
)
