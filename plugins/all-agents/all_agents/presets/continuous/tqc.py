"""`continuous.tqc`: TQC for actions that are vectors."""

from all_agents.compositions.tqc import TQCHyperparameters, TQCPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_ZOO = "rl-baselines3-zoo, hyperparams/tqc.yml, Pendulum-v1"
_SB3 = "sb3-contrib's default"
_OURS = "ours: features and actions with bounds weigh alike"

tqc = PresetBuilder(
    "continuous.tqc",
    values(
        TQCHyperparameters,
        discount_factor=(0.99, _SB3),
        lr=(1e-3, _ZOO),
        policy_lr=(1e-3, _ZOO),
        temperature_lr=(1e-3, _ZOO),
        final_lr_factor=(1.0, _ZOO),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _SB3),
        update_frequency=(1, _SB3),
        replay_start_size=(100, _SB3),
        replay_buffer_size=(1_000_000, _SB3),
        n_envs=(1, _ZOO),
        target_rate=(0.005, _SB3),
        initial_temperature=(1.0, _SB3),
        target_entropy=(-1.0, "Haarnoja et al. 2018, appendix D"),
        n_critics=(2, _SB3),
        n_quantiles=(25, _SB3),
        n_dropped=(2, _SB3),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _SB3),
        critic_hidden=((256, 256), _SB3),
    ),
    TQCPreset,
    needs_vector_and_box,
)
