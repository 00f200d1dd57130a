"""`mujoco.ppo2`: PPO for MuJoCo, as in OpenAI's baselines (ppo2), which most libraries follow."""

from all_agents.compositions.actor_critic import ContinuousActions
from all_agents.compositions.ppo import PPOHyperparameters, PPOPreset
from all_agents.models import needs_vectors
from allcore.presets import PresetBuilder, values

_OPENAI = "openai/baselines, ppo2/defaults.py, mujoco"
_MODEL = "openai/baselines, ppo2/model.py"
_PPO2 = "openai/baselines, ppo2/ppo2.py"
_PAPER = "Schulman et al. 2017, section 6.1"
_HUANG = "Huang et al. 2022, The 37 implementation details"
_OURS = "ours: unbounded features as they are"

ppo2 = PresetBuilder(
    "mujoco.ppo2",
    values(
        PPOHyperparameters,
        ContinuousActions,
        discount_factor=(0.99, _OPENAI),
        lr=(3e-4, _OPENAI),
        final_lr_factor=(0.0, _OPENAI),
        eps=(1e-5, _MODEL),
        n_envs=(1, _HUANG),
        n_steps=(2048, _OPENAI),
        n_epochs=(10, _OPENAI),
        n_minibatches=(32, _OPENAI),
        lam=(0.95, _OPENAI),
        clip_ratio=(0.2, _OPENAI),
        final_clip_factor=(1.0, _OPENAI),
        clip_values=(True, _MODEL),
        normalize_advantages=(True, _MODEL),
        recompute_advantages=(False, _PPO2),
        target_kl=(None, _PPO2),
        value_loss_scaling=(0.25, _PPO2 + ": 0.5 of half the squared error"),
        entropy_loss_scaling=(0.0, _OPENAI),
        clip_grad=(0.5, _PPO2),
        normalize_observations=(True, _HUANG),
        normalize_rewards=(True, _HUANG),
        sample_in_tests=(False, "rl-baselines3-zoo, enjoy.py"),
        initial_std=(1.0, _HUANG),
        features=("all_agents.models:vector_features", _OURS),
        shared_hidden=((), _OPENAI),
        hidden=((64, 64), _PAPER),
        activation=("tanh", _PAPER),
    ),
    PPOPreset,
    needs_vectors,
)
