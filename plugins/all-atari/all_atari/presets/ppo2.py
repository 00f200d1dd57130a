"""`atari.ppo2`: PPO for Atari games, as in OpenAI's baselines (ppo2), which most libraries follow."""

from all_agents.compositions.ppo import PPOHyperparameters, PPOPreset
from all_atari.presets.builder import atari_preset

_OPENAI = "openai/baselines, ppo2/defaults.py, atari"
_MODEL = "openai/baselines, ppo2/model.py"
_PPO2 = "openai/baselines, ppo2/ppo2.py"
_PAPER = "Schulman et al. 2017, Table 5"
_NATURE = "Mnih et al. 2015, Methods"

ppo2 = atari_preset(
    "ppo2",
    PPOPreset,
    PPOHyperparameters,
    discount_factor=(0.99, _OPENAI),
    lr=(2.5e-4, _OPENAI),
    final_lr_factor=(0.0, _OPENAI),
    eps=(1e-5, _MODEL),
    n_envs=(8, _PAPER),
    n_steps=(128, _OPENAI),
    n_epochs=(4, _OPENAI),
    n_minibatches=(4, _OPENAI),
    lam=(0.95, _OPENAI),
    clip_ratio=(0.1, _OPENAI),
    final_clip_factor=(1.0, _OPENAI),
    clip_values=(True, _MODEL),
    normalize_advantages=(True, _MODEL),
    recompute_advantages=(False, _PPO2),
    target_kl=(None, _PPO2),
    value_loss_scaling=(0.25, _PPO2 + ": 0.5 of half the squared error"),
    entropy_loss_scaling=(0.01, _OPENAI),
    clip_grad=(0.5, _PPO2),
    normalize_observations=(False, _OPENAI),
    normalize_rewards=(False, _OPENAI),
    sample_in_tests=(True, "rl-baselines3-zoo, enjoy.py"),
    features=("all_atari.models:orthogonal_nature_convolutions", _OPENAI),
    shared_hidden=((512,), _NATURE),
    hidden=((), _OPENAI),
    activation=("relu", _NATURE),
)
