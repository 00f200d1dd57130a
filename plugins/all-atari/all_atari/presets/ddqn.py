"""`atari.ddqn`: double DQN for Atari games, as its paper tuned it."""

from all_agents.compositions.ddqn import DDQNHyperparameters, DDQNPreset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_TUNED = "van Hasselt et al. 2016, tuned version"
_ZOO = "dqn_zoo, double_q/run_atari.py"

ddqn = atari_preset(
    "ddqn",
    DDQNPreset,
    DDQNHyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(2.5e-4, _NATURE),
    final_lr_factor=(1.0, _NATURE),
    eps=(0.01 / 32**2, _ZOO + ": the paper's 0.01 is for sums over a minibatch"),
    optimizer=("all_agents.compositions.optimizers:centred_rmsprop", _NATURE),
    minibatch_size=(32, _NATURE),
    huber_threshold=(1.0, _NATURE),
    update_frequency=(4, _NATURE),
    target_update_frequency=(7500, _TUNED + ": 30,000 agent steps"),
    replay_start_size=(50_000, _NATURE),
    replay_buffer_size=(1_000_000, _NATURE),
    initial_exploration=(1.0, _NATURE),
    final_exploration=(0.01, _TUNED),
    final_exploration_step=(1_000_000, _ZOO + ": 4,000,000 frames, there from replay_start_size on"),
    test_exploration=(0.001, _TUNED),
    n_envs=(1, _NATURE),
    features=("all_atari.models:nature_convolutions", _NATURE),
    hidden=((512,), _NATURE),
    shared_bias=(True, _TUNED),
)
