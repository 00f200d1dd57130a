"""`mujoco.sac_tuned`: SAC with larger steps, as the authors of CrossQ ran it for their comparison."""

from all_agents.compositions.sac import SACHyperparameters, SACPreset
from all_agents.models import needs_vector_and_box
from allcore.presets import PresetBuilder, values

_HAARNOJA = "Haarnoja et al. 2018 (arXiv 1812.05905), appendix D"
_BASELINE = "github.com/adityab/CrossQ, slurm/submit_everything.sh, the lines marked SAC"
_CROSSQ = "github.com/adityab/CrossQ, train.py and sbx/sac"
_OURS = "ours: unbounded features as they are, actions brought to -1..1"

sac_tuned = PresetBuilder(
    "mujoco.sac_tuned",
    values(
        SACHyperparameters,
        discount_factor=(0.99, _HAARNOJA),
        lr=(1e-3, _BASELINE),
        policy_lr=(1e-3, _BASELINE),
        temperature_lr=(1e-3, _BASELINE),
        final_lr_factor=(1.0, _CROSSQ),
        eps=(1e-8, "optax.adam"),
        minibatch_size=(256, _HAARNOJA),
        update_frequency=(1, _BASELINE),
        replay_start_size=(5_000, _CROSSQ),
        replay_buffer_size=(1_000_000, _HAARNOJA),
        n_envs=(1, _HAARNOJA),
        target_rate=(0.005, _HAARNOJA),
        initial_temperature=(1.0, _CROSSQ),
        target_entropy=(-1.0, _HAARNOJA),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _HAARNOJA),
        critic_hidden=((256, 256), _BASELINE),
    ),
    SACPreset,
    needs_vector_and_box,
)
