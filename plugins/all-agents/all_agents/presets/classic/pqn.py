"""`classic.pqn`: PQN for classic control."""

from all_agents.compositions.pqn import PQNHyperparameters, PQNPreset
from all_agents.models import needs_vector_and_discrete
from allcore.presets import PresetBuilder, values

_OURS = "ours: docs/decisions/2026-11-22-our-own-settings.md"
_AUTHORS = "purejaxql, config/alg/pqn_cartpole.yaml"

pqn = PresetBuilder(
    "classic.pqn",
    values(
        PQNHyperparameters,
        discount_factor=(0.99, _AUTHORS),
        lr=(1e-3, _OURS),
        final_lr_factor=(0.0, _AUTHORS),
        eps=(1e-8, "torch.optim.RAdam"),
        clip_grad=(10.0, _AUTHORS),
        lam=(0.95, _AUTHORS),
        n_envs=(8, _OURS),
        n_steps=(32, _OURS),
        n_epochs=(4, _AUTHORS),
        n_minibatches=(4, _OURS),
        initial_exploration=(1.0, _AUTHORS),
        final_exploration=(0.2, _AUTHORS),
        final_exploration_step=(20_000, _AUTHORS + ": 0.2 of the training, here of 100,000 steps"),
        test_exploration=(0.0, _AUTHORS),
        features=("all_agents.models:vector_features", _OURS),
        hidden=((256, 256), _AUTHORS),
    ),
    PQNPreset,
    needs_vector_and_discrete,
)
