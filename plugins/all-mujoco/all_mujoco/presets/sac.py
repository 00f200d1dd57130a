"""`mujoco.sac`: SAC for MuJoCo."""

from all_agents.compositions.sac import SACHyperparameters, SACPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_HAARNOJA = "Haarnoja et al. 2018 (arXiv 1812.05905), appendix D"
_AUTHORS = "github.com/rail-berkeley/softlearning"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

sac = PresetBuilder(
    "mujoco.sac",
    values(
        SACHyperparameters,
        discount_factor=(0.99, _HAARNOJA),
        lr=(3e-4, _HAARNOJA),
        policy_lr=(3e-4, _HAARNOJA),
        temperature_lr=(3e-4, _HAARNOJA),
        final_lr_factor=(1.0, _HAARNOJA),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _HAARNOJA),
        update_frequency=(1, _HAARNOJA),
        replay_start_size=(10_000, "rl-baselines3-zoo, hyperparams/sac.yml, HalfCheetah-v4"),
        replay_buffer_size=(1_000_000, _HAARNOJA),
        n_envs=(1, _HAARNOJA),
        target_rate=(0.005, _HAARNOJA),
        initial_temperature=(1.0, _AUTHORS),
        target_entropy=(-1.0, _HAARNOJA),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _HAARNOJA),
        critic_hidden=((256, 256), _HAARNOJA),
    ),
    SACPreset,
    needs_vector_and_box,
)
