"""`atari.a2c`: A2C for Atari games, as in OpenAI's baselines."""

from all_agents.compositions.a2c import A2CHyperparameters, A2CPreset
from all_atari.presets.builder import atari_preset

_OPENAI = "openai/baselines, a2c/a2c.py"
_ZOO = "rl-baselines3-zoo, hyperparams/a2c.yml, atari"
_NATURE = "Mnih et al. 2015, Methods"

a2c = atari_preset(
    "a2c",
    A2CPreset,
    A2CHyperparameters,
    discount_factor=(0.99, _OPENAI),
    lr=(7e-4, _OPENAI),
    final_lr_factor=(0.0, _OPENAI),
    alpha=(0.99, _OPENAI),
    eps=(1e-5, _OPENAI),
    n_envs=(16, _ZOO),
    n_steps=(5, _OPENAI),
    lam=(1.0, _OPENAI),
    value_loss_scaling=(0.5, _OPENAI),
    entropy_loss_scaling=(0.01, _OPENAI),
    clip_grad=(0.5, _OPENAI),
    normalize_observations=(False, _OPENAI),
    normalize_rewards=(False, _OPENAI),
    sample_in_tests=(True, "rl-baselines3-zoo, enjoy.py"),
    features=("all_atari.models:orthogonal_nature_convolutions", _OPENAI),
    shared_hidden=((512,), _NATURE),
    hidden=((), _OPENAI),
    activation=("relu", _NATURE),
)
