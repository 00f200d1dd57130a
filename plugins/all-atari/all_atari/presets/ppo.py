"""`atari.ppo`: PPO for Atari games, as in its paper."""

from all_agents.compositions.ppo import PPOHyperparameters, PPOPreset
from all_atari.presets.builder import atari_preset

_PAPER = "Schulman et al. 2017, Table 5"
_LOSS = "Schulman et al. 2017, equation 9"
_CODE = "openai/baselines, ppo1/pposgd_simple.py, the paper's code"
_NATURE = "Mnih et al. 2015, Methods"

ppo = atari_preset(
    "ppo",
    PPOPreset,
    PPOHyperparameters,
    discount_factor=(0.99, _PAPER),
    lr=(2.5e-4, _PAPER),
    final_lr_factor=(0.0, _PAPER),
    eps=(1e-5, _CODE),
    n_envs=(8, _PAPER),
    n_steps=(128, _PAPER),
    n_epochs=(3, _PAPER),
    n_minibatches=(4, _PAPER + ": 256 of 8 * 128 steps"),
    lam=(0.95, _PAPER),
    clip_ratio=(0.1, _PAPER),
    final_clip_factor=(0.0, _PAPER),
    clip_values=(False, _LOSS),
    normalize_advantages=(True, "openai/baselines, ppo2/model.py: in each minibatch"),
    recompute_advantages=(False, _CODE),
    target_kl=(None, _LOSS),
    value_loss_scaling=(1.0, _PAPER),
    entropy_loss_scaling=(0.01, _PAPER),
    clip_grad=(0.0, _CODE),
    normalize_observations=(False, _CODE),
    normalize_rewards=(False, _CODE),
    sample_in_tests=(True, "rl-baselines3-zoo, enjoy.py"),
    features=("all_atari.models:orthogonal_nature_convolutions", "Huang et al. 2022, detail 2"),
    shared_hidden=((512,), _NATURE),
    hidden=((), _NATURE),
    activation=("relu", _NATURE),
)
