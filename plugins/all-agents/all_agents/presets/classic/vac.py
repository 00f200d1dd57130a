"""`classic.vac`: vanilla actor-critic for classic control."""

from all_agents.compositions.vac import VACHyperparameters, VACPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_ALL = "autonomous-learning-library 0.9.1, presets/classic_control/vac.py"
_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"

vac = PresetBuilder(
    "classic.vac",
    values(
        VACHyperparameters,
        discount_factor=(0.99, _ALL),
        lr_pi=(3e-4, _OURS),
        lr_v=(1e-3, _OURS),
        final_lr_factor=(0.0, _OURS),
        eps=(1e-8, "torch.optim.Adam"),
        clip_grad=(0.0, _OURS),
        n_envs=(8, _OURS),
        sample_in_tests=(False, _OURS),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((64, 64), _OURS),
    ),
    VACPreset,
    needs_vector_and_discrete,
)
