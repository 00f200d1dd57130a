"""`mujoco.ddpg`: DDPG for MuJoCo, as the paper of TD3 has it ("our DDPG"): what papers compare with."""

from all_agents.compositions.ddpg import DDPGHyperparameters, DDPGPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_FUJIMOTO = "Fujimoto et al. 2018, section 6.1 and Table 3"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

ddpg = PresetBuilder(
    "mujoco.ddpg",
    values(
        DDPGHyperparameters,
        discount_factor=(0.99, _FUJIMOTO),
        lr=(1e-3, _FUJIMOTO),
        policy_lr=(1e-3, _FUJIMOTO),
        final_lr_factor=(1.0, _FUJIMOTO),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(100, _FUJIMOTO),
        update_frequency=(1, _FUJIMOTO),
        replay_start_size=(10_000, _FUJIMOTO + ": 1,000 for all but HalfCheetah and Ant"),
        replay_buffer_size=(1_000_000, _FUJIMOTO),
        n_envs=(1, _FUJIMOTO),
        target_rate=(0.005, _FUJIMOTO),
        noise=(0.1, _FUJIMOTO),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((400, 300), _FUJIMOTO),
        critic_hidden=((400, 300), _FUJIMOTO),
    ),
    DDPGPreset,
    needs_vector_and_box,
)
