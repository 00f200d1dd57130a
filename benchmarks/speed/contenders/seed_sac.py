"""The autonomous-learning-library's SAC, as its preset makes it.

Each update steps three optimizers, one for each critic and one for the policy; the temperature is updated by hand.
"""

from __future__ import annotations

from functools import partial

from measured import Stopwatch, report, settings
from seed_parts import make_environment, measure, seed_generators

# isort: split
# The library can be imported only once `seed_parts` has been.
from all import nn
from all.presets import continuous
from all.presets.continuous.models import fc_q, fc_soft_policy


def main() -> None:
    given = settings()
    seed_generators(given["seed"])
    env = make_environment(given)
    same_names = (
        "minibatch_size",
        "update_frequency",
        "discount_factor",
        "replay_buffer_size",
        "replay_start_size",
    )
    hidden1, hidden2 = given["hidden"]
    critic = partial(fc_q, hidden1=hidden1, hidden2=hidden2)
    preset = (
        continuous.sac.device(given["device"])
        .env(env)
        .hyperparameters(
            **{name: given[name] for name in same_names},
            lr_q=given["lr"],
            lr_pi=given["lr"],
            polyak_rate=given["target_rate"],
            q1_model_constructor=critic,
            q2_model_constructor=critic,
            policy_model_constructor=partial(fc_soft_policy, hidden1=hidden1, hidden2=hidden2),
        )
        .build()
    )
    learnt = nn.ModuleList([preset.q1_model, preset.q2_model, preset.policy_model]).parameters()
    result = measure(preset.agent(), env, Stopwatch(learnt), given)
    report(result, "autonomous-learning-library", "mujoco")


if __name__ == "__main__":
    main()
