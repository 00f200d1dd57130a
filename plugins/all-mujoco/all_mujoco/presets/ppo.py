"""`mujoco.ppo`: PPO for MuJoCo, as in its paper."""

from all_agents.compositions.actor_critic import ContinuousActions
from all_agents.compositions.ppo import PPOHyperparameters, PPOPreset
from all_agents.models import needs_vectors
from allcore.presets import PresetBuilder, values

_PAPER = "Schulman et al. 2017, section 6.1 and Table 3"
_CODE = "openai/baselines, ppo1: the paper's code"
_OURS = "ours: unbounded features as they are"

ppo = PresetBuilder(
    "mujoco.ppo",
    values(
        PPOHyperparameters,
        ContinuousActions,
        discount_factor=(0.99, _PAPER),
        lr=(3e-4, _PAPER),
        final_lr_factor=(1.0, _PAPER),
        eps=(1e-5, _CODE),
        n_envs=(1, _PAPER),
        n_steps=(2048, _PAPER),
        n_epochs=(10, _PAPER),
        n_minibatches=(32, _PAPER + ": 64 of 2048 steps"),
        lam=(0.95, _PAPER),
        clip_ratio=(0.2, "Schulman et al. 2017, Table 1"),
        final_clip_factor=(1.0, _PAPER),
        clip_values=(False, _PAPER),
        normalize_advantages=(True, "openai/baselines, ppo2/model.py: in each minibatch"),
        recompute_advantages=(False, _CODE),
        target_kl=(None, _PAPER),
        value_loss_scaling=(1.0, _CODE + "; policy and values share nothing"),
        entropy_loss_scaling=(0.0, _PAPER),
        clip_grad=(0.0, _CODE),
        normalize_observations=(True, _CODE),
        normalize_rewards=(False, _CODE),
        sample_in_tests=(False, "rl-baselines3-zoo, enjoy.py"),
        initial_std=(1.0, _CODE),
        features=("all_agents.models:vector_features", _OURS),
        shared_hidden=((), _PAPER),
        hidden=((64, 64), _PAPER),
        activation=("tanh", _PAPER),
    ),
    PPOPreset,
    needs_vectors,
)
