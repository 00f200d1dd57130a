"""`atari.dqn_tuned`: DQN for Atari games with Adam, which learns faster than the paper's optimizer."""

from all_agents.compositions.dqn import DQNHyperparameters, DQNPreset
from all_atari.presets.builder import atari_preset

_ALL = "autonomous-learning-library 0.9.1, presets/atari/dqn.py"
_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"

dqn_tuned = atari_preset(
    "dqn_tuned",
    DQNPreset,
    DQNHyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(1e-4, _ALL),
    final_lr_factor=(1.0, _NATURE),
    eps=(1.5e-4, "Hessel et al. 2018, Table 1"),
    optimizer=("all_agents.compositions.optimizers:adam", _ALL),
    minibatch_size=(32, _NATURE),
    huber_threshold=(1.0, _NATURE),
    update_frequency=(4, _NATURE),
    target_update_frequency=(1000, _ALL),
    replay_start_size=(80_000, _ALL),
    replay_buffer_size=(1_000_000, _NATURE),
    initial_exploration=(1.0, _NATURE),
    final_exploration=(0.01, _ALL),
    final_exploration_step=(250_000, _ALL),
    test_exploration=(0.05, _NATURE),
    n_envs=(1, _NATURE),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
