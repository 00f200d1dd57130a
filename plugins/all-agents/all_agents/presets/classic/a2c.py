"""`classic.a2c`: A2C for classic control."""

from all_agents.compositions.a2c import A2CHyperparameters, A2CPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/a2c.yml, CartPole-v1"
_SB3 = "Stable-Baselines3's default"
_OPENAI = "openai/baselines, a2c/a2c.py"
_HUANG = "Huang et al. 2022, The 37 implementation details"

a2c = PresetBuilder(
    "classic.a2c",
    values(
        A2CHyperparameters,
        discount_factor=(0.99, _SB3),
        lr=(7e-4, _OPENAI),
        final_lr_factor=(0.0, _OPENAI),
        alpha=(0.99, _OPENAI),
        eps=(1e-5, _OPENAI),
        n_envs=(8, _ZOO),
        n_steps=(5, _OPENAI),
        lam=(1.0, "Mnih et al. 2016"),
        value_loss_scaling=(0.5, _OPENAI),
        entropy_loss_scaling=(0.0, _ZOO),
        clip_grad=(0.5, _OPENAI),
        normalize_observations=(False, _ZOO),
        normalize_rewards=(True, "ours: as in classic.ppo"),
        sample_in_tests=(False, _ZOO),
        features=("all_agents.models:vector_features", "ours: as in classic.dqn"),
        shared_hidden=((), _SB3),
        hidden=((64, 64), _SB3),
        activation=("tanh", _SB3),
    ),
    A2CPreset,
    needs_vector_and_discrete,
)
