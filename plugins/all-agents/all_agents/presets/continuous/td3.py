"""`continuous.td3`: TD3 for actions that are vectors."""

from all_agents.compositions.td3 import TD3Hyperparameters, TD3Preset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/td3.yml, Pendulum-v1"
_SB3 = "Stable-Baselines3's default"
_FUJIMOTO = "Fujimoto et al. 2018, section 6.1"
_OURS = "ours: features and actions with bounds weigh alike"

td3 = PresetBuilder(
    "continuous.td3",
    values(
        TD3Hyperparameters,
        discount_factor=(0.98, _ZOO),
        lr=(1e-3, _ZOO),
        policy_lr=(1e-3, _ZOO),
        final_lr_factor=(1.0, _ZOO),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _SB3),
        update_frequency=(1, _ZOO),
        replay_start_size=(10_000, _ZOO),
        replay_buffer_size=(200_000, _ZOO),
        n_envs=(1, _ZOO),
        target_rate=(0.005, _SB3),
        noise=(0.1, _ZOO),
        target_noise=(0.2, _FUJIMOTO),
        target_noise_clip=(0.5, _FUJIMOTO),
        policy_delay=(2, _FUJIMOTO),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((400, 300), _ZOO),
        critic_hidden=((400, 300), _ZOO),
    ),
    TD3Preset,
    needs_vector_and_box,
)
