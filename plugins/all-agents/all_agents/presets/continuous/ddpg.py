"""`continuous.ddpg`: DDPG for actions that are vectors."""

from all_agents.compositions.ddpg import DDPGHyperparameters, DDPGPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/ddpg.yml, Pendulum-v1"
_SB3 = "Stable-Baselines3's default"
_OURS = "ours: features and actions with bounds weigh alike"

ddpg = PresetBuilder(
    "continuous.ddpg",
    values(
        DDPGHyperparameters,
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
        features=("all_agents.models:vector_features", _OURS),
        hidden=((400, 300), _ZOO),
        critic_hidden=((400, 300), _ZOO),
    ),
    DDPGPreset,
    needs_vector_and_box,
)
