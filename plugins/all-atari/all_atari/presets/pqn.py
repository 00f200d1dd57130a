"""`atari.pqn`: PQN for Atari games, as in its paper."""

from all_agents.compositions.pqn import PQNHyperparameters, PQNPreset
from all_atari.presets.builder import atari_preset

_NATURE = "Mnih et al. 2015, Methods"
_PAPER = "Gallici et al. 2024; purejaxql, config/alg/pqn_atari.yaml"

pqn = atari_preset(
    "pqn",
    PQNPreset,
    PQNHyperparameters,
    discount_factor=(0.99, _PAPER),
    lr=(2.5e-4, _PAPER),
    final_lr_factor=(1.0, _PAPER),
    eps=(1e-8, "optax.radam, as in purejaxql"),
    clip_grad=(10.0, _PAPER),
    lam=(0.65, _PAPER),
    n_envs=(128, _PAPER),
    n_steps=(32, _PAPER),
    n_epochs=(2, _PAPER),
    n_minibatches=(32, _PAPER),
    initial_exploration=(1.0, _PAPER),
    final_exploration=(0.001, _PAPER),
    final_exploration_step=(5_000_000, _PAPER + ": 0.1 of 50,000,000 agent steps"),
    test_exploration=(0.0, _PAPER),
    features=("all_atari.models:normalized_convolutions", _PAPER),
    hidden=((512,), _NATURE),
)
