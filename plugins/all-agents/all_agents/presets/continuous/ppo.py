"""`continuous.ppo`: PPO for actions that are vectors."""

from all_agents.compositions.actor_critic import ContinuousActions
from all_agents.compositions.ppo import PPOHyperparameters, PPOPreset
from all_agents.models import needs_vectors
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/ppo.yml, Pendulum-v1"
_SB3 = "Stable-Baselines3's default"
_HUANG = "Huang et al. 2022, The 37 implementation details"
# Pendulum-v1, 100,000 frames, seeds 90 to 92, without the state-dependent exploration that the zoo's values were tuned with.
_OURS_DISCOUNT = "ours: one seed ended at -206 with the zoo's 0.9, three at -160 to -163 with 0.98"
_OURS_STEPS = "ours: learns after 30,000 frames; with the zoo's 1024, after 60,000"

ppo = PresetBuilder(
    "continuous.ppo",
    values(
        PPOHyperparameters,
        ContinuousActions,
        discount_factor=(0.98, _OURS_DISCOUNT),
        lr=(1e-3, _ZOO),
        final_lr_factor=(0.0, _HUANG),
        eps=(1e-5, _HUANG),
        n_envs=(4, _ZOO),
        n_steps=(256, _OURS_STEPS),
        n_epochs=(10, _ZOO),
        n_minibatches=(16, _ZOO + ": minibatches of 64 steps"),
        lam=(0.95, _ZOO),
        clip_ratio=(0.2, _ZOO),
        final_clip_factor=(1.0, _ZOO),
        clip_values=(False, _SB3),
        normalize_advantages=(True, _HUANG),
        recompute_advantages=(False, _SB3),
        target_kl=(None, _SB3),
        value_loss_scaling=(0.5, _SB3),
        entropy_loss_scaling=(0.0, _ZOO),
        clip_grad=(0.5, _HUANG),
        normalize_observations=(True, _HUANG),
        normalize_rewards=(True, _HUANG),
        sample_in_tests=(False, _ZOO),
        initial_std=(1.0, _HUANG),
        features=("all_agents.models:vector_features", "ours: normalised observations as they are"),
        shared_hidden=((), _HUANG),
        hidden=((64, 64), _HUANG),
        activation=("tanh", _HUANG),
    ),
    PPOPreset,
    needs_vectors,
)
