"""`mujoco.crossq`: CrossQ for MuJoCo."""

from all_agents.compositions.crossq import CrossQHyperparameters, CrossQPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_CODE = "Bhatt et al. 2024, and github.com/adityab/CrossQ, train.py"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

crossq = PresetBuilder(
    "mujoco.crossq",
    values(
        CrossQHyperparameters,
        discount_factor=(0.99, _CODE + ": 0.9999 for Swimmer"),
        lr=(1e-3, _CODE),
        policy_lr=(1e-3, _CODE),
        temperature_lr=(1e-3, _CODE),
        final_lr_factor=(1.0, _CODE),
        eps=(1e-8, "torch.optim.Adam"),
        minibatch_size=(256, _CODE),
        update_frequency=(1, _CODE),
        replay_start_size=(5_000, _CODE),
        replay_buffer_size=(1_000_000, _CODE),
        n_envs=(1, _CODE),
        initial_temperature=(1.0, _CODE),
        target_entropy=(-1.0, _CODE),
        norm_rate=(0.01, _CODE),
        beta1=(0.5, _CODE),
        policy_delay=(3, _CODE),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _CODE),
        critic_hidden=((2048, 2048), _CODE),
    ),
    CrossQPreset,
    needs_vector_and_box,
)
