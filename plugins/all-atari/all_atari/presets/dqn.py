"""`atari.dqn`: DQN for Atari games, as in its paper."""

from all_agents.compositions.dqn import DQNHyperparameters, DQNPreset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_ZOO = "dqn_zoo, dqn/run_atari.py"

dqn = atari_preset(
    "dqn",
    DQNPreset,
    DQNHyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(2.5e-4, _NATURE),
    final_lr_factor=(1.0, _NATURE),
    eps=(0.01 / 32**2, _ZOO + ": the paper's 0.01 is for sums over a minibatch"),
    optimizer=("all_agents.compositions.optimizers:centred_rmsprop", _NATURE),
    minibatch_size=(32, _NATURE),
    huber_threshold=(1.0, _NATURE),
    update_frequency=(4, _NATURE),
    target_update_frequency=(2500, _ZOO + ": 10,000 agent steps, which the paper's table calls updates"),
    replay_start_size=(50_000, _NATURE),
    replay_buffer_size=(1_000_000, _NATURE),
    initial_exploration=(1.0, _NATURE),
    final_exploration=(0.1, _NATURE),
    final_exploration_step=(1_000_000, _NATURE),
    test_exploration=(0.05, _NATURE),
    n_envs=(1, _NATURE),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
)
