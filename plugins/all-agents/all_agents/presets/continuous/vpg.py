"""`continuous.vpg`: vanilla policy gradient for actions that are vectors."""

from all_agents.compositions.actor_critic import ContinuousActions
from all_agents.compositions.vpg import VPGHyperparameters, VPGPreset
from all_agents.models import needs_vectors
from allcore.presets import PresetBuilder, values

_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_SPINNING_UP = "OpenAI Spinning Up, vpg_pytorch"

vpg = PresetBuilder(
    "continuous.vpg",
    values(
        VPGHyperparameters,
        ContinuousActions,
        discount_factor=(0.9, "rl-baselines3-zoo, hyperparams/ppo.yml, Pendulum-v1"),
        lr_pi=(3e-3, _OURS),
        lr_v=(1e-2, _OURS),
        final_lr_factor=(0.0, _OURS),
        eps=(1e-8, "torch.optim.Adam"),
        clip_grad=(0.0, _SPINNING_UP),
        n_envs=(8, _OURS),
        n_steps=(32, _OURS),
        lam=(0.9, _OURS),
        normalize_advantages=(True, _SPINNING_UP),
        value_updates=(20, _OURS),
        sample_in_tests=(False, _OURS),
        initial_std=(1.0, "Huang et al. 2022, detail 25: the logarithm begins at 0"),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((64, 64), _SPINNING_UP),
    ),
    VPGPreset,
    needs_vectors,
)
