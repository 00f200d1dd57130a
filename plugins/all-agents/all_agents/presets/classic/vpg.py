"""`classic.vpg`: vanilla policy gradient for classic control."""

from all_agents.compositions.vpg import VPGHyperparameters, VPGPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_SPINNING_UP = "OpenAI Spinning Up, vpg_pytorch"

vpg = PresetBuilder(
    "classic.vpg",
    values(
        VPGHyperparameters,
        discount_factor=(0.99, _SPINNING_UP),
        lr_pi=(3e-3, _OURS + "; Spinning Up's 3e-4 is for forty times the steps"),
        lr_v=(1e-3, _SPINNING_UP),
        final_lr_factor=(0.0, _OURS),
        eps=(1e-8, "torch.optim.Adam"),
        clip_grad=(0.0, _SPINNING_UP),
        n_envs=(8, _OURS),
        n_steps=(128, _OURS),
        lam=(0.97, _SPINNING_UP),
        normalize_advantages=(True, _SPINNING_UP),
        value_updates=(20, _OURS),
        sample_in_tests=(False, _OURS),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((64, 64), _SPINNING_UP),
    ),
    VPGPreset,
    needs_vector_and_discrete,
)
