"""`continuous.crossq`: CrossQ for actions that are vectors."""

from all_agents.compositions.crossq import CrossQHyperparameters, CrossQPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/crossq.yml, Pendulum-v1"
_SB3 = "sb3-contrib's default"
_OURS = "ours: features and actions with bounds weigh alike"

crossq = PresetBuilder(
    "continuous.crossq",
    values(
        CrossQHyperparameters,
        discount_factor=(0.99, _SB3),
        lr=(1e-3, _SB3),
        policy_lr=(1e-3, _SB3),
        temperature_lr=(1e-3, _SB3),
        final_lr_factor=(1.0, _ZOO),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _SB3),
        update_frequency=(1, _SB3),
        replay_start_size=(100, _SB3),
        replay_buffer_size=(1_000_000, _SB3),
        n_envs=(1, _ZOO),
        initial_temperature=(1.0, _SB3),
        target_entropy=(-1.0, "Haarnoja et al. 2018, appendix D"),
        norm_rate=(0.01, _SB3),
        beta1=(0.5, _SB3),
        policy_delay=(2, _ZOO),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _ZOO),
        critic_hidden=((256, 256), _ZOO),
    ),
    CrossQPreset,
    needs_vector_and_box,
)
