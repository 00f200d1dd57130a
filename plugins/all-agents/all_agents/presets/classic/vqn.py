"""`classic.vqn`: vanilla Q-learning for classic control."""

from all_agents.compositions.vqn import VQNHyperparameters, VQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_ALL = "autonomous-learning-library 0.9.1, presets/classic_control/vqn.py"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_ZOO = "rl-baselines3-zoo, hyperparams/dqn.yml, CartPole-v1"

vqn = PresetBuilder(
    "classic.vqn",
    values(
        VQNHyperparameters,
        discount_factor=(0.98, _OURS),
        lr=(1e-3, _OURS),
        final_lr_factor=(0.0, _ALL + ", where it falls along a cosine"),
        eps=(1e-8, "torch.optim.Adam"),
        clip_grad=(0.0, _ALL),
        n_envs=(8, _ALL),
        initial_exploration=(1.0, _ALL),
        final_exploration=(0.04, _ZOO),
        final_exploration_step=(16_000, _ZOO + ": 0.16 of the training, here of 100,000 steps"),
        test_exploration=(0.0, _OURS),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((64, 64), _OURS),
    ),
    VQNPreset,
    needs_vector_and_discrete,
)
