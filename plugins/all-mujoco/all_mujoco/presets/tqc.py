"""`mujoco.tqc`: TQC for MuJoCo; n_dropped is 0 for HalfCheetah, 5 for Hopper and 2 for the others."""

from all_agents.compositions.tqc import TQCHyperparameters, TQCPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_KUZNETSOV = "Kuznetsov et al. 2020, and github.com/SamsungLabs/tqc_pytorch"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

tqc = PresetBuilder(
    "mujoco.tqc",
    values(
        TQCHyperparameters,
        discount_factor=(0.99, _KUZNETSOV),
        lr=(3e-4, _KUZNETSOV),
        policy_lr=(3e-4, _KUZNETSOV),
        temperature_lr=(3e-4, _KUZNETSOV),
        final_lr_factor=(1.0, _KUZNETSOV),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _KUZNETSOV),
        update_frequency=(1, _KUZNETSOV),
        replay_start_size=(256, "github.com/SamsungLabs/tqc_pytorch, main.py: a minibatch's worth"),
        replay_buffer_size=(1_000_000, _KUZNETSOV),
        n_envs=(1, _KUZNETSOV),
        target_rate=(0.005, _KUZNETSOV),
        initial_temperature=(1.0, _KUZNETSOV),
        target_entropy=(-1.0, _KUZNETSOV),
        n_critics=(5, _KUZNETSOV),
        n_quantiles=(25, _KUZNETSOV),
        n_dropped=(
            2,
            "Kuznetsov et al. 2020: for Walker2d, Ant and Humanoid; 0 for HalfCheetah, 5 for Hopper",
        ),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _KUZNETSOV),
        critic_hidden=((512, 512, 512), _KUZNETSOV),
    ),
    TQCPreset,
    needs_vector_and_box,
)
