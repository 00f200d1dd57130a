"""`continuous.a2c`: A2C for actions that are vectors."""

from all_agents.compositions.a2c import A2CHyperparameters, A2CPreset
from all_agents.compositions.actor_critic import ContinuousActions
from all_agents.models import needs_vectors
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/a2c.yml, Pendulum-v1"
_OPENAI = "openai/baselines, a2c/a2c.py"
_HUANG = "Huang et al. 2022, The 37 implementation details"

a2c = PresetBuilder(
    "continuous.a2c",
    values(
        A2CHyperparameters,
        ContinuousActions,
        discount_factor=(0.9, _ZOO),
        lr=(7e-4, _ZOO),
        final_lr_factor=(0.0, _ZOO),
        alpha=(0.99, _OPENAI),
        eps=(1e-5, _OPENAI),
        n_envs=(8, _ZOO),
        n_steps=(8, _ZOO),
        lam=(0.9, _ZOO),
        value_loss_scaling=(0.4, _ZOO),
        entropy_loss_scaling=(0.0, _ZOO),
        clip_grad=(0.5, _ZOO),
        normalize_observations=(True, _ZOO),
        normalize_rewards=(True, _ZOO),
        sample_in_tests=(False, _ZOO),
        initial_std=(1.0, _HUANG),
        features=("all_agents.models:vector_features", "ours: normalised observations as they are"),
        shared_hidden=((), _HUANG),
        hidden=((64, 64), _HUANG),
        activation=("tanh", _HUANG),
    ),
    A2CPreset,
    needs_vectors,
)
