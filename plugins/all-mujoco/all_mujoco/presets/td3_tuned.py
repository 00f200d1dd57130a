"""`mujoco.td3_tuned`: TD3 for MuJoCo, as its authors set it after the paper."""

from all_agents.compositions.td3 import TD3Hyperparameters, TD3Preset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_FUJIMOTO = "Fujimoto et al. 2018, section 6.1"
_CODE = "github.com/sfujim/TD3, main.py and TD3.py"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

td3_tuned = PresetBuilder(
    "mujoco.td3_tuned",
    values(
        TD3Hyperparameters,
        discount_factor=(0.99, _CODE),
        lr=(3e-4, _CODE),
        policy_lr=(3e-4, _CODE),
        final_lr_factor=(1.0, _CODE),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _CODE),
        update_frequency=(1, _CODE),
        replay_start_size=(25_000, _CODE),
        replay_buffer_size=(1_000_000, _CODE),
        n_envs=(1, _CODE),
        target_rate=(0.005, _CODE),
        noise=(0.1, _CODE),
        target_noise=(0.2, _FUJIMOTO),
        target_noise_clip=(0.5, _FUJIMOTO),
        policy_delay=(2, _FUJIMOTO),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _CODE),
        critic_hidden=((256, 256), _CODE),
    ),
    TD3Preset,
    needs_vector_and_box,
)
