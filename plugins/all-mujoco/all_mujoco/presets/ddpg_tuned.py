"""`mujoco.ddpg_tuned`: DDPG for MuJoCo, as the authors of TD3 set it after their paper."""

from all_agents.compositions.ddpg import DDPGHyperparameters, DDPGPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_FUJIMOTO = "github.com/sfujim/TD3, OurDDPG.py and main.py"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

ddpg_tuned = PresetBuilder(
    "mujoco.ddpg_tuned",
    values(
        DDPGHyperparameters,
        discount_factor=(0.99, _FUJIMOTO),
        lr=(3e-4, _FUJIMOTO),
        policy_lr=(3e-4, _FUJIMOTO),
        final_lr_factor=(1.0, _FUJIMOTO),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _FUJIMOTO),
        update_frequency=(1, _FUJIMOTO),
        replay_start_size=(25_000, _FUJIMOTO),
        replay_buffer_size=(1_000_000, _FUJIMOTO),
        n_envs=(1, _FUJIMOTO),
        target_rate=(0.005, _FUJIMOTO),
        noise=(0.1, _FUJIMOTO),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _FUJIMOTO),
        critic_hidden=((256, 256), _FUJIMOTO),
    ),
    DDPGPreset,
    needs_vector_and_box,
)
