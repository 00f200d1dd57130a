"""`atari.iqn`: IQN for Atari games, as in its paper."""

from all_agents.compositions.iqn import IQNHyperparameters, IQNPreset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_PAPER = "Dabney et al. 2018, Implicit quantile networks, section 4"
_ZOO = "dqn_zoo, iqn/run_atari.py"

iqn = atari_preset(
    "iqn",
    IQNPreset,
    IQNHyperparameters,
    discount_factor=(0.99, _NATURE),
    lr=(5e-5, _PAPER),
    final_lr_factor=(1.0, _PAPER),
    eps=(0.01 / 32, _PAPER),
    optimizer=("all_agents.compositions.optimizers:adam", _PAPER),
    minibatch_size=(32, _NATURE),
    huber_threshold=(1.0, _PAPER),
    n_fractions=(64, _PAPER),
    n_target_fractions=(64, _PAPER),
    n_acting_fractions=(32, _PAPER),
    n_cosines=(64, _PAPER),
    update_frequency=(4, _NATURE),
    target_update_frequency=(2500, _ZOO + ": 40,000 frames"),
    replay_start_size=(50_000, _NATURE),
    replay_buffer_size=(1_000_000, _NATURE),
    initial_exploration=(1.0, _NATURE),
    final_exploration=(0.01, _ZOO),
    final_exploration_step=(1_000_000, _ZOO + ": 4,000,000 frames, there from replay_start_size on"),
    test_exploration=(0.001, _ZOO),
    n_envs=(1, _NATURE),
    features=("all_atari.models:nature_convolutions", _NATURE),
    embedding_hidden=((), _PAPER),
    hidden=((512,), _NATURE),
)
